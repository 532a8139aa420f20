/* SPDX-License-Identifier: Apache-2.0 */
/* A type is laid out when the types nested in it are: there is no recursion. For one type alone, the
 * nested ones are found first, each once, by a walk whose stack is as deep as types may nest. */
#include "rt/msg/layout.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/round.h"
#include "rt/msg/name.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size_bytes)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size_bytes; i++) {
		hash = (hash ^ at[i]) * FNV_PRIME;
	}
	return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
	return hash_bytes(hash, &number, sizeof(number));
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

static uint64_t hash_field(uint64_t hash, const struct takt_field *field,
			   const struct takt_field_place *place)
{
	hash = hash_text(hash, field->name);
	hash = hash_text(hash, !field->unit || strcmp(field->unit, "1") == 0 ? "" : field->unit);
	hash = hash_number(hash, field->scalar);
	hash = hash_number(hash, field->shape);
	hash = hash_number(hash, field->length);
	hash = hash_number(hash, place->offset_bytes);
	hash = hash_number(hash, place->items_offset_bytes);
	hash = hash_number(hash, place->item_bytes);
	if (place->nested) {
		hash = hash_number(hash, place->nested->hash);
	}
	if (field->scalar == TAKT_SCALAR_ENUM) {
		hash = hash_text(hash, field->names->name);
		for (uint32_t i = 0; i < field->names->value_count; i++) {
			hash = hash_text(hash, field->names->values[i].name);
			hash = hash_number(hash, (uint64_t)field->names->values[i].value);
		}
	}
	return hash;
}

static uint64_t hash_layout(const struct takt_layout *layout)
{
	uint64_t hash = hash_text(FNV_OFFSET, layout->type->name);

	hash = hash_number(hash, layout->bytes);
	hash = hash_number(hash, layout->align);
	for (uint32_t i = 0; i < layout->field_count; i++) {
		hash = hash_field(hash, &layout->type->fields[i], &layout->places[i]);
	}
	return hash;
}

static uint32_t scalar_bytes(uint16_t scalar)
{
	switch ((enum takt_scalar)scalar) {
	case TAKT_SCALAR_BOOL:
	case TAKT_SCALAR_I8:
	case TAKT_SCALAR_U8:
	case TAKT_SCALAR_CHAR:
		return 1;
	case TAKT_SCALAR_I16:
	case TAKT_SCALAR_U16:
		return 2;
	case TAKT_SCALAR_I32:
	case TAKT_SCALAR_U32:
	case TAKT_SCALAR_F32:
	case TAKT_SCALAR_ENUM:
		return 4;
	case TAKT_SCALAR_I64:
	case TAKT_SCALAR_U64:
	case TAKT_SCALAR_F64:
		return 8;
	case TAKT_SCALAR_STRUCT:
		break;
	}
	return 0;
}

/* What is wrong with @field in itself; NULL: nothing. */
static const char *field_fault(const struct takt_field *field)
{
	const bool text = field->shape == TAKT_SHAPE_TEXT;

	if (field->scalar < TAKT_SCALAR_BOOL || field->scalar > TAKT_SCALAR_STRUCT) {
		return "has an unknown kind";
	}
	if (field->shape > TAKT_SHAPE_TEXT) {
		return "has an unknown shape";
	}
	if (!text && field->scalar == TAKT_SCALAR_CHAR) {
		return "has texts as items; put the text into a struct of its own";
	}
	if (text && field->scalar != TAKT_SCALAR_CHAR) {
		return "is a text but its items are no characters";
	}
	if (field->length < 1 || field->length > TAKT_TYPE_LENGTH_MAX) {
		return "has an impossible length";
	}
	if (field->shape == TAKT_SHAPE_ONE && field->length != 1) {
		return "is a single item but has a length";
	}
	if ((field->scalar == TAKT_SCALAR_STRUCT) != (field->of != NULL)) {
		return "must name a nested type exactly if it is a struct";
	}
	if ((field->scalar == TAKT_SCALAR_ENUM) != (field->names != NULL)) {
		return "must have names exactly if it is an enum";
	}
	if (field->names && (!takt_name_valid(field->names->name) || field->names->value_count < 1 ||
			     field->names->value_count > TAKT_ENUM_VALUES_MAX)) {
		return "has an enum without name or values";
	}
	return NULL;
}

static int check_field(const struct takt_type *type, uint32_t index, struct takt_err *err)
{
	const struct takt_field *field = &type->fields[index];
	const char *fault;

	if (!takt_name_valid(field->name)) {
		return takt_err_set(err, -EINVAL, "type `%s`: field %u has no valid name", type->name,
				    index);
	}
	for (uint32_t i = 0; i < index; i++) {
		if (strcmp(type->fields[i].name, field->name) == 0) {
			return takt_err_set(err, -EINVAL, "type `%s`: two fields are named `%s`", type->name,
					    field->name);
		}
	}
	fault = field_fault(field);
	if (fault) {
		return takt_err_set(err, -EINVAL, "type `%s`: field `%s` %s", type->name, field->name, fault);
	}
	for (uint32_t i = 0; field->names && i < field->names->value_count; i++) {
		if (!field->names->values[i].name || !field->names->values[i].name[0]) {
			return takt_err_set(err, -EINVAL, "type `%s`: field `%s`: value %u of enum `%s` has no name",
					    type->name, field->name, i, field->names->name);
		}
	}
	return 0;
}

static int check_type(const struct takt_type *type, struct takt_err *err)
{
	if (!takt_name_valid(type->name)) {
		return takt_err_set(err, -EINVAL, "a type has no valid name");
	}
	if (type->field_count < 1 || type->field_count > TAKT_TYPE_FIELDS_MAX) {
		return takt_err_set(err, -EINVAL, "type `%s` has %u fields: 1 to %u are possible",
				    type->name, type->field_count, TAKT_TYPE_FIELDS_MAX);
	}
	for (uint32_t i = 0; i < type->field_count; i++) {
		const int ret = check_field(type, i, err);

		if (ret < 0) {
			return ret;
		}
	}
	return 0;
}

/* Leaves of a field: its items', and the count of a list. A text is one. */
static void count_columns(struct takt_layout *layout, uint32_t index)
{
	const struct takt_field *field = &layout->type->fields[index];
	struct takt_field_place *place = &layout->places[index];
	uint64_t columns = place->nested ? place->nested->columns : 1;

	if (field->shape != TAKT_SHAPE_TEXT) {
		columns = columns * field->length + (field->shape == TAKT_SHAPE_LIST ? 1 : 0);
	}
	place->columns = columns <= TAKT_LAYOUT_COLUMNS_MAX ? (uint32_t)columns : 0;
	layout->columns += place->columns ? place->columns : 1;
}

/* Place field @index at the next free offset, which is *@at, and move that on. */
static void place_field(struct takt_layout *layout, uint32_t index, uint64_t *at)
{
	const struct takt_field *field = &layout->type->fields[index];
	struct takt_field_place *place = &layout->places[index];
	const uint32_t item_bytes = place->nested ? place->nested->bytes : scalar_bytes(field->scalar);
	const uint32_t item_align = place->nested ? place->nested->align : item_bytes;
	const bool list = field->shape == TAKT_SHAPE_LIST;
	const uint32_t align = list && item_align < 4 ? 4 : item_align;
	const uint64_t offset = takt_round_up(*at, align);
	const uint64_t items = list ? offset + takt_round_up(4, item_align) : offset;

	*at = takt_round_up(items + (uint64_t)item_bytes * field->length, list ? align : 1);
	place->offset_bytes = (uint32_t)offset;
	place->items_offset_bytes = (uint32_t)items;
	place->item_bytes = item_bytes;
	layout->align = layout->align < align ? align : layout->align;
	if (list && index == layout->field_count - 1) {
		layout->fixed_bytes = (uint32_t)items;
		layout->tail_item_bytes = item_bytes;
		layout->tail_count_offset = (uint32_t)offset;
		layout->tail_length = field->length;
	}
}

/* Each plug-in brings its own copy of a shared type's descriptor: one of the same name and layout does. */
static const struct takt_layout *find_twin(struct takt_layout *const *layouts, uint32_t count,
					   const struct takt_type *type)
{
	const struct takt_layout *twin = NULL;
	struct takt_layout *own = NULL;

	for (uint32_t i = 0; i < count && !twin; i++) {
		if (strcmp(layouts[i]->type->name, type->name) != 0) {
			continue;
		}
		if (!own && takt_layout_create(type, &own, NULL) < 0) {
			return NULL;
		}
		twin = layouts[i]->hash == own->hash ? layouts[i] : NULL;
	}
	takt_layout_destroy(own);
	return twin;
}

static const struct takt_layout *find_layout(struct takt_layout *const *layouts, uint32_t count,
					     const struct takt_type *type)
{
	for (uint32_t i = count; i > 0; i--) {
		if (layouts[i - 1]->type == type) {
			return layouts[i - 1];
		}
	}
	return takt_name_valid(type->name) ? find_twin(layouts, count, type) : NULL;
}

static int find_nested(struct takt_layout *layout, struct takt_layout *const *before,
		       uint32_t before_count, struct takt_err *err)
{
	const struct takt_type *type = layout->type;

	layout->depth = 1;
	for (uint32_t i = 0; i < layout->field_count; i++) {
		const struct takt_layout *nested;

		if (type->fields[i].scalar != TAKT_SCALAR_STRUCT) {
			continue;
		}
		nested = find_layout(before, before_count, type->fields[i].of);
		if (!nested) {
			return takt_err_set(err, -EINVAL,
					    "type `%s`: the type of field `%s` is not known before it",
					    type->name, type->fields[i].name);
		}
		layout->places[i].nested = nested;
		layout->depth = nested->depth < layout->depth ? layout->depth : nested->depth + 1;
	}
	if (layout->depth > TAKT_TYPE_DEPTH_MAX) {
		return takt_err_set(err, -EINVAL, "type `%s` is nested deeper than %u levels", type->name,
				    TAKT_TYPE_DEPTH_MAX);
	}
	return 0;
}

static int place_fields(struct takt_layout *layout, struct takt_err *err)
{
	const struct takt_type *type = layout->type;
	uint64_t at = 0;

	layout->align = 1;
	for (uint32_t i = 0; i < layout->field_count; i++) {
		place_field(layout, i, &at);
		count_columns(layout, i);
		if (at > TAKT_TYPE_BYTES_MAX) {
			return takt_err_set(err, -EINVAL, "type `%s` is larger than %u MiB", type->name,
					    TAKT_TYPE_BYTES_MAX >> 20);
		}
	}
	at = takt_round_up(at, layout->align);
	if (at > TAKT_TYPE_BYTES_MAX) {
		return takt_err_set(err, -EINVAL, "type `%s` is larger than %u MiB", type->name,
				    TAKT_TYPE_BYTES_MAX >> 20);
	}
	layout->bytes = (uint32_t)at;
	if (layout->tail_item_bytes == 0) {
		layout->fixed_bytes = layout->bytes;
	}
	if (type->bytes != 0 && (type->bytes != layout->bytes || type->align != layout->align)) {
		return takt_err_set(err, -EINVAL,
				    "type `%s` has %u bytes aligned to %u where its fields make %u aligned to %u: "
				    "is it packed, or compiled for another machine?",
				    type->name, type->bytes, type->align, layout->bytes, layout->align);
	}
	return 0;
}

/* Lay out @type; the types nested in it are among @before. */
static int layout_type(const struct takt_type *type, struct takt_layout *const *before,
		       uint32_t before_count, struct takt_layout **ret_layout, struct takt_err *err)
{
	struct takt_layout *layout;
	int ret = check_type(type, err);

	if (ret < 0) {
		return ret;
	}
	layout = calloc(1, sizeof(*layout) + type->field_count * sizeof(layout->places[0]));
	if (!layout) {
		return takt_err_set(err, -ENOMEM, "no memory for the layout of type `%s`", type->name);
	}
	layout->type = type;
	layout->field_count = type->field_count;
	ret = find_nested(layout, before, before_count, err);
	if (ret == 0) {
		ret = place_fields(layout, err);
	}
	if (ret < 0) {
		free(layout);
		return ret;
	}
	layout->hash = hash_layout(layout);
	*ret_layout = layout;
	return 0;
}

int takt_layouts_create(const struct takt_type *const *types, uint32_t count,
			struct takt_layout ***ret_layouts, struct takt_err *err)
{
	struct takt_layout **layouts;

	if (count > TAKT_TYPES_MAX) {
		return takt_err_set(err, -EINVAL, "%u types: at most %u are possible", count,
				    TAKT_TYPES_MAX);
	}
	layouts = calloc(count ? count : 1, sizeof(struct takt_layout *));
	if (!layouts) {
		return takt_err_set(err, -ENOMEM, "no memory for %u layouts", count);
	}
	for (uint32_t i = 0; i < count; i++) {
		const int ret = layout_type(types[i], layouts, i, &layouts[i], err);

		if (ret < 0) {
			takt_layouts_destroy(layouts, i);
			return ret;
		}
	}
	*ret_layouts = layouts;
	return 0;
}

void takt_layouts_destroy(struct takt_layout **layouts, uint32_t count)
{
	for (uint32_t i = 0; layouts && i < count; i++) {
		free(layouts[i]);
	}
	free(layouts);
}

/* --- the types nested in one --------------------------------------------------------------------- */

struct closure {
	const struct takt_type *types[TAKT_TYPES_MAX];	/* a nested one before those that contain it */
	uint32_t count;
};

static bool closure_has(const struct closure *closure, const struct takt_type *type)
{
	for (uint32_t i = 0; i < closure->count; i++) {
		if (closure->types[i] == type) {
			return true;
		}
	}
	return false;
}

/* The next type nested in @type from field *@next on that is not in @closure; NULL behind the last. */
static const struct takt_type *next_nested(const struct closure *closure,
					   const struct takt_type *type, uint32_t *next)
{
	/* A type with too many fields is refused when it is laid out. */
	const uint32_t count = type->field_count <= TAKT_TYPE_FIELDS_MAX ? type->field_count : 0;

	while (*next < count) {
		const struct takt_type *nested = type->fields[(*next)++].of;

		if (nested && !closure_has(closure, nested)) {
			return nested;
		}
	}
	return NULL;
}

static int collect(struct closure *closure, const struct takt_type *root, struct takt_err *err)
{
	struct { const struct takt_type *type; uint32_t next; } stack[TAKT_TYPE_DEPTH_MAX];
	uint32_t depth = 1;

	stack[0].type = root;
	stack[0].next = 0;
	while (depth > 0) {
		const struct takt_type *type = stack[depth - 1].type;
		const struct takt_type *nested = next_nested(closure, type, &stack[depth - 1].next);

		if (nested && depth == TAKT_TYPE_DEPTH_MAX) {
			return takt_err_set(err, -EINVAL, "type `%s` is nested deeper than %u levels",
					    root->name, TAKT_TYPE_DEPTH_MAX);
		}
		if (nested) {
			stack[depth].type = nested;
			stack[depth].next = 0;
			depth++;
			continue;
		}
		if (closure->count == TAKT_TYPES_MAX) {
			return takt_err_set(err, -EINVAL, "type `%s` contains more than %u types",
					    root->name, TAKT_TYPES_MAX);
		}
		closure->types[closure->count++] = type;
		depth--;
	}
	return 0;
}

int takt_layout_create(const struct takt_type *type, struct takt_layout **ret_layout,
		       struct takt_err *err)
{
	struct closure *closure = calloc(1, sizeof(*closure));
	struct takt_layout **layouts = NULL, *layout;
	uint32_t count = 0;
	int ret;

	if (!closure) {
		return takt_err_set(err, -ENOMEM, "no memory for the layout of type `%s`", type->name);
	}
	ret = collect(closure, type, err);
	if (ret == 0) {
		count = closure->count;
		ret = takt_layouts_create(closure->types, count, &layouts, err);
	}
	free(closure);
	if (ret < 0) {
		return ret;
	}
	layout = layouts[count - 1];
	layout->owned = layouts;
	layout->owned_count = count - 1;
	*ret_layout = layout;
	return 0;
}

void takt_layout_destroy(struct takt_layout *layout)
{
	if (!layout) {
		return;
	}
	takt_layouts_destroy(layout->owned, layout->owned_count);
	free(layout);
}
