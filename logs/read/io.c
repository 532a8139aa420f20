/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The descriptor is the user pointer itself: nothing to allocate. */
static int fd_of(const void *user)
{
	return (int)(intptr_t)user;
}

static int64_t file_read(void *user, uint64_t offset, void *out, uint32_t bytes)
{
	char *to = out;
	uint32_t done = 0;

	while (done < bytes) {
		const ssize_t n = pread(fd_of(user), to + done, bytes - done,
					(off_t)(offset + done));

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		if (n == 0) {
			break;
		}
		done += (uint32_t)n;
	}
	return done;
}

static int64_t file_size(void *user)
{
	struct stat st;

	return fstat(fd_of(user), &st) < 0 ? -errno : (int64_t)st.st_size;
}

static uint64_t file_data_from(void *user, uint64_t offset)
{
	const off_t at = lseek(fd_of(user), (off_t)offset, SEEK_DATA);
	int64_t bytes;

	if (at >= 0) {
		return (uint64_t)at;
	}
	bytes = errno == ENXIO ? file_size(user) : -1;
	return bytes > (int64_t)offset ? (uint64_t)bytes : offset;
}

/* Reading ahead would read all of the file for the sake of its headers; and what it leaves in the page cache
 * of a preallocated rest would no longer be a hole. */
static void file_scatter(void *user, bool on)
{
	posix_fadvise(fd_of(user), 0, 0, on ? POSIX_FADV_RANDOM : POSIX_FADV_NORMAL);
}

static void file_prefetch(void *user, uint64_t offset, uint32_t bytes)
{
	posix_fadvise(fd_of(user), (off_t)offset, bytes, POSIX_FADV_WILLNEED);
}

static void file_close(void *user)
{
	close(fd_of(user));
}

int takt_log_io_open(const char *path, struct takt_log_io *ret_io)
{
	/* O_NONBLOCK: opening a FIFO that lies about must not wait. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EBADMSG;
	}
	*ret_io = (struct takt_log_io){
		.user = (void *)(intptr_t)fd,
		.read = file_read,
		.size = file_size,
		.data_from = file_data_from,
		.close = file_close,
		.scatter = file_scatter,
		.prefetch = file_prefetch,
	};
	return 0;
}

int takt_log_io_read(const struct takt_log_io *io, uint64_t offset, void *out, uint32_t bytes)
{
	const int64_t n = io->read(io->user, offset, out, bytes);

	if (n < 0) {
		return (int)n;
	}
	return n == bytes ? 0 : -ENODATA;
}
