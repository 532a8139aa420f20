/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of taktd that takes requests (rt/main/request.h) and puts them into the runs' mailboxes. Apart
 * from the main thread, which may wait for a disk. */
#ifndef TAKT_MAIN_TAKTD_REQUESTS_H
#define TAKT_MAIN_TAKTD_REQUESTS_H

#include "rt/base/err.h"
#include "rt/shm/region.h"

struct taktd_requests;

/* Listen in the directory behind @run_dir_fd (borrowed); the caller holds the lock of taktd there. Signals are
 * blocked in the thread.  [setup] */
TAKT_SETUP int taktd_requests_start(int run_dir_fd, struct taktd_requests **ret_requests,
				    struct takt_err *err);

/* A run that requests may be about. @region: lent until it is removed; its lock is ours.  [main] */
TAKT_BG void taktd_requests_add(struct taktd_requests *requests, struct takt_region *region);
TAKT_BG void taktd_requests_remove(struct taktd_requests *requests, const struct takt_region *region);

/* End the thread. NULL is fine, here and above.  [setup] */
TAKT_SETUP void taktd_requests_stop(struct taktd_requests *requests);

#endif
