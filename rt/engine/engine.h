/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: runs a plan in this process until it is told to stop. One at a time per process. */
#ifndef TAKT_ENGINE_ENGINE_H
#define TAKT_ENGINE_ENGINE_H

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/graph/plan.h"

#define TAKT_EXIT_OK 0
#define TAKT_EXIT_NOT_STARTED 1
#define TAKT_EXIT_ERROR 70	/* ended by a task's error or an overrun under `overrun: stop` */
#define TAKT_EXIT_STUCK 71
#define TAKT_EXIT_CRASH 72

struct takt_replay_log;

struct takt_engine_options {
	const char *run_dir;
	const char *log_dir;		/* absolute */
	uint64_t cycles_max;		/* 0: no limit */
	uint64_t duration_ns;		/* 0: no limit */
	int text_level;			/* -1: as the graph says */
	bool has_seed;			/* else one is drawn */
	uint64_t seed;			/* of the run */
	bool virtual_time;		/* cycle after cycle, on a clock that is driven by hand */
	const struct takt_replay_log *replay;	/* rt/engine/replay.h; NULL: all sources run */
	bool dev;			/* no FIFO, no pin, no locked memory, never stuck */
	void (*degraded)(const char *text, void *user);	/* what is missing, and how to get it */
	void (*published)(const char *region_path, uint64_t run, void *user);
	void *user;
};

/* Run @plan (borrowed). Blocks the calling thread, which takes SIGINT and SIGTERM.
 * Returns an exit code >= 0, or -errno with @err when the run could not begin.  [setup] */
TAKT_SETUP int takt_engine_run(const struct takt_plan *plan,
			       const struct takt_engine_options *options, struct takt_err *err);

#endif
