/* SPDX-License-Identifier: Apache-2.0 */
/* The file `lifecycle` in a run's directory: lifecycle records of segments that retention has deleted.
 *
 *     head | frame, records | frame, records | ...
 *
 * A frame has the lifecycle records of one chunk, as they were; (stream, seq) is the chunk's. It is appended and
 * synced before the segment goes: after a crash a chunk may stand here and in a segment, or here twice, and
 * readers keep one. A frame whose checksum is wrong at the end was never finished. When the file gets too large
 * the oldest frames are left out, and counted. */
#ifndef TAKT_SHM_CARRIED_H
#define TAKT_SHM_CARRIED_H

#include <assert.h>
#include <stdint.h>

#define TAKT_CARRIED_FILE "lifecycle"
#define TAKT_CARRIED_NEW_SUFFIX ".new"		/* behind the name while it is written anew */
#define TAKT_CARRIED_MAGIC 0x314546494c544b54ull	/* "TKTLIFE1" */
#define TAKT_CARRIED_FRAME_MAGIC 0x4d524643u	/* "CFRM" */
#define TAKT_CARRIED_BYTES_MAX (8u << 20)

struct takt_carried_head {
	uint64_t magic;
	uint64_t run;
	uint64_t dropped;		/* records that were left out, the oldest */
	uint8_t reserved[36];
	uint32_t crc;			/* CRC32C of the 60 bytes before */
};
static_assert(sizeof(struct takt_carried_head) == 64, "head of carried records");

struct takt_carried_frame {
	uint32_t magic;
	uint32_t bytes;			/* of records behind it, a multiple of 8 */
	uint64_t seq;
	uint32_t stream;
	uint32_t record_count;
	uint32_t reserved;
	uint32_t crc;			/* CRC32C of the 28 bytes before, then of the records */
};
static_assert(sizeof(struct takt_carried_frame) == 32, "frame of carried records");

#endif
