/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/msg/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rt/msg/layout.h"
#include "tests/unit/unit.h"

#define KIND(V) \
	V(KIND_LOST, -1, "lost") \
	V(KIND_NONE, 0, "none") \
	V(KIND_FIX, 7, "3d fix")
TAKT_ENUM(kind, "a kind", KIND)

#define UTC(F) \
	F(u16, year, "", "year") \
	F(f32, second, "s", "second")
TAKT_MESSAGE(utc, "a time", UTC)

#define FIX(F) \
	F(bool, ok, "", "flag") \
	F(array(f64, 2), at, "deg", "position, h\xc3\xb6he") \
	F(text(7), name, "", "text") \
	F(enum(kind), how, "", "enum") \
	F(struct(utc), time, "", "nested") \
	F(list(struct(utc), 9), times, "", "nested list")
TAKT_MESSAGE(fix, "one of each", FIX)

static const struct takt_type *types[] = { &takt_type_utc, &takt_type_fix };
static const struct takt_catalog_stream streams[] = {
	{ "lane0", TAKT_STREAM_COPPERLISTS, 0 }, { "lane0.events", TAKT_STREAM_EVENTS, 0 },
};
static const struct takt_catalog_task tasks[] = {
	{ "nmea", "nmea_source", "gnss.so", "io", "{\"path\":\"x\"}", 1, 1, 0 },
	{ "track", "gnss_track", "gnss.so", "lane", "{}", 2, 10, 3 },
};
static const struct takt_catalog_output outputs[] = {
	{ 0, "fix", 1, 8, true }, { 1, "time", 0, 1, false },
};
static const struct takt_catalog_connection connections[] = {
	{ 0, 1, "fix", 0, 500000000 }, { 1, 0, "back", 1, 0 },
};
static const struct takt_catalog_format formats[] = {
	{ "fix %d, %.2f m", "nmea.c", "if", 42, TAKT_INFO }, { "end", "", "", 1, TAKT_CRITICAL },
};
static const struct takt_catalog_fact facts[] = { { "kernel", "6.1" }, { "cpu", NULL } };

static const struct takt_catalog rich = {
	.graph = "gnss", .config = "takt: 1\nname: gnss\n", .config_path = "/tmp/\xff.yaml",
	.period_ns = 10000000, .counter_hz = 3000000000, .origin_mono_ns = 123456789,
	.origin_real_ns = -5, .types = types, .type_count = 2, .streams = streams, .stream_count = 2,
	.tasks = tasks, .task_count = 2, .outputs = outputs, .output_count = 2,
	.connections = connections, .connection_count = 2, .formats = formats, .format_count = 2,
	.facts = facts, .fact_count = 2,
};

static void *encoded(const struct takt_catalog *catalog, uint32_t *ret_size)
{
	struct takt_err err = { 0 };
	void *bytes = NULL;

	if (takt_catalog_encode(catalog, &bytes, ret_size, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return bytes;
}

static void decoded_catalog_is_what_was_encoded(void **state)
{
	uint32_t size = 0, again_size = 0;
	void *bytes = encoded(&rich, &size);
	struct takt_catalog *catalog = NULL;
	struct takt_err err = { 0 };

	(void)state;
	if (takt_catalog_decode(bytes, size, &catalog, &err) < 0) {
		fail_msg("%s", err.text);
	}
	assert_string_equal(catalog->graph, "gnss");
	assert_string_equal(catalog->config, rich.config);
	assert_string_equal(catalog->config_path, "/tmp/\xef\xbf\xbd.yaml");
	assert_int_equal(catalog->counter_hz, 3000000000);
	assert_int_equal(catalog->origin_real_ns, -5);
	assert_int_equal(catalog->type_count, 2);
	const struct takt_type *type = catalog->types[1];
	assert_string_equal(type->name, "fix");
	assert_int_equal(type->bytes, sizeof(struct fix));
	assert_int_equal(type->field_count, 6);
	assert_string_equal(type->fields[1].doc, "position, h\xc3\xb6he");
	assert_string_equal(type->fields[1].unit, "deg");
	assert_int_equal(type->fields[1].length, 2);
	assert_int_equal(type->fields[2].shape, TAKT_SHAPE_TEXT);
	assert_string_equal(type->fields[3].names->values[0].name, "lost");
	assert_int_equal(type->fields[3].names->values[0].value, -1);
	assert_ptr_equal(type->fields[4].of, catalog->types[0]);
	assert_null(type->fields[4].names);
	assert_string_equal(catalog->streams[1].name, "lane0.events");
	assert_string_equal(catalog->tasks[0].params, "{\"path\":\"x\"}");
	assert_int_equal(catalog->tasks[1].offset, 3);
	assert_true(catalog->outputs[0].recorded);
	assert_false(catalog->outputs[1].recorded);
	assert_int_equal(catalog->connections[0].hold_ns, 500000000);
	assert_string_equal(catalog->formats[0].tags, "if");
	assert_string_equal(catalog->facts[1].value, "");

	void *again = encoded(catalog, &again_size);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, bytes, size);
	free(again);
	free(bytes);
	takt_catalog_destroy(catalog);
	takt_catalog_destroy(NULL);
}

static void empty_catalog_comes_back(void **state)
{
	const struct takt_catalog empty = { .counter_hz = 1 };
	uint32_t size = 0;
	void *bytes = encoded(&empty, &size);
	struct takt_catalog *catalog = NULL;

	(void)state;
	assert_int_equal(takt_catalog_decode(bytes, size, &catalog, NULL), 0);
	assert_string_equal(catalog->graph, "");
	assert_int_equal(catalog->type_count, 0);
	takt_catalog_destroy(catalog);
	free(bytes);
}

/* Decode @bytes, which may be anything; what is taken must be sound. Returns 1 if it was taken. */
static int try(const unsigned char *bytes, uint32_t size)
{
	struct takt_catalog *catalog = NULL;
	struct takt_err err = { 0 };
	void *again = NULL;
	uint32_t again_size = 0;
	unsigned char *copy = malloc(size ? size : 1);	/* exact, so that ASan sees its end */
	int ret;

	memcpy(copy, bytes, size);
	ret = takt_catalog_decode(copy, size, &catalog, &err);
	free(copy);
	if (ret < 0) {
		assert_null(catalog);
		assert_true(ret == -EBADMSG || ret == -EPROTO);
		assert_true(err.text[0]);
		return 0;
	}
	assert_int_equal(takt_catalog_encode(catalog, &again, &again_size, &err), 0);
	free(again);
	takt_catalog_destroy(catalog);
	return 1;
}

static void no_truncated_catalog_is_taken(void **state)
{
	uint32_t size = 0;
	unsigned char *bytes = encoded(&rich, &size);

	(void)state;
	for (uint32_t cut = 0; cut < size; cut++) {
		assert_int_equal(try(bytes, cut), 0);
	}
	assert_int_equal(try(bytes, size), 1);
	free(bytes);
}

static void mutated_catalogs_are_refused_or_sound(void **state)
{
	uint32_t size = 0, taken = 0;
	unsigned char *bytes = encoded(&rich, &size);
	unsigned char *mutant = malloc(size + 16);
	uint32_t seed = 4711;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const uint32_t changes = 1 + (uint32_t)i % 4;
		uint32_t length = size;

		memcpy(mutant, bytes, size);
		for (uint32_t j = 0; j < changes; j++) {
			seed = seed * 1664525u + 1013904223u;
			const uint32_t at = (seed >> 8) % length;
			seed = seed * 1664525u + 1013904223u;
			switch (seed >> 30) {
			case 0:		/* put a byte in */
				memmove(mutant + at + 1, mutant + at, length - at);
				mutant[at] = (unsigned char)(seed >> 8);
				length++;
				break;
			case 1:		/* take a byte out */
				memmove(mutant + at, mutant + at + 1, length - at - 1);
				length--;
				break;
			case 2:
				mutant[at] ^= (unsigned char)(1u << (seed >> 8 & 7));
				break;
			default:
				mutant[at] = (unsigned char)(seed >> 8);
			}
		}
		taken += (uint32_t)try(mutant, length);
	}
	assert_in_range(taken, 1, 19000);	/* changes in a doc are harmless */
	free(mutant);
	free(bytes);
}

static void hand_made_faults_are_named(void **state)
{
	static const struct { const char *bytes; uint32_t size; const char *want; } rows[] = {
#define ROW(bytes, want) { bytes, sizeof(bytes) - 1, want }
		ROW("", "byte 0"),
		ROW("\xa0", "is missing"),
		ROW("\x80", "must be a map"),
		ROW("\xa1\x6ctakt_catalog\x01", "no frequency"),
		ROW("\xa2\x6ctakt_catalog\x01\x6a" "counter_hz\x00", "no frequency"),
		ROW("\xa1\x6ctakt_catalog\x01\x00", "behind the end"),
		ROW("\xa2\x6ctakt_catalog\x01\x6ctakt_catalog\x01", "takt_catalog stands twice"),
		ROW("\xa1\x6ctakt_catalog\x02", "newer takt"),
		ROW("\xa1\x6ctakt_catalog\x20", "takt_catalog must be a number >= 0"),
		ROW("\xa1\x6ctakt_catalog\x1b\x00\x00\x00\x01\x00\x00\x00\x01", "takt_catalog must be a number"),
		ROW("\xbf\x6ctakt_catalog\x01\xff", "no CBOR that takt writes"),
		ROW("\xa2\x6ctakt_catalog\x01\x65graph\x61\x00", "graph must be UTF-8 without NUL"),
		ROW("\xa2\x6ctakt_catalog\x01\x65graph\x61\xff", "graph must be UTF-8"),
		ROW("\xa2\x6ctakt_catalog\x01\x65graph\x41" "a", "graph must be a text"),
		ROW("\xa2\x6ctakt_catalog\x01\x65tasks\x9a\xff\xff\xff\xff", "no CBOR"),
		ROW("\xa2\x6ctakt_catalog\x01\x65tasks\x81\x00", "task must be a map"),
		ROW("\xa2\x6ctakt_catalog\x01\x65tasks\xa0", "tasks must be an array"),
		ROW("\xa2\x6ctakt_catalog\x01\x65tasks\x81\xa0", "impossible rhythm"),
		ROW("\xa2\x6ctakt_catalog\x01\x67outputs\x81\xa0", "refers to task 0"),
		ROW("\xa2\x6ctakt_catalog\x01\x65types\x81\xa0", "no valid name"),
		ROW("\xa2\x6ctakt_catalog\x01\x00\x00", "key that is no text"),
		ROW("\xa2\x6ctakt_catalog\x01\x61x\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "catalog is damaged"),
		ROW("\xa2\x6ctakt_catalog\x01\x61x\xbb\x80\x00\x00\x00\x00\x00\x00\x00", "catalog is damaged"),
		ROW("\xa2\x6ctakt_catalog\x01\x61x\x7b\xff\xff\xff\xff\xff\xff\xff\xff", "catalog is damaged"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct takt_catalog *catalog = NULL;
		struct takt_err err = { 0 };

		assert_true(takt_catalog_decode(rows[i].bytes, rows[i].size, &catalog, &err) < 0);
		if (!strstr(err.text, rows[i].want)) {
			fail_msg("row %zu: '%s' is not in: %s", i, rows[i].want, err.text);
		}
	}
}

static void unknown_keys_are_skipped_however_deep(void **state)
{
	static const char bytes[] =
		"\xa7"
		"\x6ctakt_catalog\x01"
		"\x6a" "counter_hz\x01"
		"\x61" "a\x82\x01\xa1\x61" "b\x82\xf5\xfb\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x61" "c\xd8\x20\x61" "d"
		"\x61" "d\xf6"
		"\x61" "e\x42\x00\x01"
		"\x65graph\x61g";
	unsigned char deep[3000];
	struct takt_catalog *catalog = NULL;

	(void)state;
	assert_int_equal(takt_catalog_decode(bytes, sizeof(bytes) - 1, &catalog, NULL), 0);
	assert_string_equal(catalog->graph, "g");
	takt_catalog_destroy(catalog);

	memset(deep, 0x81, sizeof(deep));	/* array in array in array … */
	memcpy(deep, "\xa3\x61x", 3);
	memcpy(deep + sizeof(deep) - 27, "\x00\x6ctakt_catalog\x01\x6a" "counter_hz\x01", 27);
	assert_int_equal(takt_catalog_decode(deep, sizeof(deep), &catalog, NULL), 0);
	takt_catalog_destroy(catalog);
}

static void a_hash_that_the_fields_do_not_make_is_refused(void **state)
{
	uint32_t size = 0;
	char *bytes = encoded(&rich, &size);
	char *at = memmem(bytes, size, "second", 6);	/* a field of utc */
	struct takt_catalog *catalog = NULL;
	struct takt_err err = { 0 };

	(void)state;
	at[0] = 'z';
	assert_int_equal(takt_catalog_decode(bytes, size, &catalog, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "type utc has hash"));
	free(bytes);
}

static void what_cannot_be_laid_out_is_not_encoded(void **state)
{
	const struct takt_type *wrong[] = { &takt_type_fix };
	struct takt_catalog catalog = { .types = wrong, .type_count = 1 };
	struct takt_err err = { 0 };
	void *bytes = NULL;
	uint32_t size = 0;

	(void)state;
	assert_int_equal(takt_catalog_encode(&catalog, &bytes, &size, &err), -EINVAL);
	assert_non_null(strstr(err.text, "type `fix`"));
	catalog = (struct takt_catalog){ .task_count = 65536 };
	assert_int_equal(takt_catalog_encode(&catalog, &bytes, &size, NULL), -E2BIG);
	assert_null(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoded_catalog_is_what_was_encoded),
		cmocka_unit_test(empty_catalog_comes_back),
		cmocka_unit_test(no_truncated_catalog_is_taken),
		cmocka_unit_test(mutated_catalogs_are_refused_or_sound),
		cmocka_unit_test(hand_made_faults_are_named),
		cmocka_unit_test(unknown_keys_are_skipped_however_deep),
		cmocka_unit_test(a_hash_that_the_fields_do_not_make_is_refused),
		cmocka_unit_test(what_cannot_be_laid_out_is_not_encoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
