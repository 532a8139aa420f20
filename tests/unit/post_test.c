/* The queue between the lane and a sink with a thread of its own. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "rt/engine/post.h"

#define CAPACITY 4u
#define RACE_MESSAGES 300000u

static struct takt_layout layout;	/* ends in an array: no member of a struct */

struct bed {
	struct takt_outlet outlet;
	struct takt_engine engine;
	struct takt_plan_input inputs_plan[2];
	struct takt_plan_task plan;
	struct takt_unit unit;
	struct takt_post post;
	uint64_t values[2][64];
	struct takt_message messages[2][16];
	uint32_t counts[2];
	struct takt_input inputs[2];
};

static void bed_init(struct bed *bed, enum takt_take take)
{
	memset(bed, 0, sizeof(*bed));
	layout.bytes = 64 * sizeof(uint64_t);
	bed->outlet.layout = &layout;
	bed->engine.outlets = &bed->outlet;
	bed->plan.inputs = bed->inputs_plan;
	bed->plan.input_count = 2;
	bed->plan.queue = CAPACITY;
	bed->plan.take = take;
	bed->unit.plan = &bed->plan;
	bed->unit.engine = &bed->engine;
	for (int i = 0; i < 2; i++) {
		bed->inputs[i] = (struct takt_input){ bed->messages[i], &bed->counts[i] };
	}
	assert_int_equal(takt_post_init(&bed->post, &bed->unit), 0);
}

/* @count messages at input 0, whose values go on from @first; as many as @other at input 1. */
static void put(struct bed *bed, uint64_t first, uint32_t count, uint32_t other)
{
	bed->counts[0] = count;
	bed->counts[1] = other;
	for (uint32_t i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < bed->counts[i]; k++) {
			bed->values[i][k] = first + k;
			bed->messages[i][k] = (struct takt_message){
				.payload = &bed->values[i][k], .bytes = 8, .stamp_ns = first + k,
			};
		}
	}
	takt_post_put(&bed->post, bed->inputs);
}

static uint64_t value(const struct bed *bed, uint32_t input)
{
	const size_t at = (size_t)bed->post.held * 2 + input;
	uint64_t number;

	if (!bed->post.present[at]) {
		return 0;
	}
	memcpy(&number, bed->post.messages[at].payload, sizeof(number));
	assert_int_equal(bed->post.messages[at].stamp_ns, number);
	return number;
}

static void parcels_come_in_order_and_pair_the_inputs(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, TAKT_TAKE_ALL);
	assert_false(takt_post_take(&bed.post));
	put(&bed, 1, 3, 1);
	put(&bed, 9, 0, 1);
	put(&bed, 9, 0, 0);
	assert_int_equal(takt_post_count(&bed.post), 4);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_true(takt_post_take(&bed.post));
		assert_int_equal(value(&bed, 0), i);
		assert_int_equal(value(&bed, 1), i == 1 ? 1 : 0);
	}
	assert_true(takt_post_take(&bed.post));
	assert_int_equal(value(&bed, 0), 0);
	assert_int_equal(value(&bed, 1), 9);
	assert_false(takt_post_take(&bed.post));
	assert_int_equal(bed.post.dropped, 0);
	takt_post_fini(&bed.post);
}

static void a_full_queue_drops_the_oldest_and_counts_but_never_what_is_held(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, TAKT_TAKE_ALL);
	put(&bed, 1, 1, 0);
	assert_true(takt_post_take(&bed.post));		/* holds 1 */
	for (uint64_t i = 2; i <= 101; i++) {
		put(&bed, i, 1, 0);
		assert_int_equal(value(&bed, 0), 1);
	}
	assert_int_equal(bed.post.dropped, 100 - CAPACITY);
	for (uint64_t i = 98; i <= 101; i++) {
		assert_true(takt_post_take(&bed.post));
		assert_int_equal(value(&bed, 0), i);
	}
	assert_false(takt_post_take(&bed.post));
	takt_post_fini(&bed.post);
}

static void newest_keeps_one_and_counts_nothing(void **state)
{
	struct bed bed;

	(void)state;
	bed_init(&bed, TAKT_TAKE_NEWEST);
	put(&bed, 1, 12, 0);
	put(&bed, 20, 1, 0);
	assert_true(takt_post_take(&bed.post));
	assert_int_equal(value(&bed, 0), 20);
	assert_false(takt_post_take(&bed.post));
	assert_int_equal(bed.post.dropped, 0);
	takt_post_fini(&bed.post);
}

struct race {
	struct bed *bed;
	uint64_t taken;
	uint64_t wrong;
	_Atomic bool ended;
};

static void *take_all(void *arg)
{
	struct race *race = arg;
	uint64_t last = 0;

	for (;;) {
		const bool over = atomic_load_explicit(&race->ended, memory_order_acquire);

		if (takt_post_take(&race->bed->post)) {
			const struct takt_post *post = &race->bed->post;
			const uint64_t *at = post->messages[(size_t)post->held * 2].payload;
			const uint64_t first = at[0];

			race->wrong += first <= last;
			for (int i = 0; i < 64; i++) {
				race->wrong += at[i] != first;
			}
			last = first;
			race->taken++;
		} else if (over) {
			return NULL;
		} else {
			sched_yield();
		}
	}
}

static void what_is_taken_meanwhile_is_whole_in_order_and_accounted_for(void **state)
{
	struct bed bed;
	struct race race = { .bed = &bed };
	pthread_t thread;

	(void)state;
	bed_init(&bed, TAKT_TAKE_ALL);
	bed.counts[0] = 1;
	assert_int_equal(pthread_create(&thread, NULL, take_all, &race), 0);
	for (uint64_t i = 1; i <= RACE_MESSAGES; i++) {
		for (int k = 0; k < 64; k++) {
			bed.values[0][k] = i;
		}
		bed.messages[0][0] = (struct takt_message){ .payload = bed.values[0],
							    .bytes = sizeof(bed.values[0]) };
		takt_post_put(&bed.post, bed.inputs);
		if (i % 64 == 0) {
			sched_yield();
		}
	}
	atomic_store_explicit(&race.ended, true, memory_order_release);
	pthread_join(thread, NULL);
	assert_int_equal(race.wrong, 0);
	assert_int_equal(race.taken + bed.post.dropped, RACE_MESSAGES);
	assert_true(race.taken > CAPACITY);
	takt_post_fini(&bed.post);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parcels_come_in_order_and_pair_the_inputs),
		cmocka_unit_test(a_full_queue_drops_the_oldest_and_counts_but_never_what_is_held),
		cmocka_unit_test(newest_keeps_one_and_counts_nothing),
		cmocka_unit_test(what_is_taken_meanwhile_is_whole_in_order_and_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
