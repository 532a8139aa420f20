/* SPDX-License-Identifier: Apache-2.0 */
/* Segment files: made ahead of time, closed in order, given up after an error. Form: rt/shm/chunk.h.
 *
 * Everything here blocks and runs on a set-up or managing thread; the writer thread only puts chunks between
 * data_at and bytes. As long as the file may still be written it carries an exclusive OFD lock, which goes
 * with the last write of a killed process. */
#ifndef TAKT_LOGS_WRITE_SEGMENT_H
#define TAKT_LOGS_WRITE_SEGMENT_H

#include "logs/write/backend.h"
#include "rt/shm/chunk.h"

#define TAKT_SEGMENT_NEW_SUFFIX ".new"	/* behind the name while it is being made */
#define TAKT_SEGMENT_BYTES_MIN (64u << 10)
#define TAKT_SEGMENT_BYTES_MAX (1ull << 40)
#define TAKT_SEGMENT_BYTES_DEFAULT (256ull << 20)

/* What all segments of a run have in common. */
struct takt_segment_kind {
	uint64_t run;
	uint64_t segment_bytes;		/* wanted; less when the disk is nearly full */
	uint64_t chunk_bytes_max;	/* room for one of these is the least */
	bool is_virtual;		/* the run is in virtual time */
	uint64_t origin_mono_ns;	/* of a virtual run */
	char graph[128];
	char boot_id[40];
	char machine_id[40];
	char region[1024];
	char *catalog_chunk;		/* header and payload, twice, 4 KiB-aligned; owned */
	uint64_t catalog_span;		/* of one */
};

struct takt_segment {
	int fd;
	uint32_t number;		/* within the run, from 1 */
	uint64_t salt;
	uint64_t data_at;		/* offset of the first chunk behind the catalogs */
	uint64_t bytes;			/* chunks end here at the latest */
	struct takt_superblock *block;	/* 4 KiB-aligned; owned */
	char name[24];
};

/* Copies @catalog. @region: path of the shared memory. -ENOMEM, -EINVAL (catalog empty or too large).
 * [setup] */
TAKT_SETUP int takt_segment_kind_init(struct takt_segment_kind *kind, uint64_t run, const char *graph,
				      const char *region, const void *catalog, uint32_t catalog_bytes);
TAKT_SETUP void takt_segment_kind_fini(struct takt_segment_kind *kind);

/* Make, lock, preallocate and fill file @number in @dir_fd, under a name of its own until it is whole; all on
 * stable storage when it returns. On failure nothing is left behind. -EEXIST: the number is taken.  [bg] */
TAKT_BG int takt_segment_create(struct takt_segment_kind *kind, struct takt_backend *backend, int dir_fd,
				uint32_t number, struct takt_segment *ret_segment,
				struct takt_err *err);

struct takt_run_end {
	enum takt_ending ending;
	int32_t exit_code;
	uint64_t lost_copperlists;	/* not recorded, because there was no room in memory */
	uint64_t lost_events;
};

/* Write @bytes (a multiple of 4096; @from aligned to that) at @offset. Returns 0 or -errno.  [bg] */
TAKT_BG int takt_segment_put(struct takt_segment *segment, const void *from, uint64_t bytes,
			     uint64_t offset);

/* Close in order: counts and CLEAN in both superblocks, the file cut at @end_offset, everything synced. @end:
 * the run ended in this segment, and how; NULL: it goes on in the next. The segment is gone in any case.
 * Returns 0 or the first -errno.  [bg] */
TAKT_BG int takt_segment_close(struct takt_segment *segment, uint64_t end_offset,
			       uint64_t chunk_count, const struct takt_run_end *end);

/* Give up after an I/O error: flag it POISONED and cut behind @end_offset, as far as that works. Nothing may
 * be in flight.  [bg] */
TAKT_BG void takt_segment_poison(struct takt_segment *segment, uint64_t end_offset);

/* Remove a segment that holds no chunk.  [bg] */
TAKT_BG void takt_segment_discard(struct takt_segment *segment, int dir_fd);

/* Give back what a dead writer preallocated in @name and never wrote; only while nobody holds the lock.
 * Returns 0, -EBUSY (locked), -errno.  [bg] */
TAKT_BG int takt_segment_trim(int dir_fd, const char *name);

/* Remove @name, a segment that a dead writer did not finish making; only while nobody holds the lock.
 * Returns 0, -EBUSY (locked), -errno.  [bg] */
TAKT_BG int takt_segment_remove_new(int dir_fd, const char *name);

#endif
