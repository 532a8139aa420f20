/* SPDX-License-Identifier: Apache-2.0 */
/* A graph file, read: every key checked by itself, every value with its place. Nothing is loaded;
 * rt/graph checks it against the plug-ins. */
#ifndef TAKT_CONFIG_CONFIG_H
#define TAKT_CONFIG_CONFIG_H

#include <takt/type.h>

#include "rt/config/keys.h"

#define TAKT_CONFIG_TASKS_MAX 1024u
#define TAKT_CONFIG_CONNECTIONS_MAX 16384u
#define TAKT_CONFIG_PLUGINS_MAX 64u

struct takt_config_task {
	struct takt_task_keys keys;
	struct takt_python_keys python;	/* where keys.python has a node */
	const struct takt_node *node;
};

struct takt_config_end {		/* one side of a connection */
	const char *task;
	const char *port;		/* NULL: the task's only one */
	uint32_t line;
	uint32_t column;
};

struct takt_config_connection {
	struct takt_config_end from;
	struct takt_config_end to;
	uint32_t delay;
	uint64_t hold_ns;		/* 0: none */
	const struct takt_node *node;
};

struct takt_config_type {
	const struct takt_type *type;
	const struct takt_node *node;
};

struct takt_config {
	struct takt_pool *pool;		/* all of this lies in it */
	const char *path;		/* of the file, as given */
	struct takt_root_keys root;
	struct takt_runtime_keys runtime;
	struct takt_logging_keys logging;
	struct takt_retention_keys retention;
	const struct takt_node **plugins;	/* texts */
	struct takt_config_task *tasks;
	struct takt_config_connection *connections;
	struct takt_config_type *types;	/* declared in the file */
	uint32_t plugin_count;
	uint32_t task_count;
	uint32_t connection_count;
	uint32_t type_count;
};

/* Parse @size_bytes of outside input; @path is the name in messages (borrowed until return).
 * Returns 0, -EINVAL or -E2BIG with file:line:column, -ENOMEM.  [setup] */
TAKT_SETUP int takt_config_parse(const char *path, const void *bytes, size_t size_bytes,
				 struct takt_config **ret_config, struct takt_err *err);

/* Read and parse the file at @path. Errors of takt_config_parse, or of opening and reading. */
TAKT_SETUP int takt_config_load(const char *path, struct takt_config **ret_config,
				struct takt_err *err);

/* Keys that have no meaning where the task runs would be ignored: they are refused. Of a task on
 * the lane this waits for its type. Returns 0 or -EINVAL.  [setup] */
TAKT_SETUP int takt_config_check_exec(const struct takt_task_keys *keys, struct takt_err *err);

TAKT_SETUP void takt_config_destroy(struct takt_config *config);

#endif
