/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that do not run: what a log holds of their outputs is put in instead.
 *
 * The log comes from the composition root as a struct takt_replay_log; the engine reads no files.
 * In real time a thread reads ahead of the lane into the queues that io tasks have, and the lane
 * takes each row at the same offset from the start as it was planned then. In virtual time the lane
 * reads, and goes from cycle to cycle with the log's numbers and times. */
#ifndef TAKT_ENGINE_REPLAY_H
#define TAKT_ENGINE_REPLAY_H

#include "rt/engine/worker.h"

struct takt_replay_message {
	uint32_t output;		/* of the plan */
	uint32_t bytes;
	const void *payload;
	const char *status;		/* "" when there is none */
	struct takt_tov tov;
	uint64_t stamp_ns;
};

struct takt_replay_row {		/* a recorded copperlist */
	uint64_t cycle;
	uint64_t mono_ns;		/* when it began, and was to begin */
	uint64_t planned_ns;
	const struct takt_replay_message *messages;	/* of one output in order of time */
	uint32_t message_count;
	const bool *finished;		/* [tasks of the plan] sources that had nothing more to give */
	const bool *ran;		/* [tasks of the plan] of these, whether they were called */
	const int32_t *results;		/* [tasks of the plan] and what their process returned then */
};

struct takt_replay_log {
	const char *name;		/* for people */
	const bool *tasks;		/* [tasks of the plan] which are put in; all sources */
	uint64_t origin_mono_ns;	/* the two clocks at the start of that run */
	int64_t origin_real_ns;
	/* The next row, by cycle; lent until the next call. Returns 1, 0 at the end,
	 * -errno with @err. */
	int (*next)(void *user, const struct takt_replay_row **ret_row, struct takt_err *err);
	void *user;
};

struct takt_replay {
	struct takt_engine *engine;
	const struct takt_replay_log *log;
	struct takt_thread thread;
	const struct takt_replay_row *row;	/* read and not handed out yet; NULL: none */
	uint64_t first_planned_ns;	/* of the log */
	uint64_t last_cycle;		/* handed out last, and when it was */
	uint64_t last_mono_ns;
	uint64_t last_due_ns;
	uint64_t missing;		/* cycles that the log lacks between its first and last */
	bool running;
	bool is_read;			/* to its end, or to an error */
	bool is_over;			/* the sources' queues have their ends */
	struct takt_err err;		/* code 0: none */
	uint64_t lane_first_ns;		/* the lane's plan for its first cycle */
	uint64_t now_due_ns;		/* virtual time: of the lane's cycle */
	_Atomic bool ended;		/* the thread is about to return */
};

/* Read the first row. -ENODATA when the log has none, -ENOMEM, errors of the log.  [setup] */
TAKT_SETUP int takt_replay_create(struct takt_engine *engine, struct takt_err *err);
TAKT_SETUP void takt_replay_destroy(struct takt_replay *replay);

/* Real time: fill the queues, and go on with a thread.  [setup] */
TAKT_SETUP int takt_replay_start(struct takt_replay *replay, struct takt_err *err);
TAKT_SETUP void takt_replay_stop(struct takt_replay *replay);

/* Virtual time: hand out the row of @cycle, if the log has it. Returns when the cycle begins; 0:
 * the log is over.  [the lane's thread, which is no real-time one then] */
TAKT_BG uint64_t takt_replay_reach(struct takt_replay *replay, uint64_t cycle);

/* Nanoseconds from the log's first cycle to where the lane is now.  [RT, lane] */
TAKT_RT static inline uint64_t takt_replay_due_ns(const struct takt_replay *replay,
						  const struct takt_lane *lane)
{
	return replay->engine->virtual_time ? replay->now_due_ns
					    : lane->planned_ns - replay->lane_first_ns;
}

#endif
