/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks with a thread of their own: `exec: io` and `exec: background`.
 *
 * What they put out is parcelled (the outputs of one call of process) into a bounded queue; the
 * lane copies parcels into its copperlist. Sinks with `exec: io` get theirs by a post, the
 * other way round. Neither side ever waits for the other; the lane wakes nobody, a thread looks
 * for work by itself. */
#ifndef TAKT_ENGINE_WORKER_H
#define TAKT_ENGINE_WORKER_H

#include "rt/engine/post.h"

struct takt_parcel_item {
	struct takt_message message;	/* tov, stamp, bytes; the rest is beside it */
	void *payload;
	bool present;
	char status[TAKT_STATUS_BYTES_MAX + 1];
};

struct takt_parcel_head {		/* of a source that is replayed */
	uint64_t due_ns;		/* from the log's first cycle */
	bool last;			/* the source has nothing behind it */
	bool ran;			/* these two of a last one: its row in the log */
	int32_t result;
};

enum takt_worker_state { TAKT_WORKER_IDLE = 0, TAKT_WORKER_GIVEN };

struct takt_worker {
	struct takt_unit *unit;
	struct takt_engine *engine;
	struct takt_thread thread;
	struct takt_events events;
	struct takt_position position;
	struct takt_position *where;	/* its thread's: `position`; in virtual time the lane's */
	bool running;
	uint32_t capacity;		/* parcels in the queue */
	struct takt_parcel_item *items;	/* [capacity + 1][outlet_count]; last: what is dropped */
	struct takt_parcel_item *current;
	struct takt_parcel_head *heads;	/* [capacity]; NULL: the task runs, nothing is replayed */
	bool replay_done;		/* its last parcel is in the queue */
	bool replayed_ran;		/* the row of its last call in the log, once that is taken; lane */
	int32_t replayed_result;
	_Atomic uint64_t head;		/* taken; writer: lane, release; worker: acquire */
	_Atomic uint64_t tail;		/* put; writer: worker, release; lane: acquire */
	_Atomic uint64_t dropped;	/* relaxed */
	uint64_t dropped_reported;
	uint64_t dropped_reported_ns;
	uint64_t fruitless_since_ns;
	uint32_t fruitless;		/* calls in a row that brought the lane nothing */
	struct takt_post *post;		/* sinks with `exec: io`, else NULL */
	bool keep_all;			/* wait for room instead of dropping */
	uint64_t mailbox_changes;	/* as last seen */
	_Atomic bool finished;		/* release after the last parcel; lane: acquire */
	_Atomic bool ended;		/* the thread's function is about to return */
	_Atomic uint32_t state;		/* background: GIVEN by the lane, IDLE by it; release */
	struct takt_message *given;	/* [input_count], copies */
	uint32_t *given_counts;
	struct takt_input *given_inputs;
	struct {			/* in virtual time, on the lane's thread: see virtual.c */
		uint64_t now_ns;
		uint64_t wake_ns;	/* not to be called before */
		uint64_t horizon_ns;	/* what is later has to wait */
		bool waits;		/* it has asked for wake_ns */
	} virtual_time;
};

#define TAKT_WORKER_FAILED_WAIT_NS 10000000u	/* a failing task is not called in a tight loop */

/* Parcel at queue position @position: [outlet_count] items.  [any] */
static inline struct takt_parcel_item *takt_worker_parcel(const struct takt_worker *worker,
							  uint64_t position)
{
	return worker->items + position % worker->capacity * worker->unit->outlet_count;
}

/* Room for a parcel. Partner: the release in takt_worker_take; parcels before `head` may
 * be filled again.  [any] */
static inline bool takt_worker_has_room(const struct takt_worker *worker)
{
	return atomic_load_explicit(&worker->tail, memory_order_relaxed) -
		       atomic_load_explicit(&worker->head, memory_order_acquire) <
	       worker->capacity;
}

/* Room for a parcel that loses nothing, of a task that keeps all: where the lane takes the newest
 * only, it has to have taken the one before.  [any] */
static inline bool takt_worker_may_put(const struct takt_worker *worker)
{
	if (worker->keep_all && worker->unit->plan->take == TAKT_TAKE_NEWEST) {
		/* Partner: the release in takt_worker_take. */
		return atomic_load_explicit(&worker->tail, memory_order_relaxed) ==
		       atomic_load_explicit(&worker->head, memory_order_acquire);
	}
	return takt_worker_has_room(worker);
}

/* The time as the task is to see it.  [any] */
static inline uint64_t takt_worker_now_ns(const struct takt_worker *worker)
{
	return worker->engine->virtual_time ? worker->virtual_time.now_ns : takt_clock_mono_ns();
}

/* Call the task's methods once and queue what they put out. Returns process's result, or
 * the first error.  [the worker's thread] */
TAKT_BG int takt_worker_call(struct takt_worker *worker, bool *ret_gave);

/* Between calls: levels that were asked for, what was dropped, its texts' chunk.
 * [the worker's thread] */
TAKT_BG void takt_worker_tend(struct takt_worker *worker);

/* Allocate queue and copies for @unit; sets its context up for the worker. -ENOMEM.  [setup] */
TAKT_SETUP int takt_worker_init(struct takt_worker *worker, struct takt_unit *unit);
TAKT_SETUP void takt_worker_fini(struct takt_worker *worker);

/* Start its thread; without the right to its priority, with none.  [setup] */
TAKT_SETUP int takt_worker_start(struct takt_worker *worker, struct takt_err *err);

/* Interrupt what the thread waits for and join it. False when it did not end within @patience_ns.
 * [setup] */
TAKT_SETUP bool takt_worker_stop(struct takt_worker *worker, uint64_t patience_ns);

/* Move parcels into the copperlist: all that fit, or the newest. True when there was one.
 * [RT, lane] */
TAKT_RT bool takt_worker_take(struct takt_worker *worker, struct takt_lane *lane);

/* The same for a replayed source: those that are due. Where several cycles of the log are due at
 * once the oldest that do not fit are dropped, and counted.  [RT, lane] */
TAKT_RT bool takt_worker_take_replayed(struct takt_worker *worker, struct takt_lane *lane);

/* Hand this cycle's inputs to a background task that is free, or to the post of a sink.
 * [RT, lane] */
TAKT_RT void takt_worker_give(struct takt_worker *worker);

/* Messages that a full queue has cost so far.  [any] */
TAKT_ANY uint64_t takt_worker_dropped(const struct takt_worker *worker);

/* An event for what was dropped since the last one.  [worker; main, when that has ended] */
TAKT_BG void takt_worker_report_drops(struct takt_worker *worker, uint64_t cycle, uint64_t now_ns);

/* The last words of the thread.  [worker] */
TAKT_BG void takt_worker_end(struct takt_worker *worker, bool finished);

/* A sink with `exec: io`: its post, -ENOMEM; and the function of its thread, @arg is the worker.
 * [setup; the thread] */
TAKT_SETUP int takt_worker_init_sink(struct takt_worker *worker);
TAKT_SETUP void takt_worker_fini_sink(struct takt_worker *worker);
TAKT_BG void *takt_worker_sink_main(void *arg);

/* In virtual time: call the sink with all that is in its post.  [lane] */
TAKT_BG void takt_worker_sink_drain(struct takt_worker *worker);

/* True when the task has said TAKT_DONE and everything is taken.  [RT, lane] */
TAKT_RT bool takt_worker_is_finished(const struct takt_worker *worker);

static inline uint64_t takt_worker_events_lost(const struct takt_events *events)
{
	return atomic_load_explicit(&events->lost_total, memory_order_relaxed);
}

/* Tell readers how many events all producers have lost so far.  [any; async-signal-safe] */
TAKT_ANY static inline void takt_worker_count_lost(struct takt_engine *engine)
{
	uint64_t lost = takt_worker_events_lost(&engine->lane.events) +
			takt_worker_events_lost(&engine->main_events);

	for (uint32_t i = 0; i < engine->worker_count; i++) {
		lost += takt_worker_events_lost(&engine->workers[i].events);
	}
	atomic_store_explicit(&engine->region->rt->lost_events, lost, memory_order_relaxed);
}

#endif
