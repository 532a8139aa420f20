/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/stats/quantile.h"

#define SUB (1u << TAKT_QUANTILE_SUB_BITS)

static uint32_t bucket_of(uint64_t value)
{
	uint32_t shift;

	if (value < 2 * SUB) {
		return (uint32_t)value;
	}
	shift = 63u - (uint32_t)__builtin_clzll(value) - TAKT_QUANTILE_SUB_BITS;
	return (shift << TAKT_QUANTILE_SUB_BITS) + (uint32_t)(value >> shift);
}

static uint64_t middle_of(uint32_t bucket)
{
	uint32_t shift;

	if (bucket < 2 * SUB) {
		return bucket;
	}
	shift = (bucket >> TAKT_QUANTILE_SUB_BITS) - 1;
	return ((uint64_t)(SUB + bucket % SUB) << shift) + ((uint64_t)1 << shift >> 1);
}

void takt_quantile_put(struct takt_quantile *quantile, uint64_t value)
{
	if (quantile->count == 0 || value < quantile->min) {
		quantile->min = value;
	}
	if (value > quantile->max) {
		quantile->max = value;
	}
	quantile->count++;
	quantile->sum += (double)value;
	quantile->buckets[bucket_of(value)]++;
}

/* ceil(count * permille / 1000) without overflow. */
uint64_t takt_quantile_rank(uint64_t count, uint32_t permille)
{
	return count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
}

uint64_t takt_quantile_at(const struct takt_quantile *quantile, uint32_t permille)
{
	return takt_quantile_of_rank(quantile, takt_quantile_rank(quantile->count, permille));
}

uint64_t takt_quantile_of_rank(const struct takt_quantile *quantile, uint64_t rank)
{
	uint64_t passed = 0, value;
	uint32_t bucket = 0;

	if (quantile->count == 0) {
		return 0;
	}
	while (bucket < TAKT_QUANTILE_BUCKETS - 1 &&
	       (passed += quantile->buckets[bucket]) < rank) {
		bucket++;
	}
	value = middle_of(bucket);
	return value < quantile->min ? quantile->min : value > quantile->max ? quantile->max : value;
}
