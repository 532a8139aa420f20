/* SPDX-License-Identifier: Apache-2.0 */
/* takt-spawn: what has to be done between fork and exec for the Python of a task, and cannot be
 * told to posix_spawn: die with the parent, a session of its own, CPUs, nice, limits.
 *
 *     takt-spawn PARENT NICE MEMORY CPUS PROGRAM [ARGUMENT]...
 *
 * PARENT: pid that must still be ours; MEMORY: bytes of address space, 0: no limit; CPUS: a list
 * like 2-3,5, "": all that we may use; ^4: all but those. Exit code 126 where PROGRAM can't be
 * run, the reason on stderr. */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rt/base/cpulist.h"

#define FILES_MAX 1024u

static_assert(TAKT_CPUS_MAX <= CPU_SETSIZE, "a set of the C library holds ours");

enum argument { PARENT = 1, NICE, MEMORY, CPUS, PROGRAM };

static int fail(const char *what)
{
	fprintf(stderr, "takt-spawn: %s: %s\n", what, strerror(errno));
	return 126;
}

/* Best effort: a CPU that is not there, or not ours, is none to be kept to. */
static void keep_to(const char *text)
{
	const bool is_avoided = text[0] == '^';
	struct takt_cpulist list = { 0 };
	cpu_set_t may, set;

	if (takt_cpulist_parse(text + is_avoided, &list, NULL) < 0 ||
	    takt_cpulist_count(&list) == 0 ||
	    sched_getaffinity(0, sizeof(may), &may) < 0) {
		return;
	}
	CPU_ZERO(&set);
	for (uint32_t cpu = 0; cpu < TAKT_CPUS_MAX; cpu++) {
		if (is_avoided ? CPU_ISSET(cpu, &may) && !takt_cpulist_has(&list, cpu)
			       : takt_cpulist_has(&list, cpu)) {
			CPU_SET(cpu, &set);
		}
	}
	if (CPU_COUNT(&set) > 0 && sched_setaffinity(0, sizeof(set), &set) < 0) {
		fprintf(stderr, "takt-spawn: CPUs %s: %s\n", text, strerror(errno));
	}
}

static void limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
	struct rlimit was;

	if (getrlimit(resource, &was) == 0) {
		hard = hard < was.rlim_max ? hard : was.rlim_max;
		setrlimit(resource, &(struct rlimit){ soft < hard ? soft : hard, hard });
	}
}

static const char help[] = "usage: takt-spawn PARENT NICE MEMORY CPUS PROGRAM [ARGUMENT]...\n"
			   "It is taktd's, and starts the Python of a task.\n";

int main(int argc, char **argv)
{
	const struct sched_param none = { 0 };
	rlim_t memory;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		return fputs(help, stdout) < 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		return puts("takt-spawn " PACKAGE_VERSION) < 0;
	}
	if (argc <= PROGRAM) {
		fputs(help, stderr);
		return 2;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		return fail("prctl");
	}
	if (getppid() != (pid_t)strtol(argv[PARENT], NULL, 10)) {
		return 1;		/* it died meanwhile */
	}
	setsid();
	sched_setscheduler(0, SCHED_OTHER, &none);
	setpriority(PRIO_PROCESS, 0, (int)strtol(argv[NICE], NULL, 10));
	keep_to(argv[CPUS]);
	memory = (rlim_t)strtoull(argv[MEMORY], NULL, 10);
	if (memory > 0) {
		limit(RLIMIT_AS, memory, memory);
	}
	limit(RLIMIT_CORE, 0, 0);
	limit(RLIMIT_RTPRIO, 0, 0);
	limit(RLIMIT_NOFILE, FILES_MAX, RLIM_INFINITY);
	execvp(argv[PROGRAM], argv + PROGRAM);
	return fail(argv[PROGRAM]);
}
