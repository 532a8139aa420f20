/* SPDX-License-Identifier: Apache-2.0 */
/* The table of takt top in all forms; JSON: one object on a line. */
#ifndef TAKT_MAIN_TOP_TABLE_H
#define TAKT_MAIN_TOP_TABLE_H

#include "logs/stats/stats.h"
#include "rt/base/text_buffer.h"
#include "rt/main/log_options.h"
#include "rt/main/run_status.h"

#define TAKT_TOP_BAR_LINE 4u		/* of the short form: the table's head */

struct takt_top_view {
	const struct takt_log *log;
	const struct takt_stats *stats;
	const struct takt_run_status *status;
	uint32_t columns;		/* of the terminal; 0: lines may be of any length */
};

void takt_top_put(struct takt_text_buffer *out, const struct takt_top_view *top, enum takt_form form);

#endif
