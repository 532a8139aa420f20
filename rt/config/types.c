/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/config/types.h"

#include <errno.h>
#include <string.h>

#include "rt/config/nearest.h"
#include "rt/config/scalar.h"
#include "rt/config/type_words.h"
#include "rt/msg/layout.h"
#include "rt/msg/name.h"

#define ENUMS_MAX 1024u

/* Types and enums in the making; the arrays lie in the config's pool. */
struct types {
	struct takt_config *config;
	struct takt_pool *pool;
	struct takt_err *err;
	struct takt_type *types;
	const struct takt_node **nodes;		/* of the types */
	bool *done;
	uint32_t type_count;
	struct takt_enum *enums;
	uint32_t enum_count;
};

static int no_memory(struct types *t)
{
	return takt_err_at(t->err, -ENOMEM, t->config->path, 0, 0, "out of memory");
}

static int enum_value_read(struct types *t, const struct takt_node *node, const char *owner,
			   struct takt_enum_value *values, uint32_t index)
{
	const bool minus = node->text && node->text[0] == '-';
	uint64_t number;

	if (!node->key[0] || strlen(node->key) > TAKT_NAME_BYTES_MAX) {
		return takt_node_key_error(node, t->err, "enum `%s`: `%.60s` is no name; give 1 to "
					   "%u letters",
					   owner, node->key, TAKT_NAME_BYTES_MAX);
	}
	if (!node->text || node->quoted || takt_scalar_uint(node->text + minus, &number) < 0 ||
	    number > (uint64_t)INT32_MAX + minus) {
		return takt_node_error(node, t->err, "enum `%s`: `%.60s` needs a whole number of "
				       "32 bits; write e.g. `%.60s: %u`", owner, node->key,
				       node->key, index);
	}
	values[index].name = node->key;
	values[index].value = (int32_t)(minus ? -(int64_t)number : (int64_t)number);
	for (uint32_t i = 0; i < index; i++) {
		if (values[i].value == values[index].value) {
			return takt_node_error(node, t->err, "enum `%s`: `%.60s` and `%.60s` have "
					       "the same value", owner, values[i].name, node->key);
		}
	}
	return 0;
}

static int enum_read(struct types *t, const struct takt_node *node, struct takt_enum *out)
{
	struct takt_enum_value *values;
	uint32_t count = 0;

	if (!takt_name_valid(node->key)) {
		return takt_node_key_error(node, t->err, "enums: `%.60s` is no name in C; give "
					   "letters, digits and _", node->key);
	}
	if (node->kind != TAKT_NODE_MAP || node->count == 0) {
		return takt_node_error(node, t->err, "enum `%s`: expected a map of its values, "
				       "found %s; write e.g. `%s: {none: 0, gps: 1}`", node->key,
				       takt_node_what(node), node->key);
	}
	values = takt_pool_alloc(t->pool, node->count, sizeof(values[0]));
	if (!values) {
		return no_memory(t);
	}
	for (const struct takt_node *n = node->first; n; n = n->next, count++) {
		int rc = enum_value_read(t, n, node->key, values, count);

		if (rc < 0) {
			return rc;
		}
	}
	*out = (struct takt_enum){ node->key, "", values, count };
	return 0;
}

static int enums_read(struct types *t, const struct takt_node *map)
{
	t->enums = takt_pool_alloc(t->pool, map->count, sizeof(t->enums[0]));
	if (!t->enums) {
		return no_memory(t);
	}
	for (const struct takt_node *n = map->first; n; n = n->next) {
		int rc = enum_read(t, n, &t->enums[t->enum_count]);

		if (rc < 0) {
			return rc;
		}
		t->enum_count++;
	}
	return 0;
}

/* Point @field at the enum or struct that its type names. */
static int reference_resolve(struct types *t, const struct takt_node *at, const char *owner,
			     const char *name, struct takt_field *field)
{
	const char *names[ENUMS_MAX];
	char near[TAKT_NEAREST_BYTES];
	uint32_t count = 0;

	if (field->scalar == TAKT_SCALAR_ENUM) {
		for (; count < t->enum_count; count++) {
			if (strcmp(t->enums[count].name, name) == 0) {
				field->names = &t->enums[count];
				return 0;
			}
			names[count] = t->enums[count].name;
		}
		return takt_node_error(at, t->err, "%s: no enum `%s` under `enums`; %s", owner,
				       name,
				       takt_nearest(name, "enums", names, count, near));
	}
	for (; count < t->type_count; count++) {
		if (strcmp(t->types[count].name, name) == 0) {
			field->of = &t->types[count];
			return 0;
		}
		names[count] = t->types[count].name;
	}
	return takt_node_error(at, t->err, "%s: no type `%s` under `types`; %s", owner, name,
			       takt_nearest(name, "types", names, count, near));
}

static int field_read(struct types *t, const struct takt_node *node, const char *type_name,
		      struct takt_field *field)
{
	struct takt_type_words words;
	struct takt_field_keys keys;
	struct takt_err why = { 0 };
	char owner[2 * TAKT_NAME_BYTES_MAX + 32];
	int rc;

	snprintf(owner, sizeof(owner), "type `%.63s`", type_name);
	rc = takt_keys_read(node, TAKT_PLACE_FIELD, owner, &keys, t->err);
	if (rc < 0) {
		return rc;
	}
	snprintf(owner, sizeof(owner), "type `%.63s`, field `%.63s`", type_name, keys.name.text);
	if (!takt_name_valid(keys.name.text)) {
		return takt_node_error(keys.name.node, t->err, "%s: a field has a name in C; give "
				       "letters, digits and _", owner);
	}
	if (takt_type_words_parse(keys.type.text, &words, &why) < 0) {
		return takt_node_error(keys.type.node, t->err, "%s: %s", owner, why.text);
	}
	*field = (struct takt_field){
		.name = keys.name.text, .unit = keys.unit.text, .doc = keys.doc.text,
		.scalar = words.scalar, .shape = words.shape, .length = words.length,
	};
	return words.name[0] ? reference_resolve(t, keys.type.node, owner, words.name, field) : 0;
}

static int type_read(struct types *t, const struct takt_node *node, struct takt_type *type)
{
	struct takt_type_keys keys;
	struct takt_field *fields;
	char owner[TAKT_NAME_BYTES_MAX + 16];
	uint32_t count = 0;
	int rc;

	snprintf(owner, sizeof(owner), "type `%.63s`", node->key);
	rc = takt_keys_read(node, TAKT_PLACE_TYPE, owner, &keys, t->err);
	if (rc < 0) {
		return rc;
	}
	if (keys.fields.node->count == 0 || keys.fields.node->count > TAKT_TYPE_FIELDS_MAX) {
		return takt_node_error(keys.fields.node, t->err, "%s: %u fields; a type has 1 to "
				       "%u", owner,
				       keys.fields.node->count, TAKT_TYPE_FIELDS_MAX);
	}
	fields = takt_pool_alloc(t->pool, keys.fields.node->count, sizeof(fields[0]));
	if (!fields) {
		return no_memory(t);
	}
	for (const struct takt_node *n = keys.fields.node->first; n; n = n->next, count++) {
		rc = field_read(t, n, node->key, &fields[count]);
		if (rc < 0) {
			return rc;
		}
	}
	type->doc = keys.doc.text;
	type->fields = fields;
	type->field_count = count;
	return 0;
}

/* True when every struct in it has its size already. */
static bool is_ready(const struct types *t, const struct takt_type *type)
{
	for (uint32_t i = 0; i < type->field_count; i++) {
		if (type->fields[i].of && !t->done[type->fields[i].of - t->types]) {
			return false;
		}
	}
	return true;
}

static int type_lay_out(struct types *t, uint32_t index)
{
	struct takt_err why = { 0 };
	struct takt_layout *layout;
	int rc;

	rc = takt_layout_create(&t->types[index], &layout, &why);
	if (rc < 0) {
		return takt_node_key_error(t->nodes[index], t->err, "%s; change it", why.text);
	}
	t->types[index].bytes = layout->bytes;
	t->types[index].align = layout->align;
	t->done[index] = true;
	takt_layout_destroy(layout);
	return 0;
}

/* Some type is not done: whoever follows the ones that are not comes to one that contains
 * itself. */
static int loop_error(const struct types *t)
{
	uint32_t at = 0;

	while (t->done[at]) {
		at++;
	}
	for (uint32_t step = 0; step < t->type_count; step++) {
		const struct takt_field *field = t->types[at].fields;

		while (!field->of || t->done[field->of - t->types]) {
			field++;
		}
		at = (uint32_t)(field->of - t->types);
	}
	return takt_node_key_error(t->nodes[at], t->err, "type `%.63s` contains itself; a struct() "
				   "must not lead back to its own type", t->types[at].name);
}

/* Sizes, the inner types first. */
static int types_lay_out(struct types *t)
{
	uint32_t left = t->type_count, before;

	do {
		before = left;
		for (uint32_t i = 0; i < t->type_count; i++) {
			if (!t->done[i] && is_ready(t, &t->types[i])) {
				int rc = type_lay_out(t, i);

				if (rc < 0) {
					return rc;
				}
				left--;
			}
		}
	} while (left > 0 && left < before);
	return left == 0 ? 0 : loop_error(t);
}

static int types_read(struct types *t, const struct takt_node *map)
{
	uint32_t i = 0;

	t->types = takt_pool_alloc(t->pool, map->count, sizeof(t->types[0]));
	t->nodes = takt_pool_alloc(t->pool, map->count, sizeof(t->nodes[0]));
	t->done = takt_pool_alloc(t->pool, map->count, sizeof(t->done[0]));
	t->config->types = takt_pool_alloc(t->pool, map->count, sizeof(t->config->types[0]));
	if (!t->types || !t->nodes || !t->done || !t->config->types) {
		return no_memory(t);
	}
	for (const struct takt_node *n = map->first; n; n = n->next) {
		if (!takt_name_valid(n->key)) {
			return takt_node_key_error(n, t->err, "types: `%.60s` is no name in C; "
						   "give letters, digits and _", n->key);
		}
		t->nodes[t->type_count] = n;
		t->types[t->type_count++].name = n->key;
	}
	for (; i < t->type_count; i++) {
		int rc = type_read(t, t->nodes[i], &t->types[i]);

		if (rc < 0) {
			return rc;
		}
		t->config->types[i] = (struct takt_config_type){ &t->types[i], t->nodes[i] };
	}
	return types_lay_out(t);
}

int takt_config_types_read(struct takt_config *config, struct takt_err *err)
{
	struct types t = { .config = config, .pool = config->pool, .err = err };
	int rc = 0;

	if (config->root.enums.node) {
		rc = enums_read(&t, config->root.enums.node);
	}
	if (rc == 0 && config->root.types.node) {
		rc = types_read(&t, config->root.types.node);
		config->type_count = t.type_count;
	}
	return rc;
}
