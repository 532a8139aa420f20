/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle. One system call, the sleep; everything else is memory.
 *
 *     sleep until the planned instant | reserve a copperlist | call the tasks in plan order, each
 *     writing its output into the copperlist | rows, one release store | seal when due
 *
 * When the ring is full the cycle runs all the same, in memory of the lane, and the loss is counted;
 * it is recorded as one gap once there is room again. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "rt/base/testpoint.h"
#include "rt/engine/fatal.h"
#include "rt/engine/unit.h"
#include "rt/engine/worker.h"

#define LATE_NS_MIN 50000u	/* a start this late counts, or a tenth of the period if that is more */
#define EPISODE_NS TAKT_NS_PER_S	/* an episode that goes on is recorded once in this time */

static void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* --- the draft ------------------------------------------------------------------------------- */

static struct takt_copperlist *head_of(const struct takt_lane *lane)
{
	return (struct takt_copperlist *)(void *)lane->draft.base;
}

static struct takt_task_row *row_of(const struct takt_lane *lane, uint32_t task)
{
	return (struct takt_task_row *)(void *)(lane->draft.base + sizeof(struct takt_copperlist)) +
	       task;
}

static uint32_t rows_bytes(const struct takt_plan *plan)
{
	return (uint32_t)(sizeof(struct takt_copperlist) +
			  plan->task_count * sizeof(struct takt_task_row));
}

static void end_gap(struct takt_lane *lane)
{
	const int64_t values[4] = { (int64_t)lane->gap.first_cycle, (int64_t)lane->gap.last_cycle,
				    (int64_t)lane->gap.count };

	if (lane->gap.count > 0 && takt_events_put(&lane->events, lane->cycle, lane->mono_ns,
						   TAKT_NO_TASK, TAKT_EVENT_gap, values, NULL)) {
		lane->gap.count = 0;
	}
}

static void begin_draft(struct takt_lane *lane)
{
	const struct takt_plan *plan = lane->engine->plan;
	char *base = takt_stream_reserve(&lane->stream, plan->copperlist_bytes_max);

	TAKT_TEST_POINT("lane_reserved");
	lane->draft.recorded = base != NULL;
	if (base) {
		end_gap(lane);
	} else {
		base = lane->lost_draft[lane->cycle & 1];
		lane->gap.first_cycle = lane->gap.count ? lane->gap.first_cycle : lane->cycle;
		lane->gap.last_cycle = lane->cycle;
		lane->gap.count++;
		count(&lane->engine->region->rt->lost_copperlists, 1);
	}
	lane->draft.base = base;
	lane->draft.cursor = rows_bytes(plan);
	lane->draft.limit = plan->copperlist_bytes_max - lane->message_rows_bytes;
	lane->scratch_cursor = 0;
	memset(base, 0, lane->draft.cursor);
}

static uint64_t message_span(const struct takt_lane *lane, const void *at)
{
	return (uint64_t)((const char *)at - lane->draft.base);
}

static void write_message_row(const struct takt_lane *lane, const struct takt_outlet *outlet,
			      const struct takt_message *message, struct takt_message_row *row)
{
	*row = (struct takt_message_row){
		.output = outlet->number,
		.flags = outlet->recorded ? 0 : TAKT_MESSAGE_NOT_RECORDED,
		.payload_at = outlet->recorded ? (uint32_t)message_span(lane, message->payload) : 0,
		.payload_bytes = message->bytes,
		.tov_kind = (uint16_t)message->tov.kind,
		.stamp_ns = message->stamp_ns,
		.tov_begin_ns = message->tov.begin_ns,
		.tov_end_ns = message->tov.end_ns,
	};
	if (message->status[0]) {
		row->status_at = (uint32_t)message_span(lane, message->status);
		while (row->status_bytes < TAKT_STATUS_BYTES_MAX &&
		       message->status[row->status_bytes]) {
			row->status_bytes++;
		}
	}
}

/* Rows behind the payloads, head last; then the one store that commits. */
static void end_draft(struct takt_lane *lane, uint64_t end_counter)
{
	const struct takt_engine *engine = lane->engine;
	struct takt_copperlist *head = head_of(lane);
	struct takt_message_row *rows =
		(struct takt_message_row *)(void *)(lane->draft.base + lane->draft.cursor);
	struct takt_record record = { .kind = TAKT_RECORD_COPPERLIST, .cycle = lane->cycle,
				      .mono_ns = lane->mono_ns };
	uint32_t n = 0;

	for (uint32_t i = 0; i < engine->plan->output_count; i++) {
		const struct takt_outlet *outlet = &engine->outlets[i];

		for (uint32_t k = 0; k < outlet->count; k++) {
			write_message_row(lane, outlet, &outlet->messages[k], &rows[n++]);
		}
	}
	record.bytes = lane->draft.cursor + n * (uint32_t)sizeof(struct takt_message_row);
	head->counter = lane->counter;
	head->late_ns = lane->mono_ns - lane->planned_ns > UINT32_MAX
				? UINT32_MAX
				: (uint32_t)(lane->mono_ns - lane->planned_ns);
	head->duration = takt_clock_ticks_since(end_counter, lane->counter);
	head->task_count = engine->plan->task_count;
	head->message_count = n;
	head->messages_at = lane->draft.cursor;
	head->record = record;
	if (lane->draft.recorded) {
		TAKT_TEST_POINT("lane_before_commit");
		takt_stream_commit(&lane->stream, &record);
		TAKT_TEST_POINT("lane_after_commit");
	}
}

/* Messages that inputs with delay 1 read in the next cycle. Their payloads stay where they are: the
 * next copperlist cannot overlap this one (ring >= 4 chunks, and two lost drafts). */
static void keep_delayed(struct takt_lane *lane)
{
	const struct takt_engine *engine = lane->engine;

	for (uint32_t i = 0; i < engine->plan->output_count; i++) {
		struct takt_outlet *outlet = &engine->outlets[i];

		if (outlet->delayed) {
			memcpy(outlet->previous, outlet->messages,
			       outlet->count * sizeof(outlet->messages[0]));
			outlet->previous_count = outlet->count;
		}
	}
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

/* --- tasks ----------------------------------------------------------------------------------- */

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
			takt_lane_trim(lane, outlet);
		} else {
			outlet->count = 0;
			outlet->payload = NULL;
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

static void run_worker(struct takt_lane *lane, struct takt_unit *unit, struct takt_task_row *row)
{
	const bool took = takt_worker_take(unit->worker, lane);

	row->flags = took ? TAKT_TASK_RAN : 0;
	if (!unit->finished && takt_worker_is_finished(unit->worker)) {
		source_finished(lane, unit);
	}
	if (unit->plan->exec == TAKT_EXEC_BACKGROUND) {
		update_holds(unit, lane->mono_ns);
		takt_worker_give(unit->worker);
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
		struct takt_task_row *row = row_of(lane, i);

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
			run_unit(lane, unit, row);
		}
		row->flags |= unit->finished ? TAKT_TASK_FINISHED : 0;
		row->begin = begin;
		begin = takt_clock_ticks_since(takt_clock_counter(clock), lane->counter);
		row->end = begin;
	}
	return lane->counter + begin;
}

/* --- time ------------------------------------------------------------------------------------ */

static void end_overrun(struct takt_lane *lane)
{
	const int64_t values[4] = { (int64_t)lane->overrun.first_cycle, (int64_t)lane->overrun.skipped,
				    (int64_t)lane->overrun.worst_ns, (int64_t)lane->overrun.count };

	if (lane->overrun.count > 0) {
		takt_events_put(&lane->events, lane->cycle, lane->mono_ns, TAKT_NO_TASK,
				TAKT_EVENT_overrun, values, NULL);
		lane->overrun.count = 0;
		lane->overrun.skipped = 0;
		lane->overrun.worst_ns = 0;
	}
}

static void end_late(struct takt_lane *lane)
{
	const int64_t values[4] = { (int64_t)lane->late.first_cycle, (int64_t)lane->late.worst_ns,
				    (int64_t)lane->late.count };

	if (lane->late.count > 0) {
		takt_events_put(&lane->events, lane->cycle, lane->mono_ns, TAKT_NO_TASK,
				TAKT_EVENT_late_start, values, NULL);
		lane->late.count = 0;
		lane->late.worst_ns = 0;
	}
}

static void judge_start(struct takt_lane *lane)
{
	const uint64_t late_ns = lane->mono_ns - lane->planned_ns;
	const uint64_t tenth = lane->engine->plan->period_ns / 10;
	struct takt_rt_state *state = lane->engine->region->rt;

	if (late_ns > atomic_load_explicit(&state->worst_late_ns, memory_order_relaxed)) {
		atomic_store_explicit(&state->worst_late_ns, late_ns, memory_order_relaxed);
	}
	if (late_ns < (tenth > LATE_NS_MIN ? tenth : LATE_NS_MIN)) {
		end_late(lane);
		return;
	}
	count(&state->late_starts, 1);
	if (lane->late.count++ == 0) {
		lane->late.first_cycle = lane->cycle;
		lane->late.since_ns = lane->mono_ns;
	}
	lane->late.worst_ns = late_ns > lane->late.worst_ns ? late_ns : lane->late.worst_ns;
	if (lane->mono_ns - lane->late.since_ns > EPISODE_NS) {
		end_late(lane);
	}
}

static void note_overrun(struct takt_lane *lane, uint64_t over_ns, uint64_t skipped)
{
	struct takt_rt_state *state = lane->engine->region->rt;

	count(&state->overruns, 1);
	count(&state->skipped_cycles, skipped);
	if (lane->overrun.count++ == 0) {
		lane->overrun.first_cycle = lane->cycle;
		lane->overrun.since_ns = lane->mono_ns;
	}
	lane->overrun.skipped += skipped;
	lane->overrun.worst_ns = over_ns > lane->overrun.worst_ns ? over_ns : lane->overrun.worst_ns;
	if (lane->mono_ns - lane->overrun.since_ns > EPISODE_NS) {
		end_overrun(lane);
	}
}

/* The next planned start, by the overrun policy. The phase is kept. */
static void plan_next(struct takt_lane *lane, uint64_t now_ns)
{
	const struct takt_plan *plan = lane->engine->plan;
	const uint64_t period = plan->period_ns;
	uint64_t behind;

	lane->planned_ns += period;
	if (now_ns <= lane->planned_ns) {
		end_overrun(lane);
		return;
	}
	behind = (now_ns - lane->planned_ns + period - 1) / period;
	if (plan->overrun == TAKT_OVERRUN_STOP) {
		note_overrun(lane, now_ns - lane->planned_ns, 0);
		takt_engine_stop(lane->engine, TAKT_ENDED_OVERRUN);
		return;
	}
	if (plan->overrun == TAKT_OVERRUN_CATCH_UP) {
		behind = behind > plan->catch_up_max ? behind - plan->catch_up_max : 0;
	}
	note_overrun(lane, now_ns - lane->planned_ns, behind);
	lane->planned_ns += behind * period;
}

static void wait_for_start(struct takt_lane *lane)
{
	const struct takt_plan *plan = lane->engine->plan;
	const struct timespec at = { .tv_sec = (time_t)(lane->planned_ns / TAKT_NS_PER_S),
				     .tv_nsec = (long)(lane->planned_ns % TAKT_NS_PER_S) };

	atomic_store_explicit(&lane->position.busy_since_ns, 0, memory_order_relaxed);
	if (plan->period_ns == 0) {
		lane->planned_ns = takt_clock_mono_ns();
	} else if (plan->wait == TAKT_WAIT_SPIN) {
		while (takt_clock_mono_ns() < lane->planned_ns &&
		       !takt_engine_is_stopping(lane->engine)) {
#if defined(__x86_64__)
			_mm_pause();
#endif
		}
	} else {
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR &&
		       !takt_engine_is_stopping(lane->engine)) {
		}
	}
	lane->mono_ns = takt_clock_mono_ns();
	lane->counter = takt_clock_counter(&lane->engine->clock);
	if (lane->mono_ns < lane->planned_ns) {
		lane->planned_ns = lane->mono_ns;
	}
	atomic_store_explicit(&lane->position.busy_since_ns, lane->mono_ns, memory_order_relaxed);
	atomic_store_explicit(&lane->position.cycle, lane->cycle, memory_order_relaxed);
}

static void run_cycle(struct takt_lane *lane)
{
	struct takt_engine *engine = lane->engine;
	uint64_t end_counter, end_ns;

	if (engine->plan->period_ns > 0) {
		judge_start(lane);
	}
	lane->abort_cycle = false;
	begin_draft(lane);
	end_counter = run_tasks(lane);
	end_draft(lane, end_counter);
	keep_delayed(lane);
	atomic_store_explicit(&engine->region->rt->cycles, lane->cycle + 1, memory_order_relaxed);
	end_ns = takt_clock_mono_ns();
	if (engine->cycles_max > 0 && lane->cycle + 1 >= engine->cycles_max) {
		takt_engine_stop(engine, TAKT_ENDED_LIMIT);
	}
	if (engine->plan->period_ns > 0) {
		plan_next(lane, end_ns);
	}
	seal_if_due(lane, end_ns);
	lane->cycle++;
}

void *takt_lane_main(void *arg)
{
	struct takt_lane *lane = arg;
	struct takt_engine *engine = lane->engine;

	takt_fatal_thread(&lane->position);
	lane->planned_ns = takt_clock_mono_ns() + engine->plan->period_ns;
	while (!takt_engine_is_stopping(engine)) {
		wait_for_start(lane);
		if (!takt_engine_is_stopping(engine)) {
			run_cycle(lane);
		}
	}
	atomic_store_explicit(&lane->position.busy_since_ns, 0, memory_order_relaxed);
	TAKT_TEST_POINT("lane_ending");
	end_overrun(lane);
	end_late(lane);
	end_gap(lane);
	takt_stream_seal(&lane->stream);
	takt_events_end(&lane->events, lane->cycle, takt_clock_mono_ns());
	TAKT_TEST_POINT("lane_sealed");
	atomic_store_explicit(&lane->ended, true, memory_order_release);
	return NULL;
}
