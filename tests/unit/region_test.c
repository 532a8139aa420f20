/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/msg/catalog.h"
#include "rt/shm/mailbox.h"
#include "tests/unit/unit.h"

static char run_dir[64];

static struct takt_region *make(uint64_t run)
{
	static const struct takt_stream_spec streams[] = {
		{ "lane0", TAKT_STREAM_COPPERLISTS, 4000, 1 << 20 },
		{ "lane0.events", TAKT_STREAM_EVENTS, 512, 65536 },
	};
	struct takt_region_spec spec = {
		.run_dir = run_dir, .streams = streams, .stream_count = 2,
		.catalog = "catalog", .catalog_bytes = 7, .task_count = 3,
		.info = { .run = run, .graph = "test", .log_dir = "/tmp" },
	};
	struct takt_region *region = NULL;
	struct takt_err err = { 0 };

	assert_int_equal(takt_region_create(&spec, &region, &err), 0);
	return region;
}

static int count_path(const char *path, void *user)
{
	(void)path;
	++*(int *)user;
	return 0;
}

static int count(void)
{
	int n = 0;

	assert_int_equal(takt_region_scan(run_dir, count_path, &n), 0);
	return n;
}

static void region_is_found_only_after_publish(void **state)
{
	struct takt_region *region = make(1);

	(void)state;
	assert_int_equal(count(), 0);
	assert_int_equal(takt_region_publish(region, NULL), 0);
	assert_int_equal(count(), 1);
	assert_int_equal(takt_region_remove(region->path), 0);
	assert_int_equal(count(), 0);
	takt_region_close(region);
}

static void attached_region_shows_what_was_put_in(void **state)
{
	struct takt_region *rt = make(2), *reader = NULL;
	struct takt_stream stream;
	struct takt_stream_view view;
	struct takt_stream_positions p;
	struct takt_chunk_place place;
	struct takt_record *record;

	(void)state;
	assert_int_equal(takt_region_publish(rt, NULL), 0);
	takt_stream_init(&stream, &rt->streams[0], rt->arena, 0, 2);
	record = takt_stream_reserve(&stream, 64);
	*record = (struct takt_record){ 64, TAKT_RECORD_COPPERLIST, 0, 5, 6 };
	takt_stream_commit(&stream, record);
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_READER, &reader, NULL), 0);
	assert_int_equal(reader->stream_count, 2);
	assert_string_equal(reader->info->graph, "test");
	assert_memory_equal(reader->catalog, "catalog", 7);
	view = takt_region_view(reader, 0);
	assert_int_equal(takt_stream_positions(&view, &p), 0);
	assert_int_equal(takt_stream_find_chunk(&view, &p, 0, &place), 1);
	assert_int_equal(place.used_bytes, 64);
	takt_region_close(reader);
	takt_region_remove(rt->path);
	takt_region_close(rt);
}

static void locks_say_who_lives(void **state)
{
	struct takt_region *rt = make(3), *recorder = NULL, *reader = NULL, *second = NULL;

	(void)state;
	assert_int_equal(takt_region_publish(rt, NULL), 0);
	assert_int_equal(takt_region_recorder_alive(rt), 0);
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_RECORDER, &recorder, NULL), 0);
	assert_int_equal(takt_region_recorder_alive(rt), 1);
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_RECORDER, &second, NULL), -EBUSY);
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_READER, &reader, NULL), 0);
	assert_int_equal(takt_region_rt_alive(reader), 1);
	takt_region_close(rt);
	assert_int_equal(takt_region_rt_alive(reader), 0);
	assert_int_equal(takt_region_rt_alive(recorder), 0);
	takt_region_remove(reader->path);
	takt_region_close(recorder);
	takt_region_close(reader);
}

static void mailbox_carries_levels_to_takt_rt(void **state)
{
	struct takt_region *rt = make(12), *recorder = NULL;
	const uint64_t before = takt_mailbox_changes(rt);

	(void)state;
	assert_int_equal(takt_region_publish(rt, NULL), 0);
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_RECORDER, &recorder, NULL), 0);
	assert_true(takt_mailbox_has(recorder, 2) && !takt_mailbox_has(recorder, 3));
	assert_int_equal(takt_mailbox_level_asked(rt, 2), TAKT_NO_LEVEL);
	takt_mailbox_ask_level(recorder, 2, TAKT_WARNING);
	assert_true(takt_mailbox_changes(rt) != before);
	assert_int_equal(takt_mailbox_level_asked(rt, 2), TAKT_WARNING);
	assert_int_equal(takt_mailbox_level_asked(rt, 1), TAKT_NO_LEVEL);
	takt_mailbox_publish_level(rt, 2, TAKT_WARNING);
	assert_int_equal(takt_mailbox_level(recorder, 2), TAKT_WARNING);
	atomic_store(&takt_mailbox_of(rt, 2)->level_asked, TAKT_CRITICAL + 2);
	atomic_store(&takt_mailbox_of(rt, 2)->level, TAKT_CRITICAL + 1);
	assert_int_equal(takt_mailbox_level_asked(rt, 2), TAKT_NO_LEVEL);
	assert_int_equal(takt_mailbox_level(recorder, 2), TAKT_NO_LEVEL);
	takt_region_remove(rt->path);
	takt_region_close(recorder);
	takt_region_close(rt);
}

static void region_of_minor_0_has_no_mailbox(void **state)
{
	struct takt_region *rt = make(13), *reader = NULL;
	struct takt_region_header *header = rt->control;

	(void)state;
	assert_int_equal(takt_region_publish(rt, NULL), 0);
	header->abi_minor = 0;
	header->section_count = 5;
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_READER, &reader, NULL), 0);
	assert_null(reader->mailbox);
	assert_false(takt_mailbox_has(reader, 0));
	takt_region_remove(rt->path);
	takt_region_close(reader);
	takt_region_close(rt);
}

static void set_up_that_died_is_cleaned_by_the_next(void **state)
{
	struct takt_region *dead = make(4), *next;
	char path[PATH_MAX];

	(void)state;
	memcpy(path, dead->path, sizeof(path));
	takt_region_close(dead);
	assert_int_equal(access(path, F_OK), 0);
	next = make(5);
	assert_int_equal(access(path, F_OK), -1);
	takt_region_remove(next->path);
	takt_region_close(next);
}

static void damaged_tables_are_refused(void **state)
{
	struct takt_region *rt = make(6), *reader = NULL;
	struct takt_region_header *header = rt->control;
	struct takt_region_header good;

	(void)state;
	assert_int_equal(takt_region_publish(rt, NULL), 0);
	good = *header;
	srand(11);
	for (int i = 0; i < 3000; i++) {
		uint8_t *bytes = rt->control;

		bytes[(size_t)rand() % sizeof(*header)] ^= (uint8_t)(1 << rand() % 8);
		if (takt_region_attach(rt->path, TAKT_REGION_READER, &reader, NULL) == 0) {
			takt_region_close(reader);
		}
		*header = good;
	}
	header->abi_major++;
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_READER, &reader, NULL),
			 -EPROTONOSUPPORT);
	*header = good;
	rt->streams[1].ring_bytes = UINT64_MAX - 65535;
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_READER, &reader, NULL), -EBADMSG);
	takt_region_remove(rt->path);
	takt_region_close(rt);
}

static void tables_that_change_after_the_check_change_nothing(void **state)
{
	struct takt_region *rt = make(7), *recorder = NULL;
	struct takt_stream_view before, after;

	(void)state;
	assert_int_equal(takt_region_publish(rt, NULL), 0);
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_RECORDER, &recorder, NULL), 0);
	before = takt_region_view(recorder, 1);
	assert_ptr_equal(before.ring - recorder->arena, rt->streams[1].arena_offset);
	rt->streams[1].arena_offset = UINT64_MAX - 65535;
	rt->streams[1].ring_bytes = 0;
	after = takt_region_view(recorder, 1);
	assert_memory_equal(&before, &after, sizeof(before));
	takt_region_remove(rt->path);
	takt_region_close(recorder);
	takt_region_close(rt);
}

static void pipe_in_place_of_a_file_is_refused(void **state)
{
	struct takt_region *rt = make(8), *reader = NULL;
	char path[PATH_MAX + 16];

	(void)state;
	assert_int_equal(takt_region_publish(rt, NULL), 0);
	snprintf(path, sizeof(path), "%s/control", rt->path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	assert_int_equal(takt_region_attach(rt->path, TAKT_REGION_READER, &reader, NULL), -EBADMSG);
	alarm(0);
	takt_region_remove(rt->path);
	takt_region_close(rt);
}

static void failed_create_leaves_nothing(void **state)
{
	const struct takt_stream_spec stream = { "lane0", TAKT_STREAM_COPPERLISTS, 400u << 20, 0 };
	const struct rlimit small = { 1 << 20, RLIM_INFINITY };
	struct rlimit before;
	struct takt_region_spec spec = {
		.run_dir = run_dir, .streams = &stream, .stream_count = 1, .catalog = "c",
		.catalog_bytes = 1, .info = { .run = 9, .graph = "test" },
	};
	struct takt_region *region = NULL;
	char path[PATH_MAX];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(takt_region_create(&spec, &region, NULL), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_null(region);
	snprintf(path, sizeof(path), "%s/test/.%016x", run_dir, 9u);
	assert_int_equal(access(path, F_OK), -1);
}

static void foreign_run_dir_is_refused(void **state)
{
	struct takt_err err = { 0 };

	(void)state;
	assert_int_equal(takt_run_dir_ensure(geteuid() == 0 ? "/dev/null" : "/", &err), -EPERM);
	assert_non_null(strstr(err.text, "--run-dir"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(region_is_found_only_after_publish),
		cmocka_unit_test(attached_region_shows_what_was_put_in),
		cmocka_unit_test(locks_say_who_lives),
		cmocka_unit_test(mailbox_carries_levels_to_takt_rt),
		cmocka_unit_test(region_of_minor_0_has_no_mailbox),
		cmocka_unit_test(set_up_that_died_is_cleaned_by_the_next),
		cmocka_unit_test(damaged_tables_are_refused),
		cmocka_unit_test(tables_that_change_after_the_check_change_nothing),
		cmocka_unit_test(pipe_in_place_of_a_file_is_refused),
		cmocka_unit_test(failed_create_leaves_nothing),
		cmocka_unit_test(foreign_run_dir_is_refused),
	};
	int r;

	snprintf(run_dir, sizeof(run_dir), "/dev/shm/takt-test-%d", (int)getpid());
	r = cmocka_run_group_tests(tests, NULL, NULL);
	if (chdir(run_dir) == 0) {
		rmdir("test");
	}
	rmdir(run_dir);
	return r;
}
