/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread after attaching: no allocation, no mapping, no page fault, whatever goes on: also with hogs
 * on its CPU and with a thread in its process that allocates, maps and unmaps all the time, as one that serves
 * a page would. A starved thread that holds the process's memory lock must not be able to stop it. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
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
	bool is_crowded;		/* the writer shares a CPU with the hogs */
};

#define WARM_UP_REAPS 20u

/* --- company -------------------------------------------------------------------------------------- */

struct company {
	pthread_t threads[3];
	_Atomic bool is_over;
	_Atomic uint64_t mappings;
};

/* The first of the CPUs that we may use. */
static void go_to_crowded_cpu(void)
{
	cpu_set_t set;
	size_t cpu = 0;

	sched_getaffinity(0, sizeof(set), &set);
	while (!CPU_ISSET(cpu, &set)) {
		cpu++;
	}
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *hog(void *user)
{
	struct company *company = user;

	go_to_crowded_cpu();
	while (!atomic_load_explicit(&company->is_over, memory_order_relaxed)) {
	}
	return NULL;
}

static void *map_and_allocate(void *user)
{
	struct company *company = user;

	while (!atomic_load_explicit(&company->is_over, memory_order_relaxed)) {
		const size_t bytes = 1u << 20;
		char *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char *volatile allocated[16];

		for (uint32_t i = 0; i < 16; i++) {
			allocated[i] = malloc(1000 + i * 20000);
		}
		if (mapped != MAP_FAILED) {
			for (size_t at = 0; at < bytes; at += 4096) {
				mapped[at] = 1;
			}
			munmap(mapped, bytes);
			atomic_fetch_add(&company->mappings, 1);
		}
		for (uint32_t i = 0; i < 16; i++) {
			free(allocated[i]);
		}
	}
	return NULL;
}

static void invite(struct company *company)
{
	void *(*const bodies[])(void *) = { hog, hog, map_and_allocate };

	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&company->threads[i], NULL, bodies[i], company), 0);
	}
}

static void send_home(struct company *company)
{
	atomic_store(&company->is_over, true);
	for (uint32_t i = 0; i < 3; i++) {
		pthread_join(company->threads[i], NULL);
	}
}

/* --- the writer thread ---------------------------------------------------------------------------- */

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

	if (self_of(backend)->is_crowded) {
		go_to_crowded_cpu();
	}
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

static void record(enum takt_backend_kind kind, bool is_crowded, uint64_t records)
{
	const struct kit_spec spec = { .ring_bytes = 16u << 20, .segment_bytes = 1u << 20 };
	struct watch watch = { .is_crowded = is_crowded };
	const struct takt_recorder_options options = {
		.backend = kind, .notify_fd = -1, .wrap = wrap, .wrap_user = &watch,
	};
	struct kit kit;
	struct kit_log log;

	atomic_store(&calls_of_writer, 0);
	kit_init(&kit, &spec);
	kit_attach(&kit, &options, true);
	while (kit.put[0] < records) {
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

static void writer_thread_allocates_and_faults_nothing(void **state)
{
	const enum takt_backend_kind *kind = *state;

	if (!kit_can(*kind)) {
		skip();
	}
	record(*kind, false, 60000);
}

static void writer_thread_allocates_and_faults_nothing_in_company(void **state)
{
	const enum takt_backend_kind *kind = *state;
	struct company company = { .is_over = false };

	if (!kit_can(*kind)) {
		skip();
	}
	invite(&company);
	record(*kind, true, 30000);
	send_home(&company);
	assert_true(atomic_load(&company.mappings) > 10);
}

static enum takt_backend_kind kinds[] = { TAKT_BACKEND_URING, TAKT_BACKEND_DIRECT };

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "writer_thread_allocates_and_faults_nothing_uring",
		  writer_thread_allocates_and_faults_nothing, NULL, NULL, &kinds[0] },
		{ "writer_thread_allocates_and_faults_nothing_direct",
		  writer_thread_allocates_and_faults_nothing, NULL, NULL, &kinds[1] },
		{ "writer_thread_allocates_and_faults_nothing_in_company_uring",
		  writer_thread_allocates_and_faults_nothing_in_company, NULL, NULL, &kinds[0] },
		{ "writer_thread_allocates_and_faults_nothing_in_company_direct",
		  writer_thread_allocates_and_faults_nothing_in_company, NULL, NULL, &kinds[1] },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
