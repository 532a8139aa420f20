/* SPDX-License-Identifier: Apache-2.0 */
/* A producer that goes on where a dead one stopped. Everything it needs stands in the ring: the last chunk's
 * header says the number, and is still there, because nothing was put behind it. */
#include <errno.h>
#include <string.h>

#include "rt/shm/stream.h"

static bool is_ours(const struct takt_stream_view *view, const struct takt_chunk *chunk, uint64_t position)
{
	return chunk->magic == TAKT_CHUNK_MAGIC && chunk->version == TAKT_CHUNK_VERSION &&
	       (chunk->type == view->type || chunk->type == TAKT_CHUNK_SKIP) &&
	       chunk->stream == view->number && chunk->run == view->run && chunk->position == position;
}

static void copy_header(const struct takt_stream_view *view, uint64_t position, struct takt_chunk *ret_chunk)
{
	memcpy(ret_chunk, view->ring + position % view->ring_bytes, sizeof(*ret_chunk));
}

/* The number of the chunk that comes at @sealed. */
static int find_seq(const struct takt_stream_view *view, uint64_t sealed, uint64_t *ret_seq)
{
	const uint64_t oldest = sealed > view->ring_bytes ? sealed - view->ring_bytes : 0;
	struct takt_chunk chunk;

	if (sealed == 0) {
		*ret_seq = 0;
		return 0;
	}
	for (uint64_t at = sealed; at > oldest; at -= TAKT_BLOCK_BYTES) {
		copy_header(view, at - TAKT_BLOCK_BYTES, &chunk);
		if (is_ours(view, &chunk, at - TAKT_BLOCK_BYTES)) {
			/* A SKIP header has the number of what follows. */
			*ret_seq = chunk.type == TAKT_CHUNK_SKIP ? chunk.seq : chunk.seq + 1;
			return 0;
		}
	}
	return -EBADMSG;
}

/* Count the records of the open chunk; false when there is no such chunk. */
static bool adopt_open_chunk(struct takt_stream *stream, const struct takt_stream_view *view,
			     const struct takt_stream_positions *p)
{
	const uint64_t used = p->committed - p->sealed;
	const char *at = view->ring + p->sealed % view->ring_bytes;
	struct takt_record record;
	struct takt_chunk chunk;

	if (p->committed <= p->sealed || used <= sizeof(chunk) ||
	    used > view->ring_bytes - p->sealed % view->ring_bytes || used > stream->chunk_bytes_max) {
		return false;
	}
	memcpy(&chunk, at, sizeof(chunk));
	if (!is_ours(view, &chunk, p->sealed) || chunk.type == TAKT_CHUNK_SKIP || chunk.seq != stream->seq) {
		return false;
	}
	for (uint64_t done = sizeof(chunk); done < used; done += record.bytes) {
		if (used - done < sizeof(record)) {
			return false;
		}
		memcpy(&record, at + done, sizeof(record));
		if (record.bytes < sizeof(record) || record.bytes % 8 != 0 || record.bytes > used - done) {
			return false;
		}
		if (stream->record_count++ == 0) {
			stream->first_cycle = record.cycle;
			stream->first_mono_ns = record.mono_ns;
		}
		stream->last_cycle = record.cycle;
		stream->last_mono_ns = record.mono_ns;
	}
	return true;
}

int takt_stream_resume(struct takt_stream *stream, struct takt_stream_shared *shared,
		       const struct takt_stream_view *view)
{
	struct takt_stream_positions p;
	int r = takt_stream_positions(view, &p);

	if (r == 0 && (p.sealed > INT64_MAX || view->ring_bytes % TAKT_BLOCK_BYTES != 0)) {
		r = -EBADMSG;
	}
	if (r < 0) {
		return r;
	}
	*stream = (struct takt_stream){
		.shared = shared,
		.ring = (char *)(uintptr_t)view->ring,
		.ring_bytes = view->ring_bytes,
		.run = view->run,
		.number = view->number,
		.type = view->type,
		.chunk_bytes_max = (uint32_t)(view->ring_bytes / TAKT_STREAM_RING_FACTOR),
		.begin = p.sealed,
		.cursor = p.sealed,
		.released = p.released,
	};
	r = find_seq(view, p.sealed, &stream->seq);
	if (r < 0) {
		return r;
	}
	if (adopt_open_chunk(stream, view, &p)) {
		stream->open = true;
		stream->cursor = p.committed;
		takt_stream_seal(stream);
	}
	stream->record_count = 0;
	return 0;
}
