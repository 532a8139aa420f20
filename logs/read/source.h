/* SPDX-License-Identifier: Apache-2.0 */
/* One stream as a cursor reads it: a place (number of a chunk, byte in its records) and a copy of
 * that chunk, or of the part of it that was committed when last looked at. Chunks come from the
 * files; of a live run also from the arena, and may move from there to the files under the cursor.
 */
#ifndef TAKT_LOGS_READ_SOURCE_H
#define TAKT_LOGS_READ_SOURCE_H

#include "logs/read/handle.h"
#include "rt/shm/record.h"

struct takt_log_source {
	char *bytes;			/* records of the chunk */
	uint32_t capacity;
	uint32_t used_bytes;
	uint32_t offset;		/* of the next record */
	uint64_t seq;			/* of the chunk in `bytes`, or the next one */
	uint64_t position;		/* in the arena: of that chunk, where it is looked for */
	uint32_t number;
	bool carried;			/* `bytes` is all there is: of segments that were deleted */
	bool wanted;			/* the filter takes records of this kind of stream */
	bool loaded;			/* `bytes` holds chunk `seq` up to used_bytes */
	bool open;			/* and more of it may come */
	bool anywhere;			/* take the oldest chunk; what was before is not missed */
	bool faulty;			/* a bad record of this chunk was reported */
	bool done;			/* passed the filter's end */
};

/* Go before chunk @at of the stream's index, or behind the last; 0: before all there is.  [bg] */
void takt_log_source_stand(const struct takt_log *log, struct takt_log_source *source, size_t at);

/* Make sure that the source has its next record at hand; bad chunks are reported and passed.
 * Returns 1, 0 when there is none (yet), -errno.  [bg] */
int takt_log_source_find(struct takt_log *log, struct takt_log_source *source);

/* The record at hand; its length was checked, its contents were not. Lent until the next find.
 * [bg] */
const struct takt_record *takt_log_source_head(const struct takt_log_source *source);

/* Report that the @bytes from the source's offset on make no sense, once a chunk.  [bg] */
void takt_log_source_report(struct takt_log *log, struct takt_log_source *source, uint32_t bytes);

#endif
