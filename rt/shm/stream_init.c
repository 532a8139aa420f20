/* SPDX-License-Identifier: Apache-2.0 */
/* Making a stream. Apart from stream.c, whose object is held to the rules of real-time code. */
#include <string.h>

#include "rt/base/round.h"
#include "rt/msg/catalog.h"
#include "rt/shm/stream.h"

#define RING_UNIT 65536u

static uint32_t chunk_bytes_max(uint32_t record_bytes_max)
{
	const uint64_t one = takt_chunk_span(record_bytes_max);

	return one > TAKT_STREAM_CHUNK_BYTES ? (uint32_t)one : TAKT_STREAM_CHUNK_BYTES;
}

uint64_t takt_stream_ring_bytes_min(uint32_t record_bytes_max)
{
	return takt_round_up(TAKT_STREAM_RING_FACTOR * takt_chunk_span(record_bytes_max), RING_UNIT);
}

void takt_stream_shared_init(struct takt_stream_shared *shared, uint32_t kind, const char *name,
			     uint64_t arena_offset, uint64_t ring_bytes, uint32_t record_bytes_max)
{
	TAKT_CHECK(ring_bytes % RING_UNIT == 0);
	TAKT_CHECK(ring_bytes >= takt_stream_ring_bytes_min(record_bytes_max));
	shared->kind = kind;
	shared->arena_offset = arena_offset;
	shared->ring_bytes = ring_bytes;
	shared->record_bytes_max = record_bytes_max;
	shared->chunk_bytes_max = chunk_bytes_max(record_bytes_max);
	if (shared->chunk_bytes_max > ring_bytes / TAKT_STREAM_RING_FACTOR) {
		shared->chunk_bytes_max = (uint32_t)(ring_bytes / TAKT_STREAM_RING_FACTOR);
	}
	memccpy(shared->name, name, 0, sizeof(shared->name) - 1);
}

static uint16_t chunk_type(uint32_t stream_kind)
{
	return stream_kind == TAKT_STREAM_COPPERLISTS ? TAKT_CHUNK_COPPERLISTS : TAKT_CHUNK_EVENTS;
}

void takt_stream_init(struct takt_stream *stream, struct takt_stream_shared *shared, char *arena,
		      uint32_t number, uint64_t run)
{
	*stream = (struct takt_stream){
		.shared = shared,
		.ring = arena + shared->arena_offset,
		.ring_bytes = shared->ring_bytes,
		.run = run,
		.number = number,
		.type = chunk_type(shared->kind),
		.chunk_bytes_max = shared->chunk_bytes_max,
	};
}
