/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once: what a graph file or a plan consists of. Set-up only. */
#ifndef TAKT_BASE_POOL_H
#define TAKT_BASE_POOL_H

#include <stddef.h>

#include "rt/base/tags.h"

struct takt_pool;

TAKT_SETUP struct takt_pool *takt_pool_create(void);

/* Frees @pool (may be NULL) and all that came from it. */
TAKT_SETUP void takt_pool_destroy(struct takt_pool *pool);

/* @count items of @item_bytes, zeroed, aligned to 64 (to 16 when they are less). NULL: no
 * memory. */
TAKT_SETUP void *takt_pool_alloc(struct takt_pool *pool, size_t count, size_t item_bytes);

/* NUL-terminated copy of @bytes of @text. NULL: no memory. */
TAKT_SETUP char *takt_pool_copy(struct takt_pool *pool, const char *text, size_t bytes);

/* printf into the pool. NULL: no memory. */
TAKT_SETUP char *takt_pool_printf(struct takt_pool *pool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
