/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/msg/value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/json.h"
#include "tests/unit/unit.h"

#define KIND(V) \
	V(KIND_NONE, 0, "none") \
	V(KIND_FIX, 7, "3d, \"good\"")
TAKT_ENUM(kind, "a kind", KIND)

#define POINT(F) \
	F(f32, x, "m", "x") \
	F(f32, y, "m", "y")
TAKT_MESSAGE(point, "a point", POINT)

#define ALL(F) \
	F(bool, ok, "", "") \
	F(i8, small, "", "") \
	F(u64, large, "", "") \
	F(i64, low, "", "") \
	F(array(i16, 3), raw, "", "") \
	F(list(u8, 4), used, "", "") \
	F(text(8), name, "", "") \
	F(enum(kind), how, "", "") \
	F(struct(point), at, "", "") \
	F(array(f64, 300), wave, "V", "too many for columns") \
	F(list(struct(point), 2), path, "", "")
TAKT_MESSAGE(all, "one of each", ALL)

static struct takt_layout *layout;
static struct all value;

static int make_value(void **state)
{
	struct takt_err err = { 0 };

	(void)state;
	if (takt_layout_create(&takt_type_all, &layout, &err) < 0) {
		fail_msg("%s", err.text);
	}
	memset(&value, 0, sizeof(value));
	value.ok = true;
	value.small = -5;
	value.large = UINT64_MAX;
	value.low = INT64_MIN;
	value.raw[1] = -2;
	value.used.count = 2;
	value.used.at[0] = 7;
	value.used.at[1] = 255;
	value.used.at[2] = 99;
	memcpy(value.name, "a\"\n\xff\xc3\xa9z", 8);
	value.how = KIND_FIX;
	value.at.x = 0.1f;
	value.at.y = NAN;
	value.path.count = 1;
	value.path.at[0].x = 1e30f;
	return 0;
}

static int free_layout(void **state)
{
	(void)state;
	takt_layout_destroy(layout);
	return 0;
}

static char *json_of(const void *payload, uint32_t bytes)
{
	struct takt_text_buffer out;

	takt_text_buffer_init(&out, 1 << 20);
	assert_int_equal(takt_value_to_json(layout, payload, bytes, &out), 0);
	return out.text;
}

static void value_becomes_json(void **state)
{
	char *json = json_of(&value, sizeof(value));
	const char *wave = strstr(json, ",\"wave\":[0,0,0,");
	const char *path = strstr(json, ",\"path\":");

	(void)state;
	assert_non_null(wave);
	assert_non_null(path);
	assert_int_equal(path - wave, (long)strlen(",\"wave\":[]") + 299 * 2 + 1);
	assert_string_equal(path, ",\"path\":[{\"x\":1e+30,\"y\":0}]}");
	json[wave - json] = '\0';
	assert_string_equal(json,
		"{\"ok\":true,\"small\":-5,\"large\":\"18446744073709551615\","
		"\"low\":\"-9223372036854775808\",\"raw\":[0,-2,0],\"used\":[7,255],"
		"\"name\":\"a\\\"\\n\xef\xbf\xbd\xc3\xa9z\",\"how\":\"3d, \\\"good\\\"\","
		"\"at\":{\"x\":0.1,\"y\":\"NaN\"}");
	free(json);
}

static void columns_have_paths_and_cells_match_them(void **state)
{
	struct takt_text_buffer out;

	(void)state;
	takt_text_buffer_init(&out, 1 << 20);
	assert_int_equal(takt_value_csv_header(layout, "m.", &out), 0);
	assert_string_equal(out.text,
		"m.ok,m.small,m.large,m.low,m.raw[0],m.raw[1],m.raw[2],m.used.count,m.used[0],m.used[1],"
		"m.used[2],m.used[3],m.name,m.how,m.at.x,m.at.y,m.wave,m.path.count,m.path[0].x,"
		"m.path[0].y,m.path[1].x,m.path[1].y");
	takt_text_buffer_clear(&out);
	memset(value.wave, 0, sizeof(value.wave));
	assert_int_equal(takt_value_csv_row(layout, &value, sizeof(value), &out), 0);
	char *wave = strstr(out.text, ",\"[0,0");
	char *end = strstr(wave, "]\"");
	assert_string_equal(end, "]\",1,1e+30,0,,");
	*wave = '\0';
	assert_string_equal(out.text,
		"true,-5,18446744073709551615,-9223372036854775808,0,-2,0,2,7,255,,,"
		"\"a\"\"\n\xef\xbf\xbd\xc3\xa9z\",\"3d, \"\"good\"\"\",0.1,nan");
	takt_text_buffer_clear(&out);
	assert_int_equal(takt_value_csv_row(layout, NULL, 0, &out), 0);
	assert_string_equal(out.text, ",,,,,,,,,,,,,,,,,,,,,");
	assert_int_equal(layout->columns, 22);
	takt_text_buffer_fini(&out);
}

static void counts_and_enums_from_outside_are_bounded(void **state)
{
	char *json;

	(void)state;
	value.used.count = UINT32_MAX;
	value.how = (enum kind)-3;
	memset(value.name, 'x', sizeof(value.name));	/* no NUL */
	json = json_of(&value, sizeof(value));
	assert_non_null(strstr(json, "\"used\":[7,255,99,0],"));
	assert_non_null(strstr(json, "\"how\":-3,"));
	assert_non_null(strstr(json, "\"name\":\"xxxxxxxx\","));
	free(json);
}

static void payload_may_end_anywhere(void **state)
{
	(void)state;
	for (uint32_t bytes = 0; bytes <= sizeof(value); bytes += bytes < 120 ? 1 : 13) {
		void *copy = malloc(bytes ? bytes : 1);	/* exact, so that ASan sees its end */
		struct takt_text_buffer out;
		char *json;

		memcpy(copy, &value, bytes);
		json = json_of(copy, bytes);
		takt_text_buffer_init(&out, 1 << 20);
		assert_int_equal(takt_value_csv_row(layout, copy, bytes, &out), 0);
		if (bytes == 1) {
			assert_non_null(strstr(json, "{\"ok\":true,\"small\":null,"));
			assert_non_null(strstr(json, "\"at\":null,\"wave\":[],\"path\":[]}"));
			assert_non_null(strstr(out.text, "true,,,,,"));
		}
		takt_text_buffer_fini(&out);
		free(json);
		free(copy);
	}
}

static void random_payloads_are_walked_within_their_bounds(void **state)
{
	uint32_t seed = 99;

	(void)state;
	for (int i = 0; i < 1500; i++) {
		unsigned char *bytes = malloc(sizeof(value));
		struct takt_text_buffer out;

		for (size_t j = 0; j < sizeof(value); j++) {
			seed = seed * 1664525u + 1013904223u;
			bytes[j] = seed >> 24 < 128 ? 0 : (unsigned char)(seed >> 16);
		}
		free(json_of(bytes, sizeof(value)));
		takt_text_buffer_init(&out, 1 << 20);
		assert_int_equal(takt_value_csv_row(layout, bytes, sizeof(value), &out), 0);
		takt_text_buffer_fini(&out);
		free(bytes);
	}
}

static void full_buffer_says_so_and_stays_within(void **state)
{
	char memory[20];
	struct takt_text_buffer out;

	(void)state;
	takt_text_buffer_init_fixed(&out, memory, sizeof(memory));
	assert_int_equal(takt_value_to_json(layout, &value, sizeof(value), &out), -ENOSPC);
	assert_true(strlen(memory) < sizeof(memory));
	takt_text_buffer_clear(&out);
	takt_text_buffer_puts(&out, "1234567890123456789");
	assert_int_equal(out.error, 0);
	takt_text_buffer_printf(&out, "%d", 1);
	assert_int_equal(out.error, -ENOSPC);
	assert_string_equal(memory, "1234567890123456789");
	takt_text_buffer_fini(&out);
}

static void doubles_are_short_and_read_back(void **state)
{
	static const struct { double value; const char *text; } rows[] = {
		{ 0.1, "0.1" }, { 1, "1" }, { -0.0, "-0" }, { 1e300, "1e+300" },
		{ 0.30000000000000004, "0.30000000000000004" }, { 5e-324, "4.94065645841247e-324" },
		{ 123456789.125, "123456789.125" }, { (double)INFINITY, "\"Infinity\"" },
		{ -(double)INFINITY, "\"-Infinity\"" }, { (double)NAN, "\"NaN\"" },
	};
	char memory[64];
	struct takt_text_buffer out;
	uint64_t bits = 1;

	(void)state;
	takt_text_buffer_init_fixed(&out, memory, sizeof(memory));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		takt_text_buffer_clear(&out);
		takt_json_put_f64(&out, rows[i].value);
		assert_string_equal(memory, rows[i].text);
	}
	takt_text_buffer_clear(&out);
	takt_json_put_f32(&out, 1e6f);
	takt_text_buffer_puts(&out, " ");
	takt_json_put_f32(&out, 0.1f);
	takt_text_buffer_puts(&out, " ");
	takt_json_put_f32(&out, 16777217.0f);
	assert_string_equal(memory, "1000000 0.1 16777216");
	for (int i = 0; i < 20000; i++) {
		double number;

		bits = bits * 6364136223846793005u + 1442695040888963407u;
		memcpy(&number, &bits, sizeof(number));
		takt_text_buffer_clear(&out);
		takt_csv_put_f64(&out, number);
		assert_true(isnan(number) || strtod(memory, NULL) == number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(value_becomes_json, make_value, free_layout),
		cmocka_unit_test_setup_teardown(columns_have_paths_and_cells_match_them, make_value,
						free_layout),
		cmocka_unit_test_setup_teardown(counts_and_enums_from_outside_are_bounded, make_value,
						free_layout),
		cmocka_unit_test_setup_teardown(payload_may_end_anywhere, make_value, free_layout),
		cmocka_unit_test_setup_teardown(random_payloads_are_walked_within_their_bounds, make_value,
						free_layout),
		cmocka_unit_test_setup_teardown(full_buffer_says_so_and_stays_within, make_value,
						free_layout),
		cmocka_unit_test(doubles_are_short_and_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
