/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/rundir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/write/segment.h"
#include "rt/base/file.h"

#define NUMBER_MAX 999999999u
#define LOCK_TRIES 100u
#define LOCK_STEP_US 10000u
#define RUN_DIGITS 16u

/* Digits at the start of @name, then @behind: the number, 0 when it is not of this form. */
static uint32_t parse_number(const char *name, const char *behind, const char **ret_rest)
{
	const size_t digits = strspn(name, "0123456789");
	const size_t behind_bytes = strlen(behind);

	if (digits < 4 || digits > 9 || strncmp(name + digits, behind, behind_bytes) != 0) {
		return 0;
	}
	if (ret_rest) {
		*ret_rest = name + digits + behind_bytes;
	}
	return (uint32_t)strtoul(name, NULL, 10);
}

/* Put the names of @path and of all that is above it on stable storage, as far as we may look there. Also what
 * stood before may have been made a moment ago, by one who died before he synced it. */
static void sync_names(const char *path)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	while ((slash = strrchr(dir, '/')) != NULL && dir[1] != '\0') {
		int fd;

		slash[slash == dir ? 1 : 0] = '\0';
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			fsync(fd);
			close(fd);
		}
	}
}

static int open_log_dir(const char *log_dir, struct takt_err *err)
{
	int fd, r;

	if (log_dir[0] != '/' || strlen(log_dir) >= PATH_MAX) {
		return takt_err_set(err, -EINVAL, "log directory '%.200s' is not an absolute path",
				    log_dir);
	}
	r = takt_file_mkdirs(log_dir, 0755);
	fd = r < 0 ? -1 : open(log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = r < 0 ? r : -errno;
		return takt_err_set(err, r, "cannot use the log directory %s: %s; "
				    "make it writable or set logging.dir", log_dir, strerror(-r));
	}
	sync_names(log_dir);
	return fd;
}

/* So that two taktd do not count one number twice. Names differ by the run id in any case, so a lock that
 * is not to be had is no reason to stop. */
static void lock_dir(int fd)
{
	for (uint32_t i = 0; i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			return;
		}
		usleep(LOCK_STEP_US);
	}
}

static bool is_of_run(const char *rest, const char *run_text)
{
	const size_t bytes = strlen(rest);

	return bytes > RUN_DIGITS + 1 && rest[bytes - RUN_DIGITS - 1] == '-' &&
	       strcmp(rest + bytes - RUN_DIGITS, run_text) == 0;
}

/* Highest number in the log directory; the name of the run's directory when there is one. */
static int scan_runs(int log_fd, const char *run_text, uint32_t *ret_highest, char *ret_name,
		     uint32_t name_bytes)
{
	const int fd = openat(log_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint32_t highest = 0;

	if (!dir) {
		const int r = -errno;

		if (fd >= 0) {
			close(fd);
		}
		return r;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		const char *rest;
		const uint32_t number = parse_number(e->d_name, "-", &rest);

		if (number > highest && number < NUMBER_MAX) {
			highest = number;
		}
		if (number > 0 && is_of_run(rest, run_text)) {
			snprintf(ret_name, name_bytes, "%s", e->d_name);
		}
	}
	closedir(dir);
	*ret_highest = highest;
	return 0;
}

/* What may stand in a file name of ours, whatever the region says. */
static void clean_name(const char *graph, char *out, size_t out_bytes)
{
	size_t i = 0;

	for (; graph[i] && i < out_bytes - 1; i++) {
		const unsigned char c = (unsigned char)graph[i];

		out[i] = isalnum(c) || c == '_' || c == '-' || (c == '.' && i > 0) ? (char)c : '_';
	}
	out[i] = '\0';
}

static int make_run(int log_fd, const char *graph, const char *run_text, uint32_t highest,
		    char *ret_name, uint32_t name_bytes)
{
	char clean[65];

	clean_name(graph, clean, sizeof(clean));
	do {
		snprintf(ret_name, name_bytes, "%04u-%s-%s", ++highest, clean, run_text);
		if (mkdirat(log_fd, ret_name, 0755) == 0) {
			return 0;
		}
	} while (errno == EEXIST && highest < NUMBER_MAX);
	return -errno;
}

struct segment_name {
	const char *name;
	uint32_t number;
	bool is_new;		/* not finished */
};

static int scan_segments(int dir_fd, int (*visit)(int dir_fd, const struct segment_name *segment,
						  void *user), void *user)
{
	const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = -errno;
		if (fd >= 0) {
			close(fd);
		}
		return r;
	}
	for (const struct dirent *e = readdir(dir); e && r == 0; e = readdir(dir)) {
		const char *rest;
		struct segment_name segment = {
			.name = e->d_name,
			.number = parse_number(e->d_name, TAKT_SEGMENT_SUFFIX, &rest),
		};

		segment.is_new = segment.number > 0 && strcmp(rest, TAKT_SEGMENT_NEW_SUFFIX) == 0;
		if (segment.number > 0 && (segment.is_new || *rest == '\0')) {
			r = visit(dir_fd, &segment, user);
		}
	}
	closedir(dir);
	return r;
}

static int visit_highest(int dir_fd, const struct segment_name *segment, void *user)
{
	uint32_t *highest = user;

	(void)dir_fd;
	if (segment->number > *highest) {
		*highest = segment->number;
	}
	return 0;
}

int takt_rundir_open(const char *log_dir, const char *graph, uint64_t run,
		     struct takt_rundir *ret_rundir, struct takt_err *err)
{
	const int log_fd = open_log_dir(log_dir, err);
	struct takt_rundir rundir = { .fd = -1 };
	char name[NAME_MAX + 1] = "", run_text[RUN_DIGITS + 1];
	uint32_t highest = 0;
	int r;

	if (log_fd < 0) {
		return log_fd;
	}
	snprintf(run_text, sizeof(run_text), "%016" PRIx64, run);
	lock_dir(log_fd);
	r = scan_runs(log_fd, run_text, &highest, name, sizeof(name));
	if (r == 0 && name[0] == '\0') {
		r = make_run(log_fd, graph, run_text, highest, name, sizeof(name));
	}
	if (r == 0 && fsync(log_fd) < 0) {
		r = -errno;
	}
	if (r == 0 && snprintf(rundir.path, sizeof(rundir.path), "%s/%s", log_dir, name) >=
			      (int)sizeof(rundir.path)) {
		r = -ENAMETOOLONG;
	}
	if (r == 0) {
		rundir.fd = openat(log_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		r = rundir.fd < 0 ? -errno : 0;
	}
	close(log_fd);
	highest = 0;
	if (r == 0) {
		r = scan_segments(rundir.fd, visit_highest, &highest);
	}
	if (r < 0) {
		takt_rundir_close(&rundir);
		return takt_err_set(err, r, "cannot make a directory for the run in %s: %s; "
				    "make it writable or set logging.dir", log_dir, strerror(-r));
	}
	rundir.next_segment = highest + 1;
	*ret_rundir = rundir;
	return 0;
}

void takt_rundir_close(struct takt_rundir *rundir)
{
	if (rundir->fd >= 0) {
		close(rundir->fd);
	}
	rundir->fd = -1;
}

struct trimming {
	uint32_t below;
	int busy;
};

static int visit_trim(int dir_fd, const struct segment_name *segment, void *user)
{
	struct trimming *trimming = user;

	if (segment->number < trimming->below &&
	    (segment->is_new ? takt_segment_remove_new(dir_fd, segment->name)
			     : takt_segment_trim(dir_fd, segment->name)) == -EBUSY) {
		trimming->busy++;
	}
	return 0;
}

int takt_rundir_trim(const struct takt_rundir *rundir, uint32_t below)
{
	struct trimming trimming = { .below = below };
	const int r = scan_segments(rundir->fd, visit_trim, &trimming);

	return r < 0 ? r : trimming.busy;
}
