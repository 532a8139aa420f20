/* SPDX-License-Identifier: Apache-2.0 */
/* takt log types. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/out.h"

static const char *scalar_name(uint16_t scalar)
{
	static const char *const names[] = {
		[TAKT_SCALAR_BOOL] = "bool", [TAKT_SCALAR_I8] = "i8", [TAKT_SCALAR_I16] = "i16",
		[TAKT_SCALAR_I32] = "i32", [TAKT_SCALAR_I64] = "i64", [TAKT_SCALAR_U8] = "u8",
		[TAKT_SCALAR_U16] = "u16", [TAKT_SCALAR_U32] = "u32", [TAKT_SCALAR_U64] = "u64",
		[TAKT_SCALAR_F32] = "f32", [TAKT_SCALAR_F64] = "f64", [TAKT_SCALAR_CHAR] = "char",
		[TAKT_SCALAR_ENUM] = "enum", [TAKT_SCALAR_STRUCT] = "struct",
	};

	return scalar < sizeof(names) / sizeof(names[0]) && names[scalar] ? names[scalar] : "unknown";
}

/* The kind as a declaration has it: "list(struct(utc), 9)". */
static void put_kind(struct takt_text_buffer *out, const struct takt_field *field)
{
	const bool many = field->shape == TAKT_SHAPE_ARRAY || field->shape == TAKT_SHAPE_LIST;

	if (field->shape == TAKT_SHAPE_TEXT) {
		takt_text_buffer_printf(out, "text(%" PRIu32 ")", field->length);
		return;
	}
	if (many) {
		takt_text_buffer_puts(out, field->shape == TAKT_SHAPE_ARRAY ? "array(" : "list(");
	}
	takt_text_buffer_puts(out, scalar_name(field->scalar));
	if (field->of || field->names) {
		takt_text_buffer_printf(out, "(%s)", field->of ? field->of->name : field->names->name);
	}
	if (many) {
		takt_text_buffer_printf(out, ", %" PRIu32 ")", field->length);
	}
}

static void put_short_enum(struct takt_text_buffer *out, const struct takt_enum *names)
{
	takt_text_buffer_puts(out, "      ");
	for (uint32_t i = 0; i < names->value_count; i++) {
		takt_text_buffer_printf(out, "%s%" PRId32 " ", i ? ", " : "", names->values[i].value);
		takt_out_put_plain(out, names->values[i].name);
	}
	takt_text_buffer_puts(out, "\n");
}

static void put_short(struct takt_text_buffer *out, const struct takt_log_type *type)
{
	takt_text_buffer_printf(out, "%s  %" PRIu32 " bytes, layout %016" PRIx64 "  ", type->type->name,
				type->bytes, type->hash);
	takt_out_put_plain(out, type->type->doc);
	takt_text_buffer_puts(out, "\n");
	for (uint32_t i = 0; i < type->type->field_count; i++) {
		const struct takt_field *field = &type->type->fields[i];
		char memory[400];
		struct takt_text_buffer kind;

		takt_text_buffer_init_fixed(&kind, memory, sizeof(memory));
		put_kind(&kind, field);
		takt_text_buffer_printf(out, "  %-20s %-20s ", memory, field->name);
		takt_text_buffer_init_fixed(&kind, memory, sizeof(memory));
		takt_out_put_plain(&kind, field->unit);
		takt_text_buffer_printf(out, "%-6s ", memory);
		takt_out_put_plain(out, field->doc);
		takt_text_buffer_puts(out, "\n");
		if (field->names) {
			put_short_enum(out, field->names);
		}
	}
}

static void put_json_field(struct takt_text_buffer *out, const struct takt_field *field,
			   const struct takt_log_place *place)
{
	static const char *const shapes[] = { "one", "array", "list", "text" };

	takt_out_text_member(out, "{\"name\":", field->name);
	takt_out_text_member(out, ",\"kind\":", scalar_name(field->scalar));
	takt_out_text_member(out, ",\"shape\":", shapes[field->shape & 3]);
	takt_out_u64_member(out, ",\"length\":", field->length);
	takt_out_text_member(out, ",\"unit\":", field->unit);
	takt_out_text_member(out, ",\"doc\":", field->doc);
	takt_out_u64_member(out, ",\"offset_bytes\":", place->offset_bytes);
	takt_out_u64_member(out, ",\"items_offset_bytes\":", place->items_offset_bytes);
	takt_out_u64_member(out, ",\"item_bytes\":", place->item_bytes);
	if (field->of) {
		takt_out_text_member(out, ",\"type\":", field->of->name);
	}
	if (field->names) {
		takt_out_text_member(out, ",\"enum\":{\"name\":", field->names->name);
		takt_text_buffer_puts(out, ",\"values\":[");
		for (uint32_t i = 0; i < field->names->value_count; i++) {
			takt_out_text_member(out, i ? ",{\"name\":" : "{\"name\":",
					     field->names->values[i].name);
			takt_out_i64_member(out, ",\"value\":", field->names->values[i].value);
			takt_text_buffer_puts(out, "}");
		}
		takt_text_buffer_puts(out, "]}");
	}
	takt_text_buffer_puts(out, "}");
}

static void put_json(struct takt_text_buffer *out, const struct takt_log_type *type)
{
	char hash[24];

	snprintf(hash, sizeof(hash), "%016" PRIx64, type->hash);
	takt_out_text_member(out, "{\"name\":", type->type->name);
	takt_out_text_member(out, ",\"doc\":", type->type->doc);
	takt_out_text_member(out, ",\"layout\":", hash);
	takt_out_u64_member(out, ",\"bytes\":", type->bytes);
	takt_out_u64_member(out, ",\"fixed_bytes\":", type->fixed_bytes);
	takt_text_buffer_puts(out, ",\"fields\":[");
	for (uint32_t i = 0; i < type->type->field_count; i++) {
		takt_text_buffer_puts(out, i ? "," : "");
		put_json_field(out, &type->type->fields[i], &type->places[i]);
	}
	takt_text_buffer_puts(out, "]}");
}

/* "0=none 3=full"; nothing of what is no enum. */
static void put_csv_enum(struct takt_text_buffer *out, const struct takt_enum *names)
{
	char memory[4096];
	struct takt_text_buffer values;

	if (!names) {
		return;
	}
	takt_text_buffer_init_fixed(&values, memory, sizeof(memory));
	takt_text_buffer_puts(&values, "");
	for (uint32_t i = 0; i < names->value_count; i++) {
		takt_text_buffer_printf(&values, "%s%" PRId32 "=%s", i ? " " : "", names->values[i].value,
					names->values[i].name);
	}
	takt_csv_puts(out, memory);
}

static void put_csv_field(struct takt_text_buffer *out, const struct takt_log_type *type, uint32_t index)
{
	const struct takt_field *field = &type->type->fields[index];
	char memory[400];
	struct takt_text_buffer kind;

	takt_text_buffer_init_fixed(&kind, memory, sizeof(memory));
	put_kind(&kind, field);
	takt_csv_puts(out, type->type->name);
	takt_text_buffer_printf(out, ",%s,", field->name);
	takt_csv_puts(out, memory);
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, field->unit);
	takt_text_buffer_printf(out, ",%" PRIu32 ",", type->places[index].offset_bytes);
	takt_csv_puts(out, field->doc);
	takt_text_buffer_printf(out, ",%" PRIu32 ",%" PRIu32 ",", type->places[index].items_offset_bytes,
				type->places[index].item_bytes);
	put_csv_enum(out, field->names);
	takt_text_buffer_printf(out, ",%" PRIu32 ",%016" PRIx64, type->bytes, type->hash);
}

static void put_type(struct takt_out *out, const struct takt_log_type *type)
{
	if (out->form == TAKT_FORM_CSV) {
		for (uint32_t i = 0; i < type->type->field_count; i++) {
			takt_out_row_begin(out);
			put_csv_field(&out->text, type, i);
			takt_out_row_end(out);
		}
		return;
	}
	takt_out_row_begin(out);
	if (out->form == TAKT_FORM_SHORT) {
		takt_text_buffer_puts(&out->text, out->rows > 1 ? "\n" : "");
		put_short(&out->text, type);
	} else {
		put_json(&out->text, type);
	}
	takt_out_row_end(out);
}

int takt_log_command_types(const struct takt_log_args *args)
{
	const struct takt_log_type *type;
	struct takt_log *log = NULL;
	struct takt_out out;
	int status = takt_log_find(args, &log);

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	takt_out_init(&out, args->form);
	if (args->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&out.text, "type,field,kind,unit,offset_bytes,doc,"
				      "items_offset_bytes,item_bytes,values,type_bytes,layout\r\n");
	}
	for (uint32_t i = 0; (type = takt_log_type_at(log, i)) && !takt_out_done(&out); i++) {
		if (takt_log_args_match(args, type->type->name)) {
			put_type(&out, type);
		}
	}
	status = takt_out_fini(&out);
	takt_log_close(log);
	return status;
}
