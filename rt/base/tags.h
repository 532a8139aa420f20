/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call a function, and the check for programmer errors. The tags are empty; they make the
 * contract greppable, and the hot objects are checked against it by tests. */
#ifndef TAKT_BASE_TAGS_H
#define TAKT_BASE_TAGS_H

#include <stdio.h>
#include <stdlib.h>

#define TAKT_RT		/* cycle thread: no allocation, lock, system call, page fault, unbounded loop */
#define TAKT_SETUP	/* main thread, while no cycle runs */
#define TAKT_BG		/* background threads */
#define TAKT_ANY	/* any thread, any time */

/* Always compiled in; for programmer errors only, never for outside input. */
#define TAKT_CHECK(x)                                                                              \
	do {                                                                                       \
		if (__builtin_expect(!(x), 0)) {                                                   \
			fprintf(stderr, "takt: check failed at %s:%d: %s\n", __FILE__, __LINE__,   \
				#x);                                                               \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
