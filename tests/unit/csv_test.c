/* CSV: rows, columns of message types, and that what is written reads back as the same.
 *
 * Usage: csv_test [ROUNDS [SEED]] */
#include "rt/io/csv_columns.h"
#include "rt/io/csv_line.h"
#include "rt/io/csv_rows.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define KIND(V) V(KIND_NONE, 0, "none") V(KIND_ODD, -3, "odd, \"quoted\"") V(KIND_LAST, 70000, "last")
TAKT_ENUM(kind, "a kind", KIND)

#define POINT(F) F(f32, x, "m", "east") F(i8, n, "1", "a number")
TAKT_MESSAGE(point, "a point", POINT)

#define TRACK(F)                                                                                   \
	F(u8, id, "", "number") F(list(struct(point), 3), points, "", "some points")
TAKT_MESSAGE(track, "points", TRACK)

#define RICH(F)                                                                                    \
	F(bool, on, "", "") F(i8, i8, "", "") F(u8, u8, "", "") F(i16, i16, "", "")                \
	F(u16, u16, "", "") F(i32, i32, "", "") F(u32, u32, "", "") F(i64, i64, "", "")            \
	F(u64, u64, "", "") F(f32, f32, "m", "") F(f64, f64, "rad/s", "") F(text(12), text, "", "")\
	F(enum(kind), kind, "", "") F(array(f64, 3), gyro, "rad/s", "")                            \
	F(array(struct(track), 2), tracks, "", "") F(list(u16, 4), seen, "1", "")
TAKT_MESSAGE(rich, "a bit of everything", RICH)

static struct {
	unsigned long rounds;
	uint64_t seed;
} test = { .rounds = 2000, .seed = 20250101 };

static uint64_t random_next(void)
{
	test.seed ^= test.seed << 13;
	test.seed ^= test.seed >> 7;
	test.seed ^= test.seed << 17;
	return test.seed;
}

/* All rows of @text as "a|b\n" with ! before what is damaged, pushed in pieces of @piece bytes. */
static void rows_show(const char *text, size_t bytes, size_t piece, char separator, char *out)
{
	struct csv_rows rows;
	enum csv_event event = CSV_MORE;
	size_t used = 0;

	assert_int_equal(csv_rows_init(&rows, separator), 0);
	*out = '\0';
	for (size_t at = 0; at <= bytes; at += used) {
		if (at == bytes) {
			event = csv_end(&rows);
			used = 1;
		} else {
			event = csv_push(&rows, text + at, piece < bytes - at ? piece : bytes - at, &used);
			assert_true(used > 0);
		}
		if (event == CSV_DAMAGED) {
			out += sprintf(out, "!%u %s\n", (unsigned)rows.line, rows.damage);
		}
		for (uint32_t i = 0; event == CSV_ROW && i < rows.count; i++) {
			out += sprintf(out, "%s%s", csv_cell(&rows, i), i + 1 < rows.count ? "|" : "\n");
		}
	}
	csv_rows_fini(&rows);
}

static void rows_are_read_by_rfc_4180_in_pieces_of_any_size(void **state)
{
	static const struct { const char *text, *rows; char separator; } cases[] = {
		{ "a,b\n1,2\n", "a|b\n1|2\n", ',' },
		{ "a,b\r\n1,2\r\n", "a|b\n1|2\n", ',' },
		{ "a,b\n1,2", "a|b\n1|2\n", ',' },
		{ "\xef\xbb\xbf\"a\",b\n", "a|b\n", ',' },
		{ "\xef\xbb,b\n", "\xef\xbb|b\n", ',' },
		{ "a;b,c\n", "a|b,c\n", ';' },
		{ "\"a,\"\"b\"\"\",\"c\r\nd\"\r\n", "a,\"b\"|c\r\nd\n", ',' },
		{ ",,\n", "||\n", ',' },
		{ "a,\n", "a|\n", ',' },
		{ "a,", "a|\n", ',' },
		{ "\n\r\n# a,b\n#\na\n\n", "a\n", ',' },
		{ "\"\"\n", "\n", ',' },
		{ "\"#a\"\n", "#a\n", ',' },
		{ "5\" pipe,b\n", "5\" pipe|b\n", ',' },
		{ "a\n\"b\"c\nd\n", "a\n!2 has text behind a closing quote\nd\n", ',' },
		{ "a\n\"b\nc\n", "a\n!2 ends within quotes\n", ',' },
		{ "", "", ',' },
		{ "a\rb\n", "a\rb\n", ',' },
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t piece = 1; piece < 40; piece += 3) {
			rows_show(cases[i].text, strlen(cases[i].text), piece, cases[i].separator, out);
			assert_string_equal(out, cases[i].rows);
		}
	}
	rows_show("a\nb\0c\nd\n", 8, 8, ',', out);
	assert_string_equal(out, "a\n!2 has a NUL byte (is the file UTF-16? give UTF-8)\nd\n");
}

static void a_row_without_bounds_is_damaged_and_the_next_is_read(void **state)
{
	const size_t bytes = CSV_ROW_BYTES_MAX + 100;
	char *text = malloc(bytes + 3), *out = malloc(4 * bytes);

	(void)state;
	memset(text, 'a', bytes);
	memcpy(text + bytes, "\nb\n", 3);
	rows_show(text, bytes + 3, 1000, ',', out);
	assert_string_equal(out, "!1 is longer than 256 KiB (is a quote open?)\nb\n");
	memset(text, ',', CSV_CELLS_MAX);
	memcpy(text + CSV_CELLS_MAX, "\nb\n", 3);
	rows_show(text, CSV_CELLS_MAX + 3, 1000, ',', out);
	assert_string_equal(out, "!1 has more than 4096 cells\nb\n");
	text[CSV_CELLS_MAX - 1] = '\n';
	text[CSV_CELLS_MAX] = 'c';
	rows_show(text, CSV_CELLS_MAX + 3, 1000, ',', out);
	assert_int_equal(strlen(out), CSV_CELLS_MAX - 1 + 1 + strlen("cb\n"));
	free(text);
	free(out);
}

static void a_type_becomes_columns_by_name_at_the_compilers_offsets(void **state)
{
	static const struct { const char *name; size_t at; } some[] = {
		{ "on", offsetof(struct rich, on) },
		{ "u64", offsetof(struct rich, u64) },
		{ "text", offsetof(struct rich, text) },
		{ "kind", offsetof(struct rich, kind) },
		{ "gyro[2]", offsetof(struct rich, gyro[2]) },
		{ "tracks[1].id", offsetof(struct rich, tracks[1].id) },
		{ "tracks[1].points.count", offsetof(struct rich, tracks[1].points.count) },
		{ "tracks[1].points[2].x", offsetof(struct rich, tracks[1].points.at[2].x) },
		{ "tracks[0].points[1].n", offsetof(struct rich, tracks[0].points.at[1].n) },
		{ "seen.count", offsetof(struct rich, seen.count) },
		{ "seen[3]", offsetof(struct rich, seen.at[3]) },
	};
	struct csv_columns columns;
	size_t found = 0;

	(void)state;
	assert_int_equal(csv_columns_make(&takt_type_rich, &columns), 0);
	assert_int_equal(columns.count, 13 + 3 + 2 * (1 + 1 + 3 * 2) + 1 + 4);
	for (uint32_t i = 0; i < columns.count; i++) {
		for (size_t j = 0; j < sizeof(some) / sizeof(some[0]); j++) {
			if (strcmp(columns.rows[i].name, some[j].name) == 0) {
				assert_int_equal(columns.rows[i].offset_bytes, some[j].at);
				found++;
			}
		}
	}
	assert_int_equal(found, sizeof(some) / sizeof(some[0]));
	assert_string_equal(csv_column_unit(&columns.rows[10]), "rad/s");
	assert_string_equal(csv_column_unit(&columns.rows[columns.count - 1]), "");
	csv_columns_free(&columns);
}

static void a_type_with_too_many_columns_is_refused(void **state)
{
	static const struct takt_field field = { "a", "", "", TAKT_SCALAR_U8, TAKT_SHAPE_ARRAY,
						 CSV_CELLS_MAX + 1, NULL, NULL };
	static const struct takt_type type = { "large", "", &field, 1, CSV_CELLS_MAX + 1, 1 };
	struct csv_columns columns;

	(void)state;
	assert_int_equal(csv_columns_make(&type, &columns), -E2BIG);
	assert_null(columns.rows);
}

static void put_random(const struct csv_column *column, void *message)
{
	const uint64_t bits = random_next() >> (random_next() % 64);
	char *at = (char *)message + column->offset_bytes;
	static const double special[] = { 0.0, -0.0, 0.1, 1e308 * 10, -1e308 * 10, DBL_MIN / 3, DBL_MAX, 1.0 / 3 };

	switch (column->kind == CSV_COUNT ? TAKT_SCALAR_STRUCT : (enum takt_scalar)column->field->scalar) {
	case TAKT_SCALAR_STRUCT:
		*(uint32_t *)(void *)at = (uint32_t)(bits % (column->field->length + 1));
		break;
	case TAKT_SCALAR_BOOL:
		*at = (char)(bits & 1);
		break;
	case TAKT_SCALAR_CHAR:
		for (uint32_t i = 0; i < random_next() % column->field->length; i++) {
			at[i] = ",\"\n\r #;a\xc3\xa4z,\""[random_next() % 13];
		}
		break;
	case TAKT_SCALAR_ENUM:
		*(int32_t *)(void *)at = (int32_t[]){ 0, -3, 70000, 5 }[bits % 4];
		break;
	case TAKT_SCALAR_F32: {
		float f32;

		memcpy(&f32, &(uint32_t){ (uint32_t)random_next() }, 4);
		f32 = bits % 4 == 0 ? (float)special[random_next() % 8] : f32;
		f32 = isnan(f32) ? (float)NAN : f32;
		memcpy(at, &f32, 4);
		break;
	}
	case TAKT_SCALAR_F64: {
		double f64;

		memcpy(&f64, &(uint64_t){ random_next() }, 8);
		f64 = bits % 4 == 0 ? special[random_next() % 8] : f64;
		f64 = isnan(f64) ? (double)NAN : f64;
		memcpy(at, &f64, 8);
		break;
	}
	default: {
		const uint32_t scalar = column->field->scalar;
		const uint32_t bytes = scalar == TAKT_SCALAR_I8 || scalar == TAKT_SCALAR_U8 ? 1 :
				       scalar == TAKT_SCALAR_I16 || scalar == TAKT_SCALAR_U16 ? 2 :
				       scalar == TAKT_SCALAR_I32 || scalar == TAKT_SCALAR_U32 ? 4 : 8;

		memcpy(at, bits % 5 ? &bits : &(uint64_t){ UINT64_MAX }, bytes);
	}
	}
}

static void line_make(const struct csv_columns *columns, const struct rich *message, char separator,
		      struct csv_line *line)
{
	char number[CSV_VALUE_BYTES];

	for (uint32_t i = 0; i < columns->count; i++) {
		const char *text = csv_column_is_present(columns, i, message) ?
			csv_column_format(&columns->rows[i], message, number) : "";

		csv_line_put(line, separator, text, strlen(text), false);
	}
	csv_line_end(line);
}

static void what_is_written_reads_back_as_the_same_message(void **state)
{
	struct csv_columns columns;
	struct csv_rows rows;
	struct csv_line line = { 0 };
	size_t used;

	(void)state;
	print_message("# seed %llu\n", (unsigned long long)test.seed);
	assert_int_equal(csv_columns_make(&takt_type_rich, &columns), 0);
	assert_int_equal(csv_rows_init(&rows, ';'), 0);
	for (unsigned long round = 0; round < test.rounds; round++) {
		struct rich a, b;

		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		for (uint32_t i = 0; i < columns.count; i++) {
			if (csv_column_is_present(&columns, i, &a)) {
				put_random(&columns.rows[i], &a);
			}
		}
		line.used_bytes = 0;
		line_make(&columns, &a, ';', &line);
		assert_int_equal(csv_push(&rows, line.text, line.used_bytes, &used), CSV_ROW);
		assert_int_equal(used, line.used_bytes);
		assert_int_equal(rows.count, columns.count);
		for (uint32_t i = 0; i < columns.count; i++) {
			if (csv_column_is_present(&columns, i, &b)) {
				assert_null(csv_column_parse(&columns.rows[i], csv_cell(&rows, i), &b));
			}
		}
		assert_memory_equal(&a, &b, sizeof(a));
	}
	csv_line_free(&line);
	csv_rows_fini(&rows);
	csv_columns_free(&columns);
}

static void numbers_are_written_in_the_fewest_digits(void **state)
{
	struct csv_columns columns;
	struct rich message = { .f32 = 0.1f, .f64 = 0.1, .kind = KIND_ODD };
	char out[CSV_VALUE_BYTES];

	(void)state;
	assert_int_equal(csv_columns_make(&takt_type_rich, &columns), 0);
	assert_string_equal(csv_column_format(&columns.rows[9], &message, out), "0.1");
	assert_string_equal(csv_column_format(&columns.rows[10], &message, out), "0.1");
	assert_string_equal(csv_column_format(&columns.rows[12], &message, out), "odd, \"quoted\"");
	message.f64 = (double)NAN;
	assert_string_equal(csv_column_format(&columns.rows[10], &message, out), "nan");
	csv_columns_free(&columns);
}

static void a_cell_that_does_not_fit_its_field_says_why(void **state)
{
	static const struct { uint32_t column; const char *text, *wrong; } cases[] = {
		{ 0, "true", NULL }, { 0, "0", NULL }, { 0, "yes", "is neither true nor false" },
		{ 1, "-128", NULL }, { 1, "128", "is too large or too small for its field" },
		{ 1, "-129", "is too large or too small for its field" },
		{ 1, "1.5", "is no whole number" }, { 1, "", "is empty, or far too long for a number" },
		{ 2, "255", NULL }, { 2, "-1", "is too large or too small for its field" },
		{ 2, " 7 ", NULL }, { 7, "-9223372036854775808", NULL },
		{ 7, "9223372036854775808", "is too large or too small for its field" },
		{ 8, "18446744073709551615", NULL },
		{ 8, "18446744073709551616", "is too large or too small for its field" },
		{ 9, "1e39", "is too large or too small for its field" }, { 9, "inf", NULL },
		{ 9, "nan", NULL }, { 10, "1e39", NULL }, { 10, "1,5", "is no number" },
		{ 11, "hello world", NULL }, { 11, "hello world!", "is too long for its field" },
		{ 12, "last", NULL }, { 12, "70000", NULL },
		{ 12, "lst", "is none of the names of its field's enum" }, { 12, "", "is empty" },
	};
	struct csv_columns columns;
	struct rich message;

	(void)state;
	assert_int_equal(csv_columns_make(&takt_type_rich, &columns), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *wrong = csv_column_parse(&columns.rows[cases[i].column], cases[i].text, &message);

		if (cases[i].wrong) {
			assert_string_equal(wrong, cases[i].wrong);
		} else {
			assert_null(wrong);
		}
	}
	csv_columns_free(&columns);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read_by_rfc_4180_in_pieces_of_any_size),
		cmocka_unit_test(a_row_without_bounds_is_damaged_and_the_next_is_read),
		cmocka_unit_test(a_type_becomes_columns_by_name_at_the_compilers_offsets),
		cmocka_unit_test(a_type_with_too_many_columns_is_refused),
		cmocka_unit_test(what_is_written_reads_back_as_the_same_message),
		cmocka_unit_test(numbers_are_written_in_the_fewest_digits),
		cmocka_unit_test(a_cell_that_does_not_fit_its_field_says_why),
	};

	if (argc > 1) {
		test.rounds = strtoul(argv[1], NULL, 10);
	}
	if (argc > 2) {
		test.seed = strtoull(argv[2], NULL, 10);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
