/* SPDX-License-Identifier: Apache-2.0 */
/* io_uring. The ring is made disabled on the set-up thread, where memory is mapped and pinned, and enabled by
 * the writer thread: with SINGLE_ISSUER only that one may then use it. What an older kernel lacks (ring
 * flags, registered files) or a limit forbids (registered memory) is gone without. */
#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "logs/write/backend.h"

#define ENTRIES 16u
#define BUFFER_BYTES_MAX (1ull << 30)	/* the kernel's limit for one registered buffer */
#define BUFFERS_MAX 64u
#define COOKIE_NONE UINT64_MAX		/* of the start's no-op */

struct uring_backend {
	struct takt_backend base;
	struct io_uring ring;
	const char *arena;
	uint64_t arena_bytes;
	uint32_t in_flight;
	bool has_buffers;
	bool has_files;
	int fds[TAKT_BACKEND_SLOTS];
};

static struct uring_backend *self_of(struct takt_backend *backend)
{
	return (struct uring_backend *)backend;
}

static int uring_open(struct takt_backend *backend, int dir_fd, const char *name)
{
	(void)backend;
	return takt_backend_open_new(dir_fd, name, true);
}

/* Kernel workers (for writes that would block) stay on the CPUs of the writer thread. The kernel knows this
 * thread only after its first request. */
static void tame_workers(struct uring_backend *self)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	struct __kernel_timespec timeout = { .tv_sec = 1, .tv_nsec = 0 };
	struct io_uring_cqe *cqe = NULL;
	cpu_set_t cpus;

	if (!sqe) {
		return;
	}
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, COOKIE_NONE);
	if (io_uring_submit_and_wait_timeout(&self->ring, &cqe, 1, &timeout, NULL) >= 0 &&
	    io_uring_peek_cqe(&self->ring, &cqe) == 0) {
		io_uring_cqe_seen(&self->ring, cqe);
	}
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
		io_uring_register_iowq_aff(&self->ring, sizeof(cpus), &cpus);
	}
}

static int uring_start(struct takt_backend *backend)
{
	struct uring_backend *self = self_of(backend);
	const int r = io_uring_register((unsigned)self->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS,
					NULL, 0);

	if (r < 0) {
		return r;
	}
	tame_workers(self);
	return 0;
}

static int uring_use(struct takt_backend *backend, uint32_t slot, int fd)
{
	struct uring_backend *self = self_of(backend);
	int r;

	TAKT_CHECK(slot < TAKT_BACKEND_SLOTS);
	self->fds[slot] = fd;
	if (!self->has_files) {
		return 0;
	}
	r = io_uring_register_files_update(&self->ring, slot, &fd, 1);
	return r < 0 ? r : 0;
}

static void set_file(const struct uring_backend *self, struct io_uring_sqe *sqe, uint32_t slot,
		     uint64_t cookie)
{
	sqe->fd = self->has_files ? (int)slot : self->fds[slot];
	if (self->has_files) {
		io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	}
	io_uring_sqe_set_data64(sqe, cookie);
}

static int uring_write(struct takt_backend *backend, uint32_t slot, const void *buffer,
		       uint32_t bytes, uint64_t offset, uint64_t cookie)
{
	struct uring_backend *self = self_of(backend);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
	const uint64_t at = (uint64_t)((const char *)buffer - self->arena);
	const bool is_fixed = self->has_buffers && (const char *)buffer >= self->arena &&
			      at + bytes <= self->arena_bytes &&
			      at / BUFFER_BYTES_MAX == (at + bytes - 1) / BUFFER_BYTES_MAX;

	if (!sqe) {
		return -EAGAIN;
	}
	if (is_fixed) {
		io_uring_prep_write_fixed(sqe, 0, buffer, bytes, offset,
					  (int)(at / BUFFER_BYTES_MAX));
	} else {
		io_uring_prep_write(sqe, 0, buffer, bytes, offset);
	}
	set_file(self, sqe, slot, cookie);
	self->in_flight++;
	return 0;
}

static int uring_sync(struct takt_backend *backend, uint32_t slot, uint64_t cookie)
{
	struct uring_backend *self = self_of(backend);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);

	if (!sqe) {
		return -EAGAIN;
	}
	io_uring_prep_fsync(sqe, 0, IORING_FSYNC_DATASYNC);
	set_file(self, sqe, slot, cookie);
	self->in_flight++;
	return 0;
}

/* Errors that mean "later": the next call submits what is left. */
static bool is_passing(int error)
{
	return error == -ETIME || error == -EINTR || error == -EAGAIN || error == -EBUSY;
}

static int uring_reap(struct takt_backend *backend, struct takt_backend_done *ret_done, uint32_t max,
		      uint64_t wait_ns)
{
	struct uring_backend *self = self_of(backend);
	struct __kernel_timespec timeout = { .tv_sec = (long long)(wait_ns / 1000000000u),
					     .tv_nsec = (long long)(wait_ns % 1000000000u) };
	struct io_uring_cqe *cqe = NULL;
	uint32_t n = 0;
	int r;

	if (self->in_flight == 0) {
		return 0;
	}
	if (wait_ns > 0) {
		r = io_uring_submit_and_wait_timeout(&self->ring, &cqe, 1, &timeout, NULL);
	} else {
		r = io_uring_submit_and_get_events(&self->ring);
	}
	if (r < 0 && !is_passing(r)) {
		return r;
	}
	while (n < max && io_uring_peek_cqe(&self->ring, &cqe) == 0) {
		if (cqe->user_data != COOKIE_NONE) {
			ret_done[n++] = (struct takt_backend_done){ cqe->user_data, cqe->res };
			self->in_flight--;
		}
		io_uring_cqe_seen(&self->ring, cqe);
	}
	return (int)n;
}

static void uring_destroy(struct takt_backend *backend)
{
	io_uring_queue_exit(&self_of(backend)->ring);
	free(backend);
}

static const struct takt_backend_ops uring_ops = {
	.open = uring_open,
	.start = uring_start,
	.use = uring_use,
	.write = uring_write,
	.sync = uring_sync,
	.reap = uring_reap,
	.destroy = uring_destroy,
};

static int make_ring(struct io_uring *ring)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,	/* 6.1 */
		IORING_SETUP_COOP_TASKRUN,					/* 5.19 */
		0,
	};
	int r = -EINVAL;

	for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && r == -EINVAL; i++) {
		r = io_uring_queue_init(ENTRIES, ring, flags[i] | IORING_SETUP_R_DISABLED);
	}
	return r;
}

static int register_arena(struct uring_backend *self, const struct takt_backend_spec *spec)
{
	struct iovec pieces[BUFFERS_MAX];
	uint32_t n = 0;

	for (uint64_t at = 0; at < spec->arena_bytes && n < BUFFERS_MAX; at += BUFFER_BYTES_MAX) {
		const uint64_t left = spec->arena_bytes - at;

		pieces[n++] = (struct iovec){
			.iov_base = (char *)spec->arena + at,
			.iov_len = left < BUFFER_BYTES_MAX ? left : BUFFER_BYTES_MAX,
		};
	}
	return io_uring_register_buffers(&self->ring, pieces, n);
}

static void register_all(struct uring_backend *self, const struct takt_backend_spec *spec,
			 struct takt_err *err)
{
	unsigned workers[2] = { 2, 2 };
	int r = register_arena(self, spec);

	self->arena = spec->arena;
	self->arena_bytes = spec->arena_bytes < BUFFERS_MAX * BUFFER_BYTES_MAX
				    ? spec->arena_bytes
				    : BUFFERS_MAX * BUFFER_BYTES_MAX;
	self->has_buffers = r == 0;
	if (r < 0) {
		takt_err_set(err, r,
			     "io_uring takes no registered memory (%s%s), recording costs a little more",
			     strerror(-r), r == -ENOMEM ? "; raise the limit for locked memory" : "");
	}
	self->has_files = io_uring_register_files_sparse(&self->ring, TAKT_BACKEND_SLOTS) == 0;
	io_uring_register_iowq_max_workers(&self->ring, workers);
}

int takt_backend_uring_create(const struct takt_backend_spec *spec,
			      struct takt_backend **ret_backend, struct takt_err *err)
{
	struct uring_backend *self = calloc(1, sizeof(*self));
	int r;

	if (!self) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	r = make_ring(&self->ring);
	if (r < 0) {
		free(self);
		return takt_err_set(err, r, "io_uring is refused (%s%s)", strerror(-r),
				    r == -EPERM ? "; see sysctl kernel.io_uring_disabled" : "");
	}
	register_all(self, spec, err);
	self->base = (struct takt_backend){
		.ops = &uring_ops, .name = "io_uring direct", .depth = TAKT_BACKEND_DEPTH_MAX,
	};
	*ret_backend = &self->base;
	return 0;
}
