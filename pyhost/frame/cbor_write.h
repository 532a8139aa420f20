/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR into memory of a fixed size. What does not fit is remembered: look once, at the end. */
#ifndef TAKT_PYHOST_FRAME_CBOR_WRITE_H
#define TAKT_PYHOST_FRAME_CBOR_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt/base/tags.h"

struct takt_cbor_writer {
	unsigned char *bytes;		/* borrowed */
	size_t room;
	size_t at;			/* of the next item */
	bool is_full;			/* something did not fit */
};

TAKT_BG void takt_cbor_put_uint(struct takt_cbor_writer *writer, uint64_t value);
TAKT_BG void takt_cbor_put_int(struct takt_cbor_writer *writer, int64_t value);
TAKT_BG void takt_cbor_put_f32(struct takt_cbor_writer *writer, float value);
TAKT_BG void takt_cbor_put_f64(struct takt_cbor_writer *writer, double value);
TAKT_BG void takt_cbor_put_bool(struct takt_cbor_writer *writer, bool value);
TAKT_BG void takt_cbor_put_null(struct takt_cbor_writer *writer);
TAKT_BG void takt_cbor_put_bytes(struct takt_cbor_writer *writer, const void *bytes,
				 size_t size_bytes);
TAKT_BG void takt_cbor_put_text(struct takt_cbor_writer *writer, const char *text);

/* @count items follow. */
TAKT_BG void takt_cbor_put_array(struct takt_cbor_writer *writer, size_t count);

#endif
