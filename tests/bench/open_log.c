/* SPDX-License-Identifier: Apache-2.0 */
/* How long it takes to open a log and to move in it, with index chunks and without.
 *
 *     open_log [GIB] [DIR]
 *
 * Logs of 256 KiB chunks (one of 1 MiB) in DIR (the current directory), removed afterwards: closed
 * in order with index and without; cut by a crash, in one segment without any index chunk, so that
 * all of it lies behind the last. Cold: the files' pages are dropped before. The reference is what
 * dd does: reading all bytes by O_DIRECT, 1 MiB each. Prints a row of JSON for each log. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <takt/log.h>

#include "tests/unit/big_log.h"

#define REPETITIONS 5
#define CHUNK_BYTES (256u << 10)
#define SEGMENT_CHUNKS 1024u
#define SEEKS 2000
#define READ_BYTES (1u << 20)

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int open_segment(const char *dir, uint32_t number, int flags)
{
	char path[540];

	snprintf(path, sizeof(path), "%s/%04u.takt", dir, number);
	return open(path, O_RDONLY | flags);
}

static void drop_pages(const char *dir, uint32_t count)
{
	for (uint32_t i = 1; i <= count; i++) {
		const int fd = open_segment(dir, i, 0);

		fdatasync(fd);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
}

static double read_all_ms(const char *dir, uint32_t count)
{
	char *buffer = aligned_alloc(4096, READ_BYTES);
	const double begin = now_ms();

	for (uint32_t i = 1; i <= count; i++) {
		int fd = open_segment(dir, i, O_DIRECT);

		fd = fd < 0 ? open_segment(dir, i, 0) : fd;
		while (read(fd, buffer, READ_BYTES) > 0) {
		}
		close(fd);
	}
	free(buffer);
	return now_ms() - begin;
}

static struct takt_log *open_log(const char *dir)
{
	struct takt_log_error error = { 0 };
	struct takt_log *log = NULL;

	if (takt_log_open(dir, NULL, &log, &error) < 0) {
		fprintf(stderr, "open_log: %s\n", error.text);
		exit(1);
	}
	return log;
}

static double open_ms(const char *dir)
{
	const double begin = now_ms();

	takt_log_close(open_log(dir));
	return now_ms() - begin;
}

/* Per seek, without the chunk that is then read. */
static double seek_us(const char *dir, enum takt_log_at at)
{
	struct takt_log *log = open_log(dir);
	const struct takt_log_info *info = takt_log_info_of(log);
	struct takt_log_cursor *cursor;
	uint64_t random = 1;
	double begin, us;

	takt_log_cursor_create(log, NULL, &cursor, NULL);
	begin = now_ms();
	for (int i = 0; i < SEEKS; i++) {
		struct takt_log_point point = { (uint32_t)at, 0, 0 };

		random = random * 6364136223846793005u + 1442695040888963407u;
		point.value = at == TAKT_LOG_AT_CYCLE
				      ? (random >> 20) % info->last_cycle
				      : info->start_mono_ns +
						(random >> 20) % (info->end_mono_ns - info->start_mono_ns);
		takt_log_seek(cursor, point, NULL);
	}
	us = 1e3 * (now_ms() - begin) / SEEKS;
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	return us;
}

static void put_list(const char *name, const double *values)
{
	printf(",\"%s\":[", name);
	for (int i = 0; i < REPETITIONS; i++) {
		printf("%s%.3f", i ? "," : "", values[i]);
	}
	putchar(']');
}

static void report(const char *top, const char *name, struct big_log_spec spec)
{
	double cold[REPETITIONS], warm[REPETITIONS], all[REPETITIONS];
	char dir[512], command[600];
	uint64_t bytes;

	snprintf(dir, sizeof(dir), "%s/%s", top, name);
	mkdir(dir, 0755);
	spec.dir = dir;
	bytes = big_log_make(&spec);
	for (int i = 0; i < REPETITIONS; i++) {
		drop_pages(dir, spec.segment_count);
		all[i] = read_all_ms(dir, spec.segment_count);
		drop_pages(dir, spec.segment_count);
		cold[i] = open_ms(dir);
		warm[i] = open_ms(dir);
	}
	printf("{\"name\":\"%s\",\"gib\":%.3f,\"seek_cycle_us\":%.3f,\"seek_mono_us\":%.3f", name,
	       (double)bytes / (1u << 30), seek_us(dir, TAKT_LOG_AT_CYCLE), seek_us(dir, TAKT_LOG_AT_MONO));
	put_list("cold_ms", cold);
	put_list("warm_ms", warm);
	put_list("read_ms", all);
	puts("}");
	fflush(stdout);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	if (system(command) != 0) {
		fprintf(stderr, "open_log: cannot remove %s\n", dir);
	}
}

int main(int argc, char **argv)
{
	const double gib = argc > 1 ? atof(argv[1]) : 1;
	const uint32_t segments = gib * 4 < 1 ? 1 : (uint32_t)(gib * 4);
	char top[300];

	snprintf(top, sizeof(top), "%s/takt-open-XXXXXX", argc > 2 ? argv[2] : ".");
	if (!mkdtemp(top)) {
		perror("open_log");
		return 1;
	}
	report(top, "small", (struct big_log_spec){
		.segment_count = 1, .chunk_count = 64, .chunk_bytes = CHUNK_BYTES, .record_bytes = 4096,
		.is_indexed = true });
	report(top, "indexed", (struct big_log_spec){
		.segment_count = segments, .chunk_count = SEGMENT_CHUNKS, .chunk_bytes = CHUNK_BYTES,
		.record_bytes = 4096, .is_indexed = true });
	report(top, "unindexed", (struct big_log_spec){
		.segment_count = segments, .chunk_count = SEGMENT_CHUNKS, .chunk_bytes = CHUNK_BYTES,
		.record_bytes = 4096 });
	report(top, "cut-1MiB", (struct big_log_spec){
		.segment_count = 1, .chunk_count = segments * SEGMENT_CHUNKS / 4,
		.chunk_bytes = 4 * CHUNK_BYTES - 4096, .record_bytes = 4096, .is_cut = true });
	report(top, "cut", (struct big_log_spec){
		.segment_count = 1, .chunk_count = segments * SEGMENT_CHUNKS, .chunk_bytes = CHUNK_BYTES,
		.record_bytes = 4096, .is_cut = true });
	rmdir(top);
	return 0;
}
