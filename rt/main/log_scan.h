/* SPDX-License-Identifier: Apache-2.0 */
/* Go over the records that the command line asks for. */
#ifndef TAKT_MAIN_LOG_SCAN_H
#define TAKT_MAIN_LOG_SCAN_H

#include <takt/log.h>

#include "rt/main/log_options.h"
#include "rt/main/out.h"
#include "rt/main/progress.h"

struct takt_scan {
	struct takt_log *log;
	const struct takt_log_args *args;
	struct takt_out *out;
	uint32_t kinds;		/* 1u << enum takt_log_kind, or'ed */
	/* Print one record. */
	void (*show)(struct takt_scan *scan, const struct takt_log_record *record);
	/* Whether the record is one of those asked for, of the task as well (task below); NULL: the reader's
	 * filter says it all. */
	bool (*takes)(const struct takt_scan *scan, const struct takt_log_record *record);
	uint32_t task;		/* that --task names, for takes; TAKT_LOG_NONE: any */
	/* What -g looks at, lent until the next call; NULL: takt_scan_text. */
	const char *(*match_text)(struct takt_scan *scan, const struct takt_log_record *record);
	struct takt_progress *progress;	/* removed when all is read; NULL: none */
	void *user;
	uint64_t shown;		/* records; show was called for each */
	char *text;		/* of the record that is shown, when it is a text or lifecycle one */
	size_t text_room;
	char lost_line[80];	/* likewise, of one that says what is missing */
};

/* Show the records, follow if asked to. Prints errors. Returns the exit status. */
int takt_scan_run(struct takt_scan *scan);

/* The text of a record, lent until the next call. NULL: no memory. */
const char *takt_scan_text(struct takt_scan *scan, const struct takt_log_record *record);

/* Its task's id, "takt" for the runtime itself. */
const char *takt_scan_task_id(const struct takt_scan *scan, uint32_t task);

/* The index of the task that --task names. Returns 0, or -EINVAL after an error message that lists
 * them; TAKT_LOG_NONE for "takt", the runtime itself. */
int takt_scan_find_task(const struct takt_log *log, const char *id, uint32_t *ret_task);

#endif
