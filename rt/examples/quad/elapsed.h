/* SPDX-License-Identifier: Apache-2.0 */
/* How much time goes by between two messages, by their times of validity: so a task needs not be
 * told its rate. */
#ifndef QUAD_ELAPSED_H
#define QUAD_ELAPSED_H

#include <stdint.h>

#define ELAPSED_MAX_S 0.2		/* a longer gap counts as this one */

/* Seconds from *@last_ns to @at_ns, which it becomes. 0 for the first message (*@last_ns is 0) and
 * for one that is no younger. */
static inline double elapsed_s(uint64_t *last_ns, uint64_t at_ns)
{
	const double s = *last_ns > 0 && at_ns > *last_ns ? (double)(at_ns - *last_ns) * 1e-9 : 0;

	*last_ns = at_ns;
	return s < ELAPSED_MAX_S ? s : ELAPSED_MAX_S;
}

#endif
