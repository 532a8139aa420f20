/* SPDX-License-Identifier: Apache-2.0 */
/* What is released stays in the ring until the producer comes round again, and that one is gone: the last chunk
 * is found by going back from the end of what was sealed, block by block. */
#include "logs/write/last_record.h"

#include <string.h>

/* The last record of the chunk that was never sealed. */
static bool find_in_open(const struct takt_stream_view *view, const struct takt_stream_positions *positions,
			 struct takt_last_record *ret_last)
{
	struct takt_chunk_place place;
	const char *at;
	bool is_found = false;

	if (positions->committed <= positions->sealed ||
	    takt_stream_find_chunk(view, positions, positions->sealed, &place) != 1 || !place.open) {
		return false;
	}
	at = view->ring + place.position % view->ring_bytes + TAKT_CHUNK_HEADER_BYTES;
	for (uint32_t done = 0; place.used_bytes - done >= sizeof(struct takt_record);) {
		struct takt_record record;

		memcpy(&record, at + done, sizeof(record));
		if (record.bytes < sizeof(record) || record.bytes > place.used_bytes - done) {
			break;
		}
		*ret_last = (struct takt_last_record){ record.cycle, record.mono_ns };
		is_found = true;
		done += record.bytes;
	}
	return is_found;
}

static bool find_in_sealed(const struct takt_stream_view *view, uint64_t sealed,
			   struct takt_last_record *ret_last)
{
	const uint64_t oldest = sealed > view->ring_bytes ? sealed - view->ring_bytes : 0;
	struct takt_chunk chunk;

	if (sealed % TAKT_BLOCK_BYTES != 0) {
		return false;
	}
	for (uint64_t at = sealed; at > oldest; at -= TAKT_BLOCK_BYTES) {
		const uint64_t position = at - TAKT_BLOCK_BYTES;

		memcpy(&chunk, view->ring + position % view->ring_bytes, sizeof(chunk));
		if (chunk.magic == TAKT_CHUNK_MAGIC && chunk.run == view->run &&
		    chunk.stream == view->number && chunk.type == view->type &&
		    chunk.position == position) {
			*ret_last = (struct takt_last_record){ chunk.last_cycle, chunk.last_mono_ns };
			return true;
		}
	}
	return false;
}

bool takt_last_record_of_stream(const struct takt_stream_view *view, struct takt_last_record *ret_last)
{
	struct takt_stream_positions positions;

	return takt_stream_positions(view, &positions) == 0 &&
	       (find_in_open(view, &positions, ret_last) ||
		find_in_sealed(view, positions.sealed, ret_last));
}

bool takt_last_record_find(const struct takt_region *region, uint32_t except, uint64_t now_ns,
			   struct takt_last_record *ret_last)
{
	bool is_found = false;

	for (uint32_t i = 0; i < region->stream_count; i++) {
		const struct takt_stream_view view = takt_region_view(region, i);
		struct takt_last_record last;

		if (i != except && takt_last_record_of_stream(&view, &last) && last.mono_ns <= now_ns &&
		    (!is_found || last.mono_ns > ret_last->mono_ns)) {
			*ret_last = last;
			is_found = true;
		}
	}
	return is_found;
}
