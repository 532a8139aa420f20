/* SPDX-License-Identifier: Apache-2.0 */
/* The slot file of a Python task, `py-<task id>` in the region's directory: what lies where.
 *
 *     header | the lane's line | the host's line | description | call | states [2]
 *
 * takt-rt makes it before the region is published; the lane posts calls, the host answers them. The
 * host is what runs the body: a thread of taktd, or the child itself where it has typed slots. A
 * child maps this file and nothing else. The lane believes none of it: it keeps all offsets and the
 * number of its call to itself, copies payloads out and checks the copies.
 *
 * There is one call. It is the lane's from an answer to the next post, the host's from the post to
 * the answer; numbers begin with 1. A call that the lane no longer waits for is still the host's
 * until it is answered: then the answer is dropped, and only then the next call is posted. Who
 * answers makes sure that nobody writes into the call any more: a child that does not come back is
 * killed first.
 *
 * states[state_number % 2] is the last good state, zeros at first. The other one is written, then
 * the number stored: a child that dies leaves the last good one. Whoever takes over after a restart
 * begins with it. */
#ifndef TAKT_SHM_PYSLOT_FILE_H
#define TAKT_SHM_PYSLOT_FILE_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

#include "rt/shm/record.h"

#define TAKT_PYSLOT_PREFIX "py-"
#define TAKT_PYSLOT_MAGIC 0x544f4c5359504b54ull
#define TAKT_PYSLOT_ABI_MAJOR 1u
#define TAKT_PYSLOT_ABI_MINOR 0u
#define TAKT_PYSLOT_PORTS_MAX 32u	/* inputs and outputs, without the state */
#define TAKT_PYSLOT_ALIGN 128u		/* of everything in the file, and of its payloads */

enum takt_pyslot_phase {		/* of the host */
	TAKT_PY_ABSENT = 0,		/* nobody has come */
	TAKT_PY_STARTING,		/* the child is made, imports, is in `start` */
	TAKT_PY_READY,			/* `start` has returned: calls are answered */
	TAKT_PY_RESTARTING,		/* a child is gone, the next one waits for its time */
	TAKT_PY_FAILED,			/* no more restarts are allowed */
	TAKT_PY_STOPPED			/* `stop` has returned, or was given up: the end */
};

struct takt_pyslot_port {		/* constant */
	uint32_t row_at;		/* of its struct takt_pyslot_message, from the call's start */
	uint32_t at;			/* of the payload, likewise */
	uint32_t bytes_max;
	uint32_t bytes_min;		/* what a payload has without items of a list at its end */
	uint64_t layout_hash;
};

struct takt_pyslot_header {		/* writer: takt-rt, before the publication */
	uint64_t magic;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t header_bytes;
	uint64_t file_bytes;
	uint64_t run;
	uint32_t task;			/* index in plan order */
	uint32_t input_count;
	uint32_t output_count;		/* without the state */
	uint32_t state_bytes;		/* 0: no state */
	uint64_t state_hash;		/* of its layout */
	uint64_t lane_at;		/* offsets in the file */
	uint64_t host_at;
	uint64_t description_at;	/* CBOR: rt/msg/python_description.h */
	uint64_t description_bytes;
	uint64_t call_at;
	uint64_t call_bytes;
	uint64_t states_at;
	uint64_t state_stride;
	uint64_t reserved;
	struct takt_pyslot_port ports[TAKT_PYSLOT_PORTS_MAX];	/* inputs, then outputs */
};
static_assert(sizeof(struct takt_pyslot_header) == 128 + 24 * TAKT_PYSLOT_PORTS_MAX, "slot header");

struct takt_pyslot_lane {		/* writer: the lane; counters are relaxed */
	_Atomic uint64_t posted;	/* number of the newest call; release. Host: acquire */
	_Atomic uint32_t stopping;	/* 1: the run ends, call `stop` */
	uint32_t reserved;
	_Atomic uint64_t calls;		/* posted */
	_Atomic uint64_t taken;		/* answers that were in time and good */
	_Atomic uint64_t errors;	/* answers with an error: exceptions, dead children */
	_Atomic uint64_t missed;	/* calls that were not answered within `timeout` */
	_Atomic uint64_t busy;		/* cycles without a call: the one before was not answered
					 * yet */
	_Atomic uint64_t bad;		/* outputs and answers that were refused */
	_Atomic uint64_t waited_ns;	/* by the lane, `wait: cycle` */
	_Atomic uint64_t round_trip_ns_max;
	uint8_t pad[128 - 80];
};
static_assert(sizeof(struct takt_pyslot_lane) == 128, "slot lane");

struct takt_pyslot_host {		/* writer: the host; counters are relaxed */
	_Atomic uint64_t answered;	/* number of the newest answer; release. Lane: acquire */
	_Atomic uint64_t state_number;	/* of the last good state; release before `answered` */
	_Atomic uint32_t phase;		/* enum takt_pyslot_phase */
	_Atomic int32_t pid;		/* of the child, 0: none */
	_Atomic uint64_t spawns;
	_Atomic uint64_t exceptions;
	_Atomic uint64_t kills;		/* children that did not come back in time */
	_Atomic uint64_t bad_frames;
	_Atomic uint64_t texts;		/* lines of log and prints */
	_Atomic uint64_t body_ns;	/* sums over all calls: in Python's body … */
	_Atomic uint64_t transport_ns;	/* … and from the post to the answer without it */
	uint8_t pad[128 - 80];
};
static_assert(sizeof(struct takt_pyslot_host) == 128, "slot host");

struct takt_pyslot_message {		/* beside each payload; the writer is that of the payload */
	uint32_t present;
	uint32_t bytes;			/* of the payload */
	uint32_t tov_kind;
	uint32_t reserved;
	uint64_t stamp_ns;		/* of an input; the lane gives its own to outputs */
	uint64_t tov_begin_ns;
	uint64_t tov_end_ns;
	char status[TAKT_STATUS_BYTES_MAX + 1];	/* ends with NUL */
};
static_assert(sizeof(struct takt_pyslot_message) == 104, "slot message");

struct takt_pyslot_call {		/* then the rows and payloads of the ports */
	uint64_t number;		/* writer: the lane … */
	uint64_t cycle;
	uint64_t now_ns;
	uint64_t recent_ns;
	uint64_t deadline_ns;		/* CLOCK_MONOTONIC; later answers are dropped. 0: there is
					 * none */
	uint64_t posted_ns;		/* CLOCK_MONOTONIC, also in virtual time */
	uint8_t pad0[128 - 48];
	uint64_t answer_number;		/* writer: the host … */
	int32_t result;			/* 0, or -errno: -EIO an exception, -ETIMEDOUT, -ECHILD … */
	uint32_t reserved;
	uint64_t answered_ns;		/* CLOCK_MONOTONIC */
	uint64_t body_ns;		/* of this call */
	uint64_t transport_ns;
	uint8_t pad1[128 - 40];
};
static_assert(sizeof(struct takt_pyslot_call) == 256, "slot call");

#endif
