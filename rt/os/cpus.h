/* SPDX-License-Identifier: Apache-2.0 */
/* Which CPU a lane runs on, and keeping it awake. */
#ifndef TAKT_OS_CPUS_H
#define TAKT_OS_CPUS_H

#include <stdbool.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

struct takt_cpu_claim {
	int cpu;			/* -1: none was free, the lane is not pinned */
	bool isolated;			/* the kernel keeps others off it */
	int lock_fd;			/* held while the claim lasts; -1 without a claim */
};

/* Claim @cpu, or with -1 an isolated CPU, else the last usable one that no other graph has claimed
 * in @run_dir. A wanted CPU that another graph has is -EBUSY with its name in @err; one that does
 * not exist is -EINVAL. @owner: the graph's name.  [setup] */
TAKT_SETUP int takt_cpu_claim(const char *run_dir, const char *owner, int cpu,
			      struct takt_cpu_claim *ret_claim, struct takt_err *err);
/* Whether @cpu can be used at all: 0, or -EINVAL with the CPUs that can in @err.  [setup] */
TAKT_SETUP int takt_cpu_check(int cpu, struct takt_err *err);
TAKT_SETUP void takt_cpu_release(struct takt_cpu_claim *claim);

/* Keep the calling thread off @cpu when there is another.  [setup] */
TAKT_SETUP void takt_cpu_avoid(int cpu);

/* Ask the kernel for no deep idle states while the descriptor is open: fd or -errno.  [setup] */
TAKT_SETUP int takt_cpu_stay_awake(void);

#endif
