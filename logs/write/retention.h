/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes old segments, so that recording can go on: by what they take, by their age, by the room that is left.
 *
 * It looks at the runs of one graph in one log directory, and deletes from the oldest run's oldest segment on,
 * one after the other. Left alone are: segments that are marked (segment_files.h), that are still written, that
 * cannot be made out, and the newest of the run that is recorded. A run whose last segment goes is gone as a
 * whole; else the segment's lifecycle records are carried over first (carry.h). Runs are ordered by their number, not by clocks.
 *
 * A segment's age is the time since it was last written, by the real-time clock; of one that was made since the
 * machine was started, not more than CLOCK_MONOTONIC says, so that a clock that is set forward deletes nothing.
 * A time before 2020 is none: such segments have no age. */
#ifndef TAKT_LOGS_WRITE_RETENTION_H
#define TAKT_LOGS_WRITE_RETENTION_H

#include <stdint.h>

#include "rt/base/tags.h"

struct takt_retention {
	const char *log_dir;
	const char *graph;
	uint64_t run;			/* that is recorded */
	uint64_t max_bytes;		/* these: 0: no limit */
	uint64_t max_age_ns;
	uint64_t min_free_bytes;
};

enum takt_retention_reason { TAKT_RETENTION_SIZE, TAKT_RETENTION_AGE, TAKT_RETENTION_ROOM };

struct takt_retention_deleted {		/* lent while it is visited */
	const char *name;		/* of the run's directory */
	uint32_t run_number;
	uint32_t segment;
	uint64_t bytes;
	enum takt_retention_reason reason;
};

typedef void takt_retention_visit(const struct takt_retention_deleted *deleted, void *user);

/* Apply @rule. Every deletion goes to @visit. Returns how many there were, or -errno when it had to stop.  [bg] */
TAKT_BG int takt_retention_apply(const struct takt_retention *rule, takt_retention_visit *visit, void *user);

#endif
