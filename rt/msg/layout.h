/* SPDX-License-Identifier: Apache-2.0 */
/* Where the fields of a message type lie, and the hash that names its layout.
 *
 * A descriptor (SDK macro, YAML or catalog) says names, kinds and lengths; the layout follows from it
 * by the platform's natural alignment. Macro types carry sizeof and are checked against it, so a packed
 * or reordered struct is refused; a type of 0 bytes (YAML, catalog) has no sizeof to check. */
#ifndef TAKT_MSG_LAYOUT_H
#define TAKT_MSG_LAYOUT_H

#include <takt/type.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_TYPE_FIELDS_MAX 256u
#define TAKT_TYPE_DEPTH_MAX 8u
#define TAKT_TYPE_BYTES_MAX (256u << 20)
#define TAKT_TYPE_NAME_MAX 127u		/* bytes; of types, fields and enums: C identifiers */
#define TAKT_TYPE_LENGTH_MAX (256u << 20)	/* items */
#define TAKT_TYPES_MAX 1024u		/* in one catalog, or nested in one type */
#define TAKT_ENUM_VALUES_MAX 4096u
#define TAKT_LAYOUT_COLUMNS_MAX 256u	/* of a field that is spread over columns of a table */

struct takt_layout;

struct takt_field_place {
	uint32_t offset_bytes;	/* of the field in its struct; of `count` for a list */
	uint32_t items_offset_bytes;	/* of the first item; == offset_bytes unless a list */
	uint32_t item_bytes;
	uint32_t columns;		/* leaves when spread over a table, 0: too many for that */
	const struct takt_layout *nested;	/* of an item that is a struct, else NULL */
};

struct takt_layout {
	const struct takt_type *type;	/* borrowed */
	uint64_t hash;
	uint32_t bytes;
	uint32_t align;
	uint32_t fixed_bytes;		/* to be zeroed before use: everything but the items of a list at the end */
	uint32_t tail_item_bytes;	/* 0, or item size of the list at the end: its payload may be trimmed */
	uint32_t tail_count_offset;	/* where that list's u32 count lies */
	uint32_t tail_length;		/* its bound */
	uint32_t field_count;
	uint32_t depth;			/* 1: no nested type */
	uint32_t columns;		/* leaves of all fields, at least one each */
	uint32_t owned_count;
	struct takt_layout **owned;	/* layouts of nested types that are freed with this one */
	struct takt_field_place places[];	/* one a field, in order */
};

/* Compute and check the layout of @type (kept by reference: must outlive it). The hash covers names,
 * kinds, shapes, lengths, offsets, units, nested types and enum values; not docs.
 * Returns 0 and the layout (free with takt_layout_destroy), -EINVAL (limits, sizeof mismatch,
 * duplicate or empty field names) or -ENOMEM.  [setup] */
TAKT_SETUP int takt_layout_create(const struct takt_type *type, struct takt_layout **ret_layout,
				  struct takt_err *err);
TAKT_ANY void takt_layout_destroy(struct takt_layout *layout);

/* Layouts of @count types at once, a nested type before those that contain it, as in a catalog. The
 * layouts refer to each other: free all together with takt_layouts_destroy. A nested type is found by
 * its address, or by name and layout (two plug-ins that share a header). Errors as above, and -EINVAL
 * for a nested type that is not in the list before.  [setup] */
TAKT_SETUP int takt_layouts_create(const struct takt_type *const *types, uint32_t count,
				   struct takt_layout ***ret_layouts, struct takt_err *err);
TAKT_ANY void takt_layouts_destroy(struct takt_layout **layouts, uint32_t count);

/* Bytes of @payload that belong to the value: all, or up to the count of the list at the end (a count
 * above the bound is taken as the bound).  [RT] */
TAKT_RT static inline uint32_t takt_layout_used_bytes(const struct takt_layout *layout,
						      const void *payload)
{
	uint32_t count;

	if (layout->tail_item_bytes == 0) {
		return layout->bytes;
	}
	__builtin_memcpy(&count, (const char *)payload + layout->tail_count_offset, sizeof(count));
	if (count > layout->tail_length) {
		count = layout->tail_length;
	}
	return layout->fixed_bytes + count * layout->tail_item_bytes;
}

#endif
