/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of a segment come from: a file, or memory in tests and fuzzers.
 *
 * Files are read with pread into our own buffers, never mapped: a file that is cut while it is read
 * must not end the program. */
#ifndef TAKT_LOGS_READ_IO_H
#define TAKT_LOGS_READ_IO_H

#include <stdbool.h>
#include <stdint.h>

struct takt_log_io {
	void *user;
	/* Bytes read at @offset: @bytes, less at the end, or -errno. */
	int64_t (*read)(void *user, uint64_t offset, void *out, uint32_t bytes);
	/* Bytes there are now, or -errno. */
	int64_t (*size)(void *user);
	/* Where bytes that are not a hole go on at or behind @offset; size when nowhere. */
	uint64_t (*data_from)(void *user, uint64_t offset);
	void (*close)(void *user);
	/* May be NULL, both: small reads far apart come until this is called with false; and
	 * @bytes at @offset are probably wanted soon. */
	void (*scatter)(void *user, bool on);
	void (*prefetch)(void *user, uint64_t offset, uint32_t bytes);
};

/* Open the regular file at @path. Returns 0, -errno, -EBADMSG when it is something else.  [bg] */
int takt_log_io_open(const char *path, struct takt_log_io *ret_io);

/* Read exactly @bytes. Returns 0, -ENODATA when there are less, -errno.  [bg] */
int takt_log_io_read(const struct takt_log_io *io, uint64_t offset, void *out, uint32_t bytes);

#endif
