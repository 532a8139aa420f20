/* SPDX-License-Identifier: Apache-2.0 */
/* Threads with a name, a small explicit stack, a policy and a CPU. */
#ifndef TAKT_OS_THREAD_H
#define TAKT_OS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "rt/base/tags.h"

#ifdef __SANITIZE_THREAD__
#define TAKT_STACK_BYTES (2u << 20)	/* its run-time library keeps 900 KiB there for itself */
#else
#define TAKT_STACK_BYTES (256u << 10)
#endif

struct takt_thread_spec {
	const char *name;		/* at most 15 characters are kept */
	int cpu;			/* -1: not pinned, the process's CPUs */
	int priority;			/* 0: SCHED_OTHER, else SCHED_FIFO 1..99 */
	void *(*main)(void *arg);
	void *arg;
};

struct takt_thread {
	pthread_t thread;
	void *stack;			/* with a guard page below */
	void *signal_stack;
	void *(*main)(void *arg);
	void *arg;
	char name[16];
	_Atomic int tid;		/* 0 until the thread runs */
};

/* Start a thread with its stack and signal stack mapped. @thread must stay until join.
 * Returns 0 or -errno (-EPERM: no right to the priority, -EINVAL: no such CPU).  [setup] */
TAKT_SETUP int takt_thread_start(struct takt_thread *thread, const struct takt_thread_spec *spec);
TAKT_SETUP void takt_thread_join(struct takt_thread *thread);

/* Give the calling thread a signal stack of its own, and take it away again. -ENOMEM, -errno.
 * [setup] */
TAKT_SETUP int takt_thread_signal_stack_begin(void);
TAKT_SETUP void takt_thread_signal_stack_end(void);

/* Policy of the calling thread: SCHED_FIFO at @priority, 0: SCHED_OTHER. 0 or -errno.  [setup] */
TAKT_SETUP int takt_thread_set_priority(int priority);

/* Whether SCHED_FIFO at @priority would be granted: 0 or -errno; tries it on a throw-away thread.
 * [setup] */
TAKT_SETUP int takt_thread_try_priority(int priority);

#endif
