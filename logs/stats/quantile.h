/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles of a stream of values in constant memory: a log-linear histogram (as HdrHistogram's).
 *
 * Values below 128 have a bucket each; above, every power of two is cut into 64 buckets of equal
 * width. A quantile is the middle of its bucket: within 1/128 (0.8 %) of the true value. Count,
 * least, greatest and sum are exact. */
#ifndef TAKT_LOGS_STATS_QUANTILE_H
#define TAKT_LOGS_STATS_QUANTILE_H

#include <stdint.h>

#include "rt/base/tags.h"

#define TAKT_QUANTILE_SUB_BITS 6u	/* 64 buckets a power of two */
#define TAKT_QUANTILE_BUCKETS (((64u - TAKT_QUANTILE_SUB_BITS) + 1u) << TAKT_QUANTILE_SUB_BITS)

struct takt_quantile {			/* zeroed: empty; 30 KiB */
	uint64_t count;
	uint64_t min;
	uint64_t max;
	double sum;
	uint64_t buckets[TAKT_QUANTILE_BUCKETS];
};

TAKT_BG void takt_quantile_put(struct takt_quantile *quantile, uint64_t value);

/* The value that at least @permille (1 .. 1000) of a thousand values do not exceed (nearest rank):
 * within 1/128 of it, and between min and max. 0 when there is no value.  [bg] */
TAKT_BG uint64_t takt_quantile_at(const struct takt_quantile *quantile, uint32_t permille);

/* The same by its rank, 1 .. count: the @rank-th least value. takt_quantile_rank: which one of @count values
 * that is (nearest rank).  [bg] */
TAKT_BG uint64_t takt_quantile_of_rank(const struct takt_quantile *quantile, uint64_t rank);
TAKT_BG uint64_t takt_quantile_rank(uint64_t count, uint32_t permille);

#endif
