/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/os/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096u

void takt_memory_tune_malloc(void)
{
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_ARENA_MAX, 1);
}

int takt_memory_lock(void)
{
	return mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;
}

void takt_memory_touch(void *memory, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES) {
		atomic_fetch_or_explicit((_Atomic uint8_t *)memory + at, 0, memory_order_relaxed);
	}
}
