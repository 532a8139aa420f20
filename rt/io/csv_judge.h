/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a CSV task's parameters before it runs. */
#ifndef IO_CSV_JUDGE_H
#define IO_CSV_JUDGE_H

#include "rt/io/csv_header.h"

/* The separator that @text means, '\0' for what cannot be one. */
char csv_separator(const char *text);

/* "separator: …" when @separator is none, else NULL. */
const char *csv_separator_judge(const char *separator, char *text, size_t text_bytes);

struct csv_judged {
	const char *path;
	const char *separator;
	const struct takt_type *type;	/* of a row's message */
	struct csv_header_options options;
	bool is_timed;			/* a time column is needed */
};

/* What is wrong with a source of these, its parameter's name first; NULL where nothing is, or the file is not
 * there, or is none to be read before its time (a FIFO). */
const char *csv_source_judge(const struct csv_judged *judged, char *text, size_t text_bytes);

#endif
