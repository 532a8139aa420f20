/* SPDX-License-Identifier: Apache-2.0 */
/* What a log's time range is (<takt/log.h>), by the headers of its chunks: the same rule for a log that is
 * open, of which every chunk is known, and for one that is listed, of which only both ends are looked at. */
#ifndef TAKT_LOGS_READ_RANGE_H
#define TAKT_LOGS_READ_RANGE_H

#include "logs/read/files.h"

struct takt_log_range {			/* zeroed: empty */
	uint64_t first_mono_ns;
	uint64_t last_mono_ns;
	bool any;
};

/* The number of the stream that is the recorder's own; TAKT_LOG_NONE when there is none.  [any] */
uint32_t takt_log_range_recorder(const struct takt_log_tables *tables);

/* Widen @range by [@first_mono_ns, @last_mono_ns].  [any] */
void takt_log_range_put(struct takt_log_range *range, uint64_t first_mono_ns, uint64_t last_mono_ns);

/* Look at the chunks of as few segments as the range needs, and of those that are not closed (for
 * written_bytes). @recorder: a stream that does not count. @grows as of takt_log_segment_scan. Each segment
 * is scanned once: nothing else may have begun to. Returns 0, -errno.  [bg] */
int takt_log_range_find(struct takt_log_files *files, uint32_t recorder, bool grows,
			struct takt_log_range *ret_range);

#endif
