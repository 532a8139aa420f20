/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Under AddressSanitizer each allocation is a block of its own, so that it sees what runs over
 * one. */
#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_BYTES 0u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_BYTES 0u
#endif
#endif
#ifndef BLOCK_BYTES
#define BLOCK_BYTES 16384u
#endif
#define SMALL_ALIGN 16u		/* of allocations that a cache line would waste */
#define LARGE_ALIGN 64u

struct block {
	struct block *next;
	size_t used;
	size_t bytes;		/* of data */
	_Alignas(LARGE_ALIGN) char data[];
};

struct takt_pool {
	struct block *blocks;	/* the one in use first */
};

struct takt_pool *takt_pool_create(void)
{
	return calloc(1, sizeof(struct takt_pool));
}

void takt_pool_destroy(struct takt_pool *pool)
{
	if (!pool) {
		return;
	}
	while (pool->blocks) {
		struct block *next = pool->blocks->next;

		free(pool->blocks);
		pool->blocks = next;
	}
	free(pool);
}

static struct block *block_add(struct takt_pool *pool, size_t data_bytes)
{
	const size_t bytes = sizeof(struct block) + data_bytes;
	struct block *block;
	void *memory;

	if (posix_memalign(&memory, LARGE_ALIGN, bytes) != 0) {
		return NULL;
	}
	block = memory;
	memset(block, 0, bytes);
	block->bytes = data_bytes;
	block->next = pool->blocks;
	pool->blocks = block;
	return block;
}

void *takt_pool_alloc(struct takt_pool *pool, size_t count, size_t item_bytes)
{
	struct block *block = pool->blocks;
	size_t bytes, align, at;

	if (item_bytes && count > (SIZE_MAX / 2) / item_bytes) {
		return NULL;
	}
	bytes = count * item_bytes;
	bytes += bytes == 0;
	align = bytes < LARGE_ALIGN ? SMALL_ALIGN : LARGE_ALIGN;
	at = block ? (block->used + align - 1) & ~(align - 1) : 0;
	if (!block || at > block->bytes || block->bytes - at < bytes) {
		block = block_add(pool, bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES);
		if (!block) {
			return NULL;
		}
		at = 0;
	}
	block->used = at + bytes;
	return block->data + at;
}

char *takt_pool_copy(struct takt_pool *pool, const char *text, size_t bytes)
{
	char *copy = takt_pool_alloc(pool, 1, bytes + 1);

	if (copy) {
		memcpy(copy, text, bytes);
	}
	return copy;
}

char *takt_pool_printf(struct takt_pool *pool, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (bytes >= 0) {
		text = takt_pool_alloc(pool, 1, (size_t)bytes + 1);
	}
	if (text) {
		va_start(args, format);
		vsnprintf(text, (size_t)bytes + 1, format, args);
		va_end(args);
	}
	return text;
}
