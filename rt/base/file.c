/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fill @buffer from @fd. Returns the bytes read, less than @size_bytes only at the end
 * of the file. */
static ssize_t read_full(int fd, char *buffer, size_t size_bytes)
{
	size_t used = 0;

	while (used < size_bytes) {
		const ssize_t got = read(fd, buffer + used, size_bytes - used);

		if (got == 0) {
			break;
		}
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -errno;
		}
		used += (size_t)got;
	}
	return (ssize_t)used;
}

/* Read to the end of @fd into a growing buffer with room for one byte more than was read. */
static int read_growing(int fd, size_t max_bytes, char **ret_bytes, size_t *ret_size_bytes)
{
	size_t room = 4096, used = 0;
	char *bytes = NULL;

	for (;;) {
		char *grown = realloc(bytes, room);
		ssize_t got;

		if (!grown) {
			free(bytes);
			return -ENOMEM;
		}
		bytes = grown;
		got = read_full(fd, bytes + used, room - used);
		if (got < 0 || (size_t)got + used > max_bytes) {
			free(bytes);
			return got < 0 ? (int)got : -EFBIG;
		}
		used += (size_t)got;
		if (used < room) {
			break;
		}
		room *= 2;
	}
	*ret_bytes = bytes;
	*ret_size_bytes = used;
	return 0;
}

int takt_file_read(const char *path, size_t max_bytes, void **ret_bytes, size_t *ret_size_bytes)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;
	size_t size_bytes = 0;
	int ret;

	if (fd < 0) {
		return -errno;
	}
	ret = read_growing(fd, max_bytes, &bytes, &size_bytes);
	close(fd);
	if (ret < 0) {
		return ret;
	}
	bytes[size_bytes] = '\0';
	*ret_bytes = bytes;
	*ret_size_bytes = size_bytes;
	return 0;
}

int takt_file_read_text(const char *path, char *out, uint32_t out_bytes)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t used;

	if (fd < 0) {
		return -errno;
	}
	used = read_full(fd, out, out_bytes);
	close(fd);
	if (used < 0) {
		return (int)used;
	}
	if ((size_t)used == out_bytes) {
		return -EFBIG;
	}
	while (used > 0 && strchr(" \t\r\n", out[used - 1])) {
		used--;
	}
	out[used] = '\0';
	return (int)used;
}

int takt_file_write_all(int fd, const void *bytes, size_t size_bytes)
{
	const char *at = bytes;

	while (size_bytes > 0) {
		const ssize_t written = write(fd, at, size_bytes);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written < 0) {
			return -errno;
		}
		at += written;
		size_bytes -= (size_t)written;
	}
	return 0;
}

/* fsync the directory that holds @path. */
static int sync_parent(const char *path)
{
	char dir[PATH_MAX];
	char *slash;
	int fd, ret = 0;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash) {
		snprintf(dir, sizeof(dir), ".");
	} else {
		slash[slash == dir ? 1 : 0] = '\0';
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	if (fsync(fd) < 0 && errno != EINVAL) {
		ret = -errno;
	}
	close(fd);
	return ret;
}

static int write_and_sync(int fd, const void *bytes, size_t size_bytes, mode_t mode)
{
	const int ret = takt_file_write_all(fd, bytes, size_bytes);

	if (ret < 0) {
		return ret;
	}
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

int takt_file_replace(const char *path, const void *bytes, size_t size_bytes, mode_t mode)
{
	char temporary[PATH_MAX];
	int fd, ret;

	ret = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	if (ret < 0 || (size_t)ret >= sizeof(temporary)) {
		return -ENAMETOOLONG;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	ret = write_and_sync(fd, bytes, size_bytes, mode);
	if (close(fd) < 0 && ret == 0) {
		ret = -errno;
	}
	if (ret == 0 && rename(temporary, path) < 0) {
		ret = -errno;
	}
	if (ret < 0) {
		unlink(temporary);
		return ret;
	}
	return sync_parent(path);
}

int takt_file_mkdirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	const int length = snprintf(part, sizeof(part), "%s", path);
	struct stat status;

	if (length <= 0) {
		return -ENOENT;
	}
	if ((size_t)length >= sizeof(part)) {
		return -ENAMETOOLONG;
	}
	for (char *at = part + 1;; at++) {
		const char end = *at;

		if (end != '/' && end != '\0') {
			continue;
		}
		*at = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST) {
			const int failed = errno;

			/* A read-only or forbidden parent may hold the directory all the same. */
			if (stat(part, &status) < 0) {
				return -failed;
			}
		}
		if (end == '\0') {
			break;
		}
		*at = '/';
	}
	if (stat(part, &status) < 0) {
		return -errno;
	}
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

int takt_file_keep_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0) {
			return -errno;
		}
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}
