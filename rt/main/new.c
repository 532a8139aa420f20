/* SPDX-License-Identifier: Apache-2.0 */
/* takt new: a project of a user's own that builds and runs at once. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/main/bad_option.h"
#include "rt/main/commands.h"
#include "rt/main/new_name.h"
#include "rt/main/new_project.h"

static const char help[] =
	"usage: takt new [OPTION]... [DIR/]NAME\n"
	"Make the directory NAME with a project that builds and runs at once: the graph NAME.yaml, two\n"
	"tasks in NAME.c, one in Python, Makefile, a test, README.md:\n"
	"\n"
	"    takt new NAME && cd NAME && make && takt run NAME.yaml\n"
	"\n"
	"NAME is a name of C: letters, digits and _, a letter first. A directory that is there must be\n"
	"empty.\n"
	"\n"
	"  --lang LANGUAGE    of the tasks: c (default) or c++\n"
	"  --help\n"
	"\n"
	"Exit codes: 0; 1 error, nothing was made; 2 usage, or no such name is possible.\n";

static const struct option options[] = {
	{ "lang", required_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

struct command {
	enum takt_new_language language;
	const char *path;		/* as given */
	char memory[PATH_MAX];		/* of parent and name */
	const char *parent;
	const char *name;
};

static int take_language(struct command *command, const char *word)
{
	if (strcmp(word, "c") == 0 || strcmp(word, "C") == 0) {
		command->language = TAKT_NEW_C;
	} else if (strcmp(word, "c++") == 0 || strcmp(word, "C++") == 0 || strcmp(word, "cc") == 0 ||
		   strcmp(word, "cpp") == 0) {
		command->language = TAKT_NEW_CXX;
	} else {
		fprintf(stderr, "takt: --lang %s: there are c and c++\n", word);
		return TAKT_EXIT_USAGE;
	}
	return -1;
}

/* Returns -1 to go on, else the exit code. */
static int parse_command(struct command *command, int argc, char **argv)
{
	int option, code = -1;

	opterr = 0;
	optind = 1;
	while (code < 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			code = take_language(command, optarg);
			break;
		case 'h':
			fputs(help, stdout);
			return TAKT_EXIT_OK;
		default:
			return takt_bad_option("new", options, argv[optind - 1]);
		}
	}
	if (code < 0 && argc - optind != 1) {
		fprintf(stderr, "takt: takt new takes one NAME%s\n",
			argc == optind ? ": takt new --help" : ", not several");
		return TAKT_EXIT_USAGE;
	}
	command->path = argv[optind];
	return code;
}

/* "a/b/x/" is x in a/b; "x" is x in "." */
static int split(struct command *command)
{
	size_t length = strlen(command->path);
	char *slash;

	while (length > 1 && command->path[length - 1] == '/') {
		length--;
	}
	if (length >= sizeof(command->memory)) {
		return -ENAMETOOLONG;
	}
	memcpy(command->memory, command->path, length);
	command->memory[length] = '\0';
	slash = strrchr(command->memory, '/');
	command->parent = !slash ? "." : slash == command->memory ? "/" : command->memory;
	command->name = slash ? slash + 1 : command->memory;
	if (slash) {
		*slash = '\0';
	}
	return 0;
}

/* Whether a shell finds this very program as takt. */
static bool is_in_path(void)
{
	const char *path = getenv("PATH");
	struct stat self, other;
	char file[PATH_MAX];

	if (!path || stat("/proc/self/exe", &self) < 0) {
		return true;
	}
	while (*path) {
		const size_t length = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/takt", (int)length, path);
		if (length > 0 && access(file, X_OK) == 0) {
			return stat(file, &other) == 0 && other.st_dev == self.st_dev &&
			       other.st_ino == self.st_ino;
		}
		path += length + (path[length] == ':');
	}
	return false;
}

/* The commands that come next, with this takt. */
static int tell(const struct command *command)
{
	const char *name = command->name;
	char self[PATH_MAX];

	if (is_in_path() || !realpath("/proc/self/exe", self)) {
		printf("%s is made. Next:\n    cd %s && make && takt run %s.yaml\n", name, command->path, name);
	} else {
		printf("%s is made. Next (this takt is not the one in PATH):\n"
		       "    cd %s && make TAKT=%s && %s run %s.yaml\n", name, command->path, self, self, name);
	}
	return fflush(stdout) == 0 ? TAKT_EXIT_OK : TAKT_EXIT_ERROR;
}

int takt_command_new(int argc, char **argv)
{
	struct command command = { .language = TAKT_NEW_C };
	struct takt_err err = { 0 };
	const int code = parse_command(&command, argc, argv);

	if (code >= 0) {
		return code;
	}
	if (split(&command) < 0) {
		fprintf(stderr, "takt: %s: %s\n", command.path, strerror(ENAMETOOLONG));
		return TAKT_EXIT_ERROR;
	}
	if (takt_new_name_check(command.name, &err) < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		return TAKT_EXIT_USAGE;
	}
	if (takt_new_project_create(command.parent, command.name, command.language, &err) < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		return TAKT_EXIT_ERROR;
	}
	return tell(&command);
}
