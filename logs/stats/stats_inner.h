/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted: shared by the code that counts and the code that makes figures of it. */
#ifndef TAKT_LOGS_STATS_STATS_INNER_H
#define TAKT_LOGS_STATS_STATS_INNER_H

#include <stdbool.h>

#include "logs/stats/quantile.h"
#include "logs/stats/spread.h"
#include "logs/stats/stats.h"
#include "rt/shm/record.h"

struct takt_counted_task {
	uint64_t calls;
	uint64_t failures;
	uint64_t aborted;
	uint64_t misses;
	uint64_t begin_ns;		/* of the call before; valid with has_begin */
	uint64_t period_ns;		/* likewise, with has_period */
	bool has_begin;
	bool has_period;
	char status[TAKT_STATUS_BYTES_MAX + 1];
	struct takt_spread period;	/* by the nominal one, see takt_stats_nominal */
	struct takt_quantile process;
	struct takt_quantile jitter;
};

struct takt_counted_flow {
	uint64_t count;
	uint64_t absent;
	uint64_t held;
	uint64_t bytes;
};

struct takt_counted_present {			/* of one output, in one copperlist */
	uint32_t count;
	uint64_t bytes;
	uint64_t stamp_ns;		/* of the oldest */
};

struct takt_counted_output {
	struct takt_counted_flow flow;
	struct takt_counted_present now;
	struct takt_counted_present before;		/* in the copperlist before; valid with is_joined */
	uint64_t newest_ns;		/* stamp of the newest message of all, for hold */
	bool any;
};

struct takt_counted_cycles {
	struct takt_stats_cycles counts;	/* its times are not used */
	struct takt_spread period;
	struct takt_quantile duration;
	struct takt_quantile late;
	struct takt_quantile end_to_end;
	uint64_t begin_ns;		/* of the copperlist before */
	bool is_joined;			/* to the copperlist before: none is missing between */
};

struct takt_counted_sink {				/* of task `task` */
	uint32_t task;
	bool *upstream;			/* [task_count] */
	struct takt_quantile times;
};

struct takt_stats {
	const struct takt_log *log;
	uint64_t period_ns;
	bool is_beheaded;		/* the first segments are deleted, their lifecycle is there */
	uint32_t task_count;
	uint32_t output_count;
	uint32_t connection_count;
	uint32_t sink_count;
	struct takt_counted_task *tasks;
	struct takt_counted_output *outputs;
	struct takt_counted_flow *connections;
	struct takt_counted_sink *sinks;
	struct takt_counted_cycles cycles;
};

/* The period that task @index should have; 0: none.  [bg] */
TAKT_BG uint64_t takt_stats_nominal(const struct takt_stats *stats, uint32_t index);

#endif
