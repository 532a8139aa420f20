/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a run's processes, as the kernel says. */
#ifndef TAKT_MAIN_RUN_THREADS_H
#define TAKT_MAIN_RUN_THREADS_H

#include <stdint.h>
#include <sys/types.h>

#include "rt/base/cpulist.h"

struct takt_run_thread {
	char process[16];		/* "takt-rt", "taktd" */
	char name[16];
	pid_t pid;
	pid_t tid;
	int policy;			/* SCHED_… */
	int priority;			/* of FIFO and RR, else 0 */
	int nice;			/* of the others */
	uint32_t last_cpu;		/* that it ran on */
	struct takt_cpulist cpus;	/* that it may run on */
};

/* Call @visit for each thread of process @pid, in order of their ids. Threads that end meanwhile are passed
 * over. Returns 0, -ESRCH, -errno.  [bg] */
int takt_run_threads_visit(pid_t pid, void (*visit)(const struct takt_run_thread *thread, void *user),
			   void *user);

/* The process that records the region at @path: a taktd that has its control page open. 0 when there is
 * none, or when its descriptors may not be looked at.  [bg] */
pid_t takt_recorder_pid_find(const char *path);

/* "other", "fifo", "rr", "batch", "idle", "deadline", "unknown". */
const char *takt_policy_name(int policy);

#endif
