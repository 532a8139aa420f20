/* SPDX-License-Identifier: Apache-2.0 */
/* takt log: chooses the command. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/suggest.h"
#include "rt/main/commands.h"
#include "rt/main/log_options.h"

static const struct {
	const char *name;
	int (*run)(const struct takt_log_args *args);
	const char *help;
} commands[] = {
#define TAKT_LOG_COMMAND(name, function, options, help) { name, function, help },
#include "rt/main/log_commands.def"
#undef TAKT_LOG_COMMAND
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fputs("usage: takt log COMMAND [OPTION]... [LOG]\n\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	}
	fputs("\nLOG is a path, a run's number, its id or the beginning of it, a graph's name (its newest run)\n"
	      "or latest (also when there is none). takt log COMMAND --help lists the options.\n", out);
}

static int unknown(const char *name)
{
	struct takt_suggest suggest;

	takt_suggest_init(&suggest, name);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		takt_suggest_put(&suggest, commands[i].name);
	}
	if (suggest.name) {
		fprintf(stderr, "takt: unknown command 'log %s', did you mean %s?\n", name, suggest.name);
	} else {
		fprintf(stderr, "takt: unknown command 'log %s': takt log --help lists them\n", name);
	}
	return TAKT_EXIT_USAGE;
}

int takt_command_log(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return TAKT_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return TAKT_EXIT_OK;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		struct takt_log_args args;
		int status = TAKT_EXIT_OK;

		if (strcmp(argv[1], commands[i].name) != 0) {
			continue;
		}
		signal(SIGPIPE, SIG_IGN);	/* a closed pipe is seen when it is written to */
		if (takt_log_args_init(&args, argc - 1, argv + 1, &status) == 0) {
			status = commands[i].run(&args);
		}
		takt_log_args_fini(&args);
		return status;
	}
	return unknown(argv[1]);
}
