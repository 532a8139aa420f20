/* SPDX-License-Identifier: Apache-2.0 */
/* Records one run: from its shared region into the segments of its directory.
 *
 * Two threads work on it. The manager (set-up, then takt_recorder_tend every 100 ms or when notified) does all
 * that may block or allocate: region, directory, backend, making and closing segments. The writer thread
 * (takt_recorder_step, see writer.h) takes chunks, writes and syncs, and says what may be overwritten.
 *
 * Errors of the disk do not end a recording: the segment is given up, and everything that is not released is
 * written again from the ring into the next one, as often as it takes. */
#ifndef TAKT_LOGS_WRITE_RECORDER_H
#define TAKT_LOGS_WRITE_RECORDER_H

#include "logs/write/backend.h"
#include "rt/shm/region.h"

struct takt_recorder;
struct takt_writer;

struct takt_recorder_options {
	enum takt_backend_kind backend;
	int notify_fd;			/* eventfd that wakes the manager; borrowed until destroy, -1: none */
	const char *log_dir;		/* absolute, copied; NULL: where the run wants its log */
	uint32_t tries_max;		/* for a run that is over, of making its directory where that can never
					 * work (no such path, no right, no directory); 0: no limit */
	/* For tests: put something between recorder and backend. Takes and returns ownership. */
	struct takt_backend *(*wrap)(struct takt_backend *backend, void *user);
	void *wrap_user;
};

enum takt_recorder_end {
	TAKT_RECORDER_GOES_ON = 0,
	TAKT_RECORDER_RUN_ENDED,	/* all is recorded and closed: the region can be removed */
	TAKT_RECORDER_STOPPED,		/* as asked for; what is not released is still in the region */
	TAKT_RECORDER_REMOVED,		/* somebody removed its files: destroy, attach again for new ones */
	TAKT_RECORDER_GAVE_UP,		/* after tries_max: the region stays as it is, the text says why */
	TAKT_RECORDER_LOST		/* the backend is unusable: destroy, attach again with another */
};

struct takt_recorder_status {		/* lent until the next tend */
	enum takt_recorder_phase phase;
	uint32_t segment;		/* number of the newest, 0: none yet */
	uint64_t broken_chunks;
	bool is_cut;			/* files of the region were truncated */
	uint32_t changes;		/* grows whenever something of this struct but the counts changes */
	const char *graph;
	const char *region_path;
	const char *directory;		/* "" until there is one */
	const char *backend;		/* likewise */
	const char *text;		/* what is wrong; "" */
	const char *why;		/* why the backend is not a better one; "" */
};

/* Attach to the region at @region_path, taking its recorder lock. Nothing is written yet.
 * Returns 0, -EBUSY when another records it, -errno.  [setup] */
TAKT_SETUP int takt_recorder_create(const char *region_path,
				    const struct takt_recorder_options *options,
				    struct takt_recorder **ret_recorder, struct takt_err *err);

/* Its region, lent until destroy. What takt-rt may write there is not to be believed.  [manager] */
TAKT_BG struct takt_region *takt_recorder_region(const struct takt_recorder *recorder);

/* Do what is to be done; goes to @writer (kept) as soon as directory and backend are there (NULL: the caller
 * steps it himself). Returns how it stands.  [manager] */
TAKT_BG enum takt_recorder_end takt_recorder_tend(struct takt_recorder *recorder,
						  struct takt_writer *writer, uint64_t now_ns);

/* While @is_kept the run is not over, even without its takt-rt: others of this process still produce streams of its
 * region.  [manager] */
TAKT_BG void takt_recorder_keep_open(struct takt_recorder *recorder, bool is_kept);

/* Ask to end: what is sealed is still written and synced.  [manager] */
TAKT_BG void takt_recorder_stop(struct takt_recorder *recorder);

TAKT_BG struct takt_recorder_status takt_recorder_status(const struct takt_recorder *recorder);

/* Release lock, memory and files. Only before it went to a writer, after tend said that it ended, or after
 * the writer was stopped. NULL is fine.  [setup] */
TAKT_SETUP void takt_recorder_destroy(struct takt_recorder *recorder);

enum takt_recorder_activity {
	TAKT_RECORDER_IDLE,		/* nothing to do, nothing in flight */
	TAKT_RECORDER_BUSY,		/* look again in a millisecond */
	TAKT_RECORDER_SATURATED,	/* more to do at once; has waited for the disk itself */
	TAKT_RECORDER_FINISHED		/* never to be called again; say so by takt_recorder_let_go */
};

/* One round of work.  [writer] */
TAKT_BG enum takt_recorder_activity takt_recorder_step(struct takt_recorder *recorder,
						       uint64_t now_ns);

/* The writer thread has forgotten @recorder.  [writer] */
TAKT_BG void takt_recorder_let_go(struct takt_recorder *recorder);

#endif
