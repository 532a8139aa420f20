/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread after attaching: no allocation, no mapping, no page fault, whatever goes on. A starved thread
 * that holds the process's memory lock must not be able to stop it. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "tests/unit/write_kit.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define IS_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#ifdef IS_SANITIZED
int main(void)
{
	puts("1..0 # SKIP a sanitizer has an allocator of its own");
	return 0;
}
#else

static _Thread_local bool is_writer;
static _Atomic unsigned calls_of_writer;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void __libc_free(void *memory);

static void note_call(void)
{
	if (is_writer) {
		atomic_fetch_add(&calls_of_writer, 1);
	}
}

void *malloc(size_t bytes)
{
	note_call();
	return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	note_call();
	return __libc_calloc(count, bytes);
}

void *realloc(void *memory, size_t bytes)
{
	note_call();
	return __libc_realloc(memory, bytes);
}

void free(void *memory)
{
	note_call();
	__libc_free(memory);
}

/* A backend around the real one, to be on the writer thread. */
struct watch {
	struct takt_backend base;
	struct takt_backend *inner;
	uint32_t reaps;
	long faults_before;
	_Atomic long faults;
};

#define WARM_UP_REAPS 20u

static struct watch *self_of(struct takt_backend *backend)
{
	return (struct watch *)backend;
}

static long faults_of_thread(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static int watch_open(struct takt_backend *backend, int dir_fd, const char *name)
{
	return self_of(backend)->inner->ops->open(self_of(backend)->inner, dir_fd, name);
}

static int watch_start(struct takt_backend *backend)
{
	const int r = self_of(backend)->inner->ops->start(self_of(backend)->inner);

	is_writer = true;
	return r;
}

static int watch_use(struct takt_backend *backend, uint32_t slot, int fd)
{
	return self_of(backend)->inner->ops->use(self_of(backend)->inner, slot, fd);
}

static int watch_write(struct takt_backend *backend, uint32_t slot, const void *buffer, uint32_t bytes,
		       uint64_t offset, uint64_t cookie)
{
	struct takt_backend *inner = self_of(backend)->inner;

	return inner->ops->write(inner, slot, buffer, bytes, offset, cookie);
}

static int watch_sync(struct takt_backend *backend, uint32_t slot, uint64_t cookie)
{
	return self_of(backend)->inner->ops->sync(self_of(backend)->inner, slot, cookie);
}

static int watch_reap(struct takt_backend *backend, struct takt_backend_done *ret_done, uint32_t max,
		      uint64_t wait_ns)
{
	struct watch *self = self_of(backend);

	if (++self->reaps == WARM_UP_REAPS) {
		self->faults_before = faults_of_thread();
	} else if (self->reaps > WARM_UP_REAPS) {
		atomic_store(&self->faults, faults_of_thread() - self->faults_before);
	}
	return self->inner->ops->reap(self->inner, ret_done, max, wait_ns);
}

static void watch_destroy(struct takt_backend *backend)
{
	self_of(backend)->inner->ops->destroy(self_of(backend)->inner);
}

static const struct takt_backend_ops watch_ops = {
	watch_open, watch_start, watch_use, watch_write, watch_sync, watch_reap, watch_destroy,
};

static struct takt_backend *wrap(struct takt_backend *backend, void *user)
{
	struct watch *self = user;

	self->base = *backend;
	self->base.ops = &watch_ops;
	self->inner = backend;
	return &self->base;
}

static void writer_thread_allocates_and_faults_nothing(void **state)
{
	const enum takt_backend_kind *kind = *state;
	const struct kit_spec spec = { .ring_bytes = 16u << 20, .segment_bytes = 1u << 20 };
	struct watch watch = { 0 };
	const struct takt_recorder_options options = {
		.backend = *kind, .notify_fd = -1, .wrap = wrap, .wrap_user = &watch,
	};
	struct kit kit;
	struct kit_log log;

	if (!kit_can(*kind)) {
		skip();
	}
	atomic_store(&calls_of_writer, 0);
	kit_init(&kit, &spec);
	kit_attach(&kit, &options, true);
	while (kit.put[0] < 60000) {
		kit_put_many(&kit, 0, 50);
		kit_put_many(&kit, 1, 2);
		kit_seal(&kit);
		kit_round(&kit);
	}
	kit_end_and_check(&kit, &log);
	assert_true(log.segment_count > 10);	/* it rolled, and the ring wrapped */
	assert_true(watch.reaps > 2 * WARM_UP_REAPS);
	assert_int_equal(atomic_load(&calls_of_writer), 0);
	assert_int_equal(atomic_load(&watch.faults), 0);
	kit_fini(&kit);
}

static enum takt_backend_kind kinds[] = { TAKT_BACKEND_URING, TAKT_BACKEND_DIRECT };

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "writer_thread_allocates_and_faults_nothing_uring",
		  writer_thread_allocates_and_faults_nothing, NULL, NULL, &kinds[0] },
		{ "writer_thread_allocates_and_faults_nothing_direct",
		  writer_thread_allocates_and_faults_nothing, NULL, NULL, &kinds[1] },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
