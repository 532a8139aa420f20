/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/fork.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rt/engine/fatal.h"

/* What pthread_atfork calls has no argument of ours. Release at the install, acquire in a child,
 * which may be forked by any thread. */
static struct takt_engine *_Atomic the_engine;
static bool is_registered;

static void close_if_open(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

/* Locks belong to the open file: one that a child kept would make a run that has ended
 * look alive. */
static void in_child(void)
{
	const struct takt_engine *engine = atomic_exchange_explicit(&the_engine, NULL,
									   memory_order_acquire);

	if (engine) {
		takt_fatal_remove();
		close_if_open(engine->region->control_fd);
		close_if_open(engine->region->arena_fd);
		close_if_open(engine->lane.cpu.lock_fd);
		close_if_open(engine->awake_fd);
	}
}

int takt_fork_install(struct takt_engine *engine)
{
	const struct takt_region *region = engine->region;
	const int r = is_registered ? 0 : pthread_atfork(NULL, NULL, in_child);

	is_registered = r == 0;
	atomic_store_explicit(&the_engine, engine, memory_order_release);
	if (r == 0 && (madvise(region->control, region->control_bytes, MADV_DONTFORK) < 0 ||
		       madvise(region->arena, region->arena_bytes, MADV_DONTFORK) < 0)) {
		return -errno;
	}
	return -r;
}

void takt_fork_remove(void)
{
	atomic_store_explicit(&the_engine, NULL, memory_order_release);
}
