/* SPDX-License-Identifier: Apache-2.0 */
/* Where logs are, and opening the one that the command line names. */
#ifndef TAKT_MAIN_LOG_FIND_H
#define TAKT_MAIN_LOG_FIND_H

#include <limits.h>

#include <takt/log.h>

#include "rt/main/log_options.h"

#define TAKT_LOG_DIRS_MAX 2u

/* Directories to look in: --log-dir alone, else the user's and the service's where it can be read. */
struct takt_log_dirs {
	char paths[TAKT_LOG_DIRS_MAX][PATH_MAX];
	uint32_t count;
};

void takt_log_dirs_find(struct takt_log_dirs *dirs, const struct takt_log_args *args);

/* Print the error of a log to stderr. Returns the exit status: 4 no such log, else 1. */
int takt_log_error_print(int code, const struct takt_log_error *error);

/* The path that the log's word means. Returns 0 or the exit status, after an error message. */
int takt_log_find_path(const struct takt_log_args *args, char *ret_path);

/* Open the log. Returns 0 or the exit status, after an error message. */
int takt_log_find(const struct takt_log_args *args, struct takt_log **ret_log);

/* The same, only what its files hold now. */
int takt_log_find_files(const struct takt_log_args *args, struct takt_log **ret_log);

/* Of enum takt_log_state: "clean", "cut", "live". */
const char *takt_log_state_name(uint32_t state);

/* Say on stderr what of @log could not be read. Returns the exit status: 0, 3 when there is damage. */
int takt_log_damage_print(const struct takt_log *log);

#endif
