/* SPDX-License-Identifier: Apache-2.0 */
/* What can be put right in the segments of a run without believing or losing anything.
 *
 * A superblock that is damaged, or that differs because a close was cut short, is written again from
 * the other one (of two good ones the first is believed, as readers do); what was preallocated and
 * never written is cut off; a file that a dead writer did not finish making is removed. A file that
 * its writer has locked is never changed. */
#ifndef TAKT_LOGS_WRITE_REPAIR_H
#define TAKT_LOGS_WRITE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/base/tags.h"

enum takt_repair_kind {
	TAKT_REPAIR_SUPERBLOCK = 1,	/* damaged, the other one is good */
	TAKT_REPAIR_SUPERBLOCKS_DIFFER,
	TAKT_REPAIR_NO_SUPERBLOCK,	/* both are damaged: nothing to write them from */
	TAKT_REPAIR_PREALLOCATED,	/* never written; harmless */
	TAKT_REPAIR_UNFINISHED		/* file without data; harmless */
};

#define TAKT_REPAIR_POSSIBLE 0
#define TAKT_REPAIR_DONE 1

struct takt_repair {
	const char *name;		/* of the file; lent until the visitor returns */
	enum takt_repair_kind kind;
	uint64_t offset;
	uint64_t bytes;
	/* TAKT_REPAIR_POSSIBLE (not asked for), TAKT_REPAIR_DONE, -EBUSY (its writer has it locked),
	 * -ENOTSUP (cannot be repaired), -errno. */
	int result;
};

/* Look at file @name in @dir_fd, repair when @repair, and call @visit with each thing that was found.
 * Files of other formats are passed over. Returns 0, or -errno when the file could not be read.
 * Done repairs are on stable storage.  [bg] */
TAKT_BG int takt_repair_segment(int dir_fd, const char *name, bool repair,
				void (*visit)(const struct takt_repair *found, void *user), void *user);

/* The same for a file that a writer begins with (name ends in .takt.new).  [bg] */
TAKT_BG int takt_repair_unfinished(int dir_fd, const char *name, bool repair,
				   void (*visit)(const struct takt_repair *found, void *user),
				   void *user);

#endif
