/* SPDX-License-Identifier: Apache-2.0 */
/* How long it takes to open a log that was not closed, against reading its bytes; both from a
 * cold page cache.
 *
 *     reopen_bench LOG       prints: ms to open it and get its first record, ms to read what was written of its
 *                            files in pieces of 1 MiB as dd does, these bytes, its records
 * */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <takt/log.h>

#define PIECE_BYTES (1u << 20)

typedef void visit_fn(int fd, uint64_t *sum);

static void die(const char *what)
{
	fprintf(stderr, "reopen_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void evict(int fd, uint64_t *sum)
{
	(void)sum;
	if (fdatasync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
		die("evict");
	}
}

/* Up to where nothing was written. */
static void read_all(int fd, uint64_t *sum)
{
	static char piece[PIECE_BYTES];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0 &&
	       (piece[0] != 0 || memcmp(piece, piece + 1, sizeof(piece) - 1) != 0)) {
		*sum += (uint64_t)n;
	}
	if (n < 0) {
		die("read");
	}
}

/* Every file of the log. */
static uint64_t each(const char *log, visit_fn *visit)
{
	DIR *dir = opendir(log);
	uint64_t sum = 0;

	if (!dir) {
		die(log);
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char path[PATH_MAX];
		int fd;

		if (e->d_name[0] == '.') {
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", log, e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			die(path);
		}
		visit(fd, &sum);
		close(fd);
	}
	closedir(dir);
	return sum;
}

int main(int argc, char **argv)
{
	struct takt_log_error error = { 0 };
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct takt_log *log;
	double begin, open_ms;
	uint64_t bytes, records;

	if (argc != 2) {
		fprintf(stderr, "usage: reopen_bench LOG\n");
		return 2;
	}
	each(argv[1], evict);
	begin = now_ms();
	if (takt_log_open(argv[1], NULL, &log, &error) < 0 ||
	    takt_log_cursor_create(log, NULL, &cursor, &error) < 0 ||
	    takt_log_next(cursor, &record, &error) <= 0) {
		fprintf(stderr, "reopen_bench: %s\n", error.text);
		return 1;
	}
	open_ms = now_ms() - begin;
	if (takt_log_info_of(log)->state != TAKT_LOG_CUT) {
		fprintf(stderr, "reopen_bench: %s was closed\n", argv[1]);
		return 1;
	}
	records = takt_log_info_of(log)->record_count;
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	each(argv[1], evict);
	begin = now_ms();
	bytes = each(argv[1], read_all);
	printf("%.2f %.2f %llu %llu\n", open_ms, now_ms() - begin, (unsigned long long)bytes,
	       (unsigned long long)records);
	return 0;
}
