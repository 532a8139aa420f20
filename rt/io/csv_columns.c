/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/csv_columns.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/io/csv_rows.h"

#define DEPTH_MAX 16u			/* the runtime lets types nest less deep */

struct size { uint32_t bytes, align; };

/* A struct that is walked through. */
struct frame {
	const struct takt_type *type;
	uint32_t field;
	uint32_t item;
	uint32_t begin_bytes;		/* of the struct in the message */
	uint32_t cursor_bytes;		/* behind the field before */
	uint32_t items_bytes;		/* where the field's items begin */
	uint32_t list;			/* that the struct lies in, and which item of it */
	uint32_t list_item;
	uint32_t own_list;		/* that the field is */
	size_t name_length;		/* of the prefix */
};

struct walk {
	struct frame frames[DEPTH_MAX];
	uint32_t depth;
	struct csv_columns *columns;
	uint32_t capacity;
	char name[CSV_NAME_BYTES];
};

static struct size item_size(const struct takt_field *field)
{
	static const uint8_t bytes[] = {
		[TAKT_SCALAR_BOOL] = 1, [TAKT_SCALAR_I8] = 1, [TAKT_SCALAR_I16] = 2, [TAKT_SCALAR_I32] = 4,
		[TAKT_SCALAR_I64] = 8, [TAKT_SCALAR_U8] = 1, [TAKT_SCALAR_U16] = 2, [TAKT_SCALAR_U32] = 4,
		[TAKT_SCALAR_U64] = 8, [TAKT_SCALAR_F32] = 4, [TAKT_SCALAR_F64] = 8,
		[TAKT_SCALAR_CHAR] = 1, [TAKT_SCALAR_ENUM] = 4,
	};

	if (field->of) {
		return (struct size){ field->of->bytes, field->of->align };
	}
	return (struct size){ bytes[field->scalar], bytes[field->scalar] };
}

static uint32_t aligned(uint32_t bytes, uint32_t align)
{
	return (bytes + align - 1) / align * align;
}

static int column_add(struct walk *walk, const struct takt_field *field, enum csv_kind kind,
		      uint32_t offset_bytes, uint32_t list, uint32_t item)
{
	struct csv_columns *columns = walk->columns;

	if (columns->count == CSV_CELLS_MAX) {
		return -E2BIG;
	}
	if (columns->count == walk->capacity) {
		const uint32_t capacity = walk->capacity ? walk->capacity * 2 : 16;
		struct csv_column *rows = realloc(columns->rows, capacity * sizeof(rows[0]));

		if (!rows) {
			return -ENOMEM;
		}
		columns->rows = rows;
		walk->capacity = capacity;
	}
	struct csv_column *column = &columns->rows[columns->count++];

	*column = (struct csv_column){ .field = field, .kind = kind, .offset_bytes = offset_bytes,
				       .list = list, .item = item };
	snprintf(column->name, sizeof(column->name), "%s", walk->name);
	return 0;
}

static void name_put(struct walk *walk, size_t length, const char *separator, const char *name)
{
	snprintf(walk->name + length, sizeof(walk->name) - length, "%s%s", separator, name);
}

/* Enter field frame->field: where its items lie, and a list's count. */
static int field_begin(struct walk *walk, struct frame *frame, const struct takt_field *field)
{
	const struct size item = item_size(field);
	uint32_t at = aligned(frame->cursor_bytes, item.align);

	name_put(walk, frame->name_length, frame->name_length ? "." : "", field->name);
	frame->own_list = CSV_NO_LIST;
	if (field->shape == TAKT_SHAPE_LIST) {
		const uint32_t align = item.align < 4 ? 4 : item.align;
		const size_t length = strlen(walk->name);
		int rc;

		at = aligned(frame->cursor_bytes, align);
		name_put(walk, length, ".", "count");
		rc = column_add(walk, field, CSV_COUNT, frame->begin_bytes + at, frame->list,
				frame->list_item);
		if (rc < 0) {
			return rc;
		}
		frame->own_list = walk->columns->count - 1;
		at += aligned(4, item.align);
		frame->items_bytes = at;
		frame->cursor_bytes = aligned(at + field->length * item.bytes, align);
		return 0;
	}
	frame->items_bytes = at;
	frame->cursor_bytes = at + field->length * item.bytes;
	return 0;
}

static int frame_push(struct walk *walk, const struct takt_type *type, uint32_t begin_bytes,
		      uint32_t list, uint32_t list_item)
{
	if (walk->depth == DEPTH_MAX) {
		return -E2BIG;
	}
	walk->frames[walk->depth++] = (struct frame){
		.type = type, .begin_bytes = begin_bytes, .list = list, .list_item = list_item,
		.name_length = walk->depth > 0 ? strlen(walk->name) : 0,
	};
	return 0;
}

/* The next item of the innermost struct. */
static int walk_step(struct walk *walk)
{
	struct frame *frame = &walk->frames[walk->depth - 1];
	const struct takt_field *field = &frame->type->fields[frame->field];
	const bool many = field->shape == TAKT_SHAPE_ARRAY || field->shape == TAKT_SHAPE_LIST;
	uint32_t list = frame->list, list_item = frame->list_item, offset_bytes;
	char index[16] = "";
	int rc;

	if (frame->item == 0) {
		rc = field_begin(walk, frame, field);
		if (rc < 0) {
			return rc;
		}
	}
	if (many) {
		snprintf(index, sizeof(index), "[%u]", frame->item);
	}
	name_put(walk, frame->name_length, frame->name_length ? "." : "", field->name);
	name_put(walk, strlen(walk->name), index, "");
	if (frame->own_list != CSV_NO_LIST) {
		list = frame->own_list;
		list_item = frame->item;
	}
	offset_bytes = frame->begin_bytes + frame->items_bytes + frame->item * item_size(field).bytes;
	if (++frame->item == (many ? field->length : 1)) {
		frame->item = 0;
		frame->field++;
	}
	return field->of ? frame_push(walk, field->of, offset_bytes, list, list_item) :
			   column_add(walk, field, CSV_VALUE, offset_bytes, list, list_item);
}

int csv_columns_make(const struct takt_type *type, struct csv_columns *ret_columns)
{
	struct walk walk = { .columns = ret_columns };
	int rc;

	*ret_columns = (struct csv_columns){ 0 };
	rc = frame_push(&walk, type, 0, CSV_NO_LIST, 0);
	while (rc == 0 && walk.depth > 0) {
		const struct frame *frame = &walk.frames[walk.depth - 1];

		if (frame->field == frame->type->field_count) {
			walk.depth--;
		} else {
			rc = walk_step(&walk);
		}
	}
	if (rc < 0) {
		csv_columns_free(ret_columns);
	}
	return rc;
}

void csv_columns_free(struct csv_columns *columns)
{
	free(columns->rows);
	*columns = (struct csv_columns){ 0 };
}

bool csv_column_is_present(const struct csv_columns *columns, uint32_t index, const void *message)
{
	const struct csv_column *column = &columns->rows[index];

	while (column->list != CSV_NO_LIST) {
		const struct csv_column *list = &columns->rows[column->list];
		uint32_t count;

		memcpy(&count, (const char *)message + list->offset_bytes, sizeof(count));
		if (column->item >= count) {
			return false;
		}
		column = list;
	}
	return true;
}

const char *csv_column_unit(const struct csv_column *column)
{
	const char *unit = column->field->unit;

	return column->kind == CSV_COUNT || strcmp(unit, "1") == 0 ? "" : unit;
}

/* --- text -> value --------------------------------------------------------------------------- */

static const char *trimmed(const char *text, char *out, size_t out_bytes)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
		length--;
	}
	if (length == 0 || length >= out_bytes) {
		return NULL;
	}
	memcpy(out, text, length);
	out[length] = '\0';
	return out;
}

static const char *signed_parse(const char *text, unsigned bits, void *at)
{
	char *end;
	int64_t value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (*end || end == text) {
		return "is no whole number";
	}
	if (errno == ERANGE || value > (int64_t)(INT64_MAX >> (64 - bits)) ||
	    value < (int64_t)(INT64_MIN >> (64 - bits))) {
		return "is too large or too small for its field";
	}
	memcpy(at, &value, bits / 8);	/* little end first, on all that takt is built for */
	return NULL;
}

static const char *unsigned_parse(const char *text, unsigned bits, void *at)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end || end == text) {
		return "is no whole number";
	}
	if (errno == ERANGE || text[0] == '-' || value > UINT64_MAX >> (64 - bits)) {
		return "is too large or too small for its field";
	}
	memcpy(at, &value, bits / 8);
	return NULL;
}

static const char *bool_parse(const char *text, bool *at)
{
	static const char *const no[] = { "false", "False", "FALSE", "0" };
	static const char *const yes[] = { "true", "True", "TRUE", "1" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*at = strcmp(text, yes[i]) == 0;
			return NULL;
		}
	}
	return "is neither true nor false";
}

static const char *float_parse(const struct takt_field *field, const char *text, void *at)
{
	const bool wide = field->scalar == TAKT_SCALAR_F64;
	char *end;
	double f64 = 0;
	float f32 = 0;

	if (wide) {
		f64 = strtod(text, &end);
		memcpy(at, &f64, sizeof(f64));
	} else {
		f32 = strtof(text, &end);
		memcpy(at, &f32, sizeof(f32));
	}
	if (*end || end == text) {
		return "is no number";
	}
	if ((wide ? isinf(f64) : isinf(f32)) && !strpbrk(text, "iI")) {
		return "is too large or too small for its field";
	}
	return NULL;
}

static const char *enum_parse(const struct takt_field *field, const char *text, int32_t *at)
{
	for (uint32_t i = 0; i < field->names->value_count; i++) {
		if (strcmp(field->names->values[i].name, text) == 0) {
			memcpy(at, &field->names->values[i].value, sizeof(*at));
			return NULL;
		}
	}
	return signed_parse(text, 32, at) ? "is none of the names of its field's enum" : NULL;
}

static const char *text_parse(const struct takt_field *field, const char *text, char *at)
{
	const size_t length = strlen(text);

	if (length >= field->length) {
		return "is too long for its field";
	}
	memset(at, 0, field->length);
	memcpy(at, text, length);
	return NULL;
}

static const char *count_parse(const struct takt_field *field, const char *text, uint32_t *at)
{
	uint32_t count = 0;
	const char *wrong = unsigned_parse(text, 32, &count);

	if (wrong || count > field->length) {
		return wrong ? wrong : "is more items than its list has";
	}
	memcpy(at, &count, sizeof(count));
	return NULL;
}

const char *csv_column_parse(const struct csv_column *column, const char *text, void *message)
{
	void *at = (char *)message + column->offset_bytes;
	char word[128];

	if (column->kind == CSV_VALUE && column->field->shape == TAKT_SHAPE_TEXT) {
		return text_parse(column->field, text, at);
	}
	if (column->kind == CSV_VALUE && column->field->scalar == TAKT_SCALAR_ENUM) {
		return text[0] ? enum_parse(column->field, text, at) : "is empty";
	}
	text = trimmed(text, word, sizeof(word));
	if (!text) {
		return "is empty, or far too long for a number";
	}
	if (column->kind == CSV_COUNT) {
		return count_parse(column->field, text, at);
	}
	switch (column->field->scalar) {
	case TAKT_SCALAR_BOOL:
		return bool_parse(text, at);
	case TAKT_SCALAR_I8:
	case TAKT_SCALAR_I16:
	case TAKT_SCALAR_I32:
	case TAKT_SCALAR_I64:
		return signed_parse(text, item_size(column->field).bytes * 8, at);
	case TAKT_SCALAR_F32:
	case TAKT_SCALAR_F64:
		return float_parse(column->field, text, at);
	default:
		return unsigned_parse(text, item_size(column->field).bytes * 8, at);
	}
}

/* --- value -> text --------------------------------------------------------------------------- */

static const char *float_format(double value, bool wide, char *out)
{
	for (int digits = wide ? 15 : 6; digits <= (wide ? 17 : 9); digits++) {
		snprintf(out, CSV_VALUE_BYTES, "%.*g", digits, value);
		if (wide ? strtod(out, NULL) == value : strtof(out, NULL) == (float)value) {
			return out;
		}
	}
	return isnan(value) ? "nan" : out;
}

static const char *integer_format(const struct takt_field *field, const void *at, char *out)
{
	const uint32_t bytes = item_size(field).bytes;
	const unsigned rest = 64 - bytes * 8;
	uint64_t bits = 0;

	memcpy(&bits, at, bytes);
	if (field->scalar <= TAKT_SCALAR_I64 || field->scalar == TAKT_SCALAR_ENUM) {
		snprintf(out, CSV_VALUE_BYTES, "%lld", (long long)((int64_t)(bits << rest) >> rest));
	} else {
		snprintf(out, CSV_VALUE_BYTES, "%llu", (unsigned long long)bits);
	}
	return out;
}

const char *csv_column_format(const struct csv_column *column, const void *message, char *buffer)
{
	const void *at = (const char *)message + column->offset_bytes;
	uint32_t count;
	int32_t value;
	double f64;
	float f32;

	if (column->kind == CSV_COUNT) {
		memcpy(&count, at, sizeof(count));
		snprintf(buffer, CSV_VALUE_BYTES, "%u", count);
		return buffer;
	}
	switch (column->field->scalar) {
	case TAKT_SCALAR_CHAR:
		return at;
	case TAKT_SCALAR_BOOL:
		return *(const uint8_t *)at ? "true" : "false";
	case TAKT_SCALAR_F32:
		memcpy(&f32, at, sizeof(f32));
		return float_format((double)f32, false, buffer);
	case TAKT_SCALAR_F64:
		memcpy(&f64, at, sizeof(f64));
		return float_format(f64, true, buffer);
	case TAKT_SCALAR_ENUM:
		memcpy(&value, at, sizeof(value));
		if (takt_enum_name_(column->field->names, value)[0] != '?') {
			return takt_enum_name_(column->field->names, value);
		}
		return integer_format(column->field, at, buffer);
	default:
		return integer_format(column->field, at, buffer);
	}
}
