/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rt/engine/fatal.h"
#include "rt/engine/unit_text.h"
#include "rt/shm/mailbox.h"

#define IDLE_POLL_NS 200000
#define STOP_POLL_NS 2000000	/* so often a thread that is to end is interrupted */
#define REPLAY_QUEUE_BYTES (8u << 20)
#define REPLAY_PARCELS_MAX 512u
#define DROPS_EVERY_NS 100000000	/* an event for what is dropped, not more often */
/* A device that babbles: of calls that bring the lane nothing, so many in so long. */
#define FRUITLESS_CALLS 64
#define FRUITLESS_NS 1000000

/* --- the worker's side ----------------------------------------------------------------------- */

static void pause_ns(long ns)
{
	const struct timespec span = { .tv_nsec = ns };

	nanosleep(&span, NULL);
}

/* A task that keeps all waits until there is room that loses nothing. False: there is none. */
static bool wait_for_room(const struct takt_worker *worker)
{
	while (worker->keep_all && !worker->engine->virtual_time &&
	       !takt_engine_is_stopping(worker->engine) && !takt_worker_may_put(worker)) {
		pause_ns(IDLE_POLL_NS);
	}
	return takt_worker_has_room(worker);
}

/* A parcel of the queue, or the spare one while the queue is full. */
static bool begin_parcel(struct takt_worker *worker)
{
	const uint64_t tail = atomic_load_explicit(&worker->tail, memory_order_relaxed);
	const bool room = takt_worker_has_room(worker);

	worker->current =
		room ? takt_worker_parcel(worker, tail)
		     : worker->items + (size_t)worker->capacity * worker->unit->outlet_count;
	for (uint32_t i = 0; i < worker->unit->outlet_count; i++) {
		worker->current[i].present = false;
	}
	return room;
}

/* The lane made room while the task waited: exchange the spare parcel for the next of the queue. */
static void move_spare_into_queue(struct takt_worker *worker)
{
	struct takt_parcel_item *to = takt_worker_parcel(
		worker, atomic_load_explicit(&worker->tail, memory_order_relaxed));

	for (uint32_t i = 0; i < worker->unit->outlet_count; i++) {
		const struct takt_parcel_item item = to[i];

		to[i] = worker->current[i];
		worker->current[i] = item;
	}
}

/* True when there was an output, and the lane will get it. */
static bool end_parcel(struct takt_worker *worker, bool room)
{
	const struct takt_unit *unit = worker->unit;
	bool any = false;

	for (uint32_t i = 0; i < unit->outlet_count; i++) {
		struct takt_parcel_item *item = &worker->current[i];

		if (item->present) {
			any = true;
			item->message.bytes = takt_layout_used_bytes(unit->outlets[i].layout,
								     item->payload);
		}
	}
	if (any && wait_for_room(worker) && !room) {
		move_spare_into_queue(worker);
		room = true;
	}
	if (any && room) {
		atomic_fetch_add_explicit(&worker->tail, 1, memory_order_release);
	} else if (any && !worker->keep_all) {	/* else the run ends: not read, as what follows */
		atomic_fetch_add_explicit(&worker->dropped, 1, memory_order_relaxed);
	}
	worker->current = NULL;
	return any && room;
}

uint64_t takt_worker_dropped(const struct takt_worker *worker)
{
	const struct takt_post *post = worker->post;

	return atomic_load_explicit(&worker->dropped, memory_order_relaxed) +
	       (post ? atomic_load_explicit(&post->dropped, memory_order_relaxed) : 0);
}

void takt_worker_report_drops(struct takt_worker *worker, uint64_t cycle, uint64_t now_ns)
{
	const uint64_t dropped = takt_worker_dropped(worker);
	const int64_t values[4] = { (int64_t)(dropped - worker->dropped_reported) };

	if (values[0] > 0) {
		takt_events_put(&worker->events, cycle, now_ns, worker->unit->ctx.task_index,
				TAKT_EVENT_input_dropped, values, NULL);
		worker->dropped_reported = dropped;
		worker->dropped_reported_ns = now_ns;
	}
}

static void take_requests(struct takt_worker *worker)
{
	const uint64_t changes = takt_mailbox_changes(worker->engine->region);

	if (changes != worker->mailbox_changes) {
		worker->mailbox_changes = changes;
		takt_unit_take_level(worker->unit, takt_engine_cycle(worker->engine),
				     takt_worker_now_ns(worker));
	}
}

void takt_worker_tend(struct takt_worker *worker)
{
	const uint64_t now = takt_worker_now_ns(worker);

	take_requests(worker);
	if (worker->engine->virtual_time || now - worker->dropped_reported_ns >= DROPS_EVERY_NS) {
		takt_worker_report_drops(worker, worker->unit->ctx.cycle, now);
	}
	takt_events_flush(&worker->events, worker->unit->ctx.cycle, now, now,
			  worker->engine->plan->flush_ns);
}

/* So that what brings nothing does not take a core: the calls before the window's end
 * share its rest. */
static void breathe(struct takt_worker *worker)
{
	const uint64_t now = takt_clock_mono_ns();

	if (worker->fruitless++ == 0 || now - worker->fruitless_since_ns >= FRUITLESS_NS) {
		worker->fruitless = 1;
		worker->fruitless_since_ns = now;
	} else if (worker->fruitless >= FRUITLESS_CALLS) {
		pause_ns((long)(FRUITLESS_NS - (now - worker->fruitless_since_ns)));
		worker->fruitless = 0;
	}
}

int takt_worker_call(struct takt_worker *worker, bool *ret_gave)
{
	struct takt_unit *unit = worker->unit;
	takt_method *const methods[] = { unit->type->preprocess, unit->type->process,
					 unit->type->postprocess };
	const bool room = begin_parcel(worker);
	enum takt_method_id id = TAKT_METHOD_PREPROCESS;
	int result = 0, r;

	unit->ctx.now_ns = takt_worker_now_ns(worker);
	unit->ctx.recent_ns = unit->ctx.now_ns;
	unit->ctx.cycle = takt_engine_cycle(unit->engine);
	for (uint32_t i = 0; i < 3 && result >= 0; i++) {
		id = (enum takt_method_id)(TAKT_METHOD_PREPROCESS + i);
		if (methods[i]) {
			takt_position_set(worker->where, unit->ctx.task_index, id);
			r = methods[i](&unit->ctx);
			result = i == 1 || r < 0 ? r : result;
		}
	}
	takt_position_set(worker->where, unit->ctx.task_index, TAKT_METHOD_NONE);
	if (result < 0) {
		takt_unit_failed(unit, &worker->events, unit->ctx.now_ns, id, result);
		worker->current = NULL;
		*ret_gave = false;
	} else {
		takt_unit_worked(unit, &worker->events, unit->ctx.now_ns);
		*ret_gave = end_parcel(worker, room);
	}
	return result;
}

void takt_worker_end(struct takt_worker *worker, bool finished)
{
	const uint64_t now = takt_clock_mono_ns();

	takt_worker_report_drops(worker, worker->unit->ctx.cycle, now);
	takt_events_end(&worker->events, worker->unit->ctx.cycle, now);
	/* Partner: takt_worker_is_finished; the parcels before are visible. */
	atomic_store_explicit(&worker->finished, finished, memory_order_release);
	atomic_store_explicit(&worker->ended, true, memory_order_release);
}

static void *io_main(void *arg)
{
	struct takt_worker *worker = arg;
	struct takt_engine *engine = worker->engine;
	int result = 0;
	bool gave;

	takt_fatal_thread(&worker->position);
	while (!takt_engine_is_stopping(engine) && result != TAKT_DONE) {
		result = takt_worker_call(worker, &gave);
		takt_worker_tend(worker);
		if (result < 0) {
			pause_ns(TAKT_WORKER_FAILED_WAIT_NS);
		} else if (!gave) {
			breathe(worker);
		}
	}
	takt_worker_end(worker, result == TAKT_DONE);
	return NULL;
}

static void *background_main(void *arg)
{
	struct takt_worker *worker = arg;
	struct takt_engine *engine = worker->engine;
	bool gave;

	takt_fatal_thread(&worker->position);
	while (!takt_engine_is_stopping(engine)) {
		/* Partner: the release store in takt_worker_give. */
		if (atomic_load_explicit(&worker->state, memory_order_acquire) ==
		    TAKT_WORKER_GIVEN) {
			takt_worker_call(worker, &gave);
			atomic_store_explicit(&worker->state, TAKT_WORKER_IDLE,
					      memory_order_release);
		} else {
			pause_ns(IDLE_POLL_NS);
		}
		takt_worker_tend(worker);
	}
	takt_worker_end(worker, false);
	return NULL;
}

/* --- set-up ---------------------------------------------------------------------------------- */

static int init_items(struct takt_worker *worker)
{
	const uint32_t outlets = worker->unit->outlet_count;
	const size_t n = (size_t)(worker->capacity + 1) * outlets;

	worker->items = calloc(n > 0 ? n : 1, sizeof(*worker->items));
	if (!worker->items) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		worker->items[i].payload =
			calloc(1, worker->unit->outlets[i % outlets].layout->bytes);
		if (!worker->items[i].payload) {
			return -ENOMEM;
		}
	}
	return 0;
}

static int init_given(struct takt_worker *worker)
{
	struct takt_unit *unit = worker->unit;
	const uint32_t n = unit->plan->input_count;

	worker->given = calloc(n + 1, sizeof(*worker->given));
	worker->given_counts = calloc(n + 1, sizeof(*worker->given_counts));
	worker->given_inputs = calloc(n + 1, sizeof(*worker->given_inputs));
	if (!worker->given || !worker->given_counts || !worker->given_inputs) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t from = unit->plan->inputs[i].output;

		worker->given[i].payload = calloc(1, unit->engine->outlets[from].layout->bytes);
		if (!worker->given[i].payload) {
			return -ENOMEM;
		}
		worker->given_inputs[i].messages = &worker->given[i];
		worker->given_inputs[i].count = &worker->given_counts[i];
	}
	unit->ctx.inputs = worker->given_inputs;
	return 0;
}

/* As many as there is memory for, so that the disk may be slow. */
static uint32_t replay_capacity(const struct takt_unit *unit)
{
	const uint32_t least = 2 * unit->plan->queue + 2;
	uint64_t bytes = 1, count;

	for (uint32_t i = 0; i < unit->outlet_count; i++) {
		bytes += unit->outlets[i].layout->bytes;
	}
	count = REPLAY_QUEUE_BYTES / bytes;
	count = count > REPLAY_PARCELS_MAX ? REPLAY_PARCELS_MAX : count;
	return count < least ? least : (uint32_t)count;
}

int takt_worker_init(struct takt_worker *worker, struct takt_unit *unit)
{
	int r;

	memset(worker, 0, sizeof(*worker));
	worker->unit = unit;
	worker->engine = unit->engine;
	worker->where = &worker->position;
	worker->capacity = unit->plan->queue > 0 ? unit->plan->queue : 1;
	if (takt_engine_is_replayed(unit->engine, unit->ctx.task_index)) {
		worker->capacity = replay_capacity(unit);
		worker->heads = calloc(worker->capacity, sizeof(*worker->heads));
		if (!worker->heads) {
			return -ENOMEM;
		}
	}
	unit->worker = worker;
	unit->ctx.host = &takt_worker_host;
	r = init_items(worker);
	if (r == 0) {
		r = unit->plan->exec == TAKT_EXEC_IO && unit->type->kind == TAKT_SINK
			    ? takt_worker_init_sink(worker) : init_given(worker);
	}
	return r;
}

void takt_worker_fini(struct takt_worker *worker)
{
	const size_t n = worker->unit
				 ? (size_t)(worker->capacity + 1) * worker->unit->outlet_count : 0;

	for (size_t i = 0; worker->items && i < n; i++) {
		free(worker->items[i].payload);
	}
	for (uint32_t i = 0; worker->given && i < worker->unit->plan->input_count; i++) {
		free((void *)(uintptr_t)worker->given[i].payload);
	}
	takt_worker_fini_sink(worker);
	free(worker->items);
	free(worker->heads);
	free(worker->given);
	free(worker->given_counts);
	free(worker->given_inputs);
}

int takt_worker_start(struct takt_worker *worker, struct takt_err *err)
{
	const struct takt_plan_task *plan = worker->unit->plan;
	const bool io = plan->exec == TAKT_EXEC_IO;
	char name[32];
	struct takt_thread_spec spec = {
		.name = name, .cpu = plan->cpu,
		.priority = worker->engine->options->dev ? 0 : plan->priority,
		.main = worker->post ? takt_worker_sink_main : io ? io_main : background_main,
		.arg = worker,
	};
	int r;

	snprintf(name, sizeof(name), "%s-%s", io ? "io" : "bg", plan->id);
	r = takt_thread_start(&worker->thread, &spec);
	if (r == -EPERM && spec.priority > 0) {
		spec.priority = 0;
		r = takt_thread_start(&worker->thread, &spec);
	}
	if (r < 0) {
		return takt_err_set(err, r, "task `%s`: cannot start its thread: %s", plan->id,
				    strerror(-r));
	}
	worker->running = true;
	return 0;
}

bool takt_worker_stop(struct takt_worker *worker, uint64_t patience_ns)
{
	const uint64_t begin = takt_clock_mono_ns();

	if (!worker->running) {
		return true;
	}
	while (!atomic_load_explicit(&worker->ended, memory_order_acquire)) {
		if (takt_clock_mono_ns() - begin > patience_ns) {
			return false;
		}
		pthread_kill(worker->thread.thread, SIGUSR1);
		pause_ns(STOP_POLL_NS);
	}
	takt_thread_join(&worker->thread);
	worker->running = false;
	return true;
}
