/* SPDX-License-Identifier: Apache-2.0 */
/* pwrite and fdatasync, done when they are begun; direct and buffered differ in one open flag. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "logs/write/backend.h"

struct pwrite_backend {
	struct takt_backend base;
	bool is_direct;
	int fds[TAKT_BACKEND_SLOTS];
	struct takt_backend_done done[2];	/* one write and one sync */
	uint32_t done_count;
};

static struct pwrite_backend *self_of(struct takt_backend *backend)
{
	return (struct pwrite_backend *)backend;
}

static int pwrite_open(struct takt_backend *backend, int dir_fd, const char *name)
{
	return takt_backend_open_new(dir_fd, name, self_of(backend)->is_direct);
}

static int pwrite_start(struct takt_backend *backend)
{
	(void)backend;
	return 0;
}

static int pwrite_use(struct takt_backend *backend, uint32_t slot, int fd)
{
	TAKT_CHECK(slot < TAKT_BACKEND_SLOTS);
	self_of(backend)->fds[slot] = fd;
	return 0;
}

static void put_done(struct pwrite_backend *self, uint64_t cookie, ssize_t result)
{
	self->done[self->done_count++] = (struct takt_backend_done){
		.cookie = cookie, .result = result < 0 ? -errno : (int32_t)result,
	};
}

static int pwrite_write(struct takt_backend *backend, uint32_t slot, const void *buffer,
			uint32_t bytes, uint64_t offset, uint64_t cookie)
{
	struct pwrite_backend *self = self_of(backend);
	ssize_t n;

	if (self->done_count == 2) {
		return -EAGAIN;
	}
	n = pwrite(self->fds[slot], buffer, bytes, (off_t)offset);
	put_done(self, cookie, n);
	return 0;
}

static int pwrite_sync(struct takt_backend *backend, uint32_t slot, uint64_t cookie)
{
	struct pwrite_backend *self = self_of(backend);
	int r;

	if (self->done_count == 2) {
		return -EAGAIN;
	}
	r = fdatasync(self->fds[slot]);
	put_done(self, cookie, r);
	return 0;
}

static int pwrite_reap(struct takt_backend *backend, struct takt_backend_done *ret_done, uint32_t max,
		       uint64_t wait_ns)
{
	struct pwrite_backend *self = self_of(backend);
	uint32_t n = 0;

	(void)wait_ns;
	while (n < max && n < self->done_count) {
		ret_done[n] = self->done[n];
		n++;
	}
	if (n == 1 && self->done_count == 2) {
		self->done[0] = self->done[1];
	}
	self->done_count -= n;
	return (int)n;
}

static void pwrite_destroy(struct takt_backend *backend)
{
	free(backend);
}

static const struct takt_backend_ops pwrite_ops = {
	.open = pwrite_open,
	.start = pwrite_start,
	.use = pwrite_use,
	.write = pwrite_write,
	.sync = pwrite_sync,
	.reap = pwrite_reap,
	.destroy = pwrite_destroy,
};

static int create(const char *name, bool is_direct, struct takt_backend **ret_backend)
{
	struct pwrite_backend *self = calloc(1, sizeof(*self));

	if (!self) {
		return -ENOMEM;
	}
	self->base = (struct takt_backend){ .ops = &pwrite_ops, .name = name, .depth = 1 };
	self->is_direct = is_direct;
	*ret_backend = &self->base;
	return 0;
}

int takt_backend_direct_create(struct takt_backend **ret_backend)
{
	return create("pwrite direct", true, ret_backend);
}

int takt_backend_buffered_create(struct takt_backend **ret_backend)
{
	return create("pwrite buffered", false, ret_backend);
}
