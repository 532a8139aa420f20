/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/taktd_service.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rt/shm/region.h"

#define LOCK_NAME "taktd.lock"

int taktd_run_dir_open(const char *run_dir, struct takt_err *err)
{
	struct stat st;
	int fd, r = takt_run_dir_ensure(run_dir, err);

	if (r < 0) {
		return r;
	}
	fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = takt_err_set(err, -errno, "%s: %s", run_dir, strerror(errno));
	} else if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		r = takt_err_set(err, -EPERM,
				 "%s: must be ours and writable by nobody else (chmod 700), or use --run-dir",
				 run_dir);
	}
	if (r < 0 && fd >= 0) {
		close(fd);
	}
	return r < 0 ? r : fd;
}

static int set_lock(int lock_fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(lock_fd, F_OFD_SETLK, &lock) < 0) {
		return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
	}
	return 0;
}

int taktd_lock(int lock_fd)
{
	return set_lock(lock_fd, F_WRLCK);
}

void taktd_unlock(int lock_fd)
{
	set_lock(lock_fd, F_UNLCK);
}

int taktd_lock_open(int run_dir_fd, struct takt_err *err)
{
	const int fd = openat(run_dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : taktd_lock(fd);

	if (r == 0) {
		return fd;
	}
	if (fd >= 0) {
		close(fd);
	}
	return takt_err_set(err, r, "%s: %s", LOCK_NAME, strerror(-r));
}

void taktd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const size_t bytes = path ? strlen(path) : 0;
	int fd;

	if (bytes < 2 || bytes >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@')) {
		return;
	}
	memcpy(to.sun_path, path, bytes);
	if (to.sun_path[0] == '@') {
		to.sun_path[0] = '\0';
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		/* That nobody listens is no reason not to record. */
		(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes));
		close(fd);
	}
}
