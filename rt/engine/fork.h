/* SPDX-License-Identifier: Apache-2.0 */
/* A task that forks: the child is no part of the run. It has none of the run's memory or locks, its
 * crash or exit() is its own, and no sink's failsafe is called for it. */
#ifndef TAKT_ENGINE_FORK_H
#define TAKT_ENGINE_FORK_H

#include "rt/engine/unit.h"

/* Children that are forked until takt_fork_remove let go of @engine (kept). 0 or -errno.
 * [setup] */
TAKT_SETUP int takt_fork_install(struct takt_engine *engine);
TAKT_SETUP void takt_fork_remove(void);

#endif
