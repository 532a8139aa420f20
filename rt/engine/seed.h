/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds: one of the run, and one of each task that follows from it. */
#ifndef TAKT_ENGINE_SEED_H
#define TAKT_ENGINE_SEED_H

#include <stdint.h>

#include "rt/base/tags.h"

/* A seed for a run that was given none: small enough to be typed. -errno of getrandom.  [setup] */
TAKT_SETUP int takt_seed_draw(uint64_t *ret_seed);

/* The seed of task @id in a run with @run_seed: always the same for the same two. Recordings are
 * repeated by it, so it never changes.  [any] */
TAKT_ANY uint64_t takt_seed_of_task(uint64_t run_seed, const char *id);

#endif
