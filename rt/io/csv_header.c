/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/csv_header.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_MAX ((uint64_t)INT64_MAX)

/* --- names ----------------------------------------------------------------------------------- */

/* A cell's name without its unit, and that. */
struct name {
	const char *text;
	size_t length;
	const char *unit;		/* not NUL-terminated; NULL: none given */
	size_t unit_length;
};

static struct name name_of(const char *cell)
{
	struct name name = { .text = cell + strspn(cell, " \t") };
	size_t length = strlen(name.text);

	while (length > 0 && (name.text[length - 1] == ' ' || name.text[length - 1] == '\t')) {
		length--;
	}
	name.length = length;
	if (length > 0 && name.text[length - 1] == ']') {
		size_t at = length - 1;

		while (at > 0 && name.text[at] != '[') {
			at--;
		}
		if (at > 0 && name.text[at - 1] == ' ') {
			name.unit = name.text + at + 1;
			name.unit_length = length - at - 2;
			while (at > 0 && name.text[at - 1] == ' ') {
				at--;
			}
			name.length = at;
		}
	}
	return name;
}

static bool is(const struct name *name, const char *text, size_t length)
{
	const size_t whole = strlen(name->text);

	return (name->length == length && memcmp(name->text, text, length) == 0) ||
	       (whole == length && memcmp(name->text, text, length) == 0);
}

/* The names of the cells, as many as go into @out. */
static const char *names_list(const struct csv_rows *rows, char *out, size_t out_bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct name name = name_of(csv_cell(rows, i));
		const int length = snprintf(out + used, out_bytes - used, "%s%.*s", i ? ", " : "",
					    (int)name.length, name.text);

		if (length < 0 || used + (size_t)length + 4 > out_bytes) {
			snprintf(out + used, out_bytes - used, ", …");
			return out;
		}
		used += (size_t)length;
	}
	return out;
}

static int wrong(const struct csv_rows *rows, char *why, size_t why_bytes, const char *what,
		 const char *name, int name_length)
{
	char names[160];

	snprintf(why, why_bytes, "%s `%.*s`; it has: %s", what, name_length < 60 ? name_length : 60, name,
		 names_list(rows, names, sizeof(names)));
	return -EINVAL;
}

/* The cell called @text, CSV_NO_CELL if none is. -EINVAL where two are. */
static int cell_find(const struct csv_rows *rows, const char *text, size_t length, uint32_t *ret_cell,
		     char *why, size_t why_bytes)
{
	*ret_cell = CSV_NO_CELL;
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct name name = name_of(csv_cell(rows, i));

		if (!is(&name, text, length)) {
			continue;
		}
		if (*ret_cell != CSV_NO_CELL) {
			return wrong(rows, why, why_bytes, "it has two columns", text, (int)length);
		}
		*ret_cell = i;
	}
	return 0;
}

/* --- matching -------------------------------------------------------------------------------- */

struct entry { const char *cell, *field; size_t cell_length, field_length; };

/* The next entry of the map at @at. Returns behind it, or NULL at the end. */
static const char *entry_next(const char *at, struct entry *entry)
{
	const char *end, *colon;

	at += strspn(at, " \t\n,");
	if (!*at) {
		return NULL;
	}
	end = at + strcspn(at, ",");
	colon = end;
	while (colon > at && *colon != ':') {
		colon--;
	}
	*entry = (struct entry){ .cell = at, .field = colon + 1 };
	entry->cell_length = (size_t)(colon - at);
	entry->field += *entry->field == ' ';
	entry->field_length = colon > at ? (size_t)(end - entry->field) : 0;
	while (entry->field_length > 0 && strchr(" \t\n", entry->field[entry->field_length - 1])) {
		entry->field_length--;
	}
	return end;
}

/* Every entry of the map is of a cell and a field that are there. */
static int map_read(const struct csv_rows *rows, const struct csv_columns *columns, const char *map,
		    uint32_t *cells, char *why, size_t why_bytes)
{
	struct entry entry;

	for (const char *at = map; (at = entry_next(at, &entry));) {
		uint32_t cell, i = 0;
		int rc;

		if (entry.field_length == 0) {
			snprintf(why, why_bytes, "columns: `%.*s` is no pair; write `columns: \"COLUMN:field, "
				 "COLUMN:field\"`", (int)strcspn(entry.cell, ","), entry.cell);
			return -EINVAL;
		}
		rc = cell_find(rows, entry.cell, entry.cell_length, &cell, why, why_bytes);
		if (rc < 0) {
			return rc;
		}
		if (cell == CSV_NO_CELL) {
			return wrong(rows, why, why_bytes, "columns: the file has no column", entry.cell,
				     (int)entry.cell_length);
		}
		while (i < columns->count && (strlen(columns->rows[i].name) != entry.field_length ||
					      memcmp(columns->rows[i].name, entry.field,
						     entry.field_length) != 0)) {
			i++;
		}
		if (i == columns->count) {
			snprintf(why, why_bytes, "columns: the message has no field `%.*s`; its first is `%s`",
				 (int)entry.field_length, entry.field, columns->rows[0].name);
			return -EINVAL;
		}
		cells[i] = cell;
	}
	return 0;
}

/* The cell of column @index by its own name; its unit must be the field's. */
static int column_match(const struct csv_rows *rows, const struct csv_column *column, uint32_t *ret_cell,
			char *why, size_t why_bytes)
{
	const char *unit = csv_column_unit(column);
	struct name name;
	int rc = cell_find(rows, column->name, strlen(column->name), ret_cell, why, why_bytes);

	if (rc < 0) {
		return rc;
	}
	if (*ret_cell == CSV_NO_CELL) {
		return column->kind == CSV_COUNT || column->list != CSV_NO_LIST ? 0 :
			wrong(rows, why, why_bytes, "the file has no column for field", column->name,
			      (int)strlen(column->name));
	}
	name = name_of(csv_cell(rows, *ret_cell));
	if (name.unit && unit[0] &&
	    (strlen(unit) != name.unit_length || memcmp(unit, name.unit, name.unit_length) != 0)) {
		snprintf(why, why_bytes, "column `%.80s`: field `%s` is in %s; values are taken as they "
			 "stand: convert the file, or say that they fit by columns: \"%.80s:%s\"", name.text,
			 column->name, unit, name.text, column->name);
		return -EINVAL;
	}
	return 0;
}

static int time_match(const struct csv_rows *rows, const struct csv_header_options *options,
		      struct csv_header *header, char *why, size_t why_bytes)
{
	static const struct { const char *unit, *ending; uint32_t digits; } units[] = {
		{ "s", "_s", 9 }, { "ms", "_ms", 6 }, { "us", "_us", 3 }, { "ns", "_ns", 0 },
	};
	const char *wanted = options->time[0] ? options->time : "tov";
	struct name name;
	int rc = cell_find(rows, wanted, strlen(wanted), &header->time_cell, why, why_bytes);

	if (rc < 0) {
		return rc;
	}
	if (header->time_cell == CSV_NO_CELL) {
		return options->time[0] ? wrong(rows, why, why_bytes, "time: the file has no column", wanted,
						(int)strlen(wanted)) : 0;
	}
	if (options->time_unit != CSV_TIME_AUTO) {
		header->time_digits = units[options->time_unit - 1].digits;
		return 0;
	}
	name = name_of(csv_cell(rows, header->time_cell));
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const size_t unit = strlen(units[i].unit), ending = strlen(units[i].ending);

		if (name.unit ? name.unit_length == unit && memcmp(name.unit, units[i].unit, unit) == 0
			      : name.length > ending &&
				memcmp(name.text + name.length - ending, units[i].ending, ending) == 0) {
			header->time_digits = units[i].digits;
			return 0;
		}
	}
	snprintf(why, why_bytes, "the time column `%.80s` does not say its unit; give `time_unit: s`, ms, us or "
		 "ns", name.text);
	return -EINVAL;
}

int csv_header_match(const struct csv_rows *rows, const struct csv_columns *columns,
		     const struct csv_header_options *options, struct csv_header *ret_header,
		     char *why, size_t why_bytes)
{
	struct csv_header header = { .cell_count = rows->count };
	int rc;

	header.cells = malloc(columns->count * sizeof(header.cells[0]));
	if (!header.cells) {
		snprintf(why, why_bytes, "out of memory");
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < columns->count; i++) {
		header.cells[i] = CSV_NO_CELL;
	}
	rc = map_read(rows, columns, options->map, header.cells, why, why_bytes);
	for (uint32_t i = 0; i < columns->count && rc == 0; i++) {
		if (header.cells[i] == CSV_NO_CELL) {
			rc = column_match(rows, &columns->rows[i], &header.cells[i], why, why_bytes);
		}
	}
	if (rc == 0) {
		rc = time_match(rows, options, &header, why, why_bytes);
	}
	if (rc < 0) {
		csv_header_free(&header);
		return rc;
	}
	*ret_header = header;
	return 0;
}

void csv_header_free(struct csv_header *header)
{
	free(header->cells);
	*header = (struct csv_header){ 0 };
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool has_text(const struct csv_rows *rows, uint32_t cell)
{
	return cell != CSV_NO_CELL && (csv_cell(rows, cell)[0] || csv_cell_is_quoted(rows, cell));
}

/* The items of list @index that have text, where no cell says how many there are. */
static void count_guess(const struct csv_rows *rows, const struct csv_columns *columns,
			const struct csv_header *header, uint32_t index, void *message)
{
	uint32_t count = 0;

	for (uint32_t i = index + 1; i < columns->count; i++) {
		const struct csv_column *column = &columns->rows[i];

		if (column->list == index && column->item >= count && has_text(rows, header->cells[i])) {
			count = column->item + 1;
		}
	}
	memcpy((char *)message + columns->rows[index].offset_bytes, &count, sizeof(count));
}

const char *csv_row_parse(const struct csv_rows *rows, const struct csv_columns *columns,
			  const struct csv_header *header, void *message, uint32_t *ret_cell)
{
	*ret_cell = rows->count;
	if (rows->count != header->cell_count) {
		return rows->count < header->cell_count ? "has fewer cells than the header" :
							  "has more cells than the header";
	}
	for (uint32_t i = 0; i < columns->count; i++) {
		const struct csv_column *column = &columns->rows[i];
		const uint32_t cell = header->cells[i];
		const char *what = NULL;

		if (!csv_column_is_present(columns, i, message)) {
			what = has_text(rows, cell) ? "lies behind the end of its list" : NULL;
		} else if (cell != CSV_NO_CELL) {
			what = csv_column_parse(column, csv_cell(rows, cell), message);
		} else if (column->kind == CSV_COUNT) {
			count_guess(rows, columns, header, i, message);
		} else {
			what = "has more items in a list than the file has columns";
		}
		if (what) {
			*ret_cell = cell != CSV_NO_CELL ? cell : rows->count;
			return what;
		}
	}
	return NULL;
}

bool csv_time_parse(const char *text, uint32_t digits, uint64_t *ret_ns)
{
	static const double scale[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
	const char *at = text + strspn(text, " \t");
	const char *begin = at;
	uint64_t ns = 0;
	uint32_t left = digits;
	bool point = false;
	double value;
	char *end;

	at += *at == '+';
	for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
		if (*at == '.') {
			point = true;
		} else if (!point || left > 0) {
			if (ns > (NS_MAX - 9) / 10) {
				return false;
			}
			ns = ns * 10 + (uint64_t)(*at - '0');
			left -= point;
		}
	}
	if (*at == 'e' || *at == 'E') {	/* 1.2e3: as near as a double is */
		value = strtod(begin, &end) * scale[digits];
		if (end[strspn(end, " \t")] || !(value >= 0 && value < (double)NS_MAX)) {
			return false;
		}
		*ret_ns = (uint64_t)(value + 0.5);
		return true;
	}
	if (at == begin || (at == begin + 1 && (point || *begin == '+')) || at[strspn(at, " \t")]) {
		return false;
	}
	for (; left > 0; left--) {
		if (ns > NS_MAX / 10) {
			return false;
		}
		ns *= 10;
	}
	*ret_ns = ns;
	return true;
}
