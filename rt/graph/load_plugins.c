/* SPDX-License-Identifier: Apache-2.0 */
/* The plug-ins of a graph and the types that they and the file declare. */
#include <errno.h>
#include <string.h>

#include "rt/graph/loader.h"
#include "rt/graph/params.h"
#include "rt/graph/plugin.h"

/* The loaded plug-in before @index that has a task called @name. */
static const struct takt_plugin_handle *task_owner(const struct takt_plan *plan, uint32_t index,
						   const char *name)
{
	for (uint32_t i = 0; i < index; i++) {
		const struct takt_plugin *plugin = plan->plugins[i]->plugin;

		for (uint32_t j = 0; j < plugin->task_count; j++) {
			if (strcmp(plugin->tasks[j]->name, name) == 0) {
				return plan->plugins[i];
			}
		}
	}
	return NULL;
}

/* What can be wrong with a plug-in beside those before it. */
static int among_others(struct takt_loader *loader, uint32_t index)
{
	const struct takt_node *node = loader->config->plugins[index];
	struct takt_plugin_handle **all = loader->plan->plugins;
	const struct takt_plugin *plugin = all[index]->plugin;

	for (uint32_t i = 0; i < index; i++) {
		if (all[i]->plugin == plugin) {
			return takt_node_error(node, loader->err, "plug-in `%.80s` is the same "
					       "file as `%.80s`; remove one", node->text,
					       loader->config->plugins[i]->text);
		}
	}
	for (uint32_t j = 0; j < plugin->task_count; j++) {
		const struct takt_plugin_handle *other = task_owner(loader->plan, index,
								    plugin->tasks[j]->name);
		struct takt_err why = { 0 };

		if (other) {
			return takt_node_error(node, loader->err, "plug-in `%.80s` has a task "
					       "`%.63s`, but so has `%.200s`; rename one of them",
					       node->text,
					       plugin->tasks[j]->name, other->path);
		}
		if (takt_params_check(plugin->tasks[j], &why) < 0) {
			return takt_node_error(node, loader->err, "plug-in `%.80s`: %s", node->text,
					       why.text);
		}
	}
	return 0;
}

int takt_load_plugins(struct takt_loader *loader)
{
	const struct takt_config *config = loader->config;
	struct takt_plan *plan = loader->plan;

	plan->plugins = takt_pool_alloc(loader->pool, config->plugin_count + config->task_count,
					sizeof(plan->plugins[0]));	/* takt_load_python adds to it */
	if (!plan->plugins) {
		return takt_load_no_memory(loader);
	}
	for (uint32_t i = 0; i < config->plugin_count; i++) {
		int rc = takt_plugin_load(loader->pool, config->plugins[i], loader->dir,
					  &plan->plugins[i], loader->err);

		if (rc == 0) {
			rc = among_others(loader, i);
		}
		if (rc < 0) {
			return rc;
		}
		plan->plugin_count++;
	}
	return 0;
}

/* All types of one plug-in, used or not. */
static int plugin_types(struct takt_loader *loader, uint32_t index)
{
	const struct takt_node *node = loader->config->plugins[index];
	const struct takt_plugin *plugin = loader->plan->plugins[index]->plugin;
	const char *origin = takt_pool_printf(loader->pool, "plug-in `%.80s`", node->text);

	if (!origin) {
		return takt_load_no_memory(loader);
	}
	for (uint32_t i = 0; i < plugin->task_count; i++) {
		const struct takt_task *task = plugin->tasks[i];

		for (uint32_t j = 0; j < task->port_count; j++) {
			struct takt_err why = { 0 };
			int rc = takt_port_is_open(&task->ports[j]) ? 0 :
				takt_type_set_add(loader->types, task->ports[j].type, origin, &why);

			if (rc == -ENOMEM) {
				return takt_load_no_memory(loader);
			}
			if (rc < 0) {
				return takt_node_error(node, loader->err, "plug-in `%.80s`, task "
						       "`%.63s`, port `%.63s`: %s", node->text,
						       task->name,
						       task->ports[j].name, why.text);
			}
		}
	}
	return 0;
}

/* A type of the file that a plug-in has too must be the same one. Nested types come first, so that
 * the message is about the innermost that differs. */
static int file_types(struct takt_loader *loader)
{
	const struct takt_config *config = loader->config;

	for (uint32_t i = 0; i < loader->types->count; i++) {
		const struct takt_type_entry *entry = &loader->types->entries[i];
		const struct takt_config_type *own = NULL;
		struct takt_layout *layout;
		char difference[400];
		bool same;

		for (uint32_t j = 0; j < config->type_count && !own; j++) {
			if (strcmp(config->types[j].type->name, entry->type->name) == 0) {
				own = &config->types[j];
			}
		}
		if (!own) {
			continue;
		}
		if (takt_layout_create(own->type, &layout, loader->err) < 0) {
			return takt_load_no_memory(loader);
		}
		same = layout->hash == entry->layout->hash;
		takt_layout_destroy(layout);
		if (!same) {
			takt_type_difference(own->type, entry->type, difference,
					     sizeof(difference));
			return takt_node_key_error(own->node, loader->err, "type `%.63s` is "
						   "another one in %.100s: %s; make them the same "
						   "or remove it here",
						   own->type->name, entry->origin, difference);
		}
	}
	return 0;
}

/* The types that only the file declares, for ports that the graph types. */
static int own_types(struct takt_loader *loader)
{
	const struct takt_config *config = loader->config;

	for (uint32_t i = 0; i < config->type_count; i++) {
		const struct takt_config_type *own = &config->types[i];
		struct takt_err why = { 0 };
		int rc = takt_type_set_find(loader->types, own->type->name) ? 0 :
			takt_type_set_add(loader->types, own->type, "the graph file", &why);

		if (rc == -ENOMEM) {
			return takt_load_no_memory(loader);
		}
		if (rc < 0) {
			return takt_node_key_error(own->node, loader->err, "%s", why.text);
		}
	}
	return 0;
}

int takt_load_types(struct takt_loader *loader)
{
	int rc;

	for (uint32_t i = 0; i < loader->plan->plugin_count; i++) {
		rc = plugin_types(loader, i);
		if (rc < 0) {
			return rc;
		}
	}
	rc = file_types(loader);
	return rc < 0 ? rc : own_types(loader);
}
