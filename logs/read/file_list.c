/* SPDX-License-Identifier: Apache-2.0 */
/* The segments of a log, and what each holds. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "logs/read/handle.h"

static bool is_kept(const char *path)
{
	char keep[PATH_MAX];

	return snprintf(keep, sizeof(keep), "%s" TAKT_SEGMENT_KEEP_SUFFIX, path) < (int)sizeof(keep) &&
	       access(keep, F_OK) == 0;
}

static void take_in(struct takt_log_file *file, const struct takt_log_chunk *chunk)
{
	const bool is_first = file->chunk_count++ == 0;

	if (is_first || chunk->first_mono_ns < file->first_mono_ns) {
		file->first_mono_ns = chunk->first_mono_ns;
	}
	if (is_first || chunk->first_cycle < file->first_cycle) {
		file->first_cycle = chunk->first_cycle;
	}
	if (is_first || chunk->last_mono_ns > file->last_mono_ns) {
		file->last_mono_ns = chunk->last_mono_ns;
	}
	if (is_first || chunk->last_cycle > file->last_cycle) {
		file->last_cycle = chunk->last_cycle;
	}
}

const struct takt_log_file *takt_log_file_at(struct takt_log *log, uint32_t index)
{
	const struct takt_log_files *files = &log->files;
	const struct takt_log_segment *segment;

	if (index >= files->segment_count) {
		return NULL;
	}
	segment = files->segments[index];
	log->file = (struct takt_log_file){ .path = segment->path, .number = segment->number,
					    .is_kept = is_kept(segment->path), .bytes = segment->bytes };
	for (uint32_t i = 0; i < files->index.stream_count; i++) {
		const struct takt_log_index_stream *stream = &files->index.streams[i];

		for (size_t j = 0; j < stream->chunk_count; j++) {
			if (stream->chunks[j].segment == segment) {
				take_in(&log->file, &stream->chunks[j]);
			}
		}
	}
	return &log->file;
}
