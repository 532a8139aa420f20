/* SPDX-License-Identifier: Apache-2.0 */
/* Makes logs of any size with the writer's own segments and indexes, without region and recorder: chunks of
 * copperlists that hold nothing, every eighth one of texts. */
#ifndef TAKT_TESTS_BIG_LOG_H
#define TAKT_TESTS_BIG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#define BIG_LOG_RUN 0xb16u
#define BIG_LOG_PERIOD_NS 1000000u

struct big_log_spec {
	const char *dir;		/* exists and is empty */
	uint32_t segment_count;
	uint32_t chunk_count;		/* in each segment */
	uint32_t chunk_bytes;		/* of records */
	uint32_t record_bytes;
	bool is_indexed;
	bool is_cut;			/* the last segment was never closed */
};

/* Returns the bytes of all files. Asserts that it works. */
uint64_t big_log_make(const struct big_log_spec *spec);

#endif
