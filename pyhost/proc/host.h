/* SPDX-License-Identifier: Apache-2.0 */
/* The host of one Python task: a thread that keeps a child for it, hands it the lane's calls and
 * gives back its answers by the slot file (rt/shm/pyslot_file.h).
 *
 *     spawn -> hello … ready -> start … started -> calls … -> stop … stopped
 *
 * Each arrow has a limit of time. A child that ends, or is ended, is started again as the budget
 * allows: start is called again, with the last good state. What happens is recorded in the
 * task's stream. */
#ifndef TAKT_PYHOST_PROC_HOST_H
#define TAKT_PYHOST_PROC_HOST_H

#include "pyhost/proc/child.h"
#include "rt/shm/region.h"

struct takt_pyhost;

/* Start the host of task @task_id of the run in @region (lent until destroy, as @paths): attach
 * to its slot file and begin. -ENOTSUP: it is none that this host can run; -EBADMSG: slot and
 * description do not fit.  [setup] */
TAKT_SETUP int takt_pyhost_start(const struct takt_region *region, const char *task_id,
				 const struct takt_pyhost_paths *paths,
				 struct takt_pyhost **ret_host,
				 struct takt_err *err);

/* Ask it to end: stop is called where the child is ready, then the child ends. Does not wait.
 * [manager] */
TAKT_BG void takt_pyhost_ask_end(struct takt_pyhost *host);

/* Whether the thread is through: nothing more is recorded, there is no child.  [manager] */
TAKT_BG bool takt_pyhost_is_over(const struct takt_pyhost *host);

/* Wait for the end of the thread, which was asked for, and free all. NULL is fine.  [manager] */
TAKT_BG void takt_pyhost_destroy(struct takt_pyhost *host);

#endif
