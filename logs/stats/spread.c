/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/stats/spread.h"

void takt_spread_put(struct takt_spread *spread, uint64_t nominal, uint64_t value)
{
	if (value >= nominal) {
		takt_quantile_put(&spread->over, value - nominal);
	} else {
		takt_quantile_put(&spread->under, nominal - value);
	}
}

uint64_t takt_spread_count(const struct takt_spread *spread)
{
	return spread->over.count + spread->under.count;
}

uint64_t takt_spread_min(const struct takt_spread *spread, uint64_t nominal)
{
	return spread->under.count ? nominal - spread->under.max
	       : spread->over.count ? nominal + spread->over.min : 0;
}

uint64_t takt_spread_max(const struct takt_spread *spread, uint64_t nominal)
{
	return spread->over.count ? nominal + spread->over.max
	       : spread->under.count ? nominal - spread->under.min : 0;
}

double takt_spread_sum(const struct takt_spread *spread, uint64_t nominal)
{
	return (double)nominal * (double)takt_spread_count(spread) + spread->over.sum - spread->under.sum;
}

uint64_t takt_spread_at(const struct takt_spread *spread, uint64_t nominal, uint32_t permille)
{
	const uint64_t rank = takt_quantile_rank(takt_spread_count(spread), permille);

	if (takt_spread_count(spread) == 0) {
		return 0;
	}
	if (rank > spread->under.count) {
		return nominal + takt_quantile_of_rank(&spread->over, rank - spread->under.count);
	}
	return nominal - takt_quantile_of_rank(&spread->under, spread->under.count - rank + 1);
}
