/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/msg/cbor_read.h"

#include <cbor.h>
#include <errno.h>

/* Lengths came as size_t before libcbor 0.9. */
#if CBOR_MAJOR_VERSION == 0 && CBOR_MINOR_VERSION < 9
typedef size_t length_t;
#else
typedef uint64_t length_t;
#endif

static void set(void *context, enum takt_cbor_kind kind, uint64_t value, cbor_data text)
{
	struct takt_cbor_token *token = context;

	token->kind = kind;
	token->value = value;
	token->text = (const char *)text;
}

static void on_uint8(void *context, uint8_t value)
{
	set(context, TAKT_CBOR_UINT, value, NULL);
}

static void on_uint16(void *context, uint16_t value)
{
	set(context, TAKT_CBOR_UINT, value, NULL);
}

static void on_uint32(void *context, uint32_t value)
{
	set(context, TAKT_CBOR_UINT, value, NULL);
}

static void on_uint64(void *context, uint64_t value)
{
	set(context, TAKT_CBOR_UINT, value, NULL);
}

static void on_negint8(void *context, uint8_t value)
{
	set(context, TAKT_CBOR_NEGATIVE, value, NULL);
}

static void on_negint16(void *context, uint16_t value)
{
	set(context, TAKT_CBOR_NEGATIVE, value, NULL);
}

static void on_negint32(void *context, uint32_t value)
{
	set(context, TAKT_CBOR_NEGATIVE, value, NULL);
}

static void on_negint64(void *context, uint64_t value)
{
	set(context, TAKT_CBOR_NEGATIVE, value, NULL);
}

static void on_string(void *context, cbor_data text, length_t size_bytes)
{
	set(context, TAKT_CBOR_TEXT, size_bytes, text);
}

static void on_bytes(void *context, cbor_data bytes, length_t size_bytes)
{
	set(context, TAKT_CBOR_BYTES, size_bytes, bytes);
}

static void on_array(void *context, length_t count)
{
	set(context, TAKT_CBOR_ARRAY, count, NULL);
}

static void on_map(void *context, length_t count)
{
	set(context, TAKT_CBOR_MAP, count, NULL);
}

static void on_tag(void *context, uint64_t tag)
{
	set(context, TAKT_CBOR_TAG, tag, NULL);
}

static void on_double(void *context, double value)
{
	struct takt_cbor_token *token = context;

	set(context, TAKT_CBOR_FLOAT, 0, NULL);
	token->real = value;
}

static void on_float(void *context, float value)
{
	on_double(context, (double)value);
}

static void on_bool(void *context, bool value)
{
	set(context, TAKT_CBOR_BOOL, value, NULL);
}

static void on_null(void *context)
{
	set(context, TAKT_CBOR_NULL, 0, NULL);
}

static void on_refused(void *context)
{
	set(context, TAKT_CBOR_REFUSED, 0, NULL);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8, .uint16 = on_uint16, .uint32 = on_uint32, .uint64 = on_uint64,
	.negint8 = on_negint8, .negint16 = on_negint16, .negint32 = on_negint32,
	.negint64 = on_negint64,
	.string = on_string, .string_start = on_refused,
	.byte_string = on_bytes, .byte_string_start = on_refused,
	.array_start = on_array, .indef_array_start = on_refused,
	.map_start = on_map, .indef_map_start = on_refused,
	.tag = on_tag, .float2 = on_float, .float4 = on_float, .float8 = on_double,
	.boolean = on_bool, .null = on_null, .undefined = on_null,
	.indef_break = on_refused,
};

int takt_cbor_next(struct takt_cbor_reader *reader, struct takt_cbor_token *ret_token)
{
	struct takt_cbor_token token = { .kind = TAKT_CBOR_REFUSED };
	const size_t left = reader->size_bytes - reader->at;
	struct cbor_decoder_result result;

	if (left == 0) {
		return -EBADMSG;
	}
	result = cbor_stream_decode(reader->bytes + reader->at, left, &callbacks, &token);
	if (result.status != CBOR_DECODER_FINISHED || token.kind == TAKT_CBOR_REFUSED ||
	    result.read == 0 || result.read > left) {
		return -EBADMSG;
	}
	/* An item has a byte at least. */
	if ((token.kind == TAKT_CBOR_ARRAY && token.value > left - result.read) ||
	    (token.kind == TAKT_CBOR_MAP && token.value > (left - result.read) / 2)) {
		return -EBADMSG;
	}
	reader->at += result.read;
	*ret_token = token;
	return 0;
}

int takt_cbor_skip(struct takt_cbor_reader *reader)
{
	struct takt_cbor_token token;
	uint64_t pending = 1;		/* at most one a byte of input and token: cannot overflow */

	while (pending > 0) {
		const int ret = takt_cbor_next(reader, &token);

		if (ret < 0) {
			return ret;
		}
		pending--;
		if (token.kind == TAKT_CBOR_ARRAY) {
			pending += token.value;
		} else if (token.kind == TAKT_CBOR_MAP) {
			pending += 2 * token.value;
		} else if (token.kind == TAKT_CBOR_TAG) {
			pending++;
		}
		if (pending > reader->size_bytes - reader->at) {
			return -EBADMSG;
		}
	}
	return 0;
}
