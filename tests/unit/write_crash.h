/* SPDX-License-Identifier: Apache-2.0 */
/* What a disk may hold after a power cut at any moment of an oplog (write_oplog.h), and whether the reader
 * makes the right thing of it.
 *
 * What a completed sync covers is there. Of everything else any part may be: each write whole, not at all or
 * torn at sectors of 512 bytes, in any order; each change of a size and of a name or not. Where nothing was ever
 * written and synced, a file holds zeros, an older segment of this run, a segment of another run, or chunks of
 * this very segment at a wrong place. */
#ifndef TAKT_TESTS_WRITE_CRASH_H
#define TAKT_TESTS_WRITE_CRASH_H

#include "logs/read/io.h"
#include "tests/unit/write_oplog.h"

#define CRASH_FILLS 4u
#define CRASH_PENDING_MAX 512u

struct crash_pending {			/* not known to be on stable storage */
	const struct oplog_entry *entry;
	uint32_t number;		/* of the entry that ended it, OPLOG_NONE: it is under way */
	int32_t result;
};

struct crash_node {
	bool is_made;			/* in the oplog; others were there before */
	bool is_seen;			/* its name is on stable storage */
	uint32_t parent;
	uint64_t capacity;
	uint64_t size;			/* on stable storage */
	char *now;			/* as if nothing were ever lost */
	char *base[CRASH_FILLS];	/* what is on stable storage, over each fill */
	bool *is_written;		/* per sector of base */
	struct crash_pending pending[CRASH_PENDING_MAX];
	uint32_t pending_count;
};

struct crash_image {			/* of one file */
	char *bytes;
	uint64_t size;
	uint64_t capacity;
};

struct crash_disk {
	const struct oplog *oplog;
	bool is_lying;			/* every third time it says that it has synced, and has not */
	uint32_t sync_count;
	uint32_t at;			/* entries before are begun */
	uint32_t newest_file;
	struct crash_node nodes[OPLOG_NODES];
	struct crash_image images[OPLOG_NODES];
	uint32_t image_count;
};

struct crash_verdict {
	uint64_t read[OPLOG_STREAMS];
	uint64_t lost;			/* acknowledged, and not read */
	uint64_t false_accepts;		/* never put, or read twice */
	uint64_t silent_holes;		/* a record is missing before one that was read, and no damage is said */
	uint64_t damages;
};

struct crash_disk *crash_create(const struct oplog *oplog);
void crash_destroy(struct crash_disk *disk);

/* Let the next entry of the oplog begin. False when that was all. */
bool crash_advance(struct crash_disk *disk);

/* Cut the power: make images of the files that are seen then; which of all possible ones follows from *@random. */
void crash_make_images(struct crash_disk *disk, uint32_t *random);

/* Read the images. */
void crash_judge(const struct crash_disk *disk, struct crash_verdict *ret_verdict);

#endif
