/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles of values that lie close to one that is known, the nominal: by their deviation from it. The error
 * is 1/128 of the deviation, not of the value: a period of 10 ms that is 600 ns too long is known to 5 ns. */
#ifndef TAKT_LOGS_STATS_SPREAD_H
#define TAKT_LOGS_STATS_SPREAD_H

#include "logs/stats/quantile.h"

struct takt_spread {			/* zeroed: empty; 60 KiB */
	struct takt_quantile over;	/* value - nominal, where that is not negative */
	struct takt_quantile under;	/* nominal - value */
};

/* @nominal is the same in all calls on @spread; 0: not known, then the error is 1/128 of the value.  [bg] */
TAKT_BG void takt_spread_put(struct takt_spread *spread, uint64_t nominal, uint64_t value);

TAKT_BG uint64_t takt_spread_count(const struct takt_spread *spread);
TAKT_BG uint64_t takt_spread_min(const struct takt_spread *spread, uint64_t nominal);
TAKT_BG uint64_t takt_spread_max(const struct takt_spread *spread, uint64_t nominal);
TAKT_BG double takt_spread_sum(const struct takt_spread *spread, uint64_t nominal);

/* As takt_quantile_at. */
TAKT_BG uint64_t takt_spread_at(const struct takt_spread *spread, uint64_t nominal, uint32_t permille);

#endif
