/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of taktd that writes statistics (<takt/log.h>, takt_log_stats_make) beside the segments of the runs
 * that are recorded, once nobody writes in a segment any more; also beside older ones of such a run that have
 * none, or wrong ones. It runs when nothing else wants to (SCHED_IDLE, idle I/O), and nothing waits for it. */
#ifndef TAKT_MAIN_TAKTD_STATS_H
#define TAKT_MAIN_TAKTD_STATS_H

#include "rt/base/err.h"

struct taktd_stats;

int taktd_stats_start(struct taktd_stats **ret_stats, struct takt_err *err);

/* Look after run directory @directory (copied) until all its segments are closed and have statistics. Too many
 * at once: the newest is left out.  [manager] */
void taktd_stats_put(struct taktd_stats *stats, const char *directory);

/* What is being made is given up. NULL is nothing. */
void taktd_stats_stop(struct taktd_stats *stats);

#endif
