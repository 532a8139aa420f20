/* SPDX-License-Identifier: Apache-2.0 */
/* A set of CPUs, and its text form as the kernel and taskset write it: "0-3,7". */
#ifndef TAKT_BASE_CPULIST_H
#define TAKT_BASE_CPULIST_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_CPUS_MAX 1024u
#define TAKT_CPULIST_TEXT_BYTES 4096u	/* enough for any set */

struct takt_cpulist {
	uint64_t words[TAKT_CPUS_MAX / 64];
};

/* Parse "0-3,7"; blanks around the parts and a newline at the end are allowed, "" is the empty set.
 * Returns 0, -EINVAL (junk, a range that runs backwards) or -ERANGE (CPU >= TAKT_CPUS_MAX).
 * [any] */
TAKT_ANY int takt_cpulist_parse(const char *text, struct takt_cpulist *ret_cpus, struct takt_err *err);

/* The shortest text of @cpus, NUL-terminated. Returns its length, -ENOSPC when it does not fit. */
TAKT_ANY int takt_cpulist_format(const struct takt_cpulist *cpus, char *out, uint32_t out_bytes);

/* Add @cpu < TAKT_CPUS_MAX. */
TAKT_ANY static inline void takt_cpulist_add(struct takt_cpulist *cpus, uint32_t cpu)
{
	cpus->words[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

TAKT_ANY static inline bool takt_cpulist_has(const struct takt_cpulist *cpus, uint32_t cpu)
{
	return cpu < TAKT_CPUS_MAX && (cpus->words[cpu / 64] >> (cpu % 64) & 1);
}

TAKT_ANY uint32_t takt_cpulist_count(const struct takt_cpulist *cpus);

/* The first CPU of the set >= @cpu, TAKT_CPUS_MAX when there is none. */
TAKT_ANY uint32_t takt_cpulist_next(const struct takt_cpulist *cpus, uint32_t cpu);

#endif
