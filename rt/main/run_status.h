/* SPDX-License-Identifier: Apache-2.0 */
/* How a running graph is doing, as its control page says. */
#ifndef TAKT_MAIN_RUN_STATUS_H
#define TAKT_MAIN_RUN_STATUS_H

#include <sys/types.h>

#include "rt/shm/region.h"

struct takt_ring_status {
	char name[64];
	uint64_t bytes;			/* of the ring */
	uint64_t free_bytes;		/* of them, may be written to */
	double seconds;			/* until it is full, when nothing is written from now on, at the
					 * run's mean rate; < 0: nothing was ever put in */
};

struct takt_run_status {		/* copied: nothing of it changes any more */
	char path[PATH_MAX];		/* of the region */
	char graph[TAKT_GRAPH_NAME_MAX];
	char log_dir[PATH_MAX];
	uint64_t run;
	pid_t pid;			/* of takt-rt; valid while alive */
	bool alive;			/* takt-rt */
	bool recorded;			/* a taktd is attached */
	uint32_t phase;			/* enum takt_rt_phase */
	uint32_t ending;		/* enum takt_ending */
	int32_t exit_code;
	int64_t start_real_ns;
	uint64_t age_ns;		/* since its start */
	uint64_t cycles;
	uint64_t overruns;
	uint64_t skipped_cycles;
	uint64_t late_starts;
	uint64_t worst_late_ns;
	uint64_t lost_copperlists;
	uint64_t lost_events;
	uint64_t dropped_inputs;
	uint64_t distrusted;
	uint64_t minor_faults;		/* of the lane, since it was warm */
	uint64_t major_faults;
	uint64_t involuntary_switches;
	struct takt_ring_status rings[TAKT_STREAMS_MAX];
	uint32_t ring_count;
	uint32_t recorder_phase;	/* enum takt_recorder_phase */
	int32_t last_errno;		/* > 0, or 0 */
	uint32_t segment;
	uint64_t written_bytes;
	uint64_t synced_bytes;
	uint64_t chunks;
	uint64_t errors;
	uint64_t broken_chunks;
	char backend[32];
	char text[256];			/* what is wrong, for people */
	char directory[PATH_MAX];	/* of the segments; "" while there is none */
	bool disk_known;
	uint64_t disk_free_bytes;	/* where they are; valid with disk_known */
};

/* Read the region at @path. Returns 0, -ENOENT, -EACCES, -EBADMSG, -EPROTONOSUPPORT.  [bg] */
int takt_run_status_read(const char *path, struct takt_run_status *ret_status, struct takt_err *err);

/* "starting", "running", "stopping", "ended", and "died" for a takt-rt that is gone without a word. */
const char *takt_run_state_name(const struct takt_run_status *status);

/* "none", "attached", "writing", "failing", "detached", and "gone" for a taktd that has died. */
const char *takt_recorder_state_name(const struct takt_run_status *status);

/* Whether @word is the run's graph, or the beginning of its id (NULL: every run is meant). */
bool takt_run_is_meant(const struct takt_run_status *status, const char *word);

#endif
