/* SPDX-License-Identifier: Apache-2.0 */
/* Every slot is in exactly one place: queue (at most capacity), held, spare, or returned. There
 * are capacity + 2, so that the lane, which leaves at most `capacity` in the queue, always finds
 * a spare or a returned one: the worker gives back what it held before it takes the next, and
 * the lane's load of `head` that sees the taking sees the giving back. */
#include "rt/engine/post.h"

#include <string.h>

static uint32_t obtain_slot(struct takt_post *post)
{
	uint32_t slot = post->spare;

	post->spare = TAKT_POST_NO_SLOT;
	/* Partner: the release in takt_post_take; the worker no longer reads the slot. */
	if (slot == TAKT_POST_NO_SLOT && post->returned_head != atomic_load_explicit(
						&post->returned_tail, memory_order_acquire)) {
		slot = atomic_load_explicit(&post->returned[post->returned_head % post->slot_count],
					    memory_order_relaxed);
		post->returned_head++;
	}
	return slot;
}

static void fill_slot(struct takt_post *post, uint32_t slot, const struct takt_input *inputs,
		      uint32_t number)
{
	const size_t first = (size_t)slot * post->input_count;

	for (uint32_t i = 0; i < post->input_count; i++) {
		struct takt_message *to = &post->messages[first + i];
		void *payload = (void *)(uintptr_t)to->payload;
		const bool present = number < *inputs[i].count;

		post->present[first + i] = present;
		if (present) {
			const struct takt_message *from = &inputs[i].messages[number];

			memcpy(payload, from->payload, from->bytes);
			*to = *from;
			to->payload = payload;
			to->status = "";
		}
	}
}

static void count_drop(struct takt_post *post)
{
	if (!post->newest) {
		takt_counter_add(&post->dropped, 1);
	}
}

/* When the queue is full: its oldest becomes the next to be filled. Fails only when the worker
 * has just taken one, and then there is room. */
static void make_room(struct takt_post *post, uint64_t tail)
{
	uint64_t head = atomic_load_explicit(&post->head, memory_order_acquire);
	uint32_t oldest;

	if (tail - head < post->capacity) {
		return;
	}
	oldest = atomic_load_explicit(&post->queue[head % post->capacity], memory_order_relaxed);
	/* Partner: the worker's in takt_post_take; a failure sees what it gave back before. */
	if (atomic_compare_exchange_strong_explicit(&post->head, &head, head + 1,
						    memory_order_acq_rel,
						    memory_order_acquire)) {
		post->spare = oldest;
		count_drop(post);
	}
}

static void put_parcel(struct takt_post *post, const struct takt_input *inputs, uint32_t number)
{
	const uint64_t tail = atomic_load_explicit(&post->tail, memory_order_relaxed);
	const uint32_t slot = obtain_slot(post);

	if (slot == TAKT_POST_NO_SLOT) {	/* cannot be: see above */
		count_drop(post);
		return;
	}
	fill_slot(post, slot, inputs, number);
	make_room(post, tail);
	atomic_store_explicit(&post->queue[tail % post->capacity], slot, memory_order_relaxed);
	atomic_store_explicit(&post->tail, tail + 1, memory_order_release);
}

bool takt_post_put(struct takt_post *post, const struct takt_input *inputs)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < post->input_count; i++) {
		count = *inputs[i].count > count ? *inputs[i].count : count;
	}
	for (uint32_t i = 0; i < count; i++) {
		put_parcel(post, inputs, i);
	}
	return count > 0;
}

static void give_back(struct takt_post *post)
{
	const uint64_t tail = atomic_load_explicit(&post->returned_tail, memory_order_relaxed);

	if (post->held != TAKT_POST_NO_SLOT) {
		atomic_store_explicit(&post->returned[tail % post->slot_count], post->held,
				      memory_order_relaxed);
		/* Partner: the acquire in obtain_slot. */
		atomic_store_explicit(&post->returned_tail, tail + 1, memory_order_release);
		post->held = TAKT_POST_NO_SLOT;
	}
}

bool takt_post_take(struct takt_post *post)
{
	uint64_t head;

	give_back(post);
	head = atomic_load_explicit(&post->head, memory_order_acquire);
	/* Partner of the load of `tail`: the release in put_parcel. */
	while (head != atomic_load_explicit(&post->tail, memory_order_acquire)) {
		const uint32_t slot = atomic_load_explicit(&post->queue[head % post->capacity],
							   memory_order_relaxed);

		/* Release: the lane that sees this head sees what was given back. On failure the
		 * lane has dropped the oldest, and `slot` may be another's: try with the next. */
		if (atomic_compare_exchange_strong_explicit(&post->head, &head, head + 1,
							    memory_order_acq_rel,
								    memory_order_acquire)) {
			post->held = slot;
			return true;
		}
	}
	return false;
}

uint64_t takt_post_count(const struct takt_post *post)
{
	const uint64_t head = atomic_load_explicit(&post->head, memory_order_acquire);

	return atomic_load_explicit(&post->tail, memory_order_acquire) - head;
}
