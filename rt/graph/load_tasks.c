/* SPDX-License-Identifier: Apache-2.0 */
/* The tasks of a graph, found in the plug-ins. */
#include <errno.h>
#include <string.h>

#include "rt/config/nearest.h"
#include "rt/graph/loader.h"
#include "rt/graph/plugin.h"

#define NAMES_MAX 256u

const struct takt_port *takt_port_at(const struct takt_task *task, bool output, uint32_t index)
{
	for (uint32_t i = 0; i < task->port_count; i++) {
		if (task->ports[i].is_output == output && index-- == 0) {
			return &task->ports[i];
		}
	}
	return NULL;
}

static uint32_t ports_count(const struct takt_task *task, bool output)
{
	uint32_t count = 0;

	while (takt_port_at(task, output, count)) {
		count++;
	}
	return count;
}

static int type_find(struct takt_loader *loader, struct takt_load_task *task)
{
	const struct takt_value *type = &task->config->keys.type;
	const char *names[NAMES_MAX];
	char near[TAKT_NEAREST_BYTES];
	uint32_t count = 0;

	for (uint32_t i = 0; i < loader->plan->plugin_count; i++) {
		const struct takt_plugin_handle *handle = loader->plan->plugins[i];

		for (uint32_t j = 0; j < handle->plugin->task_count; j++) {
			const struct takt_task *found = handle->plugin->tasks[j];

			if (strcmp(found->name, type->text) == 0) {
				task->type = found;
				task->plugin = handle;
				return 0;
			}
			if (count < NAMES_MAX) {
				names[count++] = found->name;
			}
		}
	}
	if (loader->config->plugin_count == 0) {
		return takt_node_error(type->node, loader->err, "task `%s`: no task type `%s`; "
				       "name its plug-in: `plugins: [name.so]`",
				       task->config->keys.id.text,
				       type->text);
	}
	return takt_node_error(type->node, loader->err, "task `%s`: no task type `%s` in the "
			       "plug-ins; %s",
			       task->config->keys.id.text, type->text,
			       takt_nearest(type->text, "tasks in them", names, count, near));
}

const char *takt_kind_name(uint32_t kind)
{
	return kind == TAKT_SOURCE ? "source" : kind == TAKT_SINK ? "sink" : "filter";
}

/* What this takt does not do yet, by name. */
static int built_check(struct takt_loader *loader, const struct takt_load_task *task)
{
	const struct takt_task_keys *keys = &task->config->keys;
	const struct takt_node *exec = keys->exec.node;

	if (task->type->keyframe) {
		return takt_node_error(keys->type.node, loader->err, "task `%s`: `%s` keeps its "
				       "state in keyframes: not built yet; remove TAKT_KEYFRAME "
				       "from it", keys->id.text,
				       task->type->name);
	}
	if (task->type->live_params) {
		return takt_node_error(keys->type.node, loader->err, "task `%s`: `%s` has live "
				       "parameters: not built yet; remove TAKT_LIVE_PARAMS from it",
				       keys->id.text,
				       task->type->name);
	}
	if (keys->exec.number == TAKT_EXEC_IO && task->type->kind == TAKT_FILTER) {
		return takt_node_error(exec, loader->err, "task `%s`: `exec: io` is for sources and "
				       "sinks, `%s` is a filter; use `exec: lane` or `exec: "
				       "background`", keys->id.text, task->type->name);
	}
	if (keys->exec.number == TAKT_EXEC_BACKGROUND && task->type->kind != TAKT_FILTER) {
		return takt_node_error(exec, loader->err, "task `%s`: `exec: background` is for "
				       "filters, `%s` is a %s; use `exec: lane` or `exec: io`",
				       keys->id.text, task->type->name,
				       takt_kind_name(task->type->kind));
	}
	return 0;
}

/* `exec` and `take` of a task that waits for a device, where the graph does not say. */
static int exec_settle(struct takt_loader *loader, const struct takt_load_task *task,
		       struct takt_task_keys *keys)
{
	if (task->type->flags & TAKT_TASK_WAITS) {
		if (!keys->exec.node) {
			keys->exec.number = TAKT_EXEC_IO;
			keys->exec.text = "io";
		}
		if (!keys->take.node) {
			keys->take.number = TAKT_TAKE_ALL;
			keys->take.text = "all";
		}
		if (keys->exec.number != TAKT_EXEC_IO) {
			return takt_node_error(keys->exec.node, loader->err, "task `%s`: `%s` waits for a device "
					       "and would hold up the cycle; write `exec: io`, or leave `exec` "
					       "out", keys->id.text, task->type->name);
		}
	}
	return takt_config_check_exec(keys, loader->err);
}

int takt_load_tasks(struct takt_loader *loader)
{
	const struct takt_config *config = loader->config;

	loader->tasks = takt_pool_alloc(loader->pool, config->task_count, sizeof(loader->tasks[0]));
	if (!loader->tasks) {
		return takt_load_no_memory(loader);
	}
	for (uint32_t i = 0; i < config->task_count; i++) {
		struct takt_load_task *task = &loader->tasks[i];
		int rc;

		task->config = &config->tasks[i];
		rc = task->config->keys.python.node ? takt_load_python(loader, task) : type_find(loader, task);
		if (rc == 0) {
			rc = exec_settle(loader, task, &config->tasks[i].keys);
		}
		if (rc == 0) {
			rc = built_check(loader, task);
		}
		if (rc < 0) {
			return rc;
		}
		task->input_count = ports_count(task->type, false);
		task->output_count = ports_count(task->type, true);
		task->links = takt_pool_alloc(loader->pool, task->input_count,
					      sizeof(task->links[0]));
		task->inputs = takt_pool_alloc(loader->pool, task->input_count,
					       sizeof(task->inputs[0]));
		task->outputs = takt_pool_alloc(loader->pool, task->output_count,
						sizeof(task->outputs[0]));
		if (!task->links || !task->inputs || !task->outputs) {
			return takt_load_no_memory(loader);
		}
	}
	return 0;
}
