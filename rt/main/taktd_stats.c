/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/taktd_stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <takt/log.h>

#include "logs/write/segment_files.h"

#define DIRECTORIES 64u
#define LOOK_AGAIN_S 2
#define STACK_BYTES (512u << 10)
#define NICE_LEAST 19
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

struct place {
	char path[PATH_MAX];		/* "" when it is free */
	uint32_t done;			/* segments up to this number need no look any more */
};

struct taktd_stats {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t news;		/* CLOCK_MONOTONIC */
	_Atomic bool is_stopping;
	struct place places[DIRECTORIES];	/* paths: under the mutex; done: the thread's */
};

static int goes_on(void *user)
{
	const struct taktd_stats *stats = user;

	return !atomic_load_explicit(&stats->is_stopping, memory_order_relaxed);
}

/* The next segment of @dir behind number @done; 0: there is none. */
static uint32_t find_next(const char *path, uint32_t done, char *ret_name, size_t name_bytes)
{
	uint32_t next = 0;
	DIR *dir = opendir(path);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		const char *rest = "";
		const uint32_t number = takt_segment_file_number(e->d_name, &rest);

		if (number > done && *rest == '\0' && (next == 0 || number < next)) {
			next = number;
			snprintf(ret_name, name_bytes, "%s", e->d_name);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return next;
}

static bool is_locked(const char *path, const char *name)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool is = fd >= 0 && takt_segment_file_is_locked(fd, name);

	if (fd >= 0) {
		close(fd);
	}
	return is;
}

/* What we have read nobody else may need: the page cache is not for us. */
static void forget_pages(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
}

/* Returns false when a segment of @path is still written: look again later. */
static bool make_in(struct taktd_stats *stats, const char *path, uint32_t *done)
{
	char name[NAME_MAX + 1], file[PATH_MAX + NAME_MAX + 2];
	uint32_t number;

	while (goes_on(stats) && (number = find_next(path, *done, name, sizeof(name))) > 0) {
		if (is_locked(path, name)) {
			return false;
		}
		snprintf(file, sizeof(file), "%s/%s", path, name);
		/* It failed: the disk is full, or it is damaged. It is a cache. */
		if (takt_log_stats_make(file, goes_on, stats, NULL) != 0) {
			forget_pages(file);
		}
		*done = number;
	}
	return true;
}

static void be_modest(void)
{
	const struct sched_param none = { 0 };

	pthread_setname_np(pthread_self(), "takt-stats");
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_LEAST);
	pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

static void *run(void *user)
{
	struct taktd_stats *stats = user;
	char path[PATH_MAX];

	be_modest();
	pthread_mutex_lock(&stats->mutex);
	while (goes_on(stats)) {
		struct timespec until;

		for (uint32_t i = 0; i < DIRECTORIES && goes_on(stats); i++) {
			struct place *place = &stats->places[i];
			bool is_over;

			if (place->path[0] == '\0') {
				continue;
			}
			memcpy(path, place->path, sizeof(path));
			pthread_mutex_unlock(&stats->mutex);
			is_over = make_in(stats, path, &place->done);
			pthread_mutex_lock(&stats->mutex);
			if (is_over) {
				place->path[0] = '\0';
			}
		}
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += LOOK_AGAIN_S;
		if (goes_on(stats)) {
			pthread_cond_timedwait(&stats->news, &stats->mutex, &until);
		}
	}
	pthread_mutex_unlock(&stats->mutex);
	return NULL;
}

void taktd_stats_put(struct taktd_stats *stats, const char *directory)
{
	struct place *place = NULL;

	if (!stats || directory[0] == '\0' || strlen(directory) >= sizeof(place->path)) {
		return;
	}
	pthread_mutex_lock(&stats->mutex);
	for (uint32_t i = 0; i < DIRECTORIES; i++) {
		if (strcmp(stats->places[i].path, directory) == 0) {
			place = NULL;
			break;
		}
		if (!place && stats->places[i].path[0] == '\0') {
			place = &stats->places[i];
		}
	}
	if (place) {
		snprintf(place->path, sizeof(place->path), "%s", directory);
		place->done = 0;
	}
	pthread_cond_signal(&stats->news);
	pthread_mutex_unlock(&stats->mutex);
}

static int start_thread(struct taktd_stats *stats)
{
	pthread_condattr_t condattr;
	pthread_attr_t attr;
	sigset_t all, before;
	int r;

	pthread_mutex_init(&stats->mutex, NULL);
	pthread_condattr_init(&condattr);
	pthread_condattr_setclock(&condattr, CLOCK_MONOTONIC);
	pthread_cond_init(&stats->news, &condattr);
	pthread_condattr_destroy(&condattr);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&stats->thread, &attr, run, stats);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

int taktd_stats_start(struct taktd_stats **ret_stats, struct takt_err *err)
{
	struct taktd_stats *stats = calloc(1, sizeof(*stats));
	int r;

	if (!stats) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	r = start_thread(stats);
	if (r < 0) {
		free(stats);
		return takt_err_set(err, r, "cannot start the thread for statistics: %s", strerror(-r));
	}
	*ret_stats = stats;
	return 0;
}

void taktd_stats_stop(struct taktd_stats *stats)
{
	if (!stats) {
		return;
	}
	pthread_mutex_lock(&stats->mutex);
	atomic_store_explicit(&stats->is_stopping, true, memory_order_relaxed);
	pthread_cond_signal(&stats->news);
	pthread_mutex_unlock(&stats->mutex);
	pthread_join(stats->thread, NULL);
	pthread_cond_destroy(&stats->news);
	pthread_mutex_destroy(&stats->mutex);
	free(stats);
}
