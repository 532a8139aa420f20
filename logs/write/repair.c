/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/write/segment.h"
#include "rt/base/crc32c.h"
#include "rt/shm/chunk.h"

struct patient {
	int fd;
	int locked;			/* -EBUSY when a writer has it, 0 when it has none */
	bool repair;
	const char *name;
	uint64_t bytes;
	struct takt_superblock blocks[2];
	bool good[2];
	bool newer;			/* of a version that we do not know */
	void (*visit)(const struct takt_repair *found, void *user);
	void *user;
};

static void say(const struct patient *patient, enum takt_repair_kind kind, uint64_t offset,
		uint64_t bytes, int result)
{
	const struct takt_repair found = { .name = patient->name, .kind = kind, .offset = offset,
					   .bytes = bytes, .result = result };

	patient->visit(&found, patient->user);
}

/* What comes of a repair that @patient may get: -EBUSY, or POSSIBLE when none is asked for. */
static bool may_repair(const struct patient *patient, int *ret_result)
{
	*ret_result = patient->locked < 0 ? patient->locked : TAKT_REPAIR_POSSIBLE;
	return patient->repair && patient->locked == 0;
}

/* --- superblocks ----------------------------------------------------------------------------- */

static int load(struct patient *patient)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct takt_superblock *block = &patient->blocks[i];
		const ssize_t n = pread(patient->fd, block, sizeof(*block),
					(off_t)(i * TAKT_BLOCK_BYTES));

		if (n < 0) {
			return -errno;
		}
		patient->good[i] = n == (ssize_t)sizeof(*block) &&
				   block->magic == TAKT_SEGMENT_MAGIC &&
				   block->crc == takt_crc32c(0, block, offsetof(struct takt_superblock,
										crc));
		patient->newer |= patient->good[i] && block->version != TAKT_SEGMENT_VERSION;
	}
	return 0;
}

static int write_from(const struct patient *patient, uint32_t good)
{
	const ssize_t n = pwrite(patient->fd, &patient->blocks[good], sizeof(patient->blocks[good]),
				 (off_t)((1 - good) * TAKT_BLOCK_BYTES));

	if (n != (ssize_t)sizeof(patient->blocks[good])) {
		return n < 0 ? -errno : -EIO;
	}
	return fdatasync(patient->fd) < 0 ? -errno : TAKT_REPAIR_DONE;
}

static void check_superblocks(const struct patient *patient)
{
	const bool both = patient->good[0] && patient->good[1];
	const struct takt_superblock *blocks = patient->blocks;
	const uint32_t good = patient->good[0] ? 0 : 1;
	const uint64_t bad_at = (1 - good) * TAKT_BLOCK_BYTES;
	int result;

	if (!patient->good[0] && !patient->good[1]) {
		say(patient, TAKT_REPAIR_NO_SUPERBLOCK, 0, TAKT_SEGMENT_CHUNKS_AT, -ENOTSUP);
		return;
	}
	if (both && (patient->locked < 0 || memcmp(&blocks[0], &blocks[1], sizeof(blocks[0])) == 0)) {
		return;			/* its writer may be between the two */
	}
	if (both && (blocks[0].salt != blocks[1].salt || blocks[0].run != blocks[1].run)) {
		say(patient, TAKT_REPAIR_SUPERBLOCKS_DIFFER, bad_at, TAKT_BLOCK_BYTES, -ENOTSUP);
		return;
	}
	if (may_repair(patient, &result)) {
		result = write_from(patient, good);
	}
	say(patient, both ? TAKT_REPAIR_SUPERBLOCKS_DIFFER : TAKT_REPAIR_SUPERBLOCK, bad_at,
	    TAKT_BLOCK_BYTES, result);
}

/* --- the end of the file --------------------------------------------------------------------- */

/* Behind the last byte that was ever written: what was only preallocated is a hole to SEEK_DATA. */
static uint64_t find_end(const struct patient *patient)
{
	off_t at = (off_t)patient->bytes, end = 0;

	/* What a reader has left in the page cache would count as data. */
	posix_fadvise(patient->fd, 0, 0, POSIX_FADV_DONTNEED);
	for (off_t data = lseek(patient->fd, 0, SEEK_DATA); data >= 0;
	     data = lseek(patient->fd, at, SEEK_DATA)) {
		at = lseek(patient->fd, data, SEEK_HOLE);
		if (at <= data) {
			return patient->bytes;
		}
		end = at;
	}
	return errno == ENXIO ? (uint64_t)end : patient->bytes;
}

static void check_end(const struct patient *patient)
{
	const struct takt_superblock *believed = &patient->blocks[patient->good[0] ? 0 : 1];
	uint64_t end;
	int result;

	if (patient->locked < 0 || (!patient->good[0] && !patient->good[1]) ||
	    (believed->flags & TAKT_SEGMENT_CLEAN) != 0) {
		return;
	}
	end = find_end(patient);
	if (end >= patient->bytes || end < TAKT_SEGMENT_CHUNKS_AT) {
		return;
	}
	if (may_repair(patient, &result)) {
		result = ftruncate(patient->fd, (off_t)end) < 0 || fsync(patient->fd) < 0
				 ? -errno : TAKT_REPAIR_DONE;
	}
	say(patient, TAKT_REPAIR_PREALLOCATED, end, patient->bytes - end, result);
}

/* --------------------------------------------------------------------------------------------- */

/* Locked by us from now on, when we may; else only asked. */
static int lock_or_ask(int fd, bool repair)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (repair) {
		if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
			return 0;
		}
		return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
	}
	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? -EBUSY : 0;
}

int takt_repair_segment(int dir_fd, const char *name, bool repair,
			void (*visit)(const struct takt_repair *found, void *user), void *user)
{
	const int flags = (repair ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct patient patient = { .repair = repair, .name = name, .visit = visit, .user = user };
	struct stat st;
	int r = 0;

	patient.fd = openat(dir_fd, name, flags);
	if (patient.fd < 0) {
		return -errno;
	}
	if (fstat(patient.fd, &st) < 0) {
		r = -errno;
	} else if (S_ISREG(st.st_mode)) {
		patient.bytes = (uint64_t)st.st_size;
		patient.locked = lock_or_ask(patient.fd, repair);
		r = load(&patient);
		if (r == 0 && !patient.newer) {
			check_superblocks(&patient);
			check_end(&patient);
		}
	}
	close(patient.fd);
	return r;
}

int takt_repair_unfinished(int dir_fd, const char *name, bool repair,
			   void (*visit)(const struct takt_repair *found, void *user), void *user)
{
	struct takt_repair found = { .name = name, .kind = TAKT_REPAIR_UNFINISHED };
	const int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &st) == 0) {
		found.bytes = (uint64_t)st.st_size;
	}
	found.result = lock_or_ask(fd, false);
	close(fd);
	if (found.result == -EBUSY) {
		return 0;		/* being made right now */
	}
	if (repair) {
		found.result = takt_segment_remove_new(dir_fd, name);
		found.result = found.result < 0 ? found.result : TAKT_REPAIR_DONE;
	}
	visit(&found, user);
	return 0;
}
