/* SPDX-License-Identifier: Apache-2.0 */
/* Records: what a lane writes into its streams, the same bytes in memory and on disk.
 *
 * Little-endian, 8-byte aligned, lengths multiples of 8, reserved fields zero. A copperlist:
 *
 *     head | task rows [task_count] | payloads, each 8-aligned | message rows [message_count]
 *
 * Only present messages have a row and take space. Offsets (`_at`) count from the record's start. */
#ifndef TAKT_SHM_RECORD_H
#define TAKT_SHM_RECORD_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define TAKT_RECORD_BYTES_MAX (512u << 20)
#define TAKT_NO_TASK 0xffffu
#define TAKT_STATUS_BYTES_MAX 63u

enum takt_record_kind {
	TAKT_RECORD_COPPERLIST = 1,
	TAKT_RECORD_TEXT = 2,
	TAKT_RECORD_LIFECYCLE = 3
};

struct takt_record {			/* every record begins with it */
	uint32_t bytes;			/* of the whole record, multiple of 8 */
	uint16_t kind;			/* enum takt_record_kind */
	uint16_t flags;
	uint64_t cycle;
	uint64_t mono_ns;		/* CLOCK_MONOTONIC; of a copperlist: start of the cycle */
};
static_assert(sizeof(struct takt_record) == 24, "record");

struct takt_copperlist {
	struct takt_record record;
	uint64_t counter;		/* the CPU's counter, read beside mono_ns */
	uint32_t late_ns;		/* start behind plan, saturating */
	uint32_t duration;		/* of the cycle, in counter ticks, saturating */
	uint32_t task_count;
	uint32_t message_count;
	uint32_t messages_at;		/* offset of the message rows */
	uint32_t reserved;
};
static_assert(sizeof(struct takt_copperlist) == 56, "copperlist");

enum takt_task_flag {
	TAKT_TASK_RAN = 1,		/* process was called this cycle (begin, end, result are valid) */
	TAKT_TASK_FAILED = 2,
	TAKT_TASK_ABORTED = 4,		/* not called: the cycle was aborted before */
	TAKT_TASK_FINISHED = 8		/* a source that returned TAKT_DONE, now or before */
};

struct takt_task_row {			/* index = task number */
	uint32_t begin;			/* counter ticks from copperlist.counter, saturating */
	uint32_t end;
	int32_t result;			/* of process */
	uint32_t flags;			/* enum takt_task_flag */
};
static_assert(sizeof(struct takt_task_row) == 16, "task row");

enum takt_message_flag {
	TAKT_MESSAGE_NOT_RECORDED = 1	/* `record: false`: payload_at is 0 */
};

/* In flags, too: how many cycles before this one the call was made that put it out, of a task in Python. */
#define TAKT_MESSAGE_AGE_SHIFT 16u
#define TAKT_MESSAGE_AGE_MAX 0xffffu	/* this many, or more */


struct takt_message_row {
	uint32_t output;		/* number of the output in the catalog; rows of one output in order of time */
	uint32_t flags;			/* enum takt_message_flag, and the age */
	uint32_t payload_at;
	uint32_t payload_bytes;
	uint32_t status_at;		/* 0: no status */
	uint16_t status_bytes;		/* without NUL */
	uint16_t tov_kind;		/* enum takt_tov_kind */
	uint64_t stamp_ns;		/* start of the producer's call, or receive time (io) */
	uint64_t tov_begin_ns;
	uint64_t tov_end_ns;
};
static_assert(sizeof(struct takt_message_row) == 48, "message row");

enum takt_text_flag {			/* in record.flags */
	TAKT_TEXT_HAS_SUPPRESSED = 1	/* behind the args: u64, calls that were left out before this one */
};

struct takt_text_record {
	struct takt_record record;
	uint32_t site;			/* number of the format in the catalog */
	uint16_t task;			/* TAKT_NO_TASK: the runtime itself */
	uint8_t level;
	uint8_t arg_count;
	uint64_t args[];		/* i, u: 64-bit integer; f: double; p: address; s: struct takt_text_string */
};
static_assert(sizeof(struct takt_text_record) == 32, "text record");

struct takt_text_string {		/* an `s` argument, its bytes follow the args */
	uint32_t at;
	uint32_t bytes;			/* without NUL */
};

struct takt_lifecycle_record {
	struct takt_record record;
	uint16_t event;			/* enum takt_event */
	uint16_t task;			/* or TAKT_NO_TASK */
	uint32_t text_bytes;		/* without NUL */
	int64_t values[4];		/* meaning per event, see lifecycle.def */
	char text[];
};
static_assert(sizeof(struct takt_lifecycle_record) == 64, "lifecycle record");

/* taktd's own events, in the stream of this name. */
#define TAKT_RECORDER_STREAM "recorder"
#define TAKT_RECORDER_TEXT_MAX 256u
#define TAKT_RECORDER_RECORD_BYTES_MAX                                                             \
	((uint32_t)sizeof(struct takt_lifecycle_record) + TAKT_RECORDER_TEXT_MAX)
#define TAKT_RECORDER_RING_BYTES (256u << 10)

enum takt_event {
#define TAKT_EVENT(number, name, v0, v1, v2, v3, doc) TAKT_EVENT_##name = number,
#include "rt/shm/lifecycle.def"
#undef TAKT_EVENT
};

/* @bytes rounded up to the 8 that records and what stands in them are aligned to. */
static inline uint32_t takt_record_align(uint32_t bytes)
{
	return (bytes + 7u) & ~7u;
}

/* Bytes of the largest copperlist with @payload_bytes of payloads (each rounded up to 8). */
static inline uint64_t takt_copperlist_bytes(uint32_t task_count, uint32_t message_count,
					     uint64_t payload_bytes)
{
	return sizeof(struct takt_copperlist) + (uint64_t)task_count * sizeof(struct takt_task_row) +
	       (uint64_t)message_count *
		       (sizeof(struct takt_message_row) + TAKT_STATUS_BYTES_MAX + 1) +
	       payload_bytes;
}

#endif
