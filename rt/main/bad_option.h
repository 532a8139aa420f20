/* SPDX-License-Identifier: Apache-2.0 */
/* What getopt_long stumbled over. */
#ifndef TAKT_MAIN_BAD_OPTION_H
#define TAKT_MAIN_BAD_OPTION_H

#include <getopt.h>

/* Say on stderr what is wrong with @word, with the nearest of @options (ends with zeros). Returns the exit
 * status. */
int takt_bad_option(const char *command, const struct option *options, const char *word);

#endif
