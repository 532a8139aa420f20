/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 5

void takt_request_address(int run_dir_fd, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", run_dir_fd,
		 TAKT_REQUEST_SOCKET);
}

static int open_connection(int run_dir_fd)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un address;
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0) {
		return -errno;
	}
	takt_request_address(run_dir_fd, &address);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = errno == ENOENT ? -ECONNREFUSED : -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int read_answer(const char *answer, struct takt_err *err)
{
	char *end;
	long code;

	if (strcmp(answer, "ok") == 0) {
		return 0;
	}
	if (strncmp(answer, "error ", 6) == 0) {
		code = strtol(answer + 6, &end, 10);
		if (code > 0 && code < 4096 && *end == ' ') {
			return takt_err_set(err, -(int)code, "%s", end + 1);
		}
	}
	return takt_err_set(err, -EPROTO, "taktd gave no answer that this takt knows; use the takt of the "
			    "same version");
}

static int exchange(int fd, const char *request, struct takt_err *err)
{
	char answer[TAKT_REQUEST_BYTES_MAX + 1];
	const size_t bytes = strlen(request);
	ssize_t n;

	if (bytes > TAKT_REQUEST_BYTES_MAX) {
		return takt_err_set(err, -E2BIG, "the request is longer than %u bytes",
				    TAKT_REQUEST_BYTES_MAX);
	}
	if (send(fd, request, bytes, MSG_NOSIGNAL) < 0) {
		return takt_err_set(err, -errno, "taktd does not take the request: %s", strerror(errno));
	}
	n = recv(fd, answer, sizeof(answer) - 1, 0);
	if (n <= 0) {
		return takt_err_set(err, n < 0 ? -errno : -ECONNRESET, "taktd does not answer: %s",
				    n == 0 ? "it has gone" : errno == EAGAIN ? "others keep it busy; try again"
									     : strerror(errno));
	}
	answer[n] = '\0';
	return read_answer(answer, err);
}

int takt_request_send(const char *run_dir, const char *request, struct takt_err *err)
{
	const int dir_fd = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, r;

	if (dir_fd < 0) {
		return takt_err_set(err, -errno, "%s: %s", run_dir, strerror(errno));
	}
	fd = open_connection(dir_fd);
	if (fd < 0) {
		r = takt_err_set(err, fd, fd == -ECONNREFUSED ? "no taktd runs for %s: start one, it takes "
				 "the request" : "%s: cannot reach taktd", run_dir);
	} else {
		r = exchange(fd, request, err);
		close(fd);
	}
	close(dir_fd);
	return r;
}
