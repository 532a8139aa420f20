/* SPDX-License-Identifier: Apache-2.0 */
/* Recording through the three backends: each test runs with each of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "tests/unit/write_kit.h"

static const struct kit_spec plain_spec = { 0 };

static struct takt_recorder_options options_of(void **state)
{
	const enum takt_backend_kind *kind = *state;

	if (!kit_can(*kind)) {
		skip();
	}
	return (struct takt_recorder_options){ .backend = *kind, .notify_fd = -1 };
}

static void records_come_back_byte_for_byte(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &plain_spec);
	kit_attach(&kit, &options, false);
	for (uint32_t i = 0; i < 200; i++) {
		kit_put_many(&kit, 0, 3);
		kit_put_many(&kit, 1, i % 2);
		kit_seal(&kit);
		kit_round(&kit);
	}
	kit_end_and_check(&kit, &log);
	assert_int_equal(log.segment_count, log.clean_count);
	assert_int_equal(log.copy_count, 0);
	kit_fini(&kit);
}

static void run_rolls_over_many_segments_and_wraps_its_ring(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	const struct kit_spec spec = { .ring_bytes = 512u << 10, .segment_bytes = 256u << 10 };
	struct kit kit;
	struct kit_log log;
	uint32_t random = 5;

	kit_init(&kit, &spec);
	kit_attach(&kit, &options, false);
	while (kit.put[0] < 12000) {
		for (uint32_t n = kit_random(&random) % 200; n > 0 && kit_put(&kit, 0); n--) {
		}
		for (uint32_t n = kit_random(&random) % 20; n > 0 && kit_put(&kit, 1); n--) {
		}
		kit_seal(&kit);
		for (uint32_t n = kit_random(&random) % 8; n > 0; n--) {
			kit_round(&kit);
		}
	}
	kit_end_and_check(&kit, &log);
	assert_true(log.segment_count > 10);
	assert_int_equal(log.event_count, log.segment_count - 1);
	for (uint32_t i = 0; i < log.event_count; i++) {
		assert_int_equal(log.events[i], TAKT_EVENT_segment_rolled);
		assert_int_equal(log.values[i], i + 1);
	}
	assert_int_equal(log.segment_count, log.clean_count);
	assert_int_equal(log.copy_count, 0);
	kit_fini(&kit);
}

static void segments_roll_by_age_when_there_is_something_to_write(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	const struct kit_spec spec = { .segment_age_ns = 200000000 };
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &spec);
	kit_attach(&kit, &options, false);
	for (uint32_t i = 0; i < 1000; i++) {	/* a second; the last half of it idle */
		if (i < 500) {
			kit_put_many(&kit, 0, 1);
			kit_seal(&kit);
		}
		kit_round(&kit);
	}
	kit_end_and_check(&kit, &log);
	assert_in_range(log.segment_count, 3, 4);
	assert_int_equal(log.clean_count, log.segment_count);
	assert_int_equal(kit_events(&log, TAKT_EVENT_segment_rolled), log.segment_count - 1);
	kit_fini(&kit);
}

static void large_chunk_is_written_whole(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	const struct kit_spec spec = { .ring_bytes = 16u << 20, .record_bytes_max = 64000 };
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &spec);
	kit_attach(&kit, &options, false);
	for (uint32_t i = 0; i < 20; i++) {
		kit_put_many(&kit, 0, 160);	/* seals by itself at 1 MiB */
		kit_drain(&kit);
	}
	kit_end_and_check(&kit, &log);
	kit_fini(&kit);
}

static void open_chunk_of_a_dead_run_is_recorded(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &plain_spec);
	kit_attach(&kit, &options, false);
	kit_put_many(&kit, 0, 10);
	kit_seal(&kit);
	kit_drain(&kit);
	kit_put_many(&kit, 0, 7);
	kit_put_many(&kit, 1, 1);
	kit_end_and_check(&kit, &log);
	kit_fini(&kit);
}

static void run_that_was_never_attached_is_recovered(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &plain_spec);
	kit_put_many(&kit, 0, 500);
	kit_put_many(&kit, 1, 5);
	kit_rt_dies(&kit);
	kit_attach(&kit, &options, false);
	kit_end_and_check(&kit, &log);
	assert_int_equal(log.segment_count, 1);
	kit_fini(&kit);
}

static void empty_run_leaves_a_segment_with_its_catalog(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &plain_spec);
	kit_attach(&kit, &options, false);
	kit_end_and_check(&kit, &log);
	assert_int_equal(log.segment_count, 1);
	assert_int_equal(log.clean_count, 1);
	assert_int_equal(log.chunk_count, 0);
	kit_fini(&kit);
}

static void stopped_recorder_closes_in_order_and_the_next_goes_on(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &plain_spec);
	for (uint32_t i = 0; i < 4; i++) {
		kit_attach(&kit, &options, false);
		for (uint32_t n = 0; n < 20; n++) {
			kit_put_many(&kit, 0, 5);
			kit_seal(&kit);
			kit_round(&kit);
		}
		kit_put_many(&kit, 0, 3);	/* stays open */
		takt_recorder_stop(kit.recorder);
		assert_int_equal(kit_finish(&kit), TAKT_RECORDER_STOPPED);
		kit_read(&kit, &log);
		assert_string_equal(log.problem, "");
		assert_int_equal(log.clean_count, log.segment_count);
		assert_int_equal(log.last_count, 0);
		assert_int_equal(log.records[0], kit.put[0] - 3);
	}
	kit_attach(&kit, &options, false);
	kit_end_and_check(&kit, &log);
	assert_int_equal(log.segment_count, 5);
	assert_int_equal(log.copy_count, 0);
	assert_int_equal(log.event_count, 4);
	assert_int_equal(kit_events(&log, TAKT_EVENT_recorder_recovered), 4);
	kit_fini(&kit);
}

static void killed_recorder_costs_nothing_at_any_round(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	const struct kit_spec spec = { .ring_bytes = 1u << 20, .segment_bytes = 256u << 10 };
	struct kit kit;
	struct kit_log log;
	uint32_t random = 77;

	kit_init(&kit, &spec);
	for (uint32_t kill = 0; kill < 60; kill++) {
		const uint32_t rounds = kit_random(&random) % 60;

		kit_attach(&kit, &options, false);
		for (uint32_t i = 0; i < rounds; i++) {
			for (uint32_t n = kit_random(&random) % 30; n > 0 && kit_put(&kit, 0); n--) {
			}
			kit_put(&kit, 1);
			if (kit_random(&random) % 2) {
				kit_seal(&kit);
			}
			kit_round(&kit);
		}
		kit_recorder_dies(&kit);
	}
	kit_attach(&kit, &options, false);
	kit_end_and_check(&kit, &log);
	/* The first had nothing to recover; some died before they had a directory. */
	assert_in_range(kit_events(&log, TAKT_EVENT_recorder_recovered), 40, 60);
	kit_fini(&kit);
}

/* Also when recorders come and go before it is recorded. */
static void takt_rt_that_is_gone_without_a_word_is_said_once(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &plain_spec);
	kit_attach(&kit, &options, false);
	kit_put_many(&kit, 0, 100);
	kit_seal(&kit);
	kit_drain(&kit);
	kit_put_many(&kit, 0, 5);	/* stay open */
	kit_rt_dies(&kit);
	for (uint32_t rounds = 1; rounds < 40; rounds += 7) {
		for (uint32_t i = 0; i < rounds && kit_round(&kit) == TAKT_RECORDER_GOES_ON; i++) {
		}
		if (access(kit.region_path, F_OK) < 0) {
			break;
		}
		kit_recorder_dies(&kit);
		kit_attach(&kit, &options, false);
	}
	assert_int_equal(kit_finish(&kit), TAKT_RECORDER_RUN_ENDED);
	kit_read(&kit, &log);
	assert_string_equal(log.problem, "");
	assert_int_equal(log.records[0], 105);
	assert_int_equal(kit_events(&log, TAKT_EVENT_rt_gone), 1);
	kit_fini(&kit);
}

static void new_recorder_trims_what_the_killed_one_preallocated(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	const struct kit_spec spec = { .segment_bytes = 8u << 20 };
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &spec);
	kit_attach(&kit, &options, false);
	kit_put_many(&kit, 0, 100);
	kit_seal(&kit);
	kit_drain(&kit);
	kit_recorder_dies(&kit);
	kit_read(&kit, &log);
	assert_true(log.end_bytes >= 8u << 20);
	kit_attach(&kit, &options, false);
	for (uint32_t i = 0; i < 3000; i++) {	/* the dead one's ring may hold its file for a moment */
		kit_round(&kit);
	}
	kit_end_and_check(&kit, &log);
	assert_int_equal(log.segment_count, 2);
	assert_true(log.end_bytes < 1u << 20);
	kit_fini(&kit);
}

static void unusable_directory_is_said_and_waited_for(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	struct takt_recorder_status status;
	struct kit kit;
	struct kit_log log;
	int fd;

	kit_init(&kit, &plain_spec);
	assert_int_equal(rmdir(kit.log_dir), 0);	/* a file in its place: not even root can use it */
	fd = open(kit.log_dir, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	kit_attach(&kit, &options, false);
	kit_put_many(&kit, 0, 100);
	kit_seal(&kit);
	for (uint32_t i = 0; i < 2000; i++) {
		assert_int_equal(kit_round(&kit), TAKT_RECORDER_GOES_ON);
	}
	status = takt_recorder_status(kit.recorder);
	assert_int_equal(status.phase, TAKT_RECORDER_FAILING);
	assert_non_null(strstr(status.text, kit.log_dir));
	assert_int_equal(unlink(kit.log_dir), 0);
	kit_drain(&kit);
	assert_int_equal(takt_recorder_status(kit.recorder).phase, TAKT_RECORDER_WRITING);
	kit_end_and_check(&kit, &log);
	kit_fini(&kit);
}

/* --- with threads ---------------------------------------------------------------------------- */

struct producing {
	struct kit *kit;
	uint64_t count;
	_Atomic bool is_done;
};

static void *produce(void *user)
{
	struct producing *p = user;
	const struct timespec pause = { .tv_nsec = 200000 };
	uint32_t random = 9;

	while (p->kit->put[0] < p->count) {
		for (uint32_t n = kit_random(&random) % 50; n > 0; n--) {
			if (!kit_put(p->kit, 0)) {
				nanosleep(&pause, NULL);
			}
		}
		kit_put(p->kit, 1);
		kit_seal(p->kit);
	}
	atomic_store_explicit(&p->is_done, true, memory_order_release);
	return NULL;
}

static void writer_thread_keeps_up_with_a_producer_thread(void **state)
{
	const struct takt_recorder_options options = options_of(state);
	const struct kit_spec spec = { .ring_bytes = 1u << 20, .segment_bytes = 1u << 20 };
	struct producing producing = { .count = 20000 };
	pthread_t producer;
	struct kit kit;
	struct kit_log log;

	kit_init(&kit, &spec);
	producing.kit = &kit;
	kit_attach(&kit, &options, true);
	assert_int_equal(pthread_create(&producer, NULL, produce, &producing), 0);
	while (!atomic_load_explicit(&producing.is_done, memory_order_acquire)) {
		assert_int_equal(kit_round(&kit), TAKT_RECORDER_GOES_ON);
	}
	pthread_join(producer, NULL);
	kit_end_and_check(&kit, &log);
	assert_int_equal(log.copy_count, 0);
	assert_int_equal(log.poisoned_count, 0);
	kit_fini(&kit);
}

static enum takt_backend_kind kinds[] = {
	TAKT_BACKEND_URING, TAKT_BACKEND_DIRECT, TAKT_BACKEND_BUFFERED
};

#define WITH_EACH(test)                                                                            \
	{ #test "_uring", test, NULL, NULL, &kinds[0] },                                           \
	{ #test "_direct", test, NULL, NULL, &kinds[1] },                                          \
	{ #test "_buffered", test, NULL, NULL, &kinds[2] }

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_EACH(records_come_back_byte_for_byte),
		WITH_EACH(run_rolls_over_many_segments_and_wraps_its_ring),
		WITH_EACH(segments_roll_by_age_when_there_is_something_to_write),
		WITH_EACH(large_chunk_is_written_whole),
		WITH_EACH(open_chunk_of_a_dead_run_is_recorded),
		WITH_EACH(run_that_was_never_attached_is_recovered),
		WITH_EACH(empty_run_leaves_a_segment_with_its_catalog),
		WITH_EACH(stopped_recorder_closes_in_order_and_the_next_goes_on),
		WITH_EACH(killed_recorder_costs_nothing_at_any_round),
		WITH_EACH(takt_rt_that_is_gone_without_a_word_is_said_once),
		WITH_EACH(new_recorder_trims_what_the_killed_one_preallocated),
		WITH_EACH(unusable_directory_is_said_and_waited_for),
		WITH_EACH(writer_thread_keeps_up_with_a_producer_thread),
	};

	if (argc > 1) {
		cmocka_set_test_filter(argv[1]);	/* a pattern: run some of them by hand */
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
