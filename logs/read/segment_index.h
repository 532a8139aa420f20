/* SPDX-License-Identifier: Apache-2.0 */
/* The index chunks of a segment: where they are, and the rows in them. A hint: whatever is wrong with them
 * is no damage, headers are then looked at one after the other. */
#ifndef TAKT_LOGS_READ_SEGMENT_INDEX_H
#define TAKT_LOGS_READ_SEGMENT_INDEX_H

#include "logs/read/segment.h"

struct takt_log_index_span {		/* an index chunk that can be believed: */
	uint64_t from;			/* the part of the file that it speaks of */
	uint64_t to;
	uint64_t offset;		/* of its header */
	uint32_t used_bytes;
	uint32_t payload_crc;
};

/* Find the index chunks of @segment up to @limit: from the one that a clean superblock names, else from the
 * one that the last chunk names. None is an answer, too. Returns 0, -ENOMEM.  [bg] */
int takt_log_segment_find_index(struct takt_log_segment *segment, uint64_t limit);

/* The span that begins at @offset, NULL when none does.  [any] */
const struct takt_log_index_span *takt_log_segment_span_at(const struct takt_log_segment *segment,
							   uint64_t offset);

/* Call @visit for the chunks of @span. Returns 1, 0 when its rows can't be used (before any visit), what
 * @visit returned when negative, -ENOMEM.  [bg] */
int takt_log_segment_visit_span(struct takt_log_segment *segment,
				const struct takt_log_index_span *span,
				takt_log_chunk_visit *visit, void *user);

#endif
