/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_NS 500000
#define PREFILL_STEPS 4096u		/* rows at most, before the lane starts */

/* --- from the log ---------------------------------------------------------------------------- */

static void read_row(struct takt_replay *replay)
{
	const int r = replay->log->next(replay->log->user, &replay->row, &replay->err);

	if (r <= 0) {
		replay->row = NULL;
		replay->is_read = true;
	}
	if (r < 0) {
		takt_err_set(&replay->err, r, "%s: cannot be read: %s", replay->log->name,
			     strerror(-r));
		takt_engine_stop(replay->engine, TAKT_ENDED_ERROR);
	}
}

int takt_replay_create(struct takt_engine *engine, struct takt_err *err)
{
	struct takt_replay *replay = calloc(1, sizeof(*replay));

	if (!replay) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	engine->replay = replay;
	replay->engine = engine;
	replay->log = engine->options->replay;
	read_row(replay);
	if (replay->err.code < 0) {
		*err = replay->err;
		return err->code;
	}
	if (!replay->row) {
		return takt_err_set(err, -ENODATA, "%s: holds no copperlist", replay->log->name);
	}
	replay->first_planned_ns = replay->row->planned_ns;
	replay->last_cycle = replay->row->cycle;
	replay->last_mono_ns = replay->row->mono_ns;
	return 0;
}

void takt_replay_destroy(struct takt_replay *replay)
{
	free(replay);
}

/* --- into the queues -------------------------------------------------------------------------- */

static bool is_of(const struct takt_unit *unit, const struct takt_replay_message *message)
{
	return message->output >= unit->plan->first_output &&
	       message->output - unit->plan->first_output < unit->outlet_count;
}

/* Parcels that @row needs for @unit: one for each message of the output that has most. */
static uint32_t count_parcels(const struct takt_unit *unit, const struct takt_replay_row *row)
{
	uint32_t most = 0, n = 0, output = UINT32_MAX;

	for (uint32_t i = 0; i < row->message_count; i++) {
		if (is_of(unit, &row->messages[i])) {
			n = row->messages[i].output == output ? n + 1 : 1;
			output = row->messages[i].output;
			most = n > most ? n : most;
		}
	}
	return most;
}

static uint64_t room_of(const struct takt_worker *worker)
{
	return worker->capacity - (atomic_load_explicit(&worker->tail, memory_order_relaxed) -
				   atomic_load_explicit(&worker->head, memory_order_acquire));
}

static void fill_item(struct takt_parcel_item *item, const struct takt_layout *layout,
		      const struct takt_replay_message *message)
{
	const uint32_t bytes = message->bytes < layout->bytes ? message->bytes : layout->bytes;

	memcpy(item->payload, message->payload, bytes);
	memset((char *)item->payload + bytes, 0, layout->bytes - bytes);
	item->present = true;
	item->message = (struct takt_message){
		.payload = item->payload, .tov = message->tov, .stamp_ns = message->stamp_ns,
		.status = "", .bytes = takt_layout_used_bytes(layout, item->payload),
	};
	memset(item->status, 0, sizeof(item->status));
	memcpy(item->status, message->status, strnlen(message->status, TAKT_STATUS_BYTES_MAX));
}

/* @count empty parcels at the queue's end, not visible to the lane yet. */
static void clear_parcels(struct takt_worker *worker, uint64_t tail, uint32_t count,
			  uint64_t due_ns)
{
	for (uint32_t k = 0; k < count; k++) {
		struct takt_parcel_item *items = takt_worker_parcel(worker, tail + k);

		for (uint32_t i = 0; i < worker->unit->outlet_count; i++) {
			items[i].present = false;
		}
		worker->heads[(tail + k) % worker->capacity] = (struct takt_parcel_head){ .due_ns = due_ns };
	}
}

static void push_row(struct takt_worker *worker, const struct takt_replay_row *row, uint64_t due_ns)
{
	const struct takt_unit *unit = worker->unit;
	const uint64_t tail = atomic_load_explicit(&worker->tail, memory_order_relaxed);
	const bool is_last = row->finished[unit->ctx.task_index];
	uint32_t count = count_parcels(unit, row), n = 0, output = UINT32_MAX;

	count = is_last && count == 0 ? 1 : count;
	count = count < room_of(worker) ? count : (uint32_t)room_of(worker);
	clear_parcels(worker, tail, count, due_ns);
	for (uint32_t i = 0; i < row->message_count; i++) {
		const struct takt_replay_message *message = &row->messages[i];

		if (!is_of(unit, message)) {
			continue;
		}
		n = message->output == output ? n + 1 : 0;
		output = message->output;
		if (n < count) {
			const uint32_t k = output - unit->plan->first_output;

			fill_item(&takt_worker_parcel(worker, tail + n)[k],
				  unit->outlets[k].layout, message);
		} else {
			atomic_fetch_add_explicit(&worker->dropped, 1, memory_order_relaxed);
		}
	}
	if (is_last && count > 0) {
		struct takt_parcel_head *last = &worker->heads[(tail + count - 1) % worker->capacity];

		last->last = true;
		last->ran = row->ran[unit->ctx.task_index];
		last->result = row->results[unit->ctx.task_index];
		worker->replay_done = true;
	}
	/* Partner: the acquire in takt_worker_take_replayed. */
	atomic_fetch_add_explicit(&worker->tail, count, memory_order_release);
}

static bool all_have_room(const struct takt_engine *engine, const struct takt_replay_row *row)
{
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		const struct takt_worker *worker = &engine->workers[i];

		if (worker->heads && !worker->replay_done &&
		    room_of(worker) < (row ? count_parcels(worker->unit, row) : 0) + 1u &&
		    room_of(worker) < worker->capacity) {
			return false;
		}
	}
	return true;
}

/* Hand out the row that was read, and read the next. */
static void hand_out(struct takt_replay *replay)
{
	struct takt_engine *engine = replay->engine;
	const struct takt_replay_row *row = replay->row;

	replay->last_due_ns = row->planned_ns > replay->first_planned_ns
				      ? row->planned_ns - replay->first_planned_ns : 0;
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		if (engine->workers[i].heads && !engine->workers[i].replay_done) {
			push_row(&engine->workers[i], row, replay->last_due_ns);
		}
	}
	if (row->cycle > replay->last_cycle + 1) {
		replay->missing += row->cycle - replay->last_cycle - 1;
	}
	replay->last_cycle = row->cycle;
	replay->last_mono_ns = row->mono_ns;
	read_row(replay);
}

/* The log is over: a last parcel for each source that has not had it. */
static void hand_out_end(struct takt_replay *replay)
{
	struct takt_engine *engine = replay->engine;

	for (uint32_t i = 0; i < engine->worker_count; i++) {
		struct takt_worker *worker = &engine->workers[i];
		const uint64_t tail = atomic_load_explicit(&worker->tail, memory_order_relaxed);

		if (worker->heads && !worker->replay_done && room_of(worker) > 0) {
			clear_parcels(worker, tail, 1, replay->last_due_ns);
			worker->heads[tail % worker->capacity].last = true;
			worker->replay_done = true;
			atomic_fetch_add_explicit(&worker->tail, 1, memory_order_release);
		}
	}
	replay->is_over = true;
}

/* --- real time -------------------------------------------------------------------------------- */

/* One row, or the end, into the queues. False when they are full or there is nothing more. */
static bool step(struct takt_replay *replay)
{
	if (replay->is_over || !all_have_room(replay->engine, replay->row)) {
		return false;
	}
	if (replay->row) {
		hand_out(replay);
	} else {
		hand_out_end(replay);
	}
	return true;
}

static void *replay_main(void *arg)
{
	const struct timespec span = { 0, POLL_NS };
	struct takt_replay *replay = arg;

	while (!takt_engine_is_stopping(replay->engine) && !replay->is_over) {
		if (!step(replay)) {
			nanosleep(&span, NULL);
		}
	}
	atomic_store_explicit(&replay->ended, true, memory_order_release);
	return NULL;
}

int takt_replay_start(struct takt_replay *replay, struct takt_err *err)
{
	const struct takt_thread_spec spec = { .name = "replay", .cpu = TAKT_CPU_AUTO,
					       .main = replay_main, .arg = replay };
	uint32_t steps = 0;
	int r;

	while (steps < PREFILL_STEPS && step(replay)) {
		steps++;
	}
	r = takt_thread_start(&replay->thread, &spec);
	replay->running = r == 0;
	return r < 0 ? takt_err_set(err, r, "cannot start the thread that reads %s: %s",
				    replay->log->name, strerror(-r)) : 0;
}

void takt_replay_stop(struct takt_replay *replay)
{
	if (replay && replay->running) {
		takt_thread_join(&replay->thread);
		replay->running = false;
	}
}

/* --- virtual time ----------------------------------------------------------------------------- */

uint64_t takt_replay_reach(struct takt_replay *replay, uint64_t cycle)
{
	const struct takt_replay_row *row = replay->row;
	uint64_t at_ns;

	if (!row) {
		return 0;
	}
	if (row->cycle <= cycle) {
		hand_out(replay);
		if (!replay->row) {
			hand_out_end(replay);
		}
		replay->now_due_ns = replay->last_due_ns;
		return replay->last_mono_ns;
	}
	/* The log lacks this cycle: it began somewhere between its neighbours. */
	at_ns = replay->last_mono_ns +
		(uint64_t)((__uint128_t)(row->mono_ns - replay->last_mono_ns) *
			   (cycle - replay->last_cycle) / (row->cycle - replay->last_cycle));
	replay->now_due_ns = at_ns > replay->first_planned_ns ? at_ns - replay->first_planned_ns
							      : 0;
	return at_ns;
}
