/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time: the lane runs as fast as it goes on a clock that is driven by hand.
 *
 * Cycle k begins at TAKT_VIRTUAL_MONO_NS + k periods, and takes no time. Io and background tasks
 * have no threads: the lane's thread calls them, io tasks before a cycle until each of them waits
 * for what is later, background tasks where they get their inputs; their result is taken in the
 * next cycle. When a ring is full the lane waits for taktd. So nothing depends on how fast anything
 * is: with the same graph and seed every record of the lane is the same, byte for byte. */
#ifndef TAKT_ENGINE_VIRTUAL_H
#define TAKT_ENGINE_VIRTUAL_H

#include "rt/engine/unit.h"

/* Cycle 0 begins then, by the two clocks: 1000 s after the machine's start,
 * 2000-01-01T00:00:00Z. */
#define TAKT_VIRTUAL_MONO_NS (1000 * TAKT_NS_PER_S)
#define TAKT_VIRTUAL_REAL_NS (946684800 * (int64_t)TAKT_NS_PER_S)

struct takt_virtual {
	struct takt_engine *engine;
	_Atomic uint64_t now_ns;	/* writer: the lane; relaxed */
	_Atomic bool gave_up;		/* taktd did not make room: something is lost */
};

/* Put a built @engine into virtual time. -EINVAL when a task or the graph cannot be in it, -ENOMEM.
 * [setup] */
TAKT_SETUP int takt_virtual_create(struct takt_engine *engine, struct takt_err *err);
TAKT_SETUP void takt_virtual_destroy(struct takt_virtual *virtual_time);

/* The functions below are called by the lane's thread (TAKT_BG: in virtual time it is
 * no real-time one). */

/* Plan the first cycle.  [lane] */
TAKT_BG void takt_virtual_begin(struct takt_lane *lane);

/* Go on to the planned time of the next cycle, and let io tasks do what they do until then.
 * [lane] */
TAKT_BG void takt_virtual_next(struct takt_lane *lane);

/* Run a background task that was given inputs.  [lane] */
TAKT_BG void takt_virtual_work(struct takt_worker *worker);

/* takt_wait_until of an io task whose time has not come: go there if the lane is
 * there, else note it.  [lane] */
TAKT_BG bool takt_virtual_wait_until(struct takt_worker *worker, uint64_t at_ns);

/* Seal @stream and wait until more than @bytes, and as much again for what a wrap takes, are free.
 * False when taktd is gone or does not release anything, which ends the run as an error, or the
 * ring's memory is gone.  [producer] */
TAKT_BG bool takt_virtual_make_room(struct takt_virtual *virtual_time, struct takt_stream *stream,
				    uint64_t bytes);

#endif
