/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers of tasks, and the seeds that they begin with. */
#include <string.h>

#include <takt/random.h>

#include "rt/engine/seed.h"
#include "tests/unit/unit.h"

#define COUNT 200000

/* From the authors' C code, as the tests of other implementations have it (rand_xoshiro, numpy). */
static void generator_gives_the_published_numbers(void **state)
{
	static const uint64_t expected[] = {
		41943041u, 58720359u, 3588806011781223u, 3591011842654386u, 9228616714210784205u,
		9973669472204895162u, 14011001112246962877u, 12406186145184390807u,
		15849039046786891736u, 10450023813501588000u,
	};
	struct takt_random random = { { 1, 2, 3, 4 }, 0, false };

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_true(takt_random_u64(&random) == expected[i]);
	}
}

static void seed_is_spread_by_the_published_splitmix64(void **state)
{
	static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u,
					     9817491932198370423u, 4593380528125082431u };
	struct takt_random random;

	(void)state;
	memset(&random, 0xff, sizeof(random));
	takt_random_init(&random, 1234567);
	assert_memory_equal(random.state, expected, sizeof(expected));
	assert_false(random.has_spare);
	takt_random_init(&random, 0);
	assert_true(random.state[0] == 0xe220a8397b1dcdafu);
}

static void uniform_numbers_fill_zero_to_one(void **state)
{
	struct takt_random random;
	uint32_t bins[16] = { 0 };
	double sum = 0;

	(void)state;
	takt_random_init(&random, 1);
	for (int i = 0; i < COUNT; i++) {
		const double x = takt_random_uniform(&random);

		assert_true(x >= 0 && x < 1);
		bins[(int)(x * 16)]++;
		sum += x;
	}
	assert_true(fabs(sum / COUNT - 0.5) < 0.005);
	for (int i = 0; i < 16; i++) {
		assert_in_range(bins[i], COUNT / 16 * 0.95, COUNT / 16 * 1.05);
	}
}

static void normal_numbers_have_mean_0_deviation_1_and_tails(void **state)
{
	struct takt_random random;
	double sum = 0, squares = 0, cubes = 0, fourths = 0, products = 0, last = 0;
	int beyond_2 = 0;

	(void)state;
	takt_random_init(&random, 2);
	for (int i = 0; i < COUNT; i++) {
		const double x = takt_random_normal(&random);

		assert_true(isfinite(x) && fabs(x) < 8.6);
		sum += x;
		squares += x * x;
		cubes += x * x * x;
		fourths += x * x * x * x;
		products += x * last;
		beyond_2 += fabs(x) > 2;
		last = x;
	}
	assert_true(fabs(sum / COUNT) < 0.01);
	assert_true(fabs(squares / COUNT - 1) < 0.02);
	assert_true(fabs(cubes / COUNT) < 0.03);
	assert_true(fabs(fourths / COUNT - 3) < 0.1);
	assert_true(fabs(products / COUNT) < 0.01);	/* of neighbours, which are pairs */
	assert_true(fabs((double)beyond_2 / COUNT - 0.0455) < 0.003);
}

static void same_seed_gives_the_same_and_another_seed_another_sequence(void **state)
{
	struct takt_random a, b, c;
	int same = 0;

	(void)state;
	takt_random_init(&a, 7);
	takt_random_init(&b, 7);
	takt_random_init(&c, 8);
	for (int i = 0; i < 1000; i++) {
		const double x = takt_random_normal(&a);

		assert_true(x == takt_random_normal(&b));
		same += x == takt_random_normal(&c);
	}
	assert_int_equal(same, 0);
}

/* Recordings are repeated by these numbers: they must never change. */
static void seed_of_a_task_follows_from_the_runs_seed_and_its_id(void **state)
{
	(void)state;
	assert_true(takt_seed_of_task(1, "imu") == 11772758890789024244u);
	assert_true(takt_seed_of_task(1, "imu") != takt_seed_of_task(1, "gnss"));
	assert_true(takt_seed_of_task(1, "imu") != takt_seed_of_task(2, "imu"));
	assert_true(takt_seed_of_task(0, "") != 0);
}

static void seeds_that_are_drawn_differ(void **state)
{
	uint64_t a, b, c;

	(void)state;
	assert_int_equal(takt_seed_draw(&a), 0);
	assert_int_equal(takt_seed_draw(&b), 0);
	assert_int_equal(takt_seed_draw(&c), 0);
	assert_true((a != b || b != c) && a <= UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generator_gives_the_published_numbers),
		cmocka_unit_test(seed_is_spread_by_the_published_splitmix64),
		cmocka_unit_test(uniform_numbers_fill_zero_to_one),
		cmocka_unit_test(normal_numbers_have_mean_0_deviation_1_and_tails),
		cmocka_unit_test(same_seed_gives_the_same_and_another_seed_another_sequence),
		cmocka_unit_test(seed_of_a_task_follows_from_the_runs_seed_and_its_id),
		cmocka_unit_test(seeds_that_are_drawn_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
