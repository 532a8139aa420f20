/* SPDX-License-Identifier: Apache-2.0 */
/* A task at run time, what it puts out, and the lane: shared by the files of the engine only. */
#ifndef TAKT_ENGINE_UNIT_H
#define TAKT_ENGINE_UNIT_H

#include <stdatomic.h>

#include "rt/clock/clock.h"
#include "rt/engine/events.h"
#include "rt/engine/engine.h"
#include "rt/engine/text_limit.h"
#include "rt/graph/plan.h"
#include "rt/os/cpus.h"
#include "rt/os/thread.h"
#include "rt/shm/chunk.h"
#include "rt/shm/region.h"

enum takt_method_id {
	TAKT_METHOD_NONE = 0, TAKT_METHOD_NEW, TAKT_METHOD_START, TAKT_METHOD_PREPROCESS,
	TAKT_METHOD_PROCESS, TAKT_METHOD_POSTPROCESS, TAKT_METHOD_STOP, TAKT_METHOD_FAILSAFE
};

/* Where a thread is; written by it, read by the watching thread and the signal handler. */
struct takt_position {
	_Atomic uint32_t task;		/* relaxed all; a stale value names the task before */
	_Atomic uint32_t method;
	_Atomic uint64_t cycle;
	_Atomic uint64_t busy_since_ns;	/* 0 while asleep */
};

struct takt_outlet {			/* an output at run time */
	const struct takt_layout *layout;
	struct takt_message *messages;	/* [slots] of this cycle */
	uint32_t count;
	uint32_t slots;
	uint32_t number;
	bool recorded;
	bool delayed;
	void *payload;			/* room taken in this call, kept over a cancel */
	char *status;			/* likewise */
	struct takt_message *previous;	/* of the cycle before, where `delayed` */
	uint32_t previous_count;
};

struct takt_hold {			/* an input with `hold` */
	const struct takt_outlet *from;
	uint64_t hold_ns;
	struct takt_message message;
	uint32_t count;
};

struct takt_engine;
struct takt_worker;
struct takt_python;
struct takt_virtual;

struct takt_unit {
	struct takt_ctx ctx;		/* first: the context is the unit */
	const struct takt_task *type;
	const struct takt_plan_task *plan;
	struct takt_engine *engine;
	struct takt_events *events;	/* where its text goes; changes with the phase */
	struct takt_position *position;
	struct takt_input *inputs;
	struct takt_outlet *outlets;
	uint32_t outlet_count;
	struct takt_hold *holds;
	uint32_t hold_count;
	uint32_t due_in;		/* cycles */
	uint32_t failures;		/* in a row */
	bool finished;
	bool created;			/* new has returned 0 */
	bool started;
	struct takt_worker *worker;	/* io and background */
	struct takt_python *python;	/* its body is in Python */
	struct takt_text_limiter *limiters;	/* of its plug-in's text sites, if any of them is limited */
	uint32_t limiter_count;
	uint32_t first_text_site;
};

/* What a cycle writes into: a reservation in the stream, or memory of the lane when the ring is full. */
struct takt_draft {
	char *base;
	uint32_t cursor;
	uint32_t limit;
	bool recorded;
};

struct takt_lane {
	struct takt_engine *engine;
	struct takt_thread thread;
	struct takt_stream stream;
	struct takt_events events;
	struct takt_position position;
	struct takt_cpu_claim cpu;
	struct takt_draft draft;
	char *lost_draft[2];		/* instead of the ring, alternating so that delay: 1 holds */
	char *scratch[2];		/* payloads with `record: false` */
	uint32_t scratch_cursor;
	uint32_t scratch_bytes;
	uint32_t message_rows_bytes;	/* kept free at the end of a draft */
	uint32_t sources_left;		/* that have not said TAKT_DONE */
	uint64_t cycle;
	uint64_t mono_ns;		/* start of the cycle, and the counter beside it */
	uint64_t counter;
	uint64_t planned_ns;
	bool abort_cycle;
	uint64_t mailbox_changes;	/* as last seen */
	struct {
		uint64_t first_cycle;
		uint64_t last_cycle;
		uint64_t count;
	} gap;
	struct {
		uint64_t first_cycle;
		uint64_t count;
		uint64_t skipped;
		uint64_t worst_ns;
		uint64_t since_ns;
	} overrun, late;
	_Atomic bool ended;		/* release after the last cycle; acquire by the watching thread */
};

struct takt_engine {
	const struct takt_plan *plan;
	const struct takt_engine_options *options;
	struct takt_clock clock;
	struct takt_region *region;
	struct takt_unit *units;
	struct takt_outlet *outlets;
	struct takt_lane lane;
	struct takt_worker *workers;
	uint32_t worker_count;
	struct takt_python *pythons;
	uint32_t python_count;
	struct takt_events main_events;
	struct takt_events crash_events;
	struct takt_position main_position;
	_Atomic uint32_t ending;	/* enum takt_ending, not 0: stop; the first one stays */
	uint64_t cycles_max;
	uint64_t seed;			/* of the run */
	struct takt_replay *replay;	/* NULL: all sources run */
	struct takt_virtual *virtual_time;	/* NULL: the lane follows the real clock */
	struct takt_region_info region_info;	/* as it goes into the region */
	bool fifo;
	bool locked;
	int awake_fd;			/* no deep idle states while open */
	char missing[8][384];		/* what is degraded, and how to get it */
	uint32_t missing_count;
};

static inline struct takt_unit *takt_unit_of(struct takt_ctx *ctx)
{
	return (struct takt_unit *)(void *)ctx;
}

/* Whether task @task does not run, its outputs come from a log.  [any] */
TAKT_ANY bool takt_engine_is_replayed(const struct takt_engine *engine, uint32_t task);

/* Ask for the end of the run; only the first ending counts.  [any] */
TAKT_ANY static inline void takt_engine_stop(struct takt_engine *engine, enum takt_ending ending)
{
	uint32_t none = TAKT_ENDED_UNKNOWN;

	atomic_compare_exchange_strong_explicit(&engine->ending, &none, (uint32_t)ending,
						memory_order_release, memory_order_relaxed);
}

TAKT_ANY static inline bool takt_engine_is_stopping(const struct takt_engine *engine)
{
	return atomic_load_explicit(&engine->ending, memory_order_acquire) != TAKT_ENDED_UNKNOWN;
}

/* Tell the recorder and the readers how the run ended. The last words of this process.  [any] */
TAKT_ANY static inline void takt_engine_publish_end(struct takt_engine *engine, enum takt_ending ending,
						    int exit_code)
{
	struct takt_rt_state *state = engine->region->rt;

	atomic_store_explicit(&state->ending, (uint32_t)ending, memory_order_relaxed);
	atomic_store_explicit(&state->exit_code, exit_code, memory_order_relaxed);
	/* Partner: the recorder's acquire load when takt-rt is gone. */
	atomic_store_explicit(&state->phase, TAKT_RT_ENDED, memory_order_release);
}

/* Cycles begun so far, for records of threads other than the lane's.  [any] */
TAKT_ANY static inline uint64_t takt_engine_cycle(const struct takt_engine *engine)
{
	return atomic_load_explicit(&engine->region->rt->cycles, memory_order_relaxed);
}

/* Add to a counter that no other thread writes.  [RT] */
TAKT_RT static inline void takt_counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

TAKT_RT static inline void takt_position_set(struct takt_position *position, uint32_t task,
					     enum takt_method_id method)
{
	atomic_store_explicit(&position->task, task, memory_order_relaxed);
	atomic_store_explicit(&position->method, (uint32_t)method, memory_order_relaxed);
}

/* Name of a method for records.  [any] */
TAKT_ANY const char *takt_method_name(enum takt_method_id method);

/* Host tables: what ctx->host does on a lane, and for io and background tasks. */
extern const struct takt_host takt_lane_host;
extern const struct takt_host takt_worker_host;

/* Thread function of the lane: @arg is it.  [RT] */
TAKT_RT void *takt_lane_main(void *arg);

/* What ctx->host->port_type does.  [any] */
TAKT_ANY const struct takt_type *takt_unit_port_type(const struct takt_ctx *ctx, bool output,
						     uint32_t port);

/* Count an error of @unit's @method and record the first of a series.  [RT] */
TAKT_RT void takt_unit_failed(struct takt_unit *unit, struct takt_events *events, uint64_t mono_ns,
			      enum takt_method_id method, int result);

/* The series of errors is over, if there was one.  [RT] */
TAKT_RT void takt_unit_worked(struct takt_unit *unit, struct takt_events *events, uint64_t mono_ns);

#endif
