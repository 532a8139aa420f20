/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/config/type_words.h"

#include <errno.h>
#include <string.h>

#include "rt/config/nearest.h"
#include "rt/config/scalar.h"

static const char *const scalar_names[] = {
	[TAKT_SCALAR_BOOL] = "bool", [TAKT_SCALAR_I8] = "i8", [TAKT_SCALAR_I16] = "i16",
	[TAKT_SCALAR_I32] = "i32", [TAKT_SCALAR_I64] = "i64", [TAKT_SCALAR_U8] = "u8",
	[TAKT_SCALAR_U16] = "u16", [TAKT_SCALAR_U32] = "u32", [TAKT_SCALAR_U64] = "u64",
	[TAKT_SCALAR_F32] = "f32", [TAKT_SCALAR_F64] = "f64",
};

#define SCALAR_NAME_COUNT (TAKT_SCALAR_F64 + 1)

/* Reads "word", then what stands in brackets behind it, if any. */
struct reader {
	const char *at;
	const char *whole;
};

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t");
}

static int malformed(const struct reader *r, struct takt_err *err)
{
	return takt_err_set(err, -EINVAL, "`%.80s` is no type; write e.g. f64, text(16), "
			    "enum(name), struct(name), array(f32, 3) or list(u8, 32)", r->whole);
}

/* The next word of letters, digits and _ into @out, TAKT_WORD_BYTES long. */
static int word_take(struct reader *r, char *out)
{
	size_t length;

	skip_blanks(r);
	length = strspn(r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	if (length == 0 || length >= TAKT_WORD_BYTES) {
		return -EINVAL;
	}
	memcpy(out, r->at, length);
	out[length] = 0;
	r->at += length;
	skip_blanks(r);
	return 0;
}

static bool mark_take(struct reader *r, char mark)
{
	skip_blanks(r);
	if (*r->at != mark) {
		return false;
	}
	r->at++;
	skip_blanks(r);
	return true;
}

/* "16)" */
static int length_take(struct reader *r, uint32_t *ret_length)
{
	char word[TAKT_WORD_BYTES];
	uint64_t length;

	if (word_take(r, word) < 0 || takt_scalar_uint(word, &length) < 0 || length == 0 ||
	    length > UINT32_MAX || !mark_take(r, ')')) {
		return -EINVAL;
	}
	*ret_length = (uint32_t)length;
	return 0;
}

/* A scalar, enum(x) or struct(x), whose first word is @word. */
static int item_take(struct reader *r, const char *word, struct takt_type_words *words,
		     struct takt_err *err)
{
	char near[TAKT_NEAREST_BYTES];
	const char *names[SCALAR_NAME_COUNT + 6] = { "text", "enum", "struct", "array", "list" };
	uint32_t count = 5;

	if (strcmp(word, "enum") == 0 || strcmp(word, "struct") == 0) {
		words->scalar = word[0] == 'e' ? TAKT_SCALAR_ENUM : TAKT_SCALAR_STRUCT;
		if (!mark_take(r, '(') || word_take(r, words->name) < 0 || !mark_take(r, ')')) {
			return malformed(r, err);
		}
		return 0;
	}
	for (uint16_t i = TAKT_SCALAR_BOOL; i < SCALAR_NAME_COUNT; i++) {
		if (strcmp(scalar_names[i], word) == 0) {
			words->scalar = i;
			return 0;
		}
		names[count++] = scalar_names[i];
	}
	if (strcmp(word, "text") == 0 || strcmp(word, "array") == 0 || strcmp(word, "list") == 0) {
		return takt_err_set(err, -EINVAL, "the items of an array or list cannot be of `%s`; put "
				    "it into a type of its own and write `struct(name)`", word);
	}
	return takt_err_set(err, -EINVAL, "unknown type `%.63s`; %s", word,
			    takt_nearest(word, "types", names, count, near));
}

int takt_type_words_parse(const char *text, struct takt_type_words *ret_words,
			  struct takt_err *err)
{
	struct takt_type_words words = { .shape = TAKT_SHAPE_ONE, .length = 1 };
	struct reader r = { text, text };
	char word[TAKT_WORD_BYTES];
	int rc;

	if (word_take(&r, word) < 0) {
		return malformed(&r, err);
	}
	if (strcmp(word, "text") == 0) {
		words.shape = TAKT_SHAPE_TEXT;
		words.scalar = TAKT_SCALAR_CHAR;
		if (!mark_take(&r, '(') || length_take(&r, &words.length) < 0) {
			return malformed(&r, err);
		}
	} else if (strcmp(word, "array") == 0 || strcmp(word, "list") == 0) {
		words.shape = word[0] == 'a' ? TAKT_SHAPE_ARRAY : TAKT_SHAPE_LIST;
		if (!mark_take(&r, '(') || word_take(&r, word) < 0) {
			return malformed(&r, err);
		}
		rc = item_take(&r, word, &words, err);
		if (rc < 0) {
			return rc;
		}
		if (!mark_take(&r, ',') || length_take(&r, &words.length) < 0) {
			return malformed(&r, err);
		}
	} else {
		rc = item_take(&r, word, &words, err);
		if (rc < 0) {
			return rc;
		}
	}
	if (*r.at) {
		return malformed(&r, err);
	}
	*ret_words = words;
	return 0;
}

const char *takt_type_words_format(const struct takt_field *field, char *out, uint32_t out_bytes)
{
	char item[TAKT_WORD_BYTES + 16];

	if (field->scalar == TAKT_SCALAR_ENUM) {
		snprintf(item, sizeof(item), "enum(%.63s)",
			 field->names && field->names->name ? field->names->name : "?");
	} else if (field->scalar == TAKT_SCALAR_STRUCT) {
		snprintf(item, sizeof(item), "struct(%.63s)",
			 field->of && field->of->name ? field->of->name : "?");
	} else {
		snprintf(item, sizeof(item), "%s",
			 field->scalar >= TAKT_SCALAR_BOOL && field->scalar < SCALAR_NAME_COUNT ?
			 scalar_names[field->scalar] : "?");
	}
	if (field->shape == TAKT_SHAPE_TEXT) {
		snprintf(out, out_bytes, "text(%u)", field->length);
	} else if (field->shape == TAKT_SHAPE_ARRAY || field->shape == TAKT_SHAPE_LIST) {
		snprintf(out, out_bytes, "%s(%s, %u)",
			 field->shape == TAKT_SHAPE_ARRAY ? "array" : "list", item, field->length);
	} else {
		snprintf(out, out_bytes, "%s", item);
	}
	return out;
}
