/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the writer records, against a plain writer of the same bytes.
 *
 *     write_bench MODE [MEBIBYTES [DIRECTORY]]      (1024, .)
 *
 * plain    io_uring, O_DIRECT, registered tmpfs pages and file, 1 MiB a write, 4 in flight, one fdatasync at the
 *          end; no checksum, nobody fills the memory
 * crc      a bare CRC32C over the same bytes, chunk by chunk, and no writing
 * alone    the writer thread checks the chunks, puts checksums in, writes, syncs every 100 ms and releases; ends
 *          with a sync. A thread seals chunks of 1 MiB but leaves their bytes as they are. One segment
 * lane     the same, and that thread fills every chunk
 * rolled   lane with segments of 256 MiB that are made and closed meanwhile
 *
 * All write into files that are preallocated before the clock starts (rolled: the first). Prints
 * MB/s, and CPU ms a GiB of the writing thread and of the kernel's threads for its ring. write.py
 * shuffles the modes and judges them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <dirent.h>

#include "logs/write/recorder.h"
#include "logs/write/writer.h"
#include "rt/base/crc32c.h"
#include "rt/msg/catalog.h"
#include "rt/shm/region.h"

#define MIB (1ull << 20)
#define CHUNK_BYTES MIB
#define RECORD_BYTES ((uint32_t)(CHUNK_BYTES - TAKT_CHUNK_HEADER_BYTES))
#define RING_BYTES (512 * MIB)
#define DEPTH 4u
#define THIS_THREAD ""

enum mode { PLAIN, CRC, ALONE, LANE, ROLLED, MODES };
static const char *const mode_names[MODES] = { "plain", "crc", "alone", "lane", "rolled" };

struct bench {
	uint64_t chunk_count;
	const char *directory;
	char run_dir[64];
};

struct result {
	double seconds;
	double cpu_seconds;
};

static void die(const char *what, int error)
{
	fprintf(stderr, "write_bench: %s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* CPU of the thread called @thread, or else of this one, whose own figure /proc has only at the
 * last tick, and of the kernel's threads for rings. */
static double cpu_seconds(const char *thread)
{
	DIR *dir = opendir("/proc/self/task");
	double seconds = thread[0] ? 0 : seconds_of(CLOCK_THREAD_CPUTIME_ID);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		char path[320], name[32] = "";
		unsigned long long ns = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		file = fopen(path, "re");
		if (file) {
			(void)!fscanf(file, "%31s", name);
			fclose(file);
		}
		snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", e->d_name);
		file = strcmp(name, thread) == 0 || strncmp(name, "iou-wrk", 7) == 0 ? fopen(path, "re")
										    : NULL;
		if (file) {
			(void)!fscanf(file, "%llu", &ns);
			fclose(file);
			seconds += (double)ns / 1e9;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return seconds;
}

/* --- plain ----------------------------------------------------------------------------------- */

static char *map_pages(const char *run_dir)
{
	char path[128];
	char *pages;
	int fd;

	mkdir(run_dir, 0700);
	snprintf(path, sizeof(path), "%s/plain", run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || posix_fallocate(fd, 0, (off_t)RING_BYTES) != 0) {
		die(path, errno);
	}
	pages = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (pages == MAP_FAILED) {
		die(path, errno);
	}
	unlink(path);
	close(fd);
	memset(pages, 1, RING_BYTES);
	return pages;
}

static void write_all(struct io_uring *ring, char *pages, uint64_t chunk_count)
{
	uint64_t begun = 0, ended = 0;

	while (ended < chunk_count) {
		struct io_uring_cqe *cqe;

		while (begun < chunk_count && begun - ended < DEPTH) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

			io_uring_prep_write_fixed(sqe, 0, pages + begun * CHUNK_BYTES % RING_BYTES,
						  (unsigned)CHUNK_BYTES, begun * CHUNK_BYTES, 0);
			io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
			begun++;
		}
		if (io_uring_submit_and_wait(ring, 1) < 0) {
			die("submit", EIO);
		}
		while (io_uring_peek_cqe(ring, &cqe) == 0) {
			if (cqe->res != (int)CHUNK_BYTES) {
				die("write", cqe->res);
			}
			io_uring_cqe_seen(ring, cqe);
			ended++;
		}
	}
}

static struct result run_plain(const struct bench *bench)
{
	const uint64_t bytes = bench->chunk_count * CHUNK_BYTES;
	char *pages = map_pages(bench->run_dir);
	const struct iovec all = { pages, RING_BYTES };
	struct result result;
	struct io_uring ring;
	char path[4096];
	int fd, r;

	snprintf(path, sizeof(path), "%s/write_bench.plain", bench->directory);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
	if (fd < 0 || fallocate(fd, 0, 0, (off_t)bytes) < 0 || fsync(fd) < 0) {
		die(path, errno);
	}
	r = io_uring_queue_init(16, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (r == -EINVAL) {
		r = io_uring_queue_init(16, &ring, 0);
	}
	if (r < 0 || (r = io_uring_register_buffers(&ring, &all, 1)) < 0 ||
	    (r = io_uring_register_files(&ring, &fd, 1)) < 0) {
		die("io_uring", r);
	}
	result.seconds = seconds_of(CLOCK_MONOTONIC);
	result.cpu_seconds = cpu_seconds(THIS_THREAD);
	write_all(&ring, pages, bench->chunk_count);
	if (fdatasync(fd) < 0) {
		die("fdatasync", errno);
	}
	result.seconds = seconds_of(CLOCK_MONOTONIC) - result.seconds;
	result.cpu_seconds = cpu_seconds(THIS_THREAD) - result.cpu_seconds;
	io_uring_queue_exit(&ring);
	close(fd);
	unlink(path);
	munmap(pages, RING_BYTES);
	return result;
}

static struct result run_crc(const struct bench *bench)
{
	char *pages = map_pages(bench->run_dir);
	struct result result = { seconds_of(CLOCK_MONOTONIC), cpu_seconds(THIS_THREAD) };
	uint32_t sum = 0;

	for (uint64_t i = 0; i < bench->chunk_count; i++) {
		sum ^= takt_crc32c(sum, pages + i * CHUNK_BYTES % RING_BYTES, CHUNK_BYTES);
	}
	result.seconds = seconds_of(CLOCK_MONOTONIC) - result.seconds + (sum == 1 ? 1e-9 : 0);
	result.cpu_seconds = cpu_seconds(THIS_THREAD) - result.cpu_seconds;
	munmap(pages, RING_BYTES);
	return result;
}

/* --- takt ------------------------------------------------------------------------------------ */

struct producing {
	struct takt_stream stream;
	uint64_t chunk_count;
	bool fills;
};

static void *produce(void *user)
{
	struct producing *p = user;
	const struct timespec pause = { .tv_nsec = 50000 };

	for (uint64_t i = 0; i < p->chunk_count;) {
		struct takt_record *record = takt_stream_reserve(&p->stream, RECORD_BYTES);

		if (!record) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (p->fills) {
			memset(record, (int)(i & 0xff), RECORD_BYTES);
		}
		*record = (struct takt_record){ .bytes = RECORD_BYTES, .kind = TAKT_RECORD_COPPERLIST,
						.cycle = i, .mono_ns = i };
		takt_stream_commit(&p->stream, record);
		takt_stream_seal(&p->stream);
		i++;
	}
	return NULL;
}

static struct takt_region *make_region(const struct bench *bench, uint64_t run, uint64_t segment_bytes)
{
	static const struct takt_stream_spec stream = {
		"lane0", TAKT_STREAM_COPPERLISTS, RECORD_BYTES, RING_BYTES
	};
	struct takt_region_spec spec = {
		.run_dir = bench->run_dir, .streams = &stream, .stream_count = 1,
		.catalog = "bench", .catalog_bytes = 5,
		.info = { .run = run, .graph = "bench", .sync_ns = 100000000,
			  .segment_bytes = segment_bytes },
	};
	struct takt_region *region;
	struct takt_err err = { 0 };

	if (!realpath(bench->directory, spec.info.log_dir)) {
		die(bench->directory, errno);
	}
	if (takt_region_create(&spec, &region, &err) < 0 ||
	    takt_region_publish(region, &err) < 0) {
		fprintf(stderr, "write_bench: %s\n", err.text);
		exit(1);
	}
	memset(region->arena, 1, region->arena_bytes);
	return region;
}

static uint64_t now_ns(void)
{
	return (uint64_t)(seconds_of(CLOCK_MONOTONIC) * 1e9);
}

static void tend(struct takt_recorder *recorder, struct takt_writer *writer)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	nanosleep(&pause, NULL);
	takt_recorder_tend(recorder, writer, now_ns());
}

static void remove_log(const char *directory)
{
	DIR *dir = opendir(directory);
	char path[8192];

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (e->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
			unlink(path);
		}
	}
	if (dir) {
		closedir(dir);
	}
	rmdir(directory);
}

static struct result run_takt(const struct bench *bench, uint64_t run, enum mode mode)
{
	const uint64_t segment_bytes = mode == ROLLED ? 256 * MIB : (bench->chunk_count + 1) * MIB;
	const struct takt_recorder_options options = { .backend = TAKT_BACKEND_AUTO, .notify_fd = -1 };
	struct takt_region *region = make_region(bench, run, segment_bytes);
	struct producing producing = { .chunk_count = bench->chunk_count, .fills = mode != ALONE };
	const uint64_t bytes = bench->chunk_count * CHUNK_BYTES;
	struct takt_recorder *recorder;
	struct takt_writer *writer;
	struct takt_err err = { 0 };
	struct result result;
	char directory[PATH_MAX];
	pthread_t producer;

	takt_stream_init(&producing.stream, &region->streams[0], region->arena, 0, run);
	if (takt_writer_start(&writer, &err) < 0 ||
	    takt_recorder_create(region->path, &options, &recorder, &err) < 0) {
		fprintf(stderr, "write_bench: %s\n", err.text);
		exit(1);
	}
	while (takt_recorder_status(recorder).phase != TAKT_RECORDER_WRITING) {
		tend(recorder, writer);
	}
	snprintf(directory, sizeof(directory), "%s", takt_recorder_status(recorder).directory);
	result.seconds = seconds_of(CLOCK_MONOTONIC);
	result.cpu_seconds = cpu_seconds("takt-writer");
	if (pthread_create(&producer, NULL, produce, &producing) != 0) {
		die("thread", EAGAIN);
	}
	while (atomic_load_explicit(&region->streams[0].released, memory_order_acquire) < bytes) {
		tend(recorder, writer);
	}
	result.seconds = seconds_of(CLOCK_MONOTONIC) - result.seconds;
	result.cpu_seconds = cpu_seconds("takt-writer") - result.cpu_seconds;
	pthread_join(producer, NULL);
	if (takt_recorder_status(recorder).text[0]) {
		fprintf(stderr, "write_bench: %s\n", takt_recorder_status(recorder).text);
	}
	takt_region_close(region);
	while (takt_recorder_tend(recorder, writer, now_ns()) == TAKT_RECORDER_GOES_ON) {
		tend(recorder, writer);
	}
	takt_writer_stop(writer);
	takt_recorder_destroy(recorder);
	remove_log(directory);
	return result;
}

/* --- all ------------------------------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: write_bench plain|crc|alone|lane|rolled [MEBIBYTES [DIRECTORY]]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static struct bench bench;
	enum mode mode = PLAIN;
	struct result result;
	char graph_dir[128];
	double mib;

	while (argc > 1 && mode < MODES && strcmp(argv[1], mode_names[mode]) != 0) {
		mode++;
	}
	bench.chunk_count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1024;
	if (argc < 2 || argc > 4 || mode == MODES || bench.chunk_count == 0 || bench.chunk_count > 1u << 20) {
		return usage();
	}
	bench.directory = argc > 3 ? argv[3] : ".";
	mib = (double)bench.chunk_count;
	snprintf(bench.run_dir, sizeof(bench.run_dir), "/dev/shm/takt-bench-%d", (int)getpid());
	result = mode == PLAIN ? run_plain(&bench) : mode == CRC ? run_crc(&bench) : run_takt(&bench, now_ns(), mode);
	printf("%.0f %.1f\n", mib * (double)MIB / 1e6 / result.seconds, result.cpu_seconds * 1e3 / (mib / 1024));
	snprintf(graph_dir, sizeof(graph_dir), "%s/bench", bench.run_dir);
	rmdir(graph_dir);
	rmdir(bench.run_dir);
	return 0;
}
