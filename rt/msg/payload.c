/* SPDX-License-Identifier: Apache-2.0 */
/* Recursion is as deep as types are nested: takt_layout_create bounds that. */
#include "rt/msg/payload.h"

#include <string.h>

static bool struct_is_sound(const struct takt_layout *layout, const char *at);

static bool item_is_sound(const struct takt_field *field, const struct takt_field_place *place,
			  const char *item)
{
	switch ((enum takt_scalar)field->scalar) {
	case TAKT_SCALAR_BOOL:
		return *(const unsigned char *)item <= 1;
	case TAKT_SCALAR_STRUCT:
		return struct_is_sound(place->nested, item);
	default:
		return true;
	}
}

static bool field_is_sound(const struct takt_field *field, const struct takt_field_place *place,
			   const char *at)
{
	const char *items = at + place->items_offset_bytes;
	uint32_t count = field->length;

	if (field->shape == TAKT_SHAPE_TEXT) {
		return memchr(items, '\0', field->length) != NULL;
	}
	if (field->shape == TAKT_SHAPE_LIST) {
		memcpy(&count, at + place->offset_bytes, sizeof(count));
		if (count > field->length) {
			return false;
		}
	}
	if (field->scalar != TAKT_SCALAR_BOOL && field->scalar != TAKT_SCALAR_STRUCT) {
		return true;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!item_is_sound(field, place, items + (size_t)i * place->item_bytes)) {
			return false;
		}
	}
	return true;
}

static bool struct_is_sound(const struct takt_layout *layout, const char *at)
{
	for (uint32_t i = 0; i < layout->field_count; i++) {
		if (!field_is_sound(&layout->type->fields[i], &layout->places[i], at)) {
			return false;
		}
	}
	return true;
}

bool takt_payload_is_sound(const struct takt_layout *layout, const void *payload, uint32_t bytes)
{
	uint32_t count;

	if (bytes < layout->fixed_bytes || bytes > layout->bytes) {
		return false;
	}
	if (layout->tail_item_bytes > 0) {
		memcpy(&count, (const char *)payload + layout->tail_count_offset, sizeof(count));
		if (count > layout->tail_length ||
		    bytes < takt_layout_used_bytes(layout, payload)) {
			return false;
		}
	}
	return struct_is_sound(layout, payload);
}
