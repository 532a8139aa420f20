/* SPDX-License-Identifier: Apache-2.0 */
/* Which backend: asked for, or the best that a trial write from the arena shows to work. */
#include "logs/write/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "rt/shm/chunk.h"

#define PROBE_NAME ".takt-probe"

/* One O_DIRECT write of the arena's own memory: file system, device and page kind all have a say.
 * Returns 0, or -errno when O_DIRECT is refused; errors that buffered writes would meet too count as 0. */
static int probe_direct(const struct takt_backend_spec *spec)
{
	ssize_t n;
	int fd, r = 0;

	unlinkat(spec->dir_fd, PROBE_NAME, 0);
	fd = openat(spec->dir_fd, PROBE_NAME,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_DIRECT, 0600);
	if (fd < 0) {
		r = errno == EINVAL || errno == EOPNOTSUPP ? -errno : 0;
	} else {
		n = pwrite(fd, spec->arena, TAKT_BLOCK_BYTES, 0);
		r = n < 0 && errno != ENOSPC && errno != EDQUOT && errno != EFBIG ? -errno : 0;
		close(fd);
	}
	unlinkat(spec->dir_fd, PROBE_NAME, 0);
	return r;
}

static void say(char *why, uint32_t why_bytes, const char *text)
{
	const size_t used = strlen(why);

	snprintf(why + used, why_bytes - used, "%s%s", used ? "; " : "", text);
}

static int create_auto(const struct takt_backend_spec *spec, struct takt_backend **ret_backend,
		       char *why, uint32_t why_bytes)
{
	struct takt_err reason = { 0 };
	char text[160];
	int r;

	r = probe_direct(spec);
	if (r < 0) {
		snprintf(text, sizeof(text),
			 "direct writes are refused here (%s), recording goes through the page cache",
			 strerror(-r));
		say(why, why_bytes, text);
		return takt_backend_buffered_create(ret_backend);
	}
	if (takt_backend_uring_create(spec, ret_backend, &reason) == 0) {
		if (reason.code != 0) {
			say(why, why_bytes, reason.text);
		}
		return 0;
	}
	say(why, why_bytes, reason.text);
	say(why, why_bytes, "recording with pwrite");
	return takt_backend_direct_create(ret_backend);
}

int takt_backend_create(const struct takt_backend_spec *spec, struct takt_backend **ret_backend,
			char *ret_why, uint32_t why_bytes, struct takt_err *err)
{
	struct takt_err reason = { 0 };
	int r;

	TAKT_CHECK(why_bytes > 0);
	ret_why[0] = '\0';
	switch (spec->kind) {
	case TAKT_BACKEND_URING:
		r = takt_backend_uring_create(spec, ret_backend, &reason);
		if (r < 0) {
			return takt_err_set(err, r, "%s", reason.text);
		}
		say(ret_why, why_bytes, reason.text);
		return 0;
	case TAKT_BACKEND_DIRECT:
		r = probe_direct(spec);
		if (r < 0) {
			return takt_err_set(err, r, "direct writes are refused here: %s",
					    strerror(-r));
		}
		r = takt_backend_direct_create(ret_backend);
		break;
	case TAKT_BACKEND_BUFFERED:
		r = takt_backend_buffered_create(ret_backend);
		break;
	case TAKT_BACKEND_AUTO:
	default:
		r = create_auto(spec, ret_backend, ret_why, why_bytes);
		break;
	}
	return r < 0 ? takt_err_set(err, r, "out of memory") : 0;
}

int takt_backend_open_new(int dir_fd, const char *name, bool direct)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags | (direct ? O_DIRECT : 0), 0644);

	if (fd < 0 && errno == EINVAL && direct) {
		unlinkat(dir_fd, name, 0);	/* it was made before O_DIRECT was refused */
		fd = openat(dir_fd, name, flags, 0644);
	}
	return fd < 0 ? -errno : fd;
}

int takt_backend_parse_kind(const char *text, enum takt_backend_kind *ret_kind)
{
	static const char *const names[] = { "auto", "uring", "direct", "buffered" };

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret_kind = (enum takt_backend_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}
