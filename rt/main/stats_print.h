/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a log in all forms. JSON: one object; JSONL: an object for the run, each task, output and
 * connection; CSV: a row a measure. */
#ifndef TAKT_MAIN_STATS_PRINT_H
#define TAKT_MAIN_STATS_PRINT_H

#include "logs/stats/stats.h"
#include "rt/base/text_buffer.h"
#include "rt/main/log_options.h"

struct takt_stats_view {
	const struct takt_log *log;
	const struct takt_stats *stats;
	uint32_t task;			/* only of this one; TAKT_LOG_NONE: all */
};

void takt_stats_print(struct takt_text_buffer *out, const struct takt_stats_view *view,
		      enum takt_form form);

#endif
