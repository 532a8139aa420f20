/* SPDX-License-Identifier: Apache-2.0 */
/* Recording to a disk that misbehaves. In every test a witness (write_faulty.h) watches that nothing is
 * released before it is durable. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <takt/log.h>

#include "tests/unit/unit.h"
#include "tests/unit/write_faulty.h"
#include "tests/unit/write_kit.h"

static const struct kit_spec small_spec = { .ring_bytes = 1u << 20, .segment_bytes = 256u << 10 };

struct fixture {
	struct kit kit;
	struct faulty faulty;
	struct takt_recorder_options options;
};

static struct fixture *make(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	kit_init(&f->kit, &small_spec);
	f->faulty.streams = f->kit.rt->streams;
	f->options = (struct takt_recorder_options){
		.backend = TAKT_BACKEND_BUFFERED, .notify_fd = -1, .wrap = faulty_wrap,
		.wrap_user = &f->faulty,
	};
	return f;
}

static void run_for(struct fixture *f, uint32_t rounds)
{
	uint32_t random = 12345;

	for (uint32_t i = 0; i < rounds; i++) {
		for (uint32_t n = kit_random(&random) % 20; n > 0 && kit_put(&f->kit, 0); n--) {
		}
		if (i % 3 == 0) {
			kit_put(&f->kit, 1);
		}
		kit_seal(&f->kit);
		assert_int_equal(kit_round(&f->kit), TAKT_RECORDER_GOES_ON);
	}
}

static void heal(struct faulty *faulty)
{
	faulty->short_permille = faulty->again_permille = 0;
	faulty->write_error_permille = faulty->sync_error_permille = 0;
	faulty->open_error = faulty->reap_error = 0;
}

/* The witness reads the region: it must not when that is gone. */
static void end(struct fixture *f, struct kit_log *log)
{
	kit_drain(&f->kit);
	f->faulty.streams = NULL;
	kit_end_and_check(&f->kit, log);
	assert_string_equal(f->faulty.complaint, "");
	faulty_fini(&f->faulty);
	kit_fini(&f->kit);
	free(f);
}

static void short_writes_are_completed(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.short_permille = 500;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 2000);
	end(f, &log);
	assert_int_equal(log.poisoned_count, 0);
	assert_int_equal(log.copy_count, 0);
}

static void again_is_tried_again(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.again_permille = 500;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 2000);
	end(f, &log);
	assert_int_equal(log.poisoned_count, 0);
}

static void again_for_ever_is_an_error(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.again_permille = 1000;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 300);
	assert_int_equal(takt_recorder_status(f->kit.recorder).phase, TAKT_RECORDER_FAILING);
	heal(&f->faulty);
	end(f, &log);
	assert_true(log.poisoned_count > 0);
}

static void completions_may_come_late_and_in_any_order(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.delay_max = 30;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 5000);
	end(f, &log);
	assert_int_equal(log.poisoned_count, 0);
	assert_int_equal(log.copy_count, 0);
}

static void write_error_costs_a_segment_and_no_record(void **state)
{
	static const int errors[] = { -EIO, -ENOSPC, -EFBIG };

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		struct fixture *f = make();
		struct kit_log log;

		f->faulty.write_error = errors[i];
		f->faulty.write_error_permille = 20;
		f->faulty.delay_max = 5;
		kit_attach(&f->kit, &f->options, false);
		run_for(f, 5000);
		assert_int_equal(atomic_load(&f->kit.rt->recorder->last_errno), -errors[i]);
		assert_true(f->faulty.error_count > 0);
		heal(&f->faulty);
		end(f, &log);
		assert_true(log.poisoned_count > 0);
		assert_true(kit_events(&log, errors[i] == -ENOSPC ? TAKT_EVENT_disk_full
								  : TAKT_EVENT_disk_failed) > 0);
		assert_int_equal(kit_events(&log, errors[i] == -ENOSPC ? TAKT_EVENT_disk_failed
								       : TAKT_EVENT_disk_full), 0);
		assert_true(kit_events(&log, TAKT_EVENT_disk_recovered) > 0);
	}
}

static void failed_sync_is_never_repeated_on_the_same_segment(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.sync_error_permille = 100;
	f->faulty.delay_max = 10;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 10000);
	assert_true(f->faulty.error_count > 3);
	heal(&f->faulty);
	end(f, &log);
	assert_true(log.poisoned_count >= 3);
}

static void full_disk_is_waited_for(void **state)
{
	struct fixture *f = make();
	struct takt_recorder_status status;
	struct kit_log log;

	(void)state;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 500);
	f->faulty.open_error = -ENOSPC;
	run_for(f, 5000);
	status = takt_recorder_status(f->kit.recorder);
	assert_int_equal(status.phase, TAKT_RECORDER_FAILING);
	assert_non_null(strstr(status.text, "No space left"));
	assert_int_equal(atomic_load(&f->kit.rt->recorder->phase), TAKT_RECORDER_FAILING);
	assert_int_equal(atomic_load(&f->kit.rt->recorder->last_errno), ENOSPC);
	heal(&f->faulty);
	run_for(f, 2000);
	assert_int_equal(takt_recorder_status(f->kit.recorder).phase, TAKT_RECORDER_WRITING);
	end(f, &log);
	assert_int_equal(log.poisoned_count, 0);
	assert_int_equal(kit_events(&log, TAKT_EVENT_disk_full), 1);
	assert_int_equal(kit_events(&log, TAKT_EVENT_disk_recovered), 1);
	for (uint32_t i = 0, full = 0; i < log.event_count; i++) {
		full += log.events[i] == TAKT_EVENT_disk_full;
		if (log.events[i] == TAKT_EVENT_disk_recovered) {
			assert_int_equal(full, 1);
			assert_true(log.values[i] > 4000000000);	/* ns */
		}
	}
}

static void everything_at_once_loses_nothing(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.short_permille = 100;
	f->faulty.again_permille = 100;
	f->faulty.write_error_permille = 5;
	f->faulty.write_error = -EIO;
	f->faulty.sync_error_permille = 20;
	f->faulty.delay_max = 20;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 20000);
	heal(&f->faulty);
	end(f, &log);
}

static void stop_does_not_wait_for_a_disk_that_refuses(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.write_error = -EIO;
	f->faulty.write_error_permille = 1000;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 100);
	takt_recorder_stop(f->kit.recorder);
	assert_int_equal(kit_finish(&f->kit), TAKT_RECORDER_STOPPED);
	heal(&f->faulty);
	kit_attach(&f->kit, &f->options, false);
	f->faulty.open_error = -ENOSPC;
	run_for(f, 100);
	takt_recorder_stop(f->kit.recorder);
	assert_int_equal(kit_finish(&f->kit), TAKT_RECORDER_STOPPED);
	heal(&f->faulty);
	kit_attach(&f->kit, &f->options, false);
	end(f, &log);
}

static void dead_run_waits_for_the_disk(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	f->faulty.open_error = -ENOSPC;
	kit_put_many(&f->kit, 0, 200);
	f->faulty.streams = NULL;
	kit_rt_dies(&f->kit);
	kit_attach(&f->kit, &f->options, false);
	for (uint32_t i = 0; i < 3000; i++) {
		assert_int_equal(kit_round(&f->kit), TAKT_RECORDER_GOES_ON);
	}
	assert_int_equal(access(f->kit.region_path, F_OK), 0);
	heal(&f->faulty);
	kit_end_and_check(&f->kit, &log);
	faulty_fini(&f->faulty);
	kit_fini(&f->kit);
	free(f);
}

static void broken_backend_is_given_up_for_another(void **state)
{
	struct fixture *f = make();
	struct kit_log log;

	(void)state;
	kit_attach(&f->kit, &f->options, false);
	run_for(f, 300);
	f->faulty.reap_error = -EBADF;
	kit_put_many(&f->kit, 0, 10);
	kit_seal(&f->kit);
	assert_int_equal(kit_finish(&f->kit), TAKT_RECORDER_LOST);
	heal(&f->faulty);
	kit_attach(&f->kit, &f->options, false);
	end(f, &log);
}

/* --- files that are removed under the recorder ---------------------------------------------------- */

#define DIRECTORY "0001-test-0123456789abcdef"

static void remove_segments(const struct fixture *f, bool directory_too)
{
	char path[PATH_MAX + 64];

	for (uint32_t i = 1; i < 100; i++) {
		snprintf(path, sizeof(path), "%s/" DIRECTORY "/%04u.takt", f->kit.log_dir, i);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/" DIRECTORY, f->kit.log_dir);
	assert_true(!directory_too || rmdir(path) == 0);
}

/* Rounds until the recorder gives up what has no name, then a new one. */
static void go_on_after_removal(struct fixture *f)
{
	assert_int_equal(kit_round(&f->kit), TAKT_RECORDER_GOES_ON);
	assert_non_null(strstr(takt_recorder_status(f->kit.recorder).text, "removed"));
	assert_int_equal(kit_finish(&f->kit), TAKT_RECORDER_REMOVED);
	kit_attach(&f->kit, &f->options, false);
}

/* Everything but what was released before the removal is there, and what is not there is said. */
static void check_after_removal(struct fixture *f, uint64_t released_records)
{
	char path[PATH_MAX + 64];
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	uint64_t next = 0;
	struct takt_log *log;

	snprintf(path, sizeof(path), "%s/" DIRECTORY, f->kit.log_dir);
	assert_int_equal(takt_log_open(path, NULL, &log, NULL), 0);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	while (takt_log_next(cursor, &record, NULL) == 1) {
		if (record->stream == 0) {
			assert_true(next == 0 ? record->cycle <= released_records : record->cycle == next);
			next = record->cycle + 1;
		}
	}
	assert_int_equal(next, f->kit.put[0]);
	assert_true(takt_log_info_of(log)->lost_chunk_count > 0);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void recording_goes_on_after_removal(void **state)
{
	const bool directory_too = *(const bool *)*state;
	struct fixture *f = make();
	uint64_t released_records;
	struct kit_log log;

	kit_attach(&f->kit, &f->options, false);
	run_for(f, 1000);
	kit_drain(&f->kit);
	released_records = f->kit.put[0];
	f->faulty.delay_max = 1000000;	/* nothing more is released */
	run_for(f, 30);
	assert_true(f->kit.put[0] > released_records);
	remove_segments(f, directory_too);
	f->faulty.delay_max = 0;
	for (uint32_t i = 0; i < f->faulty.held_count; i++) {
		f->faulty.held[i].delay = 0;
		f->faulty.held[i].done.result = -EIO;
	}
	go_on_after_removal(f);
	run_for(f, 1000);
	kit_drain(&f->kit);
	f->faulty.streams = NULL;
	kit_rt_dies(&f->kit);
	assert_int_equal(kit_finish(&f->kit), TAKT_RECORDER_RUN_ENDED);
	kit_read(&f->kit, &log);
	check_after_removal(f, released_records);
	faulty_fini(&f->faulty);
	kit_fini(&f->kit);
	free(f);
}

int main(int argc, char **argv)
{
	static const bool directory_too = true, directory_stays = false;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_writes_are_completed),
		cmocka_unit_test(again_is_tried_again),
		cmocka_unit_test(again_for_ever_is_an_error),
		cmocka_unit_test(completions_may_come_late_and_in_any_order),
		cmocka_unit_test(write_error_costs_a_segment_and_no_record),
		cmocka_unit_test(failed_sync_is_never_repeated_on_the_same_segment),
		cmocka_unit_test(full_disk_is_waited_for),
		cmocka_unit_test(everything_at_once_loses_nothing),
		cmocka_unit_test(stop_does_not_wait_for_a_disk_that_refuses),
		cmocka_unit_test(dead_run_waits_for_the_disk),
		cmocka_unit_test(broken_backend_is_given_up_for_another),
		{ "recording_goes_on_when_its_directory_is_removed", recording_goes_on_after_removal,
		  NULL, NULL, (void *)(uintptr_t)&directory_too },
		{ "recording_goes_on_when_its_segments_are_removed", recording_goes_on_after_removal,
		  NULL, NULL, (void *)(uintptr_t)&directory_stays },
	};

	if (argc > 1) {
		cmocka_set_test_filter(argv[1]);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
