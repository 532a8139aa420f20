/* SPDX-License-Identifier: Apache-2.0 */
/* Makes segments in memory, byte by byte after rt/shm/chunk.h and record.h, without the writer:
 * what the reader is tested against. Keeps every record it wrote, so that a test can tell an
 * invented one. */
#ifndef TAKT_TESTS_LOG_MAKER_H
#define TAKT_TESTS_LOG_MAKER_H

#include <takt/type.h>

#include "logs/read/io.h"
#include "rt/shm/chunk.h"
#include "rt/shm/record.h"

#define LOG_MAKER_STREAMS 4u		/* "lane0", "lane0.events", "main", "recorder" (taktd's) */
#define LOG_MAKER_LANE0 0u
#define LOG_MAKER_EVENTS 1u
#define LOG_MAKER_MAIN 2u
#define LOG_MAKER_RECORDER 3u
#define LOG_MAKER_TASKS 3u		/* "imu" (source), "est" (filter), "show" (sink) */
#define LOG_MAKER_OUTPUTS 3u		/* imu.raw, est.pose, est.debug (not recorded) */
#define LOG_MAKER_COUNTER_HZ 2000000000u
#define LOG_MAKER_ORIGIN_MONO_NS 1000000000000ull
#define LOG_MAKER_ORIGIN_REAL_NS 1700000000000000000ll
#define LOG_MAKER_PERIOD_NS 1000000u

#define MAKER_KIND(V) V(MAKER_NONE, 0, "none") V(MAKER_FULL, 3, "full")
TAKT_ENUM(maker_kind, "how much is known", MAKER_KIND)

#define MAKER_RAW(F) \
	F(u64, number, "1", "counts up") \
	F(array(f32, 3), acceleration, "m/s^2", "in the body's frame") \
	F(list(u8, 40), bytes, "", "as received")
TAKT_MESSAGE(maker_raw, "raw values", MAKER_RAW)

#define MAKER_AT(F) F(f64, x, "m", "east") F(f64, y, "m", "north")
TAKT_MESSAGE(maker_at, "a place", MAKER_AT)

#define MAKER_POSE(F) \
	F(struct(maker_at), at, "", "where") \
	F(enum(maker_kind), kind, "", "how much of it is known") \
	F(list(i16, 4), marks, "1", "not at the end: never cut") \
	F(text(12), frame, "", "name of the frame") \
	F(bool, valid, "", "")
TAKT_MESSAGE(maker_pose, "a pose", MAKER_POSE)

/* The text sites of the test catalog. */
enum { MAKER_SITE_PLAIN, MAKER_SITE_NUMBERS, MAKER_SITE_STRING, MAKER_SITES };

struct log_maker_record {		/* one that was written */
	char *bytes;
	uint32_t bytes_count;
	uint32_t stream;
	uint64_t seq;
	uint64_t cycle;
	uint64_t mono_ns;
};

struct log_maker_chunk {		/* one copy of a chunk */
	uint32_t segment;		/* index */
	uint32_t stream;
	uint64_t seq;
	uint64_t offset;
	uint64_t span;
};

struct log_maker_segment {
	char *bytes;
	uint64_t size;
	uint64_t capacity;
	uint64_t salt;
};

struct log_maker_stream {
	char *bytes;			/* of the open chunk, header included */
	uint32_t used_bytes;
	uint32_t capacity;
	uint64_t seq;
	uint64_t position;
	struct takt_chunk header;
};

struct log_maker {
	uint64_t run;
	uint64_t random;
	void *catalog;
	uint32_t catalog_bytes;
	struct log_maker_stream streams[LOG_MAKER_STREAMS];
	struct log_maker_segment *segments;
	uint32_t segment_count;
	struct log_maker_chunk *chunks;
	uint32_t chunk_count;
	struct log_maker_record *records;
	uint32_t record_count;
	uint64_t cycle;
	uint64_t mono_ns;		/* of the last record; each has its own */
};

/* A maker with one open segment and its catalog. */
struct log_maker *log_maker_create(uint64_t run, uint64_t seed);
void log_maker_destroy(struct log_maker *maker);
uint64_t log_maker_random(struct log_maker *maker);

/* Put one record into a stream's open chunk; 0 bytes of @raw: the output is absent. */
void log_maker_copperlist(struct log_maker *maker);
void log_maker_text(struct log_maker *maker, uint32_t stream, uint32_t site, uint16_t task,
		    uint8_t level);
void log_maker_event(struct log_maker *maker, uint16_t event, uint16_t task, const char *text);
/* One of taktd's own events, @after_ns behind the newest record. */
void log_maker_recorder_event(struct log_maker *maker, uint16_t event, uint64_t after_ns);
/* Any bytes as a record (multiple of 8); its head is filled in. Not remembered as written. */
void log_maker_raw(struct log_maker *maker, uint32_t stream, uint16_t kind, void *record,
		   uint32_t bytes);

/* Finish the open chunk of a stream (of all) into the open segment. */
void log_maker_seal(struct log_maker *maker, uint32_t stream);
void log_maker_seal_all(struct log_maker *maker);
/* A number of cycles with texts now and then, sealed every @cycles_per_chunk. */
void log_maker_cycles(struct log_maker *maker, uint32_t count, uint32_t cycles_per_chunk);

/* Put another copy of a chunk into the open segment. */
void log_maker_repeat(struct log_maker *maker, uint32_t chunk);
/* Close the open segment: superblocks say clean (@flags: LAST too). */
void log_maker_close(struct log_maker *maker, uint32_t flags);
/* Begin the next segment; the one before stays as it is. */
void log_maker_begin(struct log_maker *maker);
/* Zeros behind the open segment, as preallocation leaves them. */
void log_maker_pad(struct log_maker *maker, uint64_t bytes);

/* Make all checksums in a mutated segment right again: what is wrong then must be found by looking.
 */
void log_maker_sign(struct log_maker_segment *segment);

/* Write all segments to @dir as 0001.takt and so on. */
void log_maker_save(const struct log_maker *maker, const char *dir);
/* The segment as a source of bytes for the reader. Borrows. */
struct takt_log_io log_maker_io(struct log_maker_segment *segment);

/* The record with these bytes of this stream, NULL when none was ever written. */
const struct log_maker_record *log_maker_find(const struct log_maker *maker, uint32_t stream,
					      const void *bytes, uint32_t bytes_count);

#endif
