/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int takt_log_index_grow(struct takt_log_index *index, uint32_t stream_count)
{
	struct takt_log_index_stream *streams;

	if (stream_count <= index->stream_count) {
		return 0;
	}
	streams = realloc(index->streams, stream_count * sizeof(*streams));
	if (!streams) {
		return -ENOMEM;
	}
	memset(streams + index->stream_count, 0,
	       (stream_count - index->stream_count) * sizeof(*streams));
	index->streams = streams;
	index->stream_count = stream_count;
	return 0;
}

void takt_log_index_fini(struct takt_log_index *index)
{
	for (uint32_t i = 0; i < index->stream_count; i++) {
		free(index->streams[i].chunks);
	}
	free(index->streams);
	*index = (struct takt_log_index){ 0 };
}

int takt_log_index_add(struct takt_log_index *index, const struct takt_log_chunk *chunk)
{
	struct takt_log_index_stream *stream = &index->streams[chunk->stream];

	if (stream->chunk_count == stream->chunk_capacity) {
		const size_t capacity = stream->chunk_capacity ? 2 * stream->chunk_capacity : 64;
		struct takt_log_chunk *chunks = realloc(stream->chunks, capacity * sizeof(*chunks));

		if (!chunks) {
			return -ENOMEM;
		}
		stream->chunks = chunks;
		stream->chunk_capacity = capacity;
	}
	stream->chunks[stream->chunk_count++] = *chunk;
	return 0;
}

/* By number; of copies the one in the newer segment first: it was written by one who knew the
 * older. */
static int compare_chunks(const void *a, const void *b)
{
	const struct takt_log_chunk *x = a, *y = b;

	if (x->seq != y->seq) {
		return x->seq < y->seq ? -1 : 1;
	}
	if (x->segment->number != y->segment->number) {
		return x->segment->number > y->segment->number ? -1 : 1;
	}
	return x->offset > y->offset ? -1 : x->offset < y->offset;
}

/* Of the @count copies at @copies, put the one to keep first. Returns 0, -errno. */
static int choose_copy(struct takt_log_chunk *copies, size_t count, takt_log_chunk_check *check,
		       void *user)
{
	for (size_t i = 0; i < count; i++) {
		if (copies[i].state == TAKT_LOG_CHUNK_UNCHECKED) {
			const int r = check(&copies[i], user);

			if (r < 0) {
				return r;
			}
			if (r == 1) {
				copies[i].state = TAKT_LOG_CHUNK_GOOD;
			}
		}
		if (copies[i].state == TAKT_LOG_CHUNK_GOOD) {
			copies[0] = copies[i];
			return 0;
		}
	}
	for (size_t i = 1; i < count; i++) {
		if (copies[i].state == TAKT_LOG_CHUNK_BAD) {
			copies[0].state = TAKT_LOG_CHUNK_BAD;
		}
	}
	return 0;
}

static bool is_sorted(const struct takt_log_index_stream *stream)
{
	for (size_t i = stream->settled_count ? stream->settled_count : 1; i < stream->chunk_count;
	     i++) {
		if (stream->chunks[i].seq <= stream->chunks[i - 1].seq) {
			return false;
		}
	}
	return true;
}

static int unify(struct takt_log_index_stream *stream, takt_log_chunk_check *check, void *user)
{
	struct takt_log_chunk *chunks = stream->chunks;
	size_t kept = 0;

	qsort(chunks, stream->chunk_count, sizeof(*chunks), compare_chunks);
	for (size_t i = 0, next; i < stream->chunk_count; i = next) {
		next = i + 1;
		while (next < stream->chunk_count && chunks[next].seq == chunks[i].seq) {
			next++;
		}
		if (next - i > 1) {
			const int r = choose_copy(&chunks[i], next - i, check, user);

			if (r < 0) {
				return r;
			}
		}
		chunks[kept++] = chunks[i];
	}
	stream->chunk_count = kept;
	return 0;
}

static void count(struct takt_log_index *index)
{
	index->chunk_count = 0;
	index->record_count = 0;
	for (uint32_t i = 0; i < index->stream_count; i++) {
		struct takt_log_index_stream *stream = &index->streams[i];

		stream->record_count = 0;
		stream->bytes = 0;
		for (size_t j = 0; j < stream->chunk_count; j++) {
			stream->record_count += stream->chunks[j].record_count;
			stream->bytes += stream->chunks[j].used_bytes;
		}
		index->chunk_count += stream->chunk_count;
		index->record_count += stream->record_count;
	}
}

int takt_log_index_settle(struct takt_log_index *index, takt_log_chunk_check *check, void *user)
{
	for (uint32_t i = 0; i < index->stream_count; i++) {
		struct takt_log_index_stream *stream = &index->streams[i];
		int r = 0;

		if (!is_sorted(stream)) {
			r = unify(stream, check, user);
		}
		if (r < 0) {
			return r;
		}
		stream->settled_count = stream->chunk_count;
	}
	count(index);
	return 0;
}

size_t takt_log_index_find(const struct takt_log_index_stream *stream, uint64_t seq)
{
	size_t low = 0, high = stream->chunk_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (stream->chunks[middle].seq < seq) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

size_t takt_log_index_find_cycle(const struct takt_log_index_stream *stream, uint64_t cycle)
{
	size_t low = 0, high = stream->chunk_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (stream->chunks[middle].last_cycle < cycle) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

size_t takt_log_index_find_mono(const struct takt_log_index_stream *stream, uint64_t mono_ns)
{
	size_t low = 0, high = stream->chunk_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (stream->chunks[middle].last_mono_ns < mono_ns) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}
