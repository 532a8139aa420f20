/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rt/base/crc32c.h"
#include "rt/base/file.h"
#include "rt/base/testpoint.h"
#include "rt/clock/clock.h"
#include "rt/msg/catalog.h"

#define SECOND_SUPERBLOCK_AT TAKT_BLOCK_BYTES

static void read_id(const char *path, char *out, uint32_t out_bytes)
{
	if (takt_file_read_text(path, out, out_bytes) < 0) {
		out[0] = '\0';
	}
}

/* @path made absolute; "" when it has no room. */
static void keep_path(char *out, size_t out_bytes, const char *path)
{
	char *full = realpath(path, NULL);
	const char *best = full ? full : path;

	if (best[0] == '/' && strlen(best) < out_bytes) {
		memcpy(out, best, strlen(best) + 1);
	}
	free(full);
}

int takt_segment_kind_init(struct takt_segment_kind *kind, uint64_t run, const char *graph,
			   const char *region, const void *catalog, uint32_t catalog_bytes)
{
	struct takt_chunk *header;

	memset(kind, 0, sizeof(*kind));
	if (catalog_bytes == 0 || catalog_bytes > TAKT_CATALOG_BYTES_MAX) {
		return -EINVAL;
	}
	kind->catalog_span = takt_chunk_span(catalog_bytes);
	kind->catalog_chunk = aligned_alloc(TAKT_BLOCK_BYTES, 2 * kind->catalog_span);
	if (!kind->catalog_chunk) {
		return -ENOMEM;
	}
	memset(kind->catalog_chunk, 0, 2 * kind->catalog_span);
	header = (struct takt_chunk *)(void *)kind->catalog_chunk;
	memcpy(kind->catalog_chunk + TAKT_CHUNK_HEADER_BYTES, catalog, catalog_bytes);
	header->magic = TAKT_CHUNK_MAGIC;
	header->version = TAKT_CHUNK_VERSION;
	header->type = TAKT_CHUNK_CATALOG;
	header->run = run;
	header->used_bytes = catalog_bytes;
	header->payload_crc = takt_crc32c(0, kind->catalog_chunk + TAKT_CHUNK_HEADER_BYTES,
					  catalog_bytes);
	memcpy(kind->catalog_chunk + kind->catalog_span, kind->catalog_chunk, kind->catalog_span);
	kind->run = run;
	kind->segment_bytes = TAKT_SEGMENT_BYTES_DEFAULT;
	snprintf(kind->graph, sizeof(kind->graph), "%s", graph);
	keep_path(kind->region, sizeof(kind->region), region);
	read_id("/proc/sys/kernel/random/boot_id", kind->boot_id, sizeof(kind->boot_id));
	read_id("/etc/machine-id", kind->machine_id, sizeof(kind->machine_id));
	return 0;
}

void takt_segment_kind_fini(struct takt_segment_kind *kind)
{
	free(kind->catalog_chunk);
	kind->catalog_chunk = NULL;
}

static int lock_file(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

/* All of @bytes; a file may be O_DIRECT, so everything is 4 KiB-aligned. */
static int write_all(int fd, const void *from, uint64_t bytes, uint64_t offset)
{
	const char *at = from;

	while (bytes > 0) {
		const ssize_t n = pwrite(fd, at, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0 || n % TAKT_BLOCK_BYTES != 0) {
			return n < 0 ? -errno : -EIO;
		}
		at += n;
		bytes -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int takt_segment_put(struct takt_segment *segment, const void *from, uint64_t bytes, uint64_t offset)
{
	return write_all(segment->fd, from, bytes, offset);
}

static int write_superblock(const struct takt_segment *segment, uint64_t offset)
{
	segment->block->crc = takt_crc32c(0, segment->block, offsetof(struct takt_superblock, crc));
	return write_all(segment->fd, segment->block, sizeof(*segment->block), offset);
}

/* Room for the whole segment, or for half, a quarter ... where the disk is nearly full. */
static int preallocate(const struct takt_segment_kind *kind, struct takt_segment *segment)
{
	const uint64_t least = segment->data_at + kind->chunk_bytes_max;
	uint64_t bytes = kind->segment_bytes / TAKT_BLOCK_BYTES * TAKT_BLOCK_BYTES;

	for (;;) {
		if (bytes < least) {
			bytes = least;
		}
		segment->bytes = bytes;
		if (fallocate(segment->fd, 0, 0, (off_t)bytes) == 0) {
			return 0;
		}
		if (errno == EOPNOTSUPP || errno == ENOSYS) {
			return ftruncate(segment->fd, (off_t)bytes) < 0 ? -errno : 0;
		}
		if (errno == EINTR) {
			continue;
		}
		if (errno != ENOSPC || bytes == least) {
			return -errno;
		}
		bytes = bytes / 2 / TAKT_BLOCK_BYTES * TAKT_BLOCK_BYTES;
	}
}

static void fill_superblock(const struct takt_segment_kind *kind, struct takt_segment *segment)
{
	struct takt_superblock *block = segment->block;

	memset(block, 0, sizeof(*block));
	block->magic = TAKT_SEGMENT_MAGIC;
	block->version = TAKT_SEGMENT_VERSION;
	block->salt = segment->salt;
	block->run = kind->run;
	block->number = segment->number;
	block->writer_pid = (uint32_t)getpid();
	block->flags = kind->is_virtual ? TAKT_SEGMENT_VIRTUAL : 0;
	block->created_mono_ns = kind->is_virtual ? kind->origin_mono_ns : takt_clock_mono_ns();
	block->created_real_ns = takt_clock_real_ns();
	memcpy(block->boot_id, kind->boot_id, sizeof(block->boot_id));
	memcpy(block->machine_id, kind->machine_id, sizeof(block->machine_id));
	memcpy(block->graph, kind->graph, sizeof(block->graph));
	memcpy(block->region, kind->region, sizeof(block->region));
}

static int write_catalog(struct takt_segment_kind *kind, const struct takt_segment *segment)
{
	for (uint32_t i = 0; i < 2; i++) {
		char *at = kind->catalog_chunk + i * kind->catalog_span;
		struct takt_chunk *header = (struct takt_chunk *)(void *)at;

		header->seq = i;
		header->salt = segment->salt;
		header->first_mono_ns = header->last_mono_ns = segment->block->created_mono_ns;
		header->header_crc = takt_crc32c(0, header, offsetof(struct takt_chunk, header_crc));
	}
	return write_all(segment->fd, kind->catalog_chunk, 2 * kind->catalog_span,
			 TAKT_SEGMENT_CHUNKS_AT);
}

static int fill_file(struct takt_segment_kind *kind, struct takt_segment *segment)
{
	int r = preallocate(kind, segment);

	TAKT_TEST_POINT("segment_allocated");
	if (r == 0) {
		fill_superblock(kind, segment);
		r = write_superblock(segment, 0);
		TAKT_TEST_POINT("segment_superblock_a");
	}
	if (r == 0) {
		r = write_superblock(segment, SECOND_SUPERBLOCK_AT);
		TAKT_TEST_POINT("segment_superblock_b");
	}
	if (r == 0) {
		r = write_catalog(kind, segment);
		TAKT_TEST_POINT("segment_catalog");
	}
	if (r == 0 && fsync(segment->fd) < 0) {
		r = -errno;
	}
	TAKT_TEST_POINT("segment_filled");
	return r;
}

/* Give the whole file its name; never in place of another. On failure it has neither name. */
static int name_file(const struct takt_segment *segment, int dir_fd, const char *new_name)
{
	int r = renameat2(dir_fd, new_name, dir_fd, segment->name, RENAME_NOREPLACE);

	if (r < 0 && (errno == EINVAL || errno == ENOSYS)) {	/* this file system cannot look */
		r = faccessat(dir_fd, segment->name, F_OK, 0) == 0
			    ? (errno = EEXIST, -1)
			    : renameat(dir_fd, new_name, dir_fd, segment->name);
	}
	TAKT_TEST_POINT("segment_named");
	if (r < 0) {
		r = -errno;
		unlinkat(dir_fd, new_name, 0);
		return r;
	}
	if (fsync(dir_fd) < 0) {
		r = -errno;
		unlinkat(dir_fd, segment->name, 0);
	}
	TAKT_TEST_POINT("segment_ready");
	return r;
}

static void forget(struct takt_segment *segment)
{
	if (segment->fd >= 0) {
		close(segment->fd);
	}
	free(segment->block);
	segment->fd = -1;
	segment->block = NULL;
}

int takt_segment_create(struct takt_segment_kind *kind, struct takt_backend *backend, int dir_fd,
			uint32_t number, struct takt_segment *ret_segment, struct takt_err *err)
{
	struct takt_segment segment = { .fd = -1, .number = number };
	char new_name[sizeof(segment.name) + sizeof(TAKT_SEGMENT_NEW_SUFFIX)];
	int r;

	segment.data_at = TAKT_SEGMENT_CHUNKS_AT + 2 * kind->catalog_span;
	snprintf(segment.name, sizeof(segment.name), "%04u" TAKT_SEGMENT_SUFFIX, number);
	if (getrandom(&segment.salt, sizeof(segment.salt), 0) != sizeof(segment.salt)) {
		return takt_err_set(err, -EIO, "no random number for a segment's salt");
	}
	segment.block = aligned_alloc(TAKT_BLOCK_BYTES, sizeof(*segment.block));
	if (!segment.block) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	snprintf(new_name, sizeof(new_name), "%s" TAKT_SEGMENT_NEW_SUFFIX, segment.name);
	segment.fd = backend->ops->open(backend, dir_fd, new_name);
	if (segment.fd < 0) {
		r = takt_err_set(err, segment.fd, "cannot make %s: %s", segment.name,
				 strerror(-segment.fd));
		forget(&segment);
		return r;
	}
	TAKT_TEST_POINT("segment_opened");
	/* Where the file system has no locks, readers see no writer; that is all. */
	lock_file(segment.fd);
	TAKT_TEST_POINT("segment_locked");
	r = fill_file(kind, &segment);
	if (r < 0) {
		unlinkat(dir_fd, new_name, 0);
	} else {
		r = name_file(&segment, dir_fd, new_name);
	}
	if (r < 0) {
		forget(&segment);
		return takt_err_set(err, r, "cannot fill %04u" TAKT_SEGMENT_SUFFIX ": %s", number,
				    strerror(-r));
	}
	*ret_segment = segment;
	return 0;
}

int takt_segment_close(struct takt_segment *segment, uint64_t end_offset, uint64_t chunk_count,
		       const struct takt_run_end *end)
{
	int r;

	segment->block->flags = (segment->block->flags & TAKT_SEGMENT_VIRTUAL) | TAKT_SEGMENT_CLEAN;
	if (end) {
		segment->block->flags |= TAKT_SEGMENT_LAST | TAKT_SEGMENT_COUNTED;
		segment->block->ending = end->ending;
		segment->block->exit_code = end->exit_code;
		segment->block->lost_copperlists = end->lost_copperlists;
		segment->block->lost_events = end->lost_events;
	}
	segment->block->end_offset = end_offset;
	segment->block->chunk_count = chunk_count;
	TAKT_TEST_POINT("segment_close");
	/* One of the two is whole at any moment, whatever a power cut does to the other. */
	r = write_superblock(segment, 0);
	TAKT_TEST_POINT("segment_close_a");
	if (r == 0 && fdatasync(segment->fd) < 0) {
		r = -errno;
	}
	TAKT_TEST_POINT("segment_close_synced");
	if (r == 0) {
		r = write_superblock(segment, SECOND_SUPERBLOCK_AT);
	}
	TAKT_TEST_POINT("segment_close_b");
	if (r == 0 && ftruncate(segment->fd, (off_t)end_offset) < 0) {
		r = -errno;
	}
	TAKT_TEST_POINT("segment_close_cut");
	if (r == 0 && fsync(segment->fd) < 0) {
		r = -errno;
	}
	TAKT_TEST_POINT("segment_closed");
	forget(segment);
	return r;
}

void takt_segment_poison(struct takt_segment *segment, uint64_t end_offset)
{
	segment->block->flags = (segment->block->flags & TAKT_SEGMENT_VIRTUAL) | TAKT_SEGMENT_POISONED;
	TAKT_TEST_POINT("segment_poison");
	if (ftruncate(segment->fd, (off_t)end_offset) == 0 && write_superblock(segment, 0) == 0 &&
	    fdatasync(segment->fd) == 0 && write_superblock(segment, SECOND_SUPERBLOCK_AT) == 0) {
		fdatasync(segment->fd);
	}
	TAKT_TEST_POINT("segment_poisoned");
	forget(segment);
}

void takt_segment_discard(struct takt_segment *segment, int dir_fd)
{
	unlinkat(dir_fd, segment->name, 0);
	forget(segment);
}

/* Where the written part ends: as the superblock says, else behind the last byte that was ever written
 * (preallocated and never written is a hole to SEEK_DATA). */
static off_t find_end(int fd, off_t file_bytes)
{
	struct takt_superblock block;
	off_t end = 0, data, hole;

	if (pread(fd, &block, sizeof(block), 0) == (ssize_t)sizeof(block) &&
	    block.magic == TAKT_SEGMENT_MAGIC &&
	    block.crc == takt_crc32c(0, &block, offsetof(struct takt_superblock, crc)) &&
	    (block.flags & TAKT_SEGMENT_CLEAN) != 0) {
		return (off_t)block.end_offset;
	}
	/* What a reader has left in the page cache would count as data. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	for (data = lseek(fd, 0, SEEK_DATA); data >= 0; data = lseek(fd, hole, SEEK_DATA)) {
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole <= data) {
			return file_bytes;
		}
		end = hole;
	}
	return errno == ENXIO ? end : file_bytes;
}

int takt_segment_trim(int dir_fd, const char *name)
{
	const int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	off_t end;
	int r;

	if (fd < 0) {
		return -errno;
	}
	r = lock_file(fd);
	if (r == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		end = find_end(fd, st.st_size);
		if (end >= 0 && end < st.st_size && ftruncate(fd, end) < 0) {
			r = -errno;
		}
	}
	close(fd);
	return r == -EAGAIN || r == -EACCES ? -EBUSY : r;
}

int takt_segment_remove_new(int dir_fd, const char *name)
{
	const int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0) {
		return -errno;
	}
	r = lock_file(fd);
	if (r == 0 && unlinkat(dir_fd, name, 0) < 0) {
		r = -errno;
	}
	close(fd);
	return r == -EAGAIN || r == -EACCES ? -EBUSY : r;
}
