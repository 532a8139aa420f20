/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of taktd that forwards texts of warning and above to the journal, while they are recorded.
 *
 * It reads the runs as any reader does, several times a second, so that neither a lane nor the writer waits for
 * it. Of a run it forwards JOURNAL_BURST texts at once and JOURNAL_PER_S each second; how many more there
 * were is said in a message of its own. All of them are in the log. */
#ifndef TAKT_MAIN_TAKTD_JOURNAL_H
#define TAKT_MAIN_TAKTD_JOURNAL_H

#include "rt/base/err.h"
#include "rt/shm/region.h"

struct taktd_journal;

/* Forward to the socket at @path. @run_dir: lent until stop. Signals are blocked in the thread.  [setup] */
TAKT_SETUP int taktd_journal_start(const char *path, const char *run_dir,
				   struct taktd_journal **ret_journal, struct takt_err *err);

/* Follow the run of @region (borrowed) from where its mailbox says that the journal is.  [main] */
TAKT_BG void taktd_journal_add(struct taktd_journal *journal, const struct takt_region *region);

/* Note in @region's mailbox how far its texts are in the journal: the next taktd goes on there.  [main] */
TAKT_BG void taktd_journal_note(struct taktd_journal *journal, struct takt_region *region);

/* Forward what is there, and end the thread. NULL is fine, here and above.  [setup] */
TAKT_SETUP void taktd_journal_stop(struct taktd_journal *journal);

#endif
