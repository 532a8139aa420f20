/* SPDX-License-Identifier: Apache-2.0 */
/* What each port carries. Most tasks declare it; an open port (takt_any) has the type that the graph
 * file gives at the task, else that of a port it is connected to, through open ports too. */
#include <errno.h>
#include <string.h>

#include "rt/config/nearest.h"
#include "rt/graph/loader.h"

bool takt_port_is_open(const struct takt_port *port)
{
	return port->type->field_count == 0 && port->type->bytes == 0 &&
	       strcmp(port->type->name, "takt_any") == 0;
}

static struct takt_load_port *ports_of(const struct takt_load_task *task, bool output,
				       uint32_t *ret_count)
{
	*ret_count = output ? task->output_count : task->input_count;
	return output ? task->outputs : task->inputs;
}

static void ports_fill(const struct takt_loader *loader, const struct takt_load_task *task,
		       bool output)
{
	uint32_t count;
	struct takt_load_port *ports = ports_of(task, output, &count);

	for (uint32_t i = 0; i < count; i++) {
		ports[i].port = takt_port_at(task->type, output, i);
		ports[i].type = takt_port_is_open(ports[i].port) ? NULL :
			takt_type_set_find(loader->types, ports[i].port->type->name);
	}
}

static const struct takt_type_entry *type_of(struct takt_loader *loader, const struct takt_node *node,
					     const char *owner)
{
	const char *names[TAKT_TYPE_SET_MAX];
	char near[TAKT_NEAREST_BYTES];
	const struct takt_type_entry *entry;

	if (node->kind != TAKT_NODE_TEXT) {
		takt_node_error(node, loader->err, "%s: expected the name of a message type, found "
				"%s; write e.g. `{%.63s: gnss_fix}`", owner, takt_node_what(node),
				node->key);
		return NULL;
	}
	entry = takt_type_set_find(loader->types, node->text);
	for (uint32_t i = 0; i < loader->types->count; i++) {
		names[i] = loader->types->entries[i].type->name;
	}
	if (!entry) {
		takt_node_error(node, loader->err, "%s: no message type `%.63s` in the plug-ins or "
				"under `types`; %s", owner, node->text,
				takt_nearest(node->text, "types", names, loader->types->count, near));
	}
	return entry;
}

/* One row of `inputs` or `outputs`. */
static int port_type_read(struct takt_loader *loader, const struct takt_load_task *task, bool output,
			  const struct takt_node *node)
{
	const char *side = output ? "output" : "input";
	const char *names[64];
	char near[TAKT_NEAREST_BYTES], owner[256];
	uint32_t count, index = 0;
	struct takt_load_port *ports = ports_of(task, output, &count);
	const struct takt_type_entry *type;

	for (; index < count && strcmp(ports[index].port->name, node->key) != 0; index++) {
		names[index] = ports[index].port->name;
	}
	if (index == count) {
		return takt_node_key_error(node, loader->err, "task `%s` (`%s`) has no %s `%.63s`; "
					   "%s", task->config->keys.id.text, task->type->name, side,
					   node->key, takt_nearest(node->key, output ? "outputs" :
								   "inputs", names, count, near));
	}
	snprintf(owner, sizeof(owner), "%s `%.63s.%.63s`", side, task->config->keys.id.text, node->key);
	type = type_of(loader, node, owner);
	if (!type) {
		return -EINVAL;
	}
	if (ports[index].type && ports[index].type != type) {
		return takt_node_error(node, loader->err, "%s: task `%s` says it is a `%.63s`; "
				       "remove it here", owner, task->type->name,
				       ports[index].type->type->name);
	}
	ports[index].type = type;
	return 0;
}

static int side_read(struct takt_loader *loader, const struct takt_load_task *task, bool output)
{
	const struct takt_task_keys *keys = &task->config->keys;
	const struct takt_node *map = output ? keys->outputs.node : keys->inputs.node;
	int rc = 0;

	ports_fill(loader, task, output);
	for (const struct takt_node *n = map ? map->first : NULL; n && rc == 0; n = n->next) {
		rc = port_type_read(loader, task, output, n);
	}
	return rc;
}

/* The state of a Python task is its last output. */
static int state_read(struct takt_loader *loader, const struct takt_load_task *task)
{
	const struct takt_node *node = task->config->keys.state.node;
	char owner[128];

	if (!node) {
		return 0;
	}
	snprintf(owner, sizeof(owner), "task `%.63s`: state", task->config->keys.id.text);
	task->outputs[task->output_count - 1].type = type_of(loader, node, owner);
	return task->outputs[task->output_count - 1].type ? 0 : -EINVAL;
}

int takt_load_ports(struct takt_loader *loader)
{
	int rc = 0;

	for (uint32_t i = 0; i < loader->config->task_count && rc == 0; i++) {
		rc = side_read(loader, &loader->tasks[i], false);
		if (rc == 0) {
			rc = side_read(loader, &loader->tasks[i], true);
		}
		if (rc == 0) {
			rc = state_read(loader, &loader->tasks[i]);
		}
	}
	return rc;
}

/* Hand types over all connections once, in both directions. True when a port got one. */
static bool types_spread(struct takt_loader *loader)
{
	bool any = false;

	for (uint32_t i = 0; i < loader->config->task_count; i++) {
		const struct takt_load_task *to = &loader->tasks[i];

		for (uint32_t j = 0; j < to->input_count; j++) {
			const struct takt_link *link = &to->links[j];
			struct takt_load_port *from =
				&loader->tasks[link->from_task].outputs[link->from_output];

			if (!from->type != !to->inputs[j].type) {
				const struct takt_type_entry *type =
					from->type ? from->type : to->inputs[j].type;

				from->type = to->inputs[j].type = type;
				any = true;
			}
		}
	}
	return any;
}

/* Both sides of the connection to input @input of @to are of one type. */
static int types_compare(struct takt_loader *loader, const struct takt_load_task *to, uint32_t input)
{
	const struct takt_link *link = &to->links[input];
	const struct takt_config_connection *connection = link->connection;
	const struct takt_load_port *a = &loader->tasks[link->from_task].outputs[link->from_output];
	const struct takt_load_port *b = &to->inputs[input];

	if (a->type == b->type) {
		return 0;	/* one name is one layout: takt_load_types saw to it */
	}
	return takt_place_error(loader->config->path, connection->from.line, connection->from.column,
				loader->err, "`%s.%s` is a `%.63s`, but `%s.%s` takes a `%.63s`; "
				"connect ports of one type", connection->from.task, a->port->name,
				a->type->type->name, connection->to.task, b->port->name,
				b->type->type->name);
}

static int side_check(struct takt_loader *loader, const struct takt_load_task *task, bool output)
{
	const char *id = task->config->keys.id.text;
	uint32_t count;
	const struct takt_load_port *ports = ports_of(task, output, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (!ports[i].type) {
			return takt_node_error(task->config->keys.id.node, loader->err, "%s `%s.%s` "
					       "may be of any type and nothing says which; write e.g. "
					       "`%ss: {%s: gnss_fix}` at the task, or connect it to a "
					       "port that has a type", output ? "output" : "input", id,
					       ports[i].port->name, output ? "output" : "input",
					       ports[i].port->name);
		}
	}
	return 0;
}

int takt_load_port_types(struct takt_loader *loader)
{
	const uint32_t task_count = loader->config->task_count;
	int rc = 0;

	while (types_spread(loader)) {	/* each round types at least one port */
	}
	for (uint32_t i = 0; i < task_count && rc == 0; i++) {
		rc = side_check(loader, &loader->tasks[i], true);
		if (rc == 0) {
			rc = side_check(loader, &loader->tasks[i], false);
		}
	}
	for (uint32_t i = 0; i < task_count && rc == 0; i++) {
		for (uint32_t j = 0; j < loader->tasks[i].input_count && rc == 0; j++) {
			rc = types_compare(loader, &loader->tasks[i], j);
		}
	}
	return rc;
}
