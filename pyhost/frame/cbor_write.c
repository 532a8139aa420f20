/* SPDX-License-Identifier: Apache-2.0 */
#include "pyhost/frame/cbor_write.h"

#include <cbor.h>
#include <string.h>

/* What an encoder of libcbor returned: bytes, 0 when it did not fit. */
static void advance(struct takt_cbor_writer *writer, size_t bytes)
{
	writer->is_full = writer->is_full || bytes == 0;
	writer->at += bytes;
}

static unsigned char *here(const struct takt_cbor_writer *writer)
{
	return writer->bytes + writer->at;
}

/* None once something did not fit: what follows would stand in the wrong place. */
static size_t room(const struct takt_cbor_writer *writer)
{
	return writer->is_full ? 0 : writer->room - writer->at;
}

void takt_cbor_put_uint(struct takt_cbor_writer *writer, uint64_t value)
{
	advance(writer, cbor_encode_uint(value, here(writer), room(writer)));
}

void takt_cbor_put_int(struct takt_cbor_writer *writer, int64_t value)
{
	if (value >= 0) {
		takt_cbor_put_uint(writer, (uint64_t)value);
	} else {
		advance(writer, cbor_encode_negint((uint64_t)(-1 - value), here(writer),
						   room(writer)));
	}
}

void takt_cbor_put_f32(struct takt_cbor_writer *writer, float value)
{
	advance(writer, cbor_encode_single(value, here(writer), room(writer)));
}

void takt_cbor_put_f64(struct takt_cbor_writer *writer, double value)
{
	advance(writer, cbor_encode_double(value, here(writer), room(writer)));
}

void takt_cbor_put_bool(struct takt_cbor_writer *writer, bool value)
{
	advance(writer, cbor_encode_bool(value, here(writer), room(writer)));
}

void takt_cbor_put_null(struct takt_cbor_writer *writer)
{
	advance(writer, cbor_encode_null(here(writer), room(writer)));
}

static void put_raw(struct takt_cbor_writer *writer, const void *bytes, size_t size_bytes)
{
	if (size_bytes > room(writer)) {
		writer->is_full = true;
	} else if (size_bytes > 0) {
		memcpy(here(writer), bytes, size_bytes);
		writer->at += size_bytes;
	}
}

void takt_cbor_put_bytes(struct takt_cbor_writer *writer, const void *bytes, size_t size_bytes)
{
	advance(writer, cbor_encode_bytestring_start(size_bytes, here(writer), room(writer)));
	put_raw(writer, bytes, size_bytes);
}

void takt_cbor_put_text(struct takt_cbor_writer *writer, const char *text)
{
	const size_t size_bytes = strlen(text);

	advance(writer, cbor_encode_string_start(size_bytes, here(writer), room(writer)));
	put_raw(writer, text, size_bytes);
}

void takt_cbor_put_array(struct takt_cbor_writer *writer, size_t count)
{
	advance(writer, cbor_encode_array_start(count, here(writer), room(writer)));
}
