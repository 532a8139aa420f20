/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/fatal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rt/engine/python.h"
#include "rt/engine/worker.h"

/* Everything that would end the process, but the signals that ask for the end and SIGALRM, which is ours. */
static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGQUIT,
				     SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT, SIGPWR };

/* Signal handlers have no argument of ours: the only mutable globals of the engine. */
static struct takt_engine *_Atomic the_engine;
static _Atomic uint32_t failsafes_called;
static _Atomic bool was_cut;
static _Atomic bool is_ending;
static _Atomic uint32_t the_ending;	/* valid when is_ending, as the next */
static _Atomic int the_code;
static __thread struct takt_position *the_position;
static __thread bool this_thread_ends;

void takt_fatal_thread(struct takt_position *position)
{
	the_position = position;
}

bool takt_fatal_was_cut(void)
{
	return atomic_load_explicit(&was_cut, memory_order_relaxed);
}

void takt_fatal_patience(const struct takt_engine *engine, unsigned seconds)
{
	if (!engine->options->dev) {
		alarm(seconds);
	}
}

void takt_fatal_failsafe(struct takt_engine *engine)
{
	const uint32_t count = engine->plan->task_count;

	for (;;) {
		const uint32_t i = atomic_fetch_add_explicit(&failsafes_called, 1,
							     memory_order_relaxed);
		struct takt_unit *unit;

		if (i >= count) {
			return;
		}
		unit = &engine->units[i];
		if (unit->type->failsafe && unit->created) {
			if (the_position) {
				takt_position_set(the_position, i, TAKT_METHOD_FAILSAFE);
			}
			takt_fatal_patience(engine, TAKT_FAILSAFE_PATIENCE_S);
			unit->type->failsafe(&unit->ctx);
			takt_fatal_patience(engine, 0);
		}
	}
}

static void wait_for_the_end(void)
{
	for (;;) {
		pause();
	}
}

/* Drive to safe what is not, say how the run ended, go. */
static void finish(struct takt_engine *engine) __attribute__((noreturn));
static void finish(struct takt_engine *engine)
{
	const int code = atomic_load_explicit(&the_code, memory_order_relaxed);

	takt_fatal_failsafe(engine);
	takt_worker_count_lost(engine);
	takt_engine_publish_end(engine,
				(enum takt_ending)atomic_load_explicit(&the_ending, memory_order_relaxed),
				code);
	_exit(code);
}

static enum takt_event event_of(enum takt_ending ending)
{
	return ending == TAKT_ENDED_CRASHED ? TAKT_EVENT_panic
	       : ending == TAKT_ENDED_STUCK ? TAKT_EVENT_stuck : TAKT_EVENT_mission_stopped;
}

void takt_fatal_end(struct takt_engine *engine, enum takt_ending ending,
		    const struct takt_position *position, const int64_t *values, const char *text,
		    int code)
{
	uint32_t task = TAKT_NO_TASK;
	uint64_t cycle = 0;

	if (!this_thread_ends && atomic_exchange(&is_ending, true)) {
		wait_for_the_end();	/* another thread is at it */
	}
	if (!this_thread_ends) {
		this_thread_ends = true;
		atomic_store_explicit(&the_ending, (uint32_t)ending, memory_order_relaxed);
		atomic_store_explicit(&the_code, code, memory_order_relaxed);
		if (position && atomic_load_explicit(&position->method, memory_order_relaxed) !=
					TAKT_METHOD_NONE) {
			task = atomic_load_explicit(&position->task, memory_order_relaxed);
		}
		if (position) {
			cycle = atomic_load_explicit(&position->cycle, memory_order_relaxed);
		}
		takt_engine_stop(engine, ending);
		takt_events_put(&engine->crash_events, cycle, takt_clock_now_ns(&engine->clock), task,
				event_of(ending), values, text);
		takt_stream_seal(&engine->crash_events.stream);
	}
	finish(engine);
}

void takt_fatal_interrupt(struct takt_engine *engine, const struct takt_position *position, int signal)
{
	const int64_t values[4] = { 128 + signal };

	takt_fatal_end(engine, TAKT_ENDED_INTERRUPTED, position, values, "interrupted", 128 + signal);
}

/* Put zeros where @address is, if that is in the mapping. */
static bool replace(void *memory, uint64_t bytes, const char *address)
{
	return memory && address >= (char *)memory && address < (char *)memory + bytes &&
	       mmap(memory, bytes, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) != MAP_FAILED;
}

/* A file of the region was truncated or its tmpfs is gone: go on without recording. */
static bool replace_region(struct takt_engine *engine, const char *address)
{
	const struct takt_region *region = engine->region;

	if (!region || (!replace(region->arena, region->arena_bytes, address) &&
			!replace(region->control, region->control_bytes, address))) {
		return false;
	}
	atomic_store_explicit(&was_cut, true, memory_order_relaxed);
	atomic_store_explicit(&engine->lane.stream.dead, true, memory_order_relaxed);
	atomic_store_explicit(&engine->lane.events.stream.dead, true, memory_order_relaxed);
	atomic_store_explicit(&engine->main_events.stream.dead, true, memory_order_relaxed);
	atomic_store_explicit(&engine->crash_events.stream.dead, true, memory_order_relaxed);
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		atomic_store_explicit(&engine->workers[i].events.stream.dead, true,
				      memory_order_relaxed);
	}
	return true;
}

/* … or that of a Python task: from now on nobody is ready there. */
static bool replace_slot(struct takt_engine *engine, const char *address)
{
	for (uint32_t i = 0; i < engine->python_count; i++) {
		const struct takt_pyslot *slot = &engine->pythons[i].slot;

		if (replace(slot->memory, slot->geometry.file_bytes, address)) {
			return true;
		}
	}
	return false;
}

static bool has_address(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
}

static void on_fatal_signal(int signal, siginfo_t *info, void *context)
{
	struct takt_engine *engine = atomic_load(&the_engine);
	const struct takt_position *position = the_position;
	const int64_t values[4] = { signal, has_address(signal) ? (int64_t)(uintptr_t)info->si_addr : 0 };
	const char *method = "";

	(void)context;
	if (!engine) {
		_exit(TAKT_EXIT_CRASH);
	}
	if (signal == SIGBUS &&
	    (replace_region(engine, info->si_addr) || replace_slot(engine, info->si_addr))) {
		return;
	}
	if (position) {
		method = takt_method_name(
			(enum takt_method_id)atomic_load_explicit(&position->method,
								  memory_order_relaxed));
	}
	takt_fatal_end(engine, TAKT_ENDED_CRASHED, position, values, method, TAKT_EXIT_CRASH);
}

static void on_impatient_signal(int signal)
{
	struct takt_engine *engine = atomic_load(&the_engine);

	if (engine) {
		takt_fatal_interrupt(engine, the_position, signal);
	}
	_exit(128 + signal);
}

/* A stop or a failsafe hangs, in whatever thread. */
static void on_patience_over(int number)
{
	struct takt_engine *engine = atomic_load(&the_engine);

	(void)number;
	if (engine && atomic_load(&is_ending)) {
		finish(engine);
	}
	if (engine) {
		const struct takt_position *position = &engine->main_position;
		const uint32_t method = atomic_load_explicit(&position->method, memory_order_relaxed);

		takt_fatal_end(engine, TAKT_ENDED_STUCK, position, NULL,
			       takt_method_name((enum takt_method_id)method), TAKT_EXIT_STUCK);
	}
}

static void on_wake_up(int signal)
{
	(void)signal;	/* its work is EINTR */
}

/* exit() called by a task ends here; the engine itself returns from main with no position set. */
static void on_exit_call(void)
{
	struct takt_engine *engine = atomic_load(&the_engine);
	const struct takt_position *position = the_position;

	if (engine && position &&
	    atomic_load_explicit(&position->method, memory_order_relaxed) != TAKT_METHOD_NONE) {
		takt_fatal_end(engine, TAKT_ENDED_CRASHED, position, NULL, "exit() called",
			       TAKT_EXIT_CRASH);
	}
}

int takt_fatal_install(struct takt_engine *engine)
{
	struct sigaction fatal = { .sa_sigaction = on_fatal_signal,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	struct sigaction wake = { .sa_handler = on_wake_up };
	struct sigaction patience = { .sa_handler = on_patience_over,
				      .sa_flags = SA_ONSTACK | SA_NODEFER };

	atomic_store(&failsafes_called, 0);
	atomic_store(&the_engine, engine);
	takt_fatal_thread(&engine->main_position);
	sigemptyset(&fatal.sa_mask);
	sigemptyset(&wake.sa_mask);
	sigemptyset(&patience.sa_mask);
	for (uint32_t i = 0; i < sizeof(fatal_signals) / sizeof(fatal_signals[0]); i++) {
		if (sigaction(fatal_signals[i], &fatal, NULL) < 0) {
			return -errno;
		}
	}
	if (sigaction(SIGUSR1, &wake, NULL) < 0 || sigaction(SIGALRM, &patience, NULL) < 0) {
		return -errno;
	}
	return atexit(on_exit_call) == 0 && at_quick_exit(on_exit_call) == 0 ? 0 : -ENOMEM;
}

void takt_fatal_remove(void)
{
	alarm(0);
	signal(SIGALRM, SIG_DFL);
	atomic_store(&the_engine, NULL);
	for (uint32_t i = 0; i < sizeof(fatal_signals) / sizeof(fatal_signals[0]); i++) {
		signal(fatal_signals[i], SIG_DFL);
	}
}

void takt_fatal_impatient(void)
{
	struct sigaction impatient = { .sa_handler = on_impatient_signal, .sa_flags = SA_ONSTACK };
	sigset_t set;

	sigemptyset(&impatient.sa_mask);
	sigaction(SIGINT, &impatient, NULL);
	sigaction(SIGTERM, &impatient, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
