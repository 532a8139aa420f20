/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that misbehaves, and a witness: a backend between recorder and file that makes writes short, late,
 * out of order or fail, and that knows which chunks are durable. It complains when the recorder releases a
 * chunk that is not, or syncs again after a sync has failed. */
#ifndef TAKT_TESTS_WRITE_FAULTY_H
#define TAKT_TESTS_WRITE_FAULTY_H

#include "logs/write/backend.h"
#include "rt/shm/region.h"

#define FAULTY_STREAMS 3u
#define FAULTY_HELD_MAX 8u

struct faulty_chunk {
	uint64_t position;
	uint64_t end;
	bool is_durable;
};

struct faulty_write {			/* one the recorder believes to be under way or done */
	bool is_used;
	bool is_complete;
	bool is_covered;		/* by the sync under way */
	uint64_t cookie;
	uint64_t bytes;
	uint64_t done_bytes;
	uint32_t slot;
	uint32_t stream;
	uint64_t begin;
	uint64_t end;
};

struct faulty {
	struct takt_backend base;
	struct takt_backend *inner;
	struct takt_stream_shared *streams;	/* of the region; NULL: do not look */

	/* what goes wrong; per mille of the calls, 0: never */
	uint32_t short_permille;
	uint32_t again_permille;
	uint32_t write_error_permille;
	uint32_t sync_error_permille;
	uint32_t delay_max;		/* reaps that a completion may be held */
	int write_error;
	int open_error;
	int reap_error;

	uint32_t random;
	uint32_t write_count;
	uint32_t sync_count;
	uint32_t error_count;
	bool is_sync_failed[TAKT_BACKEND_SLOTS];
	char complaint[160];		/* "" when all was right */

	struct faulty_held {
		struct takt_backend_done done;
		uint32_t delay;
	} held[FAULTY_HELD_MAX];
	uint32_t held_count;

	struct faulty_write writes[4096];
	uint32_t write_used;
	struct faulty_chunk *chunks[FAULTY_STREAMS];
	uint32_t chunk_count[FAULTY_STREAMS];
	uint32_t durable_count[FAULTY_STREAMS];	/* chunks at the front that are durable */
};

/* For takt_recorder_options.wrap, with a struct faulty as user: takes @backend, returns the faulty one. The
 * struct outlives it and can be used again. */
struct takt_backend *faulty_wrap(struct takt_backend *backend, void *user);

void faulty_fini(struct faulty *faulty);

#endif
