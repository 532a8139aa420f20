/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/lost_line.h"

#include <inttypes.h>
#include <stdio.h>

#include "rt/shm/record.h"

/* events_lost counts texts, too; the texts_lost behind it say how many of each level. */
static int64_t count_of(const struct takt_log_lifecycle *event)
{
	return event->event == TAKT_EVENT_texts_lost ? event->values[1] : event->values[0] - event->values[1];
}

bool takt_lost_line_is_due(const struct takt_log_record *record, uint32_t level_min)
{
	const struct takt_log_lifecycle *event = record->lifecycle;

	if (!event || (event->event != TAKT_EVENT_texts_lost && event->event != TAKT_EVENT_events_lost)) {
		return false;
	}
	return count_of(event) > 0 &&
	       (event->event == TAKT_EVENT_events_lost || event->values[0] >= (int64_t)level_min);
}

const char *takt_lost_line_level(const struct takt_log_record *record)
{
	const struct takt_log_lifecycle *event = record->lifecycle;

	return event->event == TAKT_EVENT_texts_lost && event->values[0] >= 0 &&
			       event->values[0] <= TAKT_LOG_CRITICAL
		       ? takt_log_level_name((uint32_t)event->values[0]) : "";
}

uint64_t takt_lost_line_count(const struct takt_log_record *record)
{
	return (uint64_t)count_of(record->lifecycle);
}

void takt_lost_line_format(const struct takt_log_record *record, char *out, size_t out_bytes)
{
	const bool is_texts = record->lifecycle->event == TAKT_EVENT_texts_lost;
	const uint64_t count = takt_lost_line_count(record);
	const char *s = count == 1 ? "" : "s";

	if (is_texts) {
		snprintf(out, out_bytes, "-- %" PRIu64 " text%s of level %s lost --", count, s,
			 takt_lost_line_level(record));
	} else {
		snprintf(out, out_bytes, "-- %" PRIu64 " lifecycle event%s lost --", count, s);
	}
}
