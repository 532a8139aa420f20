/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/param_value.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/quantity.h"
#include "rt/config/nearest.h"
#include "rt/base/json.h"

#define LITERAL_BYTES 4096u
#define EXACT_MAX 9007199254740992.0	/* 2^53: up to here a double holds every whole number */

/* A number in the widest form of its family. */
struct number {
	__int128 whole;
	double real;
};

static const struct {
	uint32_t bytes;
	bool real;
	int64_t low;
	uint64_t high;
} kinds[] = {
	[TAKT_SCALAR_BOOL] = { 1, false, 0, 1 },
	[TAKT_SCALAR_I8] = { 1, false, INT8_MIN, INT8_MAX },
	[TAKT_SCALAR_I16] = { 2, false, INT16_MIN, INT16_MAX },
	[TAKT_SCALAR_I32] = { 4, false, INT32_MIN, INT32_MAX },
	[TAKT_SCALAR_I64] = { 8, false, INT64_MIN, INT64_MAX },
	[TAKT_SCALAR_U8] = { 1, false, 0, UINT8_MAX },
	[TAKT_SCALAR_U16] = { 2, false, 0, UINT16_MAX },
	[TAKT_SCALAR_U32] = { 4, false, 0, UINT32_MAX },
	[TAKT_SCALAR_U64] = { 8, false, 0, UINT64_MAX },
	[TAKT_SCALAR_F32] = { 4, true, 0, 0 },
	[TAKT_SCALAR_F64] = { 8, true, 0, 0 },
	[TAKT_SCALAR_CHAR] = { 1, false, 0, 0 },
	[TAKT_SCALAR_ENUM] = { 4, false, INT32_MIN, INT32_MAX },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

uint32_t takt_param_item_bytes(const struct takt_field *field)
{
	return field->scalar < KIND_COUNT ? kinds[field->scalar].bytes : 0;
}

bool takt_param_has_unit(const struct takt_field *field)
{
	return field->scalar != TAKT_SCALAR_BOOL && field->scalar != TAKT_SCALAR_ENUM &&
	       field->scalar != TAKT_SCALAR_CHAR && field->unit[0] && strcmp(field->unit, "1") != 0;
}

bool takt_param_is_path(const struct takt_field *field)
{
	return field->shape == TAKT_SHAPE_TEXT && strcmp(field->unit, "path") == 0;
}

/* "12", "-0x1f": a whole number and nothing else. */
static int whole_parse(const char *text, __int128 *ret_whole)
{
	const bool minus = *text == '-';
	const char *digits = text + (minus || *text == '+');
	const bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	unsigned long long magnitude;
	char *end;

	digits += hex ? 2 : 0;
	if (strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits) ||
	    !*digits) {
		return -EINVAL;
	}
	errno = 0;
	magnitude = strtoull(digits, &end, hex ? 16 : 10);
	if (errno != 0) {
		return -ERANGE;
	}
	*ret_whole = minus ? -(__int128)magnitude : (__int128)magnitude;
	return 0;
}

/* Write @number as @field's scalar. */
static void store(const struct takt_field *field, const struct number *number, void *at)
{
	const float narrow = (float)number->real;
	const uint64_t bits = (uint64_t)number->whole;	/* little-endian: low bytes first */

	if (field->scalar == TAKT_SCALAR_F64) {
		memcpy(at, &number->real, sizeof(number->real));
	} else if (field->scalar == TAKT_SCALAR_F32) {
		memcpy(at, &narrow, sizeof(narrow));
	} else {
		memcpy(at, &bits, kinds[field->scalar].bytes);
	}
}

static void load(const struct takt_field *field, const void *at, struct number *number)
{
	const uint32_t bytes = kinds[field->scalar].bytes;
	uint64_t bits = 0;
	float narrow;

	if (field->scalar == TAKT_SCALAR_F64) {
		memcpy(&number->real, at, sizeof(number->real));
	} else if (field->scalar == TAKT_SCALAR_F32) {
		memcpy(&narrow, at, sizeof(narrow));
		number->real = (double)narrow;
	} else {
		memcpy(&bits, at, bytes);
		number->whole = bits;
		if (kinds[field->scalar].low < 0 && bits >> (8 * bytes - 1)) {
			number->whole -= (__int128)1 << (8 * bytes);
		}
	}
}

/* A bare number of @field's family. */
static int bare_parse(const struct takt_field *field, const char *text, struct number *number,
		      struct takt_err *err)
{
	struct takt_err why = { 0 };

	if (kinds[field->scalar].real) {
		if (takt_quantity_parse(text, "", &number->real, &why) < 0) {
			return takt_err_set(err, -EINVAL, "`%.60s` is no number", text);
		}
		return 0;
	}
	if (whole_parse(text, &number->whole) == -EINVAL) {
		return takt_err_set(err, -EINVAL, "`%.60s` is no whole number", text);
	}
	if (whole_parse(text, &number->whole) < 0 || number->whole < kinds[field->scalar].low ||
	    number->whole > (__int128)kinds[field->scalar].high) {
		return takt_err_set(err, -EINVAL, "`%.60s` is out of range; give %" PRId64 " to "
				    "%" PRIu64,
				    text, kinds[field->scalar].low, kinds[field->scalar].high);
	}
	return 0;
}

/* A number with @field's unit. */
static int quantity_parse(const struct takt_field *field, const char *text, struct number *number,
			  struct takt_err *err)
{
	struct takt_err why = { 0 };
	double low, high;

	if (takt_quantity_parse(text, field->unit, &number->real, &why) < 0) {
		return takt_err_set(err, -EINVAL, "%s", why.text);
	}
	if (kinds[field->scalar].real) {
		return 0;
	}
	low = (double)kinds[field->scalar].low < -EXACT_MAX ? -EXACT_MAX :
	      (double)kinds[field->scalar].low;
	high = (double)kinds[field->scalar].high > EXACT_MAX ? EXACT_MAX :
	       (double)kinds[field->scalar].high;
	if (number->real < low || number->real > high ||
	    number->real != (double)(int64_t)number->real) {
		return takt_err_set(err, -EINVAL, "`%.60s` is no whole number of %s from %.0f to "
				    "%.0f",
				    text, field->unit, low, high);
	}
	number->whole = (__int128)number->real;
	return 0;
}

/* Cut brackets around, and u, l or f behind a number in C. @copy: LITERAL_BYTES. */
static const char *literal_number(const char *text, char *copy)
{
	size_t length = strlen(text);

	if (length >= LITERAL_BYTES) {
		return text;
	}
	if (length > 2 && text[0] == '(' && text[length - 1] == ')') {
		text++;
		length -= 2;
	}
	memcpy(copy, text, length);
	copy[length] = 0;
	if (strncmp(copy, "0x", 2) == 0 || strncmp(copy, "0X", 2) == 0) {
		while (length > 1 && strchr("uUlL", copy[length - 1])) {
			copy[--length] = 0;
		}
	} else {
		while (length > 1 && strchr("uUlLfF", copy[length - 1])) {
			copy[--length] = 0;
		}
	}
	return copy;
}

static int number_parse(const struct takt_field *field, enum takt_param_source source,
			const char *text, struct number *number, struct takt_err *err)
{
	char copy[LITERAL_BYTES];

	*number = (struct number){ 0, 0 };
	if (source == TAKT_PARAM_LITERAL) {
		return bare_parse(field, literal_number(text, copy), number, err);
	}
	if (takt_param_has_unit(field)) {
		return quantity_parse(field, text, number, err);
	}
	if (source == TAKT_PARAM_QUOTED) {
		return takt_err_set(err, -EINVAL, "a text in quotes; write %.60s without", text);
	}
	return bare_parse(field, text, number, err);
}

static int bounds_check(const struct takt_param *param, const char *text,
			const struct number *number, struct takt_err *err)
{
	const struct takt_field *field = &param->field;
	const bool real = kinds[field->scalar].real;
	const char *unit = takt_param_has_unit(field) ? field->unit : "";
	const char *gap = takt_quantity_gap(unit);
	struct number low = { 0 }, high = { 0 };
	bool bad = false;
	int rc = 0;

	if (field->scalar == TAKT_SCALAR_F32 &&
	    (number->real > (double)FLT_MAX || number->real < -(double)FLT_MAX)) {
		return takt_err_set(err, -EINVAL, "`%.60s` does not fit into f32", text);
	}
	if (param->min_text[0]) {
		rc = number_parse(field, TAKT_PARAM_LITERAL, param->min_text, &low, err);
		bad = real ? number->real < low.real : number->whole < low.whole;
	}
	if (rc == 0 && param->max_text[0]) {
		rc = number_parse(field, TAKT_PARAM_LITERAL, param->max_text, &high, err);
		bad = bad || (real ? number->real > high.real : number->whole > high.whole);
	}
	if (rc == 0 && bad) {
		return takt_err_set(err, -EINVAL, "`%.60s` is out of range; give %s%s%s%s%s%s%s", text,
				    param->min_text[0] ? param->min_text : "at most ",
				    param->min_text[0] ? gap : "", param->min_text[0] ? unit : "",
				    param->min_text[0] && param->max_text[0] ? " to " : "",
				    param->max_text[0] ? param->max_text : " or more",
				    param->max_text[0] ? gap : "", param->max_text[0] ? unit : "");
	}
	return rc;
}

static int bool_parse(enum takt_param_source source, const char *text, void *at,
		      struct takt_err *err)
{
	const bool literal = source == TAKT_PARAM_LITERAL;
	const bool yes = strcmp(text, "true") == 0 || (literal && strcmp(text, "1") == 0);
	const bool no = strcmp(text, "false") == 0 || (literal && strcmp(text, "0") == 0);

	if ((!yes && !no) || source == TAKT_PARAM_QUOTED) {
		return takt_err_set(err, -EINVAL, "`%.60s` is neither true nor false", text);
	}
	memcpy(at, &yes, sizeof(yes));
	return 0;
}

/* "a\"b" in C, quotes included -> a"b. Returns 0 or -EINVAL. */
static int unquote(const char *text, char *out, size_t out_bytes)
{
	size_t used = 0;

	if (*text++ != '"') {
		return -EINVAL;
	}
	for (; *text && *text != '"'; text++) {
		char c = *text;

		if (c == '\\') {
			static const char letters[] = "nt\\\"", meant[] = "\n\t\\\"";
			const char *letter = *++text ? strchr(letters, *text) : NULL;

			if (!letter) {
				return -EINVAL;
			}
			c = meant[letter - letters];
		}
		if (used + 1 >= out_bytes) {
			return -EINVAL;
		}
		out[used++] = c;
	}
	out[used] = 0;
	return text[0] == '"' && text[1] == 0 ? 0 : -EINVAL;
}

static int text_parse(const struct takt_field *field, enum takt_param_source source,
		      const char *text, void *at, struct takt_err *err)
{
	char copy[LITERAL_BYTES];
	size_t length;

	if (source == TAKT_PARAM_LITERAL) {
		if (unquote(text, copy, sizeof(copy)) < 0) {
			return takt_err_set(err, -EINVAL, "`%.60s` is no string in quotes", text);
		}
		text = copy;
	}
	length = strlen(text);
	if (length >= field->length) {
		return takt_err_set(err, -EINVAL, "`%.80s` has %zu bytes; at most %u fit", text,
				    length,
				    field->length - 1);
	}
	memset(at, 0, field->length);
	memcpy(at, text, length);
	return 0;
}

static int enum_parse(const struct takt_field *field, const char *text, void *at,
		      struct takt_err *err)
{
	enum { NAMES_MAX = 64 };
	char near[TAKT_NEAREST_BYTES], copy[256];
	const char *names[NAMES_MAX];
	uint32_t count = 0;
	__int128 whole;

	if (unquote(text, copy, sizeof(copy)) == 0) {
		text = copy;
	}
	for (uint32_t i = 0; i < field->names->value_count; i++) {
		const struct takt_enum_value *value = &field->names->values[i];

		if (strcmp(value->name, text) == 0 ||
		    (whole_parse(text, &whole) == 0 && whole == value->value)) {
			memcpy(at, &value->value, sizeof(value->value));
			return 0;
		}
		if (count < NAMES_MAX) {
			names[count++] = value->name;
		}
	}
	return takt_err_set(err, -EINVAL, "no `%.60s` in enum `%.63s`; %s", text, field->names->name,
			    takt_nearest(text, "values", names, count, near));
}

int takt_param_item_parse(const struct takt_param *param, enum takt_param_source source,
			  const char *text, void *at, struct takt_err *err)
{
	const struct takt_field *field = &param->field;
	struct number number;
	int rc;

	switch (field->scalar) {
	case TAKT_SCALAR_BOOL:
		return bool_parse(source, text, at, err);
	case TAKT_SCALAR_CHAR:
		return text_parse(field, source, text, at, err);
	case TAKT_SCALAR_ENUM:
		return enum_parse(field, text, at, err);
	default:
		rc = number_parse(field, source, text, &number, err);
		if (rc == 0) {
			rc = bounds_check(param, text, &number, err);
		}
		if (rc == 0) {
			store(field, &number, at);
		}
		return rc;
	}
}

static void whole_format(__int128 whole, char *out, size_t out_bytes)
{
	if (whole < 0) {
		snprintf(out, out_bytes, "%" PRId64, (int64_t)whole);
	} else {
		snprintf(out, out_bytes, "%" PRIu64, (uint64_t)whole);
	}
}

/* The shortest text that reads back as the same value. */
static void real_format(const struct takt_field *field, double real, char *out, size_t out_bytes)
{
	struct takt_text_buffer text;

	takt_text_buffer_init_fixed(&text, out, (uint32_t)out_bytes);
	if (field->scalar == TAKT_SCALAR_F32) {
		takt_json_put_f32(&text, (float)real);
	} else {
		takt_json_put_f64(&text, real);
	}
}

void takt_param_item_format(const struct takt_field *field, const void *at, bool with_unit,
			    struct takt_text_buffer *out)
{
	const bool unit = with_unit && takt_param_has_unit(field);
	char text[64], quantity[128];
	struct number number = { 0 };
	int32_t value;

	if (field->scalar == TAKT_SCALAR_CHAR) {
		takt_json_puts(out, at);
		return;
	}
	load(field, at, &number);
	if (field->scalar == TAKT_SCALAR_BOOL) {
		takt_text_buffer_puts(out, number.whole ? "true" : "false");
		return;
	}
	if (field->scalar == TAKT_SCALAR_ENUM) {
		value = (int32_t)number.whole;
		for (uint32_t i = 0; i < field->names->value_count; i++) {
			if (field->names->values[i].value == value) {
				takt_json_puts(out, field->names->values[i].name);
				return;
			}
		}
	}
	if (kinds[field->scalar].real) {
		real_format(field, number.real, text, sizeof(text));
	} else {
		whole_format(number.whole, text, sizeof(text));
	}
	if (unit) {
		snprintf(quantity, sizeof(quantity), "%s%s%.60s", text, takt_quantity_gap(field->unit),
			 field->unit);
		takt_json_puts(out, quantity);
	} else {
		takt_text_buffer_puts(out, text);
	}
}
