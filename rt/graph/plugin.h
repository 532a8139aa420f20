/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in: where it is found, and what is checked before anything in it is believed. */
#ifndef TAKT_GRAPH_PLUGIN_H
#define TAKT_GRAPH_PLUGIN_H

#include "rt/base/pool.h"
#include "rt/config/tree.h"
#include "rt/graph/plan.h"

/* Find and load the plug-in that @name, a text of the graph file in folder @dir, names; check its
 * symbol, ABI, tables and text sites.
 *
 * A name with a `/` is a path, relative to @dir. A bare one is looked for in @dir, then in
 * plugins/ beside the running program (the build tree), then in TAKT_PLUGINDIR (where takt's own
 * are installed). Nothing in the plug-in is changed. Returns 0 and a handle in @pool, or -errno
 * with @err at @name. The object stays loaded for ever.  [setup] */
TAKT_SETUP int takt_plugin_load(struct takt_pool *pool, const struct takt_node *name,
				const char *dir, struct takt_plugin_handle **ret_handle,
				struct takt_err *err);

/* Number the text sites of @handle from @first_site on. */
TAKT_SETUP void takt_plugin_number_sites(struct takt_plugin_handle *handle, uint32_t first_site);

/* The check that minor 2 has appended to struct takt_task; NULL where @task ends before.  [any] */
TAKT_ANY takt_check_method *takt_task_check(const struct takt_task *task);
TAKT_ANY takt_check_ports_method *takt_task_check_ports(const struct takt_task *task);

/* The checks alone. @err gets a message without place. Returns 0 or -EINVAL.  [setup] */
TAKT_SETUP int takt_plugin_check(const struct takt_plugin *plugin, struct takt_err *err);

#endif
