/* SPDX-License-Identifier: Apache-2.0 */
/* A message type as columns of text: each number, enum and text in it, by name ("gyro[0]",
 * "pose.at.x"), a list with its count before its items ("seen.count", "seen[0]", …).
 *
 * Numbers are written so that they read back as the same: f64 and f32 in the fewest digits that do,
 * NaN as nan, enums by name. */
#ifndef IO_CSV_COLUMNS_H
#define IO_CSV_COLUMNS_H

#include <takt/type.h>

#define CSV_NAME_BYTES 192u
#define CSV_NO_LIST UINT32_MAX
#define CSV_VALUE_BYTES 32u		/* of a formatted number */

enum csv_kind { CSV_VALUE, CSV_COUNT };

struct csv_column {
	char name[CSV_NAME_BYTES];
	const struct takt_field *field;
	enum csv_kind kind;
	uint32_t offset_bytes;		/* in the message */
	uint32_t list;			/* column of the count of the list that it lies in, or CSV_NO_LIST */
	uint32_t item;			/* in that list */
};

struct csv_columns {
	struct csv_column *rows;
	uint32_t count;
};

/* The columns of @type (checked by the runtime at load). Returns 0, -ENOMEM, or -E2BIG: more than
 * CSV_CELLS_MAX of them. */
int csv_columns_make(const struct takt_type *type, struct csv_columns *ret_columns);
void csv_columns_free(struct csv_columns *columns);

/* Whether column @index of @message has a value: not behind the end of a list. */
bool csv_column_is_present(const struct csv_columns *columns, uint32_t index, const void *message);

/* Parse @text into @message. Returns NULL, or what is wrong with it ("is no number"). */
const char *csv_column_parse(const struct csv_column *column, const char *text, void *message);

/* The value in @message as text without quotes, in @buffer of CSV_VALUE_BYTES or in
 * the message itself. */
const char *csv_column_format(const struct csv_column *column, const void *message, char *buffer);

/* The unit of the column, "" where there is none. */
const char *csv_column_unit(const struct csv_column *column);

#endif
