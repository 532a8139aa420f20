/* SPDX-License-Identifier: Apache-2.0 */
/* Writes with the streaming half of libcbor into a buffer that grows. A failure sticks in the buffer, so
 * it is asked for once, at the end. */
#include <cbor.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/utf8.h"
#include "rt/msg/catalog_wire.h"

#define HEAD_BYTES 9u		/* the longest head of a CBOR item */

struct buffer {
	unsigned char *bytes;
	size_t used;
	size_t room;
	int error;		/* first failure, sticks */
};

/* Room for @size_bytes more. Returns where they go, NULL after a failure. */
static unsigned char *reserve(struct buffer *buffer, size_t size_bytes)
{
	if (buffer->error < 0) {
		return NULL;
	}
	if (size_bytes > TAKT_CATALOG_BYTES_MAX || buffer->used > TAKT_CATALOG_BYTES_MAX - size_bytes) {
		buffer->error = -E2BIG;
		return NULL;
	}
	if (buffer->used + size_bytes > buffer->room) {
		const size_t room = 2 * (buffer->used + size_bytes) + 4096;
		unsigned char *grown = realloc(buffer->bytes, room);

		if (!grown) {
			buffer->error = -ENOMEM;
			return NULL;
		}
		buffer->bytes = grown;
		buffer->room = room;
	}
	return buffer->bytes + buffer->used;
}

static void put_uint(struct buffer *buffer, uint64_t value)
{
	unsigned char *at = reserve(buffer, HEAD_BYTES);

	if (at) {
		buffer->used += cbor_encode_uint(value, at, HEAD_BYTES);
	}
}

static void put_int(struct buffer *buffer, int64_t value)
{
	unsigned char *at;

	if (value >= 0) {
		put_uint(buffer, (uint64_t)value);
		return;
	}
	at = reserve(buffer, HEAD_BYTES);
	if (at) {
		buffer->used += cbor_encode_negint(~(uint64_t)value, at, HEAD_BYTES);
	}
}

static void put_bool(struct buffer *buffer, bool value)
{
	unsigned char *at = reserve(buffer, HEAD_BYTES);

	if (at) {
		buffer->used += cbor_encode_bool(value, at, HEAD_BYTES);
	}
}

static void put_head(struct buffer *buffer, size_t (*encode)(size_t, unsigned char *, size_t), size_t count)
{
	unsigned char *at = reserve(buffer, HEAD_BYTES);

	if (at) {
		buffer->used += encode(count, at, HEAD_BYTES);
	}
}

static void put_bytes(struct buffer *buffer, const char *bytes, size_t size_bytes)
{
	unsigned char *at = reserve(buffer, size_bytes);

	if (at && size_bytes) {
		memcpy(at, bytes, size_bytes);
		buffer->used += size_bytes;
	}
}

/* CBOR's text is UTF-8 by definition; a path or a comment need not be. */
static void put_repaired(struct buffer *buffer, const char *text, size_t size_bytes)
{
	size_t repaired_bytes = 0;

	for (size_t at = 0; at < size_bytes;) {
		const uint32_t length = takt_utf8_length(text + at, size_bytes - at);

		repaired_bytes += length ? length : strlen(TAKT_UTF8_REPLACEMENT);
		at += length ? length : 1;
	}
	put_head(buffer, cbor_encode_string_start, repaired_bytes);
	for (size_t at = 0; at < size_bytes;) {
		const uint32_t length = takt_utf8_length(text + at, size_bytes - at);

		if (length) {
			put_bytes(buffer, text + at, length);
		} else {
			put_bytes(buffer, TAKT_UTF8_REPLACEMENT, strlen(TAKT_UTF8_REPLACEMENT));
		}
		at += length ? length : 1;
	}
}

static void put_text(struct buffer *buffer, const char *text)
{
	const size_t size_bytes = text ? strlen(text) : 0;

	if (size_bytes && !takt_utf8_valid(text, size_bytes)) {
		put_repaired(buffer, text, size_bytes);
		return;
	}
	put_head(buffer, cbor_encode_string_start, size_bytes);
	put_bytes(buffer, text, size_bytes);
}

static uint32_t load_u32(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t load_u64(const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static const void *load_pointer(const char *at)
{
	const void *pointer;

	memcpy(&pointer, at, sizeof(pointer));
	return pointer;
}

static bool is_left_out(const struct takt_wire_member *member, const char *object)
{
	return member->kind == TAKT_WIRE_INDEX && load_u32(object + member->offset) == TAKT_WIRE_NONE;
}

static void put_struct(struct buffer *buffer, const struct takt_wire_table *table, const char *object);

static void put_member(struct buffer *buffer, const struct takt_wire_member *member, const char *object)
{
	const char *at = object + member->offset;
	const char *items;
	uint32_t count;

	switch ((enum takt_wire_kind)member->kind) {
	case TAKT_WIRE_TEXT:
		put_text(buffer, load_pointer(at));
		break;
	case TAKT_WIRE_U32:
	case TAKT_WIRE_INDEX:
		put_uint(buffer, load_u32(at));
		break;
	case TAKT_WIRE_I32:
		put_int(buffer, (int32_t)load_u32(at));
		break;
	case TAKT_WIRE_U64:
		put_uint(buffer, load_u64(at));
		break;
	case TAKT_WIRE_I64:
		put_int(buffer, (int64_t)load_u64(at));
		break;
	case TAKT_WIRE_BOOL:
		put_bool(buffer, *(const bool *)at);
		break;
	case TAKT_WIRE_ARRAY:
		items = load_pointer(at);
		count = load_u32(object + member->count_offset);
		if (count > member->count_max) {
			buffer->error = -E2BIG;
			break;
		}
		put_head(buffer, cbor_encode_array_start, count);
		for (uint32_t i = 0; i < count && buffer->error == 0; i++) {
			put_struct(buffer, member->of, items + (size_t)i * member->of->bytes);
		}
		break;
	}
}

/* Recursion ends with the tables: catalog, type, field. */
static void put_struct(struct buffer *buffer, const struct takt_wire_table *table, const char *object)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->member_count; i++) {
		count += !is_left_out(&table->members[i], object);
	}
	put_head(buffer, cbor_encode_map_start, count);
	for (uint32_t i = 0; i < table->member_count; i++) {
		if (!is_left_out(&table->members[i], object)) {
			put_text(buffer, table->members[i].key);
			put_member(buffer, &table->members[i], object);
		}
	}
}

/* --- types: from pointers to indices -------------------------------------------------------------- */

/* Index of @names in the list of enums, put there when it is new; TAKT_WIRE_NONE when that is full. */
static uint32_t enum_index(struct takt_wire *wire, const struct takt_enum *const *seen,
			   const struct takt_enum *names)
{
	for (uint32_t i = 0; i < wire->enum_count; i++) {
		if (seen[i] == names) {
			return i;
		}
	}
	if (wire->enum_count == TAKT_WIRE_ENUMS_MAX) {
		return TAKT_WIRE_NONE;
	}
	wire->enums[wire->enum_count] = *names;
	return wire->enum_count++;
}

static uint32_t layout_index(struct takt_layout *const *layouts, const struct takt_layout *layout)
{
	uint32_t index = 0;

	while (layouts[index] != layout) {
		index++;
	}
	return index;
}

static int fill_type(struct takt_wire *wire, struct takt_layout *const *layouts, uint32_t index,
		     const struct takt_enum **seen, struct takt_pool *pool, struct takt_err *err)
{
	const struct takt_layout *layout = layouts[index];
	const struct takt_type *type = layout->type;
	struct takt_wire_field *fields = takt_pool_alloc(pool, type->field_count, sizeof(*fields));

	if (!fields) {
		return takt_err_set(err, -ENOMEM, "no memory for type %s", type->name);
	}
	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct takt_field *field = &type->fields[i];

		fields[i] = (struct takt_wire_field){
			.name = field->name, .unit = field->unit, .doc = field->doc,
			.scalar = field->scalar, .shape = field->shape, .length = field->length,
			.type = TAKT_WIRE_NONE, .names = TAKT_WIRE_NONE,
		};
		if (layout->places[i].nested) {
			fields[i].type = layout_index(layouts, layout->places[i].nested);
		}
		if (field->names) {
			fields[i].names = enum_index(wire, seen, field->names);
			if (fields[i].names == TAKT_WIRE_NONE) {
				return takt_err_set(err, -E2BIG, "more than %u enums", TAKT_WIRE_ENUMS_MAX);
			}
			seen[fields[i].names] = field->names;
		}
	}
	wire->types[index] = (struct takt_wire_type){
		.name = type->name, .doc = type->doc, .fields = fields,
		.field_count = type->field_count, .bytes = layout->bytes, .align = layout->align,
		.hash = layout->hash,
	};
	return 0;
}

int takt_wire_fill_types(struct takt_wire *wire, const struct takt_type *const *types, uint32_t count,
			 struct takt_pool *pool, struct takt_err *err)
{
	const struct takt_enum **seen =
		takt_pool_alloc(pool, TAKT_WIRE_ENUMS_MAX, sizeof(const struct takt_enum *));
	struct takt_layout **layouts = NULL;
	int ret = takt_layouts_create(types, count, &layouts, err);

	if (ret < 0) {
		return ret;
	}
	wire->type_count = count;
	wire->types = takt_pool_alloc(pool, count, sizeof(*wire->types));
	wire->enums = takt_pool_alloc(pool, TAKT_WIRE_ENUMS_MAX, sizeof(*wire->enums));
	if (!seen || !wire->types || !wire->enums) {
		ret = takt_err_set(err, -ENOMEM, "no memory for the catalog's types");
	}
	for (uint32_t i = 0; i < count && ret == 0; i++) {
		ret = fill_type(wire, layouts, i, seen, pool, err);
	}
	takt_layouts_destroy(layouts, count);
	return ret;
}

int takt_wire_encode(const struct takt_wire_table *table, const void *object, void **ret_bytes,
		     uint32_t *ret_size_bytes, struct takt_err *err)
{
	struct buffer buffer = { 0 };

	put_struct(&buffer, table, object);
	if (buffer.error < 0) {
		free(buffer.bytes);
		return takt_err_set(err, buffer.error, buffer.error == -E2BIG
					? "the %s is too large: %u MiB at most"
					: "no memory for the %s: up to %u MiB",
				    table->name, TAKT_CATALOG_BYTES_MAX >> 20);
	}
	*ret_bytes = buffer.bytes;
	*ret_size_bytes = (uint32_t)buffer.used;
	return 0;
}

int takt_catalog_encode(const struct takt_catalog *catalog, void **ret_bytes,
			uint32_t *ret_size_bytes, struct takt_err *err)
{
	struct takt_wire wire = { .version = TAKT_CATALOG_VERSION, .catalog = *catalog };
	struct takt_pool *pool = takt_pool_create();
	int ret;

	if (!pool) {
		return takt_err_set(err, -ENOMEM, "no memory for the catalog");
	}
	ret = takt_wire_fill_types(&wire, catalog->types, catalog->type_count, pool, err);
	if (ret == 0) {
		ret = takt_wire_encode(&takt_wire_table, &wire, ret_bytes, ret_size_bytes, err);
	}
	takt_pool_destroy(pool);
	return ret;
}
