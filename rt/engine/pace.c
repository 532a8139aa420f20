/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/pace.h"

#include <errno.h>
#include <time.h>

#define LATE_NS_MIN 50000u	/* a start this late counts, or a tenth of a longer period */
#define EPISODE_NS TAKT_NS_PER_S	/* an episode that goes on is recorded once in this time */

static void end_overrun(struct takt_lane *lane)
{
	const int64_t values[4] = {
		(int64_t)lane->overrun.first_cycle, (int64_t)lane->overrun.skipped,
		(int64_t)lane->overrun.worst_ns, (int64_t)lane->overrun.count,
	};

	if (lane->overrun.count > 0) {
		takt_events_put(&lane->events, lane->cycle, lane->mono_ns, TAKT_NO_TASK,
				TAKT_EVENT_overrun, values, NULL);
		lane->overrun.count = 0;
		lane->overrun.skipped = 0;
		lane->overrun.worst_ns = 0;
	}
}

static void end_late(struct takt_lane *lane)
{
	const int64_t values[4] = { (int64_t)lane->late.first_cycle, (int64_t)lane->late.worst_ns,
				    (int64_t)lane->late.count };

	if (lane->late.count > 0) {
		takt_events_put(&lane->events, lane->cycle, lane->mono_ns, TAKT_NO_TASK,
				TAKT_EVENT_late_start, values, NULL);
		lane->late.count = 0;
		lane->late.worst_ns = 0;
	}
}

void takt_pace_judge_start(struct takt_lane *lane)
{
	const uint64_t late_ns = lane->mono_ns - lane->planned_ns;
	const uint64_t tenth = lane->engine->plan->period_ns / 10;
	struct takt_rt_state *state = lane->engine->region->rt;

	if (late_ns > atomic_load_explicit(&state->worst_late_ns, memory_order_relaxed)) {
		atomic_store_explicit(&state->worst_late_ns, late_ns, memory_order_relaxed);
	}
	if (late_ns < (tenth > LATE_NS_MIN ? tenth : LATE_NS_MIN)) {
		end_late(lane);
		return;
	}
	takt_counter_add(&state->late_starts, 1);
	if (lane->late.count++ == 0) {
		lane->late.first_cycle = lane->cycle;
		lane->late.since_ns = lane->mono_ns;
	}
	lane->late.worst_ns = late_ns > lane->late.worst_ns ? late_ns : lane->late.worst_ns;
	if (lane->mono_ns - lane->late.since_ns > EPISODE_NS) {
		end_late(lane);
	}
}

static void note_overrun(struct takt_lane *lane, uint64_t over_ns, uint64_t skipped)
{
	struct takt_rt_state *state = lane->engine->region->rt;

	takt_counter_add(&state->overruns, 1);
	takt_counter_add(&state->skipped_cycles, skipped);
	if (lane->overrun.count++ == 0) {
		lane->overrun.first_cycle = lane->cycle;
		lane->overrun.since_ns = lane->mono_ns;
	}
	lane->overrun.skipped += skipped;
	if (over_ns > lane->overrun.worst_ns) {
		lane->overrun.worst_ns = over_ns;
	}
	if (lane->mono_ns - lane->overrun.since_ns > EPISODE_NS) {
		end_overrun(lane);
	}
}

void takt_pace_plan_next(struct takt_lane *lane, uint64_t now_ns)
{
	const struct takt_plan *plan = lane->engine->plan;
	const uint64_t period = plan->period_ns;
	uint64_t behind;

	lane->planned_ns += period;
	if (now_ns <= lane->planned_ns) {
		end_overrun(lane);
		return;
	}
	behind = (now_ns - lane->planned_ns + period - 1) / period;
	if (plan->overrun == TAKT_OVERRUN_STOP) {
		note_overrun(lane, now_ns - lane->planned_ns, 0);
		takt_engine_stop(lane->engine, TAKT_ENDED_OVERRUN);
		return;
	}
	if (plan->overrun == TAKT_OVERRUN_CATCH_UP) {
		behind = behind > plan->catch_up_max ? behind - plan->catch_up_max : 0;
	}
	note_overrun(lane, now_ns - lane->planned_ns, behind);
	lane->planned_ns += behind * period;
}

void takt_pace_wait(struct takt_lane *lane)
{
	const struct takt_plan *plan = lane->engine->plan;
	const struct timespec at = { .tv_sec = (time_t)(lane->planned_ns / TAKT_NS_PER_S),
				     .tv_nsec = (long)(lane->planned_ns % TAKT_NS_PER_S) };

	atomic_store_explicit(&lane->position.busy_since_ns, 0, memory_order_relaxed);
	if (plan->period_ns == 0) {
		lane->planned_ns = takt_clock_mono_ns();
	} else if (plan->wait == TAKT_WAIT_SPIN) {
		while (takt_clock_mono_ns() < lane->planned_ns &&
		       !takt_engine_is_stopping(lane->engine)) {
#if defined(__x86_64__)
			_mm_pause();
#endif
		}
	} else {
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR &&
		       !takt_engine_is_stopping(lane->engine)) {
		}
	}
	lane->mono_ns = takt_clock_mono_ns();
	lane->counter = takt_clock_counter(&lane->engine->clock);
	if (lane->mono_ns < lane->planned_ns) {
		lane->planned_ns = lane->mono_ns;
	}
	atomic_store_explicit(&lane->position.busy_since_ns, lane->mono_ns, memory_order_relaxed);
	atomic_store_explicit(&lane->position.cycle, lane->cycle, memory_order_relaxed);
}

void takt_pace_begin(struct takt_lane *lane)
{
	lane->planned_ns = takt_clock_mono_ns() + lane->engine->plan->period_ns;
}

void takt_pace_end(struct takt_lane *lane)
{
	end_overrun(lane);
	end_late(lane);
}
