/* SPDX-License-Identifier: Apache-2.0 */
/* What taktd and the child of a Python task say to each other: frames of a u32 length,
 * little-endian, and one CBOR array each, whose first item says what it is (frame.cddl).
 *
 *     host -> child   hello, start, call, stop
 *     child -> host   ready (the script is imported), started, result, error, stopped
 *
 * Lengths are bounded by what the task's ports and state need; nothing is allocated by what
 * comes in. */
#ifndef TAKT_PYHOST_FRAME_FRAME_H
#define TAKT_PYHOST_FRAME_FRAME_H

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/msg/layout.h"
#include "rt/shm/pyslot.h"

#define TAKT_FRAME_PROTOCOL 1u
#define TAKT_FRAME_HEAD_BYTES 4u
#define TAKT_FRAME_TEXT_MAX 16384u	/* of an error */

enum takt_frame_request {
	TAKT_FRAME_HELLO = 0, TAKT_FRAME_START, TAKT_FRAME_CALL, TAKT_FRAME_STOP
};

enum takt_frame_answer_kind {
	TAKT_FRAME_READY = 0, TAKT_FRAME_STARTED, TAKT_FRAME_RESULT, TAKT_FRAME_ERROR,
		TAKT_FRAME_STOPPED,
	TAKT_FRAME_ANSWER_KINDS
};

struct takt_frame_ports {		/* of the task, lent */
	const struct takt_layout *const *inputs;
	const struct takt_layout *const *outputs;
	const struct takt_layout *state;	/* NULL: none */
	const char *const *output_names;
	uint32_t input_count;
	uint32_t output_count;
};

/* One number for what both sides take the ports and the state to be.  [any] */
TAKT_ANY uint64_t takt_frame_hash(const struct takt_frame_ports *ports);

/* The longest frame, head included, to the child and from it. @description_bytes: in hello.
 * [any] */
TAKT_ANY uint64_t takt_frame_request_bytes_max(const struct takt_frame_ports *ports,
					       uint32_t description_bytes);
TAKT_ANY uint64_t takt_frame_answer_bytes_max(const struct takt_frame_ports *ports);

/* Each writes a whole frame into @bytes of @room and returns its length, or -EMSGSIZE.  [bg] */
TAKT_BG int64_t takt_frame_put_hello(void *bytes, size_t room, uint64_t hash,
				     const void *description,
				     uint32_t description_bytes);
TAKT_BG int64_t takt_frame_put_start(void *bytes, size_t room, const struct takt_frame_ports *ports,
				     const void *state);
/* The call that stands in @slot. An input that is not sound is absent.  [bg] */
TAKT_BG int64_t takt_frame_put_call(void *bytes, size_t room, const struct takt_frame_ports *ports,
				    const struct takt_pyslot *slot, uint64_t number);
TAKT_BG int64_t takt_frame_put_stop(void *bytes, size_t room);

struct takt_frame_answer {
	enum takt_frame_answer_kind kind;
	uint32_t protocol;		/* ready */
	uint64_t hash;			/* ready */
	uint64_t number;		/* result; error: of the call, 0: none */
	uint64_t body_ns;		/* result */
	bool has_state;			/* started, result, stopped: it lies in next_state */
	bool is_final;			/* error: starting again is no use */
	uint32_t line;			/* error: of the script, 0: unknown */
	char where[16];			/* error: "import", "start", "process", "stop" */
	const char *text;		/* ready: Python's version; error: traceback. Lent */
	uint32_t text_bytes;
};

/* Read the @size_bytes behind a frame's head. A state goes to @slot's next_state, outputs of a
 * result for call @number to their places. With an error they may be half written: they do not
 * count until the answer. Returns 0, -EBADMSG, -ERANGE (a value, the error names it), -EALREADY
 * (a result for another call).  [bg] */
TAKT_BG int takt_frame_parse(const void *bytes, size_t size_bytes,
			     const struct takt_frame_ports *ports,
			     struct takt_pyslot *slot, uint64_t number,
			     struct takt_frame_answer *ret_answer,
			     struct takt_err *err);

/* --- cutting a stream of bytes into frames ---------------------------------------------------- */

struct takt_frame_intake {
	unsigned char *bytes;		/* [room], lent */
	size_t room;			/* of the longest frame, head included */
	size_t have;
	uint64_t drain;			/* bytes of an oversized frame that are still to come */
	uint64_t oversized;		/* frames that were longer than the room */
	bool has_dropped;		/* one of them has passed; the caller clears it */
};

/* Where to read the next bytes, *@ret_room of them at most. While a frame stands there that was
 * not taken, none.  [bg] */
TAKT_BG void *takt_frame_intake_place(struct takt_frame_intake *intake, size_t *ret_room);

/* @bytes were read to there.  [bg] */
TAKT_BG void takt_frame_intake_add(struct takt_frame_intake *intake, size_t bytes);

/* Whether a whole frame is there, without its head; lent until takt_frame_intake_drop.  [bg] */
TAKT_BG bool takt_frame_intake_find(const struct takt_frame_intake *intake, const void **ret_frame,
				    size_t *ret_size_bytes);
TAKT_BG void takt_frame_intake_drop(struct takt_frame_intake *intake);

#endif
