/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of plug-ins come from outside: a walk with a stack of its own, as deep as types may
 * nest, looks at every pointer before layouts are made of them. */
#include "rt/graph/type_set.h"

#include <errno.h>
#include <string.h>

#include "rt/msg/name.h"

struct takt_type_set *takt_type_set_create(struct takt_pool *pool)
{
	struct takt_type_set *set = takt_pool_alloc(pool, 1, sizeof(*set));

	if (set) {
		set->pool = pool;
	}
	return set;
}

void takt_type_set_destroy(struct takt_type_set *set)
{
	for (uint32_t i = 0; set && i < set->count; i++) {
		takt_layout_destroy(set->entries[i].layout);
	}
}

const struct takt_type_entry *takt_type_set_find(const struct takt_type_set *set, const char *name)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (strcmp(set->entries[i].type->name, name) == 0) {
			return &set->entries[i];
		}
	}
	return NULL;
}

static bool is_seen(const struct takt_type_set *set, const struct takt_type *type)
{
	for (uint32_t i = 0; i < set->seen_count; i++) {
		if (set->seen[i] == type) {
			return true;
		}
	}
	return false;
}

/* Pointers only; what they lead to is takt_layout_create's to check. */
static int descriptor_check(const struct takt_type *type, struct takt_err *err)
{
	if (!takt_name_valid(type->name)) {
		return takt_err_set(err, -EINVAL, "a type has no valid name");
	}
	if (!type->doc || !type->fields || type->field_count > TAKT_TYPE_FIELDS_MAX ||
	    type->bytes == 0) {
		return takt_err_set(err, -EINVAL, "type `%.63s` has an impossible description (%u "
				    "fields, %u bytes)", type->name, type->field_count,
				    type->bytes);
	}
	for (uint32_t i = 0; i < type->field_count; i++) {
		const struct takt_field *field = &type->fields[i];

		if (!takt_name_valid(field->name) || !field->unit || !field->doc ||
		    (field->scalar == TAKT_SCALAR_STRUCT) != (field->of != NULL) ||
		    (field->scalar == TAKT_SCALAR_ENUM) != (field->names != NULL) ||
		    (field->names && (!field->names->values || !field->names->doc))) {
			return takt_err_set(err, -EINVAL, "type `%.63s`: field %u has an impossible "
					    "description", type->name, i);
		}
	}
	return 0;
}

/* @type with the set's own descriptors for what it nests, whose copies differ from file to file. */
static const struct takt_type *with_own_nested(struct takt_type_set *set,
					       const struct takt_type *type)
{
	struct takt_field *fields = takt_pool_alloc(set->pool, type->field_count, sizeof(*fields));
	struct takt_type *own = takt_pool_alloc(set->pool, 1, sizeof(*own));

	if (!fields || !own) {
		return NULL;
	}
	for (uint32_t i = 0; i < type->field_count; i++) {
		fields[i] = type->fields[i];
		if (fields[i].of) {
			fields[i].of = takt_type_set_find(set, fields[i].of->name)->type;
		}
	}
	*own = *type;
	own->fields = fields;
	return own;
}

static int layout_make(struct takt_type_set *set, const struct takt_type *type,
		       struct takt_layout **ret_layout, struct takt_err *err)
{
	const struct takt_type *own = with_own_nested(set, type);

	return own ? takt_layout_create(own, ret_layout, err) :
		     takt_err_set(err, -ENOMEM, "out of memory");
}

/* Lay @type out and enter it, or compare it with the one of its name. Its nested ones are in. */
static int enter(struct takt_type_set *set, const struct takt_type *type, const char *origin,
		 struct takt_err *err)
{
	const struct takt_type_entry *entry = takt_type_set_find(set, type->name);
	struct takt_layout *layout;
	char difference[400];
	int rc;

	if (set->count == TAKT_TYPE_SET_MAX || set->seen_count == TAKT_TYPE_SET_MAX) {
		return takt_err_set(err, -EINVAL, "more than %u types", TAKT_TYPE_SET_MAX);
	}
	rc = layout_make(set, type, &layout, err);
	if (rc < 0) {
		return rc;
	}
	if (!entry) {
		set->entries[set->count++] =
			(struct takt_type_entry){ layout->type, layout, origin };
	} else if (entry->layout->hash != layout->hash) {
		takt_type_difference(type, entry->type, difference, sizeof(difference));
		takt_layout_destroy(layout);
		return takt_err_set(err, -EINVAL, "type `%.63s` is another one in %.100s: %s; "
				    "build both with the same declaration", type->name,
				    entry->origin, difference);
	} else {
		takt_layout_destroy(layout);
	}
	set->seen[set->seen_count++] = type;
	return 0;
}

/* The first type nested in @type from field *@next on that is not seen yet, or NULL. */
static const struct takt_type *nested_next(const struct takt_type_set *set,
					   const struct takt_type *type, uint32_t *next)
{
	while (*next < type->field_count) {
		const struct takt_type *nested = type->fields[(*next)++].of;

		if (nested && !is_seen(set, nested)) {
			return nested;
		}
	}
	return NULL;
}

int takt_type_set_add(struct takt_type_set *set, const struct takt_type *type, const char *origin,
		      struct takt_err *err)
{
	struct { const struct takt_type *type; uint32_t next; } stack[TAKT_TYPE_DEPTH_MAX];
	uint32_t depth = 0;
	int rc;

	if (is_seen(set, type)) {
		return 0;
	}
	for (const struct takt_type *push = type; push || depth > 0;) {
		if (push) {
			if (depth == TAKT_TYPE_DEPTH_MAX) {
				return takt_err_set(err, -EINVAL, "type `%.63s` is nested deeper "
						    "than %u levels", type->name,
						    TAKT_TYPE_DEPTH_MAX);
			}
			rc = descriptor_check(push, err);
			if (rc < 0) {
				return rc;
			}
			stack[depth].type = push;
			stack[depth++].next = 0;
		}
		push = nested_next(set, stack[depth - 1].type, &stack[depth - 1].next);
		if (!push) {
			rc = enter(set, stack[--depth].type, origin, err);
			if (rc < 0) {
				return rc;
			}
		}
	}
	return 0;
}
