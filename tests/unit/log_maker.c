/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/log_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/crc32c.h"
#include "rt/msg/catalog.h"

static void *grow(void *memory, size_t bytes)
{
	memory = realloc(memory, bytes);
	TAKT_CHECK(memory);
	return memory;
}

uint64_t log_maker_random(struct log_maker *maker)
{
	uint64_t z = (maker->random += 0x9e3779b97f4a7c15u);	/* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* --- catalog --------------------------------------------------------------------------------- */

static void make_catalog(struct log_maker *maker)
{
	static const struct takt_type *types[] = { &takt_type_maker_raw, &takt_type_maker_at,
						   &takt_type_maker_pose };
	static const struct takt_catalog_stream streams[] = {
		{ "lane0", TAKT_STREAM_COPPERLISTS, 0 },
		{ "lane0.events", TAKT_STREAM_EVENTS, 0 },
		{ "main", TAKT_STREAM_EVENTS, 0 },
		{ TAKT_RECORDER_STREAM, TAKT_STREAM_EVENTS, 0 },
	};
	static const struct takt_catalog_task tasks[] = {
		{ .id = "imu", .type = "imu_source", .plugin = "test", .exec = "lane",
		  .params = "{\"rate\":3}", .kind = 1, .every = 1 },
		{ .id = "est", .type = "estimator", .plugin = "test", .exec = "lane",
		  .params = "{}", .kind = 2, .every = 1 },
		{ .id = "show", .type = "printer", .plugin = "test", .exec = "lane",
		  .params = "{}", .kind = 3, .every = 10, .offset = 1 },
	};
	static const struct takt_catalog_output outputs[] = {
		{ .task = 0, .port = "raw", .type = 0, .slots = 2, .recorded = true },
		{ .task = 1, .port = "pose", .type = 2, .slots = 1, .recorded = true },
		{ .task = 1, .port = "debug", .type = 0, .slots = 1, .recorded = false },
	};
	static const struct takt_catalog_connection connections[] = {
		{ .output = 0, .task = 1, .port = "raw" },
		{ .output = 1, .task = 2, .port = "pose", .hold_ns = 500000000 },
	};
	static const struct takt_catalog_format formats[] = {
		{ .format = "plain", .file = "imu.c", .tags = "", .line = 10, .level = 1 },
		{ .format = "value %d of %u, %.3f", .file = "imu.c", .tags = "iuf", .line = 20,
		  .level = 0 },
		{ .format = "name '%s' at %p", .file = "est.c", .tags = "sp", .line = 30,
		  .level = 2 },
	};
	static const struct takt_catalog_fact facts[] = { { "kernel", "6.1" }, { "host", "box" } };
	const struct takt_catalog catalog = {
		.graph = "test", .config = "takt: 1\nname: test\n", .config_path = "/etc/test.yaml",
		.period_ns = LOG_MAKER_PERIOD_NS, .counter_hz = LOG_MAKER_COUNTER_HZ,
		.origin_mono_ns = LOG_MAKER_ORIGIN_MONO_NS,
		.origin_real_ns = LOG_MAKER_ORIGIN_REAL_NS,
		.types = types, .type_count = 3, .streams = streams, .stream_count = LOG_MAKER_STREAMS,
		.tasks = tasks, .task_count = LOG_MAKER_TASKS,
		.outputs = outputs, .output_count = LOG_MAKER_OUTPUTS,
		.connections = connections, .connection_count = 2,
		.formats = formats, .format_count = MAKER_SITES, .facts = facts, .fact_count = 2,
	};
	struct takt_err err = { 0 };

	if (takt_catalog_encode(&catalog, &maker->catalog, &maker->catalog_bytes, &err) < 0) {
		fprintf(stderr, "log_maker: %s\n", err.text);
		abort();
	}
}

/* --- segments -------------------------------------------------------------------------------- */

static struct log_maker_segment *open_segment(struct log_maker *maker)
{
	return &maker->segments[maker->segment_count - 1];
}

static char *extend(struct log_maker_segment *segment, uint64_t bytes)
{
	if (segment->size + bytes > segment->capacity) {
		segment->capacity = 2 * (segment->size + bytes);
		segment->bytes = grow(segment->bytes, segment->capacity);
	}
	memset(segment->bytes + segment->size, 0, bytes);
	segment->size += bytes;
	return segment->bytes + segment->size - bytes;
}

static void put_superblock(struct log_maker *maker, uint32_t flags, uint64_t end, uint64_t chunks)
{
	struct log_maker_segment *segment = open_segment(maker);
	struct takt_superblock block = {
		.magic = TAKT_SEGMENT_MAGIC, .version = TAKT_SEGMENT_VERSION, .flags = flags,
		.salt = segment->salt, .run = maker->run, .number = maker->segment_count,
		.writer_pid = 1, .created_mono_ns = LOG_MAKER_ORIGIN_MONO_NS,
		.created_real_ns = LOG_MAKER_ORIGIN_REAL_NS, .end_offset = end,
		.chunk_count = chunks, .boot_id = "boot", .machine_id = "machine",
		.graph = "test" };

	block.crc = takt_crc32c(0, &block, offsetof(struct takt_superblock, crc));
	memcpy(segment->bytes, &block, sizeof(block));
	memcpy(segment->bytes + sizeof(block), &block, sizeof(block));
}

/* Append a chunk with the open segment's salt; its payload is @bytes. */
static void put_chunk(struct log_maker *maker, struct takt_chunk header, const void *bytes)
{
	struct log_maker_segment *segment = open_segment(maker);
	const uint64_t span = takt_chunk_span(header.used_bytes);
	char *to = extend(segment, span);

	header.salt = segment->salt;
	header.payload_crc = takt_crc32c(0, bytes, header.used_bytes);
	header.header_crc = takt_crc32c(0, &header, offsetof(struct takt_chunk, header_crc));
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), bytes, header.used_bytes);
	maker->chunks = grow(maker->chunks, (maker->chunk_count + 1) * sizeof(*maker->chunks));
	maker->chunks[maker->chunk_count++] = (struct log_maker_chunk){
		.segment = maker->segment_count - 1, .stream = header.stream, .seq = header.seq,
		.offset = (uint64_t)(to - segment->bytes), .span = span };
}

void log_maker_begin(struct log_maker *maker)
{
	struct takt_chunk header = { .magic = TAKT_CHUNK_MAGIC, .version = TAKT_CHUNK_VERSION,
				     .type = TAKT_CHUNK_CATALOG, .run = maker->run,
				     .used_bytes = maker->catalog_bytes };
	const uint32_t chunk_count = maker->chunk_count;
	struct log_maker_segment *segment;

	maker->segments = grow(maker->segments,
			       (maker->segment_count + 1) * sizeof(*maker->segments));
	segment = &maker->segments[maker->segment_count++];
	*segment = (struct log_maker_segment){ .salt = log_maker_random(maker) };
	extend(segment, TAKT_SEGMENT_CHUNKS_AT);
	put_superblock(maker, 0, 0, 0);
	put_chunk(maker, header, maker->catalog);
	maker->chunk_count = chunk_count;	/* the table is of data chunks */
}

struct log_maker *log_maker_create(uint64_t run, uint64_t seed)
{
	struct log_maker *maker = grow(NULL, sizeof(*maker));

	*maker = (struct log_maker){ .run = run, .random = seed,
				     .mono_ns = LOG_MAKER_ORIGIN_MONO_NS };
	make_catalog(maker);
	log_maker_begin(maker);
	return maker;
}

void log_maker_destroy(struct log_maker *maker)
{
	for (uint32_t i = 0; i < maker->record_count; i++) {
		free(maker->records[i].bytes);
	}
	for (uint32_t i = 0; i < maker->segment_count; i++) {
		free(maker->segments[i].bytes);
	}
	for (uint32_t i = 0; i < LOG_MAKER_STREAMS; i++) {
		free(maker->streams[i].bytes);
	}
	free(maker->records);
	free(maker->segments);
	free(maker->chunks);
	free(maker->catalog);
	free(maker);
}

void log_maker_seal(struct log_maker *maker, uint32_t number)
{
	struct log_maker_stream *stream = &maker->streams[number];
	struct takt_chunk header = stream->header;

	if (stream->used_bytes == 0) {
		return;
	}
	header.magic = TAKT_CHUNK_MAGIC;
	header.version = TAKT_CHUNK_VERSION;
	header.type = number == LOG_MAKER_LANE0 ? TAKT_CHUNK_COPPERLISTS : TAKT_CHUNK_EVENTS;
	header.stream = number;
	header.run = maker->run;
	header.seq = stream->seq++;
	header.position = stream->position;
	header.used_bytes = stream->used_bytes;
	put_chunk(maker, header, stream->bytes);
	stream->position += takt_chunk_span(stream->used_bytes);
	stream->used_bytes = 0;
}

void log_maker_seal_all(struct log_maker *maker)
{
	for (uint32_t i = 0; i < LOG_MAKER_STREAMS; i++) {
		log_maker_seal(maker, i);
	}
}

void log_maker_repeat(struct log_maker *maker, uint32_t number)
{
	const struct log_maker_chunk chunk = maker->chunks[number];
	const struct log_maker_segment *from = &maker->segments[chunk.segment];
	struct takt_chunk header;
	char *bytes;

	memcpy(&header, from->bytes + chunk.offset, sizeof(header));
	bytes = grow(NULL, header.used_bytes);
	memcpy(bytes, from->bytes + chunk.offset + sizeof(header), header.used_bytes);
	put_chunk(maker, header, bytes);
	free(bytes);
}

void log_maker_close(struct log_maker *maker, uint32_t flags)
{
	put_superblock(maker, TAKT_SEGMENT_CLEAN | flags, open_segment(maker)->size,
		       maker->chunk_count);
}

void log_maker_pad(struct log_maker *maker, uint64_t bytes)
{
	extend(open_segment(maker), bytes);
}

void log_maker_sign(struct log_maker_segment *segment)
{
	for (uint64_t at = 0; at + sizeof(struct takt_superblock) <= segment->size &&
			      at < TAKT_SEGMENT_CHUNKS_AT; at += TAKT_BLOCK_BYTES) {
		const size_t n = offsetof(struct takt_superblock, crc);
		const uint32_t crc = takt_crc32c(0, segment->bytes + at, n);

		memcpy(segment->bytes + at + n, &crc, sizeof(crc));
	}
	for (uint64_t at = TAKT_SEGMENT_CHUNKS_AT; at + sizeof(struct takt_chunk) <= segment->size;
	     at += TAKT_BLOCK_BYTES) {
		struct takt_chunk chunk;

		memcpy(&chunk, segment->bytes + at, sizeof(chunk));
		if (chunk.magic != TAKT_CHUNK_MAGIC) {
			continue;
		}
		if (chunk.used_bytes <= segment->size - at - sizeof(chunk)) {
			chunk.payload_crc = takt_crc32c(0, segment->bytes + at + sizeof(chunk),
							chunk.used_bytes);
		}
		chunk.header_crc = takt_crc32c(0, &chunk, offsetof(struct takt_chunk, header_crc));
		memcpy(segment->bytes + at, &chunk, sizeof(chunk));
	}
}

void log_maker_save(const struct log_maker *maker, const char *dir)
{
	for (uint32_t i = 0; i < maker->segment_count; i++) {
		char path[4096];
		FILE *file;

		snprintf(path, sizeof(path), "%s/%04u%s", dir, i + 1, TAKT_SEGMENT_SUFFIX);
		file = fopen(path, "wb");
		TAKT_CHECK(file);
		TAKT_CHECK(fwrite(maker->segments[i].bytes, 1, maker->segments[i].size, file) ==
			   maker->segments[i].size);
		TAKT_CHECK(fclose(file) == 0);
	}
}

/* --- memory as a file ------------------------------------------------------------------------ */

static int64_t memory_read(void *user, uint64_t offset, void *out, uint32_t bytes)
{
	const struct log_maker_segment *segment = user;

	if (offset >= segment->size) {
		return 0;
	}
	if (bytes > segment->size - offset) {
		bytes = (uint32_t)(segment->size - offset);
	}
	memcpy(out, segment->bytes + offset, bytes);
	return bytes;
}

static int64_t memory_size(void *user)
{
	const struct log_maker_segment *segment = user;

	return (int64_t)segment->size;
}

static uint64_t memory_data_from(void *user, uint64_t offset)
{
	(void)user;
	return offset;
}

static void memory_close(void *user)
{
	(void)user;
}

struct takt_log_io log_maker_io(struct log_maker_segment *segment)
{
	return (struct takt_log_io){ segment, memory_read, memory_size, memory_data_from,
				     memory_close };
}

/* --- records --------------------------------------------------------------------------------- */

/* Into the open chunk; the head is filled in but for bytes and kind. */
static void put_record(struct log_maker *maker, uint32_t number, struct takt_record *record,
		       bool remember)
{
	struct log_maker_stream *stream = &maker->streams[number];

	record->cycle = maker->cycle;
	record->mono_ns = ++maker->mono_ns;
	if (stream->used_bytes == 0) {
		stream->header = (struct takt_chunk){ .first_cycle = record->cycle,
						      .first_mono_ns = record->mono_ns };
	}
	stream->header.last_cycle = record->cycle;
	stream->header.last_mono_ns = record->mono_ns;
	stream->header.record_count++;
	if (stream->used_bytes + record->bytes > stream->capacity) {
		stream->capacity = 2 * (stream->used_bytes + record->bytes);
		stream->bytes = grow(stream->bytes, stream->capacity);
	}
	memcpy(stream->bytes + stream->used_bytes, record, record->bytes);
	stream->used_bytes += record->bytes;
	if (remember) {
		struct log_maker_record *r;

		if (maker->record_count % 64 == 0) {
			maker->records = grow(maker->records,
					      ((size_t)maker->record_count + 64) * sizeof(*r));
		}
		r = &maker->records[maker->record_count++];
		*r = (struct log_maker_record){
			.bytes = grow(NULL, record->bytes), .bytes_count = record->bytes,
			.stream = number, .seq = stream->seq, .cycle = record->cycle,
			.mono_ns = record->mono_ns };
		memcpy(r->bytes, record, record->bytes);
	}
}

void log_maker_raw(struct log_maker *maker, uint32_t stream, uint16_t kind, void *record,
		   uint32_t bytes)
{
	struct takt_record *head = record;

	head->bytes = bytes;
	head->kind = kind;
	put_record(maker, stream, head, false);
}

struct list {				/* a copperlist while it is made */
	union {
		char bytes[4096];
		uint64_t align;
	};
	uint32_t used_bytes;
	struct takt_message_row rows[8];
	uint32_t row_count;
};

static uint32_t put_bytes(struct list *list, const void *bytes, uint32_t count)
{
	const uint32_t at = list->used_bytes;

	memcpy(list->bytes + at, bytes, count);
	list->used_bytes += (count + 7) & ~7u;
	return at;
}

static struct takt_message_row *put_message(struct list *list, uint32_t output, const void *payload,
					    uint32_t bytes, uint64_t stamp_ns)
{
	struct takt_message_row *row = &list->rows[list->row_count++];

	*row = (struct takt_message_row){ .output = output, .payload_bytes = bytes,
					  .stamp_ns = stamp_ns };
	if (payload) {
		row->payload_at = put_bytes(list, payload, bytes);
	} else {
		row->flags = TAKT_MESSAGE_NOT_RECORDED;
	}
	return row;
}

static void put_raw(struct log_maker *maker, struct list *list)
{
	struct maker_raw raw;
	uint32_t count = (uint32_t)(log_maker_random(maker) % 41);

	memset(&raw, 0, sizeof(raw));
	raw.number = maker->cycle;
	raw.acceleration[2] = 9.81f;
	raw.bytes.count = count;
	for (uint32_t i = 0; i < count; i++) {
		raw.bytes.at[i] = (uint8_t)(maker->cycle + i);
	}
	put_message(list, 0, &raw, (uint32_t)offsetof(struct maker_raw, bytes.at) + count,
		    maker->mono_ns);
}

static void put_pose(struct log_maker *maker, struct list *list)
{
	struct takt_message_row *row;
	struct maker_pose pose;
	char status[32];

	memset(&pose, 0, sizeof(pose));
	pose.at.x = (double)maker->cycle / 8;
	pose.at.y = -1.5;
	pose.kind = MAKER_FULL;
	pose.marks.count = 2;
	pose.marks.at[1] = -7;
	memcpy(pose.frame, "map", 4);
	pose.valid = true;
	row = put_message(list, 1, &pose, sizeof(pose), maker->mono_ns);
	row->tov_kind = TAKT_TOV_RANGE;
	row->tov_begin_ns = maker->mono_ns - 5;
	row->tov_end_ns = maker->mono_ns;
	row->status_bytes = (uint16_t)snprintf(status, sizeof(status), "cycle %u",
					       (unsigned)maker->cycle);
	row->status_at = put_bytes(list, status, row->status_bytes);
}

void log_maker_copperlist(struct log_maker *maker)
{
	struct list list = { .used_bytes = sizeof(struct takt_copperlist) };
	struct takt_copperlist head = { .task_count = LOG_MAKER_TASKS };

	head.record.kind = TAKT_RECORD_COPPERLIST;
	head.late_ns = 100;
	head.duration = 5000;
	for (uint32_t i = 0; i < LOG_MAKER_TASKS; i++) {
		const bool ran = i < 2 || maker->cycle % 10 == 1;
		const struct takt_task_row row = {
			.begin = ran ? 1000 * (i + 1) : 0, .end = ran ? 1000 * (i + 1) + 400 : 0,
			.result = i == 1 && maker->cycle % 7 == 3 ? -5 : 0,
			.flags = ran ? TAKT_TASK_RAN : 0 };

		put_bytes(&list, &row, sizeof(row));
	}
	put_raw(maker, &list);
	if (maker->cycle % 3 != 1) {
		put_pose(maker, &list);
	}
	if (maker->cycle % 5 == 2) {
		put_message(&list, 2, NULL, 0, maker->mono_ns);
	}
	head.messages_at = list.used_bytes;
	head.message_count = list.row_count;
	for (uint32_t i = 0; i < list.row_count; i++) {
		put_bytes(&list, &list.rows[i], sizeof(list.rows[i]));
	}
	head.record.bytes = list.used_bytes;
	memcpy(list.bytes, &head, sizeof(head));
	put_record(maker, LOG_MAKER_LANE0, (struct takt_record *)(void *)list.bytes, true);
}

void log_maker_text(struct log_maker *maker, uint32_t stream, uint32_t site, uint16_t task,
		    uint8_t level)
{
	static const char name[] = "Ångström";
	const double value = (double)maker->cycle / 4;
	uint64_t memory[sizeof(struct takt_text_record) / 8 + 8] = { 0 };
	struct takt_text_record *text = (struct takt_text_record *)(void *)memory;
	uint32_t words = 0;

	text->record.kind = TAKT_RECORD_TEXT;
	text->site = site;
	text->task = task;
	text->level = level;
	if (site == MAKER_SITE_NUMBERS) {
		text->arg_count = 3;
		text->args[0] = (uint64_t)-(int64_t)maker->cycle;
		text->args[1] = maker->cycle;
		memcpy(&text->args[2], &value, sizeof(value));
		words = 3;
	} else if (site == MAKER_SITE_STRING) {
		const struct takt_text_string string = { sizeof(*text) + 16, sizeof(name) - 1 };

		text->arg_count = 2;
		memcpy(&text->args[0], &string, sizeof(string));
		text->args[1] = 0xbeef;
		memcpy(&text->args[2], name, sizeof(name));
		words = 2 + (sizeof(name) + 7) / 8;
	}
	text->record.bytes = (uint32_t)sizeof(*text) + 8 * words;
	put_record(maker, stream, &text->record, true);
}

void log_maker_event(struct log_maker *maker, uint16_t event, uint16_t task, const char *text)
{
	const uint32_t bytes = (uint32_t)strlen(text);
	union {
		struct takt_lifecycle_record head;
		char bytes[sizeof(struct takt_lifecycle_record) + 256];
	} record;

	memset(&record, 0, sizeof(record));
	record.head.record.kind = TAKT_RECORD_LIFECYCLE;
	record.head.record.bytes = (uint32_t)(sizeof(record.head) + bytes + 7) & ~7u;
	record.head.event = event;
	record.head.task = task;
	record.head.text_bytes = bytes;
	record.head.values[0] = 17;
	record.head.values[1] = -3;
	memcpy(record.bytes + sizeof(record.head), text, bytes);
	put_record(maker, LOG_MAKER_MAIN, &record.head.record, true);
}

void log_maker_recorder_event(struct log_maker *maker, uint16_t event, uint64_t after_ns)
{
	struct takt_lifecycle_record record = {
		.record = { .kind = TAKT_RECORD_LIFECYCLE, .bytes = sizeof(record) },
		.event = event, .task = TAKT_NO_TASK };
	const uint64_t mono_ns = maker->mono_ns;

	maker->mono_ns += after_ns;
	put_record(maker, LOG_MAKER_RECORDER, &record.record, false);
	maker->mono_ns = mono_ns;
}

void log_maker_cycles(struct log_maker *maker, uint32_t count, uint32_t cycles_per_chunk)
{
	for (uint32_t i = 0; i < count; i++) {
		maker->mono_ns = LOG_MAKER_ORIGIN_MONO_NS + maker->cycle * LOG_MAKER_PERIOD_NS;
		log_maker_copperlist(maker);
		if (maker->cycle % 2 == 0) {
			log_maker_text(maker, LOG_MAKER_EVENTS,
				       (uint32_t)(maker->cycle / 2 % MAKER_SITES),
				       (uint16_t)(maker->cycle / 2 % LOG_MAKER_TASKS),
				       (uint8_t)(maker->cycle % 5));
		}
		if (maker->cycle % 8 == 5) {
			log_maker_event(maker, TAKT_EVENT_overrun, TAKT_NO_TASK, "late");
		}
		maker->cycle++;
		if ((i + 1) % cycles_per_chunk == 0) {
			log_maker_seal_all(maker);
		}
	}
}

const struct log_maker_record *log_maker_find(const struct log_maker *maker, uint32_t stream,
					      const void *bytes, uint32_t bytes_count)
{
	const struct takt_record *head = bytes;
	uint32_t low = 0, high = maker->record_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (maker->records[middle].mono_ns < head->mono_ns) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (; low < maker->record_count && maker->records[low].mono_ns == head->mono_ns; low++) {
		const struct log_maker_record *r = &maker->records[low];

		if (r->stream == stream && r->bytes_count == bytes_count &&
		    memcmp(r->bytes, bytes, bytes_count) == 0) {
			return r;
		}
	}
	return NULL;
}
