/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and offsets in whole units. */
#ifndef TAKT_BASE_ROUND_H
#define TAKT_BASE_ROUND_H

#include <stdint.h>

#include "rt/base/tags.h"

/* @value, or the next multiple of @unit (> 0) above it; @value + @unit must not overflow.  [any] */
TAKT_ANY static inline uint64_t takt_round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

#endif
