/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/run_threads.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt/base/file.h"

#define STAT_BYTES 1024u
#define STAT_NICE 19			/* fields of proc(5)'s stat, from 1 */
#define STAT_CPU 39
#define STAT_AFTER_NAME 3		/* the first behind the name */
#define RECORDER_NAME "taktd"

static_assert(TAKT_CPUS_MAX <= CPU_SETSIZE, "a set of the C library holds ours");

static bool is_number(const char *name)
{
	return name[0] != '\0' && strspn(name, "0123456789") == strlen(name);
}

/* Field @number of a stat line; the name before may have blanks and parentheses. */
static long stat_field(const char *line, int number)
{
	const char *at = strrchr(line, ')');

	for (int i = STAT_AFTER_NAME; at && i <= number; i++) {
		at = strchr(at + 1, ' ');
	}
	return at ? strtol(at + 1, NULL, 10) : 0;
}

static void read_cpus(pid_t tid, struct takt_cpulist *cpus)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(tid, sizeof(set), &set) < 0) {
		return;
	}
	for (uint32_t cpu = 0; cpu < TAKT_CPUS_MAX; cpu++) {
		if (CPU_ISSET(cpu, &set)) {
			takt_cpulist_add(cpus, cpu);
		}
	}
}

static int read_thread(pid_t pid, pid_t tid, struct takt_run_thread *thread)
{
	char path[64], stat[STAT_BYTES];
	struct sched_param param = { 0 };
	int r;

	thread->tid = tid;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, (int)tid);
	r = takt_file_read_text(path, thread->name, sizeof(thread->name));
	if (r < 0) {
		return r;
	}
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, (int)tid);
	r = takt_file_read_text(path, stat, sizeof(stat));
	if (r < 0) {
		return r;
	}
	thread->nice = (int)stat_field(stat, STAT_NICE);
	thread->last_cpu = (uint32_t)stat_field(stat, STAT_CPU);
	thread->policy = sched_getscheduler(tid);
	if (thread->policy >= 0) {
		thread->policy &= ~SCHED_RESET_ON_FORK;
	}
	thread->priority = sched_getparam(tid, &param) == 0 ? param.sched_priority : 0;
	read_cpus(tid, &thread->cpus);
	return 0;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	const long x = strtol((*a)->d_name, NULL, 10), y = strtol((*b)->d_name, NULL, 10);

	return x < y ? -1 : x > y;
}

static int only_numbers(const struct dirent *entry)
{
	return is_number(entry->d_name);
}

int takt_run_threads_visit(pid_t pid, void (*visit)(const struct takt_run_thread *thread, void *user),
			   void *user)
{
	char path[64], process[16];
	struct dirent **names;
	int count, r;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	r = takt_file_read_text(path, process, sizeof(process));
	if (r < 0) {
		return r == -ENOENT ? -ESRCH : r;
	}
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	count = scandir(path, &names, only_numbers, by_number);
	if (count < 0) {
		return errno == ENOENT ? -ESRCH : -errno;
	}
	for (int i = 0; i < count; i++) {
		struct takt_run_thread thread = { .pid = pid };

		memcpy(thread.process, process, sizeof(process));
		if (read_thread(pid, (pid_t)strtol(names[i]->d_name, NULL, 10), &thread) == 0) {
			visit(&thread, user);
		}
		free(names[i]);
	}
	free(names);
	return 0;
}

/* Whether process @pid has @file open. */
static bool has_open(const char *pid, const char *file)
{
	char path[PATH_MAX], target[PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, file) == 0;
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

static bool is_recorder(const char *pid)
{
	char path[64], name[16];

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	return takt_file_read_text(path, name, sizeof(name)) > 0 && strcmp(name, RECORDER_NAME) == 0;
}

pid_t takt_recorder_pid_find(const char *path)
{
	char region[PATH_MAX], control[PATH_MAX + 16];
	const struct dirent *entry;
	pid_t pid = 0;
	DIR *dir;

	if (!realpath(path, region)) {
		return 0;
	}
	snprintf(control, sizeof(control), "%s/control", region);
	dir = opendir("/proc");
	while (dir && pid == 0 && (entry = readdir(dir))) {
		if (is_number(entry->d_name) && is_recorder(entry->d_name) &&
		    has_open(entry->d_name, control)) {
			pid = (pid_t)strtol(entry->d_name, NULL, 10);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return pid;
}

const char *takt_policy_name(int policy)
{
	switch (policy) {
	case SCHED_OTHER:
		return "other";
	case SCHED_FIFO:
		return "fifo";
	case SCHED_RR:
		return "rr";
	case SCHED_BATCH:
		return "batch";
	case SCHED_IDLE:
		return "idle";
	case 6:
		return "deadline";
	default:
		return "unknown";
	}
}
