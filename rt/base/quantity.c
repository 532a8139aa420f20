/* SPDX-License-Identifier: Apache-2.0 */
/* A number is read as digits and a power of ten; a unit is a whole factor and a power of ten. Their
 * product is exact in 128 bits where whole numbers are asked for, and is rounded once, by strtod,
 * where a double is. */
#include "rt/base/quantity.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/suggest.h"

#define DIGITS_LIMIT UINT64_C(1000000000000000000)	/* 10^18: one digit more still fits */
#define RATE_EXPONENT_MAX 18

struct unit {
	const char *base;	/* what is asked for */
	const char *name;	/* as written */
	uint32_t factor;
	int exponent;		/* name = factor * 10^exponent base, binary ones: * 2^shift */
	uint32_t shift;
};

static const struct unit units[] = {
	{ "s", "ns", 1, -9, 0 }, { "s", "us", 1, -6, 0 }, { "s", "ms", 1, -3, 0 },
	{ "s", "s", 1, 0, 0 }, { "s", "min", 60, 0, 0 }, { "s", "h", 3600, 0, 0 },
	{ "s", "d", 86400, 0, 0 },
	{ "Hz", "Hz", 1, 0, 0 }, { "Hz", "kHz", 1, 3, 0 }, { "Hz", "MHz", 1, 6, 0 },
	{ "Hz", "GHz", 1, 9, 0 },
	{ "B", "B", 1, 0, 0 }, { "B", "kB", 1, 3, 0 }, { "B", "KiB", 1, 0, 10 },
	{ "B", "MB", 1, 6, 0 }, { "B", "MiB", 1, 0, 20 }, { "B", "GB", 1, 9, 0 },
	{ "B", "GiB", 1, 0, 30 }, { "B", "TB", 1, 12, 0 }, { "B", "TiB", 1, 0, 40 },
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static const struct { char letter; int exponent; } prefixes[] = {
	{ 'n', -9 }, { 'u', -6 }, { 'm', -3 }, { 'k', 3 }, { 'M', 6 }, { 'G', 9 },
};
#define PREFIX_COUNT (sizeof(prefixes) / sizeof(prefixes[0]))

struct number {
	bool negative;
	uint64_t digits;	/* value = digits * 10^exponent */
	int exponent;
	bool exact;		/* no digit was dropped */
	const char *begin;
	const char *end;	/* behind it */
};

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

/* Take one digit into @number; @scale is -1 behind the point. */
static void take_digit(struct number *number, char letter, int scale)
{
	if (number->digits < DIGITS_LIMIT) {
		number->digits = number->digits * 10 + (uint64_t)(letter - '0');
		number->exponent += scale;
	} else {
		number->exact = number->exact && letter == '0';
		number->exponent += scale + 1;
	}
}

/* Decimal number at @text: sign, digits, point, exponent. Returns false when there is none. */
static bool scan_number(const char *text, struct number *number)
{
	const char *at = text;
	bool any = false;

	*number = (struct number){ .begin = text, .exact = true };
	number->negative = *at == '-';
	at += *at == '-' || *at == '+';
	for (; is_digit(*at); at++, any = true) {
		take_digit(number, *at, 0);
	}
	if (*at == '.') {
		for (at++; is_digit(*at); at++, any = true) {
			take_digit(number, *at, -1);
		}
	}
	if ((*at == 'e' || *at == 'E') && any &&
	    (is_digit(at[1]) || ((at[1] == '-' || at[1] == '+') && is_digit(at[2])))) {
		const bool negative = at[1] == '-';
		int exponent = 0;

		for (at += is_digit(at[1]) ? 1 : 2; is_digit(*at); at++) {
			exponent = exponent < 100000 ? exponent * 10 + (*at - '0') : exponent;
		}
		number->exponent += negative ? -exponent : exponent;
	}
	number->end = at;
	return any;
}

static bool is_bare(const char *unit)
{
	return unit[0] == '\0' || strcmp(unit, "1") == 0;
}

static bool has_table(const char *base)
{
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strcmp(units[i].base, base) == 0) {
			return true;
		}
	}
	return false;
}

/* The unit @name where @base is asked for. */
static bool find_unit(const char *base, const char *name, struct unit *ret_unit)
{
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strcmp(units[i].base, base) == 0 && strcmp(units[i].name, name) == 0) {
			*ret_unit = units[i];
			return true;
		}
	}
	if (has_table(base)) {
		return false;
	}
	if (strcmp(name, base) == 0) {
		*ret_unit = (struct unit){ base, base, 1, 0, 0 };
		return true;
	}
	for (size_t i = 0; i < PREFIX_COUNT; i++) {
		if (name[0] == prefixes[i].letter && strcmp(name + 1, base) == 0) {
			*ret_unit = (struct unit){ base, base, 1, prefixes[i].exponent, 0 };
			return true;
		}
	}
	return false;
}

const char *takt_quantity_gap(const char *unit)
{
	return is_digit(unit[0]) ? " " : "";
}

/* What people write for a unit of time that is called otherwise; NULL when it is none of these. */
static const char *other_name(const char *base, const char *name)
{
	static const struct {
		const char *written;
		const char *unit;
	} others[] = {
		{ "m", "min" }, { "mins", "min" }, { "minute", "min" }, { "minutes", "min" },
		{ "sec", "s" }, { "secs", "s" }, { "second", "s" }, { "seconds", "s" },
		{ "hr", "h" }, { "hour", "h" }, { "hours", "h" }, { "day", "d" }, { "days", "d" },
		{ "msec", "ms" }, { "usec", "us" }, { "nsec", "ns" },
	};

	for (size_t i = 0; strcmp(base, "s") == 0 && i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i].written, name) == 0) {
			return others[i].unit;
		}
	}
	return NULL;
}

static int wrong_unit(const char *text, const char *base, const char *name, struct takt_err *err)
{
	char valid[128] = "";
	size_t used = 0;
	struct takt_suggest suggest;

	takt_suggest_init(&suggest, name);
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strcmp(units[i].base, base) == 0) {
			takt_suggest_put(&suggest, units[i].name);
			used += (size_t)snprintf(valid + used, sizeof(valid) - used, "%s%s",
						 used ? " " : "", units[i].name);
		}
	}
	if (other_name(base, name)) {
		suggest.name = other_name(base, name);
	}
	if (suggest.name) {
		return takt_err_set(err, -EINVAL, "`%s`: unknown unit `%s`, did you mean %s? (%s)", text,
				    name, suggest.name, valid);
	}
	if (used) {
		return takt_err_set(err, -EINVAL, "`%s`: unknown unit `%s`: use one of %s", text, name,
				    valid);
	}
	return takt_err_set(err, -EINVAL, "`%s`: the unit must be %s, not `%s`", text, base, name);
}

/* The number ran into a unit that begins with a digit: "701/s" where 1/s is asked for. */
static int glued_unit(const char *text, const char *base, const struct number *number, struct takt_err *err)
{
	const size_t digits = strspn(base, "0123456789");
	size_t length = (size_t)(number->end - number->begin);

	if (length > digits && memcmp(number->end - digits, base, digits) == 0) {
		length -= digits;
	}
	return takt_err_set(err, -EINVAL, "`%s`: a blank is needed before the unit %s: write %.*s %s", text,
			    base, (int)length, number->begin, base);
}

/* Split @text into number and unit. */
static int parse(const char *text, const char *base, struct number *number, struct unit *unit,
		 struct takt_err *err)
{
	char name[32];
	size_t letters;

	text += strspn(text, " \t");
	if (!scan_number(text, number)) {
		return takt_err_set(err, -EINVAL, "`%s` is no number: write it like 10%s%s", text,
				    is_bare(base) ? "" : takt_quantity_gap(base),
				    is_bare(base) ? "" : base);
	}
	const char *at = number->end + strspn(number->end, " \t");

	letters = strlen(at);
	while (letters > 0 && (at[letters - 1] == ' ' || at[letters - 1] == '\t')) {
		letters--;
	}
	snprintf(name, sizeof(name), "%.*s", letters < 31 ? (int)letters : 31, at);
	if (is_bare(base)) {
		*unit = (struct unit){ base, "", 1, 0, 0 };
		return letters == 0 ? 0 : takt_err_set(err, -EINVAL,
						       "`%s` must be a bare number, without `%s`",
						       text, name);
	}
	if (letters == 0) {
		return takt_err_set(err, -EINVAL, "%.*s has no unit: write %.*s%s%s",
				    (int)(number->end - number->begin), number->begin,
				    (int)(number->end - number->begin), number->begin,
				    takt_quantity_gap(base), base);
	}
	if (is_digit(base[0]) && strcmp(name, base + strspn(base, "0123456789")) == 0) {
		return glued_unit(text, base, number, err);
	}
	return letters < sizeof(name) && find_unit(base, name, unit)
		       ? 0 : wrong_unit(text, base, name, err);
}

int takt_quantity_parse(const char *text, const char *unit_text, double *ret_value,
			struct takt_err *err)
{
	struct number number;
	struct unit unit;
	char decimal[64];
	double value;
	const int ret = parse(text, unit_text, &number, &unit, err);

	if (ret < 0) {
		return ret;
	}
	snprintf(decimal, sizeof(decimal), "%s%llue%d", number.negative ? "-" : "",
		 (unsigned long long)number.digits, number.exponent + unit.exponent);
	value = strtod(decimal, NULL) * unit.factor * (double)(UINT64_C(1) << unit.shift);
	if (!isfinite(value)) {
		return takt_err_set(err, -ERANGE, "`%s` is too large", text);
	}
	*ret_value = value;
	return 0;
}

/* Whole number of 10^-@places of @base. */
static int parse_whole(const char *text, const char *base, int places, const char *place_name,
		       uint64_t *ret_value, struct takt_err *err)
{
	struct number number;
	struct unit unit;
	unsigned __int128 value;
	int exponent;
	const int ret = parse(text, base, &number, &unit, err);

	if (ret < 0) {
		return ret;
	}
	if (number.negative && number.digits != 0) {
		return takt_err_set(err, -EINVAL, "`%s` is negative", text);
	}
	if (!number.exact) {
		return takt_err_set(err, -EINVAL, "`%s` has too many digits", text);
	}
	value = (unsigned __int128)number.digits * unit.factor << unit.shift;
	exponent = number.exponent + unit.exponent + places;
	for (; exponent > 0 && value > 0 && value <= UINT64_MAX; exponent--) {
		value *= 10;
	}
	for (; exponent < 0 && value > 0 && value % 10 == 0; exponent++) {
		value /= 10;
	}
	if (value > 0 && exponent < 0) {
		return takt_err_set(err, -EINVAL, "`%s` is no whole number of %s", text, place_name);
	}
	if (value > UINT64_MAX) {
		return takt_err_set(err, -ERANGE, "`%s` is too large", text);
	}
	*ret_value = (uint64_t)value;
	return 0;
}

int takt_quantity_parse_ns(const char *text, uint64_t *ret_ns, struct takt_err *err)
{
	return parse_whole(text, "s", 9, "nanoseconds", ret_ns, err);
}

int takt_quantity_parse_bytes(const char *text, uint64_t *ret_bytes, struct takt_err *err)
{
	return parse_whole(text, "B", 0, "bytes", ret_bytes, err);
}

int takt_quantity_parse_hz_period_ns(const char *text, uint64_t *ret_ns, struct takt_err *err)
{
	struct number number;
	struct unit unit;
	unsigned __int128 nanoseconds = 1000000000, rate;
	int exponent;
	const int ret = parse(text, "Hz", &number, &unit, err);

	if (ret < 0) {
		return ret;
	}
	if (number.digits == 0) {
		*ret_ns = 0;
		return 0;
	}
	if (number.negative) {
		return takt_err_set(err, -EINVAL, "`%s` is negative", text);
	}
	exponent = number.exponent + unit.exponent;
	if (exponent > RATE_EXPONENT_MAX || exponent < -RATE_EXPONENT_MAX) {
		return takt_err_set(err, -ERANGE, "`%s` is out of range", text);
	}
	rate = number.digits;		/* < 10^19, so neither product exceeds 10^37 */
	for (; exponent > 0; exponent--) {
		rate *= 10;
	}
	for (; exponent < 0; exponent++) {
		nanoseconds *= 10;
	}
	nanoseconds = (nanoseconds + rate / 2) / rate;
	if (nanoseconds == 0 || nanoseconds > UINT64_MAX) {
		return takt_err_set(err, -ERANGE, "`%s` is out of range: %s", text,
				    nanoseconds == 0 ? "1GHz at most" : "its period has no 64 bits of ns");
	}
	*ret_ns = (uint64_t)nanoseconds;
	return 0;
}

/* @whole and @thousandths without trailing zeros. */
static void format_decimals(uint64_t whole, uint32_t thousandths, const char *unit, char *out,
			    uint32_t out_bytes)
{
	char decimals[8] = "";

	if (thousandths) {
		snprintf(decimals, sizeof(decimals), ".%03u", thousandths % 1000);
		for (size_t i = strlen(decimals); decimals[i - 1] == '0'; i--) {
			decimals[i - 1] = '\0';
		}
	}
	snprintf(out, out_bytes, "%llu%s%s", (unsigned long long)whole, decimals, unit);
}

const char *takt_quantity_format_ns(uint64_t ns, char *out, uint32_t out_bytes)
{
	static const struct { const char *name; uint64_t ns; } steps[] = {
		{ "h", 3600000000000 }, { "min", 60000000000 }, { "s", 1000000000 },
		{ "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
	};
	size_t i = 0;

	while (ns < steps[i].ns && steps[i].ns > 1) {
		i++;
	}
	/* Round to a thousandth of the unit; that may fill the next larger unit up. */
	const uint64_t step = steps[i].ns;
	unsigned __int128 thousandths = ((unsigned __int128)ns * 1000 + step / 2) / step;

	if (i > 0 && thousandths * step >= (unsigned __int128)steps[i - 1].ns * 1000) {
		i--;
		thousandths = 1000;
	}
	format_decimals((uint64_t)(thousandths / 1000), (uint32_t)(thousandths % 1000), steps[i].name,
			out, out_bytes);
	return out;
}

const char *takt_quantity_format_bytes(uint64_t bytes, char *out, uint32_t out_bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint32_t i = 0;
	double value = (double)bytes;

	if (bytes < 1024) {
		snprintf(out, out_bytes, "%llu B", (unsigned long long)bytes);
		return out;
	}
	/* 1023.95 would be shown as 1024.0 */
	while (value >= 1023.95 && i < 6) {
		value /= 1024;
		i++;
	}
	snprintf(out, out_bytes, "%.1f %s", value, names[i]);
	return out;
}
