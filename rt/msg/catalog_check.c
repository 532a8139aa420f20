/* SPDX-License-Identifier: Apache-2.0 */
/* What a decoded catalog says must hold together: every index in its table, every type laid out. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "rt/msg/catalog_wire.h"

/* Bounds the work for hashes: enum values counted once for every field that has the enum. */
#define HASHED_VALUES_MAX (4u << 20)

static int check_index(const char *what, uint32_t row, const char *of, uint32_t index, uint32_t count,
		       struct takt_err *err)
{
	return index < count ? 0 : takt_err_set(err, -EBADMSG,
						"catalog: %s %u refers to %s %u, but there are %u", what,
						row, of, index, count);
}

static int make_field(const struct takt_wire *wire, uint32_t type_index, const struct takt_type *types,
		      uint32_t field_index, struct takt_field *ret_field, struct takt_err *err)
{
	const struct takt_wire_field *field = &wire->types[type_index].fields[field_index];
	int ret = 0;

	if (field->type != TAKT_WIRE_NONE) {
		ret = check_index("type", type_index, "earlier type", field->type, type_index, err);
	}
	if (ret == 0 && field->names != TAKT_WIRE_NONE) {
		ret = check_index("type", type_index, "enum", field->names, wire->enum_count, err);
	}
	if (ret < 0) {
		return ret;
	}
	if (field->scalar > UINT16_MAX || field->shape > UINT16_MAX) {
		return takt_err_set(err, -EBADMSG, "catalog: type %s: field %s has an unknown kind",
				    wire->types[type_index].name, field->name);
	}
	*ret_field = (struct takt_field){
		.name = field->name, .unit = field->unit, .doc = field->doc,
		.scalar = (uint16_t)field->scalar, .shape = (uint16_t)field->shape,
		.length = field->length,
		.of = field->type != TAKT_WIRE_NONE ? &types[field->type] : NULL,
		.names = field->names != TAKT_WIRE_NONE ? &wire->enums[field->names] : NULL,
	};
	return 0;
}

/* @types from their wire form, their fields in @pool. */
static int make_types(const struct takt_wire *wire, struct takt_type *types, struct takt_pool *pool,
		      struct takt_err *err)
{
	uint64_t hashed_values = 0;

	for (uint32_t i = 0; i < wire->type_count; i++) {
		const struct takt_wire_type *from = &wire->types[i];
		struct takt_field *fields = takt_pool_alloc(pool, from->field_count, sizeof(*fields));

		if (!fields) {
			return takt_err_set(err, -ENOMEM, "no memory for the catalog's types");
		}
		types[i] = (struct takt_type){ .name = from->name, .doc = from->doc, .fields = fields,
			.field_count = from->field_count, .bytes = from->bytes, .align = from->align };
		for (uint32_t j = 0; j < from->field_count; j++) {
			const int ret = make_field(wire, i, types, j, &fields[j], err);

			if (ret < 0) {
				return ret;
			}
			hashed_values += fields[j].names ? fields[j].names->value_count : 0;
		}
	}
	return hashed_values <= HASHED_VALUES_MAX ? 0 : takt_err_set(err, -EBADMSG,
								     "catalog: the enums are too large");
}

/* Lay all types out, compare with what the writer had, give each its size. */
static int lay_out(const struct takt_wire *wire, struct takt_type *types, struct takt_err *err)
{
	struct takt_err cause = { 0 };
	struct takt_layout **layouts = NULL;
	int ret = takt_layouts_create(wire->catalog.types, wire->type_count, &layouts, &cause);

	if (ret < 0) {
		return takt_err_set(err, ret == -ENOMEM ? ret : -EBADMSG, "catalog: %s", cause.text);
	}
	for (uint32_t i = 0; i < wire->type_count && ret == 0; i++) {
		if (wire->types[i].hash != 0 && wire->types[i].hash != layouts[i]->hash) {
			ret = takt_err_set(err, -EBADMSG,
					   "catalog: type %s has hash %016" PRIx64
					   ", its fields make %016" PRIx64, types[i].name, wire->types[i].hash, layouts[i]->hash);
		}
		types[i].bytes = layouts[i]->bytes;
		types[i].align = layouts[i]->align;
	}
	takt_layouts_destroy(layouts, wire->type_count);
	return ret;
}

int takt_wire_check_types(struct takt_wire *wire, struct takt_pool *pool, struct takt_err *err)
{
	struct takt_type *types = takt_pool_alloc(pool, wire->type_count, sizeof(*types));
	const struct takt_type **list =
		takt_pool_alloc(pool, wire->type_count, sizeof(const struct takt_type *));
	int ret;

	if (!types || !list) {
		return takt_err_set(err, -ENOMEM, "no memory for the catalog's types");
	}
	ret = make_types(wire, types, pool, err);
	if (ret < 0) {
		return ret;
	}
	for (uint32_t i = 0; i < wire->type_count; i++) {
		list[i] = &types[i];
	}
	wire->catalog.types = list;
	wire->catalog.type_count = wire->type_count;
	return lay_out(wire, types, err);
}

static int check_graph(const struct takt_catalog *catalog, struct takt_err *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < catalog->task_count && ret == 0; i++) {
		if (catalog->tasks[i].every < 1 || catalog->tasks[i].offset >= catalog->tasks[i].every) {
			ret = takt_err_set(err, -EBADMSG, "catalog: task %u has an impossible rhythm", i);
		}
	}
	for (uint32_t i = 0; i < catalog->output_count && ret == 0; i++) {
		ret = check_index("output", i, "task", catalog->outputs[i].task, catalog->task_count, err);
		if (ret == 0) {
			ret = check_index("output", i, "type", catalog->outputs[i].type,
					  catalog->type_count, err);
		}
	}
	for (uint32_t i = 0; i < catalog->connection_count && ret == 0; i++) {
		ret = check_index("connection", i, "output", catalog->connections[i].output,
				  catalog->output_count, err);
		if (ret == 0) {
			ret = check_index("connection", i, "task", catalog->connections[i].task,
					  catalog->task_count, err);
		}
	}
	return ret;
}

static int check_formats(const struct takt_catalog *catalog, struct takt_err *err)
{
	for (uint32_t i = 0; i < catalog->format_count; i++) {
		const struct takt_catalog_format *format = &catalog->formats[i];
		const size_t args = strlen(format->tags);

		if (args > TAKT_TEXT_ARGS || strspn(format->tags, "iufsp") != args ||
		    format->level > TAKT_CRITICAL) {
			return takt_err_set(err, -EBADMSG,
					    "catalog: format %u has impossible arguments or level", i);
		}
	}
	return 0;
}

int takt_wire_check(struct takt_wire *wire, struct takt_pool *pool, struct takt_err *err)
{
	int ret = takt_wire_check_types(wire, pool, err);

	if (ret == 0) {
		ret = check_graph(&wire->catalog, err);
	}
	if (ret == 0) {
		ret = check_formats(&wire->catalog, err);
	}
	if (ret == 0 && wire->catalog.counter_hz == 0) {
		ret = takt_err_set(err, -EBADMSG, "catalog: the counter has no frequency");
	}
	return ret;
}
