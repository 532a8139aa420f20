/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/clock/clock.h"

#include <stdio.h>
#include <string.h>

#define CALIBRATION_NS 20000000u
#define SHIFT 24

int64_t takt_clock_real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * (int64_t)TAKT_NS_PER_S + ts.tv_nsec;
}

#if defined(__x86_64__)
static bool has_invariant_tsc(void)
{
	char line[4096];
	bool constant = false, nonstop = false;
	FILE *file = fopen("/proc/cpuinfo", "re");

	if (!file) {
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "flags", 5) == 0) {
			constant = strstr(line, " constant_tsc") != NULL;
			nonstop = strstr(line, " nonstop_tsc") != NULL;
			break;
		}
	}
	fclose(file);
	return constant && nonstop;
}

struct pair {
	uint64_t tsc;
	uint64_t ns;
};

/* Both clocks at nearly one instant: the tightest of some tries. */
static struct pair read_pair(void)
{
	struct pair best = { 0, 0 };
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < 50; i++) {
		const uint64_t before = __rdtsc();
		const uint64_t ns = takt_clock_mono_ns();
		const uint64_t after = __rdtsc();

		if (after - before < width) {
			width = after - before;
			best = (struct pair){ before + width / 2, ns };
		}
	}
	return best;
}

static uint64_t measure_hz(void)
{
	const struct timespec span = { 0, CALIBRATION_NS };
	const struct pair begin = read_pair();
	struct pair end;

	nanosleep(&span, NULL);
	end = read_pair();
	return (uint64_t)((__uint128_t)(end.tsc - begin.tsc) * TAKT_NS_PER_S / (end.ns - begin.ns));
}
#endif

void takt_clock_init(struct takt_clock *clock)
{
	*clock = (struct takt_clock){ false, SHIFT, 1u << SHIFT, TAKT_NS_PER_S, NULL };
#if defined(__x86_64__)
	if (has_invariant_tsc()) {
		clock->hz = measure_hz();
		clock->tsc = true;
		clock->mult = ((uint64_t)TAKT_NS_PER_S << SHIFT) / clock->hz;
	}
#endif
}

void takt_clock_init_by_hand(struct takt_clock *clock, const _Atomic uint64_t *now_ns)
{
	*clock = (struct takt_clock){ false, 0, 1, TAKT_NS_PER_S, now_ns };
}
