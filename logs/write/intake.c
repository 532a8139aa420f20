/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/intake.h"

#include <errno.h>
#include <string.h>

#include "rt/base/crc32c.h"
#include "rt/base/testpoint.h"

#define INCREDIBLE_LOOKS_MAX 500u	/* about a second */

static bool is_aligned(uint64_t position)
{
	return position % TAKT_BLOCK_BYTES == 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_position(uint64_t position)
{
	return is_aligned(position) && position <= INT64_MAX;	/* sums do not wrap */
}

/* Begin at what is said to be released before @sealed, where that is possible, else at the oldest byte that
 * the ring can hold. */
static void begin_before(struct takt_intake *intake, uint64_t sealed)
{
	const uint64_t ring_bytes = intake->view.ring_bytes;
	/* Partner of our predecessor's release store. */
	uint64_t released = atomic_load_explicit(&intake->view.shared->released, memory_order_acquire);

	if (!is_position(sealed)) {
		sealed = 0;
	}
	if (released > sealed || sealed - released > ring_bytes || !is_position(released)) {
		released = sealed > ring_bytes ? sealed - ring_bytes : 0;
		intake->broken++;
	}
	intake->next = intake->released = intake->sealed = intake->committed = released;
	intake->knows_seq = intake->knows_released_seq = released == 0;
	intake->next_seq = intake->released_seq = 0;
}

void takt_intake_init(struct takt_intake *intake, const struct takt_stream_view *view,
		      _Atomic uint64_t *shared_released)
{
	memset(intake, 0, sizeof(*intake));
	intake->view = *view;
	intake->shared_released = shared_released;
	intake->chunk_span_max = least(takt_chunk_span(view->shared->chunk_bytes_max), view->ring_bytes);
	intake->stop_at = UINT64_MAX;
	begin_before(intake, atomic_load_explicit(&view->shared->sealed, memory_order_acquire));
}

static bool is_credible(const struct takt_intake *intake, uint64_t sealed)
{
	return sealed >= intake->sealed && is_position(sealed) &&
	       sealed - intake->released <= intake->view.ring_bytes;
}

/* Impossible positions may be put right by the producer's next seal. When they stay, the producer has gone on
 * past what we know (somebody else wrote `released`): what is between is lost. */
static void wait_out(struct takt_intake *intake, uint64_t sealed, bool ended)
{
	intake->broken += intake->incredible_looks == 0;
	intake->incredible_looks++;
	if (is_position(sealed) && intake->next >= intake->sealed &&
	    (ended || intake->incredible_looks > INCREDIBLE_LOOKS_MAX)) {
		begin_before(intake, sealed);
		intake->incredible_looks = 0;
	}
}

void takt_intake_look(struct takt_intake *intake, bool ended)
{
	const struct takt_stream_shared *shared = intake->view.shared;
	/* Partners: the producer's release stores; chunks before `sealed` are final. */
	uint64_t sealed = atomic_load_explicit(&shared->sealed, memory_order_acquire);
	uint64_t committed = atomic_load_explicit(&shared->committed, memory_order_acquire);

	if (!is_credible(intake, sealed)) {
		wait_out(intake, sealed, ended);
	}
	if (!is_credible(intake, sealed)) {
		return;
	}
	intake->incredible_looks = 0;
	intake->sealed = sealed < intake->stop_at ? sealed : intake->stop_at;
	/* While the producer lives, the header of its open chunk is none of our business. */
	intake->committed = intake->sealed;
	if (ended && !intake->has_no_open_chunk && sealed == intake->sealed && committed > sealed &&
	    committed - sealed <= intake->view.ring_bytes && committed % 8 == 0) {
		intake->committed = committed;
	}
}

uint64_t takt_intake_pending_bytes(const struct takt_intake *intake)
{
	return intake->next < intake->sealed ? intake->sealed - intake->next
	       : intake->committed > intake->next ? intake->committed - intake->next
						  : 0;
}

uint64_t takt_intake_held_bytes(const struct takt_intake *intake)
{
	return intake->sealed - intake->released;
}

/* What the records of a chunk say, walked from its start. */
struct walk {
	uint32_t used_bytes;
	uint32_t record_count;
	uint64_t first_cycle;
	uint64_t last_cycle;
	uint64_t first_mono_ns;
	uint64_t last_mono_ns;
};

static void walk_records(const char *records, uint32_t bytes, uint32_t count_max, struct walk *walk)
{
	struct takt_record record;

	memset(walk, 0, sizeof(*walk));
	while (walk->record_count < count_max && bytes - walk->used_bytes >= sizeof(record)) {
		memcpy(&record, records + walk->used_bytes, sizeof(record));
		if (record.bytes < sizeof(record) || record.bytes % 8 != 0 ||
		    record.bytes > bytes - walk->used_bytes) {
			break;
		}
		if (walk->record_count == 0) {
			walk->first_cycle = record.cycle;
			walk->first_mono_ns = record.mono_ns;
		}
		walk->last_cycle = record.cycle;
		walk->last_mono_ns = record.mono_ns;
		walk->used_bytes += record.bytes;
		walk->record_count++;
	}
}

/* Live readers look at headers while we fill in what is ours: word by word, only what differs. */
static void store_header(char *to, const struct takt_chunk *header)
{
	_Atomic uint64_t *words = (_Atomic uint64_t *)(void *)to;
	uint64_t from[sizeof(*header) / 8];

	memcpy(from, header, sizeof(from));
	for (uint32_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		if (atomic_load_explicit(&words[i], memory_order_relaxed) != from[i]) {
			atomic_store_explicit(&words[i], from[i], memory_order_relaxed);
		}
	}
}

static char *chunk_at(const struct takt_intake *intake, uint64_t position)
{
	return (char *)(uintptr_t)(intake->view.ring + position % intake->view.ring_bytes);
}

/* Make the chunk at @place ready for the disk, with at most @count_max records. Returns false when no record
 * of it is whole. */
static bool finish_chunk(struct takt_intake *intake, struct takt_chunk_place *place,
			 uint32_t count_max, uint64_t salt)
{
	char *at = chunk_at(intake, place->position);
	struct takt_chunk header;
	struct walk walk;

	memcpy(&header, at, sizeof(header));
	walk_records(at + TAKT_CHUNK_HEADER_BYTES, place->used_bytes, count_max, &walk);
	if (count_max != UINT32_MAX || walk.used_bytes != place->used_bytes ||
	    (intake->knows_seq && place->seq != intake->next_seq) ||
	    (!place->open && header.record_count != walk.record_count)) {
		intake->broken++;
	}
	if (walk.record_count == 0) {
		return false;
	}
	TAKT_TEST_POINT("writer_before_crc");
	place->seq = intake->knows_seq ? intake->next_seq : place->seq;
	place->used_bytes = walk.used_bytes;
	header.salt = salt;
	header.index_offset = intake->index_offset;
	header.seq = place->seq;
	header.used_bytes = walk.used_bytes;
	header.record_count = walk.record_count;
	header.first_cycle = walk.first_cycle;
	header.last_cycle = walk.last_cycle;
	header.first_mono_ns = walk.first_mono_ns;
	header.last_mono_ns = walk.last_mono_ns;
	header.payload_crc = takt_crc32c(0, at + TAKT_CHUNK_HEADER_BYTES, walk.used_bytes);
	header.header_crc = takt_crc32c(0, &header, offsetof(struct takt_chunk, header_crc));
	store_header(at, &header);
	TAKT_TEST_POINT("writer_after_crc");
	return true;
}

/* The chunk at `next`. Returns 1, 0 when there is none yet, -EBADMSG when what stands there is none. */
static int find_at(const struct takt_intake *intake, uint64_t position,
		   struct takt_chunk_place *ret_place)
{
	const struct takt_stream_positions positions = {
		.released = intake->released, .sealed = intake->sealed, .committed = intake->committed,
	};
	const int r = takt_stream_find_chunk(&intake->view, &positions, position, ret_place);

	return r == 1 && takt_chunk_span(ret_place->used_bytes) > intake->chunk_span_max ? -EBADMSG : r;
}

static bool is_header_of(const struct takt_intake *intake, const struct takt_chunk *header,
			 uint64_t position)
{
	return header->magic == TAKT_CHUNK_MAGIC && header->type == intake->view.type &&
	       header->stream == intake->view.number && header->run == intake->view.run &&
	       header->position == position && header->record_count > 0;
}

/* There is no whole chunk at `next`. When the header there still names its records, they are taken as far as
 * they are whole; the place reaches up to the next chunk. Else the next chunk it is. Returns 1 and the place
 * with at most *@ret_count records, or 0. */
static int find_beyond_damage(struct takt_intake *intake, struct takt_chunk_place *ret_place,
			      uint32_t *ret_count)
{
	const uint64_t begin = intake->next, ring_bytes = intake->view.ring_bytes;
	uint64_t end = begin + TAKT_BLOCK_BYTES;
	struct takt_chunk header;
	uint64_t room;

	while (end < intake->sealed && find_at(intake, end, ret_place) != 1) {
		end += TAKT_BLOCK_BYTES;
	}
	memcpy(&header, chunk_at(intake, begin), sizeof(header));
	if (is_header_of(intake, &header, begin)) {
		room = least(least(end - begin, ring_bytes - begin % ring_bytes),
			     intake->chunk_span_max);
		*ret_place = (struct takt_chunk_place){
			.position = begin, .next = end, .seq = header.seq,
			.used_bytes = (uint32_t)(room - TAKT_CHUNK_HEADER_BYTES),
		};
		*ret_count = header.record_count;
		return 1;
	}
	intake->broken++;
	intake->knows_seq = false;
	intake->next = end < intake->sealed ? ret_place->position : intake->sealed;
	return end < intake->sealed;
}

/* Find the next chunk, to be put behind @span. Returns 1; 0 when there is none, or none that may stand in one
 * write with @span; -ENOSPC when it is the first and larger than @room. */
static int find_next(struct takt_intake *intake, const struct takt_span *span, uint64_t bytes_max,
		     uint64_t room, struct takt_chunk_place *ret_place, uint32_t *ret_count)
{
	int r = find_at(intake, intake->next, ret_place);
	uint64_t bytes;

	*ret_count = UINT32_MAX;
	if (span->chunk_count > 0) {
		bytes = span->bytes + (r == 1 ? takt_chunk_span(ret_place->used_bytes) : 0);
		return r == 1 && ret_place->position == span->end &&
		       span->end % intake->view.ring_bytes != 0 && bytes <= least(bytes_max, room);
	}
	if (r < 0) {
		r = find_beyond_damage(intake, ret_place, ret_count);
	}
	if (r == 0 && intake->next < intake->sealed) {
		intake->next = intake->sealed;	/* only the ring's unused rest was left */
	} else if (r == 0 && intake->committed > intake->next) {
		intake->committed = intake->sealed;	/* a dead producer's open chunk that is none */
		intake->has_no_open_chunk = true;
		intake->broken++;
	}
	return r == 1 && takt_chunk_span(ret_place->used_bytes) > room ? -ENOSPC : r;
}

int takt_intake_take(struct takt_intake *intake, uint64_t salt, uint64_t bytes_max, uint64_t room,
		     struct takt_span *ret_span)
{
	struct takt_span span = { 0 };
	struct takt_chunk_place place;
	uint32_t count;
	int r;

	for (;;) {
		r = find_next(intake, &span, bytes_max, room, &place, &count);
		if (r <= 0) {
			break;
		}
		intake->next = place.next;
		if (!finish_chunk(intake, &place, count, salt)) {
			intake->knows_seq = false;
			if (span.chunk_count > 0) {
				break;
			}
			continue;
		}
		if (span.chunk_count == 0) {
			span.buffer = chunk_at(intake, place.position);
			span.begin = place.position;
		}
		span.bytes += takt_chunk_span(place.used_bytes);
		span.chunk_count++;
		span.end = place.next;
		span.end_seq = intake->next_seq = place.seq + 1;
		intake->knows_seq = true;
		if (span.end - span.begin != span.bytes) {
			break;		/* cut: what follows is not adjacent */
		}
	}
	if (span.chunk_count == 0) {
		return r;
	}
	*ret_span = span;
	return 1;
}

void takt_intake_release(struct takt_intake *intake, uint64_t position, uint64_t seq)
{
	if (position > intake->sealed) {	/* the open chunk of a dead producer: never released */
		position = intake->sealed;
		seq--;
	}
	if (position > intake->released) {
		intake->released = position;
		intake->released_seq = seq;
		intake->knows_released_seq = true;
		TAKT_TEST_POINT("writer_before_release");
		/* Partner: the producer's acquire load before it overwrites. */
		atomic_store_explicit(intake->shared_released, position, memory_order_release);
		TAKT_TEST_POINT("writer_after_release");
	}
}

void takt_intake_rewind(struct takt_intake *intake)
{
	intake->next = intake->released;
	intake->next_seq = intake->released_seq;
	intake->knows_seq = intake->knows_released_seq;
}
