/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks with `exec: io`. The thread looks into the post, and calls the task for each parcel,
 * and without inputs every IDLE_CALL_NS. At the end of the run it goes on until the post is
 * empty, for DRAIN_NS at most. In virtual time there is no thread: the lane's drains the
 * post in every cycle. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "rt/engine/fatal.h"
#include "rt/engine/worker.h"

#define POLL_NS_MIN 200000u
#define POLL_NS_MAX 1000000u
#define POLLS_A_CYCLE 10u
#define IDLE_CALL_NS 100000000u
#define DRAIN_NS TAKT_NS_PER_S

int takt_worker_init_sink(struct takt_worker *worker)
{
	const uint32_t n = worker->unit->plan->input_count;

	worker->given_counts = calloc(n + 1, sizeof(*worker->given_counts));
	worker->given_inputs = calloc(n + 1, sizeof(*worker->given_inputs));
	worker->post = calloc(1, sizeof(*worker->post));
	if (!worker->given_counts || !worker->given_inputs || !worker->post) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		worker->given_inputs[i].count = &worker->given_counts[i];
	}
	worker->unit->ctx.inputs = worker->given_inputs;
	return takt_post_init(worker->post, worker->unit);
}

void takt_worker_fini_sink(struct takt_worker *worker)
{
	if (worker->post) {
		takt_post_fini(worker->post);
		free(worker->post);
	}
}

/* What the task is to see: the parcel that the worker holds, or nothing. */
static void show(struct takt_worker *worker, bool any)
{
	const struct takt_post *post = worker->post;

	for (uint32_t i = 0; i < post->input_count; i++) {
		const size_t at = any ? (size_t)post->held * post->input_count + i : 0;

		worker->given_inputs[i].messages = &post->messages[at];
		worker->given_counts[i] = any ? post->present[at] : 0;
	}
}

static long poll_ns(const struct takt_worker *worker)
{
	const uint64_t part_ns = worker->engine->plan->period_ns / POLLS_A_CYCLE;

	return (long)(part_ns < POLL_NS_MIN ? POLL_NS_MIN : part_ns > POLL_NS_MAX ? POLL_NS_MAX
		      : part_ns);
}

/* True when there is nothing more to do, or no more time for it. */
static bool is_drained(const struct takt_worker *worker, bool busy, uint64_t *stopping_ns)
{
	const uint64_t now = takt_clock_mono_ns();

	if (!takt_engine_is_stopping(worker->engine)) {
		return false;
	}
	if (*stopping_ns == 0) {
		*stopping_ns = now;
	}
	/* Partner: the lane's release behind its last cycle; what it has put is in the post. */
	return now - *stopping_ns > DRAIN_NS ||
	       (!busy && atomic_load_explicit(&worker->engine->lane.ended, memory_order_acquire) &&
		takt_post_count(worker->post) == 0);
}

void *takt_worker_sink_main(void *arg)
{
	struct takt_worker *worker = arg;
	struct takt_post *post = worker->post;
	const struct timespec pause = { .tv_nsec = poll_ns(worker) };
	const struct timespec failed = { .tv_nsec = TAKT_WORKER_FAILED_WAIT_NS };
	uint64_t called_ns = 0, stopping_ns = 0;
	bool busy = false;		/* the task is not done with what it has */
	bool gave;
	int result;

	takt_fatal_thread(&worker->position);
	while (!is_drained(worker, busy, &stopping_ns)) {
		busy = busy || takt_post_take(post);
		if (busy || takt_clock_mono_ns() - called_ns >= IDLE_CALL_NS) {
			show(worker, busy);
			result = takt_worker_call(worker, &gave);
			busy = result == TAKT_AGAIN && busy;
			called_ns = takt_clock_mono_ns();
			if (result < 0) {
				nanosleep(&failed, NULL);
			}
		} else {
			nanosleep(&pause, NULL);
		}
		takt_worker_tend(worker);
	}
	takt_counter_add(&post->dropped, takt_post_count(post) + busy);
	takt_worker_end(worker, false);
	return NULL;
}

void takt_worker_sink_drain(struct takt_worker *worker)
{
	bool gave;

	while (takt_post_take(worker->post)) {
		show(worker, true);
		while (takt_worker_call(worker, &gave) == TAKT_AGAIN &&
		       !takt_engine_is_stopping(worker->engine)) {
		}
	}
}
