/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/testpoint.h"

#ifdef TAKT_TEST_POINTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void takt_test_point(const char *name)
{
	static _Atomic long passed;	/* of the one named point; in test builds only */
	const char *stop = getenv("TAKT_STOP_AT");
	const char *wanted = stop ? stop : getenv("TAKT_KILL_AT");
	const size_t length = strlen(name);
	long count = 1;

	if (!wanted || strncmp(wanted, name, length) != 0 ||
	    (wanted[length] != '\0' && wanted[length] != ':')) {
		return;
	}
	if (wanted[length] == ':') {
		count = strtol(wanted + length + 1, NULL, 10);
	}
	count -= atomic_fetch_add_explicit(&passed, 1, memory_order_relaxed) + 1;
	if (stop ? count == 0 : count <= 0) {
		raise(stop ? SIGSTOP : SIGKILL);	/* this thread goes no further */
	}
}
#else
void takt_test_point(const char *name)
{
	(void)name;
}
#endif
