/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/bad_option.h"

#include <stdio.h>
#include <string.h>

#include "rt/base/suggest.h"
#include "rt/main/commands.h"

int takt_bad_option(const char *command, const struct option *options, const char *word)
{
	const char *name = word + strspn(word, "-");
	struct takt_suggest suggest;

	takt_suggest_init(&suggest, name);
	for (const struct option *option = options; option->name; option++) {
		if (strcmp(option->name, name) == 0 && option->has_arg == required_argument) {
			fprintf(stderr, "takt: %s needs a value: takt %s --help\n", word, command);
			return TAKT_EXIT_USAGE;
		}
		takt_suggest_put(&suggest, option->name);
	}
	if (suggest.name) {
		fprintf(stderr, "takt: takt %s has no option %s, did you mean --%s?\n", command, word,
			suggest.name);
	} else {
		fprintf(stderr, "takt: takt %s has no option %s, or it needs a value: --help lists them\n",
			command, word);
	}
	return TAKT_EXIT_USAGE;
}
