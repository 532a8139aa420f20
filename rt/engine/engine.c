/* SPDX-License-Identifier: Apache-2.0 */
/* The run of a graph, on the main thread.
 *
 *     build | rights | region published | new, start of every task | threads | watch | threads joined |
 *     stop of every started task in reverse | failsafe of every sink | streams sealed
 *
 * A failure on the way up goes down the same ladder from where it stands. */
#include "rt/engine/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rt/base/testpoint.h"
#include "rt/base/version.h"
#include "rt/engine/fatal.h"
#include "rt/engine/fork.h"
#include "rt/engine/interrupt.h"
#include "rt/engine/python.h"
#include "rt/engine/replay.h"
#include "rt/engine/seed.h"
#include "rt/engine/setup.h"
#include "rt/engine/unit_text.h"
#include "rt/engine/virtual.h"
#include "rt/engine/watch.h"
#include "rt/engine/worker.h"
#include "rt/os/memory.h"

#define WATCH_PRIORITY 1
#define STOP_PATIENCE_MIN_S 2u
#define STOP_PATIENCE_MAX_S 86400u
#define WORKER_PATIENCE_NS (2 * TAKT_NS_PER_S)

const char *takt_method_name(enum takt_method_id method)
{
	static const char *const names[] = { "", "new", "start", "preprocess", "process",
					     "postprocess", "stop", "failsafe" };

	return method <= TAKT_METHOD_FAILSAFE ? names[method] : "";
}

bool takt_engine_is_replayed(const struct takt_engine *engine, uint32_t task)
{
	return engine->options->replay && engine->options->replay->tasks[task];
}

static void record(struct takt_engine *engine, uint32_t task, enum takt_event event, int64_t value,
		   const char *text)
{
	const int64_t values[4] = { value };

	takt_events_put(&engine->main_events, takt_engine_cycle(engine), takt_clock_now_ns(&engine->clock),
			task, event, values, text);
}

static int call(struct takt_engine *engine, struct takt_unit *unit, enum takt_method_id id,
		takt_method *method)
{
	int r = 0;

	if (method) {
		unit->ctx.now_ns = takt_clock_now_ns(&engine->clock);
		unit->ctx.recent_ns = unit->ctx.now_ns;
		takt_position_set(&engine->main_position, unit->ctx.task_index, id);
		r = method(&unit->ctx);
		takt_position_set(&engine->main_position, unit->ctx.task_index, TAKT_METHOD_NONE);
	}
	return r;
}

static int fail_task(struct takt_engine *engine, const struct takt_unit *unit,
		     enum takt_method_id id, int r, struct takt_err *err)
{
	record(engine, unit->ctx.task_index, TAKT_EVENT_task_failed, r, takt_method_name(id));
	if (r == -EOPNOTSUPP && engine->virtual_time) {
		return takt_err_at(err, r, engine->plan->path, unit->plan->line, 1,
				   "task `%s` needs a device, and there is none in virtual time: give what it "
				   "once recorded, by --source-from LOG", unit->plan->id);
	}
	return takt_err_at(err, r, engine->plan->path, unit->plan->line, 1,
			   "task `%s`: %s failed: %s (%d)", unit->plan->id, takt_method_name(id),
			   strerror(-r), r);
}

static int start_task(struct takt_engine *engine, struct takt_unit *unit)
{
	return unit->python ? takt_python_start(unit)
			    : call(engine, unit, TAKT_METHOD_START, unit->type->start);
}

static int start_tasks(struct takt_engine *engine, struct takt_err *err)
{
	for (uint32_t i = 0; i < engine->plan->task_count && !takt_interrupt_came(); i++) {
		struct takt_unit *unit = &engine->units[i];
		int r;

		if (takt_engine_is_replayed(engine, i)) {
			continue;
		}
		r = call(engine, unit, TAKT_METHOD_NEW, unit->type->new_);
		if (r < 0) {
			return fail_task(engine, unit, TAKT_METHOD_NEW, r, err);
		}
		unit->created = true;
	}
	for (uint32_t i = 0; i < engine->plan->task_count && !takt_interrupt_came(); i++) {
		struct takt_unit *unit = &engine->units[i];
		int r;

		if (!unit->created) {
			continue;
		}
		r = start_task(engine, unit);
		if (r < 0) {
			return fail_task(engine, unit, TAKT_METHOD_START, r, err);
		}
		unit->started = true;
		record(engine, i, TAKT_EVENT_task_started, r, NULL);
	}
	return 0;
}

static unsigned stop_patience_s(const struct takt_engine *engine)
{
	const uint64_t seconds = (engine->plan->stuck_after_ns + TAKT_NS_PER_S - 1) / TAKT_NS_PER_S;

	return seconds < STOP_PATIENCE_MIN_S ? STOP_PATIENCE_MIN_S
	       : seconds > STOP_PATIENCE_MAX_S ? STOP_PATIENCE_MAX_S : (unsigned)seconds;
}

static void stop_tasks(struct takt_engine *engine)
{
	for (uint32_t i = engine->plan->task_count; i-- > 0;) {
		struct takt_unit *unit = &engine->units[i];

		unit->events = &engine->main_events;
		if (unit->started) {
			int r;

			takt_fatal_patience(engine, unit->python ? takt_python_stop_patience_s(unit)
							  : stop_patience_s(engine));
			r = unit->python ? takt_python_stop(unit)
					 : call(engine, unit, TAKT_METHOD_STOP, unit->type->stop);
			takt_fatal_patience(engine, 0);
			record(engine, i, TAKT_EVENT_task_stopped, r, NULL);
			unit->started = false;
		}
		takt_unit_text_end(unit);
	}
}

static int start_lane(struct takt_engine *engine, struct takt_err *err)
{
	struct takt_lane *lane = &engine->lane;
	const struct takt_thread_spec spec = {
		.name = "lane0",
		.cpu = engine->options->dev ? -1 : lane->cpu.cpu,
		.priority = engine->fifo ? engine->plan->priority : 0,
		.main = takt_lane_main,
		.arg = lane,
	};
	int r;

	for (uint32_t i = 0; i < engine->plan->task_count; i++) {
		struct takt_unit *unit = &engine->units[i];

		unit->events = unit->worker ? &unit->worker->events : &lane->events;
	}
	for (uint32_t i = 0; i < engine->worker_count && !engine->virtual_time; i++) {
		r = engine->workers[i].heads ? 0 : takt_worker_start(&engine->workers[i], err);
		if (r < 0) {
			return r;
		}
	}
	r = engine->replay && !engine->virtual_time ? takt_replay_start(engine->replay, err) : 0;
	if (r < 0) {
		return r;
	}
	if (engine->locked && takt_memory_lock(0) < 0) {
		record(engine, TAKT_NO_TASK, TAKT_EVENT_degraded, 0,
		       "memory is not locked: with what the tasks took it passes RLIMIT_MEMLOCK");
	}
	atomic_store_explicit(&engine->region->rt->phase, TAKT_RT_RUNNING, memory_order_release);
	record(engine, TAKT_NO_TASK, TAKT_EVENT_mission_started, 0, "default");
	r = takt_thread_start(&lane->thread, &spec);
	return r < 0 ? takt_err_set(err, r, "cannot start the lane's thread: %s", strerror(-r)) : 0;
}

/* Join the threads; one that hangs in a task is the end of the process, said and recorded. */
static void stop_threads(struct takt_engine *engine, bool lane_started)
{
	takt_engine_stop(engine, TAKT_ENDED_NOT_STARTED);
	if (lane_started) {
		takt_watch_until_ended(engine);
		takt_thread_join(&engine->lane.thread);
	}
	takt_replay_stop(engine->replay);
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		struct takt_worker *worker = &engine->workers[i];

		if (!takt_worker_stop(worker, WORKER_PATIENCE_NS)) {
			const int64_t values[4] = { (int64_t)WORKER_PATIENCE_NS };

			takt_fatal_end(engine, TAKT_ENDED_STUCK, &worker->position, values, "stop",
				       TAKT_EXIT_STUCK);
		}
	}
}

static const char *ending_text(uint32_t ending)
{
	static const char *const texts[] = {
#define TAKT_ENDING(number, name, text, doc) [number] = (text),
#include "rt/shm/ending.def"
#undef TAKT_ENDING
	};

	return texts[ending];
}

static void seal_all(struct takt_engine *engine)
{
	const uint64_t now = takt_clock_now_ns(&engine->clock);

	takt_stream_seal(&engine->lane.stream);
	takt_events_end(&engine->lane.events, takt_engine_cycle(engine), now);
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		/* Of a replayed source: it has no thread that would. */
		takt_worker_report_drops(&engine->workers[i], takt_engine_cycle(engine), now);
		takt_events_end(&engine->workers[i].events, takt_engine_cycle(engine), now);
	}
	takt_events_end(&engine->main_events, takt_engine_cycle(engine), now);
}

static int exit_code_of(uint32_t ending)
{
	return ending == TAKT_ENDED_NOT_STARTED				     ? TAKT_EXIT_NOT_STARTED
	       : ending == TAKT_ENDED_ERROR || ending == TAKT_ENDED_OVERRUN ? TAKT_EXIT_ERROR
									     : TAKT_EXIT_OK;
}

static void set_priority(const struct takt_engine *engine, int priority)
{
	if (engine->fifo) {
		takt_thread_set_priority(priority);
	}
}

static void say(struct takt_engine *engine, const char *text)
{
	record(engine, TAKT_NO_TASK, TAKT_EVENT_degraded, 0, text);
	if (engine->options->degraded) {
		engine->options->degraded(text, engine->options->user);
	}
}

/* In virtual time, when the run had to end because nobody recorded it. */
static void say_lost(struct takt_engine *engine)
{
	static const char text[] = "the run has ended before its time: in virtual time nothing is lost, and "
				   "taktd did not take what waits in shared memory";

	if (engine->virtual_time &&
	    atomic_load_explicit(&engine->virtual_time->gave_up, memory_order_relaxed)) {
		say(engine, text);
	}
}

/* What of the log was not there to be put in. */
static void say_replay(struct takt_engine *engine)
{
	const struct takt_replay *replay = engine->replay;
	char text[TAKT_EVENT_TEXT_MAX];

	if (replay && replay->err.code < 0) {
		say(engine, replay->err.text);
	}
	if (replay && replay->missing > 0) {
		snprintf(text, sizeof(text), "%s lacks %" PRIu64 " cycles: in these the sources gave nothing",
			 replay->log->name, replay->missing);
		say(engine, text);
	}
}

/* Everything between a published region and its end. */
static int run_published(struct takt_engine *engine, struct takt_err *err)
{
	bool lane_started = false;
	uint32_t ending;
	int r, code;

	TAKT_TEST_POINT("rt_published");
	record(engine, TAKT_NO_TASK, TAKT_EVENT_instantiated, getpid(), takt_version());
	for (uint32_t i = 0; i < engine->missing_count; i++) {
		record(engine, TAKT_NO_TASK, TAKT_EVENT_degraded, 0, engine->missing[i]);
	}
	if (engine->options->published) {
		engine->options->published(engine->region->path, engine->region_info.run,
					   engine->options->user);
	}
	takt_python_tell(engine);
	takt_interrupt_begin();
	r = start_tasks(engine, err);
	takt_interrupt_end();
	if (takt_interrupt_came()) {
		takt_engine_stop(engine, TAKT_ENDED_REQUESTED);	/* the lane begins no cycle */
	}
	if (r == 0) {
		r = start_lane(engine, err);
		lane_started = r == 0;
	}
	if (r == 0) {
		/* So that hogs on the other CPUs do not keep a stuck lane from being seen. */
		set_priority(engine, WATCH_PRIORITY);
		takt_watch(engine);
	}
	atomic_store_explicit(&engine->region->rt->phase, TAKT_RT_STOPPING, memory_order_release);
	TAKT_TEST_POINT("rt_stopping");
	stop_threads(engine, lane_started);
	say_lost(engine);
	say_replay(engine);
	set_priority(engine, 0);	/* what follows is the tasks' code */
	ending = atomic_load_explicit(&engine->ending, memory_order_acquire);
	code = exit_code_of(ending);
	if (lane_started) {
		record(engine, TAKT_NO_TASK, TAKT_EVENT_mission_stopped, code, ending_text(ending));
	}
	takt_fatal_impatient();
	stop_tasks(engine);
	takt_fatal_failsafe(engine);
	takt_position_set(&engine->main_position, 0, TAKT_METHOD_NONE);
	record(engine, TAKT_NO_TASK, TAKT_EVENT_shutdown_completed, code, NULL);
	TAKT_TEST_POINT("rt_before_seal");
	seal_all(engine);
	TAKT_TEST_POINT("rt_sealed");
	takt_worker_count_lost(engine);
	takt_engine_publish_end(engine, ending, code);
	return r < 0 ? r : code;
}

/* With the handlers of fatal signals around it. */
static int run_guarded(struct takt_engine *engine, struct takt_err *err)
{
	int r = takt_thread_signal_stack_begin();

	if (r < 0) {
		return takt_err_set(err, r, "no stack for signal handlers: %s", strerror(-r));
	}
	r = takt_fatal_install(engine);
	r = r == 0 ? takt_fork_install(engine) : r;
	r = r < 0 ? takt_err_set(err, r, "cannot install signal handlers: %s", strerror(-r))
		  : run_published(engine, err);
	takt_fork_remove();
	takt_fatal_remove();
	takt_thread_signal_stack_end();
	return r;
}

static uint64_t limit_cycles(const struct takt_engine_options *options, uint64_t period_ns)
{
	const uint64_t by_time = options->duration_ns > 0 && period_ns > 0
					 ? (options->duration_ns + period_ns - 1) / period_ns : 0;

	if (options->cycles_max > 0 && by_time > 0) {
		return options->cycles_max < by_time ? options->cycles_max : by_time;
	}
	return options->cycles_max > 0 ? options->cycles_max : by_time;
}

int takt_engine_run(const struct takt_plan *plan, const struct takt_engine_options *options,
		    struct takt_err *err)
{
	struct takt_engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	engine->plan = plan;
	engine->options = options;
	engine->lane.cpu.lock_fd = -1;
	engine->awake_fd = -1;
	engine->cycles_max = limit_cycles(options, plan->period_ns);
	engine->seed = options->seed;
	takt_watch_block_signals();
	takt_clock_init(&engine->clock);
	r = options->has_seed ? 0 : takt_seed_draw(&engine->seed);
	r = r < 0 ? takt_err_set(err, r, "no random number for the run's seed: %s; give --seed N",
				 strerror(-r))
		  : takt_engine_get_rights(engine, err);
	if (r == 0) {
		r = takt_engine_build(engine, err);
	}
	if (r == 0 && options->replay) {
		r = takt_replay_create(engine, err);
	}
	if (r == 0 && options->virtual_time) {
		r = takt_virtual_create(engine, err);
	}
	if (r == 0) {
		r = takt_engine_make_region(engine, err);
	}
	if (r == 0) {
		r = run_guarded(engine, err);
	}
	takt_engine_dismantle(engine);
	takt_virtual_destroy(engine->virtual_time);
	takt_replay_destroy(engine->replay);
	if (engine->awake_fd >= 0) {
		close(engine->awake_fd);
	}
	free(engine);
	return r;
}
