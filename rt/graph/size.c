/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/size.h"

#include "rt/base/round.h"
#include "rt/shm/chunk.h"
#include "rt/shm/record.h"
#include "rt/shm/stream.h"

#define ARENA_STEP (64u << 10)
#define NS_PER_S 1000000000.0

uint64_t takt_plan_output_bytes(const struct takt_plan_output *output)
{
	const uint64_t payload = takt_round_up(output->layout->bytes, 8);

	return output->slots *
	       ((output->recorded ? payload : 0) + takt_copperlist_bytes(0, 1, 0) -
		takt_copperlist_bytes(0, 0, 0));
}

static double cycle_bytes_mean(const struct takt_plan *plan)
{
	double bytes = (double)takt_copperlist_bytes(plan->task_count, 0, 0);

	for (uint32_t i = 0; i < plan->output_count; i++) {
		const struct takt_plan_output *output = &plan->outputs[i];

		bytes += (double)takt_plan_output_bytes(output) / plan->tasks[output->task].every;
	}
	return bytes;
}

/* Bytes in the ring and on disk per second: a chunk is sealed at the latest when `flush` is
 * over. */
static double bytes_per_s(const struct takt_plan *plan, double mean)
{
	const double period_ns = (double)plan->period_ns;
	const double cycles = plan->flush_ns > plan->period_ns ?
			      (double)(plan->flush_ns / plan->period_ns) : 1.0;
	const double chunk_cycles = mean * cycles > TAKT_STREAM_CHUNK_BYTES ?
				    (double)TAKT_STREAM_CHUNK_BYTES / mean : cycles;
	const double at_least_one = chunk_cycles < 1.0 ? 1.0 : chunk_cycles;
	const double span = (double)takt_chunk_span((uint32_t)(mean * at_least_one));

	return span / (at_least_one * period_ns) * NS_PER_S;
}

struct takt_plan_size takt_plan_size(const struct takt_plan *plan)
{
	struct takt_plan_size size = { .cycle_bytes_max = plan->copperlist_bytes_max };
	const uint64_t least = takt_stream_ring_bytes_min(plan->copperlist_bytes_max);
	const uint64_t four = TAKT_STREAM_RING_FACTOR * takt_chunk_span(plan->copperlist_bytes_max);
	double wanted = TAKT_ARENA_FREE_RUNNING_BYTES;

	size.cycle_bytes_mean = cycle_bytes_mean(plan);
	if (plan->period_ns > 0) {
		size.bytes_per_s = bytes_per_s(plan, size.cycle_bytes_mean);
		wanted = (double)four + size.bytes_per_s * (double)plan->stall_ns / NS_PER_S;
	}
	if (plan->arena_bytes) {
		size.arena_bytes = plan->arena_bytes;
	} else if (wanted > TAKT_ARENA_BYTES_MAX) {
		size.arena_bytes = TAKT_ARENA_BYTES_MAX;
	} else {
		size.arena_bytes = wanted < TAKT_ARENA_BYTES_MIN ? TAKT_ARENA_BYTES_MIN :
		(uint64_t)wanted;
	}
	size.arena_bytes = takt_round_up(size.arena_bytes, ARENA_STEP);
	if (size.arena_bytes < least) {
		size.arena_bytes = least;
	}
	if (size.bytes_per_s > 0) {
		size.arena_s = (double)size.arena_bytes / size.bytes_per_s;
	}
	return size;
}

uint64_t takt_plan_arena_bytes(const struct takt_plan *plan)
{
	return takt_plan_size(plan).arena_bytes;
}
