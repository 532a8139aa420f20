/* SPDX-License-Identifier: Apache-2.0 */
/* Recursion is as deep as types are nested: takt_layout_create bounds that. What comes in steers
 * nothing but comparisons: the layout says what must come. */
#include "pyhost/frame/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEAD_BYTES_MAX 9u		/* of an item */
#define PATH_BYTES 256u

static const struct range {
	int64_t min;
	uint64_t max;
	const char *name;
} ranges[] = {
	[TAKT_SCALAR_I8] = { INT8_MIN, INT8_MAX, "i8" },
	[TAKT_SCALAR_I16] = { INT16_MIN, INT16_MAX, "i16" },
	[TAKT_SCALAR_I32] = { INT32_MIN, INT32_MAX, "i32" },
	[TAKT_SCALAR_I64] = { INT64_MIN, INT64_MAX, "i64" },
	[TAKT_SCALAR_U8] = { 0, UINT8_MAX, "u8" },
	[TAKT_SCALAR_U16] = { 0, UINT16_MAX, "u16" },
	[TAKT_SCALAR_U32] = { 0, UINT32_MAX, "u32" },
	[TAKT_SCALAR_U64] = { 0, UINT64_MAX, "u64" },
	[TAKT_SCALAR_ENUM] = { INT32_MIN, INT32_MAX, "enum" },
};

static bool is_number(uint32_t scalar)
{
	return scalar >= TAKT_SCALAR_BOOL && scalar <= TAKT_SCALAR_F64;
}

/* --- sizes ----------------------------------------------------------------------------------- */

uint64_t takt_codec_bytes_max(const struct takt_layout *layout)
{
	uint64_t bytes = HEAD_BYTES_MAX;

	for (uint32_t i = 0; i < layout->field_count; i++) {
		const struct takt_field *field = &layout->type->fields[i];
		const struct takt_field_place *place = &layout->places[i];
		const uint64_t item = place->nested ? takt_codec_bytes_max(place->nested)
			: place->item_bytes;

		if (is_number(field->scalar) || field->scalar == TAKT_SCALAR_CHAR) {
			bytes += HEAD_BYTES_MAX + item * field->length;
		} else {
			bytes += HEAD_BYTES_MAX + (item + HEAD_BYTES_MAX) * field->length;
		}
	}
	return bytes;
}

/* --- encoding -------------------------------------------------------------------------------- */

static int64_t load_signed(const void *from, uint32_t bytes)
{
	int64_t value = 0;

	memcpy(&value, from, bytes);
	return (int64_t)((uint64_t)value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

static uint64_t load_unsigned(const void *from, uint32_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, from, bytes);
	return value;
}

static void put_float(struct takt_cbor_writer *writer, const void *from, bool is_double)
{
	double wide;
	float narrow;

	if (is_double) {
		memcpy(&wide, from, sizeof(wide));
		takt_cbor_put_f64(writer, wide);
	} else {
		memcpy(&narrow, from, sizeof(narrow));
		takt_cbor_put_f32(writer, narrow);
	}
}

static void put_item(struct takt_cbor_writer *writer, uint32_t scalar,
		     const struct takt_field_place *place,
		     const void *from)
{
	switch ((enum takt_scalar)scalar) {
	case TAKT_SCALAR_BOOL:
		takt_cbor_put_bool(writer, load_unsigned(from, 1) != 0);
		break;
	case TAKT_SCALAR_I8:
	case TAKT_SCALAR_I16:
	case TAKT_SCALAR_I32:
	case TAKT_SCALAR_I64:
	case TAKT_SCALAR_ENUM:
		takt_cbor_put_int(writer, load_signed(from, place->item_bytes));
		break;
	case TAKT_SCALAR_F32:
	case TAKT_SCALAR_F64:
		put_float(writer, from, scalar == TAKT_SCALAR_F64);
		break;
	case TAKT_SCALAR_STRUCT:
		takt_codec_encode(writer, place->nested, from);
		break;
	default:
		takt_cbor_put_uint(writer, load_unsigned(from, place->item_bytes));
		break;
	}
}

static void put_field(struct takt_cbor_writer *writer, const struct takt_field *field,
		      const struct takt_field_place *place, const char *from)
{
	const char *items = from + place->items_offset_bytes;
	uint32_t count = field->length;

	if (field->shape == TAKT_SHAPE_TEXT) {
		takt_cbor_put_bytes(writer, items, strnlen(items, count));
		return;
	}
	if (field->shape == TAKT_SHAPE_ONE) {
		put_item(writer, field->scalar, place, items);
		return;
	}
	if (field->shape == TAKT_SHAPE_LIST) {
		memcpy(&count, from + place->offset_bytes, sizeof(count));
		count = count > field->length ? field->length : count;
	}
	if (is_number(field->scalar)) {
		takt_cbor_put_bytes(writer, items, (size_t)count * place->item_bytes);
		return;
	}
	takt_cbor_put_array(writer, count);
	for (uint32_t i = 0; i < count; i++) {
		put_item(writer, field->scalar, place, items + (size_t)i * place->item_bytes);
	}
}

void takt_codec_encode(struct takt_cbor_writer *writer, const struct takt_layout *layout,
		       const void *payload)
{
	takt_cbor_put_array(writer, layout->field_count);
	for (uint32_t i = 0; i < layout->field_count; i++) {
		put_field(writer, &layout->type->fields[i], &layout->places[i], payload);
	}
}

/* --- decoding -------------------------------------------------------------------------------- */

struct decoder {
	struct takt_cbor_reader *reader;
	struct takt_err *err;
	struct {
		const char *name;
		int64_t index;		/* -1: none */
	} path[TAKT_TYPE_DEPTH_MAX + 2];
	uint32_t depth;
};

static void format_path(const struct decoder *d, char *out)
{
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < d->depth && n < PATH_BYTES; i++) {
		n += (size_t)snprintf(out + n, PATH_BYTES - n, i ? ".%s" : "%s", d->path[i].name);
		if (d->path[i].index >= 0 && n < PATH_BYTES) {
			n += (size_t)snprintf(out + n, PATH_BYTES - n, "[%" PRIi64 "]",
					      d->path[i].index);
		}
	}
}

__attribute__((format(printf, 3, 4)))
static int fail(const struct decoder *d, int code, const char *format, ...)
{
	char path[PATH_BYTES], text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	format_path(d, path);
	return takt_err_set(d->err, code, "%s: %s", path, text);
}

static const char *kind_name(enum takt_cbor_kind kind)
{
	static const char *const names[] = {
		[TAKT_CBOR_UINT] = "an integer", [TAKT_CBOR_NEGATIVE] = "a negative integer",
		[TAKT_CBOR_TEXT] = "a text", [TAKT_CBOR_BYTES] = "bytes",
		[TAKT_CBOR_ARRAY] = "an array",
		[TAKT_CBOR_MAP] = "a map", [TAKT_CBOR_TAG] = "a tag", [TAKT_CBOR_BOOL] = "a bool",
		[TAKT_CBOR_FLOAT] = "a float", [TAKT_CBOR_NULL] = "nothing",
		[TAKT_CBOR_REFUSED] = "nonsense",
	};

	return names[kind];
}

static int next(const struct decoder *d, struct takt_cbor_token *ret_token)
{
	const int r = takt_cbor_next(d->reader, ret_token);

	return r < 0 ? fail(d, r, "the frame ends here, or is no CBOR") : 0;
}

static int unexpected(const struct decoder *d, const char *expected,
		      const struct takt_cbor_token *token)
{
	return fail(d, -EBADMSG, "expected %s, found %s", expected, kind_name(token->kind));
}

/* An integer into @to, which has the width that @scalar says. */
static int take_integer(const struct decoder *d, uint32_t scalar, uint32_t bytes, void *to)
{
	const struct range *range = &ranges[scalar];
	struct takt_cbor_token token;
	uint64_t value;
	int r = next(d, &token);

	if (r < 0) {
		return r;
	}
	if (token.kind != TAKT_CBOR_UINT && token.kind != TAKT_CBOR_NEGATIVE) {
		return unexpected(d, "an integer", &token);
	}
	if (token.kind == TAKT_CBOR_UINT && token.value > range->max) {
		return fail(d, -ERANGE, "%" PRIu64 " is more than an %s holds", token.value,
			    range->name);
	}
	if (token.kind == TAKT_CBOR_NEGATIVE && (range->min == 0 ||
						 token.value > (uint64_t)(-1 - range->min))) {
		return fail(d, -ERANGE, "-1 - %" PRIu64 " is less than an %s holds", token.value,
			    range->name);
	}
	value = token.kind == TAKT_CBOR_UINT ? token.value : ~token.value;
	memcpy(to, &value, bytes);
	return 0;
}

static int check_enum(const struct decoder *d, const struct takt_enum *names, const void *at)
{
	int32_t value;

	memcpy(&value, at, sizeof(value));
	for (uint32_t i = 0; i < names->value_count; i++) {
		if (names->values[i].value == value) {
			return 0;
		}
	}
	return fail(d, -ERANGE, "%" PRIi32 " is no value of enum %s", value, names->name);
}

static int take_float(const struct decoder *d, bool is_double, void *to)
{
	struct takt_cbor_token token;
	double value;
	float narrow;
	int r = next(d, &token);

	if (r < 0) {
		return r;
	}
	switch (token.kind) {
	case TAKT_CBOR_FLOAT:
		value = token.real;
		break;
	case TAKT_CBOR_UINT:
		value = (double)token.value;
		break;
	case TAKT_CBOR_NEGATIVE:
		value = -1 - (double)token.value;
		break;
	default:
		return unexpected(d, "a number", &token);
	}
	if (is_double) {
		memcpy(to, &value, sizeof(value));
		return 0;
	}
	narrow = (float)value;
	if (isinf(narrow) && !isinf(value)) {
		return fail(d, -ERANGE, "%g is more than an f32 holds", value);
	}
	memcpy(to, &narrow, sizeof(narrow));
	return 0;
}

static int take_bool(const struct decoder *d, unsigned char *to)
{
	struct takt_cbor_token token;
	int r = next(d, &token);

	if (r == 0 && token.kind != TAKT_CBOR_BOOL) {
		r = unexpected(d, "a bool", &token);
	}
	if (r == 0) {
		*to = (unsigned char)token.value;
	}
	return r;
}

static int take_struct(struct decoder *d, const struct takt_layout *layout, char *to);

static int take_item(struct decoder *d, const struct takt_field *field,
		     const struct takt_field_place *place,
		     char *to)
{
	int r;

	switch ((enum takt_scalar)field->scalar) {
	case TAKT_SCALAR_BOOL:
		return take_bool(d, (unsigned char *)to);
	case TAKT_SCALAR_F32:
	case TAKT_SCALAR_F64:
		return take_float(d, field->scalar == TAKT_SCALAR_F64, to);
	case TAKT_SCALAR_STRUCT:
		return take_struct(d, place->nested, to);
	default:
		r = take_integer(d, field->scalar, place->item_bytes, to);
		return r == 0 && field->names ? check_enum(d, field->names, to) : r;
	}
}

static int take_text(const struct decoder *d, const struct takt_field *field, char *to)
{
	struct takt_cbor_token token;
	int r = next(d, &token);

	if (r < 0) {
		return r;
	}
	if (token.kind != TAKT_CBOR_BYTES && token.kind != TAKT_CBOR_TEXT) {
		return unexpected(d, "a text", &token);
	}
	if (token.value >= field->length) {
		return fail(d, -ERANGE, "%" PRIu64 " bytes are more than a text(%u) holds",
			    token.value,
			    field->length);
	}
	if (token.value > 0 && memchr(token.text, '\0', token.value)) {
		return fail(d, -ERANGE, "a text has no NUL");
	}
	if (token.value > 0) {
		memcpy(to, token.text, token.value);
	}
	return 0;
}

static int check_count(const struct decoder *d, const struct takt_field *field, uint64_t count)
{
	if (count > field->length || (field->shape == TAKT_SHAPE_ARRAY && count != field->length)) {
		return fail(d, -ERANGE, "%" PRIu64 " items, %s %u", count,
			    field->shape == TAKT_SHAPE_ARRAY ? "must be" : "at most",
			    field->length);
	}
	return 0;
}

/* Numbers that lie one behind the other. */
static int take_numbers(const struct decoder *d, const struct takt_field *field,
			const struct takt_field_place *place, char *items, uint32_t *ret_count)
{
	struct takt_cbor_token token;
	int r = next(d, &token);

	if (r < 0) {
		return r;
	}
	if (token.kind != TAKT_CBOR_BYTES) {
		return unexpected(d, "items as bytes", &token);
	}
	if (token.value % place->item_bytes != 0) {
		return fail(d, -EBADMSG, "%" PRIu64 " bytes are no whole number of items",
			    token.value);
	}
	r = check_count(d, field, token.value / place->item_bytes);
	if (r < 0) {
		return r;
	}
	for (uint64_t i = 0; field->scalar == TAKT_SCALAR_BOOL && i < token.value; i++) {
		if ((unsigned char)token.text[i] > 1) {
			return fail(d, -ERANGE, "item %" PRIu64 " is no bool", i);
		}
	}
	if (token.value > 0) {
		memcpy(items, token.text, token.value);
	}
	*ret_count = (uint32_t)(token.value / place->item_bytes);
	return 0;
}

static int take_items(struct decoder *d, const struct takt_field *field,
		      const struct takt_field_place *place,
		      char *items, uint32_t *ret_count)
{
	struct takt_cbor_token token;
	int r = next(d, &token);

	if (r == 0 && token.kind != TAKT_CBOR_ARRAY) {
		r = unexpected(d, "an array", &token);
	}
	if (r == 0) {
		r = check_count(d, field, token.value);
	}
	for (uint64_t i = 0; r == 0 && i < token.value; i++) {
		d->path[d->depth - 1].index = (int64_t)i;
		r = take_item(d, field, place, items + i * place->item_bytes);
	}
	*ret_count = (uint32_t)token.value;
	return r;
}

static int take_field(struct decoder *d, const struct takt_field *field,
		      const struct takt_field_place *place,
		      char *to)
{
	char *items = to + place->items_offset_bytes;
	uint32_t count = 0;
	int r;

	if (field->shape == TAKT_SHAPE_TEXT) {
		return take_text(d, field, items);
	}
	if (field->shape == TAKT_SHAPE_ONE) {
		return take_item(d, field, place, items);
	}
	r = is_number(field->scalar) ? take_numbers(d, field, place, items, &count)
				     : take_items(d, field, place, items, &count);
	if (r == 0 && field->shape == TAKT_SHAPE_LIST) {
		memcpy(to + place->offset_bytes, &count, sizeof(count));
	}
	return r;
}

static int take_struct(struct decoder *d, const struct takt_layout *layout, char *to)
{
	struct takt_cbor_token token;
	int r = next(d, &token);

	if (r < 0) {
		return r;
	}
	if (token.kind != TAKT_CBOR_ARRAY || token.value != layout->field_count) {
		return fail(d, -EBADMSG, "expected the %u fields of %s", layout->field_count,
			    layout->type->name);
	}
	d->depth++;
	for (uint32_t i = 0; r == 0 && i < layout->field_count; i++) {
		d->path[d->depth - 1].name = layout->type->fields[i].name;
		d->path[d->depth - 1].index = -1;
		r = take_field(d, &layout->type->fields[i], &layout->places[i], to);
	}
	d->depth -= r == 0;		/* else the path is in the error */
	return r;
}

int takt_codec_decode(struct takt_cbor_reader *reader, const struct takt_layout *layout,
		      const char *what,
		      void *payload, uint32_t *ret_bytes, struct takt_err *err)
{
	struct decoder d = { .reader = reader, .err = err, .path = { { what, -1 } }, .depth = 1 };
	int r;

	memset(payload, 0, layout->bytes);
	r = take_struct(&d, layout, payload);
	if (r == 0) {
		*ret_bytes = takt_layout_used_bytes(layout, payload);
	}
	return r;
}
