/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of the takt log commands. */
#ifndef TAKT_MAIN_LOG_OPTIONS_H
#define TAKT_MAIN_LOG_OPTIONS_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "rt/main/log_time.h"

enum takt_form { TAKT_FORM_SHORT = 0, TAKT_FORM_JSON, TAKT_FORM_JSONL, TAKT_FORM_CSV };

/* Parse what -o takes. Returns 0, or -1 after an error message. */
int takt_form_parse(const char *text, enum takt_form *ret_form);

/* The level that @text is near to, NULL when it is near to none. */
const char *takt_level_suggest(const char *text);

struct takt_log_args {
	const char *log;		/* word, NULL: latest */
	char *const *words;		/* all of them; more than one only where a command takes several */
	int word_count;
	enum takt_form form;
	enum takt_time_way time;	/* of the short form */
	bool follow;
	bool verify;
	bool deep;
	bool repair;
	bool limited;			/* -n was given */
	uint64_t last;
	uint32_t level;
	bool matched;			/* -g was given */
	regex_t regex;
	const char *task;		/* these: NULL when not given */
	const char *since;
	const char *until;
	const char *around;
	const char *window;
	const char *out;		/* path */
	bool list;
	bool remove;
	bool force;
	bool discard;
	const char *log_dir;
	const char *run_dir;
};

/* Parse the arguments of command argv[0]. Prints help or a fault. Returns 0 to go on, else -1 with the
 * exit status in @ret_status. Free with takt_log_args_fini. */
int takt_log_args_init(struct takt_log_args *args, int argc, char **argv, int *ret_status);
void takt_log_args_fini(struct takt_log_args *args);

bool takt_log_args_match(const struct takt_log_args *args, const char *text);

/* The commands, see log_commands.def. They return the exit status. */
#define TAKT_LOG_COMMAND(name, function, options, help) \
	int function(const struct takt_log_args *args);
#include "rt/main/log_commands.def"
#undef TAKT_LOG_COMMAND

#endif
