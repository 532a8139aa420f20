/* SPDX-License-Identifier: Apache-2.0 */
/* takt: one program, its commands in a table. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/file.h"
#include "rt/base/suggest.h"
#include "rt/base/version.h"
#include "rt/main/commands.h"
#include "rt/shm/region_guard.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *help;
} commands[] = {
#define TAKT_COMMAND(name, function, arguments, help) { name, function, arguments, help },
#include "rt/main/commands.def"
#undef TAKT_COMMAND
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fputs("usage: takt COMMAND [ARGUMENT]...\n"
	      "A deterministic real-time runtime for robots and control.\n\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", commands[i].name, commands[i].arguments);
		fprintf(out, "  %-22s %s\n", left, commands[i].help);
	}
	fputs("  help [COMMAND]...      this text, or that of a command: takt help log stats\n"
	      "\n"
	      "  --version              print the version\n", out);
}

static int unknown(const char *name)
{
	const bool is_option = name[0] == '-';
	struct takt_suggest suggest;

	takt_suggest_init(&suggest, name + strspn(name, "-"));
	for (size_t i = 0; i < COMMAND_COUNT && !is_option; i++) {
		takt_suggest_put(&suggest, commands[i].name);
	}
	if (is_option) {
		takt_suggest_put(&suggest, "help");
		takt_suggest_put(&suggest, "version");
		fprintf(stderr, "takt: unknown option '%s'%s%s%s\n", name,
			suggest.name ? ", did you mean --" : ": takt help lists what there is",
			suggest.name ? suggest.name : "", suggest.name ? "?" : "");
	} else if (suggest.name) {
		fprintf(stderr, "takt: unknown command '%s', did you mean %s?\n", name, suggest.name);
	} else {
		fprintf(stderr, "takt: unknown command '%s': takt help lists them\n", name);
	}
	return TAKT_EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(argv[0], commands[i].name) == 0) {
			return commands[i].run(argc, argv);
		}
	}
	return unknown(argv[0]);
}

static int help(int argc, char **argv)
{
	char option[] = "--help";
	char *args[] = { NULL, option, NULL, NULL };

	if (argc < 2) {
		print_help(stdout);
		return TAKT_EXIT_OK;
	}
	args[0] = argv[1];
	if (argc > 2) {			/* help log stats */
		args[1] = argv[2];
		args[2] = option;
	}
	return run_command(argc > 2 ? 3 : 2, args);
}

static int choose(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return TAKT_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("takt %s\n", takt_version());
		return TAKT_EXIT_OK;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0) {
		return help(argc - 1, argv + 1);
	}
	return run_command(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status;

	if (takt_file_keep_standard() < 0) {
		return TAKT_EXIT_ERROR;
	}
	takt_region_guard_install();
	status = choose(argc, argv);
	if (fflush(stdout) != 0 && errno != EPIPE && status == TAKT_EXIT_OK) {
		fprintf(stderr, "takt: cannot write the output: %s\n", strerror(errno));
		status = TAKT_EXIT_ERROR;
	}
	return status;
}
