/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: small ones in one piece, and directories to put them in. */
#ifndef TAKT_BASE_FILE_H
#define TAKT_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rt/base/tags.h"

/* Read all of @path, at most @max_bytes, into a new buffer (free()) with a NUL behind its end. Also
 * for files of /proc and /sys, whose size is unknown. Returns 0, -EFBIG above the limit, -errno. */
TAKT_BG int takt_file_read(const char *path, size_t max_bytes, void **ret_bytes,
			   size_t *ret_size_bytes);

/* Read a short text, as of sysfs, blanks and newlines at its end cut off, NUL-terminated.
 * Returns its length, -EFBIG when it does not fit, -errno. No allocation.  [bg] */
TAKT_BG int takt_file_read_text(const char *path, char *out, uint32_t out_bytes);

/* Write all of @bytes to @fd, over short writes and EINTR. Returns 0 or -errno.  [bg] */
TAKT_BG int takt_file_write_all(int fd, const void *bytes, size_t size_bytes);

/* Put @bytes in place of @path, so that after a crash the old or the new content is there:
 * temporary file beside it, fsync, rename, fsync of the directory. Returns 0 or -errno.  [bg] */
TAKT_BG int takt_file_replace(const char *path, const void *bytes, size_t size_bytes, mode_t mode);

/* Put /dev/null where descriptors 0, 1 or 2 are closed, so that no file of ours becomes one of
 * them and takes what is printed; printing fails there as before. First thing in a program.
 * Returns 0 or -errno.  [setup] */
TAKT_SETUP int takt_file_keep_standard(void);

/* Make directory @path and those above it that are missing. Returns 0 (also when it stood before),
 * -ENOTDIR, -ENAMETOOLONG, -errno.  [bg] */
TAKT_BG int takt_file_mkdirs(const char *path, mode_t mode);

#endif
