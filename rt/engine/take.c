/* SPDX-License-Identifier: Apache-2.0 */
/* The lane's side of tasks with a thread of their own. Real-time code. */
#include <string.h>

#include "rt/engine/draft.h"
#include "rt/engine/worker.h"

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

void takt_worker_give(struct takt_worker *worker)
{
	const struct takt_unit *unit = worker->unit;
	bool any = false;

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
