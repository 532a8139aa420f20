/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread: one for all runs. It owns the backends' rings, looks at the regions every millisecond
 * (every five when nothing goes on), and is never woken by a lane. */
#ifndef TAKT_LOGS_WRITE_WRITER_H
#define TAKT_LOGS_WRITE_WRITER_H

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_WRITER_RUNS_MAX 64u

struct takt_recorder;
struct takt_writer;

/* Start the thread. Signals are blocked in it.  [setup] */
TAKT_SETUP int takt_writer_start(struct takt_writer **ret_writer, struct takt_err *err);

/* Hand @recorder over (kept until it says that it was let go). Returns 0, -EAGAIN when there are too many.
 * [manager] */
TAKT_BG int takt_writer_add(struct takt_writer *writer, struct takt_recorder *recorder);

/* End the thread as it is, and free @writer. Stop the recorders before. NULL is fine.  [setup] */
TAKT_SETUP void takt_writer_stop(struct takt_writer *writer);

#endif
