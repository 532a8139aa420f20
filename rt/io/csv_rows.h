/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes -> rows of cells, by RFC 4180: cells in quotes may hold separators, ends of lines and
 * doubled quotes; lines end with LF or CRLF. Beyond it: a byte order mark, empty lines and lines
 * that begin with an unquoted # are skipped; an unquoted cell may hold quotes. Outside input:
 * everything is bounded. */
#ifndef IO_CSV_ROWS_H
#define IO_CSV_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_CELLS_MAX 4096u
#define CSV_ROW_BYTES_MAX (1u << 18)	/* text of a row without its quotes */

enum csv_event {
	CSV_MORE,			/* no row yet */
	CSV_ROW,			/* csv_cell() gives its cells until the next push */
	CSV_DAMAGED			/* a row is left out: rows.damage says why; goes on behind it */
};

struct csv_rows {
	char separator;
	uint32_t count;			/* cells of the row */
	uint64_t line;			/* where the row begins, from 1 */
	const char *damage;		/* "has …" */
	/* private */
	char *text;			/* CSV_ROW_BYTES_MAX + 1 */
	uint32_t *cells;		/* CSV_CELLS_MAX: where each begins */
	bool *quoted;
	uint32_t used;
	uint64_t next_line;
	int state;
	uint32_t mark;			/* bytes of the byte order mark seen */
};

/* Allocate. Returns 0 or -ENOMEM; fini accepts what is half built and zeroed. */
int csv_rows_init(struct csv_rows *rows, char separator);
void csv_rows_fini(struct csv_rows *rows);

/* Begin anew, at line 1 of another text. */
void csv_rows_restart(struct csv_rows *rows);

/* Take bytes up to the end of a row. @ret_used, above 0 for @size_bytes above 0, says how many. */
enum csv_event csv_push(struct csv_rows *rows, const char *bytes, size_t size_bytes,
			size_t *ret_used);

/* The text ends: the last row may lack its end of line. CSV_MORE when there is none. */
enum csv_event csv_end(struct csv_rows *rows);

/* Cell @index < rows->count, NUL-terminated. Lent until the next push. */
const char *csv_cell(const struct csv_rows *rows, uint32_t index);
bool csv_cell_is_quoted(const struct csv_rows *rows, uint32_t index);

#endif
