/* SPDX-License-Identifier: Apache-2.0 */
/* Few are allowed: the time of each is kept, and the window slides. Many: windows follow each
 * other, and each has its count. */
#include "pyhost/proc/budget.h"

#include <errno.h>
#include <stdbool.h>

static bool slides(const struct takt_budget *budget)
{
	return budget->restarts <= TAKT_BUDGET_TIMES_MAX;
}

static bool is_spent(struct takt_budget *budget, uint64_t now_ns)
{
	if (budget->restarts == 0) {
		return true;
	}
	if (slides(budget)) {
		const uint64_t first = budget->count - budget->restarts;	/* that counts */

		return budget->count >= budget->restarts &&
		       now_ns - budget->times_ns[first % TAKT_BUDGET_TIMES_MAX] < budget->window_ns;
	}
	if (now_ns - budget->window_at_ns >= budget->window_ns) {
		budget->window_at_ns = now_ns;
		budget->spent = 0;
	}
	return budget->spent >= budget->restarts;
}

int takt_budget_take(struct takt_budget *budget, uint64_t began_ns, uint64_t now_ns,
		     uint64_t *ret_wait_ns)
{
	if (is_spent(budget, now_ns)) {
		return -EDQUOT;
	}
	if (budget->backoff_ns == 0 || now_ns - began_ns >= budget->window_ns) {
		budget->backoff_ns = budget->backoff_ns_min;
	}
	*ret_wait_ns = budget->backoff_ns;
	budget->backoff_ns *= 2;
	if (budget->backoff_ns > budget->backoff_ns_max) {
		budget->backoff_ns = budget->backoff_ns_max;
	}
	budget->times_ns[budget->count % TAKT_BUDGET_TIMES_MAX] = now_ns;
	budget->count++;
	budget->spent++;
	return 0;
}
