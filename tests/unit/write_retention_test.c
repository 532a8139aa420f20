/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: what goes, in which order, and what stays. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "logs/write/retention.h"
#include "logs/write/segment.h"
#include "logs/write/segment_files.h"
#include "rt/base/crc32c.h"
#include "tests/unit/unit.h"

#define SEGMENT_BYTES (256u << 10)
#define HOUR_S 3600

static char top[PATH_MAX - 128];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int make_top(void **state)
{
	(void)state;
	assert_non_null(getcwd(top, sizeof(top) - 32));
	strcat(top, "/retention-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	(void)state;
	return nftw(top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static int open_run(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* As if it had been written @age_s ago by another boot. */
static void make_older(int dir_fd, const char *name, int64_t age_s, bool is_of_this_boot)
{
	const int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
	struct timespec times[2] = { { .tv_sec = time(NULL) - age_s }, { .tv_sec = time(NULL) - age_s } };
	struct takt_superblock block;

	assert_int_equal(pread(fd, &block, sizeof(block), 0), sizeof(block));
	if (!is_of_this_boot) {
		block.boot_id[0] ^= 1;
		block.crc = takt_crc32c(0, &block, offsetof(struct takt_superblock, crc));
		assert_int_equal(pwrite(fd, &block, sizeof(block), 0), sizeof(block));
	}
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

/* Segments 1 to @count of a run that is over, each SEGMENT_BYTES of the disk. */
static void make_run(const char *name, const char *graph, uint64_t run, uint32_t count)
{
	const int dir_fd = open_run(name);
	struct takt_segment_kind kind;
	struct takt_segment segment;
	struct takt_backend *backend;
	char *bytes = calloc(1, SEGMENT_BYTES);

	memset(bytes, 'x', SEGMENT_BYTES);
	assert_int_equal(takt_segment_kind_init(&kind, run, graph, "/run/x", "catalog", 7), 0);
	assert_int_equal(takt_backend_buffered_create(&backend), 0);
	kind.segment_bytes = SEGMENT_BYTES;
	kind.chunk_bytes_max = 4096;
	for (uint32_t i = 1; i <= count; i++) {
		assert_int_equal(takt_segment_create(&kind, backend, dir_fd, i, &segment, NULL), 0);
		assert_int_equal(pwrite(segment.fd, bytes, SEGMENT_BYTES - 16384, 16384), SEGMENT_BYTES - 16384);
		assert_int_equal(takt_segment_close(&segment, SEGMENT_BYTES, 1, NULL), 0);
	}
	takt_segment_kind_fini(&kind);
	backend->ops->destroy(backend);
	free(bytes);
	close(dir_fd);
}

static bool is_there(const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	return access(full, F_OK) == 0;
}

static void touch(const char *path)
{
	char full[PATH_MAX];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", top, path);
	fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

struct told {
	char text[2048];		/* "1/2 1/3 ": run number / segment, in order */
	enum takt_retention_reason reason;
	uint64_t bytes;
};

static void tell(const struct takt_retention_deleted *deleted, void *user)
{
	struct told *told = user;
	const size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%u/%u ", deleted->run_number,
		 deleted->segment);
	told->reason = deleted->reason;
	told->bytes += deleted->bytes;
}

static int apply(struct takt_retention rule, struct told *told)
{
	memset(told, 0, sizeof(*told));
	rule.log_dir = top;
	rule.graph = "gnss";
	return takt_retention_apply(&rule, tell, told);
}

static void oldest_go_until_all_take_no_more(void **state)
{
	struct told told;

	(void)state;
	make_run("0009-gnss-000000000000000a", "gnss", 10, 3);
	make_run("0010-gnss-000000000000000b", "gnss", 11, 3);
	assert_int_equal(apply((struct takt_retention){ .max_bytes = 6 * SEGMENT_BYTES }, &told), 0);
	assert_int_equal(apply((struct takt_retention){ .max_bytes = 4 * SEGMENT_BYTES }, &told), 2);
	assert_string_equal(told.text, "9/1 9/2 ");
	assert_int_equal(told.reason, TAKT_RETENTION_SIZE);
	assert_int_equal(told.bytes, 2 * SEGMENT_BYTES);
	assert_true(is_there("0009-gnss-000000000000000a/removed"));
	assert_int_equal(apply((struct takt_retention){ .max_bytes = 3 * SEGMENT_BYTES }, &told), 1);
	assert_false(is_there("0009-gnss-000000000000000a"));	/* with its last segment */
	assert_int_equal(apply((struct takt_retention){ 0 }, &told), 0);
}

static void newest_of_the_run_that_is_recorded_stays(void **state)
{
	struct told told;

	(void)state;
	make_run("0001-gnss-000000000000000a", "gnss", 10, 3);
	make_run("0002-gnss-000000000000000b", "gnss", 11, 1);
	assert_int_equal(apply((struct takt_retention){ .run = 10, .max_bytes = 1 }, &told), 3);
	assert_string_equal(told.text, "1/1 1/2 2/1 ");
	assert_true(is_there("0001-gnss-000000000000000a/0003.takt"));
}

static void what_is_marked_locked_or_not_ours_stays(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct told told;
	int dir_fd, fd;

	(void)state;
	make_run("0001-gnss-000000000000000a", "gnss", 10, 4);
	make_run("0002-other-000000000000000b", "other", 11, 1);
	make_run("gnss-000000000000000c", "gnss", 12, 1);	/* no run's directory: a part, a copy */
	touch("0001-gnss-000000000000000a/0009.takt");
	touch("0001-gnss-000000000000000a/notes");
	dir_fd = open_run("0001-gnss-000000000000000a");
	assert_int_equal(takt_segment_file_keep(dir_fd, "0002.takt", true), 0);
	fd = openat(dir_fd, "0003.takt", O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(apply((struct takt_retention){ .max_bytes = 1 }, &told), 2);
	assert_string_equal(told.text, "1/1 1/4 ");
	close(fd);
	assert_int_equal(takt_segment_file_keep(dir_fd, "0002.takt", false), 0);
	assert_int_equal(apply((struct takt_retention){ .max_bytes = 1 }, &told), 2);
	assert_string_equal(told.text, "1/2 1/3 ");
	assert_true(is_there("0001-gnss-000000000000000a/notes"));
	assert_true(is_there("0001-gnss-000000000000000a/0009.takt"));
	assert_true(is_there("0002-other-000000000000000b/0001.takt"));
	assert_true(is_there("gnss-000000000000000c/0001.takt"));
	close(dir_fd);
}

static void files_beside_a_segment_go_with_it(void **state)
{
	struct told told;

	(void)state;
	make_run("0001-gnss-000000000000000a", "gnss", 10, 2);
	touch("0001-gnss-000000000000000a/0001.takt.index");
	touch("0001-gnss-000000000000000a/0002.takt.index");
	touch("0001-gnss-000000000000000a/0001.taktic");
	assert_int_equal(apply((struct takt_retention){ .run = 10, .max_bytes = 1 }, &told), 1);
	assert_false(is_there("0001-gnss-000000000000000a/0001.takt.index"));
	assert_true(is_there("0001-gnss-000000000000000a/0002.takt.index"));
	assert_true(is_there("0001-gnss-000000000000000a/0001.taktic"));
}

static void old_ones_go_by_age_and_clocks_that_jump_delete_nothing(void **state)
{
	const struct takt_retention rule = { .max_age_ns = (uint64_t)HOUR_S * 1000000000 };
	struct told told;
	int dir_fd;

	(void)state;
	make_run("0001-gnss-000000000000000a", "gnss", 10, 5);
	dir_fd = open_run("0001-gnss-000000000000000a");
	make_older(dir_fd, "0001.takt", 2 * HOUR_S, false);
	make_older(dir_fd, "0002.takt", 2 * HOUR_S, true);	/* this boot's clock says: just now */
	make_older(dir_fd, "0003.takt", HOUR_S / 2, false);
	make_older(dir_fd, "0004.takt", time(NULL), false);	/* 1970 */
	make_older(dir_fd, "0005.takt", -2 * HOUR_S, false);	/* the future */
	assert_int_equal(apply(rule, &told), 1);
	assert_string_equal(told.text, "1/1 ");
	assert_int_equal(told.reason, TAKT_RETENTION_AGE);
	close(dir_fd);
}

static void room_is_made_from_the_oldest_on(void **state)
{
	struct statvfs fs;
	struct told told;
	uint64_t free_bytes;

	(void)state;
	make_run("0001-gnss-000000000000000a", "gnss", 10, 4);
	assert_int_equal(statvfs(top, &fs), 0);
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	assert_int_equal(apply((struct takt_retention){ .min_free_bytes = free_bytes / 2 }, &told), 0);
	assert_int_equal(apply((struct takt_retention){ .run = 10, .min_free_bytes = free_bytes * 2 }, &told), 3);
	assert_string_equal(told.text, "1/1 1/2 1/3 ");
	assert_int_equal(told.reason, TAKT_RETENTION_ROOM);
}

static void directory_that_is_not_there_is_an_error(void **state)
{
	const struct takt_retention rule = { .log_dir = "/nowhere/at/all", .graph = "g", .max_bytes = 1 };
	struct told told = { 0 };

	(void)state;
	assert_int_equal(takt_retention_apply(&rule, tell, &told), -ENOENT);
}

static void names_of_segments_are_told_from_others(void **state)
{
	const char *rest;

	(void)state;
	assert_int_equal(takt_segment_file_number("0042.takt", &rest), 42);
	assert_string_equal(rest, "");
	assert_int_equal(takt_segment_file_number("12345.takt.keep", &rest), 12345);
	assert_string_equal(rest, ".keep");
	assert_int_equal(takt_segment_file_number("0000.takt", NULL), 0);
	assert_int_equal(takt_segment_file_number("042.takt", NULL), 0);
	assert_int_equal(takt_segment_file_number("0042.takt2", NULL), 0);
	assert_int_equal(takt_segment_file_number("0042", NULL), 0);
	assert_int_equal(takt_segment_file_number("", NULL), 0);
	assert_int_equal(takt_segment_file_number("1234567890.takt", NULL), 0);
}

static void only_segments_that_are_there_can_be_marked(void **state)
{
	int dir_fd;

	(void)state;
	make_run("0001-gnss-000000000000000a", "gnss", 10, 1);
	dir_fd = open_run("0001-gnss-000000000000000a");
	assert_int_equal(takt_segment_file_keep(dir_fd, "0002.takt", true), -ENOENT);
	assert_false(is_there("0001-gnss-000000000000000a/0002.takt.keep"));
	assert_int_equal(takt_segment_file_keep(dir_fd, "0001.takt", true), 0);
	assert_true(takt_segment_file_is_kept(dir_fd, "0001.takt"));
	assert_int_equal(takt_segment_file_keep(dir_fd, "0001.takt", false), 0);
	assert_int_equal(takt_segment_file_keep(dir_fd, "0001.takt", false), 0);
	assert_false(takt_segment_file_is_kept(dir_fd, "0001.takt"));
	close(dir_fd);
}

static void run_that_is_written_is_not_deleted(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	int dir_fd, fd;

	(void)state;
	make_run("0001-gnss-000000000000000a", "gnss", 10, 3);
	snprintf(path, sizeof(path), "%s/0001-gnss-000000000000000a", top);
	dir_fd = open_run("0001-gnss-000000000000000a");
	fd = openat(dir_fd, "0003.takt", O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(takt_run_files_delete(path), -EBUSY);
	assert_true(is_there("0001-gnss-000000000000000a/0001.takt"));
	close(fd);
	close(dir_fd);
	assert_int_equal(takt_run_files_delete(path), 0);
	assert_false(is_there("0001-gnss-000000000000000a"));
	assert_int_equal(takt_run_files_delete(path), -ENOENT);
}

#define IN_TOP(test) cmocka_unit_test_setup_teardown(test, make_top, remove_top)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TOP(oldest_go_until_all_take_no_more),
		IN_TOP(newest_of_the_run_that_is_recorded_stays),
		IN_TOP(what_is_marked_locked_or_not_ours_stays),
		IN_TOP(files_beside_a_segment_go_with_it),
		IN_TOP(old_ones_go_by_age_and_clocks_that_jump_delete_nothing),
		IN_TOP(room_is_made_from_the_oldest_on),
		cmocka_unit_test(directory_that_is_not_there_is_an_error),
		cmocka_unit_test(names_of_segments_are_told_from_others),
		IN_TOP(only_segments_that_are_there_can_be_marked),
		IN_TOP(run_that_is_written_is_not_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
