/* SPDX-License-Identifier: Apache-2.0 */
/* A log of the operations that a recorder asks of the disk: what the backend was given, and the calls on files
 * and directories that go round it. Each entry says what was acknowledged, so released to the producer, and what
 * had been put, before it was begun. That goes for the recorder's own events, too.
 *
 * The calls are caught by the linker (--wrap, see unit.mk). One oplog at a time; one thread. */
#ifndef TAKT_TESTS_WRITE_OPLOG_H
#define TAKT_TESTS_WRITE_OPLOG_H

#include "logs/write/backend.h"
#include "tests/unit/write_faulty.h"
#include "tests/unit/write_kit.h"

#define OPLOG_NODES 128u
#define OPLOG_STREAMS (KIT_STREAMS + 1)	/* the kit's and the recorder's own */
#define OPLOG_EVENTS_MAX 1024u
#define OPLOG_NONE UINT32_MAX

enum oplog_kind {
	OPLOG_NAME,		/* `node` has a name that readers look at (`value` 1), or none (0), in `parent` */
	OPLOG_SIZE,		/* `node` has `value` bytes */
	OPLOG_WRITE,		/* `bytes` at `value` were begun to be written to `node` */
	OPLOG_WRITTEN,	/* the entry `of` is done, `result` as of the backend */
	OPLOG_SYNC,		/* of `node`, a file or a directory, was begun */
	OPLOG_SYNCED		/* likewise done */
};

struct oplog_entry {
	enum oplog_kind kind;
	uint32_t node;
	uint32_t parent;
	uint32_t of;
	int32_t result;
	uint32_t bytes;
	uint64_t value;
	char *data;			/* of a write: a copy */
	uint64_t acknowledged[OPLOG_STREAMS];	/* records */
	uint64_t put[OPLOG_STREAMS];
};

struct oplog {
	struct takt_backend base;
	struct takt_backend *inner;
	struct faulty faulty;
	struct kit *kit;
	struct takt_region *watched;	/* the region, for what is released */
	uint64_t *ends[OPLOG_STREAMS];	/* stream position behind each record */
	uint64_t end_count[OPLOG_STREAMS];
	uint64_t event_at;		/* position behind the recorder's last event so far */
	struct oplog_event {
		void *bytes;
		uint32_t bytes_count;
	} events[OPLOG_EVENTS_MAX];	/* the recorder's, [end_count[KIT_RECORDER]] */

	struct oplog_entry *entries;
	uint32_t count;
	uint32_t capacity;
	uint64_t inodes[OPLOG_NODES];	/* node -> inode; 0: removed, the number may come again */
	uint32_t node_count;
	uint32_t slots[TAKT_BACKEND_SLOTS];	/* -> node */
	uint32_t depth;			/* > 0: the calls are the backend's own */
	uint64_t cookies[16];		/* in flight -> entry */
	uint32_t cookie_entries[16];
	bool has_no_fallocate;		/* the file system refuses it */
	bool has_no_noreplace;		/* likewise renameat2 with a flag */
};

/* Journal what a recorder of @kit (borrowed) does from now on. */
void oplog_begin(struct oplog *oplog, struct kit *kit);

/* Use as takt_recorder_options.wrap, with the oplog as user. `faulty` in it misbehaves as it is set. */
struct takt_backend *oplog_wrap(struct takt_backend *backend, void *user);

/* Note a record that was put, right after kit_put. */
void oplog_note_put(struct oplog *oplog, uint32_t stream);

/* Whether @bytes are record number @ret_number of @stream; one that is not below @least. */
bool oplog_is_record(const struct oplog *oplog, uint32_t stream, const void *bytes, uint32_t bytes_count,
		     uint64_t least, uint64_t *ret_number);

/* Stop noting. What was put is acknowledged as a whole when @all_acknowledged. */
void oplog_end(struct oplog *oplog, bool all_acknowledged);
void oplog_fini(struct oplog *oplog);

#endif
