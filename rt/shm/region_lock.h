/* SPDX-License-Identifier: Apache-2.0 */
/* The locks that say who lives: OFD locks on bytes of `control`, gone with the last descriptor. */
#ifndef TAKT_SHM_REGION_LOCK_H
#define TAKT_SHM_REGION_LOCK_H

#include "rt/shm/region.h"

/* Take the lock of @role (RT or RECORDER) on @control_fd. 0, or -EBUSY when another holds it. */
int takt_region_lock(int control_fd, enum takt_region_role role);

/* 1 when another descriptor holds the lock of @role, 0 when it is free (or ours), -errno. */
int takt_region_is_locked(int control_fd, enum takt_region_role role);

#endif
