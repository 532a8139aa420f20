/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/source.h"

#include <errno.h>
#include <stdlib.h>

#define LOOKS_MAX 8			/* at arena and files in turn, in one call */

static void *make_room(void *user, uint32_t bytes)
{
	struct takt_log_source *source = user;

	if (bytes > source->capacity || !source->bytes) {
		void *memory = realloc(source->bytes, (size_t)bytes + 1);

		if (!memory) {
			return NULL;
		}
		source->bytes = memory;
		source->capacity = bytes;
	}
	return source->bytes;
}

/* Stand before chunk @seq, which would be at @position. */
static void stand_before(struct takt_log_source *source, uint64_t seq, uint64_t position)
{
	source->seq = seq;
	source->position = position;
	source->used_bytes = 0;
	source->offset = 0;
	source->loaded = false;
	source->open = false;
	source->faulty = false;
}

static void stand_behind(struct takt_log_source *source, const struct takt_log_chunk *chunk)
{
	stand_before(source, chunk->seq + 1,
		     chunk->position + takt_chunk_span(chunk->used_bytes));
}

/* Chunk @seq is the next that can be had: what lies between is lost. */
static void pass_to(struct takt_log *log, struct takt_log_source *source, uint64_t seq,
		    uint64_t position)
{
	if (seq > source->seq && !source->anywhere) {
		takt_log_files_report_gap(&log->files, source->number, source->seq, seq - 1);
	}
	if (seq != source->seq) {
		stand_before(source, seq, position);
	}
}

static struct takt_log_chunk *chunk_in_files(struct takt_log *log,
					     const struct takt_log_source *source)
{
	struct takt_log_index_stream *stream = &log->files.index.streams[source->number];
	const size_t at = takt_log_index_find(stream, source->seq);

	return at < stream->chunk_count ? &stream->chunks[at] : NULL;
}

/* The first chunk at or behind the source's place, from the files. Returns 1, 0 (none), -EBADMSG
 * (not good yet: the files grow), -errno. Bad chunks of a finished log are passed. The offset stays
 * where the chunk is the one that was read from before. */
static int load_from_files(struct takt_log *log, struct takt_log_source *source)
{
	struct takt_log_chunk *chunk;

	while ((chunk = chunk_in_files(log, source)) != NULL) {
		int r;

		pass_to(log, source, chunk->seq, chunk->position);
		source->anywhere = false;
		source->loaded = false;
		if (!make_room(source, chunk->used_bytes)) {
			return -ENOMEM;
		}
		r = takt_log_files_read(&log->files, chunk, source->bytes);
		if (r == 0) {
			source->used_bytes = chunk->used_bytes;
			source->position = chunk->position;
			source->loaded = true;
			source->open = false;
			return 1;
		}
		if (r != -EBADMSG || chunk->state != TAKT_LOG_CHUNK_BAD) {
			return r;
		}
		stand_behind(source, chunk);
	}
	return 0;
}

/* The same from the arena, as far as it is there. Returns 1, 0 (nothing new), -ESTALE, -ENOMEM. */
static int load_from_arena(struct takt_log *log, struct takt_log_source *source)
{
	const uint32_t known = source->loaded ? source->used_bytes : 0;
	const uint64_t seq = source->seq;
	struct takt_log_tail tail = { .position = source->position, .used_bytes = known };
	const int r = takt_log_live_fetch(log->live, source->number, seq, &tail, make_room, source);
	bool is_new;

	if (r <= 0) {
		return r;
	}
	is_new = tail.seq != seq || tail.used_bytes > known || !tail.open;
	pass_to(log, source, tail.seq, tail.position);
	source->anywhere = false;
	source->position = tail.position;
	source->used_bytes = tail.used_bytes;
	source->loaded = true;
	source->open = tail.open;
	return is_new;
}

static bool is_in_files(struct takt_log *log, const struct takt_log_source *source)
{
	const struct takt_log_chunk *chunk = chunk_in_files(log, source);

	return chunk && chunk->seq == source->seq && chunk->state != TAKT_LOG_CHUNK_BAD;
}

/* One look behind `released`. Returns 1 (loaded), 0 (nothing there: look at the arena again),
 * -EBADMSG (the chunk is there and bad), -errno. */
static int load_released(struct takt_log *log, struct takt_log_source *source)
{
	uint64_t released = 0;
	int r;

	/* What was released before the scan begins is on stable storage: the scan finds it. */
	takt_log_live_released(log->live, source->number, &released);
	r = takt_log_rescan(log);
	if (r == 0) {
		r = load_from_files(log, source);
	}
	if (r == 0 && source->position < released) {
		source->position = released;
	}
	return r;
}

/* Returns 1 when the source has new bytes or another chunk, 0 when there is nothing (yet), -errno.
 */
static int load_live(struct takt_log *log, struct takt_log_source *source)
{
	int r = is_in_files(log, source) ? load_from_files(log, source) : 0;

	for (int look = 0; look < LOOKS_MAX && (r == 0 || r == -EBADMSG); look++) {
		const bool is_bad = r == -EBADMSG;

		r = load_from_arena(log, source);
		if (r != -ESTALE) {
			return r;
		}
		r = load_released(log, source);
		if (r == -EBADMSG && is_bad) {
			/* Released, and bad a second time: a fault of disk or writer. */
			takt_log_files_condemn(&log->files, chunk_in_files(log, source));
		}
	}
	return r == -EBADMSG ? 0 : r;
}

const struct takt_record *takt_log_source_head(const struct takt_log_source *source)
{
	return (const struct takt_record *)(const void *)(source->bytes + source->offset);
}

static bool head_is_possible(const struct takt_log_source *source)
{
	const uint32_t left = source->used_bytes - source->offset;
	const struct takt_record *head = takt_log_source_head(source);

	return left >= sizeof(*head) && head->bytes >= sizeof(*head) && head->bytes % 8 == 0 &&
	       head->bytes <= left && head->bytes <= TAKT_RECORD_BYTES_MAX;
}

void takt_log_source_report(struct takt_log *log, struct takt_log_source *source, uint32_t bytes)
{
	struct takt_log_chunk *chunk = chunk_in_files(log, source);
	struct takt_log_damage damage = {
		.what = "record with impossible contents", .kind = TAKT_LOG_BAD_RECORD,
		.stream = source->number, .bytes = bytes, .first_seq = source->seq,
		.last_seq = source->seq };

	if (chunk && chunk->seq == source->seq) {
		source->faulty = source->faulty || chunk->faulty;
		chunk->faulty = true;
		damage.file = chunk->segment->path;
		damage.offset = chunk->offset + TAKT_CHUNK_HEADER_BYTES + source->offset;
	}
	if (!source->faulty) {
		takt_log_damage_put(&log->files.damages, &damage);
	}
	source->faulty = true;
}

int takt_log_source_find(struct takt_log *log, struct takt_log_source *source)
{
	int r;

	if (source->carried && source->offset < source->used_bytes && !head_is_possible(source)) {
		source->offset = source->used_bytes;
	}
	if (source->carried) {
		return source->offset < source->used_bytes;
	}
	do {
		if (source->loaded && source->offset < source->used_bytes) {
			if (head_is_possible(source)) {
				return 1;
			}
			takt_log_source_report(log, source, source->used_bytes - source->offset);
			source->offset = source->used_bytes;
		}
		if (source->loaded && !source->open) {
			stand_before(source, source->seq + 1,
				     source->position + takt_chunk_span(source->used_bytes));
		}
		r = log->live ? load_live(log, source) : load_from_files(log, source);
	} while (r > 0);
	return r;
}

void takt_log_source_stand(const struct takt_log *log, struct takt_log_source *source, size_t at)
{
	const struct takt_log_index_stream *stream = &log->files.index.streams[source->number];
	const bool from_start = log->files.segment_count == 0 ||
				takt_log_files_are_from_start(&log->files);

	source->done = false;
	if (source->carried) {
		source->offset = 0;
		return;
	}
	source->anywhere = at == 0 && !from_start;
	if (at == 0) {
		stand_before(source, 0, 0);
	} else if (at < stream->chunk_count) {
		stand_before(source, stream->chunks[at].seq, stream->chunks[at].position);
	} else {
		stand_behind(source, &stream->chunks[at - 1]);
	}
}
