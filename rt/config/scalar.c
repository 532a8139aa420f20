/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/config/scalar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/quantity.h"
#include "rt/config/nearest.h"

#define WORDS_MAX 8u
#define WORD_BYTES 24u

bool takt_id_is_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > TAKT_NAME_BYTES_MAX) {
		return false;
	}
	for (const char *c = name; *c; c++) {
		const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		*c == '_';

		if (!letter && (c == name || !((*c >= '0' && *c <= '9') || *c == '-'))) {
			return false;
		}
	}
	return true;
}

void takt_key_word(const char *words, uint64_t index, char *out, uint32_t out_bytes)
{
	while (index > 0 && *words) {
		index -= *words++ == '|';
	}
	snprintf(out, out_bytes, "%.*s", (int)strcspn(words, "|"), words);
}

static int word_find(const char *words, const char *text, uint64_t *ret_index)
{
	const size_t length = strlen(text);
	uint64_t index = 0;

	for (const char *word = words;; index++) {
		const size_t word_length = strcspn(word, "|");

		if (word_length == length && memcmp(word, text, length) == 0) {
			*ret_index = index;
			return 0;
		}
		if (word[word_length] == 0) {
			return -EINVAL;
		}
		word += word_length + 1;
	}
}

static int choice_parse(const char *words, const char *text, uint64_t *ret_number,
			struct takt_err *err)
{
	char all[WORDS_MAX][WORD_BYTES], near[TAKT_NEAREST_BYTES];
	const char *names[WORDS_MAX];
	uint32_t count = 0;

	if (word_find(words, text, ret_number) == 0) {
		return 0;
	}
	for (const char *word = words; count < WORDS_MAX; count++) {
		takt_key_word(words, count, all[count], WORD_BYTES);
		names[count] = all[count];
		word = strchr(word, '|');
		if (!word) {
			count++;
			break;
		}
		word++;
	}
	return takt_err_set(err, -EINVAL, "no `%.60s`; %s", text,
			    takt_nearest(text, "words", names, count, near));
}

int takt_scalar_uint(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*text || strlen(text) > 20) {
		return -EINVAL;
	}
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9' ||
		    __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*c - '0'), &number)) {
			return -EINVAL;
		}
	}
	*ret_number = number;
	return 0;
}

bool takt_scalar_is_bare(const char *text)
{
	char *end;

	if (strcspn(text, "0123456789") == strlen(text)) {
		return false;
	}
	strtod(text, &end);
	return *end == 0;
}

static int int_parse(const struct takt_key *key, const char *text, bool quoted,
		     uint64_t *ret_number, struct takt_err *err)
{
	if (takt_scalar_uint(text, ret_number) < 0) {
		return takt_err_set(err, -EINVAL,
				    "`%.60s` is no whole number from %s to %s; write e.g. `%s: %s`",
				    text, key->min_text, key->max_text, key->key,
				    key->default_text[0] ? key->default_text : key->min_text);
	}
	if (quoted) {
		return takt_err_set(err, -EINVAL, "a text in quotes; write `%s: %s`", key->key,
				    text);
	}
	return 0;
}

static int bool_parse(const struct takt_key *key, const char *text, bool quoted,
		      uint64_t *ret_number, struct takt_err *err)
{
	const bool yes = strcmp(text, "true") == 0;

	if (quoted || (!yes && strcmp(text, "false") != 0)) {
		return takt_err_set(err, -EINVAL, "`%.60s` is neither true nor false; "
				    "write `%s: true` or `%s: false`", text, key->key, key->key);
	}
	*ret_number = yes;
	return 0;
}

static int cpu_parse(const struct takt_key *key, const char *text, uint64_t *ret_number,
		     struct takt_err *err)
{
	if (strcmp(text, "auto") == 0) {
		*ret_number = TAKT_CPU_UNSET;
		return 0;
	}
	if (takt_scalar_uint(text, ret_number) < 0) {
		if (strspn(text, "0123456789,- ") == strlen(text) && *text) {
			return takt_err_set(err, -EINVAL, "`%.60s` are several CPUs, but more than "
					    "one lane is not built yet; give one number or `auto`",
					    text);
		}
		return takt_err_set(err, -EINVAL, "`%.60s` is no CPU; give a number or `auto`: "
				    "`%s: 3`", text, key->key);
	}
	return 0;
}

static int overrun_parse(const struct takt_key *key, const char *text, uint64_t *ret_number,
			 struct takt_err *err)
{
	static const char head[] = "catch_up:";
	uint64_t cycles;
	int rc;

	if (strncmp(text, head, sizeof(head) - 1) == 0) {
		text += sizeof(head) - 1;
		text += strspn(text, " ");
		if (takt_scalar_uint(text, &cycles) < 0 || cycles < 1 || cycles > 1000) {
			return takt_err_set(err, -EINVAL, "`catch_up: %.40s`; give the cycles to "
					    "catch up, 1 to 1000: `{catch_up: 3}`", text);
		}
		*ret_number = TAKT_OVERRUN_CATCH_UP_INDEX | cycles << 8;
		return 0;
	}
	rc = choice_parse(key->more, text, ret_number, err);
	if (rc == 0 && *ret_number == TAKT_OVERRUN_CATCH_UP_INDEX) {
		return takt_err_set(err, -EINVAL, "how many cycles? write `%s: {catch_up: 3}`",
				    key->key);
	}
	return rc;
}

static int out_of_range(const struct takt_key *key, const char *text, struct takt_err *err)
{
	return takt_err_set(err, -EINVAL, "`%.60s` is out of range; give %s to %s%s", text,
			    key->min_text, key->max_text,
			    key->kind == TAKT_KEY_RATE ? ", or 0 for free running" : "");
}

/* The unit that a hint shows: the default's, or the lower bound's (of less than a ms: ms). */
static const char *usual_unit(const struct takt_key *key)
{
	const char *text = key->default_text[0] ? key->default_text : key->min_text;
	const char *unit = text + strspn(text, "0123456789.");

	return strcmp(unit, "us") == 0 ? "ms" : unit;
}

/* A number with its unit. */
static int quantity_parse(const struct takt_key *key, const char *text, uint64_t *ret_number,
			  struct takt_err *err)
{
	struct takt_err why = { 0 };
	int rc;

	if (key->kind == TAKT_KEY_RATE && strcmp(text, "0") == 0) {
		*ret_number = 0;
		return 0;
	}
	if (takt_scalar_is_bare(text)) {
		return takt_err_set(err, -EINVAL, "`%.40s` has no unit; write e.g. `%s: %.40s%s`",
				    text, key->key, text, usual_unit(key));
	}
	switch (key->kind) {
	case TAKT_KEY_NS:
		rc = takt_quantity_parse_ns(text, ret_number, &why);
		break;
	case TAKT_KEY_BYTES:
		rc = takt_quantity_parse_bytes(text, ret_number, &why);
		break;
	default:
		rc = takt_quantity_parse_hz_period_ns(text, ret_number, &why);
		break;
	}
	if (rc == -ERANGE && key->max_text[0]) {
		return out_of_range(key, text, err);	/* the key's own range, not a number's */
	}
	return rc < 0 ? takt_err_set(err, -EINVAL, "%s", why.text) : 0;
}

static int convert(const struct takt_key *key, const char *text, bool quoted, uint64_t *ret_number,
		   struct takt_err *err)
{
	switch (key->kind) {
	case TAKT_KEY_INT:
		return int_parse(key, text, quoted, ret_number, err);
	case TAKT_KEY_BOOL:
		return bool_parse(key, text, quoted, ret_number, err);
	case TAKT_KEY_CHOICE:
		return choice_parse(key->more, text, ret_number, err);
	case TAKT_KEY_NS:
	case TAKT_KEY_BYTES:
	case TAKT_KEY_RATE:
		return quantity_parse(key, text, ret_number, err);
	case TAKT_KEY_CPU:
	case TAKT_KEY_CPUS:
		return cpu_parse(key, text, ret_number, err);
	case TAKT_KEY_OVERRUN:
		return overrun_parse(key, text, ret_number, err);
	case TAKT_KEY_NAME:
		*ret_number = 0;
		return takt_id_is_valid(text) ? 0 :
		       takt_err_set(err, -EINVAL, "`%.80s` is no name; a name has letters, digits, "
				    "_ and -, at most 63, and begins with a letter or _", text);
	default:
		*ret_number = 0;
		return 0;
	}
}

static int range_check(const struct takt_key *key, const char *text, uint64_t number,
		       struct takt_err *err)
{
	const bool rate = key->kind == TAKT_KEY_RATE;
	uint64_t low = 0, high = UINT64_MAX, swap;

	if (key->kind == TAKT_KEY_OVERRUN || (rate && number == 0) ||
	    ((key->kind == TAKT_KEY_CPU || key->kind == TAKT_KEY_CPUS) &&
	     number == TAKT_CPU_UNSET)) {
		return 0;
	}
	if (key->min_text[0]) {
		TAKT_CHECK(convert(key, key->min_text, false, &low, NULL) == 0);
	}
	if (key->max_text[0]) {
		TAKT_CHECK(convert(key, key->max_text, false, &high, NULL) == 0);
	}
	if (rate) {			/* the highest rate is the shortest period */
		swap = low;
		low = high;
		high = swap;
	}
	if (number < low || number > high) {
		return out_of_range(key, text, err);
	}
	return 0;
}

int takt_scalar_parse(const struct takt_key *key, const char *text, bool quoted,
		      uint64_t *ret_number, struct takt_err *err)
{
	uint64_t number;
	int rc;

	rc = convert(key, text, quoted, &number, err);
	if (rc < 0) {
		return rc;
	}
	rc = range_check(key, text, number, err);
	if (rc < 0) {
		return rc;
	}
	*ret_number = number;
	return 0;
}
