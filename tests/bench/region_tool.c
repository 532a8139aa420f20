/* SPDX-License-Identifier: Apache-2.0 */
/* Stands beside a run that is measured.
 *
 *     region_tool recycle RUN-DIR    in taktd's place: frees what is sealed, writes nothing
 *     region_tool watch RUN-DIR      only looks
 *     region_tool clocks             ns of a read of the counter, and of CLOCK_MONOTONIC
 *
 * The first two wait for a region in RUN-DIR, stay until its takt-rt is gone, and print "lost N":
 * copperlists that found no room. The recycler removes the region. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rt/clock/clock.h"
#include "rt/shm/region.h"

#define TRIES 5000		/* a millisecond each */
#define READS 10000
#define ROUNDS 100
#define SINK(x) __asm__ volatile("" : : "r"(x) : "memory")

static void wait_a_millisecond(void)
{
	const struct timespec t = { .tv_nsec = 1000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static int keep_path(const char *path, void *user)
{
	snprintf(user, PATH_MAX, "%s", path);
	return 1;
}

static struct takt_region *find(const char *run_dir, enum takt_region_role role)
{
	char path[PATH_MAX];
	struct takt_region *region;
	struct takt_err err = { 0 };

	for (int i = 0; i < TRIES; i++) {
		if (takt_region_scan(run_dir, keep_path, path) == 1 &&
		    takt_region_attach(path, role, &region, &err) == 0) {
			return region;
		}
		wait_a_millisecond();
	}
	fprintf(stderr, "region_tool: no region in %s: %s\n", run_dir, err.text);
	return NULL;
}

static void recycle(struct takt_region *region)
{
	for (uint32_t i = 0; i < region->stream_count; i++) {
		struct takt_stream_shared *stream = &region->streams[i];

		atomic_store_explicit(&stream->released,
				      atomic_load_explicit(&stream->sealed, memory_order_acquire),
				      memory_order_release);
	}
}

/* The best of some rounds: what was not disturbed. */
static void print_clocks(void)
{
	struct takt_clock clock;
	uint64_t counter_ns = UINT64_MAX, mono_ns = UINT64_MAX;

	takt_clock_init(&clock);
	for (int round = 0; round < ROUNDS; round++) {
		const uint64_t begin = takt_clock_mono_ns();
		uint64_t middle, end;

		for (int i = 0; i < READS; i++) {
			SINK(takt_clock_counter(&clock));
		}
		middle = takt_clock_mono_ns();
		for (int i = 0; i < READS; i++) {
			SINK(takt_clock_mono_ns());
		}
		end = takt_clock_mono_ns();
		counter_ns = middle - begin < counter_ns ? middle - begin : counter_ns;
		mono_ns = end - middle < mono_ns ? end - middle : mono_ns;
	}
	printf("%.3f %.3f\n", (double)counter_ns / READS, (double)mono_ns / READS);
}

int main(int argc, char **argv)
{
	const bool recycles = argc == 3 && strcmp(argv[1], "recycle") == 0;
	struct takt_region *region;

	if (argc == 2 && strcmp(argv[1], "clocks") == 0) {
		print_clocks();
		return 0;
	}
	if (!recycles && (argc != 3 || strcmp(argv[1], "watch") != 0)) {
		fprintf(stderr, "usage: region_tool recycle|watch RUN-DIR, or region_tool clocks\n");
		return 2;
	}
	region = find(argv[2], recycles ? TAKT_REGION_RECORDER : TAKT_REGION_READER);
	if (!region) {
		return 1;
	}
	while (takt_region_rt_alive(region) == 1) {
		if (recycles) {
			recycle(region);
		}
		wait_a_millisecond();
	}
	printf("lost %llu\n", (unsigned long long)atomic_load_explicit(&region->rt->lost_copperlists,
								       memory_order_relaxed));
	if (recycles) {
		takt_region_remove(region->path);
	}
	takt_region_close(region);
	return 0;
}
