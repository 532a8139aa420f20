/* SPDX-License-Identifier: Apache-2.0 */
/* How often a child may be started again, and when: a back-off that doubles, and so many
 * restarts within a window of time. A child that lived as long as the window makes the back-off
 * short again. */
#ifndef TAKT_PYHOST_PROC_BUDGET_H
#define TAKT_PYHOST_PROC_BUDGET_H

#include <stdint.h>

#include "rt/base/tags.h"

#define TAKT_BUDGET_TIMES_MAX 64u

struct takt_budget {
	uint32_t restarts;		/* constant: allowed … */
	uint64_t window_ns;		/* … within this time */
	uint64_t backoff_ns_min;
	uint64_t backoff_ns_max;
	uint64_t backoff_ns;		/* before the next one, 0: the minimum */
	uint64_t spent;			/* in the window, where many are allowed */
	uint64_t window_at_ns;
	uint64_t times_ns[TAKT_BUDGET_TIMES_MAX];	/* of the last restarts, a ring */
	uint64_t count;			/* of all restarts */
};

/* A child that began at @began_ns has ended at @now_ns. Returns 0 and how long to wait, or
 * -EDQUOT: no more restarts.  [bg] */
TAKT_BG int takt_budget_take(struct takt_budget *budget, uint64_t began_ns, uint64_t now_ns,
			     uint64_t *ret_wait_ns);

#endif
