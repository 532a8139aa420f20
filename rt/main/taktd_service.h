/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a program a service: one per run directory, known to systemd. */
#ifndef TAKT_MAIN_TAKTD_SERVICE_H
#define TAKT_MAIN_TAKTD_SERVICE_H

#include "rt/base/err.h"

/* Make or check the run directory: a directory of ours that nobody else can write to. Its descriptor, or
 * -errno.  [setup] */
int taktd_run_dir_open(const char *run_dir, struct takt_err *err);

/* Take <run dir>/taktd.lock; it is ours until the descriptor is closed or taktd_unlock. Returns the descriptor,
 * -EBUSY when another taktd has it, -errno.  [main] */
int taktd_lock_open(int run_dir_fd, struct takt_err *err);
int taktd_lock(int lock_fd);	/* again: 0, -EBUSY */
void taktd_unlock(int lock_fd);

/* Tell systemd, when it started us (sd_notify(3)): "READY=1", "STOPPING=1". Does nothing otherwise.  [main] */
void taktd_notify(const char *state);

#endif
