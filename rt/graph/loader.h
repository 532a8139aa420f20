/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of takt_graph_load share. Tasks are in the file's order here; the plan has its
 * own. */
#ifndef TAKT_GRAPH_LOADER_H
#define TAKT_GRAPH_LOADER_H

#include <limits.h>

#include "rt/config/config.h"
#include "rt/graph/plan.h"
#include "rt/graph/type_set.h"

/* What one input reads. */
struct takt_link {
	const struct takt_config_connection *connection;	/* NULL: not connected */
	uint32_t from_task;		/* file order */
	uint32_t from_output;		/* index among that task's outputs */
};

/* What a port carries: known at once, or typed by the graph. */
struct takt_load_port {
	const struct takt_port *port;
	const struct takt_type_entry *type;	/* NULL: not known yet */
};

struct takt_load_task {
	const struct takt_config_task *config;
	const struct takt_task *type;
	const struct takt_plugin_handle *plugin;
	const struct takt_python_settings *python;	/* NULL: it is in C */
	struct takt_link *links;	/* per input port */
	struct takt_load_port *inputs;	/* in the order of the type's input ports */
	struct takt_load_port *outputs;
	uint32_t input_count;
	uint32_t output_count;
	uint32_t position;		/* in plan order */
};

struct takt_loader {
	const struct takt_config *config;
	struct takt_pool *pool;		/* of the plan */
	struct takt_plan *plan;
	struct takt_type_set *types;
	struct takt_load_task *tasks;	/* config->task_count */
	struct takt_err *err;
	char dir[PATH_MAX];		/* of the graph file, absolute */
};

/* The steps, in their order; each returns 0, -EINVAL or -ENOMEM. */
TAKT_SETUP int takt_load_plugins(struct takt_loader *loader);
TAKT_SETUP int takt_load_types(struct takt_loader *loader);
TAKT_SETUP int takt_load_tasks(struct takt_loader *loader);
TAKT_SETUP int takt_load_ports(struct takt_loader *loader);	/* types that the tasks or the file give */
TAKT_SETUP int takt_load_connections(struct takt_loader *loader);
TAKT_SETUP int takt_load_port_types(struct takt_loader *loader);	/* the others, from the connections */
TAKT_SETUP int takt_load_order(struct takt_loader *loader);	/* fills position */
TAKT_SETUP int takt_load_plan(struct takt_loader *loader);	/* all that the plan has */

/* What the task's own checks say of its parameters, and where its files are not: an error, or a note of
 * the plan. Returns 0, -EINVAL or -ENOMEM. */
TAKT_SETUP int takt_load_judge(struct takt_loader *loader, const struct takt_load_task *from,
			       const struct takt_plan_task *task);

/* The type, ports and text formats of a task in Python, as a plug-in would have them. */
TAKT_SETUP int takt_load_python(struct takt_loader *loader, struct takt_load_task *task);

/* Its parameters (NULL: none) as JSON: numbers, true, false and null as they stand, the rest as texts.
 * NULL: no memory. */
TAKT_SETUP char *takt_load_python_params(struct takt_pool *pool, const struct takt_node *map);

/* plan->config_text: the file with every default filled in and every path absolute, as YAML that
 * loads to the same plan. Returns 0 or -ENOMEM. */
TAKT_SETUP int takt_load_render(struct takt_loader *loader);

/* The @index-th input (or output) port of @task, NULL behind the last. */
TAKT_ANY const struct takt_port *takt_port_at(const struct takt_task *task, bool output,
					      uint32_t index);

/* True for takt_any: the graph says what the port carries. */
TAKT_ANY bool takt_port_is_open(const struct takt_port *port);

/* "source", "filter", "sink". */
TAKT_ANY const char *takt_kind_name(uint32_t kind);

/* Out of memory. */
TAKT_SETUP int takt_load_no_memory(struct takt_loader *loader);

#endif
