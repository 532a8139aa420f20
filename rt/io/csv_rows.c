/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/csv_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum state {
	LINE,				/* before the first byte of a line */
	CELL,				/* before the first byte of a cell */
	PLAIN,
	QUOTED,
	QUOTE,				/* a quote within quotes: their end, or the first of two */
	COMMENT,
	SKIP				/* the rest of a damaged row */
};

static const char mark[3] = { '\xef', '\xbb', '\xbf' };

int csv_rows_init(struct csv_rows *rows, char separator)
{
	*rows = (struct csv_rows){ .separator = separator };
	rows->text = malloc(CSV_ROW_BYTES_MAX + 1);
	rows->cells = malloc(CSV_CELLS_MAX * sizeof(rows->cells[0]));
	rows->quoted = malloc(CSV_CELLS_MAX * sizeof(rows->quoted[0]));
	csv_rows_restart(rows);
	return rows->text && rows->cells && rows->quoted ? 0 : -ENOMEM;
}

void csv_rows_fini(struct csv_rows *rows)
{
	free(rows->text);
	free(rows->cells);
	free(rows->quoted);
	*rows = (struct csv_rows){ .separator = rows->separator };
}

void csv_rows_restart(struct csv_rows *rows)
{
	rows->count = 0;
	rows->used = 0;
	rows->line = 1;
	rows->next_line = 1;
	rows->damage = NULL;
	rows->state = LINE;
	rows->mark = 0;
}

static enum csv_event damaged(struct csv_rows *rows, const char *why)
{
	rows->damage = why;
	rows->state = SKIP;
	return CSV_MORE;
}

static enum csv_event put(struct csv_rows *rows, char c)
{
	if (c == '\0') {
		return damaged(rows, "has a NUL byte (is the file UTF-16? give UTF-8)");
	}
	if (rows->used == CSV_ROW_BYTES_MAX) {
		return damaged(rows, "is longer than 256 KiB (is a quote open?)");
	}
	rows->text[rows->used++] = c;
	return CSV_MORE;
}

static enum csv_event cell_begin(struct csv_rows *rows, bool quoted)
{
	if (rows->count == CSV_CELLS_MAX) {
		return damaged(rows, "has more than 4096 cells");
	}
	rows->quoted[rows->count] = quoted;
	rows->cells[rows->count++] = rows->used;
	rows->state = quoted ? QUOTED : PLAIN;
	return CSV_MORE;
}

static enum csv_event cell_end(struct csv_rows *rows)
{
	rows->state = CELL;
	if (rows->used == CSV_ROW_BYTES_MAX) {
		return damaged(rows, "is longer than 256 KiB (is a quote open?)");
	}
	rows->text[rows->used++] = '\0';
	return CSV_MORE;
}

/* Behind the last cell: the next byte begins a line. */
static enum csv_event row_end(struct csv_rows *rows)
{
	if (rows->state == PLAIN && rows->used > rows->cells[rows->count - 1] &&
	    rows->text[rows->used - 1] == '\r') {
		rows->used--;
	}
	if (cell_end(rows) == CSV_MORE && rows->state == SKIP) {
		rows->state = LINE;
		return CSV_DAMAGED;
	}
	rows->state = LINE;
	/* A line with nothing but CR. */
	return rows->count == 1 && rows->used == 1 && !rows->quoted[0] ? CSV_MORE : CSV_ROW;
}

/* The first byte of a cell, or of a line. */
static enum csv_event cell_first(struct csv_rows *rows, char c)
{
	enum csv_event event = cell_begin(rows, c == '"');

	if (rows->state == SKIP && c == '\n') {
		rows->state = LINE;
		return CSV_DAMAGED;
	}
	if (rows->state == SKIP || c == '"') {
		return event;
	}
	if (c == rows->separator) {
		return cell_end(rows);
	}
	return c == '\n' ? row_end(rows) : put(rows, c);
}

static enum csv_event quote_next(struct csv_rows *rows, char c)
{
	if (c == '"') {
		rows->state = QUOTED;
		return put(rows, c);
	}
	if (c == rows->separator) {
		return cell_end(rows);
	}
	if (c == '\n') {
		return row_end(rows);
	}
	return c == '\r' ? CSV_MORE : damaged(rows, "has text behind a closing quote");
}

static enum csv_event line_first(struct csv_rows *rows, char c)
{
	rows->count = 0;
	rows->used = 0;
	rows->damage = NULL;
	rows->line = rows->next_line;
	if (c == '#') {
		rows->state = COMMENT;
		return CSV_MORE;
	}
	return c == '\n' ? CSV_MORE : cell_first(rows, c);
}

static enum csv_event step(struct csv_rows *rows, char c)
{
	switch ((enum state)rows->state) {
	case LINE:
		return line_first(rows, c);
	case CELL:
		return cell_first(rows, c);
	case PLAIN:
		return c == '\n' ? row_end(rows) : c == rows->separator ? cell_end(rows) : put(rows, c);
	case QUOTED:
		if (c == '"') {
			rows->state = QUOTE;
			return CSV_MORE;
		}
		return put(rows, c);
	case QUOTE:
		return quote_next(rows, c);
	case COMMENT:
		rows->state = c == '\n' ? LINE : COMMENT;
		return CSV_MORE;
	case SKIP:
		rows->state = c == '\n' ? LINE : SKIP;
		return c == '\n' ? CSV_DAMAGED : CSV_MORE;
	}
	return CSV_MORE;
}

/* One byte, behind a mark that was none. */
static enum csv_event take(struct csv_rows *rows, char c)
{
	enum csv_event event;

	if (rows->mark < sizeof(mark) && c == mark[rows->mark]) {
		rows->mark++;
		return CSV_MORE;
	}
	for (uint32_t i = 0; rows->mark < sizeof(mark) && i < rows->mark; i++) {
		step(rows, mark[i]);
	}
	rows->mark = sizeof(mark);
	event = step(rows, c);
	rows->next_line += c == '\n';
	return event;
}

enum csv_event csv_push(struct csv_rows *rows, const char *bytes, size_t size_bytes,
			size_t *ret_used)
{
	for (size_t i = 0; i < size_bytes; i++) {
		const enum csv_event event = take(rows, bytes[i]);

		if (event != CSV_MORE) {
			*ret_used = i + 1;
			return event;
		}
	}
	*ret_used = size_bytes;
	return CSV_MORE;
}

enum csv_event csv_end(struct csv_rows *rows)
{
	const int state = rows->state;

	if (state == LINE || state == COMMENT) {
		rows->state = LINE;
		return CSV_MORE;
	}
	if (state == QUOTED) {
		damaged(rows, "ends within quotes");
	} else if (state == CELL) {
		cell_begin(rows, false);
	}
	if (rows->state == SKIP) {
		rows->state = LINE;
		return CSV_DAMAGED;
	}
	return row_end(rows);
}

const char *csv_cell(const struct csv_rows *rows, uint32_t index)
{
	return rows->text + rows->cells[index];
}

bool csv_cell_is_quoted(const struct csv_rows *rows, uint32_t index)
{
	return rows->quoted[index];
}
