/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/utf8.h"

#define EXACT_MAX (INT64_C(1) << 53)	/* whole numbers up to here survive a double */

/* The character at @at, @length bytes (0: not UTF-8), as it stands in a JSON string. */
static void put_character(struct takt_text_buffer *out, const char *at, uint32_t length)
{
	if (length == 0) {
		takt_text_buffer_puts(out, TAKT_UTF8_REPLACEMENT);
	} else if (*at == '"' || *at == '\\') {
		takt_text_buffer_printf(out, "\\%c", *at);
	} else if (*at == '\n') {
		takt_text_buffer_puts(out, "\\n");
	} else if (*at == '\t') {
		takt_text_buffer_puts(out, "\\t");
	} else if ((unsigned char)*at < 0x20 || *at == 0x7f) {
		takt_text_buffer_printf(out, "\\u%04x", (unsigned)(unsigned char)*at);
	} else {
		takt_text_buffer_put(out, at, length);
	}
}

/* Bytes at @text that a JSON string takes as they are. */
static size_t plain_bytes(const char *text, size_t size_bytes)
{
	size_t plain = 0;

	while (plain < size_bytes) {
		const unsigned char byte = (unsigned char)text[plain];

		if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
			break;
		}
		plain++;
	}
	return plain;
}

void takt_json_put_text(struct takt_text_buffer *out, const char *text, size_t size_bytes)
{
	takt_text_buffer_put(out, "\"", 1);
	for (size_t at = 0; at < size_bytes;) {
		const size_t plain = plain_bytes(text + at, size_bytes - at);
		uint32_t length;

		takt_text_buffer_put(out, text + at, plain);
		at += plain;
		if (at == size_bytes) {
			break;
		}
		length = takt_utf8_length(text + at, size_bytes - at);
		put_character(out, text + at, length);
		at += length ? length : 1;
	}
	takt_text_buffer_put(out, "\"", 1);
}

void takt_json_puts(struct takt_text_buffer *out, const char *text)
{
	takt_json_put_text(out, text, strlen(text));
}

void takt_json_put_u64(struct takt_text_buffer *out, uint64_t value)
{
	const char *quote = value > (uint64_t)EXACT_MAX ? "\"" : "";

	takt_text_buffer_printf(out, "%s%" PRIu64 "%s", quote, value, quote);
}

void takt_json_put_i64(struct takt_text_buffer *out, int64_t value)
{
	const char *quote = value > EXACT_MAX || value < -EXACT_MAX ? "\"" : "";

	takt_text_buffer_printf(out, "%s%" PRId64 "%s", quote, value, quote);
}

static const char *infinite_name(double value)
{
	return isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

static void put_shortest_f64(struct takt_text_buffer *out, double value)
{
	char text[40];
	int digits = 15;

	do {
		snprintf(text, sizeof(text), "%.*g", digits, value);
	} while (digits++ < 17 && strtod(text, NULL) != value);
	takt_text_buffer_puts(out, text);
}

static void put_shortest_f32(struct takt_text_buffer *out, float value)
{
	char text[40];
	int digits = 6;

	do {
		snprintf(text, sizeof(text), "%.*g", digits, (double)value);
	} while (digits++ < 9 && strtof(text, NULL) != value);
	/* the same digits; 1000000 is easier to read than 1e+06 */
	snprintf(text, sizeof(text), "%.15g", strtod(text, NULL));
	takt_text_buffer_puts(out, text);
}

void takt_json_put_f64(struct takt_text_buffer *out, double value)
{
	if (isfinite(value)) {
		put_shortest_f64(out, value);
	} else {
		takt_text_buffer_puts(out, infinite_name(value));
	}
}

void takt_json_put_f32(struct takt_text_buffer *out, float value)
{
	if (isfinite(value)) {
		put_shortest_f32(out, value);
	} else {
		takt_text_buffer_puts(out, infinite_name((double)value));
	}
}

void takt_csv_put_text(struct takt_text_buffer *out, const char *text, size_t size_bytes)
{
	bool quoted = false;

	for (size_t i = 0; i < size_bytes && !quoted; i++) {
		quoted = text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n';
	}
	takt_text_buffer_puts(out, quoted ? "\"" : "");
	for (size_t at = 0; at < size_bytes;) {
		const uint32_t length = takt_utf8_length(text + at, size_bytes - at);

		if (length == 0) {
			takt_text_buffer_puts(out, TAKT_UTF8_REPLACEMENT);
		} else if (text[at] == '"') {
			takt_text_buffer_puts(out, "\"\"");
		} else {
			takt_text_buffer_put(out, text + at, length);
		}
		at += length ? length : 1;
	}
	takt_text_buffer_puts(out, quoted ? "\"" : "");
}

void takt_csv_puts(struct takt_text_buffer *out, const char *text)
{
	takt_csv_put_text(out, text, strlen(text));
}

static const char *infinite_cell(double value)
{
	return isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

void takt_csv_put_f64(struct takt_text_buffer *out, double value)
{
	if (isfinite(value)) {
		put_shortest_f64(out, value);
	} else {
		takt_text_buffer_puts(out, infinite_cell(value));
	}
}

void takt_csv_put_f32(struct takt_text_buffer *out, float value)
{
	if (isfinite(value)) {
		put_shortest_f32(out, value);
	} else {
		takt_text_buffer_puts(out, infinite_cell((double)value));
	}
}
