/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "pyhost/proc/budget.h"
#include "tests/unit/unit.h"

#define S 1000000000ull

static struct takt_budget make(uint32_t restarts)
{
	return (struct takt_budget){ .restarts = restarts, .window_ns = 60 * S,
		.backoff_ns_min = S / 10,
				     .backoff_ns_max = S };
}

static void backoff_doubles_up_to_its_maximum(void **state)
{
	static const uint64_t expected[] = { S / 10, S / 5, 2 * S / 5, 4 * S / 5, S, S };
	struct takt_budget budget = make(100);
	uint64_t wait_ns;

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(takt_budget_take(&budget, i * S, i * S + 1, &wait_ns), 0);
		assert_int_equal(wait_ns, expected[i]);
	}
}

static void child_that_lived_for_a_window_makes_the_backoff_short_again(void **state)
{
	struct takt_budget budget = make(100);
	uint64_t wait_ns;

	(void)state;
	assert_int_equal(takt_budget_take(&budget, 0, 1, &wait_ns), 0);
	assert_int_equal(takt_budget_take(&budget, 1, 2, &wait_ns), 0);
	assert_int_equal(wait_ns, S / 5);
	assert_int_equal(takt_budget_take(&budget, 2, 61 * S, &wait_ns), 0);
	assert_int_equal(wait_ns, S / 10);
}

static void no_more_restarts_than_allowed_within_any_window(void **state)
{
	struct takt_budget budget = make(3);
	uint64_t wait_ns;

	(void)state;
	for (uint64_t t = 1; t <= 3; t++) {
		assert_int_equal(takt_budget_take(&budget, 0, t * 10 * S, &wait_ns), 0);
	}
	assert_int_equal(takt_budget_take(&budget, 0, 69 * S, &wait_ns), -EDQUOT);
	assert_int_equal(takt_budget_take(&budget, 0, 70 * S, &wait_ns), 0);
	assert_int_equal(takt_budget_take(&budget, 0, 70 * S, &wait_ns), -EDQUOT);
	assert_int_equal(budget.count, 4);
}

static void many_restarts_are_counted_window_by_window(void **state)
{
	struct takt_budget budget = make(1000);
	uint64_t wait_ns;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(takt_budget_take(&budget, 0, 100 * S + i, &wait_ns), 0);
	}
	assert_int_equal(takt_budget_take(&budget, 0, 159 * S, &wait_ns), -EDQUOT);
	assert_int_equal(takt_budget_take(&budget, 0, 160 * S, &wait_ns), 0);
}

static void none_allowed_is_none(void **state)
{
	struct takt_budget budget = make(0);
	uint64_t wait_ns;

	(void)state;
	assert_int_equal(takt_budget_take(&budget, 0, 1000 * S, &wait_ns), -EDQUOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backoff_doubles_up_to_its_maximum),
		cmocka_unit_test(child_that_lived_for_a_window_makes_the_backoff_short_again),
		cmocka_unit_test(no_more_restarts_than_allowed_within_any_window),
		cmocka_unit_test(many_restarts_are_counted_window_by_window),
		cmocka_unit_test(none_allowed_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
