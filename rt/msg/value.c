/* SPDX-License-Identifier: Apache-2.0 */
/* Functions here recur one level for each level of nesting: at most TAKT_TYPE_DEPTH_MAX, which a layout
 * guarantees. */
#include "rt/msg/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/json.h"

/* Names of all levels, each with an index. */
#define PATH_BYTES (TAKT_TYPE_DEPTH_MAX * (TAKT_TYPE_NAME_MAX + 16) + 256)

/* Some bytes of a payload: all that may be read of a value. */
struct span {
	const char *at;
	uint32_t bytes;
};

static struct span span_part(struct span span, uint64_t offset, uint32_t bytes)
{
	if (offset >= span.bytes) {
		return (struct span){ NULL, 0 };
	}
	return (struct span){ span.at + offset,
			      bytes < span.bytes - offset ? bytes : span.bytes - (uint32_t)offset };
}

/* Valid items of a list or array, as far as their bytes are there. */
static uint32_t item_count(const struct takt_field *field, const struct takt_field_place *place,
			   struct span span)
{
	uint32_t count = field->length;
	uint32_t held;

	if (field->shape == TAKT_SHAPE_LIST) {
		if (span.bytes < place->offset_bytes + sizeof(count)) {
			return 0;
		}
		memcpy(&count, span.at + place->offset_bytes, sizeof(count));
	}
	if (span.bytes <= place->items_offset_bytes) {
		return 0;
	}
	held = (span.bytes - place->items_offset_bytes) / place->item_bytes;
	count = count < field->length ? count : field->length;
	return count < held ? count : held;
}

static struct span item_span(const struct takt_field_place *place, struct span span, uint32_t index)
{
	return span_part(span, place->items_offset_bytes + (uint64_t)index * place->item_bytes,
			 place->item_bytes);
}

static const char *enum_name(const struct takt_enum *names, int32_t value)
{
	for (uint32_t i = 0; i < names->value_count; i++) {
		if (names->values[i].value == value) {
			return names->values[i].name;
		}
	}
	return NULL;
}

/* Whole number at @at, sign-extended; bool and unsigned ones too (u64 as its bits). */
static int64_t load_integer(uint16_t scalar, const char *at)
{
	union { int8_t i8; int16_t i16; int32_t i32; int64_t i64; uint8_t u8; uint16_t u16; uint32_t u32; } v;

	memset(&v, 0, sizeof(v));
	switch ((enum takt_scalar)scalar) {
	case TAKT_SCALAR_BOOL:
	case TAKT_SCALAR_U8:
	case TAKT_SCALAR_CHAR:
		memcpy(&v.u8, at, 1);
		return v.u8;
	case TAKT_SCALAR_I8:
		memcpy(&v.i8, at, 1);
		return v.i8;
	case TAKT_SCALAR_I16:
		memcpy(&v.i16, at, 2);
		return v.i16;
	case TAKT_SCALAR_U16:
		memcpy(&v.u16, at, 2);
		return v.u16;
	case TAKT_SCALAR_I32:
	case TAKT_SCALAR_ENUM:
		memcpy(&v.i32, at, 4);
		return v.i32;
	case TAKT_SCALAR_U32:
		memcpy(&v.u32, at, 4);
		return v.u32;
	case TAKT_SCALAR_I64:
	case TAKT_SCALAR_U64:
		memcpy(&v.i64, at, 8);
		return v.i64;
	case TAKT_SCALAR_F32:
	case TAKT_SCALAR_F64:
	case TAKT_SCALAR_STRUCT:
		break;
	}
	return 0;
}

static void put_float(uint16_t scalar, const char *at, bool json, struct takt_text_buffer *out)
{
	float f32;
	double f64;

	if (scalar == TAKT_SCALAR_F32) {
		memcpy(&f32, at, sizeof(f32));
		json ? takt_json_put_f32(out, f32) : takt_csv_put_f32(out, f32);
	} else {
		memcpy(&f64, at, sizeof(f64));
		json ? takt_json_put_f64(out, f64) : takt_csv_put_f64(out, f64);
	}
}

static void put_enum(const struct takt_field *field, int32_t value, bool json,
		     struct takt_text_buffer *out)
{
	const char *name = enum_name(field->names, value);

	if (!name) {
		takt_text_buffer_printf(out, "%" PRId32, value);
	} else if (json) {
		takt_json_puts(out, name);
	} else {
		takt_csv_puts(out, name);
	}
}

/* One number, bool or enum whose bytes are all there. */
static void put_scalar(const struct takt_field *field, const char *at, bool json,
		       struct takt_text_buffer *out)
{
	const int64_t integer = load_integer(field->scalar, at);

	if (field->scalar == TAKT_SCALAR_F32 || field->scalar == TAKT_SCALAR_F64) {
		put_float(field->scalar, at, json, out);
	} else if (field->scalar == TAKT_SCALAR_ENUM) {
		put_enum(field, (int32_t)integer, json, out);
	} else if (field->scalar == TAKT_SCALAR_BOOL) {
		takt_text_buffer_puts(out, integer ? "true" : "false");
	} else if (field->scalar == TAKT_SCALAR_U64) {
		json ? takt_json_put_u64(out, (uint64_t)integer)
		     : takt_text_buffer_printf(out, "%" PRIu64, (uint64_t)integer);
	} else {
		json ? takt_json_put_i64(out, integer)
		     : takt_text_buffer_printf(out, "%" PRId64, integer);
	}
}

/* --- JSON ------------------------------------------------------------------------------------------ */

static void struct_to_json(const struct takt_layout *layout, struct span span,
			   struct takt_text_buffer *out);

static void item_to_json(const struct takt_field *field, const struct takt_field_place *place,
			 struct span item, struct takt_text_buffer *out)
{
	if (place->nested && item.bytes > 0) {
		struct_to_json(place->nested, item, out);
	} else if (!place->nested && item.bytes == place->item_bytes) {
		put_scalar(field, item.at, true, out);
	} else {
		takt_text_buffer_puts(out, "null");
	}
}

static void field_to_json(const struct takt_field *field, const struct takt_field_place *place,
			  struct span span, struct takt_text_buffer *out)
{
	struct span text;
	uint32_t count;

	if (field->shape == TAKT_SHAPE_ONE) {
		item_to_json(field, place, item_span(place, span, 0), out);
		return;
	}
	if (field->shape == TAKT_SHAPE_TEXT) {
		text = span_part(span, place->offset_bytes, field->length);
		takt_json_put_text(out, text.at, text.bytes ? strnlen(text.at, text.bytes) : 0);
		return;
	}
	count = item_count(field, place, span);
	takt_text_buffer_puts(out, "[");
	for (uint32_t i = 0; i < count && out->error == 0; i++) {
		takt_text_buffer_puts(out, i ? "," : "");
		item_to_json(field, place, item_span(place, span, i), out);
	}
	takt_text_buffer_puts(out, "]");
}

static void struct_to_json(const struct takt_layout *layout, struct span span,
			   struct takt_text_buffer *out)
{
	takt_text_buffer_puts(out, "{");
	for (uint32_t i = 0; i < layout->field_count && out->error == 0; i++) {
		const struct takt_field *field = &layout->type->fields[i];

		takt_text_buffer_puts(out, i ? "," : "");
		takt_json_puts(out, field->name);
		takt_text_buffer_puts(out, ":");
		field_to_json(field, &layout->places[i], span, out);
	}
	takt_text_buffer_puts(out, "}");
}

int takt_value_to_json(const struct takt_layout *layout, const void *payload, uint32_t payload_bytes,
		       struct takt_text_buffer *out)
{
	struct_to_json(layout, (struct span){ payload, payload_bytes }, out);
	return out->error;
}

/* --- CSV ------------------------------------------------------------------------------------------- */

/* Where the walk over the columns is; the header and the rows walk alike. The path is kept for the
 * header only. */
struct columns {
	struct takt_text_buffer *out;
	struct takt_text_buffer path;	/* in memory that holds the longest */
	bool header;
	bool any;			/* a column stands before */
};

/* Add to the path, in the header: in a row nobody reads it. */
static void path_put(struct columns *columns, const char *text)
{
	if (columns->header) {
		takt_text_buffer_puts(&columns->path, text);
	}
}

/* Cut the path back to @used bytes. */
static void path_cut(struct columns *columns, size_t used)
{
	if (columns->path.text) {	/* NULL: no memory, said at the end */
		columns->path.used = used;
		columns->path.text[used] = '\0';
	}
}

static void separate(struct columns *columns)
{
	takt_text_buffer_puts(columns->out, columns->any ? "," : "");
	columns->any = true;
}

/* The next column, of one leaf: its name in the header; in a row nothing yet. Returns true in a row. */
static bool begin_column(struct columns *columns, const char *end)
{
	separate(columns);
	if (columns->header) {
		takt_csv_put_text(columns->out, columns->path.text, columns->path.used);
		takt_text_buffer_puts(columns->out, end);
	}
	return !columns->header;
}

static void struct_to_columns(struct columns *columns, const struct takt_layout *layout,
			      struct span span);

static void item_to_columns(struct columns *columns, const struct takt_field *field,
			    const struct takt_field_place *place, struct span item)
{
	const size_t used = columns->path.used;

	if (place->nested) {
		path_put(columns, ".");
		struct_to_columns(columns, place->nested, item);
		path_cut(columns, used);
	} else if (begin_column(columns, "") && item.bytes == place->item_bytes) {
		put_scalar(field, item.at, false, columns->out);
	}
}

/* A text, or JSON of a field with too many columns. */
static void whole_to_column(struct columns *columns, const struct takt_field *field,
			    const struct takt_field_place *place, struct span span)
{
	struct takt_text_buffer json;
	struct span text;

	if (!begin_column(columns, "") || span.bytes <= place->offset_bytes) {
		return;
	}
	if (field->shape == TAKT_SHAPE_TEXT) {
		text = span_part(span, place->offset_bytes, field->length);
		takt_csv_put_text(columns->out, text.at, strnlen(text.at, text.bytes));
		return;
	}
	takt_text_buffer_init(&json, columns->out->limit);
	field_to_json(field, place, span, &json);
	if (json.error < 0 && columns->out->error == 0) {
		columns->out->error = json.error;
	}
	if (json.text) {
		takt_csv_put_text(columns->out, json.text, json.used);
	}
	takt_text_buffer_fini(&json);
}

static void items_to_columns(struct columns *columns, const struct takt_field *field,
			     const struct takt_field_place *place, struct span span)
{
	const uint32_t count = item_count(field, place, span);
	const struct span none = { NULL, 0 };
	const size_t used = columns->path.used;

	if (field->shape == TAKT_SHAPE_LIST && begin_column(columns, ".count") &&
	    span.bytes > place->offset_bytes) {
		takt_text_buffer_printf(columns->out, "%" PRIu32, count);
	}
	for (uint32_t i = 0; i < field->length && columns->out->error == 0; i++) {
		if (columns->header) {
			takt_text_buffer_printf(&columns->path, "[%" PRIu32 "]", i);
		}
		item_to_columns(columns, field, place, i < count ? item_span(place, span, i) : none);
		path_cut(columns, used);
	}
}

static void struct_to_columns(struct columns *columns, const struct takt_layout *layout,
			      struct span span)
{
	const size_t used = columns->path.used;

	for (uint32_t i = 0; i < layout->field_count && columns->out->error == 0; i++) {
		const struct takt_field *field = &layout->type->fields[i];
		const struct takt_field_place *place = &layout->places[i];

		path_put(columns, field->name);
		if (field->shape == TAKT_SHAPE_TEXT || place->columns == 0) {
			whole_to_column(columns, field, place, span);
		} else if (field->shape == TAKT_SHAPE_ONE) {
			item_to_columns(columns, field, place, item_span(place, span, 0));
		} else {
			items_to_columns(columns, field, place, span);
		}
		path_cut(columns, used);
	}
}

int takt_value_csv_header(const struct takt_layout *layout, const char *prefix,
			  struct takt_text_buffer *out)
{
	struct columns columns = { .out = out, .header = true };

	takt_text_buffer_init(&columns.path, PATH_BYTES + strlen(prefix));
	takt_text_buffer_puts(&columns.path, prefix);
	struct_to_columns(&columns, layout, (struct span){ NULL, 0 });
	if (columns.path.error < 0 && out->error == 0) {
		out->error = columns.path.error;
	}
	takt_text_buffer_fini(&columns.path);
	return out->error;
}

int takt_value_csv_row(const struct takt_layout *layout, const void *payload, uint32_t payload_bytes,
		       struct takt_text_buffer *out)
{
	struct columns columns = { .out = out };

	struct_to_columns(&columns, layout, (struct span){ payload, payload ? payload_bytes : 0 });
	return out->error;
}
