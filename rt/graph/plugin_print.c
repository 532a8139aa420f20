/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/plugin_print.h"

#include <errno.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/config/type_words.h"
#include "rt/graph/loader.h"
#include "rt/graph/params.h"
#include "rt/graph/param_value.h"
#include "rt/graph/plugin.h"

#define TEXT_BYTES_MAX (16u << 20)

/* As it would stand in a graph file: enough for its own names, and units behind numbers. */
static const char *value_text(const struct takt_param *param, const char *text, char *out,
			      size_t out_bytes)
{
	const char *unit = takt_param_has_unit(&param->field) && text[0] && text[0] != '(' ?
			   param->field.unit : "";

	snprintf(out, out_bytes, "%.200s%s%s", text, takt_quantity_gap(unit), unit);
	return out;
}

/* --- text ------------------------------------------------------------------------------------ */

static void names_text(const struct takt_enum *names, struct takt_text_buffer *out)
{
	for (uint32_t i = 0; names && i < names->value_count; i++) {
		takt_text_buffer_printf(out, "%s%s", i ? "|" : "; one of ", names->values[i].name);
	}
}

static void field_text(const struct takt_field *field, struct takt_text_buffer *out)
{
	char words[TAKT_WORD_BYTES * 2];

	takt_text_buffer_printf(out, "        %-16s %-18s %-5s %s", field->name,
				takt_type_words_format(field, words, sizeof(words)), field->unit,
					field->doc);
	names_text(field->names, out);
	takt_text_buffer_puts(out, "\n");
}

static void port_text(const struct takt_port *port, struct takt_text_buffer *out)
{
	takt_text_buffer_printf(out, "    %-3s %-16s %-18s %s", port->is_output ? "out" : "in",
				port->name, port->type->name, port->doc);
	if (takt_port_is_open(port)) {
		takt_text_buffer_printf(out, " (the graph says which: `%s: {%s: TYPE}`, or what it is "
					"connected to)", port->is_output ? "outputs" : "inputs",
					port->name);
	}
	takt_text_buffer_puts(out, "\n");
	for (uint32_t i = 0; i < port->type->field_count; i++) {
		field_text(&port->type->fields[i], out);
	}
}

static void param_text(const struct takt_param *param, struct takt_text_buffer *out)
{
	char words[TAKT_WORD_BYTES * 2], text[2][256];

	takt_text_buffer_printf(out, "    %-20s %-22s %-5s %s", param->field.name,
				takt_type_words_format(&param->field, words, sizeof(words)),
				param->field.unit, param->field.doc);
	names_text(param->field.names, out);
	if (param->default_text[0]) {
		takt_text_buffer_printf(out, " (default %s", value_text(param, param->default_text,
									text[0], 256));
	} else {
		takt_text_buffer_puts(out, " (must be given");
	}
	if (param->min_text[0] || param->max_text[0]) {
		takt_text_buffer_printf(out, ", %s to %s",
					param->min_text[0] ? value_text(param, param->min_text,
									text[0], 256) : "any",
					param->max_text[0] ? value_text(param, param->max_text,
									text[1], 256) : "any");
	}
	takt_text_buffer_puts(out, ")\n");
}

static void task_text(const struct takt_task *task, struct takt_text_buffer *out)
{
	takt_text_buffer_printf(out, "\n  %s (%s%s): %s\n", task->name, takt_kind_name(task->kind),
				task->flags & TAKT_TASK_WAITS ? ", exec: io" : "", task->doc);
	for (uint32_t i = 0; i < task->port_count; i++) {
		port_text(&task->ports[i], out);
	}
	takt_text_buffer_puts(out, task->param_count > 0 ? "    params:\n" : "");
	for (uint32_t i = 0; i < task->param_count; i++) {
		param_text(&task->params[i], out);
	}
}

static void plugin_text(const struct takt_plugin_handle *handle, struct takt_text_buffer *out)
{
	takt_text_buffer_printf(out, "%s %s, %s\n", handle->plugin->name, handle->plugin->version,
				handle->path);
	for (uint32_t i = 0; i < handle->plugin->task_count; i++) {
		task_text(handle->plugin->tasks[i], out);
	}
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void member_json(struct takt_text_buffer *out, const char *before, const char *key,
			const char *text)
{
	takt_text_buffer_printf(out, "%s\"%s\": ", before, key);
	takt_json_puts(out, text);
}

static void field_json(const struct takt_field *field, struct takt_text_buffer *out)
{
	char words[TAKT_WORD_BYTES * 2];

	member_json(out, "{", "name", field->name);
	member_json(out, ", ", "type", takt_type_words_format(field, words, sizeof(words)));
	member_json(out, ", ", "unit", field->unit);
	member_json(out, ", ", "doc", field->doc);
	takt_text_buffer_puts(out, field->names ? ", \"values\": [" : "");
	for (uint32_t i = 0; field->names && i < field->names->value_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		takt_json_puts(out, field->names->values[i].name);
	}
	takt_text_buffer_puts(out, field->names ? "]" : "");
}

static void port_json(const struct takt_port *port, struct takt_text_buffer *out)
{
	member_json(out, "{", "name", port->name);
	member_json(out, ", ", "type", port->type->name);
	member_json(out, ", ", "doc", port->doc);
	takt_text_buffer_printf(out, ", \"output\": %s, \"fields\": [", port->is_output ? "true"
				: "false");
	for (uint32_t i = 0; i < port->type->field_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		field_json(&port->type->fields[i], out);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "]}");
}

static void bound_json(const struct takt_param *param, const char *key, const char *text,
		       struct takt_text_buffer *out)
{
	char value[256];

	if (text[0]) {
		member_json(out, ", ", key, value_text(param, text, value, sizeof(value)));
	} else {
		takt_text_buffer_printf(out, ", \"%s\": null", key);
	}
}

static void task_json(const struct takt_task *task, struct takt_text_buffer *out)
{
	member_json(out, "{", "name", task->name);
	member_json(out, ", ", "kind", takt_kind_name(task->kind));
	member_json(out, ", ", "doc", task->doc);
	takt_text_buffer_printf(out, ", \"waits\": %s, \"ports\": [",
				task->flags & TAKT_TASK_WAITS ? "true" : "false");
	for (uint32_t i = 0; i < task->port_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		port_json(&task->ports[i], out);
	}
	takt_text_buffer_puts(out, "], \"params\": [");
	for (uint32_t i = 0; i < task->param_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		field_json(&task->params[i].field, out);
		bound_json(&task->params[i], "default", task->params[i].default_text, out);
		bound_json(&task->params[i], "min", task->params[i].min_text, out);
		bound_json(&task->params[i], "max", task->params[i].max_text, out);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "]}");
}

static void plugin_json(const struct takt_plugin_handle *handle, struct takt_text_buffer *out)
{
	member_json(out, "{", "plugin", handle->plugin->name);
	member_json(out, ", ", "version", handle->plugin->version);
	member_json(out, ", ", "path", handle->path);
	takt_text_buffer_puts(out, ", \"tasks\": [");
	for (uint32_t i = 0; i < handle->plugin->task_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		task_json(handle->plugin->tasks[i], out);
	}
	takt_text_buffer_puts(out, "]}\n");
}

/* What a graph's loading checks of a plug-in beside its tables: the parameters and the types. */
static int contents_check(struct takt_pool *pool, const struct takt_plugin *plugin,
			  struct takt_err *err)
{
	struct takt_type_set *types = takt_type_set_create(pool);
	int rc = types ? 0 : takt_err_set(err, -ENOMEM, "out of memory");

	for (uint32_t i = 0; rc == 0 && i < plugin->task_count; i++) {
		const struct takt_task *task = plugin->tasks[i];

		rc = takt_params_check(task, err);
		for (uint32_t k = 0; rc == 0 && k < task->port_count; k++) {
			rc = takt_port_is_open(&task->ports[k]) ? 0 :
			     takt_type_set_add(types, task->ports[k].type, plugin->name, err);
		}
	}
	takt_type_set_destroy(types);
	return rc;
}

int takt_plugin_print(const char *name, const char *dir, bool json, char **ret_text,
		      struct takt_err *err)
{
	const struct takt_node node = { .kind = TAKT_NODE_TEXT, .text = name, .file = "" };
	struct takt_pool *pool = takt_pool_create();
	struct takt_plugin_handle *handle;
	struct takt_text_buffer out;
	int rc = pool ? takt_plugin_load(pool, &node, dir, &handle, err)
		      : takt_err_set(err, -ENOMEM, "out of memory");

	if (rc == 0) {
		rc = contents_check(pool, handle->plugin, err);
	}
	if (rc == 0) {
		takt_text_buffer_init(&out, TEXT_BYTES_MAX);
		(json ? plugin_json : plugin_text)(handle, &out);
		rc = out.error < 0 ? takt_err_set(err, out.error, "out of memory") : 0;
		if (rc == 0) {
			*ret_text = out.text;
		} else {
			takt_text_buffer_fini(&out);
		}
	}
	takt_pool_destroy(pool);
	return rc;
}
