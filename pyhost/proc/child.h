/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a Python task: made, watched, ended. It has three pipes: frames to it and from
 * it, and one that all lines come through. It leads a session of its own, and dies with the
 * thread that made it. */
#ifndef TAKT_PYHOST_PROC_CHILD_H
#define TAKT_PYHOST_PROC_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/msg/python_description.h"

struct takt_pyhost_child {
	pid_t pid;			/* 0: there is none */
	int to_fd;			/* the three do not block; -1: closed */
	int from_fd;
	int log_fd;
};

/* Programs and files that belong to takt. */
struct takt_pyhost_paths {
	const char *spawn;		/* takt-spawn */
	const char *bootstrap;		/* bootstrap.py */
};

/* Start Python for @description in @paths. @frame_bytes: of the longest frame, a hint for the
 * pipes. Returns 0 or -errno.  [bg] */
TAKT_BG int takt_pyhost_child_spawn(struct takt_pyhost_child *child,
				    const struct takt_pyhost_paths *paths,
				    const struct takt_python_description *description,
				    uint64_t frame_bytes,
				    struct takt_err *err);

/* Whether it has ended; it is still to be reaped.  [bg] */
TAKT_BG bool takt_pyhost_child_has_ended(const struct takt_pyhost_child *child);

/* Kill it, if it lives, and all of its session's group; wait for it; close the pipes. Returns
 * what waitpid gives for a status; 0 when there is none.  [bg] */
TAKT_BG int takt_pyhost_child_end(struct takt_pyhost_child *child);

/* The program that @description asks for: that of the venv, or the interpreter.  [bg] */
TAKT_BG int takt_pyhost_interpreter(const struct takt_python_description *description, char *out,
				    uint32_t out_bytes);

#endif
