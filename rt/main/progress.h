/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on stderr for what takes longer than a second, when that is a terminal. */
#ifndef TAKT_MAIN_PROGRESS_H
#define TAKT_MAIN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct takt_progress {
	const char *what;		/* "reading" */
	uint64_t total;			/* in any unit; 0: not known, nothing is shown */
	uint64_t begin_ns;
	uint64_t shown_ns;		/* when it was drawn last; 0: not yet */
	uint32_t skipped;		/* calls since the clock was read */
	bool is_terminal;
};

/* @what: kept. Draws nothing yet. */
void takt_progress_init(struct takt_progress *progress, const char *what, uint64_t total);

/* @done of the total are done. Cheap: may be called for every record. */
void takt_progress_put(struct takt_progress *progress, uint64_t done);

/* As takt_progress_put, for calls that are far apart: always looks at the clock. */
void takt_progress_step(struct takt_progress *progress, uint64_t done);

/* Remove the bar. To be called before anything else is printed. */
void takt_progress_fini(struct takt_progress *progress);

#endif
