/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "rt/io/csv_judge.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 4096u

char csv_separator(const char *text)
{
	const char separator = strcmp(text, "tab") == 0 ? '\t' : text[0];

	return (strlen(text) == 1 || separator == '\t') && !strchr("\"\n\r#", separator) ? separator : '\0';
}

const char *csv_separator_judge(const char *separator, char *text, size_t text_bytes)
{
	if (csv_separator(separator)) {
		return NULL;
	}
	snprintf(text, text_bytes, "separator: `%s` cannot be one; give a character like , ; | or the word tab",
		 separator);
	return text;
}

/* The file at @path, when it is one. Returns -1 for another thing, and for nothing. */
static int file_open(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode)) {
		return -1;	/* not even opened: the writer of a FIFO would take it for a reader */
	}
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/* The first row of the file. */
static enum csv_event first_row(int fd, struct csv_rows *rows)
{
	enum csv_event event = CSV_MORE;
	char bytes[READ_BYTES];
	ssize_t got;

	while (event == CSV_MORE && (got = read(fd, bytes, sizeof(bytes))) > 0) {
		size_t at = 0, used;

		while (event == CSV_MORE && at < (size_t)got) {
			event = csv_push(rows, bytes + at, (size_t)got - at, &used);
			at += used;
		}
	}
	return event == CSV_MORE ? csv_end(rows) : event;
}

static const char *header_judge(const struct csv_judged *judged, const struct csv_rows *rows, char *text,
				size_t text_bytes)
{
	struct csv_columns columns;
	struct csv_header header = { 0 };
	const char *what = NULL;
	char why[256];

	if (csv_columns_make(judged->type, &columns) < 0) {
		return NULL;		/* new says it */
	}
	if (csv_header_match(rows, &columns, &judged->options, &header, why, sizeof(why)) < 0) {
		const bool is_named = strncmp(why, "columns:", 8) == 0 || strncmp(why, "time:", 5) == 0;

		snprintf(text, text_bytes, is_named ? "%.0s%s" : "path: %.150s: %s", judged->path, why);
		what = text;
	} else if (judged->is_timed && header.time_cell == CSV_NO_CELL) {
		snprintf(text, text_bytes, "path: %.150s has no time column: name it by `time`, or give "
			 "`pace: full`", judged->path);
		what = text;
	}
	csv_header_free(&header);
	csv_columns_free(&columns);
	return what;
}

const char *csv_source_judge(const struct csv_judged *judged, char *text, size_t text_bytes)
{
	const char *what = csv_separator_judge(judged->separator, text, text_bytes);
	struct csv_rows rows = { 0 };
	const int fd = what ? -1 : file_open(judged->path);

	if (fd < 0) {
		return what;
	}
	if (csv_rows_init(&rows, csv_separator(judged->separator)) == 0) {
		switch (first_row(fd, &rows)) {
		case CSV_ROW:
			what = header_judge(judged, &rows, text, text_bytes);
			break;
		case CSV_DAMAGED:
			snprintf(text, text_bytes, "path: %.150s: the line of names %s", judged->path,
				 rows.damage);
			what = text;
			break;
		default:
			snprintf(text, text_bytes, "path: %.150s is empty; its first line should name the "
				 "columns", judged->path);
			what = text;
		}
	}
	csv_rows_fini(&rows);
	close(fd);
	return what;
}
