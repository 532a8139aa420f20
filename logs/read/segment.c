/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/error.h"
#include "logs/read/segment_index.h"
#include "rt/base/crc32c.h"
#include "rt/msg/catalog.h"

#define PREFETCH_COUNT 16u
#define PREFETCH_SPAN_MIN (32u << 10)	/* nearer ones come in by themselves */
#define CATALOG_SEARCH_BYTES (4u << 20)	/* as far as a catalog's copy is looked for */
#define SEARCH_BYTES (1u << 18)		/* read at once while looking for the next chunk */

static bool header_is_whole(const struct takt_chunk *chunk)
{
	return chunk->magic == TAKT_CHUNK_MAGIC &&
	       takt_crc32c(0, chunk, offsetof(struct takt_chunk, header_crc)) == chunk->header_crc;
}

bool takt_log_segment_owns(const struct takt_log_segment *segment, const struct takt_chunk *chunk)
{
	return header_is_whole(chunk) && chunk->version == TAKT_CHUNK_VERSION &&
	       chunk->salt == segment->salt && chunk->run == segment->run &&
	       chunk->used_bytes <= TAKT_LOG_CHUNK_USED_MAX;
}

/* --- superblocks ----------------------------------------------------------------------------- */

/* Returns 0, -EBADMSG, -EPROTO (a newer version), -errno. */
static int load_superblock(const struct takt_log_io *io, uint64_t offset,
			   struct takt_superblock *out)
{
	const int r = takt_log_io_read(io, offset, out, sizeof(*out));

	if (r < 0) {
		return r == -ENODATA ? -EBADMSG : r;
	}
	if (out->magic != TAKT_SEGMENT_MAGIC ||
	    takt_crc32c(0, out, offsetof(struct takt_superblock, crc)) != out->crc) {
		return -EBADMSG;
	}
	return out->version == TAKT_SEGMENT_VERSION ? 0 : -EPROTO;
}

static void copy_text(char *to, size_t to_bytes, const char *from, size_t from_bytes)
{
	const size_t n = strnlen(from, from_bytes < to_bytes - 1 ? from_bytes : to_bytes - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

static void take_superblock(struct takt_log_segment *segment, const struct takt_superblock *from)
{
	segment->salt = from->salt;
	segment->run = from->run;
	segment->number = from->number;
	segment->flags = from->flags;
	segment->ending = from->flags & TAKT_SEGMENT_LAST ? from->ending : TAKT_ENDED_UNKNOWN;
	segment->exit_code = from->flags & TAKT_SEGMENT_LAST ? from->exit_code : 0;
	segment->is_counted = (from->flags & TAKT_SEGMENT_COUNTED) != 0;
	segment->lost_copperlists = segment->is_counted ? from->lost_copperlists : 0;
	segment->lost_events = segment->is_counted ? from->lost_events : 0;
	segment->end_offset = from->end_offset;
	segment->index_offset = from->index_offset;
	segment->created_mono_ns = from->created_mono_ns;
	segment->created_real_ns = from->created_real_ns;
	copy_text(segment->graph, sizeof(segment->graph), from->graph, sizeof(from->graph));
	copy_text(segment->region, sizeof(segment->region), from->region, sizeof(from->region));
	copy_text(segment->boot_id, sizeof(segment->boot_id), from->boot_id, sizeof(from->boot_id));
	copy_text(segment->machine_id, sizeof(segment->machine_id), from->machine_id,
		  sizeof(from->machine_id));
}

/* The number that the name of the segment's file begins with; 0 when it has none. */
static uint32_t number_of_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const size_t digits = strspn(name, "0123456789");

	return digits >= 4 && digits <= 9 && strcmp(name + digits, TAKT_SEGMENT_SUFFIX) == 0
		       ? (uint32_t)strtoul(name, NULL, 10) : 0;
}

/* Both superblocks are gone: the catalog's chunk names run and salt as well, or its copy's. */
static int take_first_chunk(struct takt_log_segment *segment)
{
	struct takt_chunk chunk = { .magic = 0 };
	int r = -EBADMSG;

	for (uint64_t at = TAKT_SEGMENT_CHUNKS_AT; at < CATALOG_SEARCH_BYTES; at += TAKT_BLOCK_BYTES) {
		r = takt_log_io_read(&segment->io, at, &chunk, sizeof(chunk));
		if (r < 0) {
			return r == -ENODATA ? -EBADMSG : r;
		}
		if (header_is_whole(&chunk)) {
			break;
		}
	}
	if (!header_is_whole(&chunk) || chunk.type != TAKT_CHUNK_CATALOG) {
		return -EBADMSG;
	}
	segment->number = number_of_name(segment->path);
	segment->salt = chunk.salt;
	segment->run = chunk.run;
	segment->created_mono_ns = chunk.first_mono_ns;
	return 0;
}

static void report_head(const struct takt_log_segment *segment,
			struct takt_log_damage_list *damages, uint64_t offset, uint64_t bytes)
{
	takt_log_damage_put(damages, &(struct takt_log_damage){
		.file = segment->path, .what = "superblock is damaged", .kind = TAKT_LOG_BAD_HEADER,
		.stream = TAKT_LOG_NONE, .offset = offset, .bytes = bytes });
}

/* @damages NULL: a look at a head that was read before. */
static int read_head(struct takt_log_segment *segment, struct takt_log_damage_list *damages)
{
	struct takt_superblock block;
	int first, second, r;

	first = load_superblock(&segment->io, 0, &block);
	if (first == 0) {
		take_superblock(segment, &block);
	}
	second = load_superblock(&segment->io, TAKT_BLOCK_BYTES, &block);
	if (first != 0 && second == 0) {
		take_superblock(segment, &block);
	}
	if (first == -EPROTO || second == -EPROTO) {
		return -EPROTO;
	}
	if (first != -EBADMSG && first < 0) {
		return first;
	}
	if (!damages) {
		return 0;
	}
	if (first < 0 && second < 0) {
		r = take_first_chunk(segment);
		if (r == 0) {
			report_head(segment, damages, 0, TAKT_SEGMENT_CHUNKS_AT);
		}
		return r;
	}
	if (first < 0 || second < 0) {
		report_head(segment, damages, first < 0 ? 0 : TAKT_BLOCK_BYTES, TAKT_BLOCK_BYTES);
	}
	return 0;
}

static int load_size(struct takt_log_segment *segment)
{
	const int64_t bytes = segment->io.size(segment->io.user);

	if (bytes < 0) {
		return (int)bytes;
	}
	segment->bytes = (uint64_t)bytes;
	return 0;
}

static int say_head(const char *path, int r, uint64_t bytes, struct takt_log_error *error)
{
	if (r == -EPROTO) {
		return takt_log_fail(error, r, "%s: written by a newer takt: its format is not "
				     "version %u; use that takt to read it", path,
				     TAKT_SEGMENT_VERSION);
	}
	if (r == -EBADMSG && bytes == 0) {
		return takt_log_fail(error, r, "%s: is empty", path);
	}
	if (r == -EBADMSG) {
		return takt_log_fail(error, r, "%s: is no segment of a takt log, or its head is "
				     "lost", path);
	}
	return takt_log_fail(error, r, "%s: %s", path, strerror(-r));
}

int takt_log_segment_open(struct takt_log_io io, const char *path,
			  struct takt_log_segment **ret_segment,
			  struct takt_log_damage_list *damages, struct takt_log_error *error)
{
	struct takt_log_segment *segment = calloc(1, sizeof(*segment));
	int r;

	if (!segment) {
		io.close(io.user);
		return takt_log_fail(error, -ENOMEM, "out of memory");
	}
	segment->io = io;
	segment->scanned_bytes = TAKT_SEGMENT_CHUNKS_AT;
	segment->written_bytes = TAKT_SEGMENT_CHUNKS_AT;
	segment->path = strdup(path);
	r = segment->path ? load_size(segment) : -ENOMEM;
	if (r == 0) {
		r = read_head(segment, damages);
	}
	if (r < 0) {
		say_head(path, r, segment->bytes, error);
		takt_log_segment_close(segment);
		return r;
	}
	*ret_segment = segment;
	return 0;
}

void takt_log_segment_close(struct takt_log_segment *segment)
{
	if (!segment) {
		return;
	}
	segment->io.close(segment->io.user);
	free(segment->spans);
	free(segment->indexes);
	free(segment->path);
	free(segment);
}

int takt_log_segment_refresh(struct takt_log_segment *segment)
{
	const int r = load_size(segment);

	return r < 0 ? r : read_head(segment, NULL);
}

/* --- chunks ---------------------------------------------------------------------------------- */

/* The next offset from @from on, at 4 KiB steps, where a chunk of ours begins; @limit when there is
 * none. @ret_dirty_end: behind the last byte passed that is not zero. */
static int find_chunk(const struct takt_log_segment *segment, uint64_t from, uint64_t limit,
		      uint64_t *ret_offset, uint64_t *ret_dirty_end)
{
	char *buffer = malloc(SEARCH_BYTES);
	uint64_t at = from;
	int r = 0;

	*ret_offset = limit;
	*ret_dirty_end = from;
	if (!buffer) {
		return -ENOMEM;
	}
	while (at < limit && *ret_offset == limit) {
		const uint64_t data = segment->io.data_from(segment->io.user, at);
		int64_t n;

		if (data >= limit) {
			break;
		}
		at = data > at ? data & ~(uint64_t)(TAKT_BLOCK_BYTES - 1) : at;
		n = segment->io.read(segment->io.user, at, buffer, SEARCH_BYTES);
		if (n <= 0) {
			r = (int)n;
			break;
		}
		for (int64_t i = 0; i < n && at + (uint64_t)i < limit; i += TAKT_BLOCK_BYTES) {
			const int64_t left = n - i < TAKT_BLOCK_BYTES ? n - i : TAKT_BLOCK_BYTES;
			struct takt_chunk chunk;
			int64_t used = left;

			if (left >= (int64_t)sizeof(chunk)) {
				memcpy(&chunk, buffer + i, sizeof(chunk));
				if (takt_log_segment_owns(segment, &chunk)) {
					*ret_offset = at + (uint64_t)i;
					break;
				}
			}
			while (used > 0 && buffer[i + used - 1] == 0) {
				used--;
			}
			if (used > 0) {
				*ret_dirty_end = at + (uint64_t)(i + used);
			}
		}
		at += (uint64_t)n;
	}
	free(buffer);
	return r;
}

static void report_span(const struct takt_log_segment *segment,
			struct takt_log_damage_list *damages, uint32_t kind,
			const char *what, uint64_t from, uint64_t to)
{
	takt_log_damage_put(damages, &(struct takt_log_damage){
		.file = segment->path, .what = what, .kind = kind, .stream = TAKT_LOG_NONE,
		.offset = from, .bytes = to - from });
}

/* No chunk of ours at scanned_bytes: go on behind the damage, or to @limit. Zeros up to there are
 * the end of a segment that was not closed, and so are chunks of another salt (@is_recycled). */
static int pass_damage(struct takt_log_segment *segment, uint64_t limit, bool is_recycled,
		       struct takt_log_damage_list *damages)
{
	const bool is_clean = (segment->flags & TAKT_SEGMENT_CLEAN) != 0;
	const uint64_t from = segment->scanned_bytes;
	uint64_t next, dirty_end;
	const int r = find_chunk(segment, from, limit, &next, &dirty_end);

	if (r < 0) {
		return r;
	}
	segment->scanned_bytes = next;
	if (next < limit || is_clean) {
		report_span(segment, damages, TAKT_LOG_BAD_HEADER,
			    dirty_end == from ? "zeros where a chunk should be"
					      : "bytes that are no chunk of this segment",
			    from, next);
	} else if (dirty_end > from && !is_recycled) {
		report_span(segment, damages, TAKT_LOG_BAD_HEADER,
			    "bytes behind the last chunk that are no chunk of this segment", from,
			    dirty_end);
	}
	return 0;
}

static bool is_data(const struct takt_chunk *chunk)
{
	return chunk->type == TAKT_CHUNK_COPPERLISTS || chunk->type == TAKT_CHUNK_EVENTS;
}

/* The one at scanned_bytes. */
static void note_catalog(struct takt_log_segment *segment, const struct takt_chunk *from)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct takt_log_catalog_place *place = &segment->catalogs[i];

		if (place->offset == 0) {
			*place = (struct takt_log_catalog_place){ segment->scanned_bytes,
								  from->used_bytes, from->payload_crc };
			return;
		}
		if (place->offset == segment->scanned_bytes) {
			return;
		}
	}
}

static int note_index(struct takt_log_segment *segment, const struct takt_chunk *chunk)
{
	if (segment->index_count == segment->index_capacity) {
		const uint32_t capacity = segment->index_capacity ? 2 * segment->index_capacity : 16;
		struct takt_log_index_place *places = realloc(segment->indexes,
							      capacity * sizeof(*places));

		if (!places) {
			return -ENOMEM;
		}
		segment->indexes = places;
		segment->index_capacity = capacity;
	}
	segment->indexes[segment->index_count++] = (struct takt_log_index_place){
		segment->scanned_bytes, chunk->used_bytes, chunk->payload_crc };
	return 0;
}

static int hand_out(struct takt_log_segment *segment, const struct takt_chunk *from,
		    takt_log_chunk_visit *visit, void *user)
{
	const struct takt_log_chunk chunk = {
		.seq = from->seq,
		.position = from->position,
		.offset = segment->scanned_bytes,
		.first_cycle = from->first_cycle,
		.last_cycle = from->last_cycle,
		.first_mono_ns = from->first_mono_ns,
		.last_mono_ns = from->last_mono_ns,
		.segment = segment,
		.stream = from->stream,
		.used_bytes = from->used_bytes,
		.record_count = from->record_count,
		.payload_crc = from->payload_crc,
		.type = from->type,
	};

	if (from->type == TAKT_CHUNK_CATALOG && from->used_bytes <= TAKT_CATALOG_BYTES_MAX) {
		note_catalog(segment, from);
	}
	if (from->type == TAKT_CHUNK_INDEX) {
		return note_index(segment, from);
	}
	return is_data(from) ? visit(&chunk, user) : 0;
}

/* What an index says of the chunks at scanned_bytes. Returns 1 and goes behind them, 0 when there is none,
 * what @visit returned when negative, -ENOMEM. */
static int take_indexed(struct takt_log_segment *segment, uint64_t limit,
			takt_log_chunk_visit *visit, void *user)
{
	const struct takt_log_index_span *span;
	int r = 0;

	if (segment->catalogs[0].offset == 0) {
		return 0;	/* it comes first, and no index speaks of it */
	}
	if (!segment->index_is_known) {
		r = takt_log_segment_find_index(segment, limit);
		segment->index_is_known = true;
	}
	span = r < 0 ? NULL : takt_log_segment_span_at(segment, segment->scanned_bytes);
	if (!span || span->to > limit) {
		return r;
	}
	r = takt_log_segment_visit_span(segment, span, visit, user);
	if (r == 1) {
		segment->scanned_bytes = span->to;
		segment->written_bytes = span->to;
	}
	return r;
}

/* The header at @at was read, the next ones may be as far apart: have some of them read at the same time. */
static void prefetch_headers(const struct takt_log_segment *segment, uint64_t at, uint64_t span,
			     uint64_t limit, uint64_t *fetched)
{
	const uint64_t end = at + span * PREFETCH_COUNT < limit ? at + span * PREFETCH_COUNT : limit;
	uint64_t next = at + span;

	if (!segment->io.prefetch || span < PREFETCH_SPAN_MIN) {
		return;
	}
	if (*fetched > at && (*fetched - at) % span == 0) {	/* as foretold: go on from there */
		next = *fetched + span;
	}
	for (; next < end; next += span) {
		segment->io.prefetch(segment->io.user, next, TAKT_BLOCK_BYTES);
		*fetched = next;
	}
}

static int scan(struct takt_log_segment *segment, bool grows, takt_log_chunk_visit *visit,
		void *user, struct takt_log_damage_list *damages)
{
	const bool is_clean = (segment->flags & TAKT_SEGMENT_CLEAN) != 0;
	const uint64_t limit = is_clean && segment->end_offset < segment->bytes
				       ? segment->end_offset : segment->bytes;
	struct takt_chunk chunk;
	uint64_t fetched = 0;
	int r = 0;

	while (r >= 0 && segment->scanned_bytes < limit) {
		const uint64_t at = segment->scanned_bytes;

		r = take_indexed(segment, limit, visit, user);
		if (r != 0) {
			continue;
		}
		r = takt_log_io_read(&segment->io, at, &chunk, sizeof(chunk));
		if (r < 0 && r != -ENODATA) {
			return r;
		}
		if (r == -ENODATA || !takt_log_segment_owns(segment, &chunk)) {
			if (grows && !is_clean) {
				return 0;
			}
			r = pass_damage(segment, limit, r == 0 && header_is_whole(&chunk), damages);
			continue;
		}
		if (at + sizeof(chunk) + chunk.used_bytes > segment->bytes) {
			if (!grows) {
				report_span(segment, damages, TAKT_LOG_CUT_CHUNK,
					    "the file ends inside a chunk", at, segment->bytes);
				segment->scanned_bytes = segment->bytes;
			}
			return 0;
		}
		prefetch_headers(segment, at, takt_chunk_span(chunk.used_bytes), limit, &fetched);
		r = hand_out(segment, &chunk, visit, user);
		segment->scanned_bytes = at + takt_chunk_span(chunk.used_bytes);
		segment->written_bytes = segment->scanned_bytes;
	}
	if (r >= 0 && is_clean && !grows && segment->bytes < segment->end_offset) {
		report_span(segment, damages, TAKT_LOG_CUT_CHUNK, "the end of the file is missing",
			    segment->bytes, segment->end_offset);
		segment->end_offset = segment->bytes;
	}
	return r < 0 ? r : 0;
}

int takt_log_segment_scan(struct takt_log_segment *segment, bool grows, takt_log_chunk_visit *visit,
			  void *user, struct takt_log_damage_list *damages)
{
	int r;

	if (segment->io.scatter) {
		segment->io.scatter(segment->io.user, true);
	}
	r = scan(segment, grows, visit, user, damages);
	if (segment->io.scatter) {
		segment->io.scatter(segment->io.user, false);
	}
	return r;
}

int takt_log_segment_read_chunk(const struct takt_log_chunk *chunk, void *out)
{
	const struct takt_log_segment *segment = chunk->segment;
	uint32_t payload_crc = chunk->payload_crc;
	struct takt_chunk header;
	int r;

	if (chunk->indexed) {
		r = takt_log_io_read(&segment->io, chunk->offset, &header, sizeof(header));
		if (r < 0) {
			return r == -ENODATA ? -EBADMSG : r;
		}
		if (!takt_log_segment_owns(segment, &header) || header.type != chunk->type ||
		    header.stream != chunk->stream || header.seq != chunk->seq ||
		    header.used_bytes != chunk->used_bytes) {
			return -EBADMSG;
		}
		payload_crc = header.payload_crc;
	}
	return takt_log_segment_read(segment, chunk->offset, out, chunk->used_bytes, payload_crc);
}

int takt_log_segment_read_catalog(const struct takt_log_segment *segment, void **ret_bytes,
				  uint32_t *ret_size, uint32_t *ret_bad)
{
	int r = -ENODATA;

	*ret_bad = 0;
	for (uint32_t i = 0; i < 2 && segment->catalogs[i].offset != 0; i++) {
		const struct takt_log_catalog_place *place = &segment->catalogs[i];
		void *bytes = malloc((size_t)place->bytes + 1);

		if (!bytes) {
			return -ENOMEM;
		}
		r = takt_log_segment_read(segment, place->offset, bytes, place->bytes, place->crc);
		if (r == 0) {
			*ret_bytes = bytes;
			*ret_size = place->bytes;
			return 0;
		}
		free(bytes);
		if (r != -EBADMSG && r != -EIO) {
			return r;
		}
		r = -EBADMSG;
		++*ret_bad;
	}
	return r;
}

int takt_log_segment_read(const struct takt_log_segment *segment, uint64_t offset, void *out,
			  uint32_t bytes, uint32_t payload_crc)
{
	const int r = takt_log_io_read(&segment->io, offset + TAKT_CHUNK_HEADER_BYTES, out, bytes);

	if (r < 0) {
		return r == -ENODATA ? -EBADMSG : r;
	}
	return takt_crc32c(0, out, bytes) == payload_crc ? 0 : -EBADMSG;
}
