/* SPDX-License-Identifier: Apache-2.0 */
/* A stream: one contiguous byte ring with one producer, in the arena.
 *
 * Positions are u64 byte counts that never wrap; ring offset = position % ring_bytes. The producer owns
 * `committed` (records before it are whole) and `sealed` (chunks before it are finished), taktd owns
 * `released` (bytes before it are on stable storage and may be overwritten). Always released <= sealed,
 * and when committed > sealed the chunk at `sealed` is open and holds records up to `committed`.
 * A reservation never wraps: where a chunk would not fit before the ring's end, a SKIP header says so. */
#ifndef TAKT_SHM_STREAM_H
#define TAKT_SHM_STREAM_H

#include <stdatomic.h>

#include "rt/base/tags.h"
#include "rt/shm/chunk.h"
#include "rt/shm/record.h"

#define TAKT_STREAM_CHUNK_BYTES (1u << 20)	/* a chunk is sealed when the next record might pass it */
#define TAKT_STREAM_RING_FACTOR 4u		/* a ring holds at least this many of the largest chunk */

struct takt_stream_shared {
	uint32_t kind;			/* enum takt_stream_kind; constant from here … */
	uint32_t reserved0;
	uint64_t arena_offset;
	uint64_t ring_bytes;
	uint32_t record_bytes_max;
	uint32_t chunk_bytes_max;
	char name[64];
	uint8_t pad0[128 - 96];		/* … to here */
	_Atomic uint64_t committed;	/* writer: the producer, release; readers: acquire */
	_Atomic uint64_t sealed;	/* likewise */
	uint8_t pad1[128 - 16];
	_Atomic uint64_t released;	/* writer: taktd, release; reader: the producer, acquire */
	uint8_t pad2[128 - 8];
};
static_assert(sizeof(struct takt_stream_shared) == 384, "stream");

/* The producer's private side; nothing here is read back from shared memory but `released`. */
struct takt_stream {
	struct takt_stream_shared *shared;
	char *ring;
	uint64_t ring_bytes;
	uint64_t run;
	uint32_t number;
	uint16_t type;			/* enum takt_chunk_type */
	bool open;			/* a chunk is open at `begin` */
	uint32_t chunk_bytes_max;
	uint32_t record_count;
	uint64_t begin;
	uint64_t cursor;		/* next byte; == begin when no chunk is open */
	uint64_t released;		/* last credible value */
	uint64_t seq;
	uint64_t first_cycle;
	uint64_t last_cycle;
	uint64_t first_mono_ns;
	uint64_t last_mono_ns;
	uint64_t distrusted;		/* impossible values of `released` that were ignored */
	_Atomic bool dead;		/* the ring's memory is gone (SIGBUS): nothing is recorded any more */
};

/* Smallest ring for records of at most @record_bytes_max; multiple of 64 KiB. */
uint64_t takt_stream_ring_bytes_min(uint32_t record_bytes_max);

/* Fill the constant part of @shared. @ring_bytes: multiple of 64 KiB, at least the minimum. [setup] */
TAKT_SETUP void takt_stream_shared_init(struct takt_stream_shared *shared, uint32_t kind,
					const char *name, uint64_t arena_offset,
					uint64_t ring_bytes, uint32_t record_bytes_max);

/* Producer side over a fresh @shared; @arena (kept) is the mapping's start.  [setup] */
TAKT_SETUP void takt_stream_init(struct takt_stream *stream, struct takt_stream_shared *shared,
				 char *arena, uint32_t number, uint64_t run);

/* Room for one record of at most @bytes (<= record_bytes_max), contiguous and 8-aligned, or NULL when
 * the ring is full. May seal the open chunk. Nothing is published.  [RT, producer only] */
TAKT_RT void *takt_stream_reserve(struct takt_stream *stream, uint32_t bytes);

/* Fetch the memory of the next reservation of @bytes, or its begin, into this CPU's caches: the ring's last
 * lap is long out of them. A hint, of about 3 ns a cache line.  [RT, producer only] */
TAKT_RT void takt_stream_prefetch(const struct takt_stream *stream, uint32_t bytes);

/* True when more than @bytes of the ring are free, as far as known.  [RT, producer only] */
TAKT_RT bool takt_stream_has_room(struct takt_stream *stream, uint64_t bytes);

/* Publish the record at the last reservation, @record->bytes long (multiple of 8, <= reserved). @record is
 * memory of ours with the same head: others may scribble on what lies in the ring.
 * [RT, producer only] */
TAKT_RT void takt_stream_commit(struct takt_stream *stream, const struct takt_record *record);

/* Finish the open chunk, if any, so that taktd may write it.  [RT, producer only] */
TAKT_RT void takt_stream_seal(struct takt_stream *stream);

/* True when a record of @bytes would not fit in the open chunk: seal now rather than later. */
TAKT_RT static inline bool takt_stream_is_full(const struct takt_stream *stream, uint32_t bytes)
{
	return stream->open && stream->cursor - stream->begin + bytes > stream->chunk_bytes_max;
}

/* --- the consumers' side: taktd and readers; believes nothing --------------------------------- */

struct takt_stream_view {
	const struct takt_stream_shared *shared;
	const char *ring;		/* borrowed mapping */
	uint64_t ring_bytes;
	uint64_t run;
	uint32_t number;
	uint16_t type;
};

struct takt_stream_positions {
	uint64_t released;
	uint64_t sealed;
	uint64_t committed;
};

struct takt_chunk_place {
	uint64_t position;		/* of the header */
	uint64_t next;			/* position behind the chunk */
	uint64_t seq;
	uint32_t used_bytes;
	bool open;			/* not sealed: used_bytes follows from `committed` */
};

/* Producer side of a stream that a process produced before which is gone: goes on behind what that one had
 * committed, with the next number; a chunk that it left open is sealed. @view (of @shared) lends a mapping that
 * can be written. Returns 0, or -EBADMSG when what stands there does not add up: then nothing may be put.
 * [setup] */
TAKT_SETUP int takt_stream_resume(struct takt_stream *stream, struct takt_stream_shared *shared,
				  const struct takt_stream_view *view);

/* Consistent snapshot: released <= sealed, committed read last. -EBADMSG when the values are
 * impossible.  [any] */
TAKT_ANY int takt_stream_positions(const struct takt_stream_view *view,
				   struct takt_stream_positions *ret_positions);

/* The chunk at or (behind a SKIP) after @position, below the snapshot's positions.
 * Returns 1 and the place, 0 when there is none yet, -EBADMSG when what stands there is no chunk of
 * this stream.  [any] */
TAKT_ANY int takt_stream_find_chunk(const struct takt_stream_view *view,
				    const struct takt_stream_positions *positions,
				    uint64_t position, struct takt_chunk_place *ret_place);

/* Copy @bytes from @position out of the ring by relaxed words, then look at `released` again.
 * Returns 0, or -ESTALE when the producer may have overwritten them meanwhile.
 * @position and @bytes: multiples of 8.  [any] */
TAKT_ANY int takt_stream_copy(const struct takt_stream_view *view, uint64_t position, void *out,
			      uint32_t bytes);

#endif
