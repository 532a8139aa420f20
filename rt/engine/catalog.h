/* SPDX-License-Identifier: Apache-2.0 */
/* The catalog of a run, out of its plan and what was found at start. */
#ifndef TAKT_ENGINE_CATALOG_H
#define TAKT_ENGINE_CATALOG_H

#include "rt/engine/unit.h"

/* Encode into a new buffer (free()). @streams: as they go into the region. -ENOMEM, -E2BIG.
 * [setup] */
TAKT_SETUP int takt_engine_make_catalog(const struct takt_engine *engine,
					const struct takt_stream_spec *streams,
					uint32_t stream_count, void **ret_bytes,
					uint32_t *ret_size_bytes, struct takt_err *err);

#endif
