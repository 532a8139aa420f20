/* SPDX-License-Identifier: Apache-2.0 */
/* Run directories and segment files: names, numbers, locks, what a crash leaves. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/write/rundir.h"
#include "logs/write/segment.h"
#include "rt/base/crc32c.h"
#include "tests/unit/unit.h"

static char top[PATH_MAX - 128];

static void path_of(const char *name, char *out)
{
	snprintf(out, PATH_MAX, "%s/%s", top, name);
}

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
	strcat(top, "/rundir-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	(void)state;
	return nftw(top, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void open_run(const char *log_dir, const char *graph, uint64_t run, struct takt_rundir *rundir)
{
	struct takt_err err = { 0 };

	if (takt_rundir_open(log_dir, graph, run, rundir, &err) < 0) {
		fail_msg("%s", err.text);
	}
}

static const char *name_of(const struct takt_rundir *rundir)
{
	return strrchr(rundir->path, '/') + 1;
}

static void runs_are_counted_and_a_known_one_is_continued(void **state)
{
	struct takt_rundir a, b, again;
	char dir[PATH_MAX];

	(void)state;
	path_of("not/yet/there", dir);
	open_run(dir, "gnss", 0xabc, &a);
	open_run(dir, "hello", 0xdef, &b);
	assert_string_equal(name_of(&a), "0001-gnss-0000000000000abc");
	assert_string_equal(name_of(&b), "0002-hello-0000000000000def");
	assert_int_equal(a.next_segment, 1);
	close(openat(a.fd, "0041.takt", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(openat(a.fd, "0042.takt.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(openat(a.fd, "0099.takt.sidecar", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	open_run(dir, "gnss", 0xabc, &again);
	assert_string_equal(again.path, a.path);
	assert_int_equal(again.next_segment, 43);
	takt_rundir_close(&a);
	takt_rundir_close(&b);
	takt_rundir_close(&again);
}

static void number_goes_on_behind_the_highest(void **state)
{
	static const char *const others[] = {
		"0007-x-0000000000000001", "9998-y-0000000000000002", "12", "0123", "99999999999-z", "readme",
	};
	struct takt_rundir rundir;
	char path[PATH_MAX];

	(void)state;
	for (uint32_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		path_of(others[i], path);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	path_of("", path);
	open_run(path, "gnss", 3, &rundir);
	assert_string_equal(name_of(&rundir), "9999-gnss-0000000000000003");
	takt_rundir_close(&rundir);
	open_run(path, "gnss", 4, &rundir);
	assert_string_equal(name_of(&rundir), "10000-gnss-0000000000000004");
	takt_rundir_close(&rundir);
}

static void graph_name_cannot_leave_the_directory(void **state)
{
	struct takt_rundir rundir;

	(void)state;
	open_run(top, "../../etc/x y\n", 5, &rundir);
	assert_string_equal(name_of(&rundir), "0001-_._.._etc_x_y_-0000000000000005");
	takt_rundir_close(&rundir);
}

static void relative_log_directory_is_refused(void **state)
{
	struct takt_rundir rundir;
	struct takt_err err = { 0 };

	(void)state;
	assert_int_equal(takt_rundir_open("logs", "gnss", 5, &rundir, &err), -EINVAL);
	assert_non_null(strstr(err.text, "absolute"));
}

static void *open_many(void *user)
{
	const uint64_t *first = user;

	for (uint64_t i = 0; i < 20; i++) {
		struct takt_rundir rundir;

		if (takt_rundir_open(top, "race", *first + i, &rundir, NULL) == 0) {
			takt_rundir_close(&rundir);
		}
	}
	return NULL;
}

static void two_that_count_at_once_get_different_numbers(void **state)
{
	uint64_t firsts[2] = { 1000, 2000 };
	struct takt_rundir rundir;
	pthread_t threads[2];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, open_many, &firsts[i]), 0);
	}
	for (uint32_t i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
	}
	open_run(top, "race", 1, &rundir);
	assert_string_equal(name_of(&rundir), "0041-race-0000000000000001");
	takt_rundir_close(&rundir);
}

/* --- segments -------------------------------------------------------------------------------- */

struct making {
	struct takt_segment_kind kind;
	struct takt_backend *backend;
	int dir_fd;
};

static struct making begin_making(void)
{
	struct making m;

	assert_int_equal(takt_segment_kind_init(&m.kind, 9, "gnss", "/run/x", "catalog", 7), 0);
	assert_int_equal(takt_backend_buffered_create(&m.backend), 0);
	m.dir_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(m.dir_fd >= 0);
	m.kind.segment_bytes = 1u << 20;
	m.kind.chunk_bytes_max = 65536;
	return m;
}

static void end_making(struct making *m)
{
	takt_segment_kind_fini(&m->kind);
	m->backend->ops->destroy(m->backend);
	close(m->dir_fd);
}

static struct takt_superblock read_superblock(const struct making *m, const char *name, off_t at)
{
	struct takt_superblock block;
	const int fd = openat(m->dir_fd, name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &block, sizeof(block), at), sizeof(block));
	assert_int_equal(block.crc, takt_crc32c(0, &block, 4092));
	close(fd);
	return block;
}

static off_t size_of(const struct making *m, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(m->dir_fd, name, &st, 0), 0);
	return st.st_size;
}

static void segment_is_made_locked_and_closed_in_order(void **state)
{
	struct making m = begin_making();
	const struct takt_run_end end = { TAKT_ENDED_STUCK, 71, 1909, 236420 };
	struct takt_segment segment;
	struct takt_superblock a, b;

	(void)state;
	assert_int_equal(takt_segment_create(&m.kind, m.backend, m.dir_fd, 7, &segment, NULL), 0);
	assert_string_equal(segment.name, "0007.takt");
	assert_int_equal(segment.data_at, 16384);	/* behind the catalog and its copy */
	assert_int_equal(size_of(&m, "0007.takt"), 1 << 20);
	assert_int_equal(takt_segment_trim(m.dir_fd, "0007.takt"), -EBUSY);
	a = read_superblock(&m, "0007.takt", 0);
	assert_int_equal(a.flags, 0);
	assert_int_equal(a.number, 7);
	assert_int_equal(a.run, 9);
	assert_string_equal(a.graph, "gnss");
	assert_string_equal(a.region, "/run/x");
	assert_int_equal(takt_segment_close(&segment, 16384, 0, &end), 0);
	a = read_superblock(&m, "0007.takt", 0);
	b = read_superblock(&m, "0007.takt", 4096);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(a.flags, TAKT_SEGMENT_CLEAN | TAKT_SEGMENT_LAST | TAKT_SEGMENT_COUNTED);
	assert_int_equal(a.lost_copperlists, 1909);
	assert_int_equal(a.lost_events, 236420);
	assert_int_equal(a.ending, TAKT_ENDED_STUCK);
	assert_int_equal(a.exit_code, 71);
	assert_int_equal(a.end_offset, 16384);
	assert_int_equal(size_of(&m, "0007.takt"), 16384);
	end_making(&m);
}

static void existing_segment_is_never_touched(void **state)
{
	struct making m = begin_making();
	struct takt_segment segment;

	(void)state;
	close(openat(m.dir_fd, "0007.takt", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(takt_segment_create(&m.kind, m.backend, m.dir_fd, 7, &segment, NULL),
			 -EEXIST);
	assert_int_equal(size_of(&m, "0007.takt"), 0);
	assert_int_equal(faccessat(m.dir_fd, "0007.takt.new", F_OK, 0), -1);
	end_making(&m);
}

static void poisoned_segment_says_so(void **state)
{
	struct making m = begin_making();
	struct takt_segment segment;

	(void)state;
	assert_int_equal(takt_segment_create(&m.kind, m.backend, m.dir_fd, 7, &segment, NULL), 0);
	takt_segment_poison(&segment, 16384);
	assert_int_equal(read_superblock(&m, "0007.takt", 0).flags, TAKT_SEGMENT_POISONED);
	assert_int_equal(read_superblock(&m, "0007.takt", 4096).flags, TAKT_SEGMENT_POISONED);
	assert_int_equal(size_of(&m, "0007.takt"), 16384);
	end_making(&m);
}

/* As a killed writer leaves it: open files are closed by the kernel. */
static void what_the_dead_left_is_cut_or_removed(void **state)
{
	struct making m = begin_making();
	struct takt_rundir rundir = { .fd = m.dir_fd };
	struct takt_segment segment, held;
	char page[4096] = "data";
	int fd;

	(void)state;
	assert_int_equal(takt_segment_create(&m.kind, m.backend, m.dir_fd, 1, &segment, NULL), 0);
	assert_int_equal(pwrite(segment.fd, page, sizeof(page), 40960), sizeof(page));
	fsync(segment.fd);
	close(segment.fd);
	free(segment.block);
	assert_int_equal(takt_segment_create(&m.kind, m.backend, m.dir_fd, 2, &held, NULL), 0);
	fd = openat(m.dir_fd, "0003.takt.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(takt_rundir_trim(&rundir, 4), 1);	/* number 2 is locked */
	assert_int_equal(size_of(&m, "0001.takt"), 45056);
	assert_int_equal(size_of(&m, "0002.takt"), 1 << 20);
	assert_int_equal(faccessat(m.dir_fd, "0003.takt.new", F_OK, 0), -1);
	assert_int_equal(takt_segment_close(&held, 16384, 0, NULL), 0);
	assert_int_equal(takt_rundir_trim(&rundir, 4), 0);
	end_making(&m);
}

static void closing_that_was_cut_short_is_finished_by_the_next(void **state)
{
	struct making m = begin_making();
	struct takt_segment segment;

	(void)state;
	assert_int_equal(takt_segment_create(&m.kind, m.backend, m.dir_fd, 1, &segment, NULL), 0);
	segment.block->flags = TAKT_SEGMENT_CLEAN;
	segment.block->end_offset = 20480;
	segment.block->crc = takt_crc32c(0, segment.block, 4092);
	assert_int_equal(pwrite(segment.fd, segment.block, 4096, 0), 4096);
	close(segment.fd);
	free(segment.block);
	assert_int_equal(takt_segment_trim(m.dir_fd, "0001.takt"), 0);
	assert_int_equal(size_of(&m, "0001.takt"), 20480);
	end_making(&m);
}

#define IN_TOP(test) cmocka_unit_test_setup_teardown(test, make_top, remove_top)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TOP(runs_are_counted_and_a_known_one_is_continued),
		IN_TOP(number_goes_on_behind_the_highest),
		IN_TOP(graph_name_cannot_leave_the_directory),
		IN_TOP(relative_log_directory_is_refused),
		IN_TOP(two_that_count_at_once_get_different_numbers),
		IN_TOP(segment_is_made_locked_and_closed_in_order),
		IN_TOP(existing_segment_is_never_touched),
		IN_TOP(poisoned_segment_says_so),
		IN_TOP(what_the_dead_left_is_cut_or_removed),
		IN_TOP(closing_that_was_cut_short_is_finished_by_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
