/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/write_kit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rt/base/crc32c.h"
#include "rt/msg/catalog.h"
#include "tests/unit/unit.h"

#define ROUNDS_MAX 30000u
#define RECORD_BYTES_MAX 65536u

uint32_t kit_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* --- records that can be told from each other ------------------------------------------------ */

static uint64_t word_of(uint32_t stream, uint64_t number, uint32_t index)
{
	return (number * 0x9e3779b97f4a7c15ull + index) ^ ((uint64_t)stream << 56);
}

static uint32_t size_of(uint32_t stream, uint64_t number, uint32_t bytes_max)
{
	const uint32_t words = (uint32_t)(word_of(stream, number, 7) >> 32) % (bytes_max / 8 - 3);

	return number % 16 == 0 ? bytes_max : 64 + words % 40 * 8;
}

/* A copperlist without tasks and messages, or a text without arguments: what the words say is in bytes that
 * no reader looks into. */
static void fill(char *to, uint32_t stream, uint64_t number, uint32_t bytes)
{
	const bool is_list = stream == 0;
	const struct takt_record record = {
		.bytes = bytes, .kind = is_list ? TAKT_RECORD_COPPERLIST : TAKT_RECORD_TEXT,
		.cycle = number, .mono_ns = number * 1000 + 1,
	};
	const struct takt_copperlist list = { .record = record, .counter = number };
	const struct takt_text_record text = { .record = record, .task = TAKT_NO_TASK };
	const uint32_t head_bytes = is_list ? sizeof(list) : sizeof(text);

	memcpy(to, is_list ? (const void *)&list : &text, head_bytes);
	for (uint32_t at = head_bytes; at < bytes; at += 8) {
		const uint64_t word = word_of(stream, number, at);

		memcpy(to + at, &word, sizeof(word));
	}
}

bool kit_is_record(const struct kit *kit, uint32_t stream, const void *bytes, uint32_t bytes_count,
		   uint64_t *ret_number)
{
	char expected[RECORD_BYTES_MAX];
	struct takt_record record;

	memcpy(&record, bytes, sizeof(record));
	if (stream >= KIT_STREAMS || record.cycle >= kit->put[stream] ||
	    bytes_count != size_of(stream, record.cycle, kit->record_bytes_max[stream])) {
		return false;
	}
	fill(expected, stream, record.cycle, bytes_count);
	*ret_number = record.cycle;
	return memcmp(expected, bytes, bytes_count) == 0;
}

bool kit_put(struct kit *kit, uint32_t stream)
{
	struct takt_stream *s = &kit->streams[stream];
	const uint32_t bytes = size_of(stream, kit->put[stream], kit->record_bytes_max[stream]);
	char *at = takt_stream_reserve(s, bytes);

	if (!at) {
		return false;
	}
	fill(at, stream, kit->put[stream], bytes);
	takt_stream_commit(s, (const struct takt_record *)(const void *)at);
	kit->put[stream]++;
	return true;
}

void kit_put_many(struct kit *kit, uint32_t stream, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t rounds = 0; !kit_put(kit, stream); rounds++) {
			assert_true(kit->recorder && rounds < ROUNDS_MAX);
			kit_seal(kit);
			kit_round(kit);
		}
	}
}

void kit_seal(struct kit *kit)
{
	for (uint32_t i = 0; i < KIT_STREAMS; i++) {
		takt_stream_seal(&kit->streams[i]);
	}
}

/* --- region and recorder --------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void make_dirs(struct kit *kit)
{
	char cwd[PATH_MAX - 64];

	snprintf(kit->run_dir, sizeof(kit->run_dir), "/dev/shm/takt-write-XXXXXX");
	assert_non_null(mkdtemp(kit->run_dir));
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(kit->log_dir, sizeof(kit->log_dir), "%s/write-logs-XXXXXX", cwd);
	assert_non_null(mkdtemp(kit->log_dir));
}

static void make_catalog(struct kit *kit)
{
	static const struct takt_catalog_stream streams[KIT_STREAMS + 1] = {
		{ "lane0", TAKT_STREAM_COPPERLISTS, 0 }, { "lane0.events", TAKT_STREAM_EVENTS, 0 },
		{ TAKT_RECORDER_STREAM, TAKT_STREAM_EVENTS, 0 },
	};
	const struct takt_catalog catalog = {
		.graph = "test", .config = "takt: 1\n", .config_path = "/test.yaml",
		.counter_hz = 1000000000, .streams = streams, .stream_count = KIT_STREAMS + 1,
	};
	struct takt_err err = { 0 };

	if (takt_catalog_encode(&catalog, &kit->catalog, &kit->catalog_bytes, &err) < 0) {
		fail_msg("%s", err.text);
	}
}

void kit_init(struct kit *kit, const struct kit_spec *spec)
{
	const uint32_t record_bytes_max = spec->record_bytes_max ? spec->record_bytes_max : 4096;
	const uint64_t ring_bytes = spec->ring_bytes ? spec->ring_bytes : 4u << 20;
	const struct takt_stream_spec streams[KIT_STREAMS + 1] = {
		{ "lane0", TAKT_STREAM_COPPERLISTS, record_bytes_max, ring_bytes },
		{ "lane0.events", TAKT_STREAM_EVENTS, 512, 256u << 10 },
		{ TAKT_RECORDER_STREAM, TAKT_STREAM_EVENTS, TAKT_RECORDER_RECORD_BYTES_MAX,
		  TAKT_RECORDER_RING_BYTES },
	};
	struct takt_region_spec region = {
		.run_dir = kit->run_dir, .streams = streams, .stream_count = KIT_STREAMS + 1,
		.storage = { .segment_age_ns = spec->segment_age_ns },
		.info = { .run = KIT_RUN, .graph = "test", .sync_ns = 20000000 },
	};
	struct takt_err err = { 0 };

	memset(kit, 0, sizeof(*kit));
	kit->now_ns = 1000000000;
	make_dirs(kit);
	make_catalog(kit);
	region.catalog = kit->catalog;
	region.catalog_bytes = kit->catalog_bytes;
	region.info.segment_bytes = spec->segment_bytes ? spec->segment_bytes : 1u << 20;
	kit->log_below = spec->log_below ? spec->log_below : ".";
	snprintf(region.info.log_dir, sizeof(region.info.log_dir), "%.4000s/%s", kit->log_dir,
		 kit->log_below);
	if (takt_region_create(&region, &kit->rt, &err) < 0 ||
	    takt_region_publish(kit->rt, &err) < 0) {
		fail_msg("%s", err.text);
	}
	snprintf(kit->region_path, sizeof(kit->region_path), "%s", kit->rt->path);
	for (uint32_t i = 0; i < KIT_STREAMS; i++) {
		takt_stream_init(&kit->streams[i], &kit->rt->streams[i], kit->rt->arena, i, KIT_RUN);
		kit->record_bytes_max[i] = streams[i].record_bytes_max / 8 * 8;
	}
}

void kit_fini(struct kit *kit)
{
	kit_recorder_dies(kit);
	kit_rt_dies(kit);
	nftw(kit->run_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	nftw(kit->log_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(kit->catalog);
}

void kit_rt_dies(struct kit *kit)
{
	takt_region_close(kit->rt);
	kit->rt = NULL;
}

void kit_attach(struct kit *kit, const struct takt_recorder_options *options, bool threaded)
{
	struct takt_err err = { 0 };

	if (takt_recorder_create(kit->region_path, options, &kit->recorder, &err) < 0 ||
	    (threaded && takt_writer_start(&kit->writer, &err) < 0)) {
		fail_msg("%s", err.text);
	}
}

static uint64_t real_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

enum takt_recorder_end kit_round(struct kit *kit)
{
	const struct timespec pause = { .tv_nsec = 500000 }, short_pause = { .tv_nsec = 10000 };
	enum takt_recorder_end end;

	if (kit->writer) {
		nanosleep(&pause, NULL);
		return takt_recorder_tend(kit->recorder, kit->writer, real_now_ns());
	}
	nanosleep(&short_pause, NULL);
	kit->now_ns += 1000000;
	end = takt_recorder_tend(kit->recorder, NULL, kit->now_ns);
	if (end == TAKT_RECORDER_GOES_ON && takt_recorder_status(kit->recorder).backend[0] &&
	    takt_recorder_step(kit->recorder, kit->now_ns) == TAKT_RECORDER_FINISHED) {
		takt_recorder_let_go(kit->recorder);
		end = takt_recorder_tend(kit->recorder, NULL, kit->now_ns);
	}
	return end;
}

static bool is_released(const struct kit *kit)
{
	for (uint32_t i = 0; i < KIT_STREAMS; i++) {
		const struct takt_stream_shared *s = kit->streams[i].shared;

		if (atomic_load_explicit(&s->released, memory_order_acquire) !=
		    atomic_load_explicit(&s->sealed, memory_order_acquire)) {
			return false;
		}
	}
	return true;
}

void kit_drain(struct kit *kit)
{
	for (uint32_t i = 0; i < ROUNDS_MAX && !is_released(kit); i++) {
		assert_int_equal(kit_round(kit), TAKT_RECORDER_GOES_ON);
	}
	assert_true(is_released(kit));
}

enum takt_recorder_end kit_finish(struct kit *kit)
{
	enum takt_recorder_end end = TAKT_RECORDER_GOES_ON;

	for (uint32_t i = 0; i < ROUNDS_MAX && end == TAKT_RECORDER_GOES_ON; i++) {
		end = kit_round(kit);
	}
	assert_int_not_equal(end, TAKT_RECORDER_GOES_ON);
	takt_writer_stop(kit->writer);
	kit->writer = NULL;
	takt_recorder_destroy(kit->recorder);
	kit->recorder = NULL;
	return end;
}

void kit_recorder_dies(struct kit *kit)
{
	takt_writer_stop(kit->writer);
	takt_recorder_destroy(kit->recorder);
	kit->writer = NULL;
	kit->recorder = NULL;
}

void kit_end_and_check(struct kit *kit, struct kit_log *ret_log)
{
	if (kit->rt) {
		atomic_store(&kit->rt->rt->phase, TAKT_RT_ENDED);
	}
	kit_rt_dies(kit);
	assert_int_equal(kit_finish(kit), TAKT_RECORDER_RUN_ENDED);
	assert_int_equal(access(kit->region_path, F_OK), -1);
	kit_read(kit, ret_log);
	assert_string_equal(ret_log->problem, "");
	assert_int_equal(ret_log->last_count, 1);
	for (uint32_t i = 0; i < KIT_STREAMS; i++) {
		assert_int_equal(ret_log->records[i], kit->put[i]);
	}
}

bool kit_can(enum takt_backend_kind backend)
{
	static char page[TAKT_BLOCK_BYTES] __attribute__((aligned(TAKT_BLOCK_BYTES)));
	const struct takt_backend_spec spec = {
		.kind = backend, .dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.arena = page, .arena_bytes = sizeof(page),
	};
	struct takt_backend *made = NULL;
	struct takt_err err = { 0 };
	char why[256];
	const int r = takt_backend_create(&spec, &made, why, sizeof(why), &err);

	close(spec.dir_fd);
	if (r == 0) {
		made->ops->destroy(made);
		return true;
	}
	print_message("# %s\n", err.text);
	return false;
}

/* --- the verifier ---------------------------------------------------------------------------- */

struct found {
	const struct takt_chunk *chunk;
	uint32_t used_bytes;
};

struct reading {
	const struct kit *kit;
	struct kit_log *log;
	char *files[1024];
	uint32_t file_count;
	struct found *found[KIT_STREAMS + 1];	/* by sequence number */
	uint64_t found_count[KIT_STREAMS + 1];
};

static void complain(struct kit_log *log, const char *what, uint64_t where)
{
	if (log->problem[0] == '\0') {
		snprintf(log->problem, sizeof(log->problem), "%s (%llu)", what,
			 (unsigned long long)where);
	}
}

static bool is_valid(const struct takt_chunk *chunk, uint64_t salt, uint64_t bytes_left)
{
	return chunk->magic == TAKT_CHUNK_MAGIC && chunk->version == TAKT_CHUNK_VERSION &&
	       chunk->run == KIT_RUN && chunk->salt == salt &&
	       chunk->header_crc == takt_crc32c(0, chunk, offsetof(struct takt_chunk, header_crc)) &&
	       takt_chunk_span(chunk->used_bytes) <= bytes_left &&
	       chunk->payload_crc == takt_crc32c(0, chunk + 1, chunk->used_bytes);
}

static void note_chunk(struct reading *reading, const struct takt_chunk *chunk)
{
	const uint32_t stream = chunk->stream;

	reading->log->chunk_count++;
	if (stream > KIT_RECORDER || chunk->seq > 10000000) {
		complain(reading->log, "chunk of no stream", chunk->seq);
		return;
	}
	if (chunk->seq >= reading->found_count[stream]) {
		const uint64_t count = chunk->seq * 2 + 64;

		reading->found[stream] = realloc(reading->found[stream],
						 count * sizeof(struct found));
		assert_non_null(reading->found[stream]);
		memset(&reading->found[stream][reading->found_count[stream]], 0,
		       (count - reading->found_count[stream]) * sizeof(struct found));
		reading->found_count[stream] = count;
	}
	if (reading->found[stream][chunk->seq].chunk) {
		reading->log->copy_count++;
		if (reading->found[stream][chunk->seq].used_bytes > chunk->used_bytes) {
			complain(reading->log, "a copy differs", chunk->seq);
		}
	}
	reading->found[stream][chunk->seq] = (struct found){ chunk, chunk->used_bytes };
}

/* Every 4 KiB, as after a crash; a segment closed in order must have no hole. */
static void read_chunks(struct reading *reading, const char *bytes, uint64_t size,
			const struct takt_superblock *block)
{
	const bool is_clean = (block->flags & TAKT_SEGMENT_CLEAN) != 0;
	uint64_t at = TAKT_SEGMENT_CHUNKS_AT, count = 0;

	while (at + TAKT_BLOCK_BYTES <= size) {
		const struct takt_chunk *chunk = (const struct takt_chunk *)(const void *)(bytes + at);

		if (!is_valid(chunk, block->salt, size - at)) {
			if (is_clean) {
				complain(reading->log, "hole in a clean segment", at);
			}
			at += TAKT_BLOCK_BYTES;
			continue;
		}
		if (chunk->type == TAKT_CHUNK_CATALOG) {
			if (at != TAKT_SEGMENT_CHUNKS_AT + chunk->seq * takt_chunk_span(chunk->used_bytes) ||
			    chunk->seq > 1 ||
			    chunk->used_bytes != reading->kit->catalog_bytes ||
			    memcmp(chunk + 1, reading->kit->catalog, chunk->used_bytes) != 0) {
				complain(reading->log, "catalog", at);
			}
		} else if (chunk->type != TAKT_CHUNK_INDEX) {
			note_chunk(reading, chunk);
			count++;
		}
		at += takt_chunk_span(chunk->used_bytes);
	}
	if (is_clean && (block->end_offset != size || block->chunk_count != count)) {
		complain(reading->log, "counts of a clean segment", block->number);
	}
}

static void read_segment(struct reading *reading, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct takt_superblock *block;
	struct stat st;
	char *bytes;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	bytes = aligned_alloc(TAKT_BLOCK_BYTES, (size_t)st.st_size / TAKT_BLOCK_BYTES * TAKT_BLOCK_BYTES +
							TAKT_BLOCK_BYTES);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	assert_true(reading->file_count < 1024);
	reading->files[reading->file_count++] = bytes;
	reading->log->segment_count++;
	reading->log->end_bytes += (uint64_t)st.st_size;
	block = (const struct takt_superblock *)(const void *)bytes;
	if (st.st_size < (off_t)TAKT_SEGMENT_CHUNKS_AT || block->magic != TAKT_SEGMENT_MAGIC ||
	    block->run != KIT_RUN || strcmp(block->graph, "test") != 0 ||
	    block->crc != takt_crc32c(0, block, offsetof(struct takt_superblock, crc))) {
		return;	/* its making was cut short */
	}
	reading->log->clean_count += (block->flags & TAKT_SEGMENT_CLEAN) != 0;
	reading->log->last_count += (block->flags & TAKT_SEGMENT_LAST) != 0;
	reading->log->poisoned_count += (block->flags & TAKT_SEGMENT_POISONED) != 0;
	read_chunks(reading, bytes, (uint64_t)st.st_size, block);
}

static void check_chunk(struct reading *reading, uint32_t stream, const struct takt_chunk *chunk)
{
	struct kit_log *log = reading->log;
	const char *at = (const char *)(chunk + 1), *end = at + chunk->used_bytes;
	char expected[RECORD_BYTES_MAX];
	uint32_t count = 0;

	for (; at < end; count++) {
		struct takt_record record;

		memcpy(&record, at, sizeof(record));
		if (record.bytes < sizeof(record) || record.bytes > sizeof(expected) ||
		    record.bytes > (uint64_t)(end - at)) {
			complain(log, "record length", record.bytes);
			return;
		}
		fill(expected, stream, log->records[stream], record.bytes);
		if (memcmp(expected, at, record.bytes) != 0) {
			complain(log, "record is not the next one", log->records[stream]);
			return;
		}
		if (count == 0 && (chunk->first_cycle != record.cycle ||
				   chunk->first_mono_ns != record.mono_ns)) {
			complain(log, "first of a chunk", record.cycle);
		}
		if (at + record.bytes == end && (chunk->last_cycle != record.cycle ||
						 chunk->last_mono_ns != record.mono_ns)) {
			complain(log, "last of a chunk", record.cycle);
		}
		log->records[stream]++;
		at += record.bytes;
	}
	if (count != chunk->record_count) {
		complain(log, "record count of a chunk", chunk->seq);
	}
}

/* The recorder seals each event at once. */
static void check_event(struct reading *reading, const struct takt_chunk *chunk)
{
	const struct takt_lifecycle_record *r = (const struct takt_lifecycle_record *)(const void *)(chunk + 1);
	struct kit_log *log = reading->log;

	if (chunk->type != TAKT_CHUNK_EVENTS || chunk->record_count != 1 ||
	    r->record.bytes != chunk->used_bytes || r->record.kind != TAKT_RECORD_LIFECYCLE ||
	    r->task != TAKT_NO_TASK || r->text_bytes > TAKT_RECORDER_TEXT_MAX) {
		complain(log, "event", chunk->seq);
		return;
	}
	assert_true(log->event_count < KIT_EVENTS_MAX);
	log->values[log->event_count] = r->values[0];
	log->events[log->event_count++] = r->event;
}

uint32_t kit_events(const struct kit_log *log, enum takt_event event)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < log->event_count; i++) {
		count += log->events[i] == event;
	}
	return count;
}

static void check_stream(struct reading *reading, uint32_t stream)
{
	uint64_t i = 0;

	for (; i < reading->found_count[stream] && reading->found[stream][i].chunk; i++) {
		if (stream == KIT_RECORDER) {
			check_event(reading, reading->found[stream][i].chunk);
		} else {
			check_chunk(reading, stream, reading->found[stream][i].chunk);
		}
	}
	for (; i < reading->found_count[stream]; i++) {
		if (reading->found[stream][i].chunk) {
			complain(reading->log, "chunks are missing before this one", i);
		}
	}
	free(reading->found[stream]);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void kit_read(const struct kit *kit, struct kit_log *log)
{
	struct reading reading = { .kit = kit, .log = log };
	char dir[PATH_MAX], path[2 * PATH_MAX];
	struct dirent **entries;
	int n;

	memset(log, 0, sizeof(*log));
	snprintf(dir, sizeof(dir), "%.4000s/%.40s/0001-test-0123456789abcdef", kit->log_dir,
		 kit->log_below);
	n = scandir(dir, &entries, NULL, by_name);
	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		const char *suffix = strrchr(entries[i]->d_name, '.');

		if (strcmp(suffix, ".new") == 0) {
			complain(log, "a segment that was not finished", 0);
		} else if (strcmp(suffix, TAKT_SEGMENT_SUFFIX) == 0) {
			snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
			read_segment(&reading, path);
		}
		free(entries[i]);
	}
	free(entries);
	for (uint32_t s = 0; s <= KIT_RECORDER; s++) {
		check_stream(&reading, s);
	}
	for (uint32_t i = 0; i < reading.file_count; i++) {
		free(reading.files[i]);
	}
}
