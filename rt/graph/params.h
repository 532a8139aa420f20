/* SPDX-License-Identifier: Apache-2.0 */
/* A task's parameters: defaults, and what the graph file sets. */
#ifndef TAKT_GRAPH_PARAMS_H
#define TAKT_GRAPH_PARAMS_H

#include "rt/base/pool.h"
#include "rt/config/tree.h"
#include "rt/graph/plan.h"

/* Check the parameter rows of @task (takt_plugin_check passed): layout against params_bytes,
 * defaults and bounds. @err gets a message without place. Returns 0, -EINVAL, -ENOMEM.  [setup] */
TAKT_SETUP int takt_params_check(const struct takt_task *task, struct takt_err *err);

/* Make the params struct of the task `id` at @task_node, of type @task, in @pool: defaults, then
 * @map (may be NULL). Paths (unit "path") are made absolute with @dir. Returns 0, -EINVAL at the
 * value, key or task, -ENOMEM.  [setup] */
TAKT_SETUP int takt_params_fill(struct takt_pool *pool, const struct takt_task *task, const char *id,
				const struct takt_node *task_node, const struct takt_node *map,
				const char *dir, void **ret_params, struct takt_err *err);

/* @params as JSON, one line, into @pool. @with_units: as the graph file wants them ("500ms"), else
 * bare numbers in the declared units. NULL: no memory.  [setup] */
TAKT_SETUP char *takt_params_format(struct takt_pool *pool, const struct takt_task *task,
				    const void *params, bool with_units);

#endif
