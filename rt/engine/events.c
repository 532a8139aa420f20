/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/events.h"

#include <string.h>

#include "rt/engine/virtual.h"

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
	const uint32_t bytes = takt_record_align((uint32_t)sizeof(struct takt_lifecycle_record) +
						 text_bytes + 1);
	const struct takt_record record = { bytes, TAKT_RECORD_LIFECYCLE, 0, cycle, mono_ns };
	struct takt_lifecycle_record *r = takt_stream_reserve(&events->stream, bytes);

	if (!r && events->patient &&
	    takt_virtual_make_room(events->patient, &events->stream, bytes)) {
		r = takt_stream_reserve(&events->stream, bytes);
	}
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
	atomic_store_explicit(&events->lost_total,
			      atomic_load_explicit(&events->lost_total, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

static uint64_t reserve_of(const struct takt_events *events)
{
	return events->stream.ring_bytes / TAKT_EVENTS_RESERVE_PART;
}

static bool has_room(struct takt_events *events, uint32_t bytes)
{
	return takt_stream_has_room(&events->stream, bytes + reserve_of(events));
}

/* Say what was lost: the sums, then what each level has to do with them. */
static void report_loss(struct takt_events *events, uint64_t cycle, uint64_t mono_ns)
{
	const int64_t sums[4] = { (int64_t)events->lost, (int64_t)events->lost_texts };

	if (events->lost > 0) {
		if (!put(events, cycle, mono_ns, TAKT_NO_TASK, TAKT_EVENT_events_lost, sums,
			 NULL)) {
			return;
		}
		events->lost = 0;
		events->lost_texts = 0;
	}
	for (uint32_t i = 0; i <= TAKT_CRITICAL && events->lost_levels != 0; i++) {
		const int64_t values[4] = { i, (int64_t)events->lost_by_level[i] };

		if (events->lost_by_level[i] == 0) {
			continue;
		}
		if (!put(events, cycle, mono_ns, TAKT_NO_TASK, TAKT_EVENT_texts_lost, values,
			 NULL)) {
			return;
		}
		events->lost_by_level[i] = 0;
		events->lost_levels &= ~(1u << i);
	}
}

/* The same, as soon as it takes nothing of the reserve. */
static void report_loss_early(struct takt_events *events, uint64_t cycle, uint64_t mono_ns)
{
	if ((events->lost > 0 || events->lost_levels != 0) && has_room(events, 0)) {
		report_loss(events, cycle, mono_ns);
	}
}

bool takt_events_put(struct takt_events *events, uint64_t cycle, uint64_t mono_ns, uint32_t task,
		     enum takt_event event, const int64_t *values, const char *text)
{
	report_loss_early(events, cycle, mono_ns);
	if (!put(events, cycle, mono_ns, task, event, values, text)) {
		count_loss(events);
		return false;
	}
	return true;
}

/* --- texts ----------------------------------------------------------------------------------- */

struct strings {			/* the string arguments of a call */
	const char *text[TAKT_TEXT_ARGS];
	uint32_t length[TAKT_TEXT_ARGS];
	uint32_t bytes;			/* of all, with their NULs */
};

/* How many bytes of string number @string, which is argument @arg, may be read. */
static uint32_t bound_of(const struct takt_text_call *call, uint32_t string, uint32_t arg)
{
	const struct takt_text_site *site = call->site;
	const uint8_t bound = string < sizeof(site->bounds) ? site->bounds[string]
							    : TAKT_TEXT_BOUND_NONE;
	int64_t before = -1;

	if (bound == TAKT_TEXT_BOUND_BEFORE && arg > 0) {
		before = (int32_t)call->args[arg - 1];
	} else if (bound != TAKT_TEXT_BOUND_NONE) {
		before = bound == TAKT_TEXT_BOUND_NOTHING ? 0 : bound;
	}
	return before < 0 || before > TAKT_TEXT_STRING_BYTES ? TAKT_TEXT_STRING_BYTES
							     : (uint32_t)before;
}

static void measure(const struct takt_text_call *call, struct strings *strings)
{
	uint32_t n = 0;

	strings->bytes = 0;
	for (uint32_t i = 0; i < call->site->arg_count; i++) {
		if (call->site->tags[i] == 's') {
			const char *text = (const char *)(uintptr_t)call->args[i];

			strings->text[n] = text ? text : "(null)";
			strings->length[n] = bounded_length(strings->text[n], bound_of(call, n, i));
			strings->bytes += strings->length[n] + 1;
			n++;
		}
	}
}

static uint32_t strings_at(const struct takt_text_call *call)
{
	const uint32_t words = call->site->arg_count + (call->suppressed > 0 ? 1u : 0u);

	return (uint32_t)sizeof(struct takt_text_record) + words * 8u;
}

/* Arguments, the count of suppressed ones, the bytes of strings. */
static void write_args(struct takt_text_record *r, const struct takt_text_call *call,
		       const struct strings *strings)
{
	const uint32_t count = call->site->arg_count;
	uint32_t at = strings_at(call);
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (call->site->tags[i] == 's') {
			const struct takt_text_string string = { at, strings->length[n] };

			memcpy(&r->args[i], &string, sizeof(string));
			memcpy((char *)r + at, strings->text[n], string.bytes);
			((char *)r)[at + string.bytes] = '\0';
			at += string.bytes + 1;
			n++;
		} else {
			r->args[i] = call->args[i];
		}
	}
	if (call->suppressed > 0) {
		r->args[count] = call->suppressed;
	}
}

bool takt_events_text(struct takt_events *events, const struct takt_text_call *call)
{
	const struct takt_text_site *site = call->site;
	struct takt_record record = { .kind = TAKT_RECORD_TEXT, .cycle = call->cycle,
				      .mono_ns = call->mono_ns };
	struct takt_text_record *r = NULL;
	struct strings strings;

	measure(call, &strings);
	record.flags = call->suppressed > 0 ? TAKT_TEXT_HAS_SUPPRESSED : 0;
	record.bytes = takt_record_align(strings_at(call) + strings.bytes);
	if (site->level >= TAKT_WARNING || has_room(events, record.bytes)) {
		report_loss_early(events, call->cycle, call->mono_ns);
		r = takt_stream_reserve(&events->stream, record.bytes);
	}
	if (!r && events->patient && takt_virtual_make_room(events->patient, &events->stream,
							    record.bytes + reserve_of(events))) {
		r = takt_stream_reserve(&events->stream, record.bytes);
	}
	if (!r) {
		count_loss(events);
		events->lost_texts++;
		events->lost_by_level[site->level]++;
		events->lost_levels |= 1u << site->level;
		return false;
	}
	((uint64_t *)(void *)r)[record.bytes / 8 - 1] = 0;	/* the padding */
	r->record = record;
	r->site = site->id;
	r->task = (uint16_t)call->task;
	r->level = site->level;
	r->arg_count = site->arg_count;
	write_args(r, call, &strings);
	takt_stream_commit(&events->stream, &record);
	return true;
}

void takt_events_flush(struct takt_events *events, uint64_t cycle, uint64_t now_ns,
		       uint64_t next_ns, uint64_t flush_ns)
{
	const struct takt_stream *stream = &events->stream;

	report_loss_early(events, cycle, now_ns);
	if (stream->open && stream->record_count > 0 && next_ns > stream->first_mono_ns &&
	    next_ns - stream->first_mono_ns >= flush_ns && has_room(events, 0)) {
		takt_stream_seal(&events->stream);
	}
}

void takt_events_end(struct takt_events *events, uint64_t cycle, uint64_t mono_ns)
{
	report_loss(events, cycle, mono_ns);
	takt_stream_seal(&events->stream);
}
