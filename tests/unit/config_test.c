/* Every mistake in a graph file is one line: file:line:column: what; the nearest valid thing. */
#include "rt/config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt/config/nearest.h"
#include "rt/config/scalar.h"
#include "tests/unit/unit.h"

#define HEAD "takt: 1\n" "name: g\n"
#define RUNTIME "runtime: {rate: 100Hz}\n"
#define TASKS "tasks: [{id: a, type: t}]\n"

static const struct {
	const char *text;
	const char *error;
} wrong[] = {
#include "tests/unit/config_errors.def"
};

static struct takt_config *parsed(const char *text)
{
	struct takt_config *config = NULL;
	struct takt_err err = { 0 };
	char line[1100];

	if (takt_config_parse("g.yaml", text, strlen(text), &config, &err) < 0) {
		fail_msg("%s", takt_err_format(&err, line, sizeof(line)));
	}
	return config;
}

static int refused(const void *text, size_t bytes, struct takt_err *err)
{
	struct takt_config *config = NULL;
	const int rc = takt_config_parse("g.yaml", text, bytes, &config, err);

	assert_true(rc < 0);
	assert_null(config);
	assert_int_equal(err->code, rc);
	return rc;
}

static void every_wrong_file_has_its_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct takt_err err = { 0 };
		char line[1100];

		refused(wrong[i].text, strlen(wrong[i].text), &err);
		assert_string_equal(takt_err_format(&err, line, sizeof(line)), wrong[i].error);
	}
}

static void defaults_stand_where_nothing_is_given(void **state)
{
	struct takt_config *config = parsed(HEAD RUNTIME TASKS);

	(void)state;
	assert_int_equal(config->runtime.rate.number, 10000000);
	assert_true(config->runtime.cpus.number == TAKT_CPU_UNSET);
	assert_int_equal(config->runtime.priority.number, 80);
	assert_int_equal(config->runtime.stuck_after.number, 1000000000);
	assert_int_equal(config->logging.flush.number, 100000000);
	assert_int_equal(config->logging.segment.number, 256u << 20);
	assert_int_equal(config->logging.arena.number, 0);
	assert_null(config->logging.flush.node);
	assert_string_equal(config->logging.flush.text, "100ms");
	assert_int_equal(config->tasks[0].keys.every.number, 1);
	assert_int_equal(config->tasks[0].keys.queue.number, 16);
	assert_int_equal(config->tasks[0].keys.record.number, 1);
	assert_int_equal(config->connection_count, 0);
	takt_config_destroy(config);
}

static void values_keep_their_place(void **state)
{
	struct takt_config *config = parsed(HEAD
		"runtime:\n  rate: 1.5 kHz\n  overrun: {catch_up: 3}\n  cpus: [3]\n" TASKS
		"connections:\n  - \"a.x  ->  b\"\n  - {from: b.y, to: a.z, delay: 1, hold: "
		"500ms}\n");
	const struct takt_config_connection *c = config->connections;

	(void)state;
	assert_int_equal(config->runtime.rate.number, 666667);
	assert_int_equal(config->runtime.rate.node->line, 4);
	assert_int_equal(config->runtime.rate.node->column, 9);
	assert_int_equal(config->runtime.rate.node->key_column, 3);
	assert_int_equal(config->runtime.overrun.number, TAKT_OVERRUN_CATCH_UP_INDEX | 3 << 8);
	assert_int_equal(config->runtime.cpus.number, 3);
	assert_string_equal(c[0].from.task, "a");
	assert_string_equal(c[0].from.port, "x");
	assert_string_equal(c[0].to.task, "b");
	assert_null(c[0].to.port);
	assert_int_equal(c[0].to.line, 9);
	assert_int_equal(c[0].to.column, 15);
	assert_int_equal(c[1].delay, 1);
	assert_int_equal(c[1].hold_ns, 500000000);
	assert_string_equal(c[1].to.port, "z");
	takt_config_destroy(config);
}

static void overrun_is_read_from_text_too(void **state)
{
	struct takt_config *config = parsed(HEAD "runtime: {rate: 0, overrun: 'catch_up: "
					    "7'}\n" TASKS);

	(void)state;
	assert_int_equal(config->runtime.overrun.number, TAKT_OVERRUN_CATCH_UP_INDEX | 7 << 8);
	assert_int_equal(config->runtime.rate.number, 0);
	takt_config_destroy(config);
}

static void types_are_those_of_the_macros(void **state)
{
	struct takt_config *config = parsed(HEAD RUNTIME TASKS
		"enums: {kind: {none: 0, gps: -3}}\n"
		"types:\n"
		"  outer: {doc: d, fields: [{name: a, type: u8}, {name: in, type: struct(inner)},\n"
		"    {name: k, type: \"array(enum(kind), 2)\", unit: m}, {name: t, type: "
		"text(5)},\n    {name: l, type: \"list(u16, 3)\"}]}\n"
		"  inner: {fields: [{name: x, type: f64}]}\n");
	const struct takt_type *outer = config->types[0].type, *inner = config->types[1].type;

	(void)state;
	assert_int_equal(config->type_count, 2);
	assert_string_equal(outer->name, "outer");
	assert_string_equal(outer->doc, "d");
	assert_int_equal(inner->bytes, 8);
	assert_int_equal(outer->align, 8);
	assert_int_equal(outer->bytes, 48);	/* 1 (+7) 8, 2 * 4, 5 (+3), 4 + 3 * 2 (+2), +4 */
	assert_ptr_equal(outer->fields[1].of, inner);
	assert_int_equal(outer->fields[2].shape, TAKT_SHAPE_ARRAY);
	assert_int_equal(outer->fields[2].scalar, TAKT_SCALAR_ENUM);
	assert_int_equal(outer->fields[2].names->values[1].value, -3);
	assert_string_equal(outer->fields[2].unit, "m");
	assert_int_equal(outer->fields[3].length, 5);
	takt_config_destroy(config);
}

static void a_file_above_its_limits_is_refused(void **state)
{
	const size_t bytes = TAKT_TREE_BYTES_MAX + 1;
	char *text = malloc(bytes);
	struct takt_err err = { 0 };
	size_t used;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', bytes);
	assert_int_equal(refused(text, bytes, &err), -E2BIG);

	err = (struct takt_err){ 0 };
	memset(text, ',', bytes - 1);
	for (size_t i = 0; i < 200000; i += 2) {
		text[i] = i ? '1' : '[';
	}
	text[1] = '0';
	refused(text, 200000, &err);
	assert_string_equal(err.text, "more than 65536 values in one file");

	err = (struct takt_err){ 0 };
	used = 0;
	for (uint32_t i = 0; i <= TAKT_TREE_KEYS_MAX; i++) {
		used += (size_t)sprintf(text + used, "k%u: 1\n", i);
	}
	refused(text, used, &err);
	assert_string_equal(err.text, "more than 1024 keys in one map");
	free(text);
}

static void a_file_that_is_not_there_says_so(void **state)
{
	struct takt_config *config;
	struct takt_err err = { 0 };
	char line[400];

	(void)state;
	assert_int_equal(takt_config_load("/nowhere/g.yaml", &config, &err), -ENOENT);
	assert_string_equal(takt_err_format(&err, line, sizeof(line)),
			    "/nowhere/g.yaml: cannot read the graph file: No such file or "
			    "directory");
}

static void the_table_of_keys_is_sound(void **state)
{
	uint32_t count;
	const struct takt_key *keys = takt_keys(&count);

	(void)state;
	assert_in_range(count, 50, 100);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t number;

		assert_true(takt_id_is_valid(keys[i].key));
		assert_true(strlen(keys[i].doc) > 5);
		if (keys[i].kind == TAKT_KEY_REFUSED || keys[i].kind == TAKT_KEY_CHOICE ||
		    (keys[i].need == TAKT_KEY_OPTIONAL &&
		     (keys[i].kind == TAKT_KEY_LIST || keys[i].kind == TAKT_KEY_MAP))) {
			assert_true(keys[i].more[0] != 0);
		}
		if (keys[i].default_text[0]) {
			assert_int_equal(takt_scalar_parse(&keys[i], keys[i].default_text, false,
							   &number,
							   NULL), 0);
		}
		for (uint32_t j = 0; j < i; j++) {
			assert_false(keys[i].place == keys[j].place &&
				     strcmp(keys[i].key, keys[j].key) == 0);
		}
	}
}

static void unknown_names_get_the_nearest_one(void **state)
{
	const char *const names[] = { "rate", "priority" };
	char text[TAKT_NEAREST_BYTES];

	(void)state;
	assert_string_equal(takt_nearest("raet", "keys", names, 2, text), "did you mean `rate`?");
	assert_string_equal(takt_nearest("xyz", "keys", names, 2, text), "there are: rate, "
			    "priority");
	assert_string_equal(takt_nearest("xyz", "keys", names, 1, text), "there is only: rate");
	assert_string_equal(takt_nearest("xyz", "keys", names, 0, text), "there are no keys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_file_has_its_message),
		cmocka_unit_test(defaults_stand_where_nothing_is_given),
		cmocka_unit_test(values_keep_their_place),
		cmocka_unit_test(overrun_is_read_from_text_too),
		cmocka_unit_test(types_are_those_of_the_macros),
		cmocka_unit_test(a_file_above_its_limits_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_says_so),
		cmocka_unit_test(the_table_of_keys_is_sound),
		cmocka_unit_test(unknown_names_get_the_nearest_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
