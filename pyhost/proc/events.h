/* SPDX-License-Identifier: Apache-2.0 */
/* What the host of a Python task records: lifecycle events and lines of text, in the task's own
 * stream of the run's arena. takt-rt makes the stream, the host's thread is its producer.
 *
 * A script that prints or fails all the time must not fill the log: of both there is an
 * allowance, and what is above is counted and said. */
#ifndef TAKT_PYHOST_PROC_EVENTS_H
#define TAKT_PYHOST_PROC_EVENTS_H

#include <takt/text_site.h>

#include "rt/base/tags.h"
#include "rt/shm/region.h"

struct takt_pyhost_allowance {
	uint64_t per_s;
	uint64_t burst;
	uint64_t left;
	uint64_t since_ns;		/* when `left` was true */
	uint64_t left_out;		/* since it was last said */
};

struct takt_pyhost_events {
	struct takt_stream stream;
	bool is_usable;
	const struct takt_rt_state *rt;	/* says cycle and virtual time */
	uint32_t task;
	uint32_t first_site;		/* number of the text of level 0 */
	uint64_t flush_ns;
	uint64_t open_since_ns;		/* 0: nothing waits for a seal */
	uint64_t last_mono_ns;
	uint64_t last_cycle;
	uint64_t lost;
	struct takt_pyhost_allowance lines;
	struct takt_pyhost_allowance faults;
};

/* Begin to produce stream @number of @region (borrowed). Where it is none, or damaged, nothing
 * is put.  [bg] */
TAKT_BG void takt_pyhost_events_open(struct takt_pyhost_events *events,
				     const struct takt_region *region,
				     uint32_t number, uint32_t task, uint32_t first_site);

/* Record an event. @values: 4 or NULL (zeros); @text: NULL for none; its end is kept where it is
 * too long. */
TAKT_BG void takt_pyhost_events_put(struct takt_pyhost_events *events, uint64_t now_ns,
				    enum takt_event event,
				    const int64_t *values, const char *text);

/* Record a line, cut where it is too long. False: it was left out. */
TAKT_BG bool takt_pyhost_events_line(struct takt_pyhost_events *events, uint64_t now_ns,
				     enum takt_level level,
				     const char *text, uint32_t text_bytes);

/* Whether one more fault may be recorded in full; else it is counted in faults.left_out. */
TAKT_BG bool takt_pyhost_events_may_tell(struct takt_pyhost_events *events, uint64_t now_ns);

/* Let taktd write what is old enough, or with @at_once all of it. */
TAKT_BG void takt_pyhost_events_flush(struct takt_pyhost_events *events, uint64_t now_ns,
				      bool at_once);

#endif
