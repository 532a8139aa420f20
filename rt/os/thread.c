/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/os/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GUARD_BYTES 65536u
#define SIGNAL_STACK_BYTES 65536u

int takt_thread_signal_stack_begin(void)
{
	const stack_t stack = { .ss_sp = malloc(SIGNAL_STACK_BYTES), .ss_size = SIGNAL_STACK_BYTES };
	int r;

	if (!stack.ss_sp) {
		return -ENOMEM;
	}
	memset(stack.ss_sp, 0, SIGNAL_STACK_BYTES);
	if (sigaltstack(&stack, NULL) < 0) {
		r = -errno;
		free(stack.ss_sp);
		return r;
	}
	return 0;
}

void takt_thread_signal_stack_end(void)
{
	const stack_t none = { .ss_flags = SS_DISABLE };
	stack_t stack;

	if (sigaltstack(&none, &stack) == 0 && !(stack.ss_flags & SS_DISABLE)) {
		free(stack.ss_sp);
	}
}

static void *trampoline(void *arg)
{
	struct takt_thread *thread = arg;
	const stack_t stack = { .ss_sp = thread->signal_stack, .ss_size = SIGNAL_STACK_BYTES };

	pthread_setname_np(pthread_self(), thread->name);
	sigaltstack(&stack, NULL);
	atomic_store_explicit(&thread->tid, (int)syscall(SYS_gettid), memory_order_release);
	return thread->main(thread->arg);
}

static int map_stacks(struct takt_thread *thread)
{
	char *memory = mmap(NULL, GUARD_BYTES + TAKT_STACK_BYTES + SIGNAL_STACK_BYTES,
			    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED) {
		return -errno;
	}
	mprotect(memory, GUARD_BYTES, PROT_NONE);
	thread->stack = memory;
	thread->signal_stack = memory + GUARD_BYTES + TAKT_STACK_BYTES;
	return 0;
}

static int set_policy(pthread_attr_t *attr, int cpu, int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	cpu_set_t cpus;
	int r = pthread_attr_setinheritsched(attr, PTHREAD_EXPLICIT_SCHED);

	if (r == 0) {
		r = pthread_attr_setschedpolicy(attr, priority > 0 ? SCHED_FIFO : SCHED_OTHER);
	}
	if (r == 0) {
		r = pthread_attr_setschedparam(attr, &param);
	}
	if (r == 0 && cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)cpu, &cpus);
		r = pthread_attr_setaffinity_np(attr, sizeof(cpus), &cpus);
	}
	return -r;
}

int takt_thread_start(struct takt_thread *thread, const struct takt_thread_spec *spec)
{
	pthread_attr_t attr;
	int r;

	memset(thread, 0, sizeof(*thread));
	thread->main = spec->main;
	thread->arg = spec->arg;
	snprintf(thread->name, sizeof(thread->name), "%.15s", spec->name);
	r = map_stacks(thread);
	if (r < 0) {
		return r;
	}
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, (char *)thread->stack + GUARD_BYTES, TAKT_STACK_BYTES);
	r = set_policy(&attr, spec->cpu, spec->priority);
	if (r == 0) {
		r = -pthread_create(&thread->thread, &attr, trampoline, thread);
	}
	pthread_attr_destroy(&attr);
	if (r < 0) {
		munmap(thread->stack, GUARD_BYTES + TAKT_STACK_BYTES + SIGNAL_STACK_BYTES);
		thread->stack = NULL;
	}
	return r;
}

void takt_thread_join(struct takt_thread *thread)
{
	pthread_join(thread->thread, NULL);
	munmap(thread->stack, GUARD_BYTES + TAKT_STACK_BYTES + SIGNAL_STACK_BYTES);
	thread->stack = NULL;
}

int takt_thread_set_priority(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	return -pthread_setschedparam(pthread_self(), priority > 0 ? SCHED_FIFO : SCHED_OTHER,
				      &param);
}

static void *do_nothing(void *arg)
{
	return arg;
}

int takt_thread_try_priority(int priority)
{
	const struct takt_thread_spec spec = { "try", -1, priority, do_nothing, NULL };
	struct takt_thread thread;
	const int r = takt_thread_start(&thread, &spec);

	if (r == 0) {
		takt_thread_join(&thread);
	}
	return r;
}
