/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/events.h"

#include <string.h>

static uint32_t bounded_length(const char *text, uint32_t most)
{
	uint32_t n = 0;

	while (text && n < most && text[n]) {
		n++;
	}
	return n;
}

static bool put(struct takt_events *events, uint64_t cycle, uint64_t mono_ns, uint32_t task,
		enum takt_event event, const int64_t *values, const char *text)
{
	const uint32_t text_bytes = bounded_length(text, TAKT_EVENT_TEXT_MAX - 1);
	const uint32_t bytes = takt_record_align((uint32_t)sizeof(struct takt_lifecycle_record) + text_bytes + 1);
	const struct takt_record record = { bytes, TAKT_RECORD_LIFECYCLE, 0, cycle, mono_ns };
	struct takt_lifecycle_record *r = takt_stream_reserve(&events->stream, bytes);

	if (!r) {
		return false;
	}
	memset(r, 0, bytes);
	r->record = record;
	r->event = (uint16_t)event;
	r->task = (uint16_t)task;
	r->text_bytes = text_bytes;
	if (values) {
		memcpy(r->values, values, sizeof(r->values));
	}
	if (text_bytes > 0) {
		memcpy(r->text, text, text_bytes);
	}
	takt_stream_commit(&events->stream, &record);
	return true;
}

static void count_loss(struct takt_events *events)
{
	events->lost++;
	events->lost_total++;
}

/* Say what was lost before going on. */
static void report_loss(struct takt_events *events, uint64_t cycle, uint64_t mono_ns)
{
	const int64_t values[4] = { (int64_t)events->lost, (int64_t)events->lost_texts };

	if (events->lost > 0 &&
	    put(events, cycle, mono_ns, TAKT_NO_TASK, TAKT_EVENT_events_lost, values, NULL)) {
		events->lost = 0;
		events->lost_texts = 0;
	}
}

bool takt_events_put(struct takt_events *events, uint64_t cycle, uint64_t mono_ns, uint32_t task,
		     enum takt_event event, const int64_t *values, const char *text)
{
	report_loss(events, cycle, mono_ns);
	if (!put(events, cycle, mono_ns, task, event, values, text)) {
		count_loss(events);
		return false;
	}
	return true;
}

static const char *string_arg(uint64_t word)
{
	return (const char *)(uintptr_t)word;
}

static bool has_room_for(struct takt_events *events, uint8_t level, uint32_t bytes)
{
	return level >= TAKT_WARNING ||
	       takt_stream_has_room(&events->stream, bytes + TAKT_EVENTS_RESERVE_BYTES);
}

void takt_events_text(struct takt_events *events, uint64_t cycle, uint64_t mono_ns, uint32_t task,
		      const struct takt_text_site *site, const uint64_t *args)
{
	const uint32_t count = site->arg_count;
	uint32_t lengths[TAKT_TEXT_ARGS];
	uint32_t at = (uint32_t)sizeof(struct takt_text_record) + count * 8u;
	uint32_t bytes = at;
	struct takt_record record = { 0, TAKT_RECORD_TEXT, 0, cycle, mono_ns };
	struct takt_text_record *r = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (site->tags[i] == 's') {
			lengths[i] = bounded_length(string_arg(args[i]), TAKT_TEXT_STRING_BYTES);
			bytes += lengths[i] + 1;
		}
	}
	bytes = takt_record_align(bytes);
	if (has_room_for(events, site->level, bytes)) {
		report_loss(events, cycle, mono_ns);
		r = takt_stream_reserve(&events->stream, bytes);
	}
	if (!r) {
		count_loss(events);
		events->lost_texts++;
		return;
	}
	((uint64_t *)(void *)r)[bytes / 8 - 1] = 0;	/* the padding */
	record.bytes = bytes;
	r->record = record;
	r->site = site->id;
	r->task = (uint16_t)task;
	r->level = site->level;
	r->arg_count = (uint8_t)count;
	for (uint32_t i = 0; i < count; i++) {
		if (site->tags[i] == 's') {
			const struct takt_text_string string = { at, lengths[i] };

			memcpy(&r->args[i], &string, sizeof(string));
			memcpy((char *)r + at, lengths[i] ? string_arg(args[i]) : "", lengths[i]);
			((char *)r)[at + lengths[i]] = '\0';
			at += lengths[i] + 1;
		} else {
			r->args[i] = args[i];
		}
	}
	takt_stream_commit(&events->stream, &record);
}

void takt_events_flush(struct takt_events *events, uint64_t cycle, uint64_t now_ns,
		       uint64_t next_ns, uint64_t flush_ns)
{
	const struct takt_stream *stream = &events->stream;

	report_loss(events, cycle, now_ns);
	if (stream->open && stream->record_count > 0 && next_ns > stream->first_mono_ns &&
	    next_ns - stream->first_mono_ns >= flush_ns) {
		takt_stream_seal(&events->stream);
	}
}

void takt_events_end(struct takt_events *events, uint64_t cycle, uint64_t mono_ns)
{
	report_loss(events, cycle, mono_ns);
	takt_stream_seal(&events->stream);
}
