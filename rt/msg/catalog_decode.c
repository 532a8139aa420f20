/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from outside. How deep it goes is given by the tables, not by the input; how much memory it takes,
 * by limits on each array. Values are checked behind this, in catalog_check.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/utf8.h"
#include "rt/msg/catalog_wire.h"
#include "rt/msg/cbor_read.h"

struct decoded {		/* what takt_catalog_destroy gets back */
	struct takt_wire wire;
	struct takt_pool *pool;
};

struct decoder {
	const char *what;
	struct takt_cbor_reader reader;
	struct takt_pool *pool;
	struct takt_err *err;
};

static int bad(struct decoder *decoder, size_t at, const char *key, const char *what)
{
	return takt_err_set(decoder->err, -EBADMSG, "%s, byte %zu: %s%s%s", decoder->what, at, key,
			    key[0] ? " " : "", what);
}

static int no_memory(struct takt_err *err)
{
	return takt_err_set(err, -ENOMEM, "no memory for the catalog");
}

static int next(struct decoder *decoder, struct takt_cbor_token *ret_token)
{
	const size_t at = decoder->reader.at;
	const int ret = takt_cbor_next(&decoder->reader, ret_token);

	return ret < 0 ? bad(decoder, at, "", "is no CBOR that takt writes, or it ends here") : 0;
}

static int store_text(struct decoder *decoder, const struct takt_wire_member *member,
		      const struct takt_cbor_token *token, char *at)
{
	const size_t place = decoder->reader.at;
	const char *text;

	if (token->kind != TAKT_CBOR_TEXT) {
		return bad(decoder, place, member->key, "must be a text");
	}
	if (memchr(token->text, '\0', token->value) || !takt_utf8_valid(token->text, token->value)) {
		return bad(decoder, place, member->key, "must be UTF-8 without NUL");
	}
	text = takt_pool_copy(decoder->pool, token->text, token->value);
	if (!text) {
		return no_memory(decoder->err);
	}
	memcpy(at, &text, sizeof(text));
	return 0;
}

static int store_unsigned(struct decoder *decoder, const struct takt_wire_member *member,
			  const struct takt_cbor_token *token, char *at)
{
	const bool wide = member->kind == TAKT_WIRE_U64;
	const uint32_t narrow_value = (uint32_t)token->value;

	if (token->kind != TAKT_CBOR_UINT || (!wide && token->value > UINT32_MAX)) {
		return bad(decoder, decoder->reader.at, member->key, "must be a number >= 0 in its range");
	}
	if (wide) {
		memcpy(at, &token->value, sizeof(token->value));
	} else {
		memcpy(at, &narrow_value, sizeof(narrow_value));
	}
	return 0;
}

static int store_signed(struct decoder *decoder, const struct takt_wire_member *member,
			const struct takt_cbor_token *token, char *at)
{
	const bool wide = member->kind == TAKT_WIRE_I64;
	const bool negative = token->kind == TAKT_CBOR_NEGATIVE;
	const uint64_t limit = wide ? INT64_MAX : INT32_MAX;
	int64_t value;
	int32_t narrow_value;

	if ((token->kind != TAKT_CBOR_UINT && !negative) || token->value > limit) {
		return bad(decoder, decoder->reader.at, member->key, "must be a number in its range");
	}
	value = negative ? -1 - (int64_t)token->value : (int64_t)token->value;
	narrow_value = (int32_t)value;
	if (wide) {
		memcpy(at, &value, sizeof(value));
	} else {
		memcpy(at, &narrow_value, sizeof(narrow_value));
	}
	return 0;
}

static int store_bool(struct decoder *decoder, const struct takt_wire_member *member,
		      const struct takt_cbor_token *token, char *at)
{
	const bool value = token->value != 0;

	if (token->kind != TAKT_CBOR_BOOL) {
		return bad(decoder, decoder->reader.at, member->key, "must be true or false");
	}
	memcpy(at, &value, sizeof(value));
	return 0;
}

static int decode_struct(struct decoder *decoder, const struct takt_wire_table *table, char *object);

static int decode_array(struct decoder *decoder, const struct takt_wire_member *member,
			const struct takt_cbor_token *token, char *object)
{
	char *items;
	uint32_t count;

	if (token->kind != TAKT_CBOR_ARRAY) {
		return bad(decoder, decoder->reader.at, member->key, "must be an array");
	}
	if (token->value > member->count_max) {
		return bad(decoder, decoder->reader.at, member->key, "has too many items");
	}
	count = (uint32_t)token->value;
	items = takt_pool_alloc(decoder->pool, count, member->of->bytes);
	if (!items) {
		return no_memory(decoder->err);
	}
	for (uint32_t i = 0; i < count; i++) {
		const int ret = decode_struct(decoder, member->of, items + (size_t)i * member->of->bytes);

		if (ret < 0) {
			return ret;
		}
	}
	memcpy(object + member->offset, &items, sizeof(items));
	memcpy(object + member->count_offset, &count, sizeof(count));
	return 0;
}

static int decode_member(struct decoder *decoder, const struct takt_wire_member *member, char *object)
{
	struct takt_cbor_token token;
	char *at = object + member->offset;
	const int ret = next(decoder, &token);

	if (ret < 0) {
		return ret;
	}
	switch ((enum takt_wire_kind)member->kind) {
	case TAKT_WIRE_TEXT:
		return store_text(decoder, member, &token, at);
	case TAKT_WIRE_U32:
	case TAKT_WIRE_INDEX:
	case TAKT_WIRE_U64:
		return store_unsigned(decoder, member, &token, at);
	case TAKT_WIRE_I32:
	case TAKT_WIRE_I64:
		return store_signed(decoder, member, &token, at);
	case TAKT_WIRE_BOOL:
		return store_bool(decoder, member, &token, at);
	case TAKT_WIRE_ARRAY:
		return decode_array(decoder, member, &token, object);
	}
	return bad(decoder, decoder->reader.at, member->key, "has no reader");
}

/* What a struct holds where a key is missing. */
static void set_defaults(const struct takt_wire_table *table, char *object)
{
	static const char *const empty = "";
	static const uint32_t none = TAKT_WIRE_NONE;

	for (uint32_t i = 0; i < table->member_count; i++) {
		const struct takt_wire_member *member = &table->members[i];

		if (member->kind == TAKT_WIRE_TEXT) {
			memcpy(object + member->offset, &empty, sizeof(empty));
		} else if (member->kind == TAKT_WIRE_INDEX) {
			memcpy(object + member->offset, &none, sizeof(none));
		}
	}
}

/* Index of the member that @key names; member_count: unknown. */
static uint32_t find_member(const struct takt_wire_table *table, const struct takt_cbor_token *key)
{
	uint32_t i = 0;

	while (i < table->member_count && (strlen(table->members[i].key) != key->value ||
					   memcmp(table->members[i].key, key->text, key->value) != 0)) {
		i++;
	}
	return i;
}

static int decode_struct(struct decoder *decoder, const struct takt_wire_table *table, char *object)
{
	struct takt_cbor_token token;
	uint64_t seen = 0;		/* one bit a member */
	uint64_t pairs;
	int ret = next(decoder, &token);

	if (ret == 0 && token.kind != TAKT_CBOR_MAP) {
		return bad(decoder, decoder->reader.at, table->name, "must be a map");
	}
	set_defaults(table, object);
	for (pairs = token.value; pairs > 0 && ret == 0; pairs--) {
		uint32_t index;

		ret = next(decoder, &token);
		if (ret < 0) {
			break;
		}
		if (token.kind != TAKT_CBOR_TEXT) {
			return bad(decoder, decoder->reader.at, table->name, "has a key that is no text");
		}
		index = find_member(table, &token);
		if (index == table->member_count) {
			ret = takt_cbor_skip(&decoder->reader);
			if (ret < 0) {
				return bad(decoder, decoder->reader.at, table->name, "is damaged");
			}
		} else if (seen & UINT64_C(1) << index) {
			return bad(decoder, decoder->reader.at, table->members[index].key, "stands twice");
		} else {
			seen |= UINT64_C(1) << index;
			ret = decode_member(decoder, &table->members[index], object);
		}
	}
	return ret;
}

int takt_wire_decode(const struct takt_wire_table *table, const void *bytes, uint32_t size_bytes,
		     void *object, struct takt_pool *pool, struct takt_err *err)
{
	struct decoder decoder = { .what = table->name, .reader = { bytes, size_bytes, 0 },
				   .pool = pool, .err = err };
	int ret;

	if (size_bytes > TAKT_CATALOG_BYTES_MAX) {
		return takt_err_set(err, -EBADMSG, "the %s is larger than %u MiB", table->name,
				    TAKT_CATALOG_BYTES_MAX >> 20);
	}
	ret = decode_struct(&decoder, table, object);
	if (ret == 0 && decoder.reader.at != size_bytes) {
		ret = bad(&decoder, decoder.reader.at, "", "something stands behind the end");
	}
	return ret;
}

static int check_version(const struct takt_wire *wire, struct takt_err *err)
{
	if (wire->version > TAKT_CATALOG_VERSION) {
		return takt_err_set(err, -EPROTO,
				    "the log was written by a newer takt (catalog version %u, known is %u): "
				    "read it with that one", wire->version, TAKT_CATALOG_VERSION);
	}
	if (wire->version == 0) {
		return takt_err_set(err, -EBADMSG,
				    "catalog, byte 0: takt_catalog is missing: this is no catalog");
	}
	return 0;
}

int takt_catalog_decode(const void *bytes, uint32_t size_bytes, struct takt_catalog **ret_catalog,
			struct takt_err *err)
{
	struct takt_pool *pool = takt_pool_create();
	struct decoded *decoded = pool ? takt_pool_alloc(pool, 1, sizeof(*decoded)) : NULL;
	int ret;

	if (!decoded) {
		takt_pool_destroy(pool);
		return no_memory(err);
	}
	decoded->pool = pool;
	ret = takt_wire_decode(&takt_wire_table, bytes, size_bytes, &decoded->wire, pool, err);
	if (ret == 0) {
		ret = check_version(&decoded->wire, err);
	}
	if (ret == 0) {
		ret = takt_wire_check(&decoded->wire, pool, err);
	}
	if (ret < 0) {
		takt_pool_destroy(pool);
		return ret;
	}
	*ret_catalog = &decoded->wire.catalog;
	return 0;
}

void takt_catalog_destroy(struct takt_catalog *catalog)
{
	struct decoded *decoded;

	if (!catalog) {
		return;
	}
	decoded = (struct decoded *)((char *)catalog - offsetof(struct decoded, wire.catalog));
	takt_pool_destroy(decoded->pool);
}
