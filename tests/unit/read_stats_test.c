/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics for plots: the same answer from the files beside the segments and from the records, and both are
 * what a walk over all records says. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/read/stats.h"
#include "tests/unit/log_maker.h"
#include "tests/unit/unit.h"

#define BINS 64u
#define SEGMENTS 3u

struct fixture {
	char dir[64];
	struct takt_log *log;
};

static void path_of(const struct fixture *f, uint32_t segment, const char *suffix, char out[128])
{
	snprintf(out, 128, "%s/%04u.takt%s", f->dir, segment, suffix);
}

static void open_log(struct fixture *f)
{
	takt_log_close(f->log);
	assert_int_equal(takt_log_open(f->dir, NULL, &f->log, NULL), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct log_maker *maker = log_maker_create(0x57a7, 3);

	snprintf(f->dir, sizeof(f->dir), "/dev/shm/takt-stats-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (uint32_t i = 0; i < SEGMENTS; i++) {
		log_maker_cycles(maker, 1700, 90);
		if (i == 1) {	/* as a taktd that came back writes them again */
			log_maker_begin(maker);
			log_maker_repeat(maker, maker->chunk_count - 2);
			log_maker_repeat(maker, maker->chunk_count - 2);
		} else {
			log_maker_close(maker, i == SEGMENTS - 1 ? TAKT_SEGMENT_LAST : 0);
			if (i < SEGMENTS - 1) {
				log_maker_begin(maker);
			}
		}
	}
	log_maker_save(maker, f->dir);
	log_maker_destroy(maker);
	open_log(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	takt_log_close(f->log);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	free(f);
	return system(command);
}

static void make_all(const struct fixture *f, int expected)
{
	char path[128];

	for (uint32_t i = 1; i <= SEGMENTS; i++) {
		path_of(f, i, "", path);
		assert_int_equal(takt_log_stats_make(path, NULL, NULL, NULL), expected);
	}
}

/* All series at several resolutions and ranges, one behind the other. */
static struct takt_log_stat *ask_all(struct takt_log *log, size_t *ret_count)
{
	static const struct takt_log_point ranges[][2] = {
		{ { 0, 0, 0 }, { 0, 0, 0 } },
		{ { TAKT_LOG_AT_CYCLE, 0, 700 }, { TAKT_LOG_AT_CYCLE, 0, 3333 } },
		{ { TAKT_LOG_AT_CYCLE, 0, 4000 }, { 0, 0, 0 } },
	};
	struct takt_log_stat *all = calloc(1000 * BINS, sizeof(*all));
	size_t count = 0;

	for (uint32_t s = 0; takt_log_series_at(log, s); s++) {
		for (uint32_t max = 1; max <= BINS; max = max * 3 + 1) {
			for (size_t r = 0; r < 3; r++) {
				const int n = takt_log_stats(log, s, ranges[r][0], ranges[r][1],
							     all + count, max, NULL);

				assert_in_range(n, 0, max);
				count += (size_t)n;
				assert_true(count < 999 * BINS);
			}
		}
	}
	*ret_count = count;
	return all;
}

static void check_same(struct fixture *f, const struct takt_log_stat *expected, size_t expected_count)
{
	struct takt_log_stat *is;
	size_t count;

	open_log(f);
	is = ask_all(f->log, &count);
	assert_int_equal(count, expected_count);
	assert_memory_equal(is, expected, count * sizeof(*is));
	free(is);
}

static uint32_t find_series(struct takt_log *log, uint32_t output, const char *name)
{
	const struct takt_log_series *series;

	for (uint32_t s = 0; (series = takt_log_series_at(log, s)) != NULL; s++) {
		if (series->output == output && strcmp(series->name, name) == 0) {
			return s;
		}
	}
	fail_msg("no series %s", name);
	return 0;
}

static void series_are_the_numbers_of_recorded_outputs(void **state)
{
	struct fixture *f = *state;
	const char *const names[] = { "number", "acceleration[0]", "acceleration[1]",
				      "acceleration[2]", "at.x", "at.y", "kind", "valid" };
	const struct takt_log_series *series;
	uint32_t count = 0;

	while ((series = takt_log_series_at(f->log, count)) != NULL) {
		assert_true(count < 8);
		assert_string_equal(series->name, names[count]);
		assert_int_equal(series->output, count < 4 ? 0 : 1);
		count++;
	}
	assert_int_equal(count, 8);
	assert_string_equal(takt_log_series_at(f->log, 4)->unit, "m");
}

/* Least, greatest, last and count of raw.number, which counts up, by a walk over the records. */
static void check_walk(struct fixture *f, const struct takt_log_stat *stat)
{
	const uint64_t last_cycle = stat->first_cycle + stat->cycle_count - 1;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_stats_row row = { 0 };
	struct takt_log_cursor *cursor;

	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, stat->first_cycle };
	filter.until = (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, last_cycle };
	assert_int_equal(takt_log_cursor_create(f->log, &filter, &cursor, NULL), 0);
	while (takt_log_next(cursor, &record, NULL) > 0) {
		for (uint32_t m = 0; m < record->copperlist->message_count; m++) {
			const struct takt_log_message *message = &record->copperlist->messages[m];
			uint64_t number;

			if (message->output == 0 && message->payload_bytes >= 8) {
				memcpy(&number, message->payload, 8);
				takt_stats_row_put(&row, record->cycle, record->mono_ns, (double)number);
			}
		}
	}
	takt_log_cursor_destroy(cursor);
	assert_int_equal(stat->value_count, row.count);
	assert_true(stat->min == row.min && stat->max == row.max && stat->last == row.last);
	assert_int_equal(stat->first_mono_ns, row.first_mono_ns);
	assert_int_equal(stat->last_mono_ns, row.last_mono_ns);
}

static void stats_are_what_the_records_say(void **state)
{
	struct fixture *f = *state;
	const struct takt_log_point nowhere = { 0, 0, 0 };
	struct takt_log_stat stats[BINS];
	uint64_t values = 0;
	int n;

	make_all(f, 1);
	open_log(f);
	n = takt_log_stats(f->log, find_series(f->log, 0, "number"), nowhere, nowhere, stats, 16, NULL);
	assert_in_range(n, 8, 16);
	assert_true(stats[0].cycle_count >= 256);
	for (int i = 0; i < n; i++) {
		check_walk(f, &stats[i]);
		values += stats[i].value_count;
	}
	assert_true(values > 2000);
}

static void answer_is_the_same_with_and_without_files(void **state)
{
	struct fixture *f = *state;
	struct takt_log_stat *all;
	size_t count;

	all = ask_all(f->log, &count);
	assert_true(count > 100);
	make_all(f, 1);
	check_same(f, all, count);
	make_all(f, 0);
	free(all);
}

static void damaged_and_foreign_files_are_not_believed(void **state)
{
	struct fixture *f = *state;
	char path[128], other[128];
	struct takt_log_stat *all;
	struct stat st;
	size_t count;

	all = ask_all(f->log, &count);
	make_all(f, 1);
	path_of(f, 1, ".stats", path);
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 3; at < st.st_size; at += st.st_size / 23) {
		FILE *file = fopen(path, "r+b");
		int c;

		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		c = fgetc(file);
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		fputc(c ^ 16, file);
		fclose(file);
		check_same(f, all, count);
		assert_int_equal(unlink(path), 0);
		path_of(f, 1, "", other);
		assert_int_equal(takt_log_stats_make(other, NULL, NULL, NULL), 1);
	}
	assert_int_equal(truncate(path, st.st_size / 2), 0);
	check_same(f, all, count);
	path_of(f, 3, ".stats", other);
	assert_int_equal(rename(path, other), 0);	/* of another segment */
	check_same(f, all, count);
	free(all);
}

static void files_are_used_where_they_are(void **state)
{
	struct fixture *f = *state;
	struct takt_log_stat stats[BINS], before[BINS];
	const struct takt_log_point nowhere = { 0, 0, 0 };
	char path[128];
	int n, m;

	make_all(f, 1);
	n = takt_log_stats(f->log, 0, nowhere, nowhere, before, 8, NULL);
	/* the records are gone, what is known of them by headers and statistics is not */
	for (uint32_t i = 0; i < f->log->files.index.streams[0].chunk_count; i++) {
		f->log->files.index.streams[0].chunks[i].state = TAKT_LOG_CHUNK_BAD;
	}
	m = takt_log_stats(f->log, 0, nowhere, nowhere, stats, 8, NULL);
	/* but the segment whose chunks stand in the next one, too, is read */
	assert_in_range(m, 1, n);
	assert_int_equal(stats[0].value_count, before[0].value_count);
	path_of(f, 1, ".stats", path);
	assert_int_equal(unlink(path), 0);
	m = takt_log_stats(f->log, 0, nowhere, nowhere, stats, 8, NULL);
	assert_true(m < 1 || stats[0].first_cycle != before[0].first_cycle ||
		    stats[0].value_count != before[0].value_count);
}

static void times_and_cycles_name_the_same_range(void **state)
{
	struct fixture *f = *state;
	const uint32_t s = find_series(f->log, 0, "number");
	struct takt_log_stat by_cycle[BINS], by_time[BINS];
	struct takt_log_point from = { TAKT_LOG_AT_CYCLE, 0, 900 }, to = { TAKT_LOG_AT_CYCLE, 0, 2100 };
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	uint64_t mono_ns[2];
	int n;

	assert_int_equal(takt_log_cursor_create(f->log, NULL, &cursor, NULL), 0);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(takt_log_seek(cursor, i ? to : from, NULL), 0);
		do {
			assert_int_equal(takt_log_next(cursor, &record, NULL), 1);
		} while (!record->copperlist);
		assert_int_equal(record->cycle, i ? to.value : from.value);
		mono_ns[i] = record->mono_ns;
	}
	takt_log_cursor_destroy(cursor);
	n = takt_log_stats(f->log, s, from, to, by_cycle, BINS, NULL);
	assert_true(n > 10);
	from = (struct takt_log_point){ TAKT_LOG_AT_MONO, 0, mono_ns[0] };
	to = (struct takt_log_point){ TAKT_LOG_AT_REAL, 0,
				      (uint64_t)takt_log_real_ns(f->log, mono_ns[1]) };
	assert_int_equal(takt_log_stats(f->log, s, from, to, by_time, BINS, NULL), n);
	assert_memory_equal(by_cycle, by_time, (size_t)n * sizeof(*by_time));
	to.value = (uint64_t)takt_log_real_ns(f->log, 1);
	assert_int_equal(takt_log_stats(f->log, s, from, to, by_time, BINS, NULL), 0);
	assert_int_equal(takt_log_stats(f->log, 99, from, to, by_time, BINS, NULL), -EINVAL);
	assert_int_equal(takt_log_stats(f->log, s, from, to, by_time, 0, NULL), -EINVAL);
}

static int never(void *user)
{
	(void)user;
	return 0;
}

static void making_can_be_given_up_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char path[128];
	DIR *dir;

	path_of(f, 1, "", path);
	assert_int_equal(takt_log_stats_make(path, never, NULL, NULL), -ECANCELED);
	dir = opendir(f->dir);
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		assert_null(strstr(e->d_name, ".stats"));
	}
	closedir(dir);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(series_are_the_numbers_of_recorded_outputs),
		TEST(stats_are_what_the_records_say),
		TEST(answer_is_the_same_with_and_without_files),
		TEST(damaged_and_foreign_files_are_not_believed),
		TEST(files_are_used_where_they_are),
		TEST(times_and_cycles_name_the_same_range),
		TEST(making_can_be_given_up_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
