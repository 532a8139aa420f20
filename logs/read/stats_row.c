/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/stats.h"
#include "logs/read/view.h"

void takt_stats_row_put(struct takt_stats_row *row, uint64_t cycle, uint64_t mono_ns, double value)
{
	takt_stats_row_merge(row, &(struct takt_stats_row){
		.count = 1, .first_mono_ns = mono_ns, .last_mono_ns = mono_ns, .last_cycle = cycle,
		.min = value, .max = value, .last = value });
}

void takt_stats_row_merge(struct takt_stats_row *row, const struct takt_stats_row *from)
{
	const uint64_t bucket = row->bucket;

	if (row->count == 0) {
		*row = *from;
		row->bucket = bucket;
		return;
	}
	row->count += from->count;
	row->min = from->min < row->min ? from->min : row->min;
	row->max = from->max > row->max ? from->max : row->max;
	if (from->first_mono_ns < row->first_mono_ns) {
		row->first_mono_ns = from->first_mono_ns;
	}
	if (from->last_mono_ns > row->last_mono_ns) {
		row->last_mono_ns = from->last_mono_ns;
	}
	if (from->last_cycle >= row->last_cycle) {
		row->last_cycle = from->last_cycle;
		row->last = from->last;
	}
}

static int visit_record(struct takt_log *log, struct takt_log_view *view, const char *bytes,
			takt_stats_visit *visit, void *user)
{
	struct takt_record head;
	int r;

	memcpy(&head, bytes, sizeof(head));
	if (head.kind != TAKT_RECORD_COPPERLIST) {
		return 0;
	}
	view->record = (struct takt_log_record){ .kind = head.kind, .cycle = head.cycle,
						 .mono_ns = head.mono_ns, .bytes = bytes,
						 .bytes_count = head.bytes };
	r = takt_log_view_copperlist(view, &log->tables, bytes);
	return r == -EBADMSG ? 0 : r < 0 ? r : visit(&view->record, user);
}

int takt_stats_chunk_visit(struct takt_log *log, struct takt_log_chunk *chunk,
			   takt_stats_visit *visit, void *user)
{
	char *bytes = malloc((size_t)chunk->used_bytes + 8);
	struct takt_log_view view = { 0 };
	uint32_t at = 0;
	int r;

	if (!bytes) {
		return -ENOMEM;
	}
	r = takt_log_files_read(&log->files, chunk, bytes);
	while (r >= 0 && chunk->used_bytes - at >= sizeof(struct takt_record)) {
		struct takt_record head;

		memcpy(&head, bytes + at, sizeof(head));
		if (head.bytes < sizeof(head) || head.bytes % 8 != 0 ||
		    head.bytes > chunk->used_bytes - at) {
			break;
		}
		r = visit_record(log, &view, bytes + at, visit, user);
		at += head.bytes;
	}
	takt_log_view_fini(&view);
	free(bytes);
	return r == -EBADMSG ? 0 : r < 0 ? r : 0;
}

struct takt_stats_stream takt_stats_stream_of(const struct takt_log *log, uint32_t number,
					      const struct takt_log_segment *segment)
{
	const struct takt_log_index_stream *stream = &log->files.index.streams[number];
	struct takt_stats_stream found = { 0 };

	for (size_t i = 0; i < stream->chunk_count; i++) {
		const struct takt_log_chunk *chunk = &stream->chunks[i];

		if (chunk->segment == segment) {
			found.first_seq = found.chunk_count == 0 ? chunk->seq : found.first_seq;
			found.last_seq = chunk->seq;
			found.chunk_count++;
			found.used_bytes += chunk->used_bytes;
		}
	}
	return found;
}
