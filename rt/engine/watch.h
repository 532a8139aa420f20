/* SPDX-License-Identifier: Apache-2.0 */
/* The main thread while the lane runs: signals, a lane that is stuck, taktd coming and
 * going, counters. */
#ifndef TAKT_ENGINE_WATCH_H
#define TAKT_ENGINE_WATCH_H

#include "rt/engine/unit.h"

/* Block SIGINT, SIGTERM, SIGHUP in this and all later threads: takt_watch takes them.  [setup] */
TAKT_SETUP void takt_watch_block_signals(void);

/* Watch until the run is to end or the lane has ended. Does not return when the lane is stuck.
 * [main] */
TAKT_BG void takt_watch(struct takt_engine *engine);

/* Go on watching until the lane has ended; a further signal ends the process at once.  [main] */
TAKT_BG void takt_watch_until_ended(struct takt_engine *engine);

#endif
