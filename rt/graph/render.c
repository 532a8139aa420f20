/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rt/config/scalar.h"
#include "rt/base/json.h"
#include "rt/graph/loader.h"
#include "rt/graph/params.h"

#define TEXT_BYTES_MAX (1u << 30)

static void node_open(const struct takt_node *node, struct takt_text_buffer *out)
{
	if (node->key) {
		takt_json_puts(out, node->key);
		takt_text_buffer_puts(out, ": ");
	}
	if (node->kind != TAKT_NODE_TEXT) {
		takt_text_buffer_puts(out, node->kind == TAKT_NODE_LIST ? "[" : "{");
	} else if (!node->quoted && takt_scalar_is_bare(node->text)) {
		takt_text_buffer_puts(out, node->text);
	} else {
		takt_json_puts(out, node->text);
	}
}

/* @map, or a list, as it stands, in one line. */
static void map_write(const struct takt_node *map, struct takt_text_buffer *out)
{
	const struct takt_node *open[TAKT_TREE_DEPTH_MAX], *next = map->first;
	uint32_t depth = 1;

	open[0] = map;
	takt_text_buffer_puts(out, map->kind == TAKT_NODE_LIST ? "[" : "{");
	while (depth > 0) {
		if (!next) {
			depth--;
			takt_text_buffer_puts(out, open[depth]->kind == TAKT_NODE_LIST ? "]" : "}");
			next = depth > 0 ? open[depth]->next : NULL;
			continue;
		}
		takt_text_buffer_puts(out, next == open[depth - 1]->first ? "" : ", ");
		node_open(next, out);
		if (next->kind != TAKT_NODE_TEXT) {
			open[depth++] = next;
			next = next->first;
		} else {
			next = next->next;
		}
	}
}

/* One value by its kind, in a form that reads back. */
static void value_write(const struct takt_key *key, const struct takt_value *value,
			struct takt_text_buffer *out)
{
	char word[24];

	switch (key->kind) {
	case TAKT_KEY_CPU:
	case TAKT_KEY_CPUS:
		if (value->number == TAKT_CPU_UNSET) {
			takt_text_buffer_puts(out, "auto");
		} else {
			takt_text_buffer_printf(out, "%" PRIu64, value->number);
		}
		break;
	case TAKT_KEY_OVERRUN:
		takt_key_word(key->more, value->number & 0xff, word, sizeof(word));
		if ((value->number & 0xff) == TAKT_OVERRUN_CATCH_UP_INDEX) {
			takt_text_buffer_printf(out, "{%s: %" PRIu64 "}", word, value->number >> 8);
		} else {
			takt_text_buffer_puts(out, word);
		}
		break;
	case TAKT_KEY_TEXT:
		takt_json_puts(out, value->text);
		break;
	case TAKT_KEY_MAP:
	case TAKT_KEY_LIST:
		map_write(value->node, out);
		break;
	default:
		takt_text_buffer_puts(out, value->text);
		break;
	}
}

/* All keys of a section that have a value, one a line. */
static void section_write(enum takt_key_place place, const void *values,
			  struct takt_text_buffer *out)
{
	uint32_t count;
	const struct takt_key *keys = takt_keys(&count);

	takt_text_buffer_printf(out, "%s:\n", takt_key_place_name(place));
	for (uint32_t i = 0; i < count; i++) {
		const struct takt_value *value =
			(const struct takt_value *)((const char *)values + keys[i].offset_bytes);

		if (keys[i].place == place && (value->node || value->text[0])) {
			takt_text_buffer_printf(out, "  %s: ", keys[i].key);
			value_write(&keys[i], value, out);
			takt_text_buffer_puts(out, "\n");
		}
	}
}

/* Keys that say something where the task runs. */
static bool applies(const struct takt_key *key, enum takt_exec exec)
{
	static const char *const off_lane[] = { "take", "queue", "cpu" };

	for (uint32_t i = 0; i < sizeof(off_lane) / sizeof(off_lane[0]); i++) {
		if (strcmp(key->key, off_lane[i]) == 0) {
			return exec == TAKT_EXEC_IO || exec == TAKT_EXEC_BACKGROUND;
		}
	}
	if (strcmp(key->key, "priority") == 0) {
		return exec == TAKT_EXEC_IO;
	}
	if (strcmp(key->key, "every") == 0 || strcmp(key->key, "offset") == 0) {
		return exec != TAKT_EXEC_IO;
	}
	if (strcmp(key->key, "exec") == 0) {
		return exec != TAKT_EXEC_PYTHON;
	}
	return strcmp(key->key, "params") != 0 && strcmp(key->key, "python") != 0;
}

/* The settings of a Python task, every path absolute. */
static void python_write(const struct takt_load_task *from, struct takt_text_buffer *out)
{
	struct takt_python_keys values = from->config->python;
	uint32_t count;
	const struct takt_key *keys = takt_keys(&count);
	const char *comma = "";

	values.script.text = from->python->script;
	values.venv.text = from->python->venv;
	values.interpreter.text = from->python->interpreter;
	takt_text_buffer_puts(out, ", python: {");
	for (uint32_t i = 0; i < count; i++) {
		const struct takt_value *value =
			(const struct takt_value *)((const char *)&values + keys[i].offset_bytes);

		if (keys[i].place != TAKT_PLACE_PYTHON || (!value->node && !value->text[0]) ||
		    (from->python->mode == TAKT_PYTHON_EMBEDDED && strcmp(keys[i].key, "transport") == 0)) {
			continue;
		}
		takt_text_buffer_printf(out, "%s%s: ", comma, keys[i].key);
		value_write(&keys[i], value, out);
		comma = ", ";
	}
	takt_text_buffer_puts(out, "}");
}

static void params_write(struct takt_loader *loader, const struct takt_load_task *from,
			 const struct takt_plan_task *task, struct takt_text_buffer *out)
{
	const char *params;

	takt_text_buffer_puts(out, ", params: ");
	if (!from->python) {
		params = takt_params_format(loader->pool, from->type, task->params, true);
		if (!params) {
			out->error = -ENOMEM;
			return;
		}
		takt_text_buffer_puts(out, params);
	} else {
		takt_text_buffer_puts(out, task->params_json);
	}
	takt_text_buffer_puts(out, "}\n");
}

static void task_write(struct takt_loader *loader, const struct takt_load_task *from,
		      struct takt_text_buffer *out)
{
	const struct takt_plan_task *task = &loader->plan->tasks[from->position];
	uint32_t count;
	const struct takt_key *keys = takt_keys(&count);

	takt_text_buffer_puts(out, "  - {");
	for (uint32_t i = 0; i < count; i++) {
		const struct takt_value *value = (const struct takt_value *)
			((const char *)&from->config->keys + keys[i].offset_bytes);
		char word[24];

		if (keys[i].place != TAKT_PLACE_TASK) {
			continue;
		}
		if (strcmp(keys[i].key, "level") == 0) {
			takt_key_word(keys[i].more, task->text_level, word, sizeof(word));
			takt_text_buffer_printf(out, ", level: %s", word);
		} else if (applies(&keys[i], task->exec) && (value->node || value->text[0])) {
			takt_text_buffer_printf(out, "%s%s: ", strcmp(keys[i].key, "id") == 0 ? "" :
						", ", keys[i].key);
			value_write(&keys[i], value, out);
		}
	}
	if (from->python) {
		python_write(from, out);
	}
	params_write(loader, from, task, out);
}

/* Exact, in the largest unit that is. */
static void ns_write(uint64_t ns, struct takt_text_buffer *out)
{
	static const struct { uint64_t ns; const char *unit; } units[] = {
		{ 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" },
	};
	uint32_t i = 0;

	while (ns % units[i].ns != 0) {
		i++;
	}
	takt_text_buffer_printf(out, "%" PRIu64 "%s", ns / units[i].ns, units[i].unit);
}

static void connections_write(const struct takt_loader *loader, struct takt_text_buffer *out)
{
	if (loader->config->connection_count > 0) {
		takt_text_buffer_puts(out, "connections:\n");
	}
	for (uint32_t i = 0; i < loader->config->task_count; i++) {
		const struct takt_load_task *to = &loader->tasks[i];

		for (uint32_t j = 0; j < to->input_count; j++) {
			const struct takt_link *link = &to->links[j];
			const struct takt_load_task *from = &loader->tasks[link->from_task];

			takt_text_buffer_printf(out, "  - {from: %s.%s, to: %s.%s, delay: %u",
				from->config->keys.id.text,
				takt_port_at(from->type, true, link->from_output)->name,
				to->config->keys.id.text, takt_port_at(to->type, false, j)->name,
				link->connection->delay);
			if (link->connection->hold_ns > 0) {
				takt_text_buffer_puts(out, ", hold: ");
				ns_write(link->connection->hold_ns, out);
			}
			takt_text_buffer_puts(out, "}\n");
		}
	}
}

static int file_write(struct takt_loader *loader, struct takt_text_buffer *out)
{
	const struct takt_config *config = loader->config;
	struct takt_logging_keys logging = config->logging;

	takt_text_buffer_printf(out, "takt: 1\nname: %s\n", config->root.name.text);
	takt_text_buffer_puts(out, "plugins: [");
	for (uint32_t i = 0; i < loader->plan->plugin_count && loader->plan->plugins[i]->path; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");	/* those of Python tasks stand behind */
		takt_json_puts(out, loader->plan->plugins[i]->path);
	}
	takt_text_buffer_puts(out, "]\n");
	if (config->root.enums.node) {
		takt_text_buffer_puts(out, "enums: ");
		map_write(config->root.enums.node, out);
		takt_text_buffer_puts(out, "\n");
	}
	if (config->root.types.node) {
		takt_text_buffer_puts(out, "types: ");
		map_write(config->root.types.node, out);
		takt_text_buffer_puts(out, "\n");
	}
	section_write(TAKT_PLACE_RUNTIME, &config->runtime, out);
	if (loader->plan->log_dir) {
		logging.dir.text = loader->plan->log_dir;
	}
	section_write(TAKT_PLACE_LOGGING, &logging, out);
	takt_text_buffer_puts(out, "tasks:\n");
	for (uint32_t i = 0; i < config->task_count; i++) {
		task_write(loader, &loader->tasks[i], out);
	}
	connections_write(loader, out);
	return 0;
}

int takt_load_render(struct takt_loader *loader)
{
	struct takt_text_buffer out;
	int rc;

	takt_text_buffer_init(&out, TEXT_BYTES_MAX);
	rc = file_write(loader, &out);
	if (rc == 0 && out.error == 0) {
		loader->plan->config_text = takt_pool_copy(loader->pool, out.text, out.used);
	}
	takt_text_buffer_fini(&out);
	return loader->plan->config_text ? 0 : takt_load_no_memory(loader);
}
