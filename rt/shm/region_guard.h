/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a region can be cut while they are mapped: a touch behind their end is SIGBUS. A program that serves
 * many regions must outlive that: what was cut away is replaced by zeros, which nobody takes for records. For
 * programs that only record or read; takt-rt has its own way (rt/engine/fatal.h). */
#ifndef TAKT_SHM_REGION_GUARD_H
#define TAKT_SHM_REGION_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/base/tags.h"

/* From now on SIGBUS in a guarded mapping replaces it; elsewhere it is fatal as ever. Once in a program; until
 * then the two below do nothing useful and nothing wrong. Returns 0 or -errno.  [setup] */
TAKT_SETUP int takt_region_guard_install(void);

/* Guard a mapping, before it is touched. At most 256 are; more are mapped as if there were no guard.  [bg] */
TAKT_BG void takt_region_guard_add(const void *memory, uint64_t bytes);

/* Before it is unmapped. Returns whether it was replaced.  [bg] */
TAKT_BG bool takt_region_guard_remove(const void *memory);

/* Whether the mapping was replaced.  [any] */
TAKT_ANY bool takt_region_guard_is_replaced(const void *memory);

#endif
