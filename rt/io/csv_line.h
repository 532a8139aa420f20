/* SPDX-License-Identifier: Apache-2.0 */
/* A row of cells as text, by RFC 4180, in memory that grows. */
#ifndef IO_CSV_LINE_H
#define IO_CSV_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct csv_line {
	char *text;
	size_t used_bytes;
	size_t room_bytes;
	bool failed;			/* out of memory: what was put last is not all there */
	bool any;			/* a cell stands in the row */
};

/* Add a cell of @length bytes, behind @separator if it is not the first; in quotes where it must
 * be, or where @quote asks for it. */
void csv_line_put(struct csv_line *line, char separator, const char *text, size_t length, bool quote);

/* End the row. */
void csv_line_end(struct csv_line *line);

void csv_line_free(struct csv_line *line);

#endif
