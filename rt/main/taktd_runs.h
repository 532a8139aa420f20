/* SPDX-License-Identifier: Apache-2.0 */
/* The runs that this taktd records: finds their regions, attaches, tends and lets go. */
#ifndef TAKT_MAIN_TAKTD_RUNS_H
#define TAKT_MAIN_TAKTD_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#include "logs/write/backend.h"

struct taktd_runs;
struct taktd_requests;
struct taktd_journal;

struct taktd_runs_options {
	enum takt_backend_kind backend;
	int notify_fd;			/* eventfd, borrowed */
	bool no_python;			/* hosts of Python tasks are others' */
	bool verbose;			/* say on stderr what goes well, too */
	struct taktd_requests *requests;	/* these two: told of each run; borrowed, NULL: none */
	struct taktd_journal *journal;
};

/* Start with nothing; the writer thread begins to wait. @options: copied.  [setup] */
int taktd_runs_create(const struct taktd_runs_options *options, struct taktd_runs **ret_runs,
		      struct takt_err *err);
void taktd_runs_destroy(struct taktd_runs *runs);

/* Look for regions in @run_dir and attach to new ones. Returns how many are there that are or may be ours to
 * record.  [main] */
uint32_t taktd_runs_scan(struct taktd_runs *runs, const char *run_dir, uint64_t now_ns);

/* Tend all. Returns how many are attached.  [main] */
uint32_t taktd_runs_tend(struct taktd_runs *runs, uint64_t now_ns);

/* Ask all to end; tend until none is attached.  [main] */
void taktd_runs_stop(struct taktd_runs *runs);

#endif
