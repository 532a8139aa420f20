/* SPDX-License-Identifier: Apache-2.0 */
/* The pipes of a child, in one wait: a frame goes out, frames and lines come in. Nothing blocks
 * but the wait, and that has an end. */
#ifndef TAKT_PYHOST_PROC_CHANNEL_H
#define TAKT_PYHOST_PROC_CHANNEL_H

#include "pyhost/frame/frame.h"
#include "pyhost/proc/child.h"
#include "pyhost/proc/events.h"

#define TAKT_CHANNEL_LINE_BYTES 4096u

struct takt_channel {
	struct takt_pyhost_child *child;	/* borrowed */
	struct takt_pyhost_events *events;	/* borrowed: where lines go */
	_Atomic uint64_t *texts;		/* borrowed: counts lines */
	unsigned char *out;			/* [out_room]: the frame that goes out */
	size_t out_room;
	size_t out_bytes;
	size_t out_at;
	struct takt_frame_intake in;
	char line[TAKT_CHANNEL_LINE_BYTES];
	size_t line_bytes;
};

/* Memory for frames of @request_bytes and @answer_bytes at most. 0 or -ENOMEM.  [bg] */
TAKT_BG int takt_channel_init(struct takt_channel *channel, uint64_t request_bytes,
			      uint64_t answer_bytes);
TAKT_BG void takt_channel_fini(struct takt_channel *channel);

/* Forget what stood in it: there is a new child.  [bg] */
TAKT_BG void takt_channel_reset(struct takt_channel *channel);

/* Let the frame of @bytes in channel->out go out by the waits that follow.  [bg] */
TAKT_BG void takt_channel_send(struct takt_channel *channel, size_t bytes);

/* Move what can be moved, and wait until a frame is there, but not longer than @until_ns
 * (CLOCK_MONOTONIC). Returns 1: a frame is there, or one was too long and is dropped
 * (channel->in), 0: none, -EPIPE: the child has closed its end, -errno.  [bg] */
TAKT_BG int takt_channel_wait(struct takt_channel *channel, uint64_t until_ns);

/* Take the lines that are there, and with @all also the one that has no end.  [bg] */
TAKT_BG void takt_channel_take_lines(struct takt_channel *channel, bool all);

#endif
