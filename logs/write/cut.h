/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a log as a log of its own: one segment with the same catalog and run id, and only the records
 * between two points. Chunks that lie inside are copied as they are (but for salt and checksum), those at the
 * edges with the records that belong to it. Numbers stay, so that what is lost in the log is seen as lost in the
 * part. The segment says that it is a part. */
#ifndef TAKT_LOGS_WRITE_CUT_H
#define TAKT_LOGS_WRITE_CUT_H

#include <takt/log.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

struct takt_cut {
	struct takt_log_point since;	/* included, as in takt_log_filter */
	struct takt_log_point until;
	uint64_t record_count;		/* out: what the part holds */
	uint64_t chunk_count;
	uint64_t bad_chunk_count;	/* out: left out, because their checksum is wrong */
	uint64_t bytes;			/* out: of the file */
};

/* Write the part of @log (not live, of files) that @cut says to the new directory @path. On failure nothing is
 * left behind. Returns 0, -ENODATA (no record there), -EEXIST, -errno.  [bg] */
TAKT_BG int takt_cut_write(struct takt_log *log, struct takt_cut *cut, const char *path, struct takt_err *err);

#endif
