/* SPDX-License-Identifier: Apache-2.0 */
/* When the process must end at once: fatal signals, exit() in a task, a stuck lane, a stop or
 * failsafe that hangs.
 *
 * The record is a store into shared memory, then each sink's failsafe is called, then _exit. All of
 * it is async-signal-safe. A failsafe that crashes does not keep the next from being called. */
#ifndef TAKT_ENGINE_FATAL_H
#define TAKT_ENGINE_FATAL_H

#include "rt/engine/unit.h"

/* Install the handlers; they act on @engine until takt_fatal_remove.  [setup] */
TAKT_SETUP int takt_fatal_install(struct takt_engine *engine);
TAKT_SETUP void takt_fatal_remove(void);

/* Tell the handlers where the calling thread keeps its position.  [any, first thing of a thread] */
TAKT_ANY void takt_fatal_thread(struct takt_position *position);

#define TAKT_FAILSAFE_PATIENCE_S 1u

/* From now on @seconds are left for what is called next, then the run ends as STUCK, or goes on to
 * the next failsafe where it is ending already. 0: no limit. None under --dev.
 * [any, async-signal-safe] */
TAKT_ANY void takt_fatal_patience(const struct takt_engine *engine, unsigned seconds);

/* Whether the run's shared memory was cut, and nothing is recorded any longer.  [any] */
TAKT_ANY bool takt_fatal_was_cut(void);

/* Call each sink's failsafe that was not called yet.  [any, async-signal-safe] */
TAKT_ANY void takt_fatal_failsafe(struct takt_engine *engine);

/* From now on SIGINT and SIGTERM drive the sinks to safe and end the process.
 * [setup, main thread] */
TAKT_SETUP void takt_fatal_impatient(void);

/* A second signal: end at once, as INTERRUPTED in the task at @position, with 128 + @signal.
 * [any, async-signal-safe] */
TAKT_ANY void takt_fatal_interrupt(struct takt_engine *engine, const struct takt_position *position,
				   int signal) __attribute__((noreturn));

/* Record @ending (CRASHED, STUCK or INTERRUPTED; its event has @values and @text) in the crash
 * stream, drive the sinks to safe, end the process with @code.  [any, async-signal-safe] */
TAKT_ANY void takt_fatal_end(struct takt_engine *engine, enum takt_ending ending,
			     const struct takt_position *position, const int64_t *values,
			     const char *text, int code) __attribute__((noreturn));

#endif
