/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/cut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/read/handle.h"
#include "rt/base/crc32c.h"
#include "rt/shm/record.h"

#define FILE_NAME "0001" TAKT_SEGMENT_SUFFIX
#define NEW_NAME FILE_NAME ".new"

struct writing {
	struct takt_log *log;
	struct takt_cut *cut;
	struct takt_log_chunk **chunks;	/* that may hold something, in the order of the files */
	size_t chunk_count;
	char *buffer;			/* header, records, padding */
	uint64_t buffer_bytes;
	uint64_t salt;
	uint64_t offset;		/* of the file */
	uint64_t first_mono_ns;
	int fd;
};

/* --- what belongs to it ---------------------------------------------------------------------- */

static struct takt_log_point as_mono(const struct takt_log *log, struct takt_log_point point)
{
	if (point.at == TAKT_LOG_AT_REAL) {
		point.at = TAKT_LOG_AT_MONO;
		point.value = takt_log_mono_ns(log, (int64_t)point.value);
	}
	return point;
}

static bool is_before(const struct takt_log_point *point, uint64_t cycle, uint64_t mono_ns)
{
	return (point->at == TAKT_LOG_AT_CYCLE && cycle < point->value) ||
	       (point->at == TAKT_LOG_AT_MONO && mono_ns < point->value);
}

static bool is_behind(const struct takt_log_point *point, uint64_t cycle, uint64_t mono_ns)
{
	return (point->at == TAKT_LOG_AT_CYCLE && cycle > point->value) ||
	       (point->at == TAKT_LOG_AT_MONO && mono_ns > point->value);
}

static bool may_hold(const struct takt_cut *cut, const struct takt_log_chunk *chunk)
{
	return !is_before(&cut->since, chunk->last_cycle, chunk->last_mono_ns) &&
	       !is_behind(&cut->until, chunk->first_cycle, chunk->first_mono_ns);
}

static int compare(const void *a, const void *b)
{
	const struct takt_log_chunk *x = *(struct takt_log_chunk *const *)a;
	const struct takt_log_chunk *y = *(struct takt_log_chunk *const *)b;

	if (x->segment->number != y->segment->number) {
		return x->segment->number < y->segment->number ? -1 : 1;
	}
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int find_chunks(struct writing *w)
{
	struct takt_log_index *index = &w->log->files.index;

	w->chunks = calloc(index->chunk_count + 1, sizeof(*w->chunks));
	if (!w->chunks) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < index->stream_count; i++) {
		for (size_t j = 0; j < index->streams[i].chunk_count; j++) {
			struct takt_log_chunk *chunk = &index->streams[i].chunks[j];
			const uint64_t span = takt_chunk_span(chunk->used_bytes);

			if (may_hold(w->cut, chunk)) {
				w->chunks[w->chunk_count++] = chunk;
				w->buffer_bytes = span > w->buffer_bytes ? span : w->buffer_bytes;
			}
		}
	}
	qsort(w->chunks, w->chunk_count, sizeof(w->chunks[0]), compare);
	return 0;
}

/* --- writing --------------------------------------------------------------------------------- */

static int write_at(int fd, const void *from, uint64_t bytes, uint64_t offset)
{
	const char *at = from;

	while (bytes > 0) {
		const ssize_t n = pwrite(fd, at, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -errno : -EIO;
		}
		at += n;
		bytes -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* Write the buffer with @header in front, padded. */
static int write_chunk(struct writing *w, struct takt_chunk *header)
{
	const uint64_t span = takt_chunk_span(header->used_bytes);
	char *records = w->buffer + TAKT_CHUNK_HEADER_BYTES;
	int r;

	header->magic = TAKT_CHUNK_MAGIC;
	header->version = TAKT_CHUNK_VERSION;
	header->salt = w->salt;
	header->run = w->log->files.run;
	header->payload_crc = takt_crc32c(0, records, header->used_bytes);
	header->header_crc = takt_crc32c(0, header, offsetof(struct takt_chunk, header_crc));
	memcpy(w->buffer, header, sizeof(*header));
	memset(records + header->used_bytes, 0, span - TAKT_CHUNK_HEADER_BYTES - header->used_bytes);
	r = write_at(w->fd, w->buffer, span, w->offset);
	w->offset += r == 0 ? span : 0;
	w->cut->bytes = w->offset;
	return r;
}

/* Keep the records in the buffer that belong to the part, and say so in @header. What is no record ends it. */
static void filter(const struct writing *w, uint32_t used_bytes, struct takt_chunk *header)
{
	char *records = w->buffer + TAKT_CHUNK_HEADER_BYTES;
	struct takt_record record;

	for (uint32_t at = 0; used_bytes - at >= sizeof(record); at += record.bytes) {
		memcpy(&record, records + at, sizeof(record));
		if (record.bytes < sizeof(record) || record.bytes % 8 != 0 || record.bytes > used_bytes - at) {
			return;
		}
		if (is_before(&w->cut->since, record.cycle, record.mono_ns) ||
		    is_behind(&w->cut->until, record.cycle, record.mono_ns)) {
			continue;
		}
		if (header->record_count++ == 0) {
			header->first_cycle = record.cycle;
			header->first_mono_ns = record.mono_ns;
		}
		header->last_cycle = record.cycle;
		header->last_mono_ns = record.mono_ns;
		memmove(records + header->used_bytes, records + at, record.bytes);
		header->used_bytes += record.bytes;
	}
}

static int copy_chunk(struct writing *w, struct takt_log_chunk *chunk)
{
	struct takt_chunk header = { .type = chunk->type, .stream = chunk->stream, .seq = chunk->seq,
				     .position = chunk->position };
	int r = takt_log_files_read(&w->log->files, chunk, w->buffer + TAKT_CHUNK_HEADER_BYTES);

	if (r < 0) {
		w->cut->bad_chunk_count += r == -EBADMSG;
		return r == -EBADMSG ? 0 : r;
	}
	filter(w, chunk->used_bytes, &header);
	if (header.record_count == 0) {
		return 0;
	}
	if (w->cut->chunk_count++ == 0 || header.first_mono_ns < w->first_mono_ns) {
		w->first_mono_ns = header.first_mono_ns;
	}
	w->cut->record_count += header.record_count;
	return write_chunk(w, &header);
}

/* The newest whole one of the log's. */
static int copy_catalog(struct writing *w)
{
	const struct takt_log_files *files = &w->log->files;
	uint32_t bytes = 0;
	int r = -EBADMSG;

	for (uint32_t i = files->segment_count; i-- > 0 && r != 0;) {
		const struct takt_log_segment *segment = files->segments[i];

		for (uint32_t c = 0; c < 2 && r != 0; c++) {
			const struct takt_log_catalog_place *place = &segment->catalogs[c];

			if (place->offset == 0 || takt_chunk_span(place->bytes) > w->buffer_bytes) {
				continue;
			}
			bytes = place->bytes;
			r = takt_log_segment_read(segment, place->offset,
						  w->buffer + TAKT_CHUNK_HEADER_BYTES, place->bytes,
						  place->crc);
		}
	}
	for (uint32_t c = 0; c < 2 && r == 0; c++) {
		struct takt_chunk header = { .type = TAKT_CHUNK_CATALOG, .seq = c, .used_bytes = bytes };

		r = write_chunk(w, &header);
	}
	return r;
}

static int write_superblocks(const struct writing *w)
{
	const struct takt_log_info *info = takt_log_info_of(w->log);
	struct takt_superblock block = {
		.magic = TAKT_SEGMENT_MAGIC, .version = TAKT_SEGMENT_VERSION,
		.flags = TAKT_SEGMENT_CLEAN | TAKT_SEGMENT_LAST | TAKT_SEGMENT_PART |
			 (info->is_virtual ? TAKT_SEGMENT_VIRTUAL : 0),
		.salt = w->salt, .run = info->run, .number = 1, .writer_pid = (uint32_t)getpid(),
		.created_mono_ns = w->first_mono_ns,
		.created_real_ns = takt_log_real_ns(w->log, w->first_mono_ns),
		.end_offset = w->offset, .chunk_count = w->cut->chunk_count,
		.ending = info->ending, .exit_code = info->exit_code,
	};
	int r;

	snprintf(block.boot_id, sizeof(block.boot_id), "%s", info->boot_id);
	snprintf(block.machine_id, sizeof(block.machine_id), "%s", info->machine_id);
	snprintf(block.graph, sizeof(block.graph), "%s", info->graph);
	block.crc = takt_crc32c(0, &block, offsetof(struct takt_superblock, crc));
	r = write_at(w->fd, &block, sizeof(block), 0);
	return r < 0 ? r : write_at(w->fd, &block, sizeof(block), TAKT_BLOCK_BYTES);
}

static int write_all(struct writing *w)
{
	int r;

	w->offset = TAKT_SEGMENT_CHUNKS_AT;
	for (uint32_t i = 0; i < w->log->files.segment_count; i++) {
		for (uint32_t c = 0; c < 2; c++) {
			const uint64_t span = takt_chunk_span(w->log->files.segments[i]->catalogs[c].bytes);

			w->buffer_bytes = span > w->buffer_bytes ? span : w->buffer_bytes;
		}
	}
	w->buffer = malloc(w->buffer_bytes);
	if (!w->buffer) {
		return -ENOMEM;
	}
	if (getrandom(&w->salt, sizeof(w->salt), 0) != (ssize_t)sizeof(w->salt)) {
		return -errno;
	}
	r = copy_catalog(w);
	for (size_t i = 0; i < w->chunk_count && r == 0; i++) {
		r = copy_chunk(w, w->chunks[i]);
	}
	if (r == 0 && w->cut->record_count == 0) {
		return -ENODATA;
	}
	if (r == 0) {
		r = write_superblocks(w);
	}
	return r == 0 && fsync(w->fd) < 0 ? -errno : r;
}

static int make(struct writing *w, int dir_fd)
{
	int r;

	w->fd = openat(dir_fd, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (w->fd < 0) {
		return -errno;
	}
	r = write_all(w);
	if (close(w->fd) < 0 && r == 0) {
		r = -errno;
	}
	if (r == 0 && renameat(dir_fd, NEW_NAME, dir_fd, FILE_NAME) < 0) {
		r = -errno;
	}
	if (r < 0) {
		unlinkat(dir_fd, NEW_NAME, 0);
	} else if (fsync(dir_fd) < 0) {
		r = -errno;
	}
	return r;
}

int takt_cut_write(struct takt_log *log, struct takt_cut *cut, const char *path, struct takt_err *err)
{
	struct writing w = { .log = log, .cut = cut, .fd = -1 };
	int dir_fd = -1, r;

	cut->since = as_mono(log, cut->since);
	cut->until = as_mono(log, cut->until);
	cut->record_count = cut->chunk_count = cut->bad_chunk_count = cut->bytes = 0;
	r = find_chunks(&w);
	if (r == 0 && w.chunk_count == 0) {
		r = -ENODATA;
	}
	if (r == 0 && mkdir(path, 0755) < 0) {
		r = -errno;
	}
	if (r < 0) {
		goto out;
	}
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = dir_fd < 0 ? -errno : make(&w, dir_fd);
	if (r < 0) {
		rmdir(path);
	}
out:
	if (dir_fd >= 0) {
		close(dir_fd);
	}
	free(w.chunks);
	free(w.buffer);
	return r < 0 ? takt_err_set(err, r, "%s: %s", path, r == -ENODATA ? "no record lies in this time"
				    : r == -EEXIST ? "is there already; give a new directory" : strerror(-r)) : 0;
}
