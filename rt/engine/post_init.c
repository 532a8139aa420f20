/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a post. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rt/engine/post.h"

static int init_payloads(struct takt_post *post, const struct takt_unit *unit)
{
	for (uint32_t i = 0; i < post->slot_count * post->input_count; i++) {
		const uint32_t from = unit->plan->inputs[i % post->input_count].output;
		const size_t bytes = from == TAKT_NO_OUTPUT ? 1
				     : unit->engine->outlets[from].layout->bytes;

		post->messages[i].payload = calloc(1, bytes);
		if (!post->messages[i].payload) {
			return -ENOMEM;
		}
	}
	return 0;
}

int takt_post_init(struct takt_post *post, const struct takt_unit *unit)
{
	memset(post, 0, sizeof(*post));
	post->input_count = unit->plan->input_count;
	post->newest = unit->plan->take == TAKT_TAKE_NEWEST;
	post->capacity = post->newest || unit->plan->queue == 0 ? 1 : unit->plan->queue;
	post->slot_count = post->capacity + 2;
	post->spare = TAKT_POST_NO_SLOT;
	post->held = TAKT_POST_NO_SLOT;
	post->messages = calloc((size_t)post->slot_count * post->input_count,
				sizeof(*post->messages));
	post->present = calloc((size_t)post->slot_count * post->input_count,
			       sizeof(*post->present));
	post->queue = calloc(post->capacity, sizeof(*post->queue));
	post->returned = calloc(post->slot_count, sizeof(*post->returned));
	if (!post->messages || !post->present || !post->queue || !post->returned) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < post->slot_count; i++) {
		atomic_init(&post->returned[i], i);
	}
	atomic_init(&post->returned_tail, post->slot_count);
	return init_payloads(post, unit);
}

void takt_post_fini(struct takt_post *post)
{
	for (uint32_t i = 0; post->messages && i < post->slot_count * post->input_count; i++) {
		free((void *)(uintptr_t)post->messages[i].payload);
	}
	free(post->messages);
	free(post->present);
	free(post->queue);
	free(post->returned);
}
