/* SPDX-License-Identifier: Apache-2.0 */
/* `types` and `enums` of a graph file -> the descriptors that the SDK's macros make. */
#ifndef TAKT_CONFIG_TYPES_H
#define TAKT_CONFIG_TYPES_H

#include "rt/config/config.h"

/* Fill config->types from config->root. Returns 0, -EINVAL, -ENOMEM.  [setup] */
TAKT_SETUP int takt_config_types_read(struct takt_config *config, struct takt_err *err);

#endif
