/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of takt. argv[0] is the command's name; the result is the program's exit status. */
#ifndef TAKT_MAIN_COMMANDS_H
#define TAKT_MAIN_COMMANDS_H

enum takt_exit {
	TAKT_EXIT_OK = 0,
	TAKT_EXIT_ERROR = 1,
	TAKT_EXIT_USAGE = 2,
	TAKT_EXIT_DAMAGED = 3,		/* of a log: the good part was shown */
	TAKT_EXIT_NO_LOG = 4,
	TAKT_EXIT_INTERRUPTED = 130
};

#define TAKT_COMMAND(name, function, arguments, help) int function(int argc, char **argv);
#include "rt/main/commands.def"
#undef TAKT_COMMAND

#endif
