/* SPDX-License-Identifier: Apache-2.0 */
/* The reader against the real recorder: a producer thread fills a region, logs/write records it, dies and comes
 * back, and the reader follows all the while. Every record once, in order. */
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <takt/log.h>

#include "logs/read/handle.h"
#include "logs/read/segment_index.h"
#include "logs/write/recorder.h"
#include "logs/write/writer.h"
#include "rt/msg/catalog.h"
#include "rt/shm/region.h"
#include "tests/unit/log_maker.h"
#include "tests/unit/unit.h"

#define RUN 0xfeedu
#define RECORDS 60000u
#define ROUNDS_MAX 60000u

#define STREAMS 3u			/* of the maker's, those that a takt-rt writes */

struct fixture {
	char run_dir[64];
	char log_dir[PATH_MAX - 64];
	char region_path[PATH_MAX];
	struct log_maker *maker;
	struct takt_region *rt;
	struct takt_stream streams[STREAMS];
	uint64_t put_count[STREAMS];	/* the producer's until it is joined */
	uint64_t read_count[STREAMS];
	uint32_t death_count;
	atomic_bool failed;
	atomic_bool done;		/* the producer is */
};

static void nap(long us)
{
	const struct timespec t = { .tv_nsec = us * 1000 };

	nanosleep(&t, NULL);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- the runtime ----------------------------------------------------------------------------- */

static int set_up(void **state)
{
	const struct takt_stream_spec specs[STREAMS] = {
		{ "lane0", TAKT_STREAM_COPPERLISTS, 8192, 1 << 20 },
		{ "lane0.events", TAKT_STREAM_EVENTS, 512, 256 << 10 },
		{ "main", TAKT_STREAM_EVENTS, 512, 256 << 10 },
	};
	struct fixture *f = calloc(1, sizeof(*f));
	struct takt_region_spec spec = { .streams = specs, .stream_count = STREAMS };
	char here[PATH_MAX - 128];
	struct takt_err err = { 0 };

	f->maker = log_maker_create(RUN, 11);
	snprintf(f->run_dir, sizeof(f->run_dir), "/dev/shm/takt-recorded-XXXXXX");
	assert_non_null(mkdtemp(f->run_dir));
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(f->log_dir, sizeof(f->log_dir), "%s/recorded-logs-XXXXXX", here);
	assert_non_null(mkdtemp(f->log_dir));
	spec.run_dir = f->run_dir;
	spec.catalog = f->maker->catalog;
	spec.catalog_bytes = f->maker->catalog_bytes;
	spec.info = (struct takt_region_info){ .run = RUN, .graph = "test", .sync_ns = 5000000,
					       .segment_bytes = 4 << 20 };
	snprintf(spec.info.log_dir, sizeof(spec.info.log_dir), "%s", f->log_dir);
	if (takt_region_create(&spec, &f->rt, &err) < 0 || takt_region_publish(f->rt, &err) < 0) {
		fail_msg("%s", err.text);
	}
	snprintf(f->region_path, sizeof(f->region_path), "%s", f->rt->path);
	for (uint32_t i = 0; i < STREAMS; i++) {
		takt_stream_init(&f->streams[i], &f->rt->streams[i], f->rt->arena, i, RUN);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[PATH_MAX + 128];

	takt_region_close(f->rt);
	log_maker_destroy(f->maker);
	snprintf(command, sizeof(command), "rm -rf %s %s", f->run_dir, f->log_dir);
	free(f);
	return system(command);
}

static bool put(struct fixture *f, uint32_t number)
{
	static const uint16_t kinds[] = { TAKT_RECORD_COPPERLIST, TAKT_RECORD_TEXT,
					  TAKT_RECORD_LIFECYCLE };
	const uint32_t stream = number % 8 < 6 ? 0 : number % 8 - 5;
	const uint32_t sizes[] = { 56 + 8 * (number * 2654435761u % 800), 32, 64 };
	struct takt_record *record = takt_stream_reserve(&f->streams[stream], sizes[stream]);

	if (!record) {
		return false;
	}
	memset(record, 0, sizes[stream]);
	*record = (struct takt_record){ .bytes = sizes[stream], .kind = kinds[stream],
					.cycle = f->put_count[stream], .mono_ns = number };
	takt_stream_commit(&f->streams[stream], record);
	f->put_count[stream]++;
	if (number % 97 == 5) {
		takt_stream_seal(&f->streams[stream]);
	}
	return true;
}

static void produce_all(struct fixture *f)
{
	for (uint32_t i = 0; i < RECORDS && !atomic_load(&f->failed); i++) {
		for (uint32_t waits = 0; !put(f, i); waits++) {
			for (uint32_t s = 0; s < STREAMS; s++) {
				takt_stream_seal(&f->streams[s]);
			}
			nap(200);
			if (waits == ROUNDS_MAX) {
				atomic_store(&f->failed, true);
				return;
			}
		}
		if (i % 64 == 0) {
			nap(100);
		}
	}
}

static void *produce(void *user)
{
	struct fixture *f = user;

	produce_all(f);
	atomic_store(&f->done, true);
	return NULL;
}

/* --- the recorder ---------------------------------------------------------------------------- */

struct daemon {
	struct takt_recorder *recorder;
	struct takt_writer *writer;
};

static bool attach(const struct fixture *f, struct daemon *d)
{
	const struct takt_recorder_options options = { .notify_fd = -1 };
	struct takt_err err = { 0 };

	if (takt_recorder_create(f->region_path, &options, &d->recorder, &err) < 0 ||
	    takt_writer_start(&d->writer, &err) < 0) {
		print_message("# %s\n", err.text);
		return false;
	}
	return true;
}

static void die(struct daemon *d)
{
	takt_writer_stop(d->writer);
	takt_recorder_destroy(d->recorder);
	*d = (struct daemon){ NULL, NULL };
}

/* Tend for @rounds of a millisecond. Returns how it stands. */
static enum takt_recorder_end tend(struct daemon *d, uint32_t rounds)
{
	enum takt_recorder_end end = TAKT_RECORDER_GOES_ON;

	for (uint32_t i = 0; i < rounds && end == TAKT_RECORDER_GOES_ON; i++) {
		end = takt_recorder_tend(d->recorder, d->writer, now_ns());
		nap(1000);
	}
	return end;
}

/* Record, die at odd moments, come back; when the producer is done, let the run end and finish. */
static void *manage(void *user)
{
	struct fixture *f = user;
	struct daemon d = { NULL, NULL };
	bool is_good = true;
	pthread_t producer;

	pthread_create(&producer, NULL, produce, f);
	for (uint32_t i = 0; i < 6 && is_good; i++) {
		nap(10000);
		is_good = attach(f, &d) && tend(&d, 20 + 37 * i) == TAKT_RECORDER_GOES_ON;
		if (i < 5) {
			die(&d);
			f->death_count++;
		}
	}
	if (!is_good) {
		atomic_store(&f->failed, true);
	}
	while (is_good && !atomic_load(&f->done)) {
		is_good = tend(&d, 1) == TAKT_RECORDER_GOES_ON;
	}
	pthread_join(producer, NULL);
	takt_region_close(f->rt);	/* takt-rt is gone, its last chunks unsealed */
	f->rt = NULL;
	if (is_good && tend(&d, ROUNDS_MAX) != TAKT_RECORDER_RUN_ENDED) {
		atomic_store(&f->failed, true);
	}
	die(&d);
	return NULL;
}

/* --- the reader ------------------------------------------------------------------------------ */

static void read_some(struct fixture *f, struct takt_log_cursor *cursor)
{
	const struct takt_log_record *record;
	struct takt_log_error error = { 0 };
	int r;

	while ((r = takt_log_next(cursor, &record, &error)) > 0) {
		if (record->cycle != f->read_count[record->stream]) {
			atomic_store(&f->failed, true);
			fail_msg("stream %u: record %" PRIu64 ", expected %" PRIu64, record->stream,
				 record->cycle, f->read_count[record->stream]);
		}
		f->read_count[record->stream]++;
	}
	if (r < 0) {
		atomic_store(&f->failed, true);
		fail_msg("%s", error.text);
	}
}

static void check_counts(const struct fixture *f)
{
	for (uint32_t i = 0; i < STREAMS; i++) {
		assert_int_equal(f->read_count[i], f->put_count[i]);
	}
}

/* Clean segments are known from end to end by their index chunks, with spans that meet. */
static void check_indexes(const struct takt_log *log)
{
	uint32_t clean_count = 0;

	for (uint32_t i = 0; i < log->files.segment_count; i++) {
		const struct takt_log_segment *segment = log->files.segments[i];

		if (!(segment->flags & TAKT_SEGMENT_CLEAN)) {
			continue;
		}
		clean_count++;
		assert_true(segment->span_count > 0);
		for (uint32_t s = 1; s < segment->span_count; s++) {
			assert_int_equal(segment->spans[s].to, segment->spans[s - 1].from);
		}
		assert_true(segment->spans[segment->span_count - 1].from < 64 << 10);
		assert_true(segment->end_offset - segment->spans[0].to <= 32 << 10);
	}
	assert_true(clean_count > 0);
}

static void reader_follows_a_recorder_that_dies_and_comes_back(void **state)
{
	struct fixture *f = *state;
	struct takt_log_options options = { .bytes = sizeof(options), .live = 1,
					    .run_dir = f->run_dir };
	struct takt_log_cursor *cursor;
	char path[PATH_MAX];
	struct takt_log *log;
	pthread_t manager;

	assert_int_equal(takt_log_open(f->region_path, &options, &log, NULL), 0);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	assert_int_equal(pthread_create(&manager, NULL, manage, f), 0);
	while (!takt_log_ended(cursor)) {
		read_some(f, cursor);
		nap(700);
	}
	pthread_join(manager, NULL);
	assert_false(atomic_load(&f->failed));
	check_counts(f);
	assert_int_equal(takt_log_info_of(log)->lost_chunk_count, 0);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);

	/* And what is left on the disk says the same. */
	memset(f->read_count, 0, sizeof(f->read_count));
	assert_int_equal(takt_log_resolve("latest", f->log_dir, f->run_dir, path, sizeof(path), NULL),
			 0);
	assert_int_equal(takt_log_open(path, NULL, &log, NULL), 0);
	assert_int_equal(takt_log_info_of(log)->state, TAKT_LOG_CLEAN);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	read_some(f, cursor);
	check_counts(f);
	check_indexes(log);
	if (takt_log_info_of(log)->damage_count > 0) {
		fail_msg("%s at %" PRIu64 " of %s", takt_log_damage_at(log, 0)->what,
			 takt_log_damage_at(log, 0)->offset, takt_log_damage_at(log, 0)->file);
	}
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reader_follows_a_recorder_that_dies_and_comes_back,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
