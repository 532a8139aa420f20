/* SPDX-License-Identifier: Apache-2.0 */
/* Text and lifecycle records into an event stream. One producer per struct takt_events. */
#ifndef TAKT_ENGINE_EVENTS_H
#define TAKT_ENGINE_EVENTS_H

#include <takt/text.h>

#include "rt/base/tags.h"
#include "rt/shm/stream.h"

/* The largest text record: all arguments strings of full length, and a count of suppressed ones. */
#define TAKT_EVENT_BYTES_MAX                                                                       \
	((uint32_t)sizeof(struct takt_text_record) + 8 +                                           \
	 TAKT_TEXT_ARGS * (8 + TAKT_TEXT_STRING_BYTES + 1))
#define TAKT_EVENT_TEXT_MAX 512u
/* Texts below warning leave this part of the ring free: for lifecycle events, warnings and errors.
 * When no more than that is free, chunks are no longer sealed by time, and losses are not yet
 * reported: both take room, and the recorder is behind anyway. */
#define TAKT_EVENTS_RESERVE_PART 4u

struct takt_virtual;

struct takt_events {
	struct takt_stream stream;
	uint64_t lost;			/* not recorded and not yet reported in the stream */
	uint64_t lost_texts;		/* texts among them */
	uint64_t lost_by_level[TAKT_CRITICAL + 1];	/* reported after the two above */
	uint32_t lost_levels;		/* bits of those that are not 0 */
	struct takt_virtual *patient;	/* virtual time: waits for room, loses nothing; else NULL */
	_Atomic uint64_t lost_total;	/* relaxed; written by its thread, for the watching one */
};

struct takt_text_call {
	const struct takt_text_site *site;
	const uint64_t *args;		/* [site->arg_count] */
	uint64_t cycle;
	uint64_t mono_ns;
	uint64_t suppressed;		/* calls left out since the last text of site and task */
	uint32_t task;
};

/* Record a text call with its raw arguments. False when there was no room: it is counted as lost.
 * [RT, producer only] */
TAKT_RT bool takt_events_text(struct takt_events *events, const struct takt_text_call *call);

/* Record a lifecycle event. @values: 4 or NULL (zeros); @text: NULL for none, TAKT_EVENT_TEXT_MAX
 * bytes are kept. False when there was no room: it is counted as lost.
 * [RT, producer only; async-signal-safe] */
TAKT_RT bool takt_events_put(struct takt_events *events, uint64_t cycle, uint64_t mono_ns,
			     uint32_t task, enum takt_event event, const int64_t *values,
			     const char *text);

/* Seal the open chunk when its first record will be @flush_ns old at @next_ns, when this is called
 * again; say what was lost as soon as there is room beside the reserve.  [RT, producer only] */
TAKT_RT void takt_events_flush(struct takt_events *events, uint64_t cycle, uint64_t now_ns,
			       uint64_t next_ns, uint64_t flush_ns);

/* The end of the stream: what was lost, then the seal.  [RT, producer only] */
TAKT_RT void takt_events_end(struct takt_events *events, uint64_t cycle, uint64_t mono_ns);

#endif
