/* SPDX-License-Identifier: Apache-2.0 */
/* The backends themselves, and how one is chosen. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "logs/write/backend.h"
#include "rt/shm/chunk.h"
#include "tests/unit/unit.h"
#include "tests/unit/write_kit.h"

#define ARENA_BYTES (256u << 10)
#define FILE_NAME "backend_test.bytes"

static char arena[ARENA_BYTES] __attribute__((aligned(TAKT_BLOCK_BYTES)));
static int dir_fd;

static struct takt_backend_spec spec_of(enum takt_backend_kind kind)
{
	return (struct takt_backend_spec){
		.kind = kind, .dir_fd = dir_fd, .arena = arena, .arena_bytes = ARENA_BYTES,
	};
}

static int open_dir(void **state)
{
	(void)state;
	dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0 ? -1 : 0;
}

static int close_dir(void **state)
{
	(void)state;
	unlinkat(dir_fd, FILE_NAME, 0);
	return close(dir_fd);
}

static void fill_arena(void)
{
	uint32_t random = 3;

	for (uint32_t i = 0; i < ARENA_BYTES; i++) {
		arena[i] = (char)kit_random(&random);
	}
}

/* All completions, in the order of their cookies. */
static void reap_all(struct takt_backend *backend, int32_t *results, uint32_t count)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < 10000 && seen < count; i++) {
		struct takt_backend_done done[2];
		const int n = backend->ops->reap(backend, done, 2, 1000000);

		assert_true(n >= 0);
		for (int k = 0; k < n; k++) {
			assert_true(done[k].cookie < count);
			results[done[k].cookie] = done[k].result;
			seen++;
		}
	}
	assert_int_equal(seen, count);
}

static void write_and_read_back(struct takt_backend *backend, const char *from)
{
	const int fd = backend->ops->open(backend, dir_fd, FILE_NAME);
	int32_t results[3] = { -1, -1, -1 };
	char *read_back = malloc(ARENA_BYTES);
	int reader;

	assert_non_null(read_back);
	assert_true(fd >= 0);
	assert_int_equal(backend->ops->open(backend, dir_fd, FILE_NAME), -EEXIST);
	assert_int_equal(backend->ops->start(backend), 0);
	assert_int_equal(backend->ops->use(backend, 2, fd), 0);
	for (uint32_t i = 0; i < 2; i++) {
		const uint32_t half = ARENA_BYTES / 2;

		assert_int_equal(backend->ops->write(backend, 2, from + i * half, half, i * half, i), 0);
	}
	reap_all(backend, results, 2);
	assert_int_equal(results[0], ARENA_BYTES / 2);
	assert_int_equal(results[1], ARENA_BYTES / 2);
	assert_int_equal(backend->ops->sync(backend, 2, 0), 0);
	reap_all(backend, results, 1);
	assert_int_equal(results[0], 0);
	reader = openat(dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(reader, read_back, ARENA_BYTES, 0), ARENA_BYTES);
	close(reader);
	assert_memory_equal(read_back, from, ARENA_BYTES);
	assert_int_equal(backend->ops->use(backend, 2, -1), 0);
	close(fd);
	free(read_back);
}

static struct takt_backend *create(enum takt_backend_kind kind)
{
	const struct takt_backend_spec spec = spec_of(kind);
	struct takt_backend *backend = NULL;
	struct takt_err err = { 0 };
	char why[256];

	if (takt_backend_create(&spec, &backend, why, sizeof(why), &err) < 0) {
		print_message("# %s\n", err.text);
		return NULL;
	}
	assert_null(strchr(why, '\n'));	/* a small limit for locked memory may be said */
	return backend;
}

static void bytes_come_back(void **state)
{
	struct takt_backend *backend = create(*(const enum takt_backend_kind *)*state);

	if (!backend) {
		skip();
	}
	fill_arena();
	write_and_read_back(backend, arena);
	backend->ops->destroy(backend);
}

static void refused_write_says_why(void **state)
{
	struct takt_backend *backend = create(*(const enum takt_backend_kind *)*state);
	int32_t result = 0;
	int fd;

	if (!backend) {
		skip();
	}
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);	/* a descriptor that cannot be written to */
	assert_int_equal(backend->ops->start(backend), 0);
	assert_int_equal(backend->ops->use(backend, 0, fd), 0);
	assert_int_equal(backend->ops->write(backend, 0, arena, 4096, 0, 0), 0);
	reap_all(backend, &result, 1);
	assert_int_equal(result, -EBADF);
	backend->ops->use(backend, 0, -1);
	backend->ops->destroy(backend);
	close(fd);
}

static void auto_says_why_it_is_not_io_uring(void **state)
{
	const struct takt_backend_spec spec = spec_of(TAKT_BACKEND_AUTO);
	struct takt_backend *backend = NULL;
	struct rlimit limit, none;
	char why[256];
	int lowest, r;

	(void)state;
	lowest = dup(0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)lowest;		/* no descriptor for a ring, as where it is forbidden */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = takt_backend_create(&spec, &backend, why, sizeof(why), NULL);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(r, 0);
	assert_string_equal(backend->name, "pwrite direct");
	assert_non_null(strstr(why, "io_uring is refused"));
	assert_null(strchr(why, '\n'));
	backend->ops->destroy(backend);
}

static void memory_that_cannot_be_registered_is_written_nevertheless(void **state)
{
	struct takt_backend_spec spec = spec_of(TAKT_BACKEND_URING);
	struct takt_backend *backend = NULL;
	struct takt_err err = { 0 };
	char why[256], *memory;
	int fd;

	(void)state;
	if (!kit_can(TAKT_BACKEND_URING)) {
		skip();
	}
	/* A file's pages are not registered for long by any kernel. */
	fd = open("backend_test.map", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	unlink("backend_test.map");
	fill_arena();
	assert_int_equal(write(fd, arena, ARENA_BYTES), ARENA_BYTES);
	memory = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(memory != MAP_FAILED);
	spec.arena = memory;
	assert_int_equal(takt_backend_create(&spec, &backend, why, sizeof(why), &err), 0);
	assert_non_null(strstr(why, "registered"));
	write_and_read_back(backend, memory);
	backend->ops->destroy(backend);
	munmap(memory, ARENA_BYTES);
	close(fd);
}

static void kinds_are_parsed(void **state)
{
	enum takt_backend_kind kind = TAKT_BACKEND_AUTO;

	(void)state;
	assert_int_equal(takt_backend_parse_kind("uring", &kind), 0);
	assert_int_equal(kind, TAKT_BACKEND_URING);
	assert_int_equal(takt_backend_parse_kind("auto", &kind), 0);
	assert_int_equal(kind, TAKT_BACKEND_AUTO);
	assert_int_equal(takt_backend_parse_kind("tape", &kind), -EINVAL);
}

static enum takt_backend_kind kinds[] = {
	TAKT_BACKEND_URING, TAKT_BACKEND_DIRECT, TAKT_BACKEND_BUFFERED
};

#define WITH_EACH(test)                                                                            \
	{ #test "_uring", test, open_dir, close_dir, &kinds[0] },                                  \
	{ #test "_direct", test, open_dir, close_dir, &kinds[1] },                                 \
	{ #test "_buffered", test, open_dir, close_dir, &kinds[2] }

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_EACH(bytes_come_back),
		WITH_EACH(refused_write_says_why),
		cmocka_unit_test_setup_teardown(auto_says_why_it_is_not_io_uring, open_dir, close_dir),
		cmocka_unit_test_setup_teardown(memory_that_cannot_be_registered_is_written_nevertheless,
						open_dir, close_dir),
		cmocka_unit_test(kinds_are_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
