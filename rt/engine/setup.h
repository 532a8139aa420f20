/* SPDX-License-Identifier: Apache-2.0 */
/* Building an engine out of a plan: memory of tasks, rights, shared region. */
#ifndef TAKT_ENGINE_SETUP_H
#define TAKT_ENGINE_SETUP_H

#include "rt/engine/unit.h"

/* Allocate and wire units, outlets, holds and workers. -ENOMEM.  [setup] */
TAKT_SETUP int takt_engine_build(struct takt_engine *engine, struct takt_err *err);

/* Find out what this process may do: CPU, priority, locked memory. What is missing is noted, or
 * refused when the graph says `strict: true`. -EBUSY, -EINVAL, -EPERM.  [setup] */
TAKT_SETUP int takt_engine_get_rights(struct takt_engine *engine, struct takt_err *err);

/* Create, touch and publish the shared region; makes the streams' producers.  [setup] */
TAKT_SETUP int takt_engine_make_region(struct takt_engine *engine, struct takt_err *err);

/* Free everything. Half-built engines are fine.  [setup] */
TAKT_SETUP void takt_engine_dismantle(struct takt_engine *engine);

#endif
