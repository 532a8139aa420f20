/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/index.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt/base/crc32c.h"
#include "rt/base/testpoint.h"

static_assert(TAKT_CHUNK_HEADER_BYTES + sizeof(struct takt_index_head) +
	      TAKT_INDEX_ROWS * sizeof(struct takt_index_row) <= TAKT_INDEX_SPAN_MAX, "index");
static_assert(TAKT_INDEX_SPAN_MAX % TAKT_BLOCK_BYTES == 0, "index");

void takt_index_begin(struct takt_index *index, const struct takt_segment *segment)
{
	index->from = segment->data_at;
	index->previous = 0;
	index->number = 0;
	index->row_count = 0;
	index->is_lost = false;
}

/* The arena is shared with others: only what the intake has signed counts. */
static bool is_as_signed(const struct takt_chunk *header, const struct takt_segment *segment)
{
	return header->magic == TAKT_CHUNK_MAGIC && header->salt == segment->salt &&
	       header->header_crc ==
		       takt_crc32c(0, header, offsetof(struct takt_chunk, header_crc));
}

void takt_index_put(struct takt_index *index, const struct takt_segment *segment,
		    const struct takt_span *span, uint64_t offset)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < span->chunk_count && !index->is_lost; i++) {
		struct takt_index_row *row = &index->rows[index->row_count];
		struct takt_chunk header;

		if (index->row_count == TAKT_INDEX_ROWS_KEPT || at >= span->bytes) {
			index->is_lost = true;
			return;
		}
		memcpy(&header, span->buffer + at, sizeof(header));
		if (!is_as_signed(&header, segment)) {
			index->is_lost = true;
			return;
		}
		*row = (struct takt_index_row){
			.offset = offset + at,
			.seq = header.seq,
			.position = header.position,
			.first_cycle = header.first_cycle,
			.last_cycle = header.last_cycle,
			.first_mono_ns = header.first_mono_ns,
			.last_mono_ns = header.last_mono_ns,
			.stream = header.stream,
			.used_bytes = header.used_bytes,
			.record_count = header.record_count,
			.type = header.type,
		};
		index->row_count++;
		at += takt_chunk_span(header.used_bytes);
	}
}

/* Rows before @written, at most as many as a chunk holds. */
static uint32_t count_written(const struct takt_index *index, uint64_t written)
{
	uint32_t count = 0;

	while (count < index->row_count && count < TAKT_INDEX_ROWS &&
	       index->rows[count].offset < written) {
		count++;
	}
	return count;
}

bool takt_index_is_due(const struct takt_index *index, uint64_t written)
{
	return !index->is_lost && index->row_count > 0 &&
	       ((written > index->from && written - index->from >= TAKT_INDEX_EVERY_BYTES) ||
		(index->row_count >= TAKT_INDEX_ROWS &&
		 index->rows[TAKT_INDEX_ROWS - 1].offset < written));
}

static void sign(struct takt_chunk *header, const struct takt_segment *segment)
{
	header->magic = TAKT_CHUNK_MAGIC;
	header->version = TAKT_CHUNK_VERSION;
	header->type = TAKT_CHUNK_INDEX;
	header->salt = segment->salt;
	header->run = segment->block->run;
	header->payload_crc = takt_crc32c(0, header + 1, header->used_bytes);
	header->header_crc = takt_crc32c(0, header, offsetof(struct takt_chunk, header_crc));
}

uint32_t takt_index_take(struct takt_index *index, const struct takt_segment *segment,
			 uint64_t written, uint64_t offset, void *buffer)
{
	const uint32_t count = index->is_lost ? 0 : count_written(index, written);
	const struct takt_index_row *rows = index->rows;
	struct takt_chunk *header = buffer;
	struct takt_index_head head;

	if (count == 0) {
		return 0;
	}
	head = (struct takt_index_head){
		.from = index->from,
		.to = count < index->row_count && rows[count].offset < written ? rows[count].offset
									      : written,
		.previous = index->previous,
		.row_count = count,
		.row_bytes = sizeof(*rows),
	};
	memset(buffer, 0, TAKT_INDEX_SPAN_MAX);
	header->seq = index->number;
	header->record_count = count;
	header->used_bytes = (uint32_t)(sizeof(head) + count * sizeof(*rows));
	header->first_cycle = rows[0].first_cycle;
	header->last_cycle = rows[count - 1].last_cycle;
	header->first_mono_ns = rows[0].first_mono_ns;
	header->last_mono_ns = rows[count - 1].last_mono_ns;
	header->index_offset = index->previous;
	memcpy(header + 1, &head, sizeof(head));
	memcpy((char *)(header + 1) + sizeof(head), rows, count * sizeof(*rows));
	sign(header, segment);
	index->row_count -= count;
	memmove(index->rows, rows + count, index->row_count * sizeof(*rows));
	index->from = head.to;
	index->previous = offset;
	index->number++;
	return (uint32_t)takt_chunk_span(header->used_bytes);
}

void takt_index_close(struct takt_index *index, struct takt_segment *segment, uint64_t *end_offset)
{
	const uint64_t written = *end_offset;
	uint64_t end = written, newest = index->previous;
	void *buffer = aligned_alloc(TAKT_BLOCK_BYTES, TAKT_INDEX_SPAN_MAX);
	bool is_new = false;
	uint32_t bytes;
	int r = buffer ? 0 : -1;

	while (r == 0 && (bytes = takt_index_take(index, segment, written, end, buffer)) > 0) {
		r = takt_segment_put(segment, buffer, bytes, end);
		newest = end;
		end += bytes;
		is_new = true;
	}
	free(buffer);
	TAKT_TEST_POINT("segment_index");
	/* The superblock must not name what a power cut can take away. */
	if (r < 0 || (is_new && fdatasync(segment->fd) < 0)) {
		return;
	}
	segment->block->index_offset = newest;
	*end_offset = end;
}
