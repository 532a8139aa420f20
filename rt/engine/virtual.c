/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/virtual.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "rt/engine/replay.h"

#define POLL_NS 100000
#define LOOK_EVERY 100u				/* polls between two looks at taktd's lock */
#define ABSENT_PATIENCE_NS (5 * TAKT_NS_PER_S)	/* real time without a taktd */
#define SLOW_PATIENCE_NS (60 * TAKT_NS_PER_S)	/* … with one that releases nothing */
#define ASKED_PATIENCE_NS (5 * TAKT_NS_PER_S)	/* … when a signal has asked for the end */

/* --- set-up ---------------------------------------------------------------------------------- */

static int check_tasks(const struct takt_engine *engine, struct takt_err *err)
{
	const struct takt_plan *plan = engine->plan;

	if (plan->period_ns == 0) {
		return takt_err_at(err, -EINVAL, plan->path, 0, 0,
				   "a free-running graph (rate: 0Hz) has no virtual time: give its "
				   "runtime a rate");
	}
	for (uint32_t i = 0; i < plan->task_count; i++) {
		const struct takt_plan_task *task = &plan->tasks[i];

		if (task->exec == TAKT_EXEC_IO && task->type->kind != TAKT_SINK &&
		    !takt_engine_is_replayed(engine, i) &&
		    !(task->type->flags & TAKT_TASK_VIRTUAL)) {
			return takt_err_at(err, -EINVAL, plan->path, task->line, 1,
					   "task `%s` (%s) waits for the outside world, which is "
					   "not there in virtual time: give what it once recorded, "
					   "by --source-from LOG",
					   task->id, task->type->name);
		}
	}
	return 0;
}

int takt_virtual_create(struct takt_engine *engine, struct takt_err *err)
{
	struct takt_virtual *v;
	const uint64_t begin_ns = engine->replay ? engine->replay->log->origin_mono_ns
						 : TAKT_VIRTUAL_MONO_NS;
	int r = check_tasks(engine, err);

	if (r < 0) {
		return r;
	}
	v = calloc(1, sizeof(*v));
	if (!v) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	v->engine = engine;
	atomic_init(&v->now_ns, begin_ns);
	engine->virtual_time = v;
	takt_clock_init_by_hand(&engine->clock, &v->now_ns);
	for (uint32_t i = 0; i < engine->plan->task_count; i++) {
		engine->units[i].ctx.flags |= TAKT_CTX_VIRTUAL;
	}
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		engine->workers[i].virtual_time.now_ns = begin_ns;
		engine->workers[i].virtual_time.horizon_ns = begin_ns;
		engine->workers[i].where = &engine->lane.position;
	}
	return 0;
}

void takt_virtual_destroy(struct takt_virtual *virtual_time)
{
	free(virtual_time);
}

/* --- the tasks that have threads in real time ------------------------------------------------- */

bool takt_virtual_wait_until(struct takt_worker *worker, uint64_t at_ns)
{
	worker->virtual_time.waits = at_ns > worker->virtual_time.horizon_ns;
	if (worker->virtual_time.waits) {
		worker->virtual_time.wake_ns = at_ns;
		return false;
	}
	worker->virtual_time.now_ns = at_ns;
	return true;
}

/* Call an io task until it waits for what is later than @horizon_ns, is done, or its
 * queue is full. */
static void feed(struct takt_worker *worker, uint64_t horizon_ns)
{
	const struct takt_engine *engine = worker->engine;
	bool gave;
	int result;

	worker->virtual_time.horizon_ns = horizon_ns;
	while (!atomic_load_explicit(&worker->finished, memory_order_relaxed) &&
	       worker->virtual_time.wake_ns <= horizon_ns && takt_worker_may_put(worker) &&
	       !takt_engine_is_stopping(engine)) {
		if (worker->virtual_time.now_ns < worker->virtual_time.wake_ns) {
			worker->virtual_time.now_ns = worker->virtual_time.wake_ns;
		}
		worker->virtual_time.waits = false;
		result = takt_worker_call(worker, &gave);
		if (result < 0) {
			worker->virtual_time.wake_ns =
				worker->virtual_time.now_ns + TAKT_WORKER_FAILED_WAIT_NS;
		} else if (!gave && !worker->virtual_time.waits) {
			worker->virtual_time.wake_ns = horizon_ns + 1;
		}
		atomic_store_explicit(&worker->finished, result == TAKT_DONE, memory_order_relaxed);
		takt_worker_tend(worker);
	}
}

void takt_virtual_work(struct takt_worker *worker)
{
	bool gave;

	if (worker->post) {
		worker->virtual_time.now_ns = takt_clock_now_ns(&worker->engine->clock);
		takt_worker_sink_drain(worker);
	} else if (atomic_load_explicit(&worker->state, memory_order_relaxed) ==
		   TAKT_WORKER_GIVEN) {
		worker->virtual_time.now_ns = takt_clock_now_ns(&worker->engine->clock);
		takt_worker_call(worker, &gave);
		atomic_store_explicit(&worker->state, TAKT_WORKER_IDLE, memory_order_relaxed);
	}
	takt_worker_tend(worker);
}

/* --- the lane -------------------------------------------------------------------------------- */

void takt_virtual_begin(struct takt_lane *lane)
{
	struct takt_engine *engine = lane->engine;

	lane->planned_ns = takt_clock_now_ns(&engine->clock);
	if (!engine->replay) {
		return;
	}
	lane->cycle = engine->replay->last_cycle;
	engine->cycles_max += engine->cycles_max > 0 ? lane->cycle : 0;
	for (uint32_t i = 0; i < engine->plan->task_count; i++) {
		const struct takt_plan_task *task = &engine->plan->tasks[i];

		engine->units[i].due_in =
			(uint32_t)((task->offset + task->every - lane->cycle % task->every) %
				   task->every);
	}
}

void takt_virtual_next(struct takt_lane *lane)
{
	struct takt_engine *engine = lane->engine;
	uint64_t now_ns = lane->planned_ns;

	if (engine->replay) {
		now_ns = takt_replay_reach(engine->replay, lane->cycle);
		if (now_ns == 0) {
			takt_engine_stop(engine, TAKT_ENDED_COMPLETED);
			return;
		}
		lane->planned_ns = now_ns;
	}
	lane->mono_ns = now_ns;
	lane->counter = now_ns;
	atomic_store_explicit(&engine->virtual_time->now_ns, now_ns, memory_order_relaxed);
	atomic_store_explicit(&engine->region->rt->virtual_ns, now_ns, memory_order_relaxed);
	atomic_store_explicit(&lane->position.cycle, lane->cycle, memory_order_relaxed);
	atomic_store_explicit(&lane->position.busy_since_ns, takt_clock_mono_ns(),
			      memory_order_relaxed);
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		struct takt_worker *worker = &engine->workers[i];

		if (worker->unit->plan->exec == TAKT_EXEC_IO && !worker->heads && !worker->post) {
			feed(worker, now_ns);
		}
	}
}

/* --- waiting for taktd ------------------------------------------------------------------------ */

/* How long nothing may become free. */
static uint64_t patience_ns(const struct takt_engine *engine)
{
	const uint32_t ending = atomic_load_explicit(&engine->ending, memory_order_relaxed);

	if (takt_region_recorder_alive(engine->region) == 1) {
		return ending == TAKT_ENDED_REQUESTED ? ASKED_PATIENCE_NS : SLOW_PATIENCE_NS;
	}
	return ending == TAKT_ENDED_UNKNOWN ? ABSENT_PATIENCE_NS : TAKT_NS_PER_S;
}

/* Wait until @bytes are free. False when there is no hope. */
static bool wait_for_room(struct takt_virtual *v, struct takt_stream *stream, uint64_t bytes)
{
	const struct timespec span = { 0, POLL_NS };
	uint64_t since_ns = takt_clock_mono_ns(), released = stream->released;

	for (uint32_t i = 1; !takt_stream_has_room(stream, bytes); i++) {
		if (atomic_load_explicit(&stream->dead, memory_order_relaxed) ||
		    atomic_load_explicit(&v->gave_up, memory_order_relaxed)) {
			return false;
		}
		if (stream->released != released) {
			released = stream->released;
			since_ns = takt_clock_mono_ns();
		}
		if (i % LOOK_EVERY == 0 &&
		    takt_clock_mono_ns() - since_ns > patience_ns(v->engine)) {
			return false;
		}
		nanosleep(&span, NULL);
	}
	return true;
}

bool takt_virtual_make_room(struct takt_virtual *virtual_time, struct takt_stream *stream,
			    uint64_t bytes)
{
	struct takt_position *position = &virtual_time->engine->lane.position;
	const bool is_lane = stream != &virtual_time->engine->main_events.stream;
	bool has_room;

	if (is_lane) {	/* what is waited for is not a task */
		atomic_store_explicit(&position->busy_since_ns, 0, memory_order_relaxed);
	}
	takt_stream_seal(stream);
	has_room = wait_for_room(virtual_time, stream, 2 * bytes);
	if (is_lane) {
		atomic_store_explicit(&position->busy_since_ns, takt_clock_mono_ns(),
				      memory_order_relaxed);
	}
	if (!has_room && !atomic_load_explicit(&stream->dead, memory_order_relaxed)) {
		atomic_store_explicit(&virtual_time->gave_up, true, memory_order_relaxed);
		takt_engine_stop(virtual_time->engine, TAKT_ENDED_ERROR);
	}
	return has_room;
}
