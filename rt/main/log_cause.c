/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/log_cause.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LAST_EVENTS 100		/* looked at for what ended the run */

/* Whether the lifecycle event @name says why a run has ended so. */
static bool is_cause(uint32_t ending, const char *name)
{
	switch (ending) {
	case TAKT_LOG_ENDED_CRASHED:
		return strcmp(name, "panic") == 0;
	case TAKT_LOG_ENDED_STUCK:
		return strcmp(name, "stuck") == 0;
	case TAKT_LOG_ENDED_OVERRUN:
		return strcmp(name, "overrun") == 0;
	case TAKT_LOG_ENDED_KILLED:
		return strcmp(name, "rt_gone") == 0;
	case TAKT_LOG_ENDED_ERROR:
	case TAKT_LOG_ENDED_NOT_STARTED:
		return strcmp(name, "task_failed") == 0;
	default:
		return false;
	}
}

void takt_log_cause_find(struct takt_log *log, char *out, size_t out_bytes)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;

	out[0] = '\0';
	filter.kinds = 1u << TAKT_LOG_LIFECYCLE;
	if (takt_log_cursor_create(log, &filter, &cursor, NULL) < 0) {
		return;
	}
	takt_log_seek_last(cursor, LAST_EVENTS, NULL);
	while (takt_log_next(cursor, &record, NULL) > 0) {
		const struct takt_log_task *task = takt_log_task_at(log, record->lifecycle->task);
		int n;

		if (is_cause(info->ending, record->lifecycle->name)) {
			n = snprintf(out, out_bytes, "%s%s#%" PRIu64 ": ", task ? task->id : "",
				     task ? " " : "", record->cycle);
			if (n >= 0 && (size_t)n < out_bytes) {
				takt_log_text_format(log, record, out + n, out_bytes - (size_t)n);
			}
		}
	}
	takt_log_cursor_destroy(cursor);
}
