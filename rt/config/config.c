/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/config/config.h"

#include <errno.h>
#include <string.h>

#include "rt/base/file.h"
#include "rt/config/connection.h"
#include "rt/config/types.h"

static int no_memory(struct takt_config *config, struct takt_err *err)
{
	return takt_err_at(err, -ENOMEM, config->path, 0, 0, "out of memory");
}

static int plugins_read(struct takt_config *config, struct takt_err *err)
{
	const struct takt_node *list = config->root.plugins.node;

	if (!list) {
		return 0;
	}
	if (list->count > TAKT_CONFIG_PLUGINS_MAX) {
		return takt_node_error(list, err, "plugins: %u plug-ins; at most %u", list->count,
				       TAKT_CONFIG_PLUGINS_MAX);
	}
	config->plugins = takt_pool_alloc(config->pool, list->count, sizeof(config->plugins[0]));
	if (!config->plugins) {
		return no_memory(config, err);
	}
	for (const struct takt_node *n = list->first; n; n = n->next) {
		if (n->kind != TAKT_NODE_TEXT || !n->text[0]) {
			return takt_node_error(n, err, "plugins: expected the name of a shared "
					       "object, found %s; write e.g. `plugins: [gnss.so]`",
					       takt_node_what(n));
		}
		for (uint32_t i = 0; i < config->plugin_count; i++) {
			if (strcmp(config->plugins[i]->text, n->text) == 0) {
				return takt_node_error(n, err, "plugins: `%.100s` stands twice, "
						       "first in line %u; remove one", n->text,
						       config->plugins[i]->line);
			}
		}
		config->plugins[config->plugin_count++] = n;
	}
	return 0;
}

int takt_config_check_exec(const struct takt_task_keys *keys, struct takt_err *err)
{
	char owner[TAKT_NAME_BYTES_MAX + 16];
	const struct takt_value *const off_lane[] = { &keys->take, &keys->queue, &keys->cpu };
	const bool lane = strcmp(keys->exec.text, "lane") == 0;
	const bool io = strcmp(keys->exec.text, "io") == 0;

	snprintf(owner, sizeof(owner), "task `%.63s`", keys->id.text);
	for (uint32_t i = 0; lane && i < sizeof(off_lane) / sizeof(off_lane[0]); i++) {
		if (off_lane[i]->node) {
			return takt_node_key_error(off_lane[i]->node, err, "%s: `%s` is for `exec: "
						   "io` and `exec: background`; this task runs on "
						   "the lane",
						   owner, off_lane[i]->node->key);
		}
	}
	if (!io && keys->priority.node) {
		return takt_node_key_error(keys->priority.node, err, "%s: `priority` is for `exec: "
					   "io`; the lane's is runtime.priority", owner);
	}
	if (io && keys->every.node) {
		return takt_node_key_error(keys->every.node, err, "%s: `every` is not for `exec: "
					   "io`; such a task runs at its own pace", owner);
	}
	return 0;
}

/* A task has its body in a plug-in or in Python. */
static int body_check(const struct takt_config_task *task, const char *owner, struct takt_err *err)
{
	const struct takt_task_keys *keys = &task->keys;

	if (!keys->type.node && !keys->python.node) {
		return takt_node_error(task->node, err, "%s: `type` is missing; add e.g. `type: gnss_track`, or "
				       "`python: {script: detect.py}`", owner);
	}
	if (keys->type.node && keys->python.node) {
		return takt_node_key_error(keys->type.node, err, "%s: has `type` and `python`; remove one: a "
					   "task's body is in a plug-in or in Python", owner);
	}
	if (keys->python.node && keys->exec.node) {
		return takt_node_key_error(keys->exec.node, err, "%s: `exec` is not for Python tasks: they run "
					   "in a process of their own; remove it", owner);
	}
	if (!keys->python.node && keys->state.node) {
		return takt_node_key_error(keys->state.node, err, "%s: `state` is for Python tasks; remove it",
					   owner);
	}
	return 0;
}

static int task_check(struct takt_config *config, const struct takt_config_task *task,
		      struct takt_err *err)
{
	const struct takt_task_keys *keys = &task->keys;
	char owner[TAKT_NAME_BYTES_MAX + 16];
	int rc;

	snprintf(owner, sizeof(owner), "task `%.63s`", keys->id.text);
	for (const struct takt_config_task *t = config->tasks; t < task; t++) {
		if (strcmp(t->keys.id.text, keys->id.text) == 0) {
			return takt_node_error(keys->id.node, err, "there is a task `%.63s` "
					       "already, in line %u; ids are unique", keys->id.text,
					       t->keys.id.node->line);
		}
	}
	if (keys->offset.number >= keys->every.number) {
		return takt_node_error(keys->offset.node, err, "%s: offset: %lu is not below "
				       "`every` (%lu); give 0 to %lu", owner,
				       (unsigned long)keys->offset.number,
				       (unsigned long)keys->every.number,
				       (unsigned long)keys->every.number - 1);
	}
	if (keys->priority.number >= config->runtime.priority.number) {
		return takt_node_error(keys->priority.node, err, "%s: priority: %lu is not below "
				       "the lane's (%lu); give a smaller one", owner,
				       (unsigned long)keys->priority.number,
				       (unsigned long)config->runtime.priority.number);
	}
	rc = body_check(task, owner, err);
	/* On the lane it depends on the type as well: one that waits for a device may not be there at all. */
	return rc == 0 && keys->exec.node && strcmp(keys->exec.text, "lane") != 0
		       ? takt_config_check_exec(keys, err)
		       : rc;
}

static int task_read(struct takt_config *config, const struct takt_node *node, struct takt_err *err)
{
	struct takt_config_task *task = &config->tasks[config->task_count];
	const struct takt_node *id = takt_node_find(node, "id");
	char owner[TAKT_NAME_BYTES_MAX + 32];
	int rc;

	snprintf(owner, sizeof(owner), id && id->text ? "task `%.63s`" : "task",
		 id && id->text ? id->text : "");
	task->node = node;
	rc = takt_keys_read(node, TAKT_PLACE_TASK, owner, &task->keys, err);
	if (rc == 0) {
		rc = task_check(config, task, err);
	}
	if (rc == 0 && task->keys.python.node) {
		snprintf(owner, sizeof(owner), "task `%.63s`: python", task->keys.id.text);
		rc = takt_keys_read(task->keys.python.node, TAKT_PLACE_PYTHON, owner, &task->python, err);
	}
	return rc;
}

static int tasks_read(struct takt_config *config, struct takt_err *err)
{
	const struct takt_node *list = config->root.tasks.node;

	if (list->count == 0 || list->count > TAKT_CONFIG_TASKS_MAX) {
		return takt_node_error(list, err, "tasks: %u tasks; a graph has 1 to %u",
				       list->count,
				       TAKT_CONFIG_TASKS_MAX);
	}
	config->tasks = takt_pool_alloc(config->pool, list->count, sizeof(config->tasks[0]));
	if (!config->tasks) {
		return no_memory(config, err);
	}
	for (const struct takt_node *n = list->first; n; n = n->next) {
		const int rc = task_read(config, n, err);

		if (rc < 0) {
			return rc;
		}
		config->task_count++;
	}
	return 0;
}

static int connections_read(struct takt_config *config, struct takt_err *err)
{
	const struct takt_node *list = config->root.connections.node;

	if (!list) {
		return 0;
	}
	if (list->count > TAKT_CONFIG_CONNECTIONS_MAX) {
		return takt_node_error(list, err, "connections: %u connections; at most %u",
				       list->count,
				       TAKT_CONFIG_CONNECTIONS_MAX);
	}
	config->connections = takt_pool_alloc(config->pool, list->count,
					      sizeof(config->connections[0]));
	if (!config->connections) {
		return no_memory(config, err);
	}
	for (const struct takt_node *n = list->first; n; n = n->next) {
		int rc = takt_connection_read(config->pool, n,
					      &config->connections[config->connection_count], err);

		if (rc < 0) {
			return rc;
		}
		config->connection_count++;
	}
	return 0;
}

static int section_read(const struct takt_value *section, enum takt_key_place place,
			const char *owner, void *values, struct takt_err *err)
{
	if (!section->node) {
		takt_keys_default(place, values);
		return 0;
	}
	return takt_keys_read(section->node, place, owner, values, err);
}

/* The segment that is written and the one made ahead are never deleted. */
static int retention_check(const struct takt_config *config, struct takt_err *err)
{
	const struct takt_value *size = &config->retention.max_size;

	if (size->node && size->number / 2 < config->logging.segment.number) {
		return takt_node_error(size->node, err, "logging: retention: max_size: `%s` is less than two "
				       "segments of %s; give more, or a smaller `segment`", size->text,
				       config->logging.segment.text);
	}
	return 0;
}

static int sections_read(struct takt_config *config, const struct takt_node *root,
			 struct takt_err *err)
{
	int rc;

	if (root->kind == TAKT_NODE_MAP) {
		const struct takt_node *version = takt_node_find(root, "takt");

		if (version && version->text && strcmp(version->text, "1") != 0) {
			return takt_node_error(version, err, "takt: version `%.40s` of the graph "
					       "file is not known here; this takt reads `takt: 1`",
					       version->text);
		}
	}
	rc = takt_keys_read(root, TAKT_PLACE_ROOT, "", &config->root, err);
	if (rc == 0) {
		rc = section_read(&config->root.runtime, TAKT_PLACE_RUNTIME, "runtime",
				  &config->runtime, err);
	}
	if (rc == 0) {
		rc = section_read(&config->root.logging, TAKT_PLACE_LOGGING, "logging",
				  &config->logging, err);
	}
	if (rc == 0) {
		rc = section_read(&config->logging.retention, TAKT_PLACE_RETENTION,
				  "logging: retention", &config->retention, err);
	}
	if (rc == 0) {
		rc = retention_check(config, err);
	}
	if (rc == 0) {
		rc = plugins_read(config, err);
	}
	if (rc == 0) {
		rc = takt_config_types_read(config, err);
	}
	if (rc == 0) {
		rc = tasks_read(config, err);
	}
	if (rc == 0) {
		rc = connections_read(config, err);
	}
	return rc;
}

int takt_config_parse(const char *path, const void *bytes, size_t size_bytes,
		      struct takt_config **ret_config, struct takt_err *err)
{
	struct takt_pool *pool = takt_pool_create();
	struct takt_config *config = pool ? takt_pool_alloc(pool, 1, sizeof(*config)) : NULL;
	const struct takt_node *root;
	int rc = -ENOMEM;

	if (!config) {
		takt_err_at(err, rc, path, 0, 0, "out of memory");
		goto out;
	}
	config->pool = pool;
	config->path = takt_pool_copy(pool, path, strlen(path));
	if (!config->path) {
		takt_err_at(err, rc, path, 0, 0, "out of memory");
		goto out;
	}
	rc = takt_tree_parse(pool, config->path, bytes, size_bytes, &root, err);
	if (rc < 0) {
		goto out;
	}
	rc = sections_read(config, root, err);
	if (rc < 0) {
		goto out;
	}
	*ret_config = config;
	return 0;
out:
	takt_pool_destroy(pool);
	return rc;
}

int takt_config_load(const char *path, struct takt_config **ret_config, struct takt_err *err)
{
	void *bytes;
	size_t size_bytes;
	int rc;

	rc = takt_file_read(path, TAKT_TREE_BYTES_MAX, &bytes, &size_bytes);
	if (rc == -EFBIG) {
		return takt_err_at(err, -E2BIG, path, 0, 0, "a graph file has at most 1 MiB");
	}
	if (rc < 0) {
		return takt_err_at(err, rc, path, 0, 0, "cannot read the graph file: %s",
				   strerror(-rc));
	}
	rc = takt_config_parse(path, bytes, size_bytes, ret_config, err);
	free(bytes);
	return rc;
}

void takt_config_destroy(struct takt_config *config)
{
	if (config) {
		takt_pool_destroy(config->pool);
	}
}
