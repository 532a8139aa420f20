/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox in the control page: what people ask of a running graph.
 *
 * takt and the page ask taktd; only the taktd that holds the region's lock writes here. takt-rt looks at
 * `changes` at the edge of each cycle, loads each value once and checks it: whatever stands here, the
 * worst that can follow is a text too many or too few. What is in force is published beside it. */
#ifndef TAKT_SHM_MAILBOX_H
#define TAKT_SHM_MAILBOX_H

#include <stdint.h>

#include <takt/text.h>

#include "rt/base/tags.h"
#include "rt/shm/region.h"

#define TAKT_NO_LEVEL UINT32_MAX

struct takt_mailbox {			/* element 0 of the section */
	_Atomic uint64_t changes;	/* taktd: grows with every request below */
	_Atomic uint64_t journal_ns;	/* taktd: texts up to this CLOCK_MONOTONIC are in the journal */
	uint8_t pad[128 - 16];
};

struct takt_mailbox_task {		/* elements 1… of the section: the tasks, in plan order */
	_Atomic uint32_t level_asked;	/* taktd: enum takt_level + 1; 0: nothing was asked */
	uint8_t pad0[64 - 4];
	_Atomic uint32_t level;		/* takt-rt: enum takt_level in force */
	uint8_t pad1[64 - 4];
};
static_assert(sizeof(struct takt_mailbox) == 128, "mailbox");
static_assert(sizeof(struct takt_mailbox_task) == 128, "mailbox of a task");

/* Whether the run has a mailbox for task number @task: those of an older takt-rt have none.  [any] */
TAKT_ANY static inline bool takt_mailbox_has(const struct takt_region *region, uint32_t task)
{
	return region->mailbox && task < region->mailbox_task_count;
}

TAKT_ANY static inline struct takt_mailbox_task *takt_mailbox_of(const struct takt_region *region,
								 uint32_t task)
{
	return (struct takt_mailbox_task *)(void *)(region->mailbox + 1) + task;
}

/* Ask for @level. Only with the recorder's lock, on one thread at a time.  [bg] */
TAKT_BG static inline void takt_mailbox_ask_level(struct takt_region *region, uint32_t task, uint32_t level)
{
	atomic_store_explicit(&takt_mailbox_of(region, task)->level_asked, level + 1,
			      memory_order_relaxed);
	/* Partner: the acquire load in takt_mailbox_changes. */
	atomic_fetch_add_explicit(&region->mailbox->changes, 1, memory_order_release);
}

/* Another value than before: something was asked.  [RT] */
TAKT_RT static inline uint64_t takt_mailbox_changes(const struct takt_region *region)
{
	return atomic_load_explicit(&region->mailbox->changes, memory_order_acquire);
}

/* The level that was asked for, TAKT_NO_LEVEL for none, or for nonsense.  [RT] */
TAKT_RT static inline uint32_t takt_mailbox_level_asked(const struct takt_region *region, uint32_t task)
{
	const uint32_t asked = atomic_load_explicit(&takt_mailbox_of(region, task)->level_asked,
						    memory_order_relaxed);

	return asked >= 1 && asked <= TAKT_CRITICAL + 1 ? asked - 1 : TAKT_NO_LEVEL;
}

/* Publish the level in force, and read it (TAKT_NO_LEVEL for nonsense).  [RT], [any] */
TAKT_RT static inline void takt_mailbox_publish_level(const struct takt_region *region, uint32_t task,
						      uint32_t level)
{
	atomic_store_explicit(&takt_mailbox_of(region, task)->level, level, memory_order_relaxed);
}

TAKT_ANY static inline uint32_t takt_mailbox_level(const struct takt_region *region, uint32_t task)
{
	const uint32_t level = atomic_load_explicit(&takt_mailbox_of(region, task)->level,
						    memory_order_relaxed);

	return level <= TAKT_CRITICAL ? level : TAKT_NO_LEVEL;
}

#endif
