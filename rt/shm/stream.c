/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/shm/stream.h"

#include <errno.h>
#include <string.h>

#define CACHE_LINE_BYTES 64u
#define PREFETCH_BYTES_MAX 65536u	/* more would push out of the caches what tasks need */

static char *at(const struct takt_stream *stream, uint64_t position)
{
	return stream->ring + position % stream->ring_bytes;
}

/* True when [.., end) may be written. Partner: taktd's release store of `released`. */
static bool is_free(struct takt_stream *stream, uint64_t end)
{
	uint64_t released;

	if (end <= stream->released + stream->ring_bytes) {
		return true;
	}
	released = atomic_load_explicit(&stream->shared->released, memory_order_acquire);
	if (released < stream->released || released > stream->begin) {
		stream->distrusted++;
		return false;
	}
	stream->released = released;
	/* Before the stores that overwrite. Partner: the acquire fence in takt_stream_copy, which then sees
	 * this `released` or a later one. */
	atomic_thread_fence(memory_order_release);
	return end <= released + stream->ring_bytes;
}

static struct takt_chunk *write_header(struct takt_stream *stream, uint64_t position, uint16_t type)
{
	struct takt_chunk *chunk = (struct takt_chunk *)(void *)at(stream, position);

	memset(chunk, 0, sizeof(*chunk));
	chunk->magic = TAKT_CHUNK_MAGIC;
	chunk->version = TAKT_CHUNK_VERSION;
	chunk->type = type;
	chunk->stream = stream->number;
	chunk->run = stream->run;
	chunk->seq = stream->seq;
	chunk->position = position;
	return chunk;
}

static bool open_chunk(struct takt_stream *stream, uint32_t bytes)
{
	const uint64_t room = stream->ring_bytes - stream->cursor % stream->ring_bytes;
	const uint64_t need = (uint64_t)TAKT_CHUNK_HEADER_BYTES + bytes;
	const uint64_t begin = room < need ? stream->cursor + room : stream->cursor;

	if (!is_free(stream, begin + need)) {
		return false;
	}
	if (begin != stream->cursor) {
		write_header(stream, stream->cursor, TAKT_CHUNK_SKIP);
		/* Partner: acquire loads in takt_stream_positions; the SKIP header is readable. */
		atomic_store_explicit(&stream->shared->sealed, begin, memory_order_release);
	}
	write_header(stream, begin, stream->type);
	stream->begin = begin;
	stream->cursor = begin + TAKT_CHUNK_HEADER_BYTES;
	stream->record_count = 0;
	stream->open = true;
	return true;
}

void *takt_stream_reserve(struct takt_stream *stream, uint32_t bytes)
{
	const uint64_t end = stream->cursor - stream->begin + bytes;	/* within the chunk */

	if (atomic_load_explicit(&stream->dead, memory_order_relaxed)) {
		return NULL;
	}
	if (stream->open && (end > stream->chunk_bytes_max ||
			     stream->begin % stream->ring_bytes + end > stream->ring_bytes)) {
		takt_stream_seal(stream);
	}
	if (stream->open && stream->record_count == 0) {
		stream->open = false;	/* opened for a record that was never committed */
		stream->cursor = stream->begin;
	}
	if (!stream->open) {
		return open_chunk(stream, bytes) ? at(stream, stream->cursor) : NULL;
	}
	return is_free(stream, stream->cursor + bytes) ? at(stream, stream->cursor) : NULL;
}

void takt_stream_prefetch(const struct takt_stream *stream, uint32_t bytes)
{
	const uint64_t offset = stream->cursor % stream->ring_bytes;
	const uint64_t begin = stream->ring_bytes - offset < bytes ? 0 : offset;
	const uint32_t most = bytes < PREFETCH_BYTES_MAX ? bytes : PREFETCH_BYTES_MAX;

	for (uint32_t i = 0; i < most; i += CACHE_LINE_BYTES) {
		__builtin_prefetch(stream->ring + begin + i, 1);
	}
}

bool takt_stream_has_room(struct takt_stream *stream, uint64_t bytes)
{
	return is_free(stream, stream->cursor + bytes);
}

void takt_stream_commit(struct takt_stream *stream, const struct takt_record *record)
{
	if (stream->record_count == 0) {
		stream->first_cycle = record->cycle;
		stream->first_mono_ns = record->mono_ns;
	}
	stream->last_cycle = record->cycle;
	stream->last_mono_ns = record->mono_ns;
	stream->record_count++;
	stream->cursor += record->bytes;
	/* Partner: acquire loads in takt_stream_positions; the record's bytes are readable. */
	atomic_store_explicit(&stream->shared->committed, stream->cursor, memory_order_release);
}

void takt_stream_seal(struct takt_stream *stream)
{
	const uint32_t used_bytes =
		(uint32_t)(stream->cursor - stream->begin - TAKT_CHUNK_HEADER_BYTES);
	struct takt_chunk *chunk;

	if (!stream->open || stream->record_count == 0) {
		return;
	}
	chunk = (struct takt_chunk *)(void *)at(stream, stream->begin);
	chunk->used_bytes = used_bytes;
	chunk->record_count = stream->record_count;
	chunk->first_cycle = stream->first_cycle;
	chunk->last_cycle = stream->last_cycle;
	chunk->first_mono_ns = stream->first_mono_ns;
	chunk->last_mono_ns = stream->last_mono_ns;
	stream->cursor = stream->begin + takt_chunk_span(used_bytes);
	stream->begin = stream->cursor;
	stream->open = false;
	stream->seq++;
	/* Partner: acquire loads in takt_stream_positions; the chunk is final. */
	atomic_store_explicit(&stream->shared->sealed, stream->begin, memory_order_release);
}

int takt_stream_positions(const struct takt_stream_view *view,
			  struct takt_stream_positions *ret_positions)
{
	const struct takt_stream_shared *shared = view->shared;
	struct takt_stream_positions p;
	uint64_t again;

	/* Partners: the release stores of producer and taktd. `committed` belongs to the open chunk at
	 * `sealed` only when `sealed` stood still around the load. */
	p.released = atomic_load_explicit(&shared->released, memory_order_acquire);
	p.sealed = atomic_load_explicit(&shared->sealed, memory_order_acquire);
	p.committed = atomic_load_explicit(&shared->committed, memory_order_acquire);
	again = atomic_load_explicit(&shared->sealed, memory_order_acquire);
	if (again != p.sealed) {
		p.sealed = again;
		p.committed = again;
	}
	if (p.sealed > p.released && p.sealed - p.released > view->ring_bytes) {
		/* The ring went round while we stood still. The producer knew a later `released` when it
		 * sealed, so we see that one now; it may have passed what we know as `sealed`. */
		p.released = atomic_load_explicit(&shared->released, memory_order_acquire);
		p.released = p.released < p.sealed ? p.released : p.sealed;
	}
	if (p.released > p.sealed || p.sealed - p.released > view->ring_bytes ||
	    (p.released | p.sealed) % TAKT_BLOCK_BYTES != 0 || p.committed % 8 != 0) {
		return -EBADMSG;
	}
	*ret_positions = p;
	return 0;
}

static bool is_ours(const struct takt_stream_view *view, const struct takt_chunk *chunk,
		    uint64_t position)
{
	return chunk->magic == TAKT_CHUNK_MAGIC && chunk->version == TAKT_CHUNK_VERSION &&
	       (chunk->type == view->type || chunk->type == TAKT_CHUNK_SKIP) &&
	       chunk->stream == view->number && chunk->run == view->run &&
	       chunk->position == position;
}

/* The header at @position, copied. Headers never straddle the ring's end: chunks are 4 KiB-aligned. A
 * lagging reader may race with the producer's next lap; what it copied is then refused by its position. */
__attribute__((no_sanitize("thread")))
static void load_header(const struct takt_stream_view *view, uint64_t position,
			struct takt_chunk *ret_chunk)
{
	const _Atomic uint64_t *from = (const _Atomic uint64_t *)(const void *)(
		view->ring + position % view->ring_bytes);
	uint64_t words[sizeof(*ret_chunk) / 8];

	for (uint32_t i = 0; i < sizeof(words) / 8; i++) {
		words[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
	}
	memcpy(ret_chunk, words, sizeof(words));
}

int takt_stream_find_chunk(const struct takt_stream_view *view,
			   const struct takt_stream_positions *positions, uint64_t position,
			   struct takt_chunk_place *ret_place)
{
	const uint64_t end = positions->sealed;
	struct takt_chunk chunk;
	uint64_t used, room;

	if (position % TAKT_BLOCK_BYTES != 0) {
		return -EBADMSG;
	}
	if (position < end) {
		load_header(view, position, &chunk);
		if (!is_ours(view, &chunk, position)) {
			return -EBADMSG;
		}
		if (chunk.type == TAKT_CHUNK_SKIP) {
			position += view->ring_bytes - position % view->ring_bytes;
		}
	}
	if (position > end || (position == end && positions->committed <= end)) {
		return position > end ? -EBADMSG : 0;
	}
	load_header(view, position, &chunk);
	if (!is_ours(view, &chunk, position) || chunk.type == TAKT_CHUNK_SKIP) {
		/* Behind `sealed` the producer may be between two chunks: not an error there. */
		return position == end ? 0 : -EBADMSG;
	}
	room = view->ring_bytes - position % view->ring_bytes;
	used = position == end ? positions->committed - end - TAKT_CHUNK_HEADER_BYTES
			       : chunk.used_bytes;
	if (used > UINT32_MAX || used > room - TAKT_CHUNK_HEADER_BYTES || used % 8 != 0 || used == 0 ||
	    (position < end && position + takt_chunk_span((uint32_t)used) > end)) {
		return position == end ? 0 : -EBADMSG;
	}
	*ret_place = (struct takt_chunk_place){
		.position = position,
		.next = position + takt_chunk_span((uint32_t)used),
		.seq = chunk.seq,
		.used_bytes = (uint32_t)used,
		.open = position == end,
	};
	return 1;
}

/* Races with the producer's next lap by design: the words may be torn, then `released` says so. */
__attribute__((no_sanitize("thread")))
int takt_stream_copy(const struct takt_stream_view *view, uint64_t position, void *out,
		     uint32_t bytes)
{
	const uint64_t offset = position % view->ring_bytes;
	const _Atomic uint64_t *from =
		(const _Atomic uint64_t *)(const void *)(view->ring + offset);
	char *to = out;

	if (position % 8 != 0 || bytes % 8 != 0 || bytes > view->ring_bytes - offset) {
		return -EINVAL;
	}
	for (uint32_t i = 0; i < bytes / 8; i++) {
		const uint64_t word = atomic_load_explicit(&from[i], memory_order_relaxed);

		memcpy(to + (size_t)i * 8, &word, sizeof(word));
	}
	/* The producer overwrites only what `released` has passed. Partner: the release fence in is_free. */
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&view->shared->released, memory_order_acquire) > position) {
		return -ESTALE;
	}
	return 0;
}
