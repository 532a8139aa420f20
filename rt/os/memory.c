/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/os/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE_BYTES 4096u

void takt_memory_tune_malloc(void)
{
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_ARENA_MAX, 1);
}

/* Under mlockall for the future, a mapping that would pass the limit is refused,
 * whatever it is for. */
static int try_more(uint64_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		return -ENOMEM;
	}
	munmap(memory, bytes);
	return 0;
}

int takt_memory_lock(uint64_t more_bytes)
{
	struct rlimit limit = { 0, 0 };
	int r = 0;

	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
		return -errno;
	}
	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur != RLIM_INFINITY && try_more(limit.rlim_cur + PAGE_BYTES) < 0) {
		r = more_bytes > 0 ? try_more(more_bytes) : 0;
		mlockall(MCL_CURRENT);	/* allocations to come may be unlocked, but must not fail */
	}
	if (r < 0) {
		munlockall();
	}
	return r;
}

void takt_memory_touch(void *memory, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES) {
		atomic_fetch_or_explicit((_Atomic uint8_t *)memory + at, 0, memory_order_relaxed);
	}
}
