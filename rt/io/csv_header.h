/* SPDX-License-Identifier: Apache-2.0 */
/* Which cell of a row belongs to which column of the message, and which one is the time:
 * from the header.
 *
 * A header cell is a name, with or without a unit: "gyro[0]", "gyro[0] [rad/s]". */
#ifndef IO_CSV_HEADER_H
#define IO_CSV_HEADER_H

#include "rt/io/csv_columns.h"
#include "rt/io/csv_rows.h"

#define CSV_NO_CELL UINT32_MAX

enum csv_time_unit { CSV_TIME_AUTO = 0, CSV_TIME_S, CSV_TIME_MS, CSV_TIME_US, CSV_TIME_NS };

struct csv_header_options {
	const char *map;		/* "cell:field, cell:field": fields whose cell has another name */
	const char *time;		/* cell of the time; "": "tov" if there is one */
	enum csv_time_unit time_unit;	/* auto: by the cell's unit, or its ending _s, _ms, _us, _ns */
};

struct csv_header {
	uint32_t *cells;		/* per column of the message: its cell, or CSV_NO_CELL (lists only) */
	uint32_t cell_count;
	uint32_t time_cell;		/* or CSV_NO_CELL */
	uint32_t time_digits;		/* of the unit: 9 for s, 0 for ns */
};

/* Match the row in @rows. Returns 0, -ENOMEM, or -EINVAL with @why: what is missing or wrong, and
 * what the file has. */
int csv_header_match(const struct csv_rows *rows, const struct csv_columns *columns,
		     const struct csv_header_options *options, struct csv_header *ret_header,
		     char *why, size_t why_bytes);
void csv_header_free(struct csv_header *header);

/* The row in @rows -> @message, zeroed before. Returns NULL, or what is wrong, with the cell's
 * index in @ret_cell. */
const char *csv_row_parse(const struct csv_rows *rows, const struct csv_columns *columns,
			  const struct csv_header *header, void *message, uint32_t *ret_cell);

/* "12.5", 9 -> 12500000000: a time in a unit of 10^@digits ns, cut to whole ns. False:
 * no time that fits. */
bool csv_time_parse(const char *text, uint32_t digits, uint64_t *ret_ns);

#endif
