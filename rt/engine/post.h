/* SPDX-License-Identifier: Apache-2.0 */
/* What the lane hands to a sink with a thread of its own (`exec: io`): a queue that drops the
 * oldest.
 *
 * A parcel is one message of each input, or none. It lies in a slot; slots go from the lane
 * through the queue to the worker and back. Either side may take the oldest out of the queue, by
 * compare-and-swap of `head`: the worker to work on it, the lane when the queue is full. Neither
 * waits for the other, and no slot is ever read by one while the other writes it. */
#ifndef TAKT_ENGINE_POST_H
#define TAKT_ENGINE_POST_H

#include "rt/engine/unit.h"

#define TAKT_POST_NO_SLOT UINT32_MAX

struct takt_post {
	uint32_t input_count;
	uint32_t capacity;		/* parcels in the queue */
	/* capacity, one that the lane fills, one that the worker has */
	uint32_t slot_count;
	bool newest;			/* older ones are left out on purpose, not counted */
	struct takt_message *messages;	/* [slot_count][input_count] */
	uint32_t *present;		/* [slot_count][input_count], 0 or 1 */
	_Atomic uint32_t *queue;	/* [capacity] slots; relaxed, published by tail */
	/* [slot_count] slots; relaxed, published by returned_tail */
	_Atomic uint32_t *returned;
	_Atomic uint64_t head;		/* both sides, compare-and-swap */
	_Atomic uint64_t tail;		/* writer: lane, release; worker: acquire */
	_Atomic uint64_t returned_tail;	/* writer: worker, release; lane: acquire */
	uint64_t returned_head;		/* the lane's */
	uint32_t spare;			/* the lane's: a slot to fill next, or TAKT_POST_NO_SLOT */
	uint32_t held;			/* the worker's: what it works on, or TAKT_POST_NO_SLOT */
	_Atomic uint64_t dropped;	/* writer: lane, and the worker at the end; relaxed */
};

/* Memory for @unit's inputs. -ENOMEM; fini accepts what is half built.  [setup] */
TAKT_SETUP int takt_post_init(struct takt_post *post, const struct takt_unit *unit);
TAKT_SETUP void takt_post_fini(struct takt_post *post);

/* Copy this cycle's messages of @inputs, a parcel for each message of the input that has most;
 * the oldest in the queue go where there is no room. True when there was one. [RT, lane] */
TAKT_RT bool takt_post_put(struct takt_post *post, const struct takt_input *inputs);

/* Give back what the worker holds, and take the oldest of the queue. False when it is empty.
 * [worker] */
TAKT_BG bool takt_post_take(struct takt_post *post);

/* Parcels in the queue.  [any] */
TAKT_ANY uint64_t takt_post_count(const struct takt_post *post);

#endif
