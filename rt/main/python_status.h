/* SPDX-License-Identifier: Apache-2.0 */
/* How the Python tasks of a running graph are doing, as their slot files say. */
#ifndef TAKT_MAIN_PYTHON_STATUS_H
#define TAKT_MAIN_PYTHON_STATUS_H

#include <stdint.h>

#include "rt/base/text_buffer.h"

struct takt_python_status {
	char task[64];
	const char *phase;		/* takt_pyslot_phase_name */
	int32_t pid;			/* 0: none */
	uint64_t calls;
	uint64_t taken;			/* answers that were in time */
	uint64_t missed;
	uint64_t busy;			/* cycles without a call: the one before was not answered,
					 * or nobody ready */
	uint64_t errors;
	uint64_t bad;
	uint64_t spawns;
	uint64_t kills;
	uint64_t exceptions;
	uint64_t body_ns;		/* sums */
	uint64_t transport_ns;
	uint64_t waited_ns;		/* by the lane */
	uint64_t round_trip_ns_max;
};

/* Call @visit for each Python task of the region at @path, in the order of their names.  [bg] */
void takt_python_status_visit(const char *path,
			      void (*visit)(const struct takt_python_status *status, void *user),
			      void *user);

/* All of them as lines of `takt status`, or of `takt top`; nothing where there is none.  [bg] */
void takt_python_status_put_short(struct takt_text_buffer *out, const char *path);

/* `,"python":[…]`.  [bg] */
void takt_python_status_put_json(struct takt_text_buffer *out, const char *path);

#endif
