/* SPDX-License-Identifier: Apache-2.0 */
/* What flows between the tasks. */
#include <errno.h>
#include <string.h>

#include "rt/config/nearest.h"
#include "rt/graph/loader.h"

#define NAMES_MAX 64u

/* The task that @end names. */
static int task_of(struct takt_loader *loader, const struct takt_config_end *end,
		   uint32_t *ret_index)
{
	const uint32_t task_count = loader->config->task_count;
	const char *names[TAKT_CONFIG_TASKS_MAX];
	char near[TAKT_NEAREST_BYTES];

	for (uint32_t i = 0; i < task_count; i++) {
		names[i] = loader->config->tasks[i].keys.id.text;
		if (strcmp(names[i], end->task) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	return takt_place_error(loader->config->path, end->line, end->column, loader->err,
				"no task `%.63s`; %s", end->task,
				takt_nearest(end->task, "tasks", names, task_count, near));
}

/* The port of @task that @end names, as its index among the outputs (or inputs). */
static int port_of(struct takt_loader *loader, const struct takt_load_task *task,
		   const struct takt_config_end *end, bool output, uint32_t *ret_index)
{
	const char *side = output ? "output" : "input";
	const char *names[NAMES_MAX];
	char near[TAKT_NEAREST_BYTES];
	const struct takt_port *port;
	uint32_t count = 0;

	for (; count < NAMES_MAX && (port = takt_port_at(task->type, output, count)); count++) {
		names[count] = port->name;
		if (end->port && strcmp(port->name, end->port) == 0) {
			*ret_index = count;
			return 0;
		}
	}
	if (count == 0) {
		return takt_place_error(loader->config->path, end->line, end->column, loader->err,
					"task `%s` (`%s`) is a %s and has no %ss; turn the "
					"connection round or name another task", end->task,
					task->type->name,
					takt_kind_name(task->type->kind), side);
	}
	if (!end->port && count == 1) {
		*ret_index = 0;
		return 0;
	}
	if (!end->port) {
		return takt_place_error(loader->config->path, end->line, end->column, loader->err,
					"task `%s` has %u %ss; say which, as in `%s.%s`; %s",
					end->task, count,
					side, end->task, names[0],
					takt_nearest("", side, names, count, near));
	}
	return takt_place_error(loader->config->path, end->line, end->column, loader->err,
				"task `%s` (`%s`) has no %s `%.63s`; %s", end->task, task->type->name,
				side,
				end->port, takt_nearest(end->port, side, names, count, near));
}

static int connect(struct takt_loader *loader, const struct takt_config_connection *connection)
{
	struct takt_link link = { .connection = connection };
	struct takt_load_task *from, *to;
	uint32_t to_task, input;
	int rc;

	rc = task_of(loader, &connection->from, &link.from_task);
	if (rc == 0) {
		rc = task_of(loader, &connection->to, &to_task);
	}
	if (rc < 0) {
		return rc;
	}
	from = &loader->tasks[link.from_task];
	to = &loader->tasks[to_task];
	rc = port_of(loader, from, &connection->from, true, &link.from_output);
	if (rc == 0) {
		rc = port_of(loader, to, &connection->to, false, &input);
	}
	if (rc < 0) {
		return rc;
	}
	if (to->links[input].connection) {
		return takt_place_error(loader->config->path, connection->to.line,
					connection->to.column,
					loader->err, "input `%s.%s` is connected already, in line "
					"%u; an input has one connection", connection->to.task,
					takt_port_at(to->type, false, input)->name,
					to->links[input].connection->node->line);
	}
	to->links[input] = link;
	return 0;
}

/* An output that @port may read, for the message: "a.out", or "". */
static const char *output_find(const struct takt_loader *loader, const struct takt_load_port *port,
			       const struct takt_load_task *not_of, char *out, size_t out_bytes)
{
	out[0] = 0;
	for (uint32_t i = 0; i < loader->config->task_count; i++) {
		const struct takt_load_task *task = &loader->tasks[i];

		for (uint32_t j = 0; task != not_of && j < task->output_count; j++) {
			if (!port->type || !task->outputs[j].type ||
			    task->outputs[j].type == port->type) {
				snprintf(out, out_bytes, "%s.%s", task->config->keys.id.text,
					 task->outputs[j].port->name);
				return out;
			}
		}
	}
	return out;
}

/* Every input has its connection. */
static int inputs_check(struct takt_loader *loader, const struct takt_load_task *task)
{
	const char *id = task->config->keys.id.text;
	char output[160];

	for (uint32_t i = 0; i < task->input_count; i++) {
		const struct takt_port *port = task->inputs[i].port;

		if (task->links[i].connection) {
			continue;
		}
		output_find(loader, &task->inputs[i], task, output, sizeof(output));
		if (!output[0]) {
			return takt_node_error(task->config->keys.id.node, loader->err, "input "
					       "`%s.%s` is not connected; no other task has an "
					       "output of its type, `%.63s`", id, port->name,
					       task->inputs[i].type ?
					       task->inputs[i].type->type->name : "any");
		}
		return takt_node_error(task->config->keys.id.node, loader->err, "input `%s.%s` is "
				       "not connected; add e.g. `- %s -> %s.%s` to connections", id,
				       port->name,
				       output, id, port->name);
	}
	return 0;
}

int takt_load_connections(struct takt_loader *loader)
{
	int rc = 0;

	for (uint32_t i = 0; i < loader->config->connection_count && rc == 0; i++) {
		rc = connect(loader, &loader->config->connections[i]);
	}
	for (uint32_t i = 0; i < loader->config->task_count && rc == 0; i++) {
		rc = inputs_check(loader, &loader->tasks[i]);
	}
	return rc;
}
