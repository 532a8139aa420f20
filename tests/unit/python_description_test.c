/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rt/msg/payload.h"
#include "rt/msg/python_description.h"
#include "tests/unit/unit.h"

#define KIND(V) V(KIND_NONE, 0, "none") V(KIND_FIX, 7, "3d fix")
TAKT_ENUM(kind, "a kind", KIND)
#define UTC(F) F(u16, year, "", "year") F(bool, leap, "", "a leap second")
TAKT_MESSAGE(utc, "a time", UTC)
#define FIX(F) \
	F(bool, ok, "", "flag") F(text(7), name, "", "text") F(enum(kind), how, "", "enum") \
	F(struct(utc), time, "", "nested") F(array(f64, 3), at, "m", "where") \
	F(list(struct(utc), 4), times, "", "nested list")
TAKT_MESSAGE(fix, "one of each", FIX)

static const struct takt_type *types[] = { &takt_type_utc, &takt_type_fix };

static struct takt_python_description example(void)
{
	static const struct takt_python_arg args[] = { { "-x" }, { "h\xc3\xb6he" } };
	static const struct takt_python_variable env[] = { { "HOME", "/tmp" } };
	static struct takt_python_port inputs[] = { { "imu", 1 }, { "time", 0 } };
	static struct takt_python_port outputs[] = { { "fix", 1 } };

	return (struct takt_python_description){
		.settings = {
			.script = "/g/detect.py", .mode = TAKT_PYTHON_EMBEDDED,
			.transport = TAKT_PYTHON_SHM,
			.wait = TAKT_PYTHON_WAIT_CYCLE, .nice = -3, .timeout_ns = 2000000,
			.interpreter = "python3", .args = args, .arg_count = 2, .env = env,
			.env_count = 1,
			.memory_bytes = 1ull << 33, .restarts = 4, .backoff_ns = 5,
		},
		.graph = "demo", .graph_path = "demo.yaml", .graph_dir = "/g", .task_id = "detect",
		.task = 3,
		.run = UINT64_MAX, .seed = 12345678901234567ull, .every = 2, .virtual_time = true,
		.params = "{\"a\":1}", .text_level = 2, .text_site = 40, .stream = 5,
		.inputs = inputs, .outputs = outputs, .input_count = 2, .output_count = 1,
		.state = 0,
		.types = types, .type_count = 2,
	};
}

static void description_comes_back_as_it_was(void **state)
{
	const struct takt_python_description from = example();
	struct takt_python_description *to = NULL;
	struct takt_err err = { 0 };
	void *bytes;
	uint32_t size;

	(void)state;
	assert_int_equal(takt_python_description_encode(&from, &bytes, &size, &err), 0);
	assert_int_equal(takt_python_description_decode(bytes, size, &to, &err), 0);
	assert_string_equal(to->settings.script, "/g/detect.py");
	assert_int_equal(to->settings.mode, TAKT_PYTHON_EMBEDDED);
	assert_int_equal(to->settings.nice, -3);
	assert_string_equal(to->settings.args[1].text, "h\xc3\xb6he");
	assert_string_equal(to->settings.env[0].value, "/tmp");
	assert_string_equal(to->settings.venv, "");
	assert_int_equal(to->settings.memory_bytes, 1ull << 33);
	assert_int_equal(to->run, UINT64_MAX);
	assert_int_equal(to->seed, 12345678901234567ull);
	assert_true(to->virtual_time);
	assert_string_equal(to->inputs[1].name, "time");
	assert_int_equal(to->outputs[0].type, 1);
	assert_int_equal(to->state, 0);
	assert_int_equal(to->type_count, 2);
	assert_string_equal(to->types[1]->fields[2].names->values[1].name, "3d fix");
	assert_int_equal(to->types[1]->bytes, sizeof(struct fix));
	takt_python_description_destroy(to);
	free(bytes);
}

static void every_cut_and_changed_byte_is_an_error_or_a_description(void **state)
{
	const struct takt_python_description from = example();
	struct takt_python_description *to;
	unsigned char *bytes;
	void *encoded;
	uint32_t size;

	(void)state;
	assert_int_equal(takt_python_description_encode(&from, &encoded, &size, NULL), 0);
	bytes = encoded;
	for (uint32_t i = 0; i < size; i++) {
		assert_int_not_equal(takt_python_description_decode(bytes, i, &to, NULL), 0);
		for (uint32_t change = 1; change < 256; change = change * 2 + 1) {
			bytes[i] ^= (unsigned char)change;
			if (takt_python_description_decode(bytes, size, &to, NULL) == 0) {
				takt_python_description_destroy(to);
			}
			bytes[i] ^= (unsigned char)change;
		}
	}
	free(encoded);
}

static void port_without_type_is_refused(void **state)
{
	struct takt_python_description from = example(), *to;
	struct takt_python_port port = { "x", 2 };
	struct takt_err err = { 0 };
	void *bytes;
	uint32_t size;

	(void)state;
	from.inputs = &port;
	from.input_count = 1;
	assert_int_equal(takt_python_description_encode(&from, &bytes, &size, &err), 0);
	assert_int_equal(takt_python_description_decode(bytes, size, &to, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "port 0 has no type"));
	free(bytes);
}

static void payload_is_sound_unless_a_reader_would_trip(void **state)
{
	struct takt_layout **layouts;
	struct fix fix = { .ok = true, .name = "abc", .times = { .count = 2 } };
	const uint32_t used = offsetof(struct fix, times.at) + 2 * sizeof(struct utc);
	unsigned char *leap = (unsigned char *)&fix.times.at[1].leap;

	(void)state;
	assert_int_equal(takt_layouts_create(types, 2, &layouts, NULL), 0);
	assert_true(takt_payload_is_sound(layouts[1], &fix, sizeof(fix)));
	assert_true(takt_payload_is_sound(layouts[1], &fix, used));
	assert_false(takt_payload_is_sound(layouts[1], &fix, used - 1));
	assert_false(takt_payload_is_sound(layouts[1], &fix, sizeof(fix) + 1));
	assert_false(takt_payload_is_sound(layouts[1], &fix, 4));
	*leap = 2;
	assert_false(takt_payload_is_sound(layouts[1], &fix, sizeof(fix)));
	*leap = 1;
	memset(fix.name, 'x', sizeof(fix.name));
	assert_false(takt_payload_is_sound(layouts[1], &fix, sizeof(fix)));
	fix.name[6] = '\0';
	assert_true(takt_payload_is_sound(layouts[1], &fix, sizeof(fix)));
	fix.times.count = 5;
	assert_false(takt_payload_is_sound(layouts[1], &fix, sizeof(fix)));
	takt_layouts_destroy(layouts, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(description_comes_back_as_it_was),
		cmocka_unit_test(every_cut_and_changed_byte_is_an_error_or_a_description),
		cmocka_unit_test(port_without_type_is_refused),
		cmocka_unit_test(payload_is_sound_unless_a_reader_would_trip),
	};

	return cmocka_run_group_tests_name("description of a Python task", tests, NULL, NULL);
}
