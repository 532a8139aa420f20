/* SPDX-License-Identifier: Apache-2.0 */
/* How bytes get into segment files: one small table of functions, three implementations.
 *
 *     uring     io_uring, O_DIRECT, the arena and the files registered; several writes in flight
 *     direct    pwrite on O_DIRECT, one at a time
 *     buffered  pwrite through the page cache, one at a time
 *
 * The file's format does not depend on it. One backend serves one run. It is made on a set-up thread; from
 * start on everything but open and destroy belongs to the writer thread, which allocates nothing there. */
#ifndef TAKT_LOGS_WRITE_BACKEND_H
#define TAKT_LOGS_WRITE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_BACKEND_SLOTS 6u		/* files that are open at once */
#define TAKT_BACKEND_DEPTH_MAX 4u

enum takt_backend_kind {
	TAKT_BACKEND_AUTO = 0, TAKT_BACKEND_URING, TAKT_BACKEND_DIRECT, TAKT_BACKEND_BUFFERED
};

struct takt_backend_done {
	uint64_t cookie;
	int32_t result;			/* bytes written (may be fewer than asked for), 0 for a sync, or -errno */
};

struct takt_backend;

struct takt_backend_ops {
	/* A new file, never an existing one; with the right flags and close-on-exec. Its descriptor, or -errno.
	 * [bg] */
	int (*open)(struct takt_backend *backend, int dir_fd, const char *name);

	/* Once, before all below.  [writer] */
	int (*start)(struct takt_backend *backend);

	/* From now on @slot means @fd (kept until the next call for this slot; -1: nothing).  [writer] */
	int (*use)(struct takt_backend *backend, uint32_t slot, int fd);

	/* Begin to write @bytes at @offset; all of them multiples of 4096. Keeps @buffer until the completion.
	 * @cookie is any number but UINT64_MAX.
	 * Returns 0, -EAGAIN when there is no room (reap first), -errno.  [writer] */
	int (*write)(struct takt_backend *backend, uint32_t slot, const void *buffer, uint32_t bytes,
		     uint64_t offset, uint64_t cookie);

	/* Begin an fdatasync. It covers writes that were completed before.  [writer] */
	int (*sync)(struct takt_backend *backend, uint32_t slot, uint64_t cookie);

	/* Hand over what was begun, take up to @max completions, waiting up to @wait_ns for the first one.
	 * Returns their count or -errno.  [writer] */
	int (*reap)(struct takt_backend *backend, struct takt_backend_done *ret_done, uint32_t max,
		    uint64_t wait_ns);

	/* Nothing may be in flight. Frees @backend.  [setup] */
	void (*destroy)(struct takt_backend *backend);
};

struct takt_backend {
	const struct takt_backend_ops *ops;
	const char *name;		/* for people */
	uint32_t depth;			/* writes in flight at most; a sync goes beside them */
};

struct takt_backend_spec {
	enum takt_backend_kind kind;	/* AUTO: the best that works */
	int dir_fd;			/* where the segments will be; a probe file comes and goes */
	void *arena;			/* what will be written; borrowed until destroy */
	uint64_t arena_bytes;
};

/* Make the backend of @spec. With AUTO, what was tried and failed is said in @ret_why ("" when nothing),
 * one line. A kind that is asked for and does not work is an error.  [setup] */
TAKT_SETUP int takt_backend_create(const struct takt_backend_spec *spec,
				   struct takt_backend **ret_backend, char *ret_why,
				   uint32_t why_bytes, struct takt_err *err);

/* The three; used by takt_backend_create.  [setup] */
TAKT_SETUP int takt_backend_uring_create(const struct takt_backend_spec *spec,
					 struct takt_backend **ret_backend, struct takt_err *err);
TAKT_SETUP int takt_backend_direct_create(struct takt_backend **ret_backend);
TAKT_SETUP int takt_backend_buffered_create(struct takt_backend **ret_backend);

/* A new file, O_DIRECT where @direct and the file system takes it. Its descriptor, or -errno.  [bg] */
TAKT_BG int takt_backend_open_new(int dir_fd, const char *name, bool direct);

/* "auto", "uring", "direct", "buffered". Returns 0 or -EINVAL.  [any] */
TAKT_ANY int takt_backend_parse_kind(const char *text, enum takt_backend_kind *ret_kind);

#endif
