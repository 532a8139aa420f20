/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TAKT_ENGINE_SETTLE_H
#define TAKT_ENGINE_SETTLE_H

#include <stdint.h>

#include "rt/base/tags.h"

/* Let the kernel move the arena's pages now rather than under a running lane: registering memory
 * with io_uring may migrate it, so takt-rt registers it once, in a ring that it throws away.
 * Without io_uring nothing is done.  [setup] */
TAKT_SETUP void takt_arena_settle(void *arena, uint64_t arena_bytes);

#endif
