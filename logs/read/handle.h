/* SPDX-License-Identifier: Apache-2.0 */
/* An open log: what its cursors share. */
#ifndef TAKT_LOGS_READ_HANDLE_H
#define TAKT_LOGS_READ_HANDLE_H

#include "logs/read/files.h"
#include "logs/read/live.h"

struct takt_log {
	char *path;
	struct takt_log_tables tables;
	struct takt_log_files files;
	struct takt_log_live *live;	/* NULL: finished, or not asked for */
	struct takt_log_info *info;
	struct takt_log_file file;	/* as lent last */
	struct takt_log_series *series;	/* once has_series; names are owned */
	uint32_t series_count;
	bool has_series;
	bool over;			/* live: the run's process is gone */
};

/* Open a finished log over @count segments that lie elsewhere than in files (taken, also on
 * failure). For tests and fuzzers; else as takt_log_open.  [bg] */
int takt_log_open_io(const struct takt_log_io *ios, uint32_t count, struct takt_log **ret_log,
		     struct takt_log_error *error);

/* Check every catalog and every index: the part of takt_log_verify that no cursor comes to.  [bg] */
int takt_log_verify_rest(struct takt_log *log, struct takt_log_error *error);

/* Look for what the files have that the index has not. Returns 0, -errno.  [bg] */
int takt_log_rescan(struct takt_log *log);

/* Live: note whether the run is over. Call before looking for its last records.  [bg] */
void takt_log_watch(struct takt_log *log);

/* All of a run that is over was read: from now on it is a finished log.  [bg] */
int takt_log_settle(struct takt_log *log);

#endif
