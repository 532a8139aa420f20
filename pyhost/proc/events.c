/* SPDX-License-Identifier: Apache-2.0 */
#include "pyhost/proc/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EVENT_TEXT_MAX 511u
#define FLUSH_NS_MIN 10000000ull
#define FLUSH_NS_MAX 1000000000ull
#define NS_PER_S 1000000000ull
#define LINES_PER_S 200u
#define LINES_BURST 1000u
#define FAULTS_PER_S 5u
#define FAULTS_BURST 20u

/* --- allowances ------------------------------------------------------------------------------ */

static bool may(struct takt_pyhost_allowance *a, uint64_t now_ns)
{
	const uint64_t more = (now_ns - a->since_ns) / (NS_PER_S / a->per_s);

	if (more > 0) {
		a->left = a->left + more > a->burst ? a->burst : a->left + more;
		a->since_ns = now_ns;
	}
	if (a->left == 0) {
		a->left_out++;
		return false;
	}
	a->left--;
	return true;
}

bool takt_pyhost_events_may_tell(struct takt_pyhost_events *events, uint64_t now_ns)
{
	return may(&events->faults, now_ns);
}

/* --- records --------------------------------------------------------------------------------- */

void takt_pyhost_events_open(struct takt_pyhost_events *events, const struct takt_region *region,
			     uint32_t number, uint32_t task, uint32_t first_site)
{
	struct takt_stream_view view;

	*events = (struct takt_pyhost_events){
		.rt = region->rt, .task = task, .first_site = first_site,
		.flush_ns = region->info->flush_ns,
		.lines = { .per_s = LINES_PER_S, .burst = LINES_BURST, .left = LINES_BURST },
		.faults = { .per_s = FAULTS_PER_S, .burst = FAULTS_BURST, .left = FAULTS_BURST },
	};
	if (events->flush_ns < FLUSH_NS_MIN) {
		events->flush_ns = FLUSH_NS_MIN;
	} else if (events->flush_ns > FLUSH_NS_MAX) {
		events->flush_ns = FLUSH_NS_MAX;
	}
	if (number >= region->stream_count || region->rings[number].type != TAKT_CHUNK_EVENTS) {
		return;
	}
	view = takt_region_view(region, number);
	events->is_usable = takt_stream_resume(&events->stream, &region->streams[number],
					       &view) == 0;
}

/* Time and cycle of a record made now: a stream's records are in order of both. */
static struct takt_record stamp(struct takt_pyhost_events *events, uint64_t now_ns,
				enum takt_record_kind kind,
				uint32_t bytes)
{
	const uint64_t virtual_ns = atomic_load_explicit(&events->rt->virtual_ns,
							 memory_order_relaxed);
	const uint64_t cycle = atomic_load_explicit(&events->rt->cycles, memory_order_relaxed);
	const uint64_t mono_ns = virtual_ns != 0 ? virtual_ns : now_ns;

	if (mono_ns > events->last_mono_ns) {
		events->last_mono_ns = mono_ns;
	}
	if (cycle > events->last_cycle) {
		events->last_cycle = cycle;
	}
	return (struct takt_record){ .bytes = bytes, .kind = (uint16_t)kind,
		.cycle = events->last_cycle,
				     .mono_ns = events->last_mono_ns };
}

static void commit(struct takt_pyhost_events *events, uint64_t now_ns,
		   const struct takt_record *record)
{
	takt_stream_commit(&events->stream, record);
	if (events->open_since_ns == 0) {
		events->open_since_ns = now_ns;
	}
}

static bool put_event(struct takt_pyhost_events *events, uint64_t now_ns, enum takt_event event,
		      const int64_t *values, const char *text)
{
	const size_t length = text ? strlen(text) : 0;
	const uint32_t text_bytes = length > EVENT_TEXT_MAX ? EVENT_TEXT_MAX : (uint32_t)length;
	const uint32_t bytes =
		takt_record_align((uint32_t)sizeof(struct takt_lifecycle_record) + text_bytes + 1);
	char *to = takt_stream_reserve(&events->stream, bytes);
	struct takt_lifecycle_record r = {
		.event = (uint16_t)event, .task = (uint16_t)events->task, .text_bytes = text_bytes,
	};

	if (!to) {
		return false;
	}
	r.record = stamp(events, now_ns, TAKT_RECORD_LIFECYCLE, bytes);
	if (values) {
		memcpy(r.values, values, sizeof(r.values));
	}
	memset(to, 0, bytes);
	memcpy(to, &r, sizeof(r));
	if (text_bytes > 0) {
		memcpy(to + sizeof(r), text + (length - text_bytes), text_bytes);
	}
	commit(events, now_ns, &r.record);
	return true;
}

static bool put_text(struct takt_pyhost_events *events, uint64_t now_ns, enum takt_level level,
		     const char *text, uint32_t text_bytes)
{
	const uint32_t at = (uint32_t)sizeof(struct takt_text_record) + 8;
	const uint32_t bytes = takt_record_align(at + text_bytes + 1);
	const struct takt_text_string string = { at, text_bytes };
	char *to = takt_stream_reserve(&events->stream, bytes);
	struct takt_text_record r = {
		.site = events->first_site + (uint32_t)level, .task = (uint16_t)events->task,
		.level = (uint8_t)level, .arg_count = 1,
	};

	if (!to) {
		return false;
	}
	r.record = stamp(events, now_ns, TAKT_RECORD_TEXT, bytes);
	memset(to, 0, bytes);
	memcpy(to, &r, sizeof(r));
	memcpy(to + sizeof(r), &string, sizeof(string));
	memcpy(to + at, text, text_bytes);
	commit(events, now_ns, &r.record);
	return true;
}

static void tell_losses(struct takt_pyhost_events *events, uint64_t now_ns)
{
	const int64_t values[4] = { (int64_t)events->lost };

	if (events->lost > 0 && put_event(events, now_ns, TAKT_EVENT_events_lost, values, NULL)) {
		events->lost = 0;
	}
}

void takt_pyhost_events_put(struct takt_pyhost_events *events, uint64_t now_ns,
			    enum takt_event event,
			    const int64_t *values, const char *text)
{
	if (!events->is_usable) {
		return;
	}
	tell_losses(events, now_ns);
	if (!put_event(events, now_ns, event, values, text)) {
		events->lost++;
	}
}

static void tell_left_out(struct takt_pyhost_events *events, uint64_t now_ns)
{
	char text[64];
	const int n = snprintf(text, sizeof(text), "%" PRIu64 " lines of text were left out",
			       events->lines.left_out);

	if (put_text(events, now_ns, TAKT_WARNING, text, (uint32_t)n)) {
		events->lines.left_out = 0;
	}
}

bool takt_pyhost_events_line(struct takt_pyhost_events *events, uint64_t now_ns,
			     enum takt_level level,
			     const char *text, uint32_t text_bytes)
{
	if (!events->is_usable || !may(&events->lines, now_ns)) {
		return false;
	}
	tell_losses(events, now_ns);
	if (events->lines.left_out > 0) {
		tell_left_out(events, now_ns);
	}
	if (text_bytes > TAKT_TEXT_STRING_BYTES) {
		text_bytes = TAKT_TEXT_STRING_BYTES;
	}
	if (!put_text(events, now_ns, level, text, text_bytes)) {
		events->lost++;
		return false;
	}
	return true;
}

void takt_pyhost_events_flush(struct takt_pyhost_events *events, uint64_t now_ns, bool at_once)
{
	if (!events->is_usable) {
		return;
	}
	if (at_once && events->lines.left_out > 0) {
		tell_left_out(events, now_ns);
	}
	if (events->open_since_ns != 0 && (at_once ||
					   now_ns - events->open_since_ns >= events->flush_ns)) {
		takt_stream_seal(&events->stream);
		events->open_since_ns = 0;
	}
}
