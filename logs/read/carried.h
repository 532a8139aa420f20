/* SPDX-License-Identifier: Apache-2.0 */
/* Lifecycle records of segments that retention has deleted: see rt/shm/carried.h. */
#ifndef TAKT_LOGS_READ_CARRIED_H
#define TAKT_LOGS_READ_CARRIED_H

#include "logs/read/files.h"

struct takt_log_carried_stream {
	uint32_t stream;
	char *bytes;			/* its records, in order */
	uint32_t used_bytes;
};

struct takt_log_carried {
	struct takt_log_carried_stream *streams;	/* that have any */
	uint32_t stream_count;
};

/* Read what there is beside the segments; what a chunk of the index has as well is left out. Damage is
 * reported once. Nothing to be read is none. Returns 0, -ENOMEM.  [bg] */
int takt_log_carried_load(struct takt_log_files *files, struct takt_log_carried *ret_carried);

/* How many older records were left out, by the file's head.  [bg] */
uint64_t takt_log_carried_dropped(const struct takt_log_files *files);
void takt_log_carried_fini(struct takt_log_carried *carried);

#endif
