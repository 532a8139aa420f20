/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks and segments: the form of a stream in the arena and on disk.
 *
 * A chunk is a 4 KiB-aligned span: a 128-byte header, `used_bytes` of records, padding of no meaning up to
 * 4 KiB. It is the registered buffer that io_uring writes. In the arena the producer fills everything but
 * salt and the two CRCs; taktd fills those before it writes the chunk.
 *
 * A chunk on disk is valid when magic, version and header CRC are right, salt is the segment's, run is the
 * segment's, and the payload CRC is right. (run, stream, seq) names it for ever: a chunk may stand in two
 * segments, readers keep one valid copy.
 *
 * Index chunks stand between them as it goes, and last in a segment that was closed: rows that say
 * what the chunks before are, so that a reader need not look at each header. An index is a hint: a
 * chunk is believed by its own header and CRC only; where there is no index, or a damaged one, headers
 * are looked at one after the other. The newest index chunk is named by the superblock of a clean
 * segment, and by the header of each data chunk behind it; each names the one before.
 *
 * A segment file: superblock at 0, its copy at 4096, from 8192 on chunks, one behind the other: the
 * catalog's first (seq 0), then its copy (seq 1; older segments have none), then data and indexes. Behind the last chunk: zeros (preallocated), or the end of the file. */
#ifndef TAKT_SHM_CHUNK_H
#define TAKT_SHM_CHUNK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAKT_BLOCK_BYTES 4096u
#define TAKT_CHUNK_MAGIC 0x4b434b54u		/* "TKCK" */
#define TAKT_CHUNK_VERSION 1u
#define TAKT_CHUNK_HEADER_BYTES 128u
#define TAKT_SEGMENT_MAGIC 0x31474553544b4154ull	/* "TAKTSEG1" */
#define TAKT_SEGMENT_VERSION 1u
#define TAKT_SEGMENT_CHUNKS_AT 8192u
#define TAKT_SEGMENT_SUFFIX ".takt"
#define TAKT_SEGMENT_KEEP_SUFFIX ".keep"	/* a file beside a segment, behind its name: retention spares it */
#define TAKT_SEGMENTS_REMOVED "removed"		/* a file in a run's directory: segments that retention deleted */

enum takt_chunk_type {
	TAKT_CHUNK_COPPERLISTS = 1,
	TAKT_CHUNK_EVENTS = 2,
	TAKT_CHUNK_CATALOG = 3,		/* stream 0, seq 0, its copy: 1; payload: CBOR */
	TAKT_CHUNK_SKIP = 4,		/* arena only: the rest of the ring is unused, go on at its start */
	TAKT_CHUNK_INDEX = 5		/* stream 0, seq: number in the segment, from 0; head and rows */
};

struct takt_chunk {
	uint32_t magic;
	uint16_t version;
	uint16_t type;			/* enum takt_chunk_type */
	uint32_t flags;
	uint32_t stream;
	uint64_t salt;			/* of the segment: tells recycled bytes from ours */
	uint64_t run;			/* run id */
	uint64_t seq;			/* per stream, from 0, +1 */
	uint64_t position;		/* of the header in the stream */
	uint32_t used_bytes;		/* records behind the header */
	uint32_t record_count;
	uint64_t first_cycle;		/* of the first and last record */
	uint64_t last_cycle;
	uint64_t first_mono_ns;
	uint64_t last_mono_ns;
	uint64_t index_offset;		/* of the newest index chunk before this one; 0: none */
	uint8_t reserved[24];
	uint32_t payload_crc;		/* CRC32C of used_bytes behind the header */
	uint32_t header_crc;		/* CRC32C of the 124 bytes before */
};
static_assert(sizeof(struct takt_chunk) == TAKT_CHUNK_HEADER_BYTES, "chunk header");
static_assert(offsetof(struct takt_chunk, header_crc) == 124, "chunk header");
static_assert(offsetof(struct takt_chunk, used_bytes) == 48, "chunk header");

/* Payload of an index chunk: this, then row_count rows of row_bytes each (a later version may have longer
 * ones), by offset, one for each data chunk of the file between `from` and `to`. */
struct takt_index_head {
	uint64_t from;			/* offsets: where the index before ends, or the first chunk's */
	uint64_t to;
	uint64_t previous;		/* offset of the index chunk before; 0: none */
	uint32_t row_count;
	uint32_t row_bytes;
};
static_assert(sizeof(struct takt_index_head) == 32, "index");

struct takt_index_row {			/* as in the header of the chunk at `offset` */
	uint64_t offset;
	uint64_t seq;
	uint64_t position;
	uint64_t first_cycle;
	uint64_t last_cycle;
	uint64_t first_mono_ns;
	uint64_t last_mono_ns;
	uint32_t stream;
	uint32_t used_bytes;
	uint32_t record_count;
	uint16_t type;			/* enum takt_chunk_type */
	uint16_t reserved;
};
static_assert(sizeof(struct takt_index_row) == 72, "index");

enum takt_segment_flag {
	TAKT_SEGMENT_CLEAN = 1,		/* closed: end_offset and the counts are final */
	TAKT_SEGMENT_LAST = 2,		/* the run ended in this segment */
	TAKT_SEGMENT_POISONED = 4,	/* given up after an I/O error; what verifies is valid */
	TAKT_SEGMENT_PART = 8,		/* cut out of a log: what was before and behind is elsewhere */
	TAKT_SEGMENT_VIRTUAL = 16,	/* in virtual time: created_mono_ns is the run's origin, created_real_ns the day */
	TAKT_SEGMENT_COUNTED = 32	/* with LAST: the lost_ counts are valid; older segments have none */
};

enum takt_ending {			/* how the run ended */
	TAKT_ENDED_UNKNOWN = 0,
#define TAKT_ENDING(number, name, text, doc) TAKT_ENDED_##name = (number),
#include "rt/shm/ending.def"
#undef TAKT_ENDING
};

struct takt_superblock {		/* in a 4096-byte block, twice */
	uint64_t magic;
	uint32_t version;
	uint32_t flags;			/* enum takt_segment_flag */
	uint64_t salt;
	uint64_t run;
	uint32_t number;		/* segment number within the run, from 1 */
	uint32_t writer_pid;
	uint64_t created_mono_ns;
	int64_t created_real_ns;
	uint64_t end_offset;		/* behind the last chunk; valid when clean */
	uint64_t chunk_count;		/* valid when clean */
	char boot_id[40];
	char machine_id[40];
	char graph[128];
	uint32_t ending;		/* enum takt_ending; valid with LAST */
	int32_t exit_code;		/* of takt-rt; valid with LAST, 0 when killed */
	char region[1024];		/* path of the run's shared memory; "" when longer */
	uint64_t index_offset;		/* of the last index chunk; 0: none; valid when clean */
	uint64_t lost_copperlists;	/* of the whole run, by takt-rt's counters; valid with COUNTED */
	uint64_t lost_events;		/* likewise: texts and lifecycle events */
	uint8_t reserved[4096 - 64 - 8 - 208 - 8 - 1024 - 8 - 16 - 4];
	uint32_t crc;			/* CRC32C of the 4092 bytes before */
};
static_assert(sizeof(struct takt_superblock) == 4096, "superblock");
static_assert(offsetof(struct takt_superblock, crc) == 4092, "superblock");

/* Bytes that a chunk takes in the ring and on disk. */
static inline uint64_t takt_chunk_span(uint32_t used_bytes)
{
	return ((uint64_t)TAKT_CHUNK_HEADER_BYTES + used_bytes + TAKT_BLOCK_BYTES - 1) &
	       ~(uint64_t)(TAKT_BLOCK_BYTES - 1);
}

#endif
