/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a real-time process: locked, faulted in, and an allocator that gives nothing back. */
#ifndef TAKT_OS_MEMORY_H
#define TAKT_OS_MEMORY_H

#include <stdint.h>

#include "rt/base/tags.h"

/* Make malloc keep what it has: no trimming, no mmap per allocation. Early in main.  [setup] */
TAKT_SETUP void takt_memory_tune_malloc(void);

/* Lock what is mapped, and what is mapped later if no limit (RLIMIT_MEMLOCK) binds us. Under a
 * limit, @more_bytes more must be allowed too, and a later call locks what was mapped since. 0 or
 * -errno (-ENOMEM, -EPERM: RLIMIT_MEMLOCK), then nothing is locked.  [setup] */
TAKT_SETUP int takt_memory_lock(uint64_t more_bytes);

/* Write to every page of [@memory, @memory + @bytes) without changing it.  [setup] */
TAKT_SETUP void takt_memory_touch(void *memory, uint64_t bytes);

#endif
