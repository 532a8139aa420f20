/* SPDX-License-Identifier: Apache-2.0 */
/* One segment file: its superblock, its catalog, and where its chunks lie.
 *
 * A chunk is believed when magic, version, salt, run and header CRC are right; its records when the
 * payload CRC is right too. A scan takes what index chunks say (segment_index.h); where they end it
 * goes from header to header; where there is none it looks at
 * every 4 KiB for the next one and reports what it passed. Zeros behind the last chunk are the end.
 */
#ifndef TAKT_LOGS_READ_SEGMENT_H
#define TAKT_LOGS_READ_SEGMENT_H

#include <stdbool.h>

#include "logs/read/damage.h"
#include "logs/read/io.h"
#include "rt/shm/chunk.h"
#include "rt/shm/record.h"

enum takt_log_chunk_state {
	TAKT_LOG_CHUNK_UNCHECKED = 0,	/* the header is right */
	TAKT_LOG_CHUNK_GOOD,		/* the payload, too */
	TAKT_LOG_CHUNK_BAD		/* the payload is not, and this was reported */
};

struct takt_log_index_place {
	uint64_t offset;		/* of its header */
	uint32_t used_bytes;
	uint32_t payload_crc;
};

#define TAKT_LOG_CHUNK_USED_MAX (TAKT_RECORD_BYTES_MAX + TAKT_BLOCK_BYTES)

struct takt_log_catalog_place {
	uint64_t offset;		/* of its chunk; 0: none found (yet) */
	uint32_t bytes;
	uint32_t crc;
};

struct takt_log_segment {
	struct takt_log_io io;		/* owned */
	char *path;
	uint64_t salt;
	uint64_t run;
	uint32_t number;		/* 0: not known (both superblocks are gone) */
	uint32_t flags;			/* enum takt_segment_flag */
	uint32_t ending;		/* enum takt_ending; 0 unless the run ended here */
	int32_t exit_code;
	bool is_counted;		/* the two below are known */
	uint64_t lost_copperlists;	/* of the whole run */
	uint64_t lost_events;
	uint64_t end_offset;		/* valid when clean */
	uint64_t index_offset;		/* valid when clean; 0: none */
	struct takt_log_index_span *spans;	/* owned; by descending offset */
	uint32_t span_count;
	uint32_t span_capacity;
	bool index_is_known;		/* what can be had of it is in `spans` */
	uint64_t created_mono_ns;
	int64_t created_real_ns;
	uint64_t bytes;			/* of the file */
	uint64_t scanned_bytes;		/* the next scan begins here */
	uint64_t written_bytes;		/* up to behind the last chunk seen: more may be set aside */
	struct takt_log_catalog_place catalogs[2];	/* the first that was found, and the next */
	bool catalog_checked;		/* read, and reported if that failed */
	bool catalog_copy_read;		/* because the first was damaged */
	struct takt_log_index_place *indexes;	/* owned; index chunks that a scan came by */
	uint32_t index_count;
	uint32_t index_capacity;
	uint32_t index_checked_count;	/* of them, likewise */
	char graph[128];
	char boot_id[40];
	char machine_id[40];
	char region[1024];
};

struct takt_log_chunk {			/* a data chunk, as its header says */
	uint64_t seq;
	uint64_t position;
	uint64_t offset;		/* of the header in the file */
	uint64_t first_cycle;
	uint64_t last_cycle;
	uint64_t first_mono_ns;
	uint64_t last_mono_ns;
	struct takt_log_segment *segment;	/* borrowed */
	uint32_t stream;
	uint32_t used_bytes;
	uint32_t record_count;
	uint32_t payload_crc;
	uint16_t type;			/* enum takt_chunk_type */
	uint8_t state;			/* enum takt_log_chunk_state */
	bool faulty;			/* a bad record in it was reported */
	bool indexed;			/* known by an index: its header was not looked at yet */
};

/* Read the head of a segment. Takes @io, also on failure. A damaged superblock goes to @damages
 * when the other one, or the first chunk, can stand in for it. @path is copied.
 * Returns 0, -EBADMSG (no segment of takt), -EPROTO (newer version), -ENOMEM, -errno.  [bg] */
int takt_log_segment_open(struct takt_log_io io, const char *path,
			  struct takt_log_segment **ret_segment,
			  struct takt_log_damage_list *damages, struct takt_log_error *error);
void takt_log_segment_close(struct takt_log_segment *segment);

/* Look at size and superblocks again.  [bg] */
int takt_log_segment_refresh(struct takt_log_segment *segment);

typedef int takt_log_chunk_visit(const struct takt_log_chunk *chunk, void *user);

/* Go over the chunks behind the last scan. @grows: the writer may not be done, so that the first
 * place without a chunk is the end for now. The catalog's chunk is noted in @segment. Returns 0,
 * what @visit returned when negative, or -errno.  [bg] */
int takt_log_segment_scan(struct takt_log_segment *segment, bool grows, takt_log_chunk_visit *visit,
			  void *user, struct takt_log_damage_list *damages);

/* Whether @chunk is a whole header of this segment.  [any] */
bool takt_log_segment_owns(const struct takt_log_segment *segment, const struct takt_chunk *chunk);

/* Read the records of @chunk and check them, and its header where that was not done. Returns as
 * below.  [bg] */
int takt_log_segment_read_chunk(const struct takt_log_chunk *chunk, void *out);

/* The catalog's bytes, or its copy's, with room for a byte more (free()). @ret_bad: how many of those that were
 * tried are damaged. Scan before. Returns 0, -ENODATA (none), -EBADMSG, -ENOMEM, -errno.  [bg] */
int takt_log_segment_read_catalog(const struct takt_log_segment *segment, void **ret_bytes,
				  uint32_t *ret_size, uint32_t *ret_bad);

/* Read @bytes of payload of the chunk at @offset and check them. Returns 0, -EBADMSG (CRC, or the
 * file is shorter now), -errno.  [bg] */
int takt_log_segment_read(const struct takt_log_segment *segment, uint64_t offset, void *out,
			  uint32_t bytes, uint32_t payload_crc);

#endif
