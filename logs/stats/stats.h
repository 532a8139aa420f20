/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a run, computed from its records as they come: rates, times, presence, losses.
 *
 * The memory does not grow with the log (120 KiB a task). What is counted:
 *
 *   period     from one call of a task to the next; not where copperlists between them are missing. Of a
 *              lane's task in a graph with a period quantiles are within 1 % of the deviation from that
 *   jitter     |period - cycle's period * every| of a lane's task in a graph with a period, else
 *              |period - the one before|
 *   process    begin to end of a call; of io and background tasks: of taking over their results
 *   miss       a call that ended later than one period behind the cycle's planned start
 *   absent     of an output: its task was called, nothing was sent (io and background: each cycle
 *              without a message); of a connection: its reader was called, had nothing to read
 *   end to end of a sink: from the earliest begin (io: receive time) of a source that it depends on
 *              in the same cycle, to the end of its call
 *   rate       of a task: calls a second while it is called; else per time that the copperlists
 *              cover. 0 when not known
 *
 * Times are in nanoseconds. A graph with one lane is assumed: parts of a cycle are not joined. */
#ifndef TAKT_LOGS_STATS_STATS_H
#define TAKT_LOGS_STATS_STATS_H

#include <takt/log.h>

#include "rt/base/tags.h"

struct takt_stats;

struct takt_stats_times {		/* see quantile.h, spread.h; mean, min, max are exact */
	uint64_t count;
	uint64_t min_ns;
	uint64_t p50_ns;
	uint64_t p99_ns;
	uint64_t p999_ns;
	uint64_t max_ns;
	double mean_ns;
};

struct takt_stats_cycles {
	uint64_t count;			/* copperlists seen */
	uint64_t first_cycle;		/* of them; both 0 when there is none */
	uint64_t last_cycle;
	uint64_t missing;		/* numbers between them that were not seen */
	double rate_hz;
	struct takt_stats_times period;
	struct takt_stats_times duration;
	struct takt_stats_times late;	/* start behind plan */
	uint64_t misses;		/* ended later than one period behind the planned start */
	/* These as the lifecycle records say: */
	uint64_t gaps;			/* episodes in which copperlists were lost */
	uint64_t lost_copperlists;
	uint64_t lost_events;
	uint64_t overrun_episodes;
	uint64_t overruns;
	uint64_t skipped_cycles;
	uint64_t late_episodes;
	uint64_t late_starts;
	uint64_t dropped_inputs;
};

struct takt_stats_task {
	uint64_t calls;
	uint64_t failures;
	uint64_t aborted;		/* not called: the cycle was aborted before */
	uint64_t misses;
	double rate_hz;
	struct takt_stats_times period;
	struct takt_stats_times process;
	struct takt_stats_times jitter;
	const char *status;		/* of its newest message that had one; lent until the next
					 * put, "" when there was none */
};

struct takt_stats_flow {		/* of an output or a connection */
	uint64_t count;			/* messages */
	uint64_t absent;		/* cycles without */
	uint64_t held;			/* connection: cycles with an older message, by hold */
	uint64_t bytes;			/* of recorded payloads */
	double rate_hz;
	double bytes_per_s;
};

/* Figures of @log (kept until destroy), all zero. Returns 0, -ENOMEM.  [bg] */
TAKT_BG int takt_stats_create(const struct takt_log *log, struct takt_stats **ret_stats);
TAKT_BG void takt_stats_destroy(struct takt_stats *stats);

/* Count @record: copperlists and lifecycle records, in order of time; others are passed over.
 * Allocates nothing.  [bg] */
TAKT_BG void takt_stats_put(struct takt_stats *stats, const struct takt_log_record *record);

/* Begin anew: all zero.  [bg] */
TAKT_BG void takt_stats_reset(struct takt_stats *stats);

/* The figures so far. The index is the log's (takt_log_task_at and so on); -ERANGE behind the last.
 * takt_stats_sink: of a sink task, -EINVAL of another; a count of 0 also where no source reaches it
 * within a cycle. takt_stats_end_to_end: from the earliest source to the last sink of a cycle. */
TAKT_BG struct takt_stats_cycles takt_stats_cycles(const struct takt_stats *stats);
TAKT_BG int takt_stats_task(const struct takt_stats *stats, uint32_t index,
			    struct takt_stats_task *ret_task);
TAKT_BG int takt_stats_output(const struct takt_stats *stats, uint32_t index,
			      struct takt_stats_flow *ret_flow);
TAKT_BG int takt_stats_connection(const struct takt_stats *stats, uint32_t index,
				  struct takt_stats_flow *ret_flow);
TAKT_BG int takt_stats_sink(const struct takt_stats *stats, uint32_t task,
			    struct takt_stats_times *ret_times);
TAKT_BG struct takt_stats_times takt_stats_end_to_end(const struct takt_stats *stats);

#endif
