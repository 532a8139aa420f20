/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/framing.h"

#include <string.h>

#define SLIP_END 0xc0u
#define SLIP_ESC 0xdbu
#define SLIP_ESC_END 0xdcu
#define SLIP_ESC_ESC 0xddu
#define COBS_RUN 254u			/* bytes behind a code of 255, which stands for no zero */

void framing_init(struct framing *framing, enum framing_kind kind, uint8_t delimiter,
		  uint8_t *bytes,
		  uint32_t bytes_max)
{
	*framing = (struct framing){ .kind = kind, .delimiter = delimiter, .bytes = bytes,
				     .bytes_max = bytes_max };
}

void framing_reset(struct framing *framing)
{
	framing_init(framing, framing->kind, framing->delimiter, framing->bytes,
		     framing->bytes_max);
}

static void keep(struct framing *framing, uint8_t byte)
{
	if (framing->used < framing->bytes_max) {
		framing->bytes[framing->used++] = byte;
	}
	framing->length += framing->length < UINT32_MAX;
}

static bool cobs_byte(struct framing *framing, uint8_t byte)
{
	if (byte == 0) {
		framing->damaged |= framing->left > 0;
		return true;
	}
	if (framing->left > 0) {
		framing->left--;
		keep(framing, byte);
		return false;
	}
	if (framing->zero_due) {
		keep(framing, 0);
	}
	framing->left = (uint8_t)(byte - 1);
	framing->zero_due = byte != COBS_RUN + 1;
	return false;
}

static bool slip_byte(struct framing *framing, uint8_t byte)
{
	if (byte == SLIP_END) {
		framing->damaged |= framing->escaped;
		return true;
	}
	if (framing->escaped) {
		framing->escaped = false;
		framing->damaged |= byte != SLIP_ESC_END && byte != SLIP_ESC_ESC;
		keep(framing, byte == SLIP_ESC_END ? SLIP_END : SLIP_ESC);
	} else if (byte == SLIP_ESC) {
		framing->escaped = true;
	} else {
		keep(framing, byte);
	}
	return false;
}

static bool delimited_byte(struct framing *framing, uint8_t byte)
{
	if (byte == framing->delimiter) {
		return true;
	}
	keep(framing, byte);
	return false;
}

static bool take_byte(struct framing *framing, uint8_t byte)
{
	switch (framing->kind) {
	case FRAMING_COBS: return cobs_byte(framing, byte);
	case FRAMING_SLIP: return slip_byte(framing, byte);
	case FRAMING_DELIMITER: break;
	}
	return delimited_byte(framing, byte);
}

static enum framing_event end_frame(struct framing *framing)
{
	framing->done = true;
	return framing->damaged ? FRAMING_DAMAGED
	       : framing->length == 0 ? FRAMING_MORE
	       : framing->length > framing->used ? FRAMING_CUT : FRAMING_FRAME;
}

enum framing_event framing_push(struct framing *framing, const uint8_t *bytes, size_t count,
				size_t *ret_used)
{
	enum framing_event event = FRAMING_MORE;
	size_t used = 0;

	while (used < count && event == FRAMING_MORE) {
		if (framing->done) {
			framing_reset(framing);
		}
		if (take_byte(framing, bytes[used++])) {
			event = end_frame(framing);
		}
	}
	*ret_used = used;
	return event;
}

size_t framing_encoded_max(size_t count)
{
	return 2 * count + 3;
}

/* Blocks of up to 254 bytes without a zero, each behind a code: its length + 1. */
static size_t cobs_encode(const uint8_t *bytes, size_t count, uint8_t *out)
{
	size_t code = 0, used = 1;

	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != 0) {
			out[used++] = bytes[i];
		}
		if (bytes[i] == 0 || (used - code == COBS_RUN + 1 && i + 1 < count)) {
			out[code] = (uint8_t)(used - code);
			code = used++;
		}
	}
	out[code] = (uint8_t)(used - code);
	out[used++] = 0;
	return used;
}

static size_t slip_encode(const uint8_t *bytes, size_t count, uint8_t *out)
{
	size_t used = 0;

	out[used++] = SLIP_END;
	for (size_t i = 0; i < count; i++) {
		const bool special = bytes[i] == SLIP_END || bytes[i] == SLIP_ESC;

		if (special) {
			out[used++] = SLIP_ESC;
		}
		out[used++] = bytes[i] == SLIP_END ? SLIP_ESC_END : special ? SLIP_ESC_ESC
			: bytes[i];
	}
	out[used++] = SLIP_END;
	return used;
}

size_t framing_encode(enum framing_kind kind, uint8_t delimiter, const uint8_t *bytes, size_t count,
		      uint8_t *out)
{
	if (kind == FRAMING_COBS) {
		return cobs_encode(bytes, count, out);
	}
	if (kind == FRAMING_SLIP) {
		return slip_encode(bytes, count, out);
	}
	if (count > 0 && memchr(bytes, delimiter, count)) {
		return 0;
	}
	if (count > 0) {
		memcpy(out, bytes, count);
	}
	out[count] = delimiter;
	return count + 1;
}
