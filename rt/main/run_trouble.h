/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong in a run that went on all the same: counted from its lifecycle records. */
#ifndef TAKT_MAIN_RUN_TROUBLE_H
#define TAKT_MAIN_RUN_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <takt/log.h>

struct takt_task_trouble {
	uint64_t failures;		/* of the series that are over */
	uint64_t failing_since;		/* cycle; valid with is_failing */
	uint64_t dropped;		/* messages that its queue had no room for */
	int64_t result;			/* of the first failure */
	bool has_failed;
	bool is_failing;
};

struct takt_run_trouble {		/* zeroed: nothing yet */
	uint64_t overruns;
	uint64_t skipped_cycles;
	uint64_t late_starts;
	uint64_t worst_late_ns;
	uint64_t last_cycle;		/* that any record was of */
	struct takt_task_trouble *tasks;	/* [task_count] */
	uint32_t task_count;
};

/* Count @record, of @log. Returns whether it is the first of its kind, of its task, so that it is worth a
 * line while the run goes on; late starts never are. */
bool takt_run_trouble_put(struct takt_run_trouble *trouble, const struct takt_log *log,
			  const struct takt_log_record *record);

/* A line for each kind: "53 overruns, 157 cycles skipped: takt log stats PATH". Late starts only when there
 * are many. @is_cause_said: of the task whose failure has ended the run nothing more is said. */
void takt_run_trouble_print(FILE *out, const struct takt_run_trouble *trouble, const struct takt_log *log,
			    const char *path, bool is_cause_said);
void takt_run_trouble_fini(struct takt_run_trouble *trouble);

#endif
