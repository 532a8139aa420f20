/* SPDX-License-Identifier: Apache-2.0 */
/* Where the chunks of each stream lie, by their numbers. One copy of each chunk is kept: where it
 * stands in two segments, one whose payload CRC is right. */
#ifndef TAKT_LOGS_READ_INDEX_H
#define TAKT_LOGS_READ_INDEX_H

#include "logs/read/segment.h"

struct takt_log_index_stream {
	struct takt_log_chunk *chunks;	/* by seq, each once, after settle */
	size_t chunk_count;
	size_t chunk_capacity;
	size_t settled_count;		/* the chunks behind are new */
	uint64_t record_count;
	uint64_t bytes;			/* of records */
	uint64_t lost_chunk_count;
	uint64_t lost_before_seq;	/* gaps below were reported */
};

struct takt_log_index {
	struct takt_log_index_stream *streams;
	uint32_t stream_count;
	uint64_t chunk_count;
	uint64_t record_count;
};

/* Room for streams 0 .. @stream_count - 1, so far empty. Returns 0, -ENOMEM.  [bg] */
int takt_log_index_grow(struct takt_log_index *index, uint32_t stream_count);
void takt_log_index_fini(struct takt_log_index *index);

/* Add a chunk (copied), to be found after settle. Returns 0, -ENOMEM.  [bg] */
int takt_log_index_add(struct takt_log_index *index, const struct takt_log_chunk *chunk);

/* 1 when the payload is right, 0 when it is not, -errno. */
typedef int takt_log_chunk_check(const struct takt_log_chunk *chunk, void *user);

/* Put new chunks in order and keep one copy of each; @check decides between copies. Returns 0,
 * -errno. [bg] */
int takt_log_index_settle(struct takt_log_index *index, takt_log_chunk_check *check, void *user);

/* The place of the first chunk with a number >= @seq; chunk_count when there is none.  [any] */
size_t takt_log_index_find(const struct takt_log_index_stream *stream, uint64_t seq);

/* The place of the first chunk that has a record at or behind @cycle (@mono_ns).  [any] */
size_t takt_log_index_find_cycle(const struct takt_log_index_stream *stream, uint64_t cycle);
size_t takt_log_index_find_mono(const struct takt_log_index_stream *stream, uint64_t mono_ns);

#endif
