/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of runs: opening, listing, and what the word LOG means. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/base/crc32c.h"
#include "rt/base/tags.h"
#include "tests/unit/log_check.h"
#include "tests/unit/unit.h"

static char top[64];			/* of everything */
static char logs[128];
static char empty[128];			/* no region is in it */

static const char *in(const char *dir, const char *name)
{
	static char path[4][PATH_MAX];
	static int turn;
	char joined[PATH_MAX];

	turn = (turn + 1) % 4;
	snprintf(joined, sizeof(joined), "%s/%s", dir, name);	/* @dir may be one of path[] */
	memcpy(path[turn], joined, sizeof(joined));
	return path[turn];
}

static void put_file(const char *path, const char *bytes)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(bytes, file);
	fclose(file);
}

static struct log_maker *make_run(const char *name, uint64_t run, uint32_t segments, bool clean)
{
	struct log_maker *maker = log_maker_create(run, run);

	for (uint32_t i = 0; i < segments; i++) {
		if (i > 0) {
			log_maker_begin(maker);
		}
		log_maker_cycles(maker, 30, 10);
		if (clean) {
			log_maker_close(maker, i + 1 == segments ? TAKT_SEGMENT_LAST : 0);
		}
	}
	assert_int_equal(mkdir(in(logs, name), 0755), 0);
	log_maker_save(maker, in(logs, name));
	return maker;
}

static struct log_maker *first, *second, *third;

static int set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/takt-read-run-XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(logs, sizeof(logs), "%s/logs", top);
	snprintf(empty, sizeof(empty), "%s/empty", top);
	mkdir(logs, 0755);
	mkdir(empty, 0755);
	first = make_run("0009-test-00000000000000ab", 0xab, 1, true);
	second = make_run("0010-test-00000000000000a1", 0xa1, 3, true);
	third = make_run("0011-test-f000000000000000", 0xf000000000000000u, 1, false);
	put_file(in(logs, "0010-test-00000000000000a1/notes.txt"), "not a log");
	mkdir(in(logs, "lost+found"), 0755);
	put_file(in(logs, "stray.takt"), "stray");
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	log_maker_destroy(first);
	log_maker_destroy(second);
	log_maker_destroy(third);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

static void directory_of_a_run_is_read_over_its_segments(void **state)
{
	struct takt_log_cursor *cursor;
	struct log_check check;
	struct takt_log *log;

	(void)state;
	assert_int_equal(takt_log_open(in(logs, "0010-test-00000000000000a1"), NULL, &log, NULL), 0);
	assert_int_equal(takt_log_info_of(log)->segment_count, 3);
	assert_int_equal(takt_log_info_of(log)->number, 10);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	assert_true(log_check_cursor(second, log, cursor, &check));
	assert_int_equal(check.record_count, second->record_count);
	assert_int_equal(takt_log_info_of(log)->damage_count, 0);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void one_segment_is_read_without_calling_the_rest_missing(void **state)
{
	struct takt_log_cursor *cursor;
	struct log_check check;
	struct takt_log *log;

	(void)state;
	assert_int_equal(takt_log_open(in(logs, "0010-test-00000000000000a1/0002.takt"), NULL, &log,
				       NULL), 0);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	assert_true(log_check_cursor(second, log, cursor, &check));
	assert_int_equal(check.record_count, second->record_count / 3);
	assert_int_equal(takt_log_info_of(log)->damage_count, 0);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void removed_oldest_segment_is_no_damage_a_removed_middle_one_is(void **state)
{
	const char *run = "0010-test-00000000000000a1";
	struct takt_log *log;

	(void)state;
	assert_int_equal(rename(in(logs, "0010-test-00000000000000a1/0001.takt"), in(top, "kept")), 0);
	assert_int_equal(takt_log_open(in(logs, run), NULL, &log, NULL), 0);
	assert_int_equal(takt_log_info_of(log)->damage_count, 0);
	takt_log_close(log);
	assert_int_equal(rename(in(top, "kept"), in(logs, "0010-test-00000000000000a1/0001.takt")), 0);
	assert_int_equal(rename(in(logs, "0010-test-00000000000000a1/0002.takt"), in(top, "kept")), 0);
	assert_int_equal(takt_log_open(in(logs, run), NULL, &log, NULL), 0);
	assert_int_equal(takt_log_info_of(log)->lost_chunk_count, 9);
	takt_log_close(log);
	assert_int_equal(rename(in(top, "kept"), in(logs, "0010-test-00000000000000a1/0002.takt")), 0);
}

static void bad_file_beside_good_segments_is_reported(void **state)
{
	const char *bad = in(logs, "0010-test-00000000000000a1/0007.takt");
	struct takt_log *log;

	(void)state;
	put_file(bad, "nonsense");
	assert_int_equal(takt_log_open(in(logs, "0010-test-00000000000000a1"), NULL, &log, NULL), 0);
	assert_int_equal(takt_log_info_of(log)->damage_count, 1);
	assert_int_equal(takt_log_damage_at(log, 0)->kind, TAKT_LOG_BAD_FILE);
	assert_non_null(strstr(takt_log_damage_at(log, 0)->file, "0007.takt"));
	takt_log_close(log);
	assert_int_equal(unlink(in(logs, "0010-test-00000000000000a1/0007.takt")), 0);
}

static void what_is_no_log_is_refused_in_words(void **state)
{
	struct takt_log_error error = { 0 };
	struct takt_log *log = NULL;

	(void)state;
	assert_int_equal(takt_log_open(in(logs, "nothing"), NULL, &log, &error), -ENOENT);
	error = (struct takt_log_error){ 0 };
	assert_int_equal(takt_log_open(in(logs, "lost+found"), NULL, &log, &error), -ENOENT);
	assert_non_null(strstr(error.text, "holds no segment"));
	assert_null(strstr(error.text, "log list"));
	error = (struct takt_log_error){ 0 };
	assert_int_equal(takt_log_open(in(top, "logs/."), NULL, &log, &error), -EBADMSG);
	assert_null(strstr(error.text, "log list"));	/* stray.takt: of it nothing can be read */
	error = (struct takt_log_error){ 0 };
	assert_int_equal(takt_log_open(top, NULL, &log, &error), -ENOENT);
	error = (struct takt_log_error){ 0 };
	assert_int_equal(takt_log_open(in(logs, "stray.takt"), NULL, &log, &error), -EBADMSG);
	assert_int_equal(mkfifo(in(top, "fifo"), 0600), 0);
	error = (struct takt_log_error){ 0 };
	assert_int_equal(takt_log_open(in(top, "fifo"), NULL, &log, &error), -EBADMSG);
	assert_null(log);
}

static void runs_are_listed_oldest_first(void **state)
{
	const struct takt_log_run *run;
	struct takt_log_runs *runs;

	(void)state;
	assert_int_equal(takt_log_runs_open(logs, empty, &runs, NULL), 0);
	assert_int_equal(takt_log_runs_count(runs), 3);
	run = takt_log_runs_at(runs, 0);
	assert_int_equal(run->number, 9);
	assert_int_equal(run->run, 0xab);
	assert_string_equal(run->graph, "test");
	assert_int_equal(run->state, TAKT_LOG_CLEAN);
	assert_int_equal(run->bytes, first->segments[0].size);
	assert_int_equal(run->start_real_ns, LOG_MAKER_ORIGIN_REAL_NS);
	assert_int_equal(run->end_real_ns, LOG_MAKER_ORIGIN_REAL_NS +
			 (int64_t)(first->mono_ns - LOG_MAKER_ORIGIN_MONO_NS));
	assert_int_equal(takt_log_runs_at(runs, 1)->segment_count, 3);
	assert_int_equal(takt_log_runs_at(runs, 2)->state, TAKT_LOG_CUT);
	assert_null(takt_log_runs_at(runs, 3));
	takt_log_runs_close(runs);
	assert_int_equal(takt_log_runs_open(empty, empty, &runs, NULL), 0);
	assert_int_equal(takt_log_runs_count(runs), 0);
	takt_log_runs_close(runs);
	assert_int_equal(takt_log_runs_open(in(top, "none"), empty, &runs, NULL), -ENOENT);
}

static void check_resolve(const char *word, int code, const char *part)
{
	struct takt_log_error error = { 0 };
	char path[PATH_MAX] = "";

	assert_int_equal(takt_log_resolve(word, logs, empty, path, sizeof(path), &error), code);
	if (!strstr(code ? error.text : path, part)) {
		fail_msg("'%s' is not in: %s", part, code ? error.text : path);
	}
}

/* The list and the open log of @name tell the same; the log ends with the maker's last record. */
static void check_times(const struct log_maker *maker, const char *name, uint64_t first_mono_ns)
{
	const struct takt_log_run *run = NULL;
	const struct takt_log_info *info;
	struct takt_log_runs *runs;
	struct takt_log *log;

	assert_int_equal(takt_log_runs_open(logs, empty, &runs, NULL), 0);
	for (uint32_t i = 0; i < takt_log_runs_count(runs) && !run; i++) {
		const char *path = takt_log_runs_at(runs, i)->path;

		run = strcmp(strrchr(path, '/') + 1, name) == 0 ? takt_log_runs_at(runs, i) : NULL;
	}
	assert_non_null(run);
	assert_int_equal(takt_log_open(run->path, NULL, &log, NULL), 0);
	info = takt_log_info_of(log);
	assert_int_equal(info->start_mono_ns, LOG_MAKER_ORIGIN_MONO_NS);
	assert_int_equal(info->first_mono_ns, first_mono_ns);
	assert_int_equal(info->end_mono_ns, maker->mono_ns);
	assert_int_equal(run->start_mono_ns, info->start_mono_ns);
	assert_int_equal(run->first_mono_ns, info->first_mono_ns);
	assert_int_equal(run->end_mono_ns, info->end_mono_ns);
	assert_int_equal(run->start_real_ns, info->start_real_ns);
	assert_int_equal(run->first_real_ns, info->first_real_ns);
	assert_int_equal(run->end_real_ns, info->end_real_ns);
	assert_int_equal(run->bytes, info->bytes);
	assert_int_equal(run->file_bytes, info->file_bytes);
	takt_log_close(log);
	takt_log_runs_close(runs);
}

static void list_and_open_log_tell_the_same_times_and_sizes(void **state)
{
	const char *oldest = "0010-test-00000000000000a1/0001.takt";

	(void)state;
	check_times(first, "0009-test-00000000000000ab", LOG_MAKER_ORIGIN_MONO_NS + 1);
	check_times(third, "0011-test-f000000000000000", LOG_MAKER_ORIGIN_MONO_NS + 1);
	assert_int_equal(rename(in(logs, oldest), in(top, "kept")), 0);
	check_times(second, "0010-test-00000000000000a1",
		    LOG_MAKER_ORIGIN_MONO_NS + 30 * LOG_MAKER_PERIOD_NS + 1);
	assert_int_equal(rename(in(top, "kept"), in(logs, oldest)), 0);
}

static void what_the_recorder_says_later_is_no_time_of_the_log(void **state)
{
	struct log_maker *maker = log_maker_create(0xcc, 3);
	const char *name = "0012-test-00000000000000cc";
	struct takt_log *log;
	char path[PATH_MAX];

	(void)state;
	log_maker_cycles(maker, 30, 10);
	log_maker_begin(maker);
	log_maker_recorder_event(maker, TAKT_EVENT_recorder_recovered, 20000000000u);
	log_maker_seal_all(maker);
	log_maker_close(maker, TAKT_SEGMENT_LAST);
	assert_int_equal(mkdir(in(logs, name), 0755), 0);
	log_maker_save(maker, in(logs, name));
	check_times(maker, name, LOG_MAKER_ORIGIN_MONO_NS + 1);
	snprintf(path, sizeof(path), "rm -rf %s", in(logs, name));
	assert_int_equal(system(path), 0);
	assert_int_equal(takt_log_open(in(logs, name), NULL, &log, NULL), -ENOENT);
	log_maker_destroy(maker);
}

static void room_that_is_set_aside_is_no_size_of_a_run(void **state)
{
	const char *name = "0012-test-00000000000000cd";
	struct log_maker *maker = log_maker_create(0xcd, 3);
	uint64_t written;
	struct takt_log *log;
	char path[PATH_MAX];

	(void)state;
	log_maker_cycles(maker, 30, 10);
	written = maker->segments[0].size;
	log_maker_pad(maker, 1u << 20);
	assert_int_equal(mkdir(in(logs, name), 0755), 0);
	log_maker_save(maker, in(logs, name));
	check_times(maker, name, LOG_MAKER_ORIGIN_MONO_NS + 1);
	assert_int_equal(takt_log_open(in(logs, name), NULL, &log, NULL), 0);
	assert_int_equal(takt_log_info_of(log)->bytes, written);
	assert_int_equal(takt_log_info_of(log)->file_bytes, written + (1u << 20));
	takt_log_close(log);
	snprintf(path, sizeof(path), "rm -rf %s", in(logs, name));
	assert_int_equal(system(path), 0);
	log_maker_destroy(maker);
}

static void words_are_resolved_to_paths(void **state)
{
	char path[PATH_MAX];

	(void)state;
	check_resolve("latest", 0, "/0011-");
	check_resolve(NULL, 0, "/0011-");
	check_resolve("", 0, "/0011-");
	check_resolve("00000000000000ab", 0, "/0009-");
	check_resolve("F0", 0, "/0011-");
	check_resolve("00000000000000a1", 0, "/0010-");
	check_resolve("test", 0, "/0011-");
	check_resolve(in(logs, "0009-test-00000000000000ab"), 0, "/0009-");
	check_resolve("00000000000000a", -ENOTUNIQ, "00000000000000a1");
	check_resolve("00000000000000a", -ENOTUNIQ, "00000000000000ab");
	check_resolve("tset", -ENOENT, "f000000000000000 (test)");
	check_resolve("./tset", -ENOENT, "./tset");
	assert_int_equal(takt_log_resolve("x", empty, empty, path, sizeof(path), NULL), -ENOENT);
	assert_int_equal(takt_log_resolve("latest", logs, empty, path, 5, NULL), -ENAMETOOLONG);
}

static void directory_named_like_a_graph_does_not_hide_it(void **state)
{
	char here[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(top), 0);
	assert_int_equal(mkdir("test", 0755), 0);
	check_resolve("test", 0, "/0011-");
	assert_int_equal(chdir(here), 0);
}

/* Say in both superblocks of @segment that its clock stood at @real_ns when it was made. */
static void set_clock(struct log_maker_segment *segment, int64_t real_ns)
{
	for (uint64_t at = 0; at < TAKT_SEGMENT_CHUNKS_AT; at += TAKT_BLOCK_BYTES) {
		struct takt_superblock block;

		memcpy(&block, segment->bytes + at, sizeof(block));
		block.created_real_ns = real_ns;
		block.crc = takt_crc32c(0, &block, offsetof(struct takt_superblock, crc));
		memcpy(segment->bytes + at, &block, sizeof(block));
	}
}

static void steps_of_the_wall_clock_change_neither_order_nor_times(void **state)
{
	/* A clock that starts in 1970, is set, and is set back by an hour, from segment to segment. */
	static const int64_t clocks_ns[] = {
		1000000000, LOG_MAKER_ORIGIN_REAL_NS, LOG_MAKER_ORIGIN_REAL_NS - 3600000000000,
	};
	struct log_maker *maker = log_maker_create(0xc10c, 7);
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct takt_log_error error;
	struct log_check check;
	struct takt_log *log;
	uint64_t mono_ns = 0;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		if (i > 0) {
			log_maker_begin(maker);
		}
		log_maker_cycles(maker, 30, 10);
		log_maker_close(maker, i == 2 ? TAKT_SEGMENT_LAST : 0);
		set_clock(&maker->segments[i], clocks_ns[i]);
	}
	assert_true(log_check_segments(maker, &log, &check, &error));
	assert_string_equal(check.fault, "");
	assert_int_equal(check.missing_count, 0);
	assert_int_equal(takt_log_info_of(log)->damage_count, 0);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, &error), 0);
	while (takt_log_next(cursor, &record, &error) == 1) {
		assert_true(record->mono_ns > mono_ns);
		mono_ns = record->mono_ns;
		assert_int_equal(record->real_ns - LOG_MAKER_ORIGIN_REAL_NS,
				 record->mono_ns - LOG_MAKER_ORIGIN_MONO_NS);
		assert_int_equal(takt_log_mono_ns(log, record->real_ns), record->mono_ns);
	}
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	log_maker_destroy(maker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directory_of_a_run_is_read_over_its_segments),
		cmocka_unit_test(one_segment_is_read_without_calling_the_rest_missing),
		cmocka_unit_test(removed_oldest_segment_is_no_damage_a_removed_middle_one_is),
		cmocka_unit_test(bad_file_beside_good_segments_is_reported),
		cmocka_unit_test(what_is_no_log_is_refused_in_words),
		cmocka_unit_test(runs_are_listed_oldest_first),
		cmocka_unit_test(list_and_open_log_tell_the_same_times_and_sizes),
		cmocka_unit_test(what_the_recorder_says_later_is_no_time_of_the_log),
		cmocka_unit_test(room_that_is_set_aside_is_no_size_of_a_run),
		cmocka_unit_test(words_are_resolved_to_paths),
		cmocka_unit_test(directory_named_like_a_graph_does_not_hide_it),
		cmocka_unit_test(steps_of_the_wall_clock_change_neither_order_nor_times),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
