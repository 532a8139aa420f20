/* SPDX-License-Identifier: Apache-2.0 */
/* The last thing that a takt-rt which is gone has committed, as the rings still show it. */
#ifndef TAKT_LOGS_WRITE_LAST_RECORD_H
#define TAKT_LOGS_WRITE_LAST_RECORD_H

#include <stdbool.h>

#include "rt/base/tags.h"
#include "rt/shm/region.h"

struct takt_last_record {
	uint64_t cycle;
	uint64_t mono_ns;
};

/* The latest in one stream; believes nothing. False when it holds none that makes sense.  [bg] */
TAKT_BG bool takt_last_record_of_stream(const struct takt_stream_view *view,
					struct takt_last_record *ret_last);

/* The latest of all streams of @region but number @except, not later than @now_ns.  [bg] */
TAKT_BG bool takt_last_record_find(const struct takt_region *region, uint32_t except, uint64_t now_ns,
				   struct takt_last_record *ret_last);

#endif
