/* SPDX-License-Identifier: Apache-2.0 */
/* What taktd itself has to say about a run: lifecycle events in a stream of its own in the run's arena. takt-rt
 * makes the stream, taktd is its producer, and it is recorded and read like the others. A new taktd goes on
 * where the one before stopped.
 *
 * Each event is sealed at once, in a chunk of its own: they are few. When the ring is full (the disk fails for
 * long) events are counted, and said as lost when there is room again. */
#ifndef TAKT_LOGS_WRITE_JOURNAL_H
#define TAKT_LOGS_WRITE_JOURNAL_H

#include "rt/base/tags.h"
#include "rt/shm/region.h"

struct takt_journal {
	struct takt_stream stream;
	uint32_t number;		/* of the stream; UINT32_MAX: there is none to be used */
	const struct takt_rt_state *rt;	/* says the cycle */
	uint64_t last_mono_ns;
	uint64_t lost;
};

/* Begin to produce the stream of @region (borrowed), whose recorder lock is ours. A region of an older takt-rt
 * has none, and one that is damaged is left alone: then nothing is put.  [setup] */
TAKT_SETUP void takt_journal_open(struct takt_journal *journal, const struct takt_region *region);

/* The time of the run when it is @now_ns: another one in virtual time.  [any] */
TAKT_ANY uint64_t takt_journal_now_ns(const struct takt_journal *journal, uint64_t now_ns);

/* Whether the ring still shows that @event was put, by whomever.  [manager] */
TAKT_BG bool takt_journal_has(const struct takt_journal *journal, const struct takt_region *region,
			      enum takt_event event);

/* Record an event. @values: 4 or NULL (zeros); @text: NULL for none, cut to TAKT_RECORDER_TEXT_MAX bytes.
 * [manager] */
TAKT_BG void takt_journal_put(struct takt_journal *journal, uint64_t mono_ns, enum takt_event event,
			      const int64_t *values, const char *text);

#endif
