/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/stats.h"

#define DEPTH_MAX 8u
#define ITEMS_MAX 16u			/* of an array that are series of their own */
#define SERIES_MAX 65536u
#define NAME_BYTES 256u

/* Where the walk through an output's type stands: item of a field, one frame for each nested struct. */
struct frame {
	const struct takt_log_type *type;
	uint32_t base_bytes;
	uint32_t field;
	uint32_t item;
	uint32_t name_bytes;		/* of the name before this type */
};

static bool is_number(uint32_t scalar)
{
	return (scalar >= TAKT_SCALAR_BOOL && scalar <= TAKT_SCALAR_F64) ||
	       scalar == TAKT_SCALAR_ENUM;
}

static uint32_t item_count(const struct takt_field *field)
{
	return field->shape == TAKT_SHAPE_ONE ? 1
	       : field->shape == TAKT_SHAPE_ARRAY && field->length <= ITEMS_MAX ? field->length : 0;
}

static int put(struct takt_log *log, const struct takt_log_series *series)
{
	if ((log->series_count & (log->series_count - 1)) == 0) {	/* a power of two: full, or empty */
		const uint32_t capacity = log->series_count ? 2 * log->series_count : 1;
		struct takt_log_series *grown = realloc(log->series, capacity * sizeof(*grown));

		if (!grown) {
			return -ENOMEM;
		}
		log->series = grown;
	}
	log->series[log->series_count] = *series;
	log->series[log->series_count].name = strdup(series->name);
	if (!log->series[log->series_count].name) {
		return -ENOMEM;
	}
	log->series_count++;
	return 0;
}

static uint32_t put_name(char *name, uint32_t at, const struct takt_field *field, uint32_t item)
{
	const char *dot = at > 0 ? "." : "";
	int n = field->shape == TAKT_SHAPE_ARRAY
			? snprintf(name + at, NAME_BYTES - at, "%s%s[%u]", dot, field->name, item)
			: snprintf(name + at, NAME_BYTES - at, "%s%s", dot, field->name);

	n = n < 0 ? 0 : n;
	return at + (uint32_t)n < NAME_BYTES ? at + (uint32_t)n : NAME_BYTES - 1;
}

static int add_output(struct takt_log *log, uint32_t output)
{
	struct frame frames[DEPTH_MAX] = { { 0 } };
	char name[NAME_BYTES];
	uint32_t depth = 1;
	int r = 0;

	frames[0].type = takt_log_type_at(log, log->tables.outputs[output].type);
	while (depth > 0 && r == 0 && log->series_count < SERIES_MAX) {
		struct frame *f = &frames[depth - 1];
		const struct takt_field *field;
		const struct takt_log_place *place;
		uint32_t at, end;

		if (!f->type || f->field >= f->type->type->field_count) {
			depth--;
			continue;
		}
		field = &f->type->type->fields[f->field];
		place = &f->type->places[f->field];
		if (f->item >= item_count(field)) {
			f->field++;
			f->item = 0;
			continue;
		}
		at = f->base_bytes + place->items_offset_bytes + f->item * place->item_bytes;
		end = put_name(name, f->name_bytes, field, f->item++);
		if (is_number(field->scalar)) {
			r = put(log, &(struct takt_log_series){
				.name = name, .unit = field->unit, .output = output,
				.offset_bytes = at, .scalar = field->scalar });
		} else if (field->scalar == TAKT_SCALAR_STRUCT && depth < DEPTH_MAX) {
			frames[depth++] = (struct frame){ .type = takt_log_type_at(log, place->of),
							  .base_bytes = at, .name_bytes = end };
		}
	}
	return r;
}

int takt_log_series_load(struct takt_log *log)
{
	int r = 0;

	for (uint32_t i = 0; i < log->tables.catalog->output_count && r == 0 && !log->has_series; i++) {
		if (log->tables.outputs[i].recorded) {
			r = add_output(log, i);
		}
	}
	log->has_series = true;
	return r;
}

void takt_log_series_fini(struct takt_log *log)
{
	for (uint32_t i = 0; i < log->series_count; i++) {
		free((void *)(uintptr_t)log->series[i].name);
	}
	free(log->series);
}

const struct takt_log_series *takt_log_series_at(struct takt_log *log, uint32_t index)
{
	if (takt_log_series_load(log) < 0 || index >= log->series_count) {
		return NULL;
	}
	return &log->series[index];
}

#define AS(type)                                                                                   \
	do {                                                                                       \
		type value;                                                                        \
		if (payload_bytes - series->offset_bytes < sizeof(value)) {                        \
			return false;                                                              \
		}                                                                                  \
		memcpy(&value, at, sizeof(value));                                                 \
		*ret_value = (double)value;                                                        \
	} while (0)

bool takt_log_series_value(const struct takt_log_series *series, const void *payload,
			   uint32_t payload_bytes, double *ret_value)
{
	const char *at = (const char *)payload + series->offset_bytes;

	if (!payload || payload_bytes < series->offset_bytes) {
		return false;
	}
	switch (series->scalar) {
	case TAKT_SCALAR_BOOL:
	case TAKT_SCALAR_U8: AS(uint8_t); break;
	case TAKT_SCALAR_I8: AS(int8_t); break;
	case TAKT_SCALAR_I16: AS(int16_t); break;
	case TAKT_SCALAR_U16: AS(uint16_t); break;
	case TAKT_SCALAR_ENUM:
	case TAKT_SCALAR_I32: AS(int32_t); break;
	case TAKT_SCALAR_U32: AS(uint32_t); break;
	case TAKT_SCALAR_I64: AS(int64_t); break;
	case TAKT_SCALAR_U64: AS(uint64_t); break;
	case TAKT_SCALAR_F32: AS(float); break;
	case TAKT_SCALAR_F64: AS(double); break;
	default: return false;
	}
	return !isnan(*ret_value);
}
