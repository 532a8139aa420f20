/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a real-time process: locked, faulted in, and an allocator that gives nothing back. */
#ifndef TAKT_OS_MEMORY_H
#define TAKT_OS_MEMORY_H

#include <stdint.h>

#include "rt/base/tags.h"

/* Make malloc keep what it has: no trimming, no mmap per allocation. Early in main.  [setup] */
TAKT_SETUP void takt_memory_tune_malloc(void);

/* mlockall(current and future). 0 or -errno (-ENOMEM, -EPERM: RLIMIT_MEMLOCK).  [setup] */
TAKT_SETUP int takt_memory_lock(void);

/* Write to every page of [@memory, @memory + @bytes) without changing it.  [setup] */
TAKT_SETUP void takt_memory_touch(void *memory, uint64_t bytes);

#endif
