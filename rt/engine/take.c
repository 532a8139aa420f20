/* SPDX-License-Identifier: Apache-2.0 */
/* The lane's side of tasks with a thread of their own. Real-time code. */
#include <string.h>

#include "rt/engine/draft.h"
#include "rt/engine/replay.h"

static void take_parcel(struct takt_worker *worker, struct takt_lane *lane,
			const struct takt_parcel_item *items)
{
	struct takt_unit *unit = worker->unit;

	for (uint32_t i = 0; i < unit->outlet_count; i++) {
		const struct takt_parcel_item *item = &items[i];
		struct takt_outlet *outlet = &unit->outlets[i];
		struct takt_message *message =
			item->present ? takt_draft_add_message(lane, outlet) : NULL;

		if (!message) {
			continue;
		}
		memcpy(outlet->payload, item->payload, item->message.bytes);
		message->tov = item->message.tov;
		message->stamp_ns = item->message.stamp_ns;
		takt_draft_trim(lane, outlet);
		if (item->status[0]) {
			takt_draft_set_status(lane, outlet, item->status);
		}
	}
}

/* As take_parcel, its times moved by @shift_ns. */
static void take_replayed(struct takt_worker *worker, struct takt_lane *lane,
			  const struct takt_parcel_item *items, uint64_t shift_ns)
{
	struct takt_unit *unit = worker->unit;

	take_parcel(worker, lane, items);
	for (uint32_t i = 0; i < unit->outlet_count; i++) {
		struct takt_outlet *outlet = &unit->outlets[i];

		if (items[i].present && outlet->count > 0) {
			struct takt_message *message = &outlet->messages[outlet->count - 1];

			message->stamp_ns += shift_ns;
			if (message->tov.kind != TAKT_TOV_NONE) {
				message->tov.begin_ns += shift_ns;
				message->tov.end_ns += shift_ns;
			}
		}
	}
}

static bool has_room(const struct takt_unit *unit)
{
	for (uint32_t i = 0; i < unit->outlet_count; i++) {
		if (unit->outlets[i].count == unit->outlets[i].slots) {
			return false;
		}
	}
	return true;
}

bool takt_worker_take(struct takt_worker *worker, struct takt_lane *lane)
{
	/* Partner: the release in end_parcel. */
	const uint64_t tail = atomic_load_explicit(&worker->tail, memory_order_acquire);
	uint64_t head = atomic_load_explicit(&worker->head, memory_order_relaxed);
	const bool any = head != tail;

	if (any && worker->unit->plan->take == TAKT_TAKE_NEWEST) {
		head = tail - 1;
	}
	while (head != tail && has_room(worker->unit)) {
		take_parcel(worker, lane, takt_worker_parcel(worker, head));
		head++;
	}
	/* Partner: the acquire in begin_parcel; the parcels may be filled again. */
	atomic_store_explicit(&worker->head, head, memory_order_release);
	return any;
}

bool takt_worker_take_replayed(struct takt_worker *worker, struct takt_lane *lane)
{
	const struct takt_engine *engine = worker->engine;
	const struct takt_replay *replay = engine->replay;
	const uint64_t shift_ns =
		engine->virtual_time ? 0 : replay->lane_first_ns - replay->first_planned_ns;
	const uint64_t until_ns = takt_replay_due_ns(replay, lane) + engine->plan->period_ns / 2;
	/* Partner: the release in replay.c. */
	const uint64_t tail = atomic_load_explicit(&worker->tail, memory_order_acquire);
	uint64_t head = atomic_load_explicit(&worker->head, memory_order_relaxed), due = head;
	const uint64_t slots = worker->unit->outlets[0].slots;
	bool took = false;

	while (due != tail && worker->heads[due % worker->capacity].due_ns <= until_ns) {
		due++;
	}
	for (; head != due; head++) {
		const struct takt_parcel_item *items = takt_worker_parcel(worker, head);
		bool any = false;

		for (uint32_t i = 0; i < worker->unit->outlet_count; i++) {
			any = any || items[i].present;
		}
		if (worker->heads[head % worker->capacity].last) {
			worker->replayed_ran = worker->heads[head % worker->capacity].ran;
			worker->replayed_result = worker->heads[head % worker->capacity].result;
			atomic_store_explicit(&worker->finished, true, memory_order_relaxed);
		}
		if (any && due - head > slots + 1) {
			atomic_fetch_add_explicit(&worker->dropped, 1, memory_order_relaxed);
		} else if (any && has_room(worker->unit)) {
			take_replayed(worker, lane, items, shift_ns);
			took = true;
		} else if (any) {
			atomic_fetch_add_explicit(&worker->dropped, 1, memory_order_relaxed);
		}
	}
	/* Partner: the acquire in room_of of replay.c. */
	atomic_store_explicit(&worker->head, head, memory_order_release);
	return took;
}

void takt_worker_give(struct takt_worker *worker)
{
	const struct takt_unit *unit = worker->unit;
	bool any = false;

	if (worker->post) {
		takt_post_put(worker->post, unit->inputs);
		return;
	}
	if (atomic_load_explicit(&worker->state, memory_order_acquire) != TAKT_WORKER_IDLE) {
		return;
	}
	for (uint32_t i = 0; i < unit->plan->input_count; i++) {
		const struct takt_input *input = &unit->inputs[i];
		const uint32_t count = *input->count;
		struct takt_message *copy = &worker->given[i];
		void *payload = (void *)(uintptr_t)copy->payload;

		worker->given_counts[i] = count > 0;
		if (count > 0) {
			const struct takt_message *newest = &input->messages[count - 1];

			memcpy(payload, newest->payload, newest->bytes);
			*copy = *newest;
			copy->payload = payload;
			copy->status = "";
			any = true;
		}
	}
	if (any) {
		atomic_store_explicit(&worker->state, TAKT_WORKER_GIVEN, memory_order_release);
	}
}

bool takt_worker_is_finished(const struct takt_worker *worker)
{
	return atomic_load_explicit(&worker->finished, memory_order_acquire) &&
	       atomic_load_explicit(&worker->head, memory_order_relaxed) ==
		       atomic_load_explicit(&worker->tail, memory_order_acquire);
}
