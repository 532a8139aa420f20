/* SPDX-License-Identifier: Apache-2.0 */
/* Lifecycle records that outlive their segment: written by logs/write/carry.c, read by logs/read/carried.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <takt/log.h>

#include "logs/write/carry.h"
#include "logs/write/segment_files.h"
#include "rt/base/crc32c.h"
#include "rt/shm/carried.h"
#include "tests/unit/log_maker.h"
#include "tests/unit/unit.h"

#define SEGMENTS 4u
#define EVENTS 10u			/* in each of them */

struct fixture {
	char dir[64];
	int dir_fd;
	struct log_maker *maker;
};

struct told {
	uint32_t numbers[64];		/* of the events, in the order they came */
	uint32_t count;
	uint64_t damage_count;
	uint64_t dropped;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/takt-carry-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY);
	f->maker = log_maker_create(7, 1);
	for (uint32_t s = 0; s < SEGMENTS; s++) {
		if (s > 0) {
			log_maker_begin(f->maker);
		}
		for (uint32_t i = 0; i < EVENTS; i++) {
			char text[16];

			snprintf(text, sizeof(text), "%u", s * EVENTS + i);
			log_maker_copperlist(f->maker);
			f->maker->cycle++;
			log_maker_event(f->maker, TAKT_EVENT_overrun, TAKT_NO_TASK, text);
			log_maker_text(f->maker, LOG_MAKER_MAIN, MAKER_SITE_PLAIN, 0, TAKT_LOG_INFO);
			if (i % 3 == 0) {
				log_maker_seal_all(f->maker);
			}
		}
		log_maker_seal_all(f->maker);
		log_maker_close(f->maker, s + 1 == SEGMENTS ? TAKT_SEGMENT_LAST : 0);
	}
	log_maker_save(f->maker, f->dir);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->dir_fd);
	assert_int_equal(takt_run_files_delete(f->dir), 0);
	log_maker_destroy(f->maker);
	free(f);
	return 0;
}

static void path_of(const struct fixture *f, const char *name, char *out)
{
	snprintf(out, PATH_MAX, "%s/%s", f->dir, name);
}

/* As retention does; @stays: killed before the segment was deleted. */
static void carry(const struct fixture *f, const char *name, bool stays)
{
	struct takt_carry carry;
	char path[PATH_MAX];

	path_of(f, name, path);
	assert_int_equal(takt_carry_collect(path, &carry), 0);
	assert_int_equal(takt_carry_append(f->dir_fd, &carry), 0);
	takt_carry_fini(&carry);
	assert_int_equal(takt_segment_file_note_removed(f->dir_fd, (uint32_t)atoi(name)), 0);
	if (!stays) {
		assert_int_equal(unlink(path), 0);
	}
}

static struct told read_log(const struct fixture *f)
{
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	struct takt_log_error error = { 0 };
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct told told = { .count = 0 };
	uint64_t before_ns = 0;
	struct takt_log *log;

	assert_int_equal(takt_log_open(f->dir, NULL, &log, &error), 0);
	filter.kinds = 1u << TAKT_LOG_LIFECYCLE;
	assert_int_equal(takt_log_cursor_create(log, &filter, &cursor, &error), 0);
	while (takt_log_next(cursor, &record, &error) > 0) {
		assert_int_equal(record->kind, TAKT_LOG_LIFECYCLE);
		assert_non_null(log_maker_find(f->maker, record->stream, record->bytes, record->bytes_count));
		assert_true(record->mono_ns >= before_ns);
		before_ns = record->mono_ns;
		assert_true(told.count < 64);
		told.numbers[told.count++] = (uint32_t)atoi(record->lifecycle->text);
	}
	told.damage_count = takt_log_info_of(log)->damage_count;
	told.dropped = takt_log_info_of(log)->dropped_event_count;
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	return told;
}

static void assert_all(const struct told *told)
{
	assert_int_equal(told->damage_count, 0);
	assert_int_equal(told->count, SEGMENTS * EVENTS);
	for (uint32_t i = 0; i < told->count; i++) {
		assert_int_equal(told->numbers[i], i);
	}
}

static void events_of_deleted_segments_are_read_where_they_stood(void **state)
{
	const struct fixture *f = *state;
	struct told told = read_log(f);

	assert_all(&told);
	carry(f, "0001.takt", false);
	told = read_log(f);
	assert_all(&told);
	carry(f, "0003.takt", false);
	told = read_log(f);
	assert_all(&told);
}

static void crash_before_the_segment_went_leaves_each_event_once(void **state)
{
	const struct fixture *f = *state;
	struct told told;

	carry(f, "0001.takt", true);
	carry(f, "0002.takt", true);
	told = read_log(f);
	assert_all(&told);
	carry(f, "0001.takt", false);
	told = read_log(f);
	assert_all(&told);
}

static uint64_t size_of(const struct fixture *f)
{
	struct stat st;

	assert_int_equal(fstatat(f->dir_fd, TAKT_CARRIED_FILE, &st, 0), 0);
	return (uint64_t)st.st_size;
}

/* Whatever a power cut leaves of what was appended last, its segment is still there. */
static void torn_end_is_no_damage_and_is_written_over(void **state)
{
	const struct fixture *f = *state;
	uint64_t before, whole;
	struct told told;
	char path[PATH_MAX];

	carry(f, "0001.takt", false);
	before = size_of(f);
	carry(f, "0002.takt", true);
	whole = size_of(f);
	path_of(f, TAKT_CARRIED_FILE, path);
	for (uint64_t cut = before; cut < whole; cut += 24) {
		assert_int_equal(truncate(path, (off_t)cut), 0);
		told = read_log(f);
		assert_all(&told);
		assert_int_equal(truncate(path, (off_t)whole), 0);	/* zeros */
		told = read_log(f);
		assert_all(&told);
		carry(f, "0002.takt", true);
		assert_in_range(size_of(f), whole, 2 * whole - before);	/* whole frames stay */
		told = read_log(f);
		assert_all(&told);
	}
	carry(f, "0002.takt", false);
	told = read_log(f);
	assert_all(&told);
}

static void damage_costs_a_frame_and_is_said(void **state)
{
	const struct fixture *f = *state;
	struct told told;
	char path[PATH_MAX];
	int fd;

	carry(f, "0001.takt", false);
	path_of(f, TAKT_CARRIED_FILE, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "\xff\xff", 2, sizeof(struct takt_carried_head) + 60), 2);
	close(fd);
	told = read_log(f);
	assert_int_equal(told.damage_count, 1);
	assert_in_range(told.count, SEGMENTS * EVENTS - 4, SEGMENTS * EVENTS - 1);
	carry(f, "0002.takt", false);
	told = read_log(f);
	assert_int_equal(told.damage_count, 1);
	assert_in_range(told.count, SEGMENTS * EVENTS - 4, SEGMENTS * EVENTS - 1);
}

/* A frame of 16384 old events. */
static void append_old(const struct fixture *f, uint64_t seq)
{
	struct takt_carry old = { .run = 7, .bytes = sizeof(struct takt_carried_frame) + (1u << 20) };
	struct takt_carried_frame frame = { .magic = TAKT_CARRIED_FRAME_MAGIC, .bytes = 1u << 20,
					    .stream = LOG_MAKER_LANE0 + 1, .record_count = 1u << 14,
					    .seq = seq };
	const struct takt_lifecycle_record record = {
		.record = { .bytes = sizeof(record), .kind = TAKT_RECORD_LIFECYCLE, .mono_ns = 1 + seq },
		.event = TAKT_EVENT_overrun, .task = TAKT_NO_TASK,
	};

	old.frames = malloc(old.bytes);
	assert_non_null(old.frames);
	for (uint32_t i = 0; i < frame.record_count; i++) {
		memcpy(old.frames + sizeof(frame) + i * sizeof(record), &record, sizeof(record));
	}
	frame.crc = takt_crc32c(takt_crc32c(0, &frame, offsetof(struct takt_carried_frame, crc)),
				old.frames + sizeof(frame), frame.bytes);
	memcpy(old.frames, &frame, sizeof(frame));
	assert_int_equal(takt_carry_append(f->dir_fd, &old), 0);
	takt_carry_fini(&old);
}

static void file_that_grows_too_large_drops_the_oldest_with_a_count(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	uint64_t old = 0, fresh = 0, dropped;
	struct takt_log *log;

	for (uint32_t i = 0; i < 12; i++) {
		append_old(f, 1000 + i);
		assert_true(size_of(f) <= TAKT_CARRIED_BYTES_MAX);
	}
	carry(f, "0001.takt", false);
	assert_int_equal(takt_log_open(f->dir, NULL, &log, NULL), 0);
	dropped = takt_log_info_of(log)->dropped_event_count;
	assert_true(dropped > 0 && dropped % (1u << 14) == 0);
	filter.kinds = 1u << TAKT_LOG_LIFECYCLE;
	assert_int_equal(takt_log_cursor_create(log, &filter, &cursor, NULL), 0);
	while (takt_log_next(cursor, &record, NULL) > 0) {
		if (record->lifecycle->text[0]) {
			fresh++;
		} else if (old++ == 0) {	/* the oldest that is left: those before are gone */
			assert_int_equal(record->mono_ns, 1001 + dropped / (1u << 14));
		}
	}
	assert_int_equal(old + dropped, 12u << 14);
	assert_int_equal(fresh, SEGMENTS * EVENTS);
	assert_int_equal(takt_log_info_of(log)->damage_count, 0);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void foreign_file_of_that_name_is_replaced(void **state)
{
	const struct fixture *f = *state;
	struct told told;
	const int fd = openat(f->dir_fd, TAKT_CARRIED_FILE, O_WRONLY | O_CREAT, 0600);

	assert_int_equal(write(fd, "something else", 14), 14);
	close(fd);
	carry(f, "0001.takt", false);
	told = read_log(f);
	assert_all(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_of_deleted_segments_are_read_where_they_stood, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(crash_before_the_segment_went_leaves_each_event_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(torn_end_is_no_damage_and_is_written_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_costs_a_frame_and_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(file_that_grows_too_large_drops_the_oldest_with_a_count, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(foreign_file_of_that_name_is_replaced, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
