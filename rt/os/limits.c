/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/os/limits.h"

#include <sys/resource.h>

void takt_limit_raise(unsigned resource)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;

	if (setrlimit(resource, &none) == 0) {
		return;
	}
	if (getrlimit(resource, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(resource, &limit);
	}
}
