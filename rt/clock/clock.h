/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's time: CLOCK_MONOTONIC nanoseconds, and a cheap counter for spans within a cycle.
 *
 * The counter is the CPU's invariant TSC where there is one (constant_tsc, nonstop_tsc), else
 * CLOCK_MONOTONIC itself. Spans are converted by (ticks * mult) >> shift; good for 2^32 ticks. */
#ifndef TAKT_CLOCK_CLOCK_H
#define TAKT_CLOCK_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "rt/base/tags.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define TAKT_NS_PER_S 1000000000ull

struct takt_clock {
	bool tsc;
	uint32_t shift;
	uint64_t mult;
	uint64_t hz;
	const _Atomic uint64_t *hand_ns;	/* not NULL: time is what stands there */
};

/* Find the counter and measure its frequency against CLOCK_MONOTONIC (takes 20 ms with a TSC).
 * [setup] */
TAKT_SETUP void takt_clock_init(struct takt_clock *clock);

/* A clock that is driven by hand, for virtual time: it shows *@now_ns (kept), and so
 * does its counter.  [setup] */
TAKT_SETUP void takt_clock_init_by_hand(struct takt_clock *clock, const _Atomic uint64_t *now_ns);

/* CLOCK_MONOTONIC by the vDSO: no system call.  [RT] */
TAKT_RT static inline uint64_t takt_clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * TAKT_NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Time by @clock: CLOCK_MONOTONIC, or as driven by hand.  [RT] */
TAKT_RT static inline uint64_t takt_clock_now_ns(const struct takt_clock *clock)
{
	return clock->hand_ns ? atomic_load_explicit(clock->hand_ns, memory_order_relaxed)
			      : takt_clock_mono_ns();
}

/* CLOCK_REALTIME, for anchors and people.  [any] */
TAKT_ANY int64_t takt_clock_real_ns(void);

TAKT_RT static inline uint64_t takt_clock_counter(const struct takt_clock *clock)
{
#if defined(__x86_64__)
	if (clock->tsc) {
		return __rdtsc();
	}
#endif
	return takt_clock_now_ns(clock);
}

/* Ticks since @from, saturating at UINT32_MAX.  [RT] */
TAKT_RT static inline uint32_t takt_clock_ticks_since(uint64_t counter, uint64_t from)
{
	const uint64_t ticks = counter - from;

	return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

TAKT_RT static inline uint64_t takt_clock_ticks_to_ns(const struct takt_clock *clock,
						      uint32_t ticks)
{
	return (ticks * clock->mult) >> clock->shift;
}

#endif
