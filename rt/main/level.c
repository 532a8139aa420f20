/* SPDX-License-Identifier: Apache-2.0 */
/* takt level: what the tasks of a running graph log, and changing it. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <takt/log.h>

#include "rt/base/json.h"
#include "rt/clock/clock.h"
#include "rt/main/commands.h"
#include "rt/main/live_run.h"
#include "rt/main/out.h"
#include "rt/main/request.h"
#include "rt/shm/mailbox.h"

#define PATIENCE_NS (2 * TAKT_NS_PER_S)	/* for the graph to take the request */
#define LOOK_NS 2000000

static const char help[] =
	"usage: takt level [OPTION]... GRAPH|RUN [LEVEL]\n"
	"Show the levels of the tasks' text logs in a running graph, or change them: texts below\n"
	"LEVEL (debug, info, warning, error, critical) are not recorded from the next cycle on. The\n"
	"change is recorded (takt log lifecycle) and holds until the run ends. RUN is a run's id or\n"
	"its beginning.\n"
	"\n"
	"  --task ID          of this task only\n"
	"  --run-dir DIR      where the shared memory is (default: /dev/shm/takt-UID)\n"
	"  -o FORM            short (default), json, jsonl or csv\n"
	"  --help\n"
	"\n"
	"Exit codes: 0; 1 error, as when no taktd runs; 2 usage; 4 no such running graph or task.\n";

struct command {
	const char *run;
	const char *level;		/* NULL: only show */
	const char *task;		/* NULL: all */
	char run_dir[PATH_MAX];
	enum takt_form form;
};

static const struct option options[] = {
	{ "task", required_argument, NULL, 't' },
	{ "run-dir", required_argument, NULL, 'r' },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int usage(const char *what, const char *value)
{
	fprintf(stderr, "takt level: %s%s%s; see takt level --help\n", what, value ? ": " : "",
		value ? value : "");
	return TAKT_EXIT_USAGE;
}

static int take_form(struct command *command, const char *value)
{
	static const char *const forms[] = { "short", "json", "jsonl", "csv" };

	for (uint32_t i = 0; i < 4; i++) {
		if (strcmp(value, forms[i]) == 0) {
			command->form = (enum takt_form)i;
			return -1;
		}
	}
	return usage("-o is one of short, json, jsonl, csv", value);
}

/* Returns -1 to go on, else the exit code. */
static int take_option(struct command *command, int option, const char *value, const char *word)
{
	switch (option) {
	case 't':
		command->task = value;
		return -1;
	case 'r':
		if (strlen(value) >= sizeof(command->run_dir)) {
			return usage("path too long", value);
		}
		snprintf(command->run_dir, sizeof(command->run_dir), "%s", value);
		return -1;
	case 'o':
		return take_form(command, value);
	case 'h':
		fputs(help, stdout);
		return TAKT_EXIT_OK;
	default:
		return usage("unknown option or missing value", word);
	}
}

static int bad_level(const char *text)
{
	const char *near = takt_level_suggest(text);

	if (!near) {
		return usage("a level is debug, info, warning, error or critical", text);
	}
	fprintf(stderr, "takt: '%s' is no level, did you mean %s?\n", text, near);
	return TAKT_EXIT_USAGE;
}

static int parse_command(struct command *command, int argc, char **argv)
{
	int option, code;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		code = take_option(command, option, optarg, argv[optind - 1]);
		if (code >= 0) {
			return code;
		}
	}
	if (argc - optind < 1 || argc - optind > 2) {
		return usage(argc == optind ? "a graph or run is missing" : "too many arguments", NULL);
	}
	command->run = argv[optind];
	command->level = argv[optind + 1];
	if (command->level && takt_log_level_parse(command->level) < 0) {
		return bad_level(command->level);
	}
	return -1;
}

static bool is_wanted(const struct command *command, const struct takt_log *log, uint32_t task)
{
	const struct takt_log_task *row = takt_log_task_at(log, task);

	return !command->task || strcmp(row->id, command->task) == 0;
}

/* Whether every task that is concerned logs at @level. */
static bool is_in_force(const struct command *command, const struct takt_region *region,
			const struct takt_log *log, uint32_t level)
{
	for (uint32_t i = 0; takt_log_task_at(log, i) && takt_mailbox_has(region, i); i++) {
		if (is_wanted(command, log, i) && takt_mailbox_level(region, i) != level) {
			return false;
		}
	}
	return true;
}

/* Ask taktd, and wait until the graph has taken it. Returns the exit code. */
static int change(const struct command *command, const struct takt_region *region,
		  const struct takt_log *log)
{
	const struct timespec span = { .tv_nsec = LOOK_NS };
	const uint64_t until_ns = takt_clock_mono_ns() + PATIENCE_NS;
	const uint32_t level = (uint32_t)takt_log_level_parse(command->level);
	char request[TAKT_REQUEST_BYTES_MAX];
	struct takt_err err = { 0 };

	snprintf(request, sizeof(request), "level %016" PRIx64 " %s %s", region->run,
		 command->task ? command->task : "*", command->level);
	if (takt_request_send(command->run_dir, request, &err) < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		return TAKT_EXIT_ERROR;
	}
	while (!is_in_force(command, region, log, level) && takt_clock_mono_ns() < until_ns) {
		nanosleep(&span, NULL);
	}
	if (!is_in_force(command, region, log, level)) {
		fprintf(stderr, "takt: asked; a task that is in a long call takes it after that\n");
	}
	return TAKT_EXIT_OK;
}

static void show_row(struct takt_out *out, const struct takt_log *log, uint32_t task, const char *level)
{
	const struct takt_log_task *row = takt_log_task_at(log, task);

	takt_out_row_begin(out);
	if (out->form == TAKT_FORM_SHORT) {
		takt_out_put_padded(&out->text, row->id, 12);
		takt_text_buffer_printf(&out->text, " %s\n", level);
	} else if (out->form == TAKT_FORM_CSV) {
		takt_csv_puts(&out->text, row->id);
		takt_text_buffer_printf(&out->text, ",%s", level);
	} else {
		takt_out_text_member(&out->text, "{\"graph\":", takt_log_info_of(log)->graph);
		takt_text_buffer_printf(&out->text, ",\"run\":\"%016" PRIx64 "\"", takt_log_info_of(log)->run);
		takt_out_text_member(&out->text, ",\"task\":", row->id);
		takt_out_text_member(&out->text, ",\"level\":", level);
		takt_text_buffer_puts(&out->text, "}");
	}
	takt_out_row_end(out);
}

static int show(const struct command *command, const struct takt_region *region, const struct takt_log *log)
{
	struct takt_out out;

	takt_out_init(&out, command->form);
	if (command->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&out.text, "task,level\r\n");
	}
	for (uint32_t i = 0; takt_log_task_at(log, i) && takt_mailbox_has(region, i); i++) {
		if (is_wanted(command, log, i)) {
			show_row(&out, log, i, takt_log_level_name(takt_mailbox_level(region, i)));
		}
	}
	return takt_out_fini(&out);
}

static int run(const struct command *command, const struct takt_region *region, const struct takt_log *log)
{
	int code = TAKT_EXIT_OK;

	if (!region->mailbox) {
		fprintf(stderr, "takt: the takt-rt of this run is older than that: start the run again\n");
		return TAKT_EXIT_ERROR;
	}
	if (command->task && takt_log_task_find(log, command->task) == TAKT_LOG_NONE) {
		fprintf(stderr, "takt: no task '%s' in %s; takt level %s shows all\n", command->task,
			takt_log_info_of(log)->graph, command->run);
		return TAKT_EXIT_NO_LOG;
	}
	if (command->level) {
		code = change(command, region, log);
	}
	return code == TAKT_EXIT_OK ? show(command, region, log) : code;
}

int takt_command_level(int argc, char **argv)
{
	struct command command = { 0 };
	struct takt_log_options live = { sizeof(live), 1, command.run_dir };
	struct takt_log_error error = { 0 };
	struct takt_err err = { 0 };
	struct takt_region *region = NULL;
	struct takt_log *log = NULL;
	int code = parse_command(&command, argc, argv), r;

	if (code >= 0) {
		return code;
	}
	if (command.run_dir[0] == '\0') {
		takt_run_dir_default(command.run_dir, sizeof(command.run_dir));
	}
	r = takt_live_run_find(command.run_dir, command.run, &region, &err);
	if (r < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		return r == -ENOENT || r == -ENOTUNIQ ? TAKT_EXIT_NO_LOG : TAKT_EXIT_ERROR;
	}
	r = takt_log_open(region->path, &live, &log, &error);
	if (r < 0) {
		fprintf(stderr, "takt: %s\n", error.text);
		code = TAKT_EXIT_ERROR;
	} else {
		code = run(&command, region, log);
	}
	takt_log_close(log);
	takt_region_close(region);
	return code;
}
