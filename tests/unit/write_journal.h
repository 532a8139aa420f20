/* SPDX-License-Identifier: Apache-2.0 */
/* A journal of everything that a recorder asks of the disk: what the backend was given, and the calls on files
 * and directories that go round it. Each entry says what was acknowledged, so released to the producer, and what
 * had been put, before it was begun.
 *
 * The calls are caught by the linker (--wrap, see unit.mk). One journal at a time; one thread. */
#ifndef TAKT_TESTS_WRITE_JOURNAL_H
#define TAKT_TESTS_WRITE_JOURNAL_H

#include "logs/write/backend.h"
#include "tests/unit/write_faulty.h"
#include "tests/unit/write_kit.h"

#define JOURNAL_NODES 128u
#define JOURNAL_NONE UINT32_MAX

enum journal_kind {
	JOURNAL_NAME,		/* `node` has a name that readers look at (`value` 1), or none (0), in `parent` */
	JOURNAL_SIZE,		/* `node` has `value` bytes */
	JOURNAL_WRITE,		/* `bytes` at `value` were begun to be written to `node` */
	JOURNAL_WRITTEN,	/* the entry `of` is done, `result` as of the backend */
	JOURNAL_SYNC,		/* of `node`, a file or a directory, was begun */
	JOURNAL_SYNCED		/* likewise done */
};

struct journal_entry {
	enum journal_kind kind;
	uint32_t node;
	uint32_t parent;
	uint32_t of;
	int32_t result;
	uint32_t bytes;
	uint64_t value;
	char *data;			/* of a write: a copy */
	uint64_t acknowledged[KIT_STREAMS];	/* records */
	uint64_t put[KIT_STREAMS];
};

struct journal {
	struct takt_backend base;
	struct takt_backend *inner;
	struct faulty faulty;
	struct kit *kit;
	struct takt_region *watched;	/* the region, for what is released */
	uint64_t *ends[KIT_STREAMS];	/* stream position behind each record */
	uint64_t end_count[KIT_STREAMS];

	struct journal_entry *entries;
	uint32_t count;
	uint32_t capacity;
	uint64_t inodes[JOURNAL_NODES];	/* node -> inode; 0: removed, the number may come again */
	uint32_t node_count;
	uint32_t slots[TAKT_BACKEND_SLOTS];	/* -> node */
	uint32_t depth;			/* > 0: the calls are the backend's own */
	uint64_t cookies[16];		/* in flight -> entry */
	uint32_t cookie_entries[16];
	bool has_no_fallocate;		/* the file system refuses it */
	bool has_no_noreplace;		/* likewise renameat2 with a flag */
};

/* Journal what a recorder of @kit (borrowed) does from now on. */
void journal_begin(struct journal *journal, struct kit *kit);

/* Use as takt_recorder_options.wrap, with the journal as user. `faulty` in it misbehaves as it is set. */
struct takt_backend *journal_wrap(struct takt_backend *backend, void *user);

/* Note a record that was put, right after kit_put. */
void journal_note_put(struct journal *journal, uint32_t stream);

/* Stop noting. What was put is acknowledged as a whole when @all_acknowledged. */
void journal_end(struct journal *journal, bool all_acknowledged);
void journal_fini(struct journal *journal);

#endif
