/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/journal.h"

#include <string.h>

#include "logs/write/last_record.h"
#include "rt/clock/clock.h"
#include "rt/msg/catalog.h"

static uint32_t find_stream(const struct takt_region *region)
{
	for (uint32_t i = 0; i < region->stream_count; i++) {
		if (strncmp(region->streams[i].name, TAKT_RECORDER_STREAM,
			    sizeof(region->streams[i].name)) == 0 &&
		    region->rings[i].type == TAKT_CHUNK_EVENTS) {
			return i;
		}
	}
	return UINT32_MAX;
}

uint64_t takt_journal_now_ns(const struct takt_journal *journal, uint64_t now_ns)
{
	const uint64_t virtual_ns = atomic_load_explicit(&journal->rt->virtual_ns, memory_order_relaxed);

	return virtual_ns != 0 ? virtual_ns : now_ns;
}

void takt_journal_open(struct takt_journal *journal, const struct takt_region *region)
{
	struct takt_stream_view view;
	struct takt_last_record last;

	memset(journal, 0, sizeof(*journal));
	journal->rt = region->rt;
	journal->number = find_stream(region);
	if (journal->number == UINT32_MAX) {
		return;
	}
	view = takt_region_view(region, journal->number);
	if (takt_stream_resume(&journal->stream, &region->streams[journal->number], &view) < 0 ||
	    journal->stream.chunk_bytes_max <
		    TAKT_CHUNK_HEADER_BYTES + takt_record_align(TAKT_RECORDER_RECORD_BYTES_MAX)) {
		journal->number = UINT32_MAX;
	} else if (takt_last_record_of_stream(&view, &last) &&
		   last.mono_ns <= takt_journal_now_ns(journal, takt_clock_mono_ns())) {
		journal->last_mono_ns = last.mono_ns;
	}
}

/* Each event has a chunk of its own: what is left of them is looked at block by block. */
bool takt_journal_has(const struct takt_journal *journal, const struct takt_region *region,
		      enum takt_event event)
{
	struct takt_stream_view view;

	if (journal->number == UINT32_MAX) {
		return false;
	}
	view = takt_region_view(region, journal->number);
	for (uint64_t at = 0; at + TAKT_BLOCK_BYTES <= view.ring_bytes; at += TAKT_BLOCK_BYTES) {
		struct takt_lifecycle_record record;
		struct takt_chunk chunk;

		memcpy(&chunk, view.ring + at, sizeof(chunk));
		memcpy(&record, view.ring + at + sizeof(chunk), sizeof(record));
		if (chunk.magic == TAKT_CHUNK_MAGIC && chunk.run == view.run &&
		    chunk.stream == view.number && chunk.type == view.type &&
		    record.record.kind == TAKT_RECORD_LIFECYCLE && record.event == event) {
			return true;
		}
	}
	return false;
}

static bool put(struct takt_journal *journal, uint64_t mono_ns, enum takt_event event,
		const int64_t *values, const char *text)
{
	const uint32_t text_bytes = text ? (uint32_t)strnlen(text, TAKT_RECORDER_TEXT_MAX - 1) : 0;
	const uint32_t bytes =
		takt_record_align((uint32_t)sizeof(struct takt_lifecycle_record) + text_bytes + 1);
	char *to = takt_stream_reserve(&journal->stream, bytes);
	struct takt_lifecycle_record r = {
		.record = { .bytes = bytes, .kind = TAKT_RECORD_LIFECYCLE,
			    .cycle = atomic_load_explicit(&journal->rt->cycles, memory_order_relaxed),
			    .mono_ns = mono_ns },
		.event = (uint16_t)event, .task = TAKT_NO_TASK, .text_bytes = text_bytes,
	};

	if (!to) {
		return false;
	}
	if (values) {
		memcpy(r.values, values, sizeof(r.values));
	}
	memset(to, 0, bytes);
	memcpy(to, &r, sizeof(r));
	if (text_bytes > 0) {
		memcpy(to + sizeof(r), text, text_bytes);
	}
	takt_stream_commit(&journal->stream, &r.record);
	takt_stream_seal(&journal->stream);
	return true;
}

void takt_journal_put(struct takt_journal *journal, uint64_t mono_ns, enum takt_event event,
		      const int64_t *values, const char *text)
{
	const int64_t lost[4] = { (int64_t)journal->lost };

	if (journal->number == UINT32_MAX) {
		return;
	}
	mono_ns = takt_journal_now_ns(journal, mono_ns);
	if (mono_ns < journal->last_mono_ns) {	/* a stream's records are in order of time */
		mono_ns = journal->last_mono_ns;
	}
	journal->last_mono_ns = mono_ns;
	if (journal->lost > 0 && put(journal, mono_ns, TAKT_EVENT_events_lost, lost, NULL)) {
		journal->lost = 0;
	}
	if (!put(journal, mono_ns, event, values, text)) {
		journal->lost++;
	}
}
