/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/files.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/error.h"

/* --- segments -------------------------------------------------------------------------------- */

static int keep(struct takt_log_files *files, struct takt_log_segment *segment)
{
	uint32_t i;

	if (files->segment_count == files->segment_capacity) {
		const uint32_t capacity = files->segment_capacity ? 2 * files->segment_capacity : 8;
		struct takt_log_segment **segments = realloc(files->segments,
							     capacity * sizeof(*segments));

		if (!segments) {
			return -ENOMEM;
		}
		files->segments = segments;
		files->segment_capacity = capacity;
	}
	i = files->segment_count;
	for (; i > 0 && files->segments[i - 1]->number > segment->number; i--) {
		files->segments[i] = files->segments[i - 1];
	}
	files->segments[i] = segment;
	files->segment_count++;
	return 0;
}

int takt_log_files_add(struct takt_log_files *files, struct takt_log_io io, const char *path,
		       struct takt_log_error *error)
{
	struct takt_log_segment *segment;
	int r = takt_log_segment_open(io, path, &segment, &files->damages, error);

	if (r < 0) {
		return r;
	}
	if (files->has_run && segment->run != files->run) {
		r = takt_log_fail(error, -ENOTUNIQ, "%s: is of run %016" PRIx64 ", others are of "
				  "run %016" PRIx64 ": a log is one run; name a run's directory or "
				  "one segment", path, segment->run, files->run);
	} else {
		r = keep(files, segment);
	}
	if (r < 0) {
		takt_log_segment_close(segment);
		return r;
	}
	files->run = segment->run;
	files->has_run = true;
	return 0;
}

static bool is_known(const struct takt_log_files *files, const char *path)
{
	for (uint32_t i = 0; i < files->segment_count; i++) {
		if (strcmp(files->segments[i]->path, path) == 0) {
			return true;
		}
	}
	return false;
}

static bool has_suffix(const char *name)
{
	const size_t n = strlen(name), m = strlen(TAKT_SEGMENT_SUFFIX);

	return name[0] != '.' && n > m && strcmp(name + n - m, TAKT_SEGMENT_SUFFIX) == 0;
}

/* Returns 0 also when the file at @path is none of ours: that is reported. */
static int add_entry(struct takt_log_files *files, const char *path, bool run_was_fixed,
		     struct takt_log_error *error)
{
	struct takt_log_error why = { 0 };
	struct takt_log_io io;
	int r = takt_log_io_open(path, &io);
	int64_t bytes = 0;

	if (r == 0) {
		bytes = io.size(io.user);
		r = takt_log_files_add(files, io, path, &why);
	}
	if (r == 0 || r == -ENOENT) {	/* gone meanwhile: retention */
		return 0;
	}
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EPROTO ||
	    (r == -ENOTUNIQ && !run_was_fixed)) {
		return takt_log_fail(error, r, "%s", why.code ? why.text : strerror(-r));
	}
	if (!files->grows) {
		takt_log_damage_put(&files->damages, &(struct takt_log_damage){
			.file = path, .kind = TAKT_LOG_BAD_FILE, .stream = TAKT_LOG_NONE,
			.bytes = bytes > 0 ? (uint64_t)bytes : 0,
			.what = r == -ENOTUNIQ ? "segment of another run"
			      : r == -EBADMSG ? "no segment of a takt log, or its head is lost"
					      : "can't be opened" });
	}
	return 0;
}

int takt_log_files_add_directory(struct takt_log_files *files, const char *path,
				 struct takt_log_error *error)
{
	const bool run_was_fixed = files->has_run && files->grows;
	struct dirent **names;
	char file[PATH_MAX];
	const int count = scandir(path, &names, NULL, alphasort);
	int r = 0;

	if (count < 0) {
		return takt_log_fail(error, -errno, "%s: %s", path, strerror(errno));
	}
	if (!files->directory) {
		files->directory = strdup(path);
		r = files->directory ? 0 : -ENOMEM;
	}
	for (int i = 0; i < count; i++) {
		if (r == 0 && has_suffix(names[i]->d_name) &&
		    snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) <
			    (int)sizeof(file) &&
		    !is_known(files, file)) {
			r = add_entry(files, file, run_was_fixed, error);
		}
		free(names[i]);
	}
	free(names);
	return r;
}

bool takt_log_files_are_clean(const struct takt_log_files *files)
{
	const uint32_t closed = TAKT_SEGMENT_CLEAN | TAKT_SEGMENT_LAST;
	const struct takt_log_segment *last =
		files->segment_count > 0 ? files->segments[files->segment_count - 1] : NULL;

	for (uint32_t i = 0; last && i < files->removed_count; i++) {
		if (files->removed[i] > last->number) {	/* the run's end was deleted */
			return (last->flags & TAKT_SEGMENT_CLEAN) != 0;
		}
	}
	return last && (last->flags & closed) == closed;
}

bool takt_log_files_are_part(const struct takt_log_files *files)
{
	return files->segment_count > 0 && (files->segments[0]->flags & TAKT_SEGMENT_PART) != 0;
}

bool takt_log_files_are_from_start(const struct takt_log_files *files)
{
	return files->segment_count > 0 && files->segments[0]->number == 1 &&
	       !takt_log_files_are_part(files);
}

const char *takt_log_files_region(const struct takt_log_files *files)
{
	return files->segment_count > 0 ? files->segments[files->segment_count - 1]->region : "";
}

uint64_t takt_log_files_written(const struct takt_log_files *files)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < files->segment_count; i++) {
		const struct takt_log_segment *segment = files->segments[i];
		const bool is_closed = (segment->flags & TAKT_SEGMENT_CLEAN) != 0 ||
				       segment->written_bytes > segment->bytes;

		bytes += is_closed ? segment->bytes : segment->written_bytes;
	}
	return bytes;
}

uint64_t takt_log_files_bytes(const struct takt_log_files *files)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < files->segment_count; i++) {
		bytes += files->segments[i]->bytes;
	}
	return bytes;
}

void takt_log_files_fini(struct takt_log_files *files)
{
	for (uint32_t i = 0; i < files->segment_count; i++) {
		takt_log_segment_close(files->segments[i]);
	}
	free(files->segments);
	free(files->directory);
	free(files->removed);
	takt_log_index_fini(&files->index);
	takt_log_damage_fini(&files->damages);
	*files = (struct takt_log_files){ 0 };
}

/* --- catalog --------------------------------------------------------------------------------- */

static int note_nothing(const struct takt_log_chunk *chunk, void *user)
{
	(void)chunk;
	(void)user;
	return -ECANCELED;
}

/* Find the catalog's chunk of a segment that was not scanned yet: it comes before all data. Damage
 * on the way is reported by the scan for the index, which begins anew. */
static void find_catalog(struct takt_log_segment *segment, bool grows)
{
	struct takt_log_damage_list unheeded = { 0 };
	const uint64_t scanned_bytes = segment->scanned_bytes;
	const uint64_t end_offset = segment->end_offset;

	if (segment->catalogs[0].offset == 0) {
		takt_log_segment_scan(segment, grows, note_nothing, NULL, &unheeded);
		takt_log_damage_fini(&unheeded);
		segment->scanned_bytes = scanned_bytes;
		segment->end_offset = end_offset;
	}
}

static void report_catalog(struct takt_log_files *files, const struct takt_log_segment *segment,
			   uint32_t number, const char *what)
{
	const struct takt_log_catalog_place *place = &segment->catalogs[number];

	takt_log_damage_put(&files->damages, &(struct takt_log_damage){
		.file = segment->path, .kind = TAKT_LOG_BAD_CATALOG, .stream = TAKT_LOG_NONE,
		.offset = place->offset, .bytes = place->bytes, .what = what });
}

/* What was found when it was read; @bad: how many copies are damaged. */
static void note_catalog(struct takt_log_files *files, struct takt_log_segment *segment, uint32_t bad, int r)
{
	if (files->grows) {
		return;
	}
	segment->catalog_checked = true;
	segment->catalog_copy_read = bad > 0;
	if (r == -ENODATA) {
		report_catalog(files, segment, 0, "no catalog");
	} else if (bad == 1 && segment->catalogs[1].offset != 0) {
		report_catalog(files, segment, 0, "the catalog is damaged, its copy is good");
	} else if (r < 0) {
		report_catalog(files, segment, 0, bad > 1 ? "the catalog and its copy are damaged"
							  : "the catalog is damaged");
	}
}

static int read_catalog(struct takt_log_files *files, struct takt_log_segment *segment,
			struct takt_log_tables *ret_tables, struct takt_log_error *error)
{
	uint32_t size = 0, bad = 0;
	void *bytes = NULL;
	int r;

	find_catalog(segment, files->grows);
	r = takt_log_segment_read_catalog(segment, &bytes, &size, &bad);
	if (r == 0) {
		r = takt_log_tables_init(ret_tables, bytes, size, segment->path, error);
	} else if (r == -ENOMEM) {
		return takt_log_fail(error, r, "out of memory");
	} else if (r != -ENODATA) {
		takt_log_fail(error, r, "%s: its catalog is damaged", segment->path);
	}
	free(bytes);
	note_catalog(files, segment, bad, r);
	return r;
}

/* The copy is not read where the first is good: look at it. Returns 0, -ENOMEM. */
static int check_copy(struct takt_log_files *files, const struct takt_log_segment *segment)
{
	const struct takt_log_catalog_place *copy = &segment->catalogs[1];
	void *bytes = copy->offset ? malloc((size_t)copy->bytes + 1) : NULL;

	if (!bytes) {
		return copy->offset ? -ENOMEM : 0;
	}
	if (takt_log_segment_read(segment, copy->offset, bytes, copy->bytes, copy->crc) < 0) {
		report_catalog(files, segment, 1, "the catalog's copy is damaged");
	}
	free(bytes);
	return 0;
}

int takt_log_files_check_catalogs(struct takt_log_files *files)
{
	for (uint32_t i = 0; i < files->segment_count; i++) {
		struct takt_log_segment *segment = files->segments[i];
		struct takt_log_tables tables = { 0 };
		int r;

		if (files->grows) {
			continue;
		}
		if (!segment->catalog_checked) {
			r = read_catalog(files, segment, &tables, NULL);
			takt_log_tables_fini(&tables);
			if (r == -ENOMEM) {
				return r;
			}
		}
		r = segment->catalog_copy_read ? 0 : check_copy(files, segment);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int check_index(struct takt_log_files *files, const struct takt_log_segment *segment,
		       const struct takt_log_index_place *place)
{
	void *bytes = malloc((size_t)place->used_bytes + 1);
	int r;

	if (!bytes) {
		return -ENOMEM;
	}
	r = takt_log_segment_read(segment, place->offset, bytes, place->used_bytes, place->payload_crc);
	free(bytes);
	if (r < 0) {
		takt_log_damage_put(&files->damages, &(struct takt_log_damage){
			.file = segment->path, .kind = TAKT_LOG_BAD_INDEX, .stream = TAKT_LOG_NONE,
			.offset = place->offset, .bytes = takt_chunk_span(place->used_bytes),
			.what = "checksum of an index is wrong (nothing is lost by it)" });
	}
	return 0;
}

int takt_log_files_check_indexes(struct takt_log_files *files)
{
	int r = 0;

	for (uint32_t i = 0; i < files->segment_count && !files->grows; i++) {
		struct takt_log_segment *segment = files->segments[i];

		while (r == 0 && segment->index_checked_count < segment->index_count) {
			r = check_index(files, segment,
					&segment->indexes[segment->index_checked_count++]);
		}
	}
	return r;
}

int takt_log_files_read_catalog(struct takt_log_files *files, struct takt_log_tables *ret_tables,
				struct takt_log_error *error)
{
	struct takt_log_error first = { 0 };
	int r = -ENODATA;

	for (uint32_t i = files->segment_count; i-- > 0 && r != 0 && r != -ENOMEM;) {
		struct takt_log_segment *segment = files->segments[i];
		const int s = read_catalog(files, segment, ret_tables, &first);

		r = s == -ENODATA && r == -EBADMSG ? r : s;
	}
	if (r < 0 && first.code) {
		takt_log_fail(error, r, "%s", first.text);
	}
	return r;
}

/* --- index ----------------------------------------------------------------------------------- */

struct scan {
	struct takt_log_files *files;
	const struct takt_log_tables *tables;
};

static int note_chunk(const struct takt_log_chunk *chunk, void *user)
{
	const struct scan *scan = user;
	const struct takt_catalog *catalog = scan->tables->catalog;
	const uint16_t type = chunk->stream >= catalog->stream_count ? 0
			    : catalog->streams[chunk->stream].kind == TAKT_STREAM_COPPERLISTS
				    ? TAKT_CHUNK_COPPERLISTS : TAKT_CHUNK_EVENTS;

	if (chunk->type != type || chunk->used_bytes % 8 != 0 || chunk->seq == UINT64_MAX) {
		takt_log_damage_put(&scan->files->damages, &(struct takt_log_damage){
			.file = chunk->segment->path, .kind = TAKT_LOG_BAD_HEADER,
			.what = "chunk that fits no stream of the catalog",
			.stream = chunk->stream, .offset = chunk->offset,
			.bytes = takt_chunk_span(chunk->used_bytes), .first_seq = chunk->seq,
			.last_seq = chunk->seq });
		return 0;
	}
	return takt_log_index_add(&scan->files->index, chunk);
}

static int check_chunk(const struct takt_log_chunk *chunk, void *user)
{
	void *bytes = malloc((size_t)chunk->used_bytes + 1);
	int r;

	(void)user;
	if (!bytes) {
		return -ENOMEM;
	}
	r = takt_log_segment_read_chunk(chunk, bytes);
	free(bytes);
	return r == 0 ? 1 : r == -ENOMEM ? r : 0;
}

int takt_log_files_scan(struct takt_log_files *files, const struct takt_log_tables *tables)
{
	struct scan scan = { files, tables };
	int r = takt_log_index_grow(&files->index, tables->catalog->stream_count);

	if (r == 0 && files->grows && files->directory) {
		r = takt_log_files_add_directory(files, files->directory, NULL);
		r = r == -ENOENT ? 0 : r;
	}
	for (uint32_t i = 0; i < files->segment_count && r == 0; i++) {
		struct takt_log_segment *segment = files->segments[i];
		const bool is_done = (segment->flags & TAKT_SEGMENT_CLEAN) != 0 &&
				     segment->scanned_bytes >= segment->end_offset;

		if (!is_done) {
			r = takt_log_segment_refresh(segment);
		}
		if (r == 0 && !is_done) {
			r = takt_log_segment_scan(segment, files->grows, note_chunk, &scan,
						  &files->damages);
		}
	}
	return r < 0 ? r : takt_log_index_settle(&files->index, check_chunk, NULL);
}

int takt_log_files_read(struct takt_log_files *files, struct takt_log_chunk *chunk, void *out)
{
	int r;

	if (chunk->state == TAKT_LOG_CHUNK_BAD) {
		return -EBADMSG;
	}
	r = takt_log_segment_read_chunk(chunk, out);
	if (r == 0) {
		chunk->state = TAKT_LOG_CHUNK_GOOD;
	} else if (r == -EBADMSG || r == -EIO) {
		r = -EBADMSG;
		if (!files->grows) {
			takt_log_files_condemn(files, chunk);
		}
	}
	return r;
}

void takt_log_files_condemn(struct takt_log_files *files, struct takt_log_chunk *chunk)
{
	if (chunk->state == TAKT_LOG_CHUNK_BAD) {
		return;
	}
	chunk->state = TAKT_LOG_CHUNK_BAD;
	takt_log_damage_put(&files->damages, &(struct takt_log_damage){
		.file = chunk->segment->path, .kind = TAKT_LOG_BAD_PAYLOAD,
		.what = "checksum of this chunk's records is wrong", .stream = chunk->stream,
		.offset = chunk->offset, .bytes = takt_chunk_span(chunk->used_bytes),
		.first_seq = chunk->seq, .last_seq = chunk->seq });
}

void takt_log_files_report_gap(struct takt_log_files *files, uint32_t stream, uint64_t first_seq,
			       uint64_t last_seq)
{
	struct takt_log_index_stream *s = &files->index.streams[stream];

	if (first_seq < s->lost_before_seq) {
		first_seq = s->lost_before_seq;
	}
	if (first_seq > last_seq) {
		return;
	}
	s->lost_before_seq = last_seq + 1;
	if (takt_log_files_is_removed(files, stream, first_seq, last_seq)) {
		return;		/* on purpose */
	}
	s->lost_chunk_count += last_seq - first_seq + 1;
	takt_log_damage_put(&files->damages, &(struct takt_log_damage){
		.file = "", .what = "chunks are missing", .kind = TAKT_LOG_LOST_CHUNKS,
		.stream = stream, .first_seq = first_seq, .last_seq = last_seq });
}

void takt_log_files_report_gaps(struct takt_log_files *files)
{
	/* Older segments may have been removed on purpose: what comes before the first is not
	 * missing. */
	const bool from_start = takt_log_files_are_from_start(files);

	for (uint32_t i = 0; i < files->index.stream_count; i++) {
		const struct takt_log_index_stream *stream = &files->index.streams[i];
		uint64_t expected = from_start || stream->chunk_count == 0 ? 0
								: stream->chunks[0].seq;

		for (size_t j = 0; j < stream->chunk_count; j++) {
			if (stream->chunks[j].seq > expected) {
				takt_log_files_report_gap(files, i, expected,
							  stream->chunks[j].seq - 1);
			}
			expected = stream->chunks[j].seq + 1;
		}
	}
}
