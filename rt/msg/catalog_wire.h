/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a catalog in CBOR: one table a struct, used by the encoder and the decoder alike.
 *
 * A struct is a map with text keys, one a member; an array of structs is an array of maps. Types and
 * enums stand in lists of their own, and a field refers to them by index: what a field nests, stands
 * before its type. */
#ifndef TAKT_MSG_CATALOG_WIRE_H
#define TAKT_MSG_CATALOG_WIRE_H

#include "rt/base/pool.h"
#include "rt/msg/catalog.h"
#include "rt/msg/layout.h"

#define TAKT_WIRE_NONE UINT32_MAX	/* a field without nested type or enum: the key is left out */
#define TAKT_WIRE_MEMBERS_MAX 64u
#define TAKT_WIRE_ENUMS_MAX 1024u

enum takt_wire_kind {
	TAKT_WIRE_TEXT = 1,		/* const char *; never NULL once decoded */
	TAKT_WIRE_U32,
	TAKT_WIRE_INDEX,		/* uint32_t, TAKT_WIRE_NONE when the key is missing */
	TAKT_WIRE_I32,
	TAKT_WIRE_U64,
	TAKT_WIRE_I64,
	TAKT_WIRE_BOOL,
	TAKT_WIRE_ARRAY			/* pointer to structs, and their uint32_t count */
};

struct takt_wire_table;

struct takt_wire_member {
	const char *key;
	uint32_t kind;			/* enum takt_wire_kind */
	uint32_t offset;		/* in the struct */
	uint32_t count_offset;		/* TAKT_WIRE_ARRAY only, as the two below */
	uint32_t count_max;
	const struct takt_wire_table *of;
};

struct takt_wire_table {
	const char *name;
	const struct takt_wire_member *members;
	uint32_t member_count;
	uint32_t bytes;			/* sizeof the struct */
};

struct takt_wire_field {
	const char *name;
	const char *unit;
	const char *doc;
	uint32_t scalar;
	uint32_t shape;
	uint32_t length;
	uint32_t type;			/* index, TAKT_WIRE_NONE */
	uint32_t names;			/* index of the enum, TAKT_WIRE_NONE */
};

struct takt_wire_type {
	const char *name;
	const char *doc;
	struct takt_wire_field *fields;
	uint32_t field_count;
	uint32_t bytes;
	uint32_t align;
	uint64_t hash;			/* of the layout */
};

struct takt_wire {			/* the whole */
	uint32_t version;
	uint32_t enum_count;
	uint32_t type_count;
	struct takt_enum *enums;
	struct takt_wire_type *types;
	struct takt_catalog catalog;	/* but its types */
};

extern const struct takt_wire_table takt_wire_table;

/* Encode @object by @table into a new buffer (free()). Returns 0, -E2BIG above TAKT_CATALOG_BYTES_MAX,
 * -ENOMEM.  [setup] */
TAKT_SETUP int takt_wire_encode(const struct takt_wire_table *table, const void *object, void **ret_bytes,
				uint32_t *ret_size_bytes, struct takt_err *err);

/* Fill types and enums of @wire, in @pool, from @count @types, nested ones first. Texts stay borrowed.
 * Errors of takt_layouts_create, -E2BIG.  [setup] */
TAKT_SETUP int takt_wire_fill_types(struct takt_wire *wire, const struct takt_type *const *types,
				    uint32_t count, struct takt_pool *pool, struct takt_err *err);

/* Decode outside input by @table into @object, zeroed, of table->bytes; what it points to lies in @pool.
 * Returns 0, -EBADMSG or -ENOMEM.  [bg] */
TAKT_BG int takt_wire_decode(const struct takt_wire_table *table, const void *bytes, uint32_t size_bytes,
			     void *object, struct takt_pool *pool, struct takt_err *err);

/* Check types and enums that were decoded and make wire->catalog.types of them, in @pool.
 * Returns 0, -EBADMSG or -ENOMEM.  [bg] */
TAKT_BG int takt_wire_check_types(struct takt_wire *wire, struct takt_pool *pool, struct takt_err *err);

/* Tables of types and enums, for others that hold them too. */
extern const struct takt_wire_table takt_wire_enum_table;
extern const struct takt_wire_table takt_wire_type_table;

/* Check what was decoded and make the types of @wire->catalog of it, in @pool.
 * Returns 0, -EBADMSG or -ENOMEM.  [bg] */
TAKT_BG int takt_wire_check(struct takt_wire *wire, struct takt_pool *pool, struct takt_err *err);

#endif
