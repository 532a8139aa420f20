/* SPDX-License-Identifier: Apache-2.0 */
/* A payload as text, by its layout. A payload is outside input: it may end early (a list at the end is
 * trimmed), counts may be too high, enums may have values without a name. What is not there is null.
 *
 * JSON: a struct is an object, an array or list (its valid items) an array, an enum its name or, without
 * one, its number; numbers and texts as rt/base/json.h says.
 * CSV: one column a leaf, named by its path, "imu.gyro[0]". A list has a column ".count" and one an item
 * that it may hold; cells behind the count are empty. A field that would take more than
 * TAKT_VALUE_COLUMNS_MAX columns is one column with JSON in it. */
#ifndef TAKT_MSG_VALUE_H
#define TAKT_MSG_VALUE_H

#include "rt/base/tags.h"
#include "rt/base/text_buffer.h"
#include "rt/msg/layout.h"

#define TAKT_VALUE_COLUMNS_MAX TAKT_LAYOUT_COLUMNS_MAX

/* Append @payload as JSON. Returns 0 or @out->error.  [bg] */
TAKT_BG int takt_value_to_json(const struct takt_layout *layout, const void *payload,
			       uint32_t payload_bytes, struct takt_text_buffer *out);

/* Append the names of all columns, each with @prefix before it, separated by commas; no line end. */
TAKT_BG int takt_value_csv_header(const struct takt_layout *layout, const char *prefix,
				  struct takt_text_buffer *out);

/* Append the cells of @payload (NULL: all empty) in the order of the header. */
TAKT_BG int takt_value_csv_row(const struct takt_layout *layout, const void *payload,
			       uint32_t payload_bytes, struct takt_text_buffer *out);

#endif
