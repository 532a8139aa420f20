/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle. One system call, the sleep; everything else is memory.
 *
 *     sleep until the planned instant (pace.c) | reserve a copperlist (draft.c) | call the tasks in plan
 *     order, each writing its output into the copperlist | rows, one release store | seal when due */
#include <string.h>

#include "rt/base/testpoint.h"
#include "rt/engine/draft.h"
#include "rt/engine/fatal.h"
#include "rt/engine/pace.h"
#include "rt/engine/python.h"
#include "rt/engine/replay.h"
#include "rt/engine/unit_text.h"
#include "rt/engine/virtual.h"
#include "rt/engine/worker.h"
#include "rt/shm/mailbox.h"

#define SLACK_NS_MIN 20000u	/* of time before the next cycle, else nothing is fetched ahead */
#define EVENTS_BYTES_AHEAD 1024u

void takt_unit_failed(struct takt_unit *unit, struct takt_events *events, uint64_t mono_ns,
		      enum takt_method_id method, int result)
{
	const int64_t values[4] = { result, unit->failures + 1 };

	if (unit->failures++ == 0) {
		takt_events_put(events, unit->ctx.cycle, mono_ns, unit->ctx.task_index,
				TAKT_EVENT_task_failed, values, takt_method_name(method));
	}
	if (unit->plan->on_error == TAKT_ON_ERROR_SHUTDOWN) {
		takt_engine_stop(unit->engine, TAKT_ENDED_ERROR);
	}
}

void takt_unit_worked(struct takt_unit *unit, struct takt_events *events, uint64_t mono_ns)
{
	const int64_t values[4] = { unit->failures };

	if (unit->failures > 0) {
		unit->failures = 0;
		takt_events_put(events, unit->ctx.cycle, mono_ns, unit->ctx.task_index,
				TAKT_EVENT_task_recovered, values, NULL);
	}
}

static void update_holds(struct takt_unit *unit, uint64_t now_ns)
{
	for (uint32_t i = 0; i < unit->hold_count; i++) {
		struct takt_hold *hold = &unit->holds[i];
		const struct takt_outlet *from = hold->from;

		if (from->count > 0) {
			const struct takt_message *newest = &from->messages[from->count - 1];
			void *latch = (void *)(uintptr_t)hold->message.payload;

			memcpy(latch, newest->payload, newest->bytes);
			hold->message = *newest;
			hold->message.payload = latch;
			hold->message.status = "";
			hold->count = 1;
		} else if (hold->count > 0 && now_ns - hold->message.stamp_ns > hold->hold_ns) {
			hold->count = 0;
		}
	}
}

static void finish_outputs(struct takt_lane *lane, struct takt_unit *unit, bool keep)
{
	for (uint32_t i = unit->outlet_count; i-- > 0;) {
		struct takt_outlet *outlet = &unit->outlets[i];

		if (keep && outlet->count > 0) {
			takt_draft_trim(lane, outlet);
		} else {
			takt_draft_drop(lane, outlet);
		}
	}
}

static int call(struct takt_lane *lane, struct takt_unit *unit, enum takt_method_id id,
		takt_method *method)
{
	if (!method) {
		return 0;
	}
	takt_position_set(&lane->position, unit->ctx.task_index, id);
	return method(&unit->ctx);
}

/* preprocess, process, postprocess; the first error ends it. Returns process's result. */
static int call_cycle_methods(struct takt_lane *lane, struct takt_unit *unit)
{
	const struct takt_task *type = unit->type;
	enum takt_method_id id = TAKT_METHOD_PREPROCESS;
	int r = call(lane, unit, id, type->preprocess);
	int result = r;

	if (r >= 0) {
		id = TAKT_METHOD_PROCESS;
		result = r = call(lane, unit, id, type->process);
	}
	if (r >= 0) {
		id = TAKT_METHOD_POSTPROCESS;
		r = call(lane, unit, id, type->postprocess);
		result = r < 0 ? r : result;
	}
	if (r < 0) {
		takt_unit_failed(unit, &lane->events, unit->ctx.now_ns, id, r);
	} else {
		takt_unit_worked(unit, &lane->events, unit->ctx.now_ns);
	}
	takt_position_set(&lane->position, unit->ctx.task_index, TAKT_METHOD_NONE);
	return result;
}

static void source_finished(struct takt_lane *lane, struct takt_unit *unit)
{
	unit->finished = true;
	lane->sources_left--;
	takt_events_put(&lane->events, lane->cycle, lane->mono_ns, unit->ctx.task_index,
			TAKT_EVENT_source_finished, NULL, NULL);
	if (lane->sources_left == 0) {
		takt_engine_stop(lane->engine, TAKT_ENDED_COMPLETED);
	}
}

static void run_unit(struct takt_lane *lane, struct takt_unit *unit, struct takt_task_row *row)
{
	const uint32_t cursor = lane->draft.cursor;
	const uint32_t scratch = lane->scratch_cursor;
	const int result = call_cycle_methods(lane, unit);

	row->result = result;
	row->flags = TAKT_TASK_RAN;
	finish_outputs(lane, unit, result >= 0);
	if (result < 0) {
		row->flags |= TAKT_TASK_FAILED;
		lane->draft.cursor = cursor;
		lane->scratch_cursor = scratch;
		lane->abort_cycle = unit->plan->on_error == TAKT_ON_ERROR_ABORT_CYCLE;
	} else if (result == TAKT_DONE && unit->type->kind == TAKT_SOURCE) {
		source_finished(lane, unit);
	}
}

static void run_python(struct takt_lane *lane, struct takt_unit *unit, struct takt_task_row *row)
{
	bool ran = false;

	row->result = takt_python_run(unit->python, lane, &ran);
	row->flags = ran ? TAKT_TASK_RAN : 0;
	if (row->result < 0) {
		row->flags |= TAKT_TASK_FAILED;
		lane->abort_cycle = unit->plan->on_error == TAKT_ON_ERROR_ABORT_CYCLE;
	}
}

static void run_worker(struct takt_lane *lane, struct takt_unit *unit, struct takt_task_row *row)
{
	const bool took = unit->worker->heads ? takt_worker_take_replayed(unit->worker, lane)
					      : takt_worker_take(unit->worker, lane);

	row->flags = took ? TAKT_TASK_RAN : 0;
	if (!unit->finished && takt_worker_is_finished(unit->worker)) {
		if (unit->worker->heads && unit->worker->replayed_ran) {	/* its last call was this one */
			row->flags = TAKT_TASK_RAN;
			row->result = unit->worker->replayed_result;
		}
		source_finished(lane, unit);
	}
	if (unit->worker->post && lane->engine->virtual_time) {
		if (unit->type->flags & TAKT_TASK_VIRTUAL) {
			update_holds(unit, lane->mono_ns);
			takt_worker_give(unit->worker);
			takt_virtual_work(unit->worker);
		}
	} else if (unit->worker->post) {
		update_holds(unit, lane->mono_ns);
		takt_worker_give(unit->worker);
	} else if (unit->plan->exec == TAKT_EXEC_BACKGROUND && !unit->worker->heads) {
		update_holds(unit, lane->mono_ns);
		takt_worker_give(unit->worker);
		if (lane->engine->virtual_time) {
			takt_virtual_work(unit->worker);
		}
	}
}

static bool is_due(struct takt_unit *unit)
{
	if (unit->due_in > 0) {
		unit->due_in--;
		return false;
	}
	unit->due_in = unit->plan->every - 1;
	return true;
}

/* Every task in plan order. The end of one is the begin of the next: one read of the counter each. */
static uint64_t run_tasks(struct takt_lane *lane)
{
	const struct takt_engine *engine = lane->engine;
	const struct takt_clock *clock = &engine->clock;
	uint32_t begin = 0;

	for (uint32_t i = 0; i < engine->plan->task_count; i++) {
		struct takt_unit *unit = &engine->units[i];
		struct takt_task_row *row = takt_draft_row(lane, i);

		for (uint32_t k = 0; k < unit->outlet_count; k++) {
			unit->outlets[k].count = 0;
		}
		if (unit->finished) {
			row->flags = TAKT_TASK_FINISHED;
			continue;
		}
		if (!is_due(unit)) {
			continue;
		}
		if (lane->abort_cycle) {
			row->flags = TAKT_TASK_ABORTED;
			continue;
		}
		if (unit->worker) {
			run_worker(lane, unit, row);	/* its context is the worker's */
		} else {
			unit->ctx.now_ns = lane->mono_ns + takt_clock_ticks_to_ns(clock, begin);
			unit->ctx.recent_ns = lane->mono_ns;
			unit->ctx.cycle = lane->cycle;
			update_holds(unit, unit->ctx.now_ns);
			if (unit->python) {
				run_python(lane, unit, row);
			} else {
				run_unit(lane, unit, row);
			}
		}
		row->flags |= unit->finished ? TAKT_TASK_FINISHED : 0;
		row->begin = begin;
		begin = takt_clock_ticks_since(takt_clock_counter(clock), lane->counter);
		row->end = begin;
	}
	return lane->counter + begin;
}

static void seal_if_due(struct takt_lane *lane, uint64_t now_ns)
{
	const struct takt_plan *plan = lane->engine->plan;
	const struct takt_stream *stream = &lane->stream;
	/* The next cycle ends a period after its start, which is a period from this one's. */
	const uint64_t next_end_ns = plan->period_ns > 0 ? lane->mono_ns + 2 * plan->period_ns : now_ns;

	if (stream->open && (takt_stream_is_full(stream, plan->copperlist_bytes_max) ||
			     next_end_ns - stream->first_mono_ns >= plan->flush_ns)) {
		TAKT_TEST_POINT("lane_before_seal");
		takt_stream_seal(&lane->stream);
		TAKT_TEST_POINT("lane_after_seal");
	}
	takt_events_flush(&lane->events, lane->cycle, now_ns, next_end_ns, plan->flush_ns);
}

/* In the slack before the next cycle: what it and its texts will write, so that its tasks do not wait for
 * memory. Halves a cycle that fills 4 to 16 KiB. */
static void prefetch_next(const struct takt_lane *lane, uint64_t now_ns)
{
	const struct takt_plan *plan = lane->engine->plan;

	if (plan->period_ns > 0 && lane->planned_ns > now_ns + SLACK_NS_MIN) {
		takt_stream_prefetch(&lane->stream, plan->copperlist_bytes_max);
		takt_stream_prefetch(&lane->events.stream, EVENTS_BYTES_AHEAD);
	}
}

/* What was asked for meanwhile; the threads of workers look for themselves. */
static void take_requests(struct takt_lane *lane)
{
	const struct takt_engine *engine = lane->engine;
	const uint64_t changes = takt_mailbox_changes(engine->region);

	if (changes == lane->mailbox_changes) {
		return;
	}
	lane->mailbox_changes = changes;
	for (uint32_t i = 0; i < engine->plan->task_count; i++) {
		if (!engine->units[i].worker) {
			takt_unit_take_level(&engine->units[i], lane->cycle, lane->mono_ns);
		}
	}
}

static void run_cycle(struct takt_lane *lane)
{
	struct takt_engine *engine = lane->engine;
	uint64_t end_counter, end_ns;

	if (engine->plan->period_ns > 0) {
		takt_pace_judge_start(lane);
	}
	take_requests(lane);
	lane->abort_cycle = false;
	takt_draft_begin(lane);
	end_counter = run_tasks(lane);
	takt_draft_end(lane, end_counter);
	takt_draft_keep_delayed(lane);
	atomic_store_explicit(&engine->region->rt->cycles, lane->cycle + 1, memory_order_relaxed);
	end_ns = takt_clock_now_ns(&engine->clock);
	if (engine->cycles_max > 0 && lane->cycle + 1 >= engine->cycles_max) {
		takt_engine_stop(engine, TAKT_ENDED_LIMIT);
	}
	if (engine->plan->period_ns > 0) {
		takt_pace_plan_next(lane, end_ns);
	}
	seal_if_due(lane, end_ns);
	prefetch_next(lane, end_ns);
	lane->cycle++;
}

void *takt_lane_main(void *arg)
{
	struct takt_lane *lane = arg;
	struct takt_engine *engine = lane->engine;

	takt_fatal_thread(&lane->position);
	if (engine->virtual_time) {
		takt_virtual_begin(lane);
	} else {
		takt_pace_begin(lane);
		if (engine->replay) {
			engine->replay->lane_first_ns = lane->planned_ns;
		}
	}
	while (!takt_engine_is_stopping(engine)) {
		if (engine->virtual_time) {
			takt_virtual_next(lane);
		} else {
			takt_pace_wait(lane);
		}
		if (!takt_engine_is_stopping(engine)) {
			run_cycle(lane);
		}
	}
	atomic_store_explicit(&lane->position.busy_since_ns, 0, memory_order_relaxed);
	TAKT_TEST_POINT("lane_ending");
	takt_pace_end(lane);
	takt_draft_end_gap(lane);
	takt_stream_seal(&lane->stream);
	takt_events_end(&lane->events, lane->cycle, takt_clock_now_ns(&engine->clock));
	TAKT_TEST_POINT("lane_sealed");
	atomic_store_explicit(&lane->ended, true, memory_order_release);
	return NULL;
}
