/* SPDX-License-Identifier: Apache-2.0 */
/* Single values as JSON (RFC 8259) and as cells of CSV (RFC 4180).
 *
 * JSON: whole numbers beyond 2^53 are strings, since most readers would round them; doubles are the
 * shortest text that reads back as the same double; "NaN", "Infinity", "-Infinity" are strings.
 * Bytes that are no UTF-8 become U+FFFD.
 * CSV: numbers are never quoted, nan and inf are written so; a text is quoted where it must be. */
#ifndef TAKT_BASE_JSON_H
#define TAKT_BASE_JSON_H

#include <stdint.h>

#include "rt/base/tags.h"
#include "rt/base/text_buffer.h"

TAKT_BG void takt_json_put_text(struct takt_text_buffer *out, const char *text, size_t size_bytes);
TAKT_BG void takt_json_puts(struct takt_text_buffer *out, const char *text);
TAKT_BG void takt_json_put_u64(struct takt_text_buffer *out, uint64_t value);
TAKT_BG void takt_json_put_i64(struct takt_text_buffer *out, int64_t value);
TAKT_BG void takt_json_put_f64(struct takt_text_buffer *out, double value);
TAKT_BG void takt_json_put_f32(struct takt_text_buffer *out, float value);

TAKT_BG void takt_csv_put_text(struct takt_text_buffer *out, const char *text, size_t size_bytes);
TAKT_BG void takt_csv_puts(struct takt_text_buffer *out, const char *text);
TAKT_BG void takt_csv_put_f64(struct takt_text_buffer *out, double value);
TAKT_BG void takt_csv_put_f32(struct takt_text_buffer *out, float value);

#endif
