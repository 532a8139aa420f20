/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls of a limited text (takt_info_once and the like) are recorded, and how many are not.
 * One for each task and text site; used by the task's thread only. */
#ifndef TAKT_ENGINE_TEXT_LIMIT_H
#define TAKT_ENGINE_TEXT_LIMIT_H

#include <stdbool.h>

#include <takt/text.h>

#include "rt/base/tags.h"

struct takt_text_limiter {		/* zeroed: nothing was called yet */
	/* once: 1 after the first; every_n: calls to leave out; rate: when the next is due, ns */
	uint64_t next;
	uint64_t suppressed;		/* since the last that was recorded */
};

/* Whether this call is to be recorded. @number: n of every_n, ns between two of rate. The first
 * call is always due. A rate keeps its phase when a call comes up to half an interval late, so that
 * calls once a cycle reach it on average.  [RT] */
TAKT_RT bool takt_text_limiter_is_due(struct takt_text_limiter *limiter, enum takt_text_limit limit,
				      uint64_t number, uint64_t now_ns);

/* The call that was due is recorded, with the count of suppressed ones, or is lost: then the count
 * stays, and the next call of `once` is due again.  [RT] */
TAKT_RT void takt_text_limiter_tell(struct takt_text_limiter *limiter, enum takt_text_limit limit,
				    bool is_recorded);

#endif
