/* SPDX-License-Identifier: Apache-2.0 */
/* From which sources a sink can be reached within one cycle. */
#ifndef TAKT_LOGS_STATS_PATHS_H
#define TAKT_LOGS_STATS_PATHS_H

#include <stdbool.h>

#include <takt/log.h>

#include "rt/base/tags.h"

/* Marks in @ret_upstream[task count] the tasks whose message of a cycle can have an effect on @sink
 * in the same cycle: over connections without delay, and through tasks of the lane only, because a
 * background task answers later. Includes @sink itself.  [bg] */
TAKT_BG void takt_stats_upstream(const struct takt_log *log, uint32_t sink, bool *ret_upstream);

/* Whether @task runs in the cycle itself.  [bg] */
TAKT_BG bool takt_stats_is_on_lane(const struct takt_log_task *task);

#endif
