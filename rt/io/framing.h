/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in a stream of bytes: a parser that is fed byte by byte, and its counterpart.
 *
 *     delimiter   any bytes up to a delimiter
 *     cobs        consistent overhead byte stuffing, Cheshire and Baker 1999; 0 ends a frame
 *     slip        RFC 1055, with an END before and behind each frame
 *
 * What stands before the first end is a frame when it is one (a device is opened in the middle
 * of a frame); an empty frame is none. */
#ifndef TAKT_IO_FRAMING_H
#define TAKT_IO_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framing_kind { FRAMING_DELIMITER, FRAMING_COBS, FRAMING_SLIP };

enum framing_event {
	FRAMING_MORE,			/* all bytes are used */
	FRAMING_FRAME,			/* `bytes`, `used` of them; until the next push */
	FRAMING_CUT,			/* likewise, but it was longer: `length` */
	FRAMING_DAMAGED			/* wrong stuffing: nothing of it is kept */
};

struct framing {
	enum framing_kind kind;
	uint8_t delimiter;
	uint8_t *bytes;			/* of the caller */
	uint32_t bytes_max;
	uint32_t used;			/* kept of the frame */
	uint32_t length;		/* of the frame so far, also what is not kept */
	uint8_t left;			/* cobs: bytes to the next code; 0: that is due */
	bool zero_due;			/* cobs: a 0 comes next, unless the frame ends here */
	bool escaped;			/* slip: the byte before was an ESC */
	bool damaged;			/* skip to the end */
	bool done;			/* the next byte begins a frame */
};

/* @bytes of @bytes_max are borrowed for as long as @framing is used. */
void framing_init(struct framing *framing, enum framing_kind kind, uint8_t delimiter,
		  uint8_t *bytes, uint32_t bytes_max);

/* Forget a frame that has begun: what comes next is not its rest. */
void framing_reset(struct framing *framing);

/* Take bytes up to the end of a frame, or all of @count. */
enum framing_event framing_push(struct framing *framing, const uint8_t *bytes, size_t count,
				size_t *ret_used);

/* Bytes that a frame of @count may take at most when it is encoded. */
size_t framing_encoded_max(size_t count);

/* Encode @bytes into @out of framing_encoded_max(@count). Returns the bytes used; 0: with a
 * delimiter, a frame that has it inside cannot be said. */
size_t framing_encode(enum framing_kind kind, uint8_t delimiter, const uint8_t *bytes, size_t count,
		      uint8_t *out);

#endif
