/* SPDX-License-Identifier: Apache-2.0 */
/* takt sdk: where the headers are that a plug-in is built with. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "rt/main/bad_option.h"
#include "rt/main/commands.h"
#include "rt/main/sibling.h"

static const char help[] =
	"usage: takt sdk\n"
	"Print the folder that has the headers of this takt, <takt/task.h> and what it includes:\n"
	"\n"
	"    cc -shared -fPIC -fvisibility=hidden -I\"$(takt sdk)\" plugin.c -o plugin.so\n"
	"\n"
	"  --help\n"
	"\n"
	"Exit codes: 0; 1 the headers are not installed; 2 usage.\n";

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

int takt_command_sdk(int argc, char **argv)
{
	char path[PATH_MAX];
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option != 'h') {
			return takt_bad_option("sdk", options, argv[optind - 1]);
		}
		fputs(help, stdout);
		return TAKT_EXIT_OK;
	}
	if (optind < argc) {
		fprintf(stderr, "takt: takt sdk takes no argument: %s\n", argv[optind]);
		return TAKT_EXIT_USAGE;
	}
	if (takt_sibling_include(path, sizeof(path)) < 0) {
		fprintf(stderr, "takt: the headers for tasks are not installed (not in include/ beside takt, not in "
			"%s): install libtakt-dev\n", TAKT_INCLUDEDIR);
		return TAKT_EXIT_ERROR;
	}
	puts(path);
	return fflush(stdout) == 0 ? TAKT_EXIT_OK : TAKT_EXIT_ERROR;
}
