/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/segment_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_BYTES (256u << 10)	/* read at once, backwards from the end of what was written */
#define SEARCH_BYTES_MAX (8u << 20)	/* in all: more than the usual chunk */
#define INDEX_USED_BYTES_MAX (1u << 20)
#define SPANS_MAX (1u << 20)

/* --- the last index chunk -------------------------------------------------------------------- */

/* Where data ends: behind is only what was preallocated and never written. */
static uint64_t find_data_end(const struct takt_log_segment *segment, uint64_t limit)
{
	const struct takt_log_io *io = &segment->io;
	uint64_t low = segment->scanned_bytes / TAKT_BLOCK_BYTES, high = limit / TAKT_BLOCK_BYTES;

	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;

		if (io->data_from(io->user, middle * TAKT_BLOCK_BYTES) < limit) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low * TAKT_BLOCK_BYTES;
}

/* The index chunk that the last header in [@from, @from + @bytes) names. */
static bool look_back(const struct takt_log_segment *segment, const char *buffer, uint64_t bytes,
		      uint64_t from, uint64_t *ret_offset)
{
	for (uint64_t at = bytes / TAKT_BLOCK_BYTES * TAKT_BLOCK_BYTES; at >= TAKT_BLOCK_BYTES;) {
		struct takt_chunk chunk;

		at -= TAKT_BLOCK_BYTES;
		memcpy(&chunk, buffer + at, sizeof(chunk));
		if (takt_log_segment_owns(segment, &chunk)) {
			*ret_offset = chunk.type == TAKT_CHUNK_INDEX ? from + at
								      : chunk.index_offset;
			return true;
		}
	}
	return false;
}

static int find_last(const struct takt_log_segment *segment, uint64_t limit, uint64_t *ret_offset)
{
	const uint64_t end = find_data_end(segment, limit), begin = segment->scanned_bytes;
	char *buffer = malloc(SEARCH_BYTES);
	bool is_found = false;

	*ret_offset = 0;
	if (!buffer) {
		return -ENOMEM;
	}
	for (uint64_t to = end; to > begin && end - to < SEARCH_BYTES_MAX && !is_found;) {
		const uint64_t from = to - begin > SEARCH_BYTES ? to - SEARCH_BYTES : begin;
		const int64_t n = segment->io.read(segment->io.user, from, buffer,
						   (uint32_t)(to - from));

		if (n < 0) {
			break;
		}
		is_found = look_back(segment, buffer, (uint64_t)n, from, ret_offset);
		to = from;
	}
	free(buffer);
	return 0;
}

/* --- the chain ------------------------------------------------------------------------------- */

/* The index chunk at @offset. False when there is none that can be used. @ret_previous: offset of the one
 * before, 0 when this is the first. */
static bool load_span(const struct takt_log_segment *segment, uint64_t offset, uint64_t limit,
		      struct takt_log_index_span *ret_span, uint64_t *ret_previous)
{
	struct {
		struct takt_chunk chunk;
		struct takt_index_head head;
	} at;

	if (offset % TAKT_BLOCK_BYTES != 0 || offset < TAKT_SEGMENT_CHUNKS_AT || offset >= limit ||
	    takt_log_io_read(&segment->io, offset, &at, sizeof(at)) < 0 ||
	    !takt_log_segment_owns(segment, &at.chunk) || at.chunk.type != TAKT_CHUNK_INDEX ||
	    at.chunk.used_bytes < sizeof(at.head) || at.chunk.used_bytes > INDEX_USED_BYTES_MAX ||
	    at.head.from >= at.head.to || at.head.to > offset || at.head.previous >= offset) {
		return false;
	}
	*ret_span = (struct takt_log_index_span){
		.from = at.head.from, .to = at.head.to, .offset = offset,
		.used_bytes = at.chunk.used_bytes, .payload_crc = at.chunk.payload_crc,
	};
	*ret_previous = at.head.previous;
	return true;
}

static int put_span(struct takt_log_segment *segment, const struct takt_log_index_span *span)
{
	if (segment->span_count == segment->span_capacity) {
		const uint32_t capacity = segment->span_capacity ? 2 * segment->span_capacity : 16;
		struct takt_log_index_span *spans = realloc(segment->spans,
							    capacity * sizeof(*spans));

		if (!spans) {
			return -ENOMEM;
		}
		segment->spans = spans;
		segment->span_capacity = capacity;
	}
	segment->spans[segment->span_count++] = *span;
	return 0;
}

int takt_log_segment_find_index(struct takt_log_segment *segment, uint64_t limit)
{
	uint64_t offset = segment->index_offset, behind = limit;	/* the span before ends there */
	int r = 0;

	if ((segment->flags & TAKT_SEGMENT_CLEAN) == 0) {
		r = find_last(segment, limit, &offset);
	}
	while (r == 0 && offset != 0 && segment->span_count < SPANS_MAX) {
		struct takt_log_index_span span;

		if (!load_span(segment, offset, limit, &span, &offset) || span.to > behind) {
			break;
		}
		behind = span.from;
		r = put_span(segment, &span);
	}
	return r;
}

const struct takt_log_index_span *takt_log_segment_span_at(const struct takt_log_segment *segment,
							   uint64_t offset)
{
	uint32_t low = 0, high = segment->span_count;	/* by descending `from` */

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (segment->spans[middle].from > offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < segment->span_count && segment->spans[low].from == offset
		       ? &segment->spans[low] : NULL;
}

/* --- rows ------------------------------------------------------------------------------------ */

/* Whether all rows lie where they say, one behind the other. */
static bool are_possible(const char *rows, const struct takt_index_head *head)
{
	uint64_t at = head->from;

	for (uint32_t i = 0; i < head->row_count; i++) {
		struct takt_index_row row;

		memcpy(&row, rows + (size_t)i * head->row_bytes, sizeof(row));
		if (row.offset < at || row.offset % TAKT_BLOCK_BYTES != 0 || row.offset >= head->to ||
		    row.used_bytes > TAKT_LOG_CHUNK_USED_MAX ||
		    takt_chunk_span(row.used_bytes) > head->to - row.offset) {
			return false;
		}
		at = row.offset + takt_chunk_span(row.used_bytes);
	}
	return true;
}

static int visit_rows(struct takt_log_segment *segment, const char *rows,
		      const struct takt_index_head *head, takt_log_chunk_visit *visit, void *user)
{
	int r = 0;

	for (uint32_t i = 0; i < head->row_count && r >= 0; i++) {
		struct takt_index_row row;

		memcpy(&row, rows + (size_t)i * head->row_bytes, sizeof(row));
		r = visit(&(struct takt_log_chunk){
			.seq = row.seq, .position = row.position, .offset = row.offset,
			.first_cycle = row.first_cycle, .last_cycle = row.last_cycle,
			.first_mono_ns = row.first_mono_ns, .last_mono_ns = row.last_mono_ns,
			.segment = segment, .stream = row.stream, .used_bytes = row.used_bytes,
			.record_count = row.record_count, .type = row.type, .indexed = true,
		}, user);
	}
	return r < 0 ? r : 1;
}

int takt_log_segment_visit_span(struct takt_log_segment *segment,
				const struct takt_log_index_span *span,
				takt_log_chunk_visit *visit, void *user)
{
	char *payload = malloc(span->used_bytes);
	struct takt_index_head head;
	int r;

	if (!payload) {
		return -ENOMEM;
	}
	r = takt_log_segment_read(segment, span->offset, payload, span->used_bytes,
				  span->payload_crc) == 0;
	if (r == 1) {
		memcpy(&head, payload, sizeof(head));
		r = head.from == span->from && head.to == span->to &&
		    head.row_bytes >= sizeof(struct takt_index_row) &&
		    head.row_count <= (span->used_bytes - sizeof(head)) / head.row_bytes &&
		    are_possible(payload + sizeof(head), &head);
	}
	if (r == 1) {
		r = visit_rows(segment, payload + sizeof(head), &head, visit, user);
	}
	free(payload);
	return r;
}
