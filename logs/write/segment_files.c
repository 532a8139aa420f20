/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/segment_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "logs/write/segment.h"
#include "rt/shm/carried.h"

/* What stands beside the segments about those that are deleted. */
static const char *const notes[] = { TAKT_SEGMENTS_REMOVED, TAKT_CARRIED_FILE,
				     TAKT_CARRIED_FILE TAKT_CARRIED_NEW_SUFFIX };

static bool is_note(const char *name)
{
	for (uint32_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (strcmp(name, notes[i]) == 0) {
			return true;
		}
	}
	return false;
}

uint32_t takt_segment_file_number(const char *name, const char **ret_rest)
{
	const size_t digits = strspn(name, "0123456789");
	const size_t suffix = strlen(TAKT_SEGMENT_SUFFIX);
	const char *rest = name + digits + suffix;

	if (digits < 4 || digits > 9 || strncmp(name + digits, TAKT_SEGMENT_SUFFIX, suffix) != 0 ||
	    (*rest != '\0' && *rest != '.')) {
		return 0;
	}
	if (ret_rest) {
		*ret_rest = rest;
	}
	return (uint32_t)strtoul(name, NULL, 10);
}

bool takt_segment_file_is_locked(int dir_fd, const char *name)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool is_locked;

	if (fd < 0) {
		return false;
	}
	is_locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return is_locked;
}

static int keep_name(const char *name, char *out, size_t out_bytes)
{
	return snprintf(out, out_bytes, "%s" TAKT_SEGMENT_KEEP_SUFFIX, name) < (int)out_bytes
		       ? 0 : -ENAMETOOLONG;
}

bool takt_segment_file_is_kept(int dir_fd, const char *name)
{
	char keep[NAME_MAX + 1];

	return keep_name(name, keep, sizeof(keep)) == 0 &&
	       faccessat(dir_fd, keep, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int takt_segment_file_keep(int dir_fd, const char *name, bool is_kept)
{
	char keep[NAME_MAX + 1];
	int r = keep_name(name, keep, sizeof(keep));
	int fd;

	if (r == 0 && !is_kept) {
		return unlinkat(dir_fd, keep, 0) < 0 && errno != ENOENT ? -errno : 0;
	}
	/* Retention holds this lock while it looks for the mark and deletes. */
	if (r == 0 && flock(dir_fd, LOCK_EX) < 0 && errno == EINTR) {
		r = -EINTR;
	}
	fd = r < 0 ? -1 : openat(dir_fd, keep, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
				    0644);
	if (fd < 0) {
		r = r < 0 ? r : -errno;
		flock(dir_fd, LOCK_UN);
		return r;
	}
	r = fsync(fd) < 0 || fsync(dir_fd) < 0 ? -errno : 0;
	close(fd);
	if (faccessat(dir_fd, name, F_OK, 0) < 0) {
		r = -errno;
		unlinkat(dir_fd, keep, 0);
	}
	flock(dir_fd, LOCK_UN);
	return r;
}

/* Visit every file of takt's in the directory; stop when it returns non-zero. */
static int scan(int dir_fd, int (*visit)(int dir_fd, const char *name, uint32_t number, void *user),
		void *user)
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
		const uint32_t number = takt_segment_file_number(e->d_name, NULL);

		if (number > 0 || is_note(e->d_name)) {
			r = visit(dir_fd, e->d_name, number, user);
		}
	}
	closedir(dir);
	return r;
}

static int delete_file(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int delete_beside(int dir_fd, const char *name, uint32_t number, void *user)
{
	const uint32_t *wanted = user;
	const char *rest = "";

	if (number != *wanted || takt_segment_file_number(name, &rest) == 0 || *rest == '\0') {
		return 0;
	}
	return delete_file(dir_fd, name);
}

int takt_segment_file_delete(int dir_fd, const char *name)
{
	uint32_t number = takt_segment_file_number(name, NULL);

	if (unlinkat(dir_fd, name, 0) < 0) {
		return -errno;
	}
	return scan(dir_fd, delete_beside, &number);
}

int takt_segment_file_note_removed(int dir_fd, uint32_t number)
{
	const int fd = openat(dir_fd, TAKT_SEGMENTS_REMOVED,
			      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	int r = fd < 0 ? -errno : 0;

	if (fd >= 0) {
		r = dprintf(fd, "%04u\n", number) < 0 ? -errno : 0;
		close(fd);
	}
	return r;
}

void takt_segment_file_delete_notes(int dir_fd)
{
	for (uint32_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		unlinkat(dir_fd, notes[i], 0);
	}
}

static int find_locked(int dir_fd, const char *name, uint32_t number, void *user)
{
	(void)user;
	return number > 0 && takt_segment_file_is_locked(dir_fd, name) ? -EBUSY : 0;
}

static int delete_any(int dir_fd, const char *name, uint32_t number, void *user)
{
	(void)number;
	(void)user;
	return delete_file(dir_fd, name);
}

int takt_run_files_delete(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0) {
		return -errno;
	}
	r = scan(fd, find_locked, NULL);
	if (r == 0) {
		r = scan(fd, delete_any, NULL);
	}
	close(fd);
	if (r == 0 && rmdir(path) < 0) {
		r = errno == EEXIST ? -ENOTEMPTY : -errno;
	}
	return r;
}
