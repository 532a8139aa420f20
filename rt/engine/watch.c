/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/watch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/file.h"
#include "rt/engine/fatal.h"
#include "rt/engine/worker.h"

#define TICK_NS 10000000
#define LATE_END_NS 100000000	/* behind the time that was asked for: cycles have been lost */
#define PAUSE_NS 500000000	/* between two ticks: nothing of us ran */
#define RECORDER_EVERY 10	/* ticks */
#define COUNTERS_EVERY 100	/* ticks, for the first time in tick COUNTERS_FIRST */
#define COUNTERS_FIRST 10

struct watcher {
	uint64_t end_ns;		/* 0: no limit */
	uint32_t tick;
	bool recorder_alive;
	bool is_cut_said;
	uint64_t seen_ns;		/* the last tick; 0: none yet */
	uint64_t resumed_ns;		/* nothing of us ran before: SIGSTOP, a sleeping machine */
	uint64_t minor_base;		/* faults of the lane thread before its first cycles */
	uint64_t major_base;
	bool based;
};

static void signals_of_ours(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGINT);
	sigaddset(ret_set, SIGTERM);
	sigaddset(ret_set, SIGHUP);
}

void takt_watch_block_signals(void)
{
	sigset_t set;

	signals_of_ours(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void watch_lane(struct takt_engine *engine, const struct watcher *w, uint64_t now_ns)
{
	const struct takt_position *position = &engine->lane.position;
	uint64_t since = atomic_load_explicit(&position->busy_since_ns, memory_order_relaxed);
	int64_t values[4] = { 0 };

	if (since != 0 && since < w->resumed_ns) {
		since = w->resumed_ns;
	}
	values[0] = (int64_t)(now_ns - since);
	if (engine->options->dev || since == 0 || now_ns < since ||
	    now_ns - since < engine->plan->stuck_after_ns) {
		return;
	}
	takt_fatal_end(engine, TAKT_ENDED_STUCK, position, values,
		       takt_method_name((enum takt_method_id)atomic_load_explicit(
			       &position->method, memory_order_relaxed)), TAKT_EXIT_STUCK);
}

static void watch_recorder(struct takt_engine *engine, struct watcher *w)
{
	const bool alive = takt_region_recorder_alive(engine->region) == 1;

	if (alive != w->recorder_alive) {
		takt_events_put(&engine->main_events, takt_engine_cycle(engine),
				takt_clock_now_ns(&engine->clock), TAKT_NO_TASK,
				alive ? TAKT_EVENT_recorder_attached : TAKT_EVENT_recorder_lost,
				NULL, NULL);
		w->recorder_alive = alive;
	}
}

/* What the kernel says of a thread of ours in @file; "" when it says nothing. */
static void read_thread_file(int tid, const char *file, char *text, uint32_t text_bytes)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", tid, file);
	if (takt_file_read_text(path, text, text_bytes) < 0) {
		text[0] = '\0';
	}
}

static void read_faults(int tid, uint64_t *ret_minor, uint64_t *ret_major)
{
	char text[1024];
	const char *at;

	*ret_minor = *ret_major = 0;
	read_thread_file(tid, "stat", text, sizeof(text));
	at = strrchr(text, ')');	/* the name may hold anything */
	if (at) {
		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64, ret_minor,
		       ret_major);
	}
}

static uint64_t read_switches(int tid)
{
	char text[4096];
	const char *at;
	uint64_t switches = 0;

	read_thread_file(tid, "status", text, sizeof(text));
	at = strstr(text, "nonvoluntary_ctxt_switches:");
	if (at) {
		sscanf(at, "nonvoluntary_ctxt_switches: %" SCNu64, &switches);
	}
	return switches;
}

static void watch_counters(struct takt_engine *engine, struct watcher *w)
{
	struct takt_rt_state *state = engine->region->rt;
	const int tid = atomic_load_explicit(&engine->lane.thread.tid, memory_order_acquire);
	uint64_t minor, major, drops = 0;

	read_faults(tid, &minor, &major);
	if (!w->based) {
		w->minor_base = minor;
		w->major_base = major;
		w->based = atomic_load_explicit(&state->cycles, memory_order_relaxed) > 0;
	}
	for (uint32_t i = 0; i < engine->worker_count; i++) {
		drops += takt_worker_dropped(&engine->workers[i]);
	}
	atomic_store_explicit(&state->minor_faults, minor - w->minor_base, memory_order_relaxed);
	atomic_store_explicit(&state->major_faults, major - w->major_base, memory_order_relaxed);
	atomic_store_explicit(&state->involuntary_switches, read_switches(tid),
			      memory_order_relaxed);
	atomic_store_explicit(&state->input_drops, drops, memory_order_relaxed);
}

static void say_cut(const struct takt_engine *engine, struct watcher *w)
{
	if (!w->is_cut_said && takt_fatal_was_cut() && engine->options->degraded) {
		engine->options->degraded("somebody has cut the run's shared memory: the run goes "
					  "on, and is no longer recorded", engine->options->user);
		w->is_cut_said = true;
	}
}

/* One tick: wait for a signal, then look at everything. Returns the signal or 0. */
static int tick(struct takt_engine *engine, struct watcher *w)
{
	const struct timespec span = { 0, TICK_NS };
	siginfo_t info;
	sigset_t set;
	uint64_t now;
	int signal;

	signals_of_ours(&set);
	signal = sigtimedwait(&set, &info, &span);
	now = takt_clock_mono_ns();
	if (w->seen_ns != 0 && now - w->seen_ns > PAUSE_NS) {
		w->resumed_ns = now;
	}
	w->seen_ns = now;
	watch_lane(engine, w, now);
	say_cut(engine, w);
	if (w->tick % RECORDER_EVERY == 0) {
		watch_recorder(engine, w);
		takt_worker_count_lost(engine);
	}
	if (w->tick % COUNTERS_EVERY == COUNTERS_FIRST) {
		watch_counters(engine, w);
	}
	now = takt_clock_now_ns(&engine->clock);
	takt_events_flush(&engine->main_events, takt_engine_cycle(engine), now, now + TICK_NS,
			  engine->plan->flush_ns);
	w->tick++;
	return signal > 0 ? signal : 0;
}

/* A periodic lane counts the cycles of the time that was asked for; this is for one
 * that falls behind. */
static uint64_t end_of(const struct takt_engine *engine)
{
	const uint64_t duration_ns = engine->options->duration_ns;

	if (duration_ns == 0 || engine->virtual_time) {
		return 0;
	}
	return takt_clock_mono_ns() + duration_ns +
	       (engine->plan->period_ns > 0 ? LATE_END_NS : 0);
}

void takt_watch(struct takt_engine *engine)
{
	struct watcher w = { .end_ns = end_of(engine) };

	while (!takt_engine_is_stopping(engine)) {
		if (tick(engine, &w) != 0) {
			takt_engine_stop(engine, TAKT_ENDED_REQUESTED);
		}
		if (w.end_ns > 0 && takt_clock_mono_ns() >= w.end_ns) {
			takt_engine_stop(engine, TAKT_ENDED_LIMIT);
		}
	}
	watch_counters(engine, &w);
}

void takt_watch_until_ended(struct takt_engine *engine)
{
	struct watcher w = { .recorder_alive = takt_region_recorder_alive(engine->region) == 1,
			     .tick = 1, .based = true };

	while (!atomic_load_explicit(&engine->lane.ended, memory_order_acquire)) {
		int signal;

		pthread_kill(engine->lane.thread.thread, SIGUSR1);	/* out of its sleep */
		signal = tick(engine, &w);
		if (signal != 0) {
			takt_fatal_interrupt(engine, &engine->lane.position, signal);
		}
	}
}
