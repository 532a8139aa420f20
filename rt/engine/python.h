/* SPDX-License-Identifier: Apache-2.0 */
/* A task in Python, as takt-rt sees it: a slot file. Its body runs in another process (see
 * pyslot_file.h), which is never waited for but where the graph says so, and then up to its
 * timeout.
 *
 * `wait: none`: each call of the task takes the answer to the one before, if there is one, and
 * posts the next. What it puts out has the stamp of the call that it was made in, and says how many
 * cycles ago that was. `wait: cycle`: it posts a call and looks for the answer until the timeout.
 * While a call is not answered, no other is posted: there is nothing to be gained from a queue.
 * In virtual time both wait until there is an answer, so that every run is the same. */
#ifndef TAKT_ENGINE_PYTHON_H
#define TAKT_ENGINE_PYTHON_H

#include "rt/engine/unit.h"
#include "rt/shm/pyslot.h"

struct takt_python {
	struct takt_unit *unit;
	const struct takt_python_settings *settings;
	struct takt_pyslot slot;	/* memory NULL: there is none yet */
	uint32_t stream;		/* number of its stream of events, which taktd writes */
	uint64_t cycle;			/* of the call that is on its way */
	uint64_t now_ns;
	uint64_t deadline_ns;		/* CLOCK_MONOTONIC, 0: none */
	uint64_t posted_ns;		/* likewise */
	bool given_up;			/* nobody waits for its answer any more */
	uint64_t misses;		/* in a row */
	uint64_t refusals;
	struct {			/* what the slot file shows; nobody else can change these */
		uint64_t calls, taken, errors, missed, busy, bad, waited_ns, round_trip_ns_max;
	} count;
};

/* Bytes of shared memory that @plan's Python tasks take, but their descriptions.  [setup] */
TAKT_SETUP uint64_t takt_python_bytes(const struct takt_plan *plan);

/* Make the slot files in the region's directory, before it is published. @stream: number of the
 * first of their streams.  [setup] */
TAKT_SETUP int takt_python_make_slots(struct takt_engine *engine, uint32_t stream,
				      struct takt_err *err);

/* Say what the graph has that is a prototype.  [setup] */
TAKT_SETUP void takt_python_tell(struct takt_engine *engine);

/* Wait until the task's Python is ready, or will not be. Returns 0 also when it is not ready in
 * time: that is recorded, and its outputs are absent until it is. -ENOTCONN when it has failed and
 * `on_error` is shutdown; -ETIMEDOUT in virtual time.  [setup] */
TAKT_SETUP int takt_python_start(struct takt_unit *unit);

/* Let `stop` be called, and wait for that. -ETIMEDOUT when it does not come back.  [setup] */
TAKT_SETUP int takt_python_stop(struct takt_unit *unit);

/* Seconds that takt_python_stop may take.  [setup] */
TAKT_SETUP unsigned takt_python_stop_patience_s(const struct takt_unit *unit);

TAKT_SETUP void takt_python_fini(struct takt_python *python);

/* Take and post, see above. Returns the result for the task's row, < 0 for an error that was
 * counted; @ret_ran: whether an answer was taken, or waited for.  [RT, lane] */
TAKT_RT int takt_python_run(struct takt_python *python, struct takt_lane *lane, bool *ret_ran);

#endif
