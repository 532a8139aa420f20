/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rt/graph/text_site.h"
#include "tests/unit/unit.h"

static struct takt_text_site prepared(const char *format, const char *tags)
{
	struct takt_text_site site = { .format = format, .arg_count = (uint8_t)strlen(tags) };

	memcpy(site.tags, tags, strlen(tags));
	memset(site.bounds, 0xee, sizeof(site.bounds));
	takt_text_site_prepare(&site);
	return site;
}

static void precision_bounds_the_string_that_it_is_for(void **state)
{
	const struct takt_text_site site = prepared("%d %% %.8s|%-5.3s|%s|%.s|%.0s|%05.1f|%.253s|%.999s|%.99999999s",
						    "isssssfsss");
	const uint8_t expected[] = { 8, 3, TAKT_TEXT_BOUND_NONE, TAKT_TEXT_BOUND_NOTHING,
				     TAKT_TEXT_BOUND_NOTHING, 253, TAKT_TEXT_BOUND_NONE,
				     TAKT_TEXT_BOUND_NONE, TAKT_TEXT_BOUND_NONE };

	(void)state;
	assert_memory_equal(site.bounds, expected, sizeof(expected));
	assert_string_equal(site.tags, "isssssfsss");
}

static void star_bounds_by_the_argument_before(void **state)
{
	const struct takt_text_site site = prepared("%*d%.*s %*.*s %*s", "iiisiisis");

	(void)state;
	assert_int_equal(site.bounds[0], TAKT_TEXT_BOUND_BEFORE);
	assert_int_equal(site.bounds[1], TAKT_TEXT_BOUND_BEFORE);
	assert_int_equal(site.bounds[2], TAKT_TEXT_BOUND_NONE);
}

static void format_says_what_is_a_string_and_what_an_address(void **state)
{
	(void)state;
	assert_string_equal(prepared("%p %s %s %p %ls %d", "sspppi").tags, "psspp" "i");
}

static void more_strings_than_bounds_and_broken_formats_do_no_harm(void **state)
{
	const char *const formats[] = { "", "%", "%.", "%.*", "%5", "%1$s %2$s", "%s%s%s", "%ll", "%-", "%.2" };
	struct takt_text_site site = prepared("%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s%.1s",
					      "ssssssssssssssss");

	(void)state;
	for (uint32_t i = 0; i < sizeof(site.bounds); i++) {
		assert_int_equal(site.bounds[i], 1);
	}
	assert_string_equal(site.tags, "ssssssssssssssss");
	for (uint32_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		assert_string_equal(prepared(formats[i], "s").tags, "s");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(precision_bounds_the_string_that_it_is_for),
		cmocka_unit_test(star_bounds_by_the_argument_before),
		cmocka_unit_test(format_says_what_is_a_string_and_what_an_address),
		cmocka_unit_test(more_strings_than_bounds_and_broken_formats_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
