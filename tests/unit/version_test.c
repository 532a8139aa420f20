#include "rt/base/version.h"

#include <takt/log.h>

#include "tests/unit/unit.h"

static void version_is_that_of_the_package(void **state)
{
	(void)state;
	assert_string_equal(takt_version(), PACKAGE_VERSION);
}

static void reader_has_the_version_of_the_build(void **state)
{
	(void)state;
	assert_string_equal(takt_log_version(), takt_version());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_is_that_of_the_package),
		cmocka_unit_test(reader_has_the_version_of_the_build),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
