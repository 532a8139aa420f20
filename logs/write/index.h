/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a segment that is being written: what its chunks are, from when they are taken until an index
 * chunk says it. Form: rt/shm/chunk.h.
 *
 * The memory is bounded. Where it does not suffice, the segment has no further index: readers then look at
 * the headers themselves. */
#ifndef TAKT_LOGS_WRITE_INDEX_H
#define TAKT_LOGS_WRITE_INDEX_H

#include "logs/write/intake.h"
#include "logs/write/segment.h"

#define TAKT_INDEX_ROWS 256u			/* in one chunk at most */
#define TAKT_INDEX_ROWS_KEPT (6u * TAKT_INDEX_ROWS)	/* four writes of 1 MiB of the least chunks, and more */
#define TAKT_INDEX_EVERY_BYTES (64ull << 20)	/* and at least one for this much of the file */
#define TAKT_INDEX_SPAN_MAX 20480u		/* of an index chunk */

struct takt_index {
	uint64_t from;			/* what the next index chunk says begins here */
	uint64_t previous;		/* offset of the newest index chunk; 0: none */
	uint32_t number;		/* of the next one */
	uint32_t row_count;
	bool is_lost;			/* rows are missing: no more of it */
	struct takt_index_row rows[TAKT_INDEX_ROWS_KEPT];
};

/* Of an empty segment.  [writer] */
TAKT_BG void takt_index_begin(struct takt_index *index, const struct takt_segment *segment);

/* Note the chunks of @span, which goes to @offset of @segment. Chunks whose headers are not what the intake
 * left there end the index.  [writer] */
TAKT_BG void takt_index_put(struct takt_index *index, const struct takt_segment *segment,
			    const struct takt_span *span, uint64_t offset);

/* Whether it is time for a chunk; everything before @written is in the file.  [writer] */
TAKT_BG bool takt_index_is_due(const struct takt_index *index, uint64_t written);

/* Make the chunk that goes to @offset out of rows before @written, at most TAKT_INDEX_ROWS of them. @buffer:
 * TAKT_INDEX_SPAN_MAX bytes. Returns the bytes to write; 0 when there is nothing to say.  [writer] */
TAKT_BG uint32_t takt_index_take(struct takt_index *index, const struct takt_segment *segment,
				 uint64_t written, uint64_t offset, void *buffer);

/* Write the rest behind *@end_offset (which moves) of a segment that is about to be closed, and name it in the
 * superblock. Where that fails the segment does without.  [bg] */
TAKT_BG void takt_index_close(struct takt_index *index, struct takt_segment *segment,
			      uint64_t *end_offset);

#endif
