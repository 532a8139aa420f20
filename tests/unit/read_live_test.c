/* SPDX-License-Identifier: Apache-2.0 */
/* Reading while a run goes on: a producer on a real region, a recorder of our own that moves chunks
 * into files as taktd does, and the reader between them. Every record once, in order, whatever
 * moves when. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/read/handle.h"
#include "rt/base/crc32c.h"
#include "rt/shm/region.h"
#include "tests/unit/log_check.h"
#include "tests/unit/unit.h"

#define RING_BYTES (256u << 10)
#define RUN 0x1234u

#define STREAMS 3u			/* of the maker's, those that a takt-rt writes */

struct recorder {			/* one segment file after the other */
	char dir[PATH_MAX];
	int fd;				/* -1: it is dead */
	uint32_t segment;
	uint64_t salt;
	uint64_t offset;
	uint64_t written[STREAMS];	/* position behind the last chunk in the file */
};

struct fixture {
	char top[64];
	char run_dir[128];
	char log_dir[128];
	struct log_maker *maker;	/* for its catalog, its records and its random numbers */
	struct takt_region *region;
	struct takt_stream streams[STREAMS];
	struct recorder recorder;
	uint64_t expected[STREAMS];	/* time of the next record to be read */
	uint64_t read_count;
	uint64_t put_count;
};

/* --- the runtime ----------------------------------------------------------------------------- */

static void make_region(struct fixture *f)
{
	const struct takt_stream_spec specs[STREAMS] = {
		{ "lane0", TAKT_STREAM_COPPERLISTS, 4096, RING_BYTES },
		{ "lane0.events", TAKT_STREAM_EVENTS, 512, RING_BYTES },
		{ "main", TAKT_STREAM_EVENTS, 512, RING_BYTES },
	};
	struct takt_region_spec spec = {
		.run_dir = f->run_dir, .streams = specs, .stream_count = STREAMS,
		.catalog = f->maker->catalog, .catalog_bytes = f->maker->catalog_bytes,
		.info = { .run = RUN, .graph = "test" },
	};
	struct takt_err err = { 0 };

	snprintf(spec.info.log_dir, sizeof(spec.info.log_dir), "%s", f->log_dir);
	if (takt_region_create(&spec, &f->region, &err) < 0) {
		fail_msg("%s", err.text);
	}
	assert_int_equal(takt_region_publish(f->region, &err), 0);
	for (uint32_t i = 0; i < STREAMS; i++) {
		takt_stream_init(&f->streams[i], &f->region->streams[i], f->region->arena, i, RUN);
	}
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->top, sizeof(f->top), "/dev/shm/takt-read-live-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	snprintf(f->run_dir, sizeof(f->run_dir), "%s/run", f->top);
	snprintf(f->log_dir, sizeof(f->log_dir), "%s/logs", f->top);
	assert_int_equal(takt_run_dir_ensure(f->run_dir, NULL), 0);
	assert_int_equal(mkdir(f->log_dir, 0755), 0);
	f->maker = log_maker_create(RUN, 5);
	f->recorder.fd = -1;
	snprintf(f->recorder.dir, sizeof(f->recorder.dir), "%s/0001-test-%016" PRIx64, f->log_dir,
		 (uint64_t)RUN);
	make_region(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	if (f->recorder.fd >= 0) {
		close(f->recorder.fd);
	}
	takt_region_close(f->region);
	log_maker_destroy(f->maker);
	snprintf(command, sizeof(command), "rm -rf %s", f->top);
	free(f);
	return system(command);
}

/* A record in one of the streams; its time counts records of that stream. False when the ring is
 * full. */
static bool put(struct fixture *f, uint32_t stream)
{
	static uint64_t counts[STREAMS];
	const uint32_t kinds[] = { TAKT_RECORD_COPPERLIST, TAKT_RECORD_TEXT, TAKT_RECORD_LIFECYCLE };
	const uint32_t bytes[] = { 56 + 8 * (uint32_t)(log_maker_random(f->maker) % 300), 32, 64 };
	struct takt_record *record;

	if (f->put_count == 0) {
		memset(counts, 0, sizeof(counts));
	}
	record = takt_stream_reserve(&f->streams[stream], bytes[stream]);
	if (!record) {
		return false;
	}
	memset(record, 0, bytes[stream]);
	*record = (struct takt_record){ .bytes = bytes[stream], .kind = (uint16_t)kinds[stream],
					.cycle = counts[stream], .mono_ns = counts[stream] };
	counts[stream]++;
	takt_stream_commit(&f->streams[stream], record);
	f->put_count++;
	return true;
}

static void end_run(struct fixture *f)
{
	takt_region_close(f->region);	/* the lock goes; the files stay */
	f->region = NULL;
}

/* --- the recorder ---------------------------------------------------------------------------- */

static void write_at(struct fixture *f, const void *bytes, size_t count, uint64_t offset)
{
	assert_int_equal(pwrite(f->recorder.fd, bytes, count, (off_t)offset), (ssize_t)count);
}

static void write_chunk(struct fixture *f, struct takt_chunk header, const void *payload)
{
	static const char zeros[TAKT_BLOCK_BYTES];
	const uint64_t span = takt_chunk_span(header.used_bytes);

	header.salt = f->recorder.salt;
	header.payload_crc = takt_crc32c(0, payload, header.used_bytes);
	header.header_crc = takt_crc32c(0, &header, offsetof(struct takt_chunk, header_crc));
	write_at(f, &header, sizeof(header), f->recorder.offset);
	write_at(f, payload, header.used_bytes, f->recorder.offset + sizeof(header));
	write_at(f, zeros, span - sizeof(header) - header.used_bytes,
		 f->recorder.offset + sizeof(header) + header.used_bytes);
	f->recorder.offset += span;
}

static void write_superblocks(struct fixture *f, uint32_t flags)
{
	struct takt_superblock block = {
		.magic = TAKT_SEGMENT_MAGIC, .version = TAKT_SEGMENT_VERSION, .flags = flags,
		.salt = f->recorder.salt, .run = RUN, .number = f->recorder.segment,
		.end_offset = f->recorder.offset, .graph = "test" };

	block.crc = takt_crc32c(0, &block, offsetof(struct takt_superblock, crc));
	write_at(f, &block, sizeof(block), 0);
	write_at(f, &block, sizeof(block), sizeof(block));
}

static void begin_segment(struct fixture *f)
{
	const struct takt_chunk header = { .magic = TAKT_CHUNK_MAGIC, .version = TAKT_CHUNK_VERSION,
					   .type = TAKT_CHUNK_CATALOG, .run = RUN,
					   .used_bytes = f->maker->catalog_bytes };
	char path[PATH_MAX + 16];

	mkdir(f->recorder.dir, 0755);
	snprintf(path, sizeof(path), "%s/%04u.takt", f->recorder.dir, ++f->recorder.segment);
	f->recorder.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(f->recorder.fd >= 0);
	f->recorder.salt = log_maker_random(f->maker);
	f->recorder.offset = TAKT_SEGMENT_CHUNKS_AT;
	assert_int_equal(ftruncate(f->recorder.fd, 4 << 20), 0);
	write_superblocks(f, 0);
	write_chunk(f, header, f->maker->catalog);
}

static void close_segment(struct fixture *f, uint32_t flags)
{
	write_superblocks(f, TAKT_SEGMENT_CLEAN | flags);
	assert_int_equal(ftruncate(f->recorder.fd, (off_t)f->recorder.offset), 0);
	close(f->recorder.fd);
	f->recorder.fd = -1;
}

/* taktd starts: a new segment, and all that was not released once more. */
static void start_recorder(struct fixture *f)
{
	struct takt_recorder_state *r = f->region ? f->region->recorder : NULL;

	begin_segment(f);
	for (uint32_t i = 0; i < STREAMS; i++) {
		f->recorder.written[i] = atomic_load(&f->region->streams[i].released);
	}
	atomic_fetch_add(&r->text_version, 1);
	snprintf(r->directory, sizeof(r->directory), "%s", f->recorder.dir);
	atomic_fetch_add(&r->text_version, 1);
}

static void kill_recorder(struct fixture *f)
{
	close(f->recorder.fd);
	f->recorder.fd = -1;
}

/* Write at most @limit chunks of @stream; @torn: the payload of the last one is not there yet. */
static void record(struct fixture *f, uint32_t stream, uint32_t limit, bool torn)
{
	struct takt_stream_view view = takt_region_view(f->region, stream);
	struct takt_stream_positions positions;
	struct takt_chunk_place place;
	char *payload = malloc(RING_BYTES);

	assert_int_equal(takt_stream_positions(&view, &positions), 0);
	while (limit-- > 0 && takt_stream_find_chunk(&view, &positions, f->recorder.written[stream],
						     &place) == 1 && !place.open) {
		struct takt_chunk header;

		if (f->recorder.offset > 3u << 20) {
			close_segment(f, 0);
			begin_segment(f);
		}
		assert_int_equal(takt_stream_copy(&view, place.position, &header, sizeof(header)), 0);
		assert_int_equal(takt_stream_copy(&view, place.position + sizeof(header), payload,
						  place.used_bytes), 0);
		if (torn && limit == 0) {
			const uint64_t offset = f->recorder.offset;
			char zero[64] = { 0 };

			write_chunk(f, header, payload);
			write_at(f, zero, 24, offset + sizeof(header));
			f->recorder.offset = offset;
			break;
		}
		write_chunk(f, header, payload);
		f->recorder.written[stream] = place.next;
	}
	free(payload);
}

static void release(struct fixture *f, uint32_t stream)
{
	atomic_store_explicit(&f->region->streams[stream].released, f->recorder.written[stream],
			      memory_order_release);
}

/* --- the reader ------------------------------------------------------------------------------ */

static struct takt_log *open_live(const struct fixture *f, const char *path)
{
	const struct takt_log_options options = { .bytes = sizeof(options), .live = 1,
						  .run_dir = f->run_dir };
	struct takt_log_error error = { 0 };
	struct takt_log *log = NULL;

	if (takt_log_open(path, &options, &log, &error) < 0) {
		fail_msg("%s", error.text);
	}
	return log;
}

/* Read at most @limit records: each stream's go on where they were. */
static void read_some(struct fixture *f, struct takt_log_cursor *cursor, uint64_t limit)
{
	const struct takt_log_record *record;
	struct takt_log_error error = { 0 };
	int r = 0;

	while (limit-- > 0 && (r = takt_log_next(cursor, &record, &error)) > 0) {
		if (record->mono_ns != f->expected[record->stream]) {
			fail_msg("stream %u: record %" PRIu64 ", expected %" PRIu64, record->stream,
				 record->mono_ns, f->expected[record->stream]);
		}
		f->expected[record->stream]++;
		f->read_count++;
	}
	if (r < 0) {
		fail_msg("%s", error.text);
	}
}

static void region_path(const struct fixture *f, char *out, size_t out_bytes)
{
	snprintf(out, out_bytes, "%s/test/%016" PRIx64, f->run_dir, (uint64_t)RUN);
}

static void run_without_a_file_is_read_from_its_region(void **state)
{
	struct takt_log_cursor *cursor;
	struct fixture *f = *state;
	char path[PATH_MAX];
	struct takt_log *log;

	region_path(f, path, sizeof(path));
	log = open_live(f, path);
	assert_int_equal(takt_log_info_of(log)->state, TAKT_LOG_LIVE);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	read_some(f, cursor, 10);
	assert_int_equal(f->read_count, 0);
	for (int i = 0; i < 5; i++) {
		assert_true(put(f, 0));
		assert_true(put(f, 1));
		read_some(f, cursor, UINT64_MAX);
		assert_int_equal(f->read_count, f->put_count);
		assert_false(takt_log_ended(cursor));
	}
	takt_stream_seal(&f->streams[0]);
	assert_true(put(f, 0));
	start_recorder(f);
	record(f, 0, 9, false);
	release(f, 0);
	read_some(f, cursor, UINT64_MAX);
	assert_int_equal(f->read_count, f->put_count);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void tail_of_a_dead_run_is_read_from_its_region(void **state)
{
	struct takt_log_cursor *cursor;
	struct fixture *f = *state;
	struct takt_log *log;

	start_recorder(f);
	for (uint32_t i = 0; i < 300; i++) {
		assert_true(put(f, i % 3));
		if (i % 50 == 49) {
			takt_stream_seal(&f->streams[i % 2]);
			record(f, i % 2, 1, false);
			release(f, i % 2);
		}
	}
	kill_recorder(f);
	end_run(f);
	log = open_live(f, f->recorder.dir);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	read_some(f, cursor, UINT64_MAX);
	assert_int_equal(f->read_count, f->put_count);
	assert_int_equal(takt_log_ended(cursor), 1);
	assert_int_equal(takt_log_info_of(log)->damage_count, 0);
	assert_int_equal(takt_log_info_of(log)->state, TAKT_LOG_CUT);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void live_cursor_survives_the_end_and_removal_of_the_region(void **state)
{
	struct takt_log_cursor *cursor;
	struct fixture *f = *state;
	char path[PATH_MAX];
	struct takt_log *log;

	start_recorder(f);
	for (uint32_t i = 0; i < 60; i++) {
		assert_true(put(f, i % 3));
	}
	log = open_live(f, f->recorder.dir);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	read_some(f, cursor, 31);
	for (uint32_t i = 0; i < STREAMS; i++) {
		takt_stream_seal(&f->streams[i]);
		record(f, i, 9, false);
		release(f, i);
	}
	close_segment(f, TAKT_SEGMENT_LAST);
	end_run(f);
	region_path(f, path, sizeof(path));
	assert_int_equal(takt_region_remove(path), 0);
	read_some(f, cursor, UINT64_MAX);
	assert_int_equal(f->read_count, f->put_count);
	assert_int_equal(takt_log_ended(cursor), 1);
	assert_int_equal(takt_log_info_of(log)->state, TAKT_LOG_CLEAN);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void lost_chunk_is_one_gap_and_reading_goes_on(void **state)
{
	struct takt_log_cursor *cursor;
	struct fixture *f = *state;
	struct takt_log *log;

	start_recorder(f);
	assert_true(put(f, 0));
	takt_stream_seal(&f->streams[0]);
	record(f, 0, 1, false);
	log = open_live(f, f->recorder.dir);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	read_some(f, cursor, UINT64_MAX);
	assert_true(put(f, 0));		/* this one is never written */
	takt_stream_seal(&f->streams[0]);
	f->recorder.written[0] = atomic_load(&f->region->streams[0].sealed);
	release(f, 0);
	f->expected[0]++;
	assert_true(put(f, 0));
	read_some(f, cursor, UINT64_MAX);
	assert_int_equal(f->read_count, 2);
	assert_int_equal(takt_log_info_of(log)->lost_chunk_count, 1);
	assert_int_equal(takt_log_damage_at(log, 0)->first_seq, 1);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

/* One random step of runtime or recorder. */
static void step(struct fixture *f)
{
	const uint64_t random = log_maker_random(f->maker);
	const uint32_t stream = (uint32_t)(random >> 32) % STREAMS;

	switch (random % 16) {
	default:
		put(f, stream);
		break;
	case 9:
		takt_stream_seal(&f->streams[stream]);
		break;
	case 10:
	case 11:
		if (f->recorder.fd >= 0) {
			record(f, stream, 1 + (uint32_t)(random >> 40) % 3, random >> 60 == 3);
		}
		break;
	case 12:
	case 13:
		if (f->recorder.fd >= 0) {
			release(f, stream);
		}
		break;
	case 14:
		if (f->recorder.fd >= 0 && (random >> 40) % 16 == 0) {
			kill_recorder(f);
		} else if (f->recorder.fd < 0) {
			start_recorder(f);
		}
		break;
	case 15:
		if (f->recorder.fd >= 0 && (random >> 40) % 4 == 0) {
			close_segment(f, 0);
			begin_segment(f);
		}
		break;
	}
}

static void every_record_comes_once_whatever_moves_when(void **state)
{
	struct takt_log_cursor *cursor = NULL;
	struct fixture *f = *state;
	struct takt_log *log = NULL;
	char path[PATH_MAX];

	region_path(f, path, sizeof(path));
	for (uint32_t i = 0; i < 30000; i++) {
		step(f);
		if (i % 1000 == 999 && !cursor) {
			log = open_live(f, path);
			assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
		}
		if (cursor && log_maker_random(f->maker) % 64 == 0) {
			read_some(f, cursor, 1 + log_maker_random(f->maker) % 200);
		}
	}
	end_run(f);
	read_some(f, cursor, UINT64_MAX);
	assert_int_equal(f->read_count, f->put_count);
	assert_true(f->read_count > 10000);
	assert_int_equal(takt_log_ended(cursor), 1);
	assert_int_equal(takt_log_info_of(log)->lost_chunk_count, 0);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	/* And all of it once more, by a reader that comes late. */
	memset(f->expected, 0, sizeof(f->expected));
	f->read_count = 0;
	log = open_live(f, f->recorder.dir);
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	read_some(f, cursor, UINT64_MAX);
	assert_int_equal(f->read_count, f->put_count);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void seek_in_a_live_run_reaches_into_the_arena(void **state)
{
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record_;
	struct takt_log_cursor *cursor;
	struct fixture *f = *state;
	struct takt_log *log;

	start_recorder(f);
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(put(f, 0));
		if (i % 10 == 9) {
			takt_stream_seal(&f->streams[0]);
			if (i < 60) {
				record(f, 0, 1, false);
				release(f, 0);
			}
		}
	}
	assert_true(put(f, 0));
	log = open_live(f, f->recorder.dir);
	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	assert_int_equal(takt_log_cursor_create(log, &filter, &cursor, NULL), 0);
	for (uint64_t cycle = 0; cycle <= 100; cycle += 4) {
		const struct takt_log_point point = { TAKT_LOG_AT_CYCLE, 0, cycle };

		assert_int_equal(takt_log_seek(cursor, point, NULL), 0);
		assert_int_equal(takt_log_next(cursor, &record_, NULL), 1);
		assert_int_equal(record_->cycle, cycle);
	}
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

static void live_runs_are_listed_before_and_with_files(void **state)
{
	struct fixture *f = *state;
	struct takt_log_runs *runs;
	char path[PATH_MAX], region[PATH_MAX];

	region_path(f, region, sizeof(region));
	assert_int_equal(takt_log_runs_open(f->log_dir, f->run_dir, &runs, NULL), 0);
	assert_int_equal(takt_log_runs_count(runs), 1);
	assert_string_equal(takt_log_runs_at(runs, 0)->path, region);
	assert_int_equal(takt_log_runs_at(runs, 0)->state, TAKT_LOG_LIVE);
	takt_log_runs_close(runs);
	start_recorder(f);
	assert_int_equal(takt_log_resolve("1234", f->log_dir, f->run_dir, path, sizeof(path), NULL),
			 -ENOENT);
	assert_int_equal(takt_log_resolve("test", f->log_dir, f->run_dir, path, sizeof(path), NULL), 0);
	assert_string_equal(path, f->recorder.dir);
	assert_int_equal(takt_log_runs_open(f->log_dir, f->run_dir, &runs, NULL), 0);
	assert_int_equal(takt_log_runs_count(runs), 1);
	assert_int_equal(takt_log_runs_at(runs, 0)->state, TAKT_LOG_LIVE);
	takt_log_runs_close(runs);
	end_run(f);
	assert_int_equal(takt_log_runs_open(f->log_dir, f->run_dir, &runs, NULL), 0);
	assert_int_equal(takt_log_runs_at(runs, 0)->state, TAKT_LOG_CUT);
	takt_log_runs_close(runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LIVE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		LIVE_TEST(run_without_a_file_is_read_from_its_region),
		LIVE_TEST(tail_of_a_dead_run_is_read_from_its_region),
		LIVE_TEST(live_cursor_survives_the_end_and_removal_of_the_region),
		LIVE_TEST(lost_chunk_is_one_gap_and_reading_goes_on),
		LIVE_TEST(every_record_comes_once_whatever_moves_when),
		LIVE_TEST(seek_in_a_live_run_reaches_into_the_arena),
		LIVE_TEST(live_runs_are_listed_before_and_with_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
