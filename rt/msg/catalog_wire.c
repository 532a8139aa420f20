/* SPDX-License-Identifier: Apache-2.0 */
/* Keys are part of the format: a key once used keeps its meaning. */
#include "rt/msg/catalog_wire.h"

#include <assert.h>
#include <stddef.h>

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#define MEMBER(type, key, kind, member) { key, TAKT_WIRE_##kind, offsetof(type, member), 0, 0, NULL }
#define ARRAY(type, key, member, count, max, of) \
	{ key, TAKT_WIRE_ARRAY, offsetof(type, member), offsetof(type, count), max, of }
#define TABLE(table, type, members)                                                                \
	static_assert(COUNT(members) <= TAKT_WIRE_MEMBERS_MAX, "one bit a member");                \
	static const struct takt_wire_table table = { #table, members, COUNT(members), sizeof(type) }

static const struct takt_wire_member value_members[] = {
	MEMBER(struct takt_enum_value, "name", TEXT, name),
	MEMBER(struct takt_enum_value, "value", I32, value),
};
TABLE(value, struct takt_enum_value, value_members);

static const struct takt_wire_member enum_members[] = {
	MEMBER(struct takt_enum, "name", TEXT, name),
	MEMBER(struct takt_enum, "doc", TEXT, doc),
	ARRAY(struct takt_enum, "values", values, value_count, TAKT_ENUM_VALUES_MAX, &value),
};
static_assert(COUNT(enum_members) <= TAKT_WIRE_MEMBERS_MAX, "one bit a member");
const struct takt_wire_table takt_wire_enum_table = {
	"enumeration", enum_members, COUNT(enum_members), sizeof(struct takt_enum)
};

static const struct takt_wire_member field_members[] = {
	MEMBER(struct takt_wire_field, "name", TEXT, name),
	MEMBER(struct takt_wire_field, "unit", TEXT, unit),
	MEMBER(struct takt_wire_field, "doc", TEXT, doc),
	MEMBER(struct takt_wire_field, "scalar", U32, scalar),
	MEMBER(struct takt_wire_field, "shape", U32, shape),
	MEMBER(struct takt_wire_field, "length", U32, length),
	MEMBER(struct takt_wire_field, "type", INDEX, type),
	MEMBER(struct takt_wire_field, "enum", INDEX, names),
};
TABLE(field, struct takt_wire_field, field_members);

static const struct takt_wire_member type_members[] = {
	MEMBER(struct takt_wire_type, "name", TEXT, name),
	MEMBER(struct takt_wire_type, "doc", TEXT, doc),
	MEMBER(struct takt_wire_type, "bytes", U32, bytes),
	MEMBER(struct takt_wire_type, "align", U32, align),
	MEMBER(struct takt_wire_type, "hash", U64, hash),
	ARRAY(struct takt_wire_type, "fields", fields, field_count, TAKT_TYPE_FIELDS_MAX, &field),
};
static_assert(COUNT(type_members) <= TAKT_WIRE_MEMBERS_MAX, "one bit a member");
const struct takt_wire_table takt_wire_type_table = {
	"type", type_members, COUNT(type_members), sizeof(struct takt_wire_type)
};

static const struct takt_wire_member stream_members[] = {
	MEMBER(struct takt_catalog_stream, "name", TEXT, name),
	MEMBER(struct takt_catalog_stream, "kind", U32, kind),
	MEMBER(struct takt_catalog_stream, "lane", U32, lane),
};
TABLE(stream, struct takt_catalog_stream, stream_members);

static const struct takt_wire_member task_members[] = {
	MEMBER(struct takt_catalog_task, "id", TEXT, id),
	MEMBER(struct takt_catalog_task, "type", TEXT, type),
	MEMBER(struct takt_catalog_task, "plugin", TEXT, plugin),
	MEMBER(struct takt_catalog_task, "exec", TEXT, exec),
	MEMBER(struct takt_catalog_task, "params", TEXT, params),
	MEMBER(struct takt_catalog_task, "kind", U32, kind),
	MEMBER(struct takt_catalog_task, "every", U32, every),
	MEMBER(struct takt_catalog_task, "offset", U32, offset),
};
TABLE(task, struct takt_catalog_task, task_members);

static const struct takt_wire_member output_members[] = {
	MEMBER(struct takt_catalog_output, "task", U32, task),
	MEMBER(struct takt_catalog_output, "port", TEXT, port),
	MEMBER(struct takt_catalog_output, "type", U32, type),
	MEMBER(struct takt_catalog_output, "slots", U32, slots),
	MEMBER(struct takt_catalog_output, "recorded", BOOL, recorded),
};
TABLE(output, struct takt_catalog_output, output_members);

static const struct takt_wire_member connection_members[] = {
	MEMBER(struct takt_catalog_connection, "output", U32, output),
	MEMBER(struct takt_catalog_connection, "task", U32, task),
	MEMBER(struct takt_catalog_connection, "port", TEXT, port),
	MEMBER(struct takt_catalog_connection, "delay", U32, delay),
	MEMBER(struct takt_catalog_connection, "hold_ns", U64, hold_ns),
};
TABLE(connection, struct takt_catalog_connection, connection_members);

static const struct takt_wire_member format_members[] = {
	MEMBER(struct takt_catalog_format, "format", TEXT, format),
	MEMBER(struct takt_catalog_format, "file", TEXT, file),
	MEMBER(struct takt_catalog_format, "tags", TEXT, tags),
	MEMBER(struct takt_catalog_format, "line", U32, line),
	MEMBER(struct takt_catalog_format, "level", U32, level),
};
TABLE(format, struct takt_catalog_format, format_members);

static const struct takt_wire_member fact_members[] = {
	MEMBER(struct takt_catalog_fact, "key", TEXT, key),
	MEMBER(struct takt_catalog_fact, "value", TEXT, value),
};
TABLE(fact, struct takt_catalog_fact, fact_members);

#define W struct takt_wire
static const struct takt_wire_member wire_members[] = {
	MEMBER(W, "takt_catalog", U32, version),
	MEMBER(W, "graph", TEXT, catalog.graph),
	MEMBER(W, "config", TEXT, catalog.config),
	MEMBER(W, "config_path", TEXT, catalog.config_path),
	MEMBER(W, "period_ns", U64, catalog.period_ns),
	MEMBER(W, "counter_hz", U64, catalog.counter_hz),
	MEMBER(W, "origin_mono_ns", U64, catalog.origin_mono_ns),
	MEMBER(W, "origin_real_ns", I64, catalog.origin_real_ns),
	ARRAY(W, "enums", enums, enum_count, TAKT_WIRE_ENUMS_MAX, &takt_wire_enum_table),
	ARRAY(W, "types", types, type_count, TAKT_TYPES_MAX, &takt_wire_type_table),
	ARRAY(W, "streams", catalog.streams, catalog.stream_count, 4096, &stream),
	ARRAY(W, "tasks", catalog.tasks, catalog.task_count, 65535, &task),
	ARRAY(W, "outputs", catalog.outputs, catalog.output_count, 65536, &output),
	ARRAY(W, "connections", catalog.connections, catalog.connection_count, 1u << 20, &connection),
	ARRAY(W, "formats", catalog.formats, catalog.format_count, 1u << 20, &format),
	ARRAY(W, "facts", catalog.facts, catalog.fact_count, 65536, &fact),
};
static_assert(COUNT(wire_members) <= TAKT_WIRE_MEMBERS_MAX, "one bit a member");

const struct takt_wire_table takt_wire_table = {
	"catalog", wire_members, COUNT(wire_members), sizeof(struct takt_wire)
};
