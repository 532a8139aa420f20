/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/os/cpus.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/base/cpulist.h"
#include "rt/base/file.h"

#define CPUS_MAX CPU_SETSIZE

/* The kernel's isolated CPUs; none when it does not say. */
static void read_isolated(cpu_set_t *ret_cpus)
{
	char text[TAKT_CPULIST_TEXT_BYTES];
	struct takt_cpulist list;

	CPU_ZERO(ret_cpus);
	if (takt_file_read_text("/sys/devices/system/cpu/isolated", text, sizeof(text)) <= 0 ||
	    takt_cpulist_parse(text, &list, NULL) < 0) {
		return;
	}
	for (uint32_t cpu = takt_cpulist_next(&list, 0); cpu < CPUS_MAX;
	     cpu = takt_cpulist_next(&list, cpu + 1)) {
		CPU_SET(cpu, ret_cpus);
	}
}

static int lock_cpu(const char *run_dir, const char *owner, int cpu, char *ret_holder,
		    size_t holder_bytes)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char path[PATH_MAX];
	ssize_t n;
	int fd, r;

	if (snprintf(path, sizeof(path), "%s/cpus/%d", run_dir, cpu) >= (int)sizeof(path)) {
		return -ENAMETOOLONG;
	}
	snprintf(path, sizeof(path), "%s/cpus", run_dir);
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		return -errno;
	}
	snprintf(path, sizeof(path), "%s/cpus/%d", run_dir, cpu);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return -errno;
	}
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		r = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
		n = read(fd, ret_holder, holder_bytes - 1);
		ret_holder[n > 0 ? n : 0] = '\0';
		close(fd);
		return r;
	}
	if (ftruncate(fd, 0) < 0 || write(fd, owner, strlen(owner)) < 0) {
		ret_holder[0] = '\0';	/* the name is for people only */
	}
	return fd;
}

static int read_usable(cpu_set_t *ret_usable, cpu_set_t *ret_isolated, struct takt_err *err)
{
	read_isolated(ret_isolated);
	if (sched_getaffinity(0, sizeof(*ret_usable), ret_usable) < 0) {
		return takt_err_set(err, -errno, "sched_getaffinity: %s", strerror(errno));
	}
	CPU_OR(ret_usable, ret_usable, ret_isolated);
	return 0;
}

int takt_cpu_check(int cpu, struct takt_err *err)
{
	struct takt_cpulist list = { 0 };
	char text[TAKT_CPULIST_TEXT_BYTES];
	cpu_set_t usable, isolated;
	int r = read_usable(&usable, &isolated, err);

	if (r < 0 || (cpu < CPUS_MAX && CPU_ISSET((size_t)cpu, &usable))) {
		return r;
	}
	for (uint32_t i = 0; i < CPUS_MAX; i++) {
		if (CPU_ISSET(i, &usable)) {
			takt_cpulist_add(&list, i);
		}
	}
	takt_cpulist_format(&list, text, sizeof(text));
	return takt_err_set(err, -EINVAL, "CPU %d does not exist or is not ours to use: there is %.200s; see "
			    "`nproc` and the unit's AllowedCPUs", cpu, text);
}

static int claim_wanted(const char *run_dir, const char *owner, int cpu,
			struct takt_cpu_claim *claim, struct takt_err *err)
{
	char holder[128];
	int fd;

	if (takt_cpu_check(cpu, err) < 0) {
		return -EINVAL;
	}
	fd = lock_cpu(run_dir, owner, cpu, holder, sizeof(holder));
	if (fd == -EBUSY) {
		return takt_err_set(err, -EBUSY,
				    "CPU %d is taken by the graph `%s`; choose another in "
				    "runtime.cpus, or `cpus: auto`", cpu, holder[0] ? holder : "?");
	}
	claim->cpu = cpu;
	claim->lock_fd = fd;	/* < 0: no lock to be had, the CPU is used all the same */
	return 0;
}

int takt_cpu_claim(const char *run_dir, const char *owner, int cpu,
		   struct takt_cpu_claim *ret_claim, struct takt_err *err)
{
	struct takt_cpu_claim claim = { -1, false, -1 };
	cpu_set_t usable, isolated;
	char holder[128];
	int r = 0;

	r = read_usable(&usable, &isolated, err);
	if (r < 0) {
		return r;
	}
	if (cpu >= 0) {
		r = claim_wanted(run_dir, owner, cpu, &claim, err);
	}
	for (int pass = 0; cpu < 0 && claim.cpu < 0 && pass < 2; pass++) {
		for (int c = CPUS_MAX - 1; c >= 0 && claim.cpu < 0; c--) {
			const bool candidate = pass == 0 ? CPU_ISSET((size_t)c, &isolated)
							 : CPU_ISSET((size_t)c, &usable);

			if (candidate && (claim.lock_fd = lock_cpu(run_dir, owner, c, holder,
								   sizeof(holder))) != -EBUSY) {
				claim.cpu = c;
			}
		}
	}
	if (r == 0) {
		claim.isolated = claim.cpu >= 0 && CPU_ISSET((size_t)claim.cpu, &isolated);
		*ret_claim = claim;
	}
	return r;
}

void takt_cpu_release(struct takt_cpu_claim *claim)
{
	if (claim->lock_fd >= 0) {
		close(claim->lock_fd);
		claim->lock_fd = -1;
	}
}

void takt_cpu_avoid(int cpu)
{
	cpu_set_t cpus;

	if (cpu < 0 || sched_getaffinity(0, sizeof(cpus), &cpus) < 0) {
		return;
	}
	CPU_CLR((size_t)cpu, &cpus);
	if (CPU_COUNT(&cpus) > 0) {
		sched_setaffinity(0, sizeof(cpus), &cpus);
	}
}

int takt_cpu_stay_awake(void)
{
	const int fd = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
	const int32_t latency_us = 0;

	if (fd < 0) {
		return -errno;
	}
	if (write(fd, &latency_us, sizeof(latency_us)) != sizeof(latency_us)) {
		close(fd);
		return -EIO;
	}
	return fd;
}
