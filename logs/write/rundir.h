/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a run: <log dir>/<NNNN>-<graph>-<run id, 16 hex digits>, with 0001.takt and so on.
 *
 * NNNN counts the runs of the log directory, because clocks may start in 1970; the run id tells runs apart
 * where counting failed. A run that was begun is continued with the next segment number. */
#ifndef TAKT_LOGS_WRITE_RUNDIR_H
#define TAKT_LOGS_WRITE_RUNDIR_H

#include <limits.h>
#include <stdint.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

struct takt_rundir {
	int fd;				/* of the run's directory; -1: not open */
	uint32_t next_segment;		/* the first free number */
	char path[PATH_MAX];
};

/* Find or make the directory of @run; @log_dir (absolute) and what is above it are made where missing.
 * Returns 0, or -errno with @err saying what to do.  [bg] */
TAKT_BG int takt_rundir_open(const char *log_dir, const char *graph, uint64_t run,
			     struct takt_rundir *ret_rundir, struct takt_err *err);
TAKT_BG void takt_rundir_close(struct takt_rundir *rundir);

/* Give back the preallocated rest of segments that dead writers left, numbers below @below; remove those that
 * they did not finish making.
 * Returns how many are still locked, or -errno.  [bg] */
TAKT_BG int takt_rundir_trim(const struct takt_rundir *rundir, uint32_t below);

#endif
