/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a run that goes on, by its graph's name or its id. */
#ifndef TAKT_MAIN_LIVE_RUN_H
#define TAKT_MAIN_LIVE_RUN_H

#include "rt/base/err.h"
#include "rt/shm/region.h"

/* Map the region of the running graph that @word names: a graph's name, or a run id or its beginning. Read only.
 * Returns 0, -ENOENT and -ENOTUNIQ with what there is, or -errno.  [bg] */
TAKT_BG int takt_live_run_find(const char *run_dir, const char *word, struct takt_region **ret_region,
			       struct takt_err *err);

#endif
