/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads as CBOR, by their layout: frame.cddl says the same for the other side.
 *
 *     struct           array of its fields, in order
 *     bool             bool
 *     integer, enum    integer
 *     f32, f64         float; NaN and infinities are values; any width is taken, and integers
 *     text             byte string without NUL (it need not be UTF-8); a text string is taken, too
 *     array, list      of numbers: byte string of the items as they lie in memory, little-endian
 *                      of structs and enums: array of items
 *
 * What comes in is believed in nothing: each number must be in its type's range, each count
 * within its bound. An error names the field: "anomaly.at[3].kind: 9 is no value of enum
 * fix_kind". */
#ifndef TAKT_PYHOST_FRAME_CODEC_H
#define TAKT_PYHOST_FRAME_CODEC_H

#include "pyhost/frame/cbor_write.h"
#include "rt/base/err.h"
#include "rt/msg/cbor_read.h"
#include "rt/msg/layout.h"

/* Bytes that a value of @layout takes at most.  [any] */
TAKT_ANY uint64_t takt_codec_bytes_max(const struct takt_layout *layout);

/* Write @payload, which must be sound (rt/msg/payload.h).  [bg] */
TAKT_BG void takt_codec_encode(struct takt_cbor_writer *writer, const struct takt_layout *layout,
			       const void *payload);

/* Read a value into @payload of layout->bytes, all of which is written, @ret_bytes of it belong
 * to the value. @what: its name in an error. Returns 0, -EBADMSG (no such value), -ERANGE.  [bg] */
TAKT_BG int takt_codec_decode(struct takt_cbor_reader *reader, const struct takt_layout *layout,
			      const char *what, void *payload, uint32_t *ret_bytes,
			      struct takt_err *err);

#endif
