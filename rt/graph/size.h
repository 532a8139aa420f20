/* SPDX-License-Identifier: Apache-2.0 */
/* How much a plan records, at most: every output present, as often as its task runs. */
#ifndef TAKT_GRAPH_SIZE_H
#define TAKT_GRAPH_SIZE_H

#include "rt/graph/plan.h"

#define TAKT_ARENA_BYTES_MIN (1u << 20)
#define TAKT_ARENA_BYTES_MAX (256u << 20)	/* of a computed one */
#define TAKT_ARENA_FREE_RUNNING_BYTES (64u << 20)	/* rate unknown: this much */

struct takt_plan_size {
	uint32_t cycle_bytes_max;	/* largest copperlist */
	double cycle_bytes_mean;	/* with `every` */
	double bytes_per_s;		/* at this rate, with padding; 0: free running */
	uint64_t arena_bytes;		/* ring of the lane's copperlists */
	double arena_s;			/* of recording that it holds; 0: free running */
};

/* Sizes of @plan. The ring is plan->arena_bytes where the file sets it, else room for 4 of the
 * largest chunks and for plan->stall_ns, from TAKT_ARENA_BYTES_MIN to _MAX; never below what a
 * stream needs; multiple of 64 KiB.  [setup] */
TAKT_SETUP struct takt_plan_size takt_plan_size(const struct takt_plan *plan);

/* takt_plan_size(plan).arena_bytes. */
TAKT_SETUP uint64_t takt_plan_arena_bytes(const struct takt_plan *plan);

/* Bytes that output @output adds to a copperlist with all its slots present; 0 where not
 * recorded. */
TAKT_ANY uint64_t takt_plan_output_bytes(const struct takt_plan_output *output);

#endif
