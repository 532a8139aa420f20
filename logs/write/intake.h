/* SPDX-License-Identifier: Apache-2.0 */
/* One stream on its way to disk: takes sealed chunks out of the ring in order, checks them, fills in salt
 * and checksums, and hands out spans to write. Says how far the producer may overwrite.
 *
 * Believes nothing: positions and headers are checked, records are walked. A chunk whose records do not add
 * up is cut to those that do; where no chunk can be made out, the next one is searched at 4 KiB steps. Both
 * are counted. Nothing that was not committed is written. */
#ifndef TAKT_LOGS_WRITE_INTAKE_H
#define TAKT_LOGS_WRITE_INTAKE_H

#include "rt/base/tags.h"
#include "rt/shm/stream.h"

struct takt_intake {
	struct takt_stream_view view;
	_Atomic uint64_t *shared_released;
	uint64_t next;			/* position of the next chunk to take */
	uint64_t next_seq;		/* its number, when known */
	bool knows_seq;
	uint64_t released;		/* as published */
	uint64_t released_seq;
	bool knows_released_seq;
	uint64_t sealed;		/* last credible value; taken chunks lie before it */
	uint64_t committed;		/* == sealed until `ended` */
	uint64_t index_offset;		/* for the headers of chunks that are taken */
	uint64_t stop_at;		/* nothing at or behind it is taken; UINT64_MAX: no end */
	uint64_t chunk_span_max;
	uint64_t broken;		/* damaged places so far */
	uint32_t incredible_looks;	/* in a row that found impossible positions */
	bool has_no_open_chunk;		/* what is committed behind `sealed` is no chunk */
};

/* Adjacent in the ring, and so in the file. */
struct takt_span {
	const char *buffer;
	uint64_t bytes;
	uint64_t begin;			/* position */
	uint64_t end;			/* position behind it */
	uint64_t end_seq;
	uint32_t chunk_count;
};

/* Start at what the shared region says is released. Impossible positions count as damage; what can be found
 * in the ring is then taken.  [setup] */
TAKT_SETUP void takt_intake_init(struct takt_intake *intake, const struct takt_stream_view *view,
				 _Atomic uint64_t *shared_released);

/* Look at the producer's positions. @ended: it is dead, and its open chunk may be taken as well.
 * [writer] */
TAKT_BG void takt_intake_look(struct takt_intake *intake, bool ended);

/* Bytes that are sealed and not taken; that are not released. As of the last look.  [writer] */
TAKT_BG uint64_t takt_intake_pending_bytes(const struct takt_intake *intake);
TAKT_BG uint64_t takt_intake_held_bytes(const struct takt_intake *intake);

/* Take chunks of together at most @bytes_max (a larger single one is taken whole) and @room, for the segment
 * with @salt. Returns 1 and the span, 0 when there is nothing, -ENOSPC when the next chunk does not fit in
 * @room.  [writer] */
TAKT_BG int takt_intake_take(struct takt_intake *intake, uint64_t salt, uint64_t bytes_max,
			     uint64_t room, struct takt_span *ret_span);

/* The producer may overwrite what is before @position: it is on stable storage.  [writer] */
TAKT_BG void takt_intake_release(struct takt_intake *intake, uint64_t position, uint64_t seq);

/* Begin again at what is released. Nothing may be in flight.  [writer] */
TAKT_BG void takt_intake_rewind(struct takt_intake *intake);

#endif
