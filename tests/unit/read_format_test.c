/* SPDX-License-Identifier: Apache-2.0 */
/* printf's language over recorded arguments: the same as printf where both fit, never undefined. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/handle.h"
#include "tests/unit/unit.h"

static struct takt_log_format format_row;
static struct takt_catalog catalog = { .format_count = 1 };
static struct takt_log log_ = { .tables = { .catalog = &catalog, .formats = &format_row } };
static char out[8192];

static const char *format(const char *text, const struct takt_log_arg *args, uint32_t count)
{
	const struct takt_log_text record_text = { .arg_count = count, .args = args };
	const struct takt_log_record record = { .kind = TAKT_LOG_TEXT, .text = &record_text };

	size_t bytes;

	format_row.format = text;
	memset(out, 'Z', sizeof(out));
	bytes = takt_log_text_format(&log_, &record, out, sizeof(out));
	assert_int_equal(bytes, strlen(out));
	return out;
}

static struct takt_log_arg word(char tag, uint64_t value)
{
	return (struct takt_log_arg){ .tag = tag, .u = value, .i = (int64_t)value, .s = "" };
}

static struct takt_log_arg real(double value)
{
	return (struct takt_log_arg){ .tag = 'f', .f = value, .s = "" };
}

static struct takt_log_arg string(const char *text)
{
	return (struct takt_log_arg){ .tag = 's', .s = text, .bytes = (uint32_t)strlen(text) };
}

/* Ours against libc's. */
#define SAME(tag_, cast_, text_, value_)                                                           \
	do {                                                                                       \
		const struct takt_log_arg arg_ = word(tag_, (uint64_t)(value_));                   \
		char expected_[512];                                                               \
		snprintf(expected_, sizeof(expected_), text_, (cast_)(value_));                    \
		assert_string_equal(format(text_, &arg_, 1), expected_);                           \
	} while (0)

static void integers_are_formatted_as_by_printf(void **state)
{
	(void)state;
	SAME('i', int, "%d", -5);
	SAME('i', int, "%5d|", 42);
	SAME('i', int, "%-5d|", 42);
	SAME('i', int, "%+05d|", 42);
	SAME('i', int, "% .3i", 7);
	SAME('i', int, "%d", INT_MIN);
	SAME('i', long, "%ld", LONG_MIN);
	SAME('i', long long, "%lld", LLONG_MAX);
	SAME('i', intmax_t, "%jd", -9);
	SAME('i', ptrdiff_t, "%td", -9);
	SAME('i', signed char, "%hhd", -3);
	SAME('i', short, "%hd", -3000);
	SAME('u', unsigned, "%u", 4000000000u);
	SAME('u', unsigned, "%x", 0xdeadbeefu);
	SAME('u', unsigned, "%#X", 0xdeadbeefu);
	SAME('u', unsigned, "%#o", 8u);
	SAME('u', unsigned char, "%hhu", 255);
	SAME('u', size_t, "%zu", SIZE_MAX);
	SAME('u', unsigned long, "%016lx", 0xabcdefUL);
	SAME('i', int, "100%% of %d", 3);
	SAME('i', int, "%c", 'x');
	SAME('i', int, "%3c|", 'x');
}

static void narrower_sizes_cut_the_value_as_printf_does(void **state)
{
	struct takt_log_arg arg = word('i', (uint64_t)-1);

	(void)state;
	assert_string_equal(format("%u", &arg, 1), "4294967295");
	assert_string_equal(format("%hhx", &arg, 1), "ff");
	assert_string_equal(format("%lx", &arg, 1), "ffffffffffffffff");
	arg = word('i', 300);
	assert_string_equal(format("%hhd", &arg, 1), "44");
}

static void doubles_are_formatted_as_by_printf(void **state)
{
	static const double values[] = { 0.0, -0.0, 1.5, -3.25e-7, 1e300, 1e-300, 123456789.0,
					 (double)INFINITY, -(double)INFINITY };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct takt_log_arg arg = real(values[i]);
		char expected[2048];

#define SAME_REAL(text_)                                                                           \
	snprintf(expected, sizeof(expected), text_, values[i]);                                    \
	assert_string_equal(format(text_, &arg, 1), expected)
		SAME_REAL("%f");
		SAME_REAL("%.3f");
		SAME_REAL("%10.2e|");
		SAME_REAL("%-12G|");
		SAME_REAL("%+g");
		SAME_REAL("%#.0f");
		SAME_REAL("%a");
		SAME_REAL("%.1A");
		SAME_REAL("%010F");
		SAME_REAL("%.900f");
	}
	assert_non_null(strstr(format("%f", &(struct takt_log_arg){ .tag = 'f', .f = (double)NAN }, 1),
			       "nan"));
}

static void strings_and_pointers_are_formatted_as_by_printf(void **state)
{
	struct takt_log_arg arg = string("hello");

	(void)state;
	assert_string_equal(format("%s", &arg, 1), "hello");
	assert_string_equal(format("%8s|", &arg, 1), "   hello|");
	assert_string_equal(format("%-8s|", &arg, 1), "hello   |");
	assert_string_equal(format("%.2s|", &arg, 1), "he|");
	assert_string_equal(format("%6.2s|", &arg, 1), "    he|");
	arg = word('p', 0x7fff1234);
	assert_string_equal(format("%p", &arg, 1), "0x7fff1234");
	assert_string_equal(format("%12p|", &arg, 1), "  0x7fff1234|");
	arg = word('p', 0);
	assert_string_equal(format("%p", &arg, 1), "(nil)");
}

static void stars_take_their_arguments(void **state)
{
	const struct takt_log_arg args[] = { word('i', 8), word('i', 3), real(3.14159) };
	const struct takt_log_arg left[] = { word('i', (uint64_t)-6), word('i', 42) };
	const struct takt_log_arg none[] = { word('i', (uint64_t)-1), real(0.5) };

	(void)state;
	assert_string_equal(format("%*.*f|", args, 3), "   3.142|");
	assert_string_equal(format("%*d|", left, 2), "42    |");
	assert_string_equal(format("%.*f", none, 2), "0.500000");
}

static void what_does_not_fit_is_shown(void **state)
{
	const struct takt_log_arg text = string("abc"), number = word('i', 7), fp = real(2.5);
	const struct takt_log_arg unknown = word(0, 255);
	const struct takt_log_arg two[] = { number, text };

	(void)state;
	assert_string_equal(format("%d", &text, 1), "%!d(string \"abc\")");
	assert_string_equal(format("%s", &number, 1), "%!s(7)");
	assert_string_equal(format("%f", &number, 1), "%!f(7)");
	assert_string_equal(format("%x", &fp, 1), "%!x(2.5)");
	assert_string_equal(format("%p", &text, 1), "%!p(string \"abc\")");
	assert_string_equal(format("%n", &number, 1), "%!n(7)");
	assert_string_equal(format("%ls", &text, 1), "%!s(string \"abc\")");
	assert_string_equal(format("%d", &unknown, 1), "%!d(0xff)");
	assert_string_equal(format("%d and %d", &number, 1), "7 and %!d(missing)");
	assert_string_equal(format("%d", two, 2), "7 %!(more: string \"abc\")");
	assert_string_equal(format("end %", NULL, 0), "end %!(missing)");
	assert_string_equal(format("end %-5.", NULL, 0), "end %!(missing)");
	assert_string_equal(format("%\xff", &number, 1), "%!\xff(7)");
}

static void huge_fields_are_bounded(void **state)
{
	const struct takt_log_arg number = word('i', 7), fp = real(1e308), text = string("x");
	const struct takt_log_arg stars[] = { word('i', INT_MAX), word('i', (uint64_t)INT_MIN),
					      number };

	(void)state;
	assert_int_equal(strlen(format("%999999999999999999999d", &number, 1)), 1000);
	assert_int_equal(strlen(format("%-2147483648s", &text, 1)), 1000);
	assert_int_equal(strlen(format("%.2147483647f", &fp, 1)), 309 + 1 + 1000);
	assert_int_equal(strlen(format("%*.*d", stars, 3)), 1000);
}

static void output_is_cut_and_its_whole_length_returned(void **state)
{
	const struct takt_log_arg arg = string("hello world");
	const struct takt_log_text text = { .arg_count = 1, .args = &arg };
	const struct takt_log_record record = { .kind = TAKT_LOG_TEXT, .text = &text };
	char small[6];

	(void)state;
	format_row.format = "%s!";
	assert_int_equal(takt_log_text_format(&log_, &record, small, sizeof(small)), 12);
	assert_string_equal(small, "hello");
	assert_int_equal(takt_log_text_format(&log_, &record, small, 1), 12);
	assert_string_equal(small, "");
}

static void unknown_format_shows_the_arguments(void **state)
{
	const struct takt_log_arg arg = word(0, 16);
	const struct takt_log_text text = { .arg_count = 1, .args = &arg, .format = 12 };
	const struct takt_log_record record = { .kind = TAKT_LOG_TEXT, .text = &text };

	(void)state;
	takt_log_text_format(&log_, &record, out, sizeof(out));
	assert_string_equal(out, "%!(format 12) %!(more: 0x10)");
}

/* Random formats out of the characters that matter, with random arguments; the sanitizers judge. */
static void random_formats_end(void **state)
{
	static const char alphabet[] = "%%%%%%-+ #0123456789.**hljztLqdiouxXcsfFeEgGaApnSmC$'I%";
	struct takt_log_text record_text = { 0 };
	const struct takt_log_record record = { .kind = TAKT_LOG_TEXT, .text = &record_text };
	uint64_t random = 42;
	size_t bytes;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct takt_log_arg args[4];
		char text[24];

		for (size_t j = 0; j < sizeof(text) - 1; j++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			text[j] = alphabet[(random >> 33) % (sizeof(alphabet) - 1)];
		}
		text[sizeof(text) - 1] = '\0';
		for (int j = 0; j < 4; j++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			args[j] = word("iufsp"[(random >> 40) % 5], random >> (random >> 58));
			memcpy(&args[j].f, &random, sizeof(random));
			args[j].s = "text";
			args[j].bytes = 4;
		}
		format_row.format = text;
		record_text.arg_count = (uint32_t)(i % 5);
		record_text.args = args;
		bytes = takt_log_text_format(&log_, &record, out, sizeof(out));
		assert_true(bytes < sizeof(out));
		assert_int_equal(out[bytes], '\0');
	}
}

static void levels_have_names(void **state)
{
	(void)state;
	for (uint32_t level = 0; level <= TAKT_LOG_CRITICAL; level++) {
		assert_int_equal(takt_log_level_parse(takt_log_level_name(level)), level);
	}
	assert_string_equal(takt_log_level_name(9), "unknown");
	assert_true(takt_log_level_parse("loud") < 0);
}

static void expect_event(uint32_t event, const char *name, int64_t a, int64_t b, int64_t c, int64_t d,
			 const char *text, const char *expected)
{
	const struct takt_log_lifecycle lifecycle = { .event = event, .name = name, .text = text,
		.values = { a, b, c, d }, .value_names = { "one", "", "", "" } };
	const struct takt_log_record record = { .kind = TAKT_LOG_LIFECYCLE, .lifecycle = &lifecycle };

	assert_int_equal(takt_log_text_format(&log_, &record, out, sizeof(out)), strlen(expected));
	assert_string_equal(out, expected);
}

static void lifecycle_events_are_sentences(void **state)
{
	(void)state;
	expect_event(TAKT_EVENT_late_start, "late_start", 967, 19739745, 1, 0, "",
		     "late start: 1 cycle from #967, the worst 19.74ms late");
	expect_event(TAKT_EVENT_overrun, "overrun", 12, 3, 1200000, 2, "",
		     "overrun: 2 cycles too long from #12, the worst by 1.2ms, 3 cycles skipped");
	expect_event(TAKT_EVENT_task_failed, "task_failed", -5, 1, 0, 0, "process",
		     "task failed: process returned -5 (Input/output error)");
	expect_event(TAKT_EVENT_level_changed, "level_changed", 1, 0, 0, 0, "debug",
		     "level changed: from info to debug");
	expect_event(TAKT_EVENT_gap, "gap", 5, 9, 5, 0, "",
		     "gap: 5 copperlists lost, #5 to #9: memory was full");
	expect_event(TAKT_EVENT_panic, "panic", 11, 0x10, 0, 0, "process",
		     "panic: SIGSEGV at address 0x10 in process");
	expect_event(TAKT_EVENT_disk_failed, "disk_failed", 28, 2 << 20, 0, 0, "0001.takt",
		     "disk failed: No space left on device, 2.0 MiB waiting: 0001.takt");
	expect_event(TAKT_EVENT_task_started, "task_started", 0, 0, 0, 0, "", "task started");
	expect_event(TAKT_EVENT_texts_lost, "texts_lost", 1, 236404, 0, 0, "",
		     "texts lost: 236404 texts of level info");
	expect_event(60000, "unknown", 3, 0, 7, 0, "why", "unknown event 60000: one3, 7: why");
	expect_event(TAKT_EVENT_source_finished, "source_finished", 3, 0, 0, 0, "", "source finished: one 3");
	for (uint32_t event = 0; event < 100; event++) {	/* any values: nothing is undefined */
		const struct takt_log_lifecycle any = { .event = event, .name = "any", .text = "",
			.values = { INT64_MIN, INT64_MAX, -1, UINT32_MAX }, .value_names = { "", "", "", "" } };
		const struct takt_log_record record = { .lifecycle = &any };

		assert_true(takt_log_text_format(&log_, &record, out, sizeof(out)) < sizeof(out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_formatted_as_by_printf),
		cmocka_unit_test(narrower_sizes_cut_the_value_as_printf_does),
		cmocka_unit_test(doubles_are_formatted_as_by_printf),
		cmocka_unit_test(strings_and_pointers_are_formatted_as_by_printf),
		cmocka_unit_test(stars_take_their_arguments),
		cmocka_unit_test(what_does_not_fit_is_shown),
		cmocka_unit_test(huge_fields_are_bounded),
		cmocka_unit_test(output_is_cut_and_its_whole_length_returned),
		cmocka_unit_test(unknown_format_shows_the_arguments),
		cmocka_unit_test(random_formats_end),
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test(lifecycle_events_are_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
