/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/error.h"
#include "rt/msg/layout.h"
#include "rt/shm/region.h"

static int allocate(struct takt_log_tables *tables)
{
	const struct takt_catalog *catalog = tables->catalog;
	size_t place_count = 1;

	for (uint32_t i = 0; i < catalog->type_count; i++) {
		place_count += catalog->types[i]->field_count;
	}
	tables->streams = calloc((size_t)catalog->stream_count + 1, sizeof(*tables->streams));
	tables->tasks = calloc((size_t)catalog->task_count + 1, sizeof(*tables->tasks));
	tables->outputs = calloc((size_t)catalog->output_count + 1, sizeof(*tables->outputs));
	tables->connections = calloc((size_t)catalog->connection_count + 1,
				     sizeof(*tables->connections));
	tables->formats = calloc((size_t)catalog->format_count + 1, sizeof(*tables->formats));
	tables->facts = calloc((size_t)catalog->fact_count + 1, sizeof(*tables->facts));
	tables->types = calloc((size_t)catalog->type_count + 1, sizeof(*tables->types));
	tables->places = calloc(place_count, sizeof(*tables->places));
	if (!tables->streams || !tables->tasks || !tables->outputs || !tables->connections ||
	    !tables->formats || !tables->facts || !tables->types || !tables->places) {
		return -ENOMEM;
	}
	return 0;
}

static void fill_graph(struct takt_log_tables *tables)
{
	const struct takt_catalog *c = tables->catalog;

	for (uint32_t i = 0; i < c->task_count; i++) {
		tables->tasks[i] = (struct takt_log_task){
			.id = c->tasks[i].id, .type = c->tasks[i].type,
			.plugin = c->tasks[i].plugin, .exec = c->tasks[i].exec,
			.params = c->tasks[i].params,
			.kind = c->tasks[i].kind, .every = c->tasks[i].every,
			.offset = c->tasks[i].offset };
	}
	for (uint32_t i = 0; i < c->output_count; i++) {
		tables->outputs[i] = (struct takt_log_output){
			.port = c->outputs[i].port, .task = c->outputs[i].task,
			.type = c->outputs[i].type, .slots = c->outputs[i].slots,
			.recorded = c->outputs[i].recorded };
	}
	for (uint32_t i = 0; i < c->connection_count; i++) {
		tables->connections[i] = (struct takt_log_connection){
			.port = c->connections[i].port, .output = c->connections[i].output,
			.task = c->connections[i].task, .delay = c->connections[i].delay,
			.hold_ns = c->connections[i].hold_ns };
	}
}

static void fill_rest(struct takt_log_tables *tables)
{
	const struct takt_catalog *c = tables->catalog;

	for (uint32_t i = 0; i < c->stream_count; i++) {
		tables->streams[i] = (struct takt_log_stream){
			.name = c->streams[i].name, .kind = c->streams[i].kind,
			.lane = c->streams[i].lane };
		tables->list_stream_count += c->streams[i].kind == TAKT_STREAM_COPPERLISTS;
	}
	for (uint32_t i = 0; i < c->format_count; i++) {
		tables->formats[i] = (struct takt_log_format){
			.format = c->formats[i].format, .file = c->formats[i].file,
			.tags = c->formats[i].tags, .line = c->formats[i].line,
			.level = c->formats[i].level };
	}
	for (uint32_t i = 0; i < c->fact_count; i++) {
		tables->facts[i] = (struct takt_log_fact){ .key = c->facts[i].key,
							   .value = c->facts[i].value };
	}
}

static uint32_t find_type(const struct takt_catalog *catalog, const struct takt_type *type,
			  uint32_t before)
{
	for (uint32_t i = before; type && i-- > 0;) {
		if (catalog->types[i] == type) {
			return i;
		}
	}
	return TAKT_LOG_NONE;
}

static int fill_types(struct takt_log_tables *tables, struct takt_err *err)
{
	const struct takt_catalog *catalog = tables->catalog;
	struct takt_log_place *place = tables->places;

	for (uint32_t i = 0; i < catalog->type_count; i++) {
		const struct takt_type *type = catalog->types[i];
		struct takt_layout *layout;
		const int r = takt_layout_create(type, &layout, err);

		if (r < 0) {
			return r == -EINVAL ? -EBADMSG : r;
		}
		tables->types[i] = (struct takt_log_type){
			.type = type, .places = place, .hash = layout->hash,
			.bytes = layout->bytes, .fixed_bytes = layout->fixed_bytes };
		for (uint32_t f = 0; f < type->field_count; f++) {
			*place++ = (struct takt_log_place){
				.offset_bytes = layout->places[f].offset_bytes,
				.items_offset_bytes = layout->places[f].items_offset_bytes,
				.item_bytes = layout->places[f].item_bytes,
				.of = find_type(catalog, type->fields[f].of, i) };
		}
		takt_layout_destroy(layout);
	}
	return 0;
}

int takt_log_tables_init(struct takt_log_tables *tables, const void *bytes, uint32_t size_bytes,
			 const char *path, struct takt_log_error *error)
{
	struct takt_err err = { 0 };
	int r;

	*tables = (struct takt_log_tables){ 0 };
	r = takt_catalog_decode(bytes, size_bytes, &tables->catalog, &err);
	if (r == 0 && tables->catalog->stream_count > TAKT_STREAMS_MAX) {
		r = takt_err_set(&err, -EBADMSG, "%u streams, more than %u",
				 tables->catalog->stream_count, TAKT_STREAMS_MAX);
	}
	if (r == 0) {
		r = allocate(tables);
	}
	if (r == 0) {
		fill_graph(tables);
		fill_rest(tables);
		r = fill_types(tables, &err);
	}
	if (r < 0) {
		takt_log_fail(error, r, "%s: its catalog can't be read: %s", path,
			      err.code ? err.text : strerror(-r));
		takt_log_tables_fini(tables);
	}
	return r;
}

void takt_log_tables_fini(struct takt_log_tables *tables)
{
	free(tables->streams);
	free(tables->tasks);
	free(tables->outputs);
	free(tables->connections);
	free(tables->formats);
	free(tables->facts);
	free(tables->types);
	free(tables->places);
	takt_catalog_destroy(tables->catalog);
	*tables = (struct takt_log_tables){ 0 };
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t takt_log_item_count(const struct takt_log_type *type, uint32_t field, const void *value,
			     uint32_t bytes)
{
	const struct takt_log_place *place;
	const struct takt_field *f;
	uint32_t count, room;

	if (!type || !value || field >= type->type->field_count) {
		return 0;
	}
	f = &type->type->fields[field];
	place = &type->places[field];
	if (place->item_bytes == 0 || bytes < place->items_offset_bytes) {
		return 0;
	}
	room = (bytes - place->items_offset_bytes) / place->item_bytes;
	switch (f->shape) {
	case TAKT_SHAPE_LIST:
		if (bytes < place->offset_bytes + sizeof(count)) {
			return 0;
		}
		memcpy(&count, (const char *)value + place->offset_bytes, sizeof(count));
		return least(least(count, f->length), room);
	case TAKT_SHAPE_TEXT:
		return (uint32_t)strnlen((const char *)value + place->items_offset_bytes,
					 least(f->length, room));
	default:
		return least(f->length, room);
	}
}
