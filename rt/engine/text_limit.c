/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/text_limit.h"

static bool is_due_by_time(struct takt_text_limiter *limiter, uint64_t interval_ns, uint64_t now_ns)
{
	const uint64_t planned_ns = limiter->next;
	const bool in_phase = now_ns - planned_ns < interval_ns / 2;
	const uint64_t from_ns = in_phase ? planned_ns : now_ns;

	if (now_ns < planned_ns) {
		return false;
	}
	limiter->next = interval_ns < UINT64_MAX - from_ns ? from_ns + interval_ns : UINT64_MAX;
	return true;
}

bool takt_text_limiter_is_due(struct takt_text_limiter *limiter, enum takt_text_limit limit,
			      uint64_t number, uint64_t now_ns)
{
	bool is_due = true;

	if (limit == TAKT_TEXT_ONCE) {
		is_due = limiter->next == 0;
		limiter->next = 1;
	} else if (limit == TAKT_TEXT_EVERY_N) {
		is_due = limiter->next == 0;
		limiter->next = !is_due ? limiter->next - 1 : number > 0 ? number - 1 : 0;
	} else if (limit == TAKT_TEXT_RATE) {
		is_due = is_due_by_time(limiter, number, now_ns);
	}
	limiter->suppressed += !is_due;
	return is_due;
}

void takt_text_limiter_tell(struct takt_text_limiter *limiter, enum takt_text_limit limit,
			    bool is_recorded)
{
	if (is_recorded) {
		limiter->suppressed = 0;
	} else if (limit == TAKT_TEXT_ONCE) {
		limiter->next = 0;
	}
}
