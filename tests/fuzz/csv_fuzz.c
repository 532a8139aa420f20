/* CSV files: whatever comes, rows are within their bounds, the pieces in which the bytes come make no
 * difference, and a row that was understood is written so that it reads back as the same message. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rt/io/csv_header.h"
#include "rt/io/csv_line.h"

#define KIND(V) V(KIND_NONE, 0, "none") V(KIND_ODD, -3, "odd")
TAKT_ENUM(kind, "a kind", KIND)

#define ROW(F)                                                                                     \
	F(f64, x, "m", "") F(i16, n, "1", "") F(list(u16, 2), seen, "1", "") F(text(8), name, "", "") \
	F(enum(kind), kind, "", "")
TAKT_MESSAGE(row, "a row", ROW)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

/* What was understood, written and read again. */
static void again(const struct csv_columns *columns, const struct row *message)
{
	struct csv_line line = { 0 };
	struct csv_rows rows;
	char number[CSV_VALUE_BYTES];
	struct row copy = { 0 };
	size_t used;

	for (uint32_t i = 0; i < columns->count; i++) {
		const char *text = csv_column_is_present(columns, i, message) ?
			csv_column_format(&columns->rows[i], message, number) : "";

		csv_line_put(&line, ',', text, strlen(text), false);
	}
	csv_line_end(&line);
	must(csv_rows_init(&rows, ',') == 0);
	must(csv_push(&rows, line.text, line.used_bytes, &used) == CSV_ROW && used == line.used_bytes);
	must(rows.count == columns->count);
	for (uint32_t i = 0; i < columns->count; i++) {
		if (csv_column_is_present(columns, i, &copy)) {
			must(!csv_column_parse(&columns->rows[i], csv_cell(&rows, i), &copy));
		}
	}
	must(memcmp(&copy, message, sizeof(copy)) == 0 || isnan(message->x));
	csv_rows_fini(&rows);
	csv_line_free(&line);
}

struct reader {
	struct csv_rows rows;
	struct csv_header header;
	uint64_t hash;
};

static void take(struct reader *r, const struct csv_columns *columns, enum csv_event event)
{
	static const struct csv_header_options options[] = {
		{ "", "", CSV_TIME_AUTO }, { "x:x, na\"me:name", "t_us", CSV_TIME_MS },
	};
	struct row message = { 0 };
	uint32_t cell;
	uint64_t ns;
	char why[64];

	if (event == CSV_MORE) {
		return;
	}
	r->hash = r->hash * 1099511628211u + (uint64_t)event + r->rows.line * 8 + r->rows.count;
	if (event == CSV_DAMAGED) {
		must(r->rows.damage != NULL);
		return;
	}
	must(r->rows.count > 0 && r->rows.count <= CSV_CELLS_MAX);
	for (uint32_t i = 0; i < r->rows.count; i++) {
		must(strlen(csv_cell(&r->rows, i)) <= CSV_ROW_BYTES_MAX);
		r->hash = r->hash * 31 + strlen(csv_cell(&r->rows, i));
		if (csv_time_parse(csv_cell(&r->rows, i), i % 10, &ns)) {
			must(ns <= INT64_MAX);
		}
	}
	for (size_t i = 0; i < 2 && !r->header.cells; i++) {
		csv_header_match(&r->rows, columns, &options[i], &r->header, why, sizeof(why));
	}
	if (r->header.cells && !csv_row_parse(&r->rows, columns, &r->header, &message, &cell)) {
		must(message.seen.count <= 2);
		again(columns, &message);
	}
}

static uint64_t run(const char *bytes, size_t size, size_t piece, const struct csv_columns *columns)
{
	struct reader r = { .hash = size };

	must(csv_rows_init(&r.rows, ',') == 0);
	for (size_t at = 0, used = 0; at < size; at += used) {
		const size_t give = size - at < piece ? size - at : piece;
		const enum csv_event event = csv_push(&r.rows, bytes + at, give, &used);

		must(used > 0 && used <= give);
		take(&r, columns, event);
	}
	take(&r, columns, csv_end(&r.rows));
	must(csv_end(&r.rows) == CSV_MORE);
	csv_header_free(&r.header);
	csv_rows_fini(&r.rows);
	return r.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv_columns columns;
	uint64_t hash;

	must(csv_columns_make(&takt_type_row, &columns) == 0);
	hash = run((const char *)data, size, size + 1, &columns);
	must(run((const char *)data, size, 1, &columns) == hash);
	must(run((const char *)data, size, 7, &columns) == hash);
	csv_columns_free(&columns);
	return 0;
}
