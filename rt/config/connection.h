/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of a graph file: "a.out -> b.in" or {from, to, delay, hold}. */
#ifndef TAKT_CONFIG_CONNECTION_H
#define TAKT_CONFIG_CONNECTION_H

#include "rt/config/config.h"

/* Read @node into @connection; names are copied into @pool. Whether the tasks and ports exist is
 * not looked at. Returns 0, -EINVAL, -ENOMEM.  [setup] */
TAKT_SETUP int takt_connection_read(struct takt_pool *pool, const struct takt_node *node,
				    struct takt_config_connection *connection,
				    struct takt_err *err);

#endif
