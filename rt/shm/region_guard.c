/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/shm/region_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

#define GUARDED_MAX 256u

/* A signal handler has no argument of ours. A free row has begin 0; `bytes` is written before `begin`. */
static struct {
	_Atomic uintptr_t begin;
	_Atomic uint64_t bytes;
	_Atomic bool is_taken;
	_Atomic bool is_replaced;
} guarded[GUARDED_MAX];

static bool replace(uintptr_t at)
{
	for (uint32_t i = 0; i < GUARDED_MAX; i++) {
		/* Partner: takt_region_guard_add. */
		const uintptr_t begin = atomic_load_explicit(&guarded[i].begin, memory_order_acquire);
		const uint64_t bytes = atomic_load_explicit(&guarded[i].bytes, memory_order_relaxed);

		if (begin == 0 || at < begin || at - begin >= bytes) {
			continue;
		}
		if (mmap((void *)begin, bytes, PROT_READ | PROT_WRITE,
			 MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
			return false;
		}
		atomic_store_explicit(&guarded[i].is_replaced, true, memory_order_release);
		return true;
	}
	return false;
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
	const int error = errno;

	(void)context;
	if (info->si_code <= 0 || !replace((uintptr_t)info->si_addr)) {
		signal(number, SIG_DFL);	/* it comes again, and is the end */
		if (info->si_code <= 0) {
			raise(number);
		}
	}
	errno = error;
}

int takt_region_guard_install(void)
{
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

void takt_region_guard_add(const void *memory, uint64_t bytes)
{
	for (uint32_t i = 0; i < GUARDED_MAX; i++) {
		bool is_taken = false;

		if (atomic_compare_exchange_strong(&guarded[i].is_taken, &is_taken, true)) {
			atomic_store_explicit(&guarded[i].is_replaced, false, memory_order_relaxed);
			atomic_store_explicit(&guarded[i].bytes, bytes, memory_order_relaxed);
			/* Partner: replace. */
			atomic_store_explicit(&guarded[i].begin, (uintptr_t)memory,
					      memory_order_release);
			return;
		}
	}
}

static uint32_t find(const void *memory)
{
	uint32_t i = 0;

	while (i < GUARDED_MAX && (!memory || atomic_load_explicit(&guarded[i].begin,
								   memory_order_acquire) !=
						     (uintptr_t)memory)) {
		i++;
	}
	return i;
}

bool takt_region_guard_remove(const void *memory)
{
	const uint32_t i = find(memory);
	bool is_replaced;

	if (i == GUARDED_MAX) {
		return false;
	}
	is_replaced = atomic_load_explicit(&guarded[i].is_replaced, memory_order_acquire);
	atomic_store_explicit(&guarded[i].begin, 0, memory_order_release);
	atomic_store_explicit(&guarded[i].is_taken, false, memory_order_release);
	return is_replaced;
}

bool takt_region_guard_is_replaced(const void *memory)
{
	const uint32_t i = find(memory);

	return i < GUARDED_MAX &&
	       atomic_load_explicit(&guarded[i].is_replaced, memory_order_acquire);
}
