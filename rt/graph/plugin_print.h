/* SPDX-License-Identifier: Apache-2.0 */
/* What a plug-in offers to who writes a graph: tasks, ports with the fields of their types,
 * parameters. */
#ifndef TAKT_GRAPH_PLUGIN_PRINT_H
#define TAKT_GRAPH_PLUGIN_PRINT_H

#include <stdbool.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

/* Find and check the plug-in @name as a graph file in @dir (absolute) would, and print it, as
 * text or as one JSON object. Returns 0 and @ret_text (the caller frees it), or -errno with
 * @err. [setup] */
TAKT_SETUP int takt_plugin_print(const char *name, const char *dir, bool json, char **ret_text,
				 struct takt_err *err);

#endif
