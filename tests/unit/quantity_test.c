/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/quantity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static double parsed(const char *text, const char *unit)
{
	double value = 1e300;
	struct takt_err err = { 0 };

	if (takt_quantity_parse(text, unit, &value, &err) < 0) {
		fail_msg("%s: %s", text, err.text);
	}
	return value;
}

static void values_are_scaled_to_the_unit_that_is_asked_for(void **state)
{
	static const struct { const char *text, *unit; double value; } rows[] = {
		{ "100ms", "s", 0.1 }, { "1.5 ms", "s", 0.0015 }, { "3us", "s", 3e-6 },
		{ "7 ns", "s", 7e-9 }, { "2min", "s", 120 }, { "1h", "s", 3600 }, { "-2s", "s", -2 },
		{ "1kHz", "Hz", 1000 }, { "2.5MHz", "Hz", 2.5e6 }, { "64 KiB", "B", 65536 },
		{ "1MB", "B", 1e6 }, { "12mm", "m", 0.012 }, { "3 m", "m", 3 }, { "5km/s", "m/s", 5000 },
		{ "10deg", "deg", 10 }, { "1mrad", "rad", 0.001 }, { "0.5", "1", 0.5 }, { "-3", "", -3 },
		{ "1e3 Hz", "Hz", 1000 }, { "70 1/s", "1/s", 70 }, { "0.5\t1/s2 ", "1/s2", 0.5 }, { "  +.5s ", "s", 0.5 }, { "1.e-3s", "s", 0.001 },
		{ "0.1", "", 0.1 }, { "123456789012345678901234567890", "", 123456789012345678e12 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parsed(rows[i].text, rows[i].unit) != rows[i].value) {
			fail_msg("%s is %.17g", rows[i].text, parsed(rows[i].text, rows[i].unit));
		}
	}
}

static void expect_error(const char *text, const char *unit, const char *want)
{
	double value = 42;
	struct takt_err err = { 0 };

	assert_true(takt_quantity_parse(text, unit, &value, &err) < 0);
	assert_true(value == 42);
	if (!strstr(err.text, want)) {
		fail_msg("'%s' gave: %s", text, err.text);
	}
}

static void errors_show_the_right_form(void **state)
{
	(void)state;
	expect_error("100", "s", "100 has no unit: write 100s");
	expect_error("1", "Hz", "1 has no unit: write 1Hz");
	expect_error("64", "B", "write 64B");
	expect_error("3", "deg", "write 3deg");
	expect_error("100MS", "s", "did you mean ms?");
	expect_error("5parsec", "s", "use one of ns us ms s min h d");
	expect_error("70", "1/s", "70 has no unit: write 70 1/s");
	expect_error("fast", "1/s", "write it like 10 1/s");
	expect_error("701/s", "1/s", "a blank is needed before the unit 1/s: write 70 1/s");
	expect_error("70/s", "1/s", "write 70 1/s");
	expect_error("-0.51/s2", "1/s2", "write -0.5 1/s2");
	expect_error("1/s2", "1/s2", "write 1 1/s2");
	expect_error("70 1/s", "1/s2", "must be 1/s2, not `1/s`");
	expect_error("5mm", "deg", "must be deg, not `mm`");
	expect_error("5m", "1", "bare number");
	expect_error("fast", "Hz", "no number: write it like 10Hz");
	expect_error("", "s", "no number");
	expect_error("nan", "", "no number");
	expect_error("inf", "", "no number");
	expect_error("0x10", "", "bare number");
	expect_error("1,5s", "s", "unknown unit");
	expect_error("1s 2s", "s", "unknown unit");
	expect_error("1e999", "", "too large");
	expect_error("--1s", "s", "no number");
	expect_error("1 averyveryverylongunitnamethatneverendsatall", "s", "unknown unit");
}

static void whole_numbers_are_exact_or_refused(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(takt_quantity_parse_ns("100ms", &value, NULL), 0);
	assert_int_equal(value, 100000000);
	assert_int_equal(takt_quantity_parse_ns("1.000000001s", &value, NULL), 0);
	assert_int_equal(value, 1000000001);
	assert_int_equal(takt_quantity_parse_ns("0.5 min", &value, NULL), 0);
	assert_int_equal(value, 30000000000);
	assert_int_equal(takt_quantity_parse_ns("18446744073709551615ns", &value, NULL), -EINVAL);
	assert_int_equal(takt_quantity_parse_ns("1844674407370955161ns", &value, NULL), 0);
	assert_int_equal(value, 1844674407370955161);
	assert_int_equal(takt_quantity_parse_ns("600000000000s", &value, NULL), -ERANGE);
	assert_int_equal(takt_quantity_parse_ns("1e99999999s", &value, NULL), -ERANGE);
	assert_int_equal(takt_quantity_parse_ns("0.1ns", &value, NULL), -EINVAL);
	assert_int_equal(takt_quantity_parse_ns("-1s", &value, NULL), -EINVAL);
	assert_int_equal(takt_quantity_parse_ns("100", &value, NULL), -EINVAL);
	assert_int_equal(takt_quantity_parse_ns("0s", &value, NULL), 0);
	assert_int_equal(value, 0);
	assert_int_equal(takt_quantity_parse_bytes("256MiB", &value, NULL), 0);
	assert_int_equal(value, 256 << 20);
	assert_int_equal(takt_quantity_parse_bytes("1.5 KiB", &value, NULL), 0);
	assert_int_equal(value, 1536);
	assert_int_equal(takt_quantity_parse_bytes("16777215TiB", &value, NULL), 0);
	assert_int_equal(value, UINT64_C(16777215) << 40);
	assert_int_equal(takt_quantity_parse_bytes("16777216TiB", &value, NULL), -ERANGE);
	assert_int_equal(takt_quantity_parse_bytes("0.3B", &value, NULL), -EINVAL);
	assert_int_equal(takt_quantity_parse_bytes("1e-99999999B", &value, NULL), -EINVAL);
}

static void rates_become_periods(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(takt_quantity_parse_hz_period_ns("100Hz", &value, NULL), 0);
	assert_int_equal(value, 10000000);
	assert_int_equal(takt_quantity_parse_hz_period_ns("1kHz", &value, NULL), 0);
	assert_int_equal(value, 1000000);
	assert_int_equal(takt_quantity_parse_hz_period_ns("3Hz", &value, NULL), 0);
	assert_int_equal(value, 333333333);
	assert_int_equal(takt_quantity_parse_hz_period_ns("0.1Hz", &value, NULL), 0);
	assert_int_equal(value, 10000000000);
	assert_int_equal(takt_quantity_parse_hz_period_ns("0Hz", &value, NULL), 0);
	assert_int_equal(value, 0);
	assert_int_equal(takt_quantity_parse_hz_period_ns("10GHz", &value, NULL), -ERANGE);
	assert_int_equal(takt_quantity_parse_hz_period_ns("1e-300Hz", &value, NULL), -ERANGE);
	assert_int_equal(takt_quantity_parse_hz_period_ns("1e-15Hz", &value, NULL), -ERANGE);
	assert_int_equal(takt_quantity_parse_hz_period_ns("-1Hz", &value, NULL), -EINVAL);
	assert_int_equal(takt_quantity_parse_hz_period_ns("10ms", &value, NULL), -EINVAL);
}

static void formatted_quantities_are_short(void **state)
{
	static const struct { uint64_t ns; const char *text; } times[] = {
		{ 0, "0ns" }, { 999, "999ns" }, { 1500000, "1.5ms" }, { 1000, "1us" },
		{ 1234567, "1.235ms" }, { 999999999, "1s" }, { 59999999999, "1min" },
		{ 90000000000, "1.5min" }, { 7200000000000, "2h" }, { 10000000, "10ms" },
		{ UINT64_MAX, "5124095.576h" },
	};
	static const struct { uint64_t bytes; const char *text; } sizes[] = {
		{ 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" }, { 12897484, "12.3 MiB" },
		{ 1048575, "1.0 MiB" }, { UINT64_MAX, "16.0 EiB" },
	};
	char out[TAKT_QUANTITY_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_string_equal(takt_quantity_format_ns(times[i].ns, out, sizeof(out)), times[i].text);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_string_equal(takt_quantity_format_bytes(sizes[i].bytes, out, sizeof(out)),
				    sizes[i].text);
	}
}

static void mutated_texts_never_break_the_parser(void **state)
{
	static const char letters[] = "0123456789.eE+-nuµmskMGKiBHzh \t\xff";
	uint32_t seed = 1;
	char text[48];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t length;
		uint64_t whole;
		double value;

		seed = seed * 1664525u + 1013904223u;
		length = seed >> 8 & 31;
		for (size_t j = 0; j < length; j++) {
			seed = seed * 1664525u + 1013904223u;
			text[j] = letters[(seed >> 8) % (sizeof(letters) - 1)];
		}
		text[length] = '\0';
		takt_quantity_parse(text, "s", &value, NULL);
		takt_quantity_parse(text, "m", &value, NULL);
		takt_quantity_parse_ns(text, &whole, NULL);
		takt_quantity_parse_bytes(text, &whole, NULL);
		takt_quantity_parse_hz_period_ns(text, &whole, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_scaled_to_the_unit_that_is_asked_for),
		cmocka_unit_test(errors_show_the_right_form),
		cmocka_unit_test(whole_numbers_are_exact_or_refused),
		cmocka_unit_test(rates_become_periods),
		cmocka_unit_test(formatted_quantities_are_short),
		cmocka_unit_test(mutated_texts_never_break_the_parser),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
