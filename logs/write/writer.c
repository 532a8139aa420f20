/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "logs/write/recorder.h"
#include "rt/clock/clock.h"

#define STACK_BYTES (256u << 10)
#define BUSY_SLEEP_NS 1000000
#define IDLE_SLEEP_NS 5000000
#define BUSY_AFTER_NS 100000000ull	/* stay awake this long after the last work */

struct takt_writer {
	pthread_t thread;
	_Atomic bool is_stopping;
	/* An empty place is filled by the manager (release), a filled one emptied by the thread. */
	_Atomic(struct takt_recorder *) recorders[TAKT_WRITER_RUNS_MAX];
};

/* One round over all runs: the busiest answer. */
static enum takt_recorder_activity step_all(struct takt_writer *writer)
{
	enum takt_recorder_activity all = TAKT_RECORDER_IDLE;

	for (uint32_t i = 0; i < TAKT_WRITER_RUNS_MAX; i++) {
		/* Partner: takt_writer_add. */
		struct takt_recorder *recorder =
			atomic_load_explicit(&writer->recorders[i], memory_order_acquire);
		enum takt_recorder_activity one;

		if (!recorder) {
			continue;
		}
		one = takt_recorder_step(recorder, takt_clock_mono_ns());
		if (one == TAKT_RECORDER_FINISHED) {
			atomic_store_explicit(&writer->recorders[i], NULL, memory_order_release);
			takt_recorder_let_go(recorder);
		} else if (one > all) {
			all = one;
		}
	}
	return all;
}

static void *run(void *user)
{
	struct takt_writer *writer = user;
	uint64_t busy_at_ns = 0;

	pthread_setname_np(pthread_self(), "takt-writer");
	while (!atomic_load_explicit(&writer->is_stopping, memory_order_acquire)) {
		const enum takt_recorder_activity activity = step_all(writer);
		struct timespec t = { .tv_nsec = BUSY_SLEEP_NS };

		if (activity == TAKT_RECORDER_SATURATED) {
			continue;
		}
		if (activity == TAKT_RECORDER_BUSY) {
			busy_at_ns = takt_clock_mono_ns();
		} else if (takt_clock_mono_ns() - busy_at_ns > BUSY_AFTER_NS) {
			t.tv_nsec = IDLE_SLEEP_NS;
		}
		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	}
	return NULL;
}

static int start_thread(struct takt_writer *writer)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r = pthread_attr_init(&attr);

	if (r != 0) {
		return -r;
	}
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	sigdelset(&all, SIGBUS);	/* of a region that is cut; blocked it would be the end */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&writer->thread, &attr, run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

int takt_writer_start(struct takt_writer **ret_writer, struct takt_err *err)
{
	struct takt_writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	r = start_thread(writer);
	if (r < 0) {
		free(writer);
		return takt_err_set(err, r, "cannot start the writer thread: %s", strerror(-r));
	}
	*ret_writer = writer;
	return 0;
}

int takt_writer_add(struct takt_writer *writer, struct takt_recorder *recorder)
{
	for (uint32_t i = 0; i < TAKT_WRITER_RUNS_MAX; i++) {
		/* Partner: the thread's release store when it has let go of the one before. */
		if (!atomic_load_explicit(&writer->recorders[i], memory_order_acquire)) {
			atomic_store_explicit(&writer->recorders[i], recorder, memory_order_release);
			return 0;
		}
	}
	return -EAGAIN;
}

void takt_writer_stop(struct takt_writer *writer)
{
	if (!writer) {
		return;
	}
	atomic_store_explicit(&writer->is_stopping, true, memory_order_release);
	pthread_join(writer->thread, NULL);
	free(writer);
}
