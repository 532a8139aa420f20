/* SPDX-License-Identifier: Apache-2.0 */
/* When a lane's cycles begin: the plan, the sleep, and what is said of late starts and overruns. */
#ifndef TAKT_ENGINE_PACE_H
#define TAKT_ENGINE_PACE_H

#include "rt/engine/unit.h"

/* Plan the first cycle a period from now.  [RT] */
TAKT_RT void takt_pace_begin(struct takt_lane *lane);

/* Sleep (or spin) up to the planned start, or to the run's end; fills in the cycle's times.
 * [RT] */
TAKT_RT void takt_pace_wait(struct takt_lane *lane);

/* Count a start that came late; runs of them are recorded as one event.  [RT] */
TAKT_RT void takt_pace_judge_start(struct takt_lane *lane);

/* The next planned start, by the overrun policy, the cycle having ended at @now_ns.
 * The phase is kept.  [RT] */
TAKT_RT void takt_pace_plan_next(struct takt_lane *lane, uint64_t now_ns);

/* Record the episodes that still go on.  [RT] */
TAKT_RT void takt_pace_end(struct takt_lane *lane);

#endif
