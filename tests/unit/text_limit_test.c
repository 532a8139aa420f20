/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/text_limit.h"
#include "tests/unit/unit.h"

#define MS 1000000ull

static void once_is_due_once_and_counts_the_others(void **state)
{
	struct takt_text_limiter limiter = { 0 };

	(void)state;
	assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_ONCE, 0, 1));
	takt_text_limiter_tell(&limiter, TAKT_TEXT_ONCE, true);
	for (int i = 0; i < 1000; i++) {
		assert_false(takt_text_limiter_is_due(&limiter, TAKT_TEXT_ONCE, 0, 1));
	}
	assert_int_equal(limiter.suppressed, 1000);
}

static void once_that_was_lost_is_due_again(void **state)
{
	struct takt_text_limiter limiter = { 0 };

	(void)state;
	assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_ONCE, 0, 1));
	takt_text_limiter_tell(&limiter, TAKT_TEXT_ONCE, false);
	assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_ONCE, 0, 1));
	assert_int_equal(limiter.suppressed, 0);
}

static void every_n_is_due_first_and_then_each_nth_time(void **state)
{
	struct takt_text_limiter limiter = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 35; i++) {
		const bool is_due = takt_text_limiter_is_due(&limiter, TAKT_TEXT_EVERY_N, 7, 1);

		assert_int_equal(is_due, i % 7 == 0);
		if (is_due) {
			assert_int_equal(limiter.suppressed, i == 0 ? 0 : 6);
			takt_text_limiter_tell(&limiter, TAKT_TEXT_EVERY_N, true);
		}
	}
	assert_int_equal(limiter.suppressed, 6);
}

static void every_n_of_zero_and_one_is_always_due(void **state)
{
	struct takt_text_limiter limiter = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_EVERY_N, i % 2, 1));
	}
}

static void count_of_a_lost_text_is_told_with_the_next(void **state)
{
	struct takt_text_limiter limiter = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		if (takt_text_limiter_is_due(&limiter, TAKT_TEXT_EVERY_N, 3, 1)) {
			takt_text_limiter_tell(&limiter, TAKT_TEXT_EVERY_N, i == 0);
		}
	}
	assert_int_equal(limiter.suppressed, 6);
}

/* How many of @count calls @step_ns apart are due. */
static uint32_t count_due(uint64_t interval_ns, uint64_t step_ns, uint32_t count)
{
	struct takt_text_limiter limiter = { 0 };
	uint32_t due = 0;

	for (uint32_t i = 0; i < count; i++) {
		/* A cycle's start jitters: late by up to 10 us, over and over. */
		const uint64_t now_ns = 1000000 * MS + i * step_ns + i % 3 * 5000;

		if (takt_text_limiter_is_due(&limiter, TAKT_TEXT_RATE, interval_ns, now_ns)) {
			takt_text_limiter_tell(&limiter, TAKT_TEXT_RATE, true);
			due++;
		}
	}
	assert_true(due + limiter.suppressed <= count);
	return due;
}

static void rate_is_kept_on_average_for_calls_once_a_cycle(void **state)
{
	(void)state;
	assert_in_range(count_due(100 * MS, 10 * MS, 10000), 999, 1001);	/* 10 Hz of 100 Hz */
	assert_in_range(count_due(1000 * MS / 30, 10 * MS, 10000), 2998, 3001);	/* 30 Hz of 100 Hz */
	assert_int_equal(count_due(10 * MS, 100 * MS, 1000), 1000);	/* slower than the limit */
}

static void rate_after_a_pause_does_not_catch_up(void **state)
{
	struct takt_text_limiter limiter = { 0 };

	(void)state;
	assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_RATE, 100 * MS, 1));
	assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_RATE, 100 * MS, 1000 * MS));
	assert_false(takt_text_limiter_is_due(&limiter, TAKT_TEXT_RATE, 100 * MS, 1099 * MS));
	assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_RATE, 100 * MS, 1100 * MS));
}

static void rate_of_zero_is_due_once(void **state)
{
	struct takt_text_limiter limiter = { 0 };

	(void)state;
	assert_true(takt_text_limiter_is_due(&limiter, TAKT_TEXT_RATE, UINT64_MAX, 5));
	assert_false(takt_text_limiter_is_due(&limiter, TAKT_TEXT_RATE, UINT64_MAX, UINT64_MAX - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_is_due_once_and_counts_the_others),
		cmocka_unit_test(once_that_was_lost_is_due_again),
		cmocka_unit_test(every_n_is_due_first_and_then_each_nth_time),
		cmocka_unit_test(every_n_of_zero_and_one_is_always_due),
		cmocka_unit_test(count_of_a_lost_text_is_told_with_the_next),
		cmocka_unit_test(rate_is_kept_on_average_for_calls_once_a_cycle),
		cmocka_unit_test(rate_after_a_pause_does_not_catch_up),
		cmocka_unit_test(rate_of_zero_is_due_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
