/* SPDX-License-Identifier: Apache-2.0 */
/* What recorder.c (manager) and recorder_step.c (writer thread) share. A slot is handed over by its state,
 * everything else has one side that writes it. */
#ifndef TAKT_LOGS_WRITE_RECORDER_INNER_H
#define TAKT_LOGS_WRITE_RECORDER_INNER_H

#include "logs/write/index.h"
#include "logs/write/intake.h"
#include "logs/write/journal.h"
#include "logs/write/recorder.h"
#include "logs/write/rundir.h"
#include "logs/write/segment.h"

#define TAKT_NO_SLOT UINT32_MAX
#define TAKT_NO_STREAM UINT32_MAX	/* of an extent that is an index chunk */
#define TAKT_RETRY_NS_MIN 200000000ull
#define TAKT_RETRY_NS_MAX 1000000000ull

/* free -> ready (manager) -> active (writer) -> full | poisoned | lost (writer) -> free (manager) */
enum takt_slot_state {
	TAKT_SLOT_FREE = 0,
	TAKT_SLOT_READY,		/* made, empty */
	TAKT_SLOT_ACTIVE,
	TAKT_SLOT_FULL,			/* everything in it is synced: close it */
	TAKT_SLOT_POISONED,		/* nothing in flight: give it up */
	TAKT_SLOT_LOST			/* may be in flight: do not touch it */
};

struct takt_slot {
	_Atomic uint32_t state;		/* enum takt_slot_state; release by who hands over, acquire */
	struct takt_segment segment;
	uint64_t offset;		/* where the next chunk goes; writer's while active */
	uint64_t chunk_count;		/* likewise */
	uint64_t begun_ns;		/* likewise; 0: holds nothing yet but our own events */
	bool is_aged;			/* closed for its age, not for its size */
	struct takt_index *index;	/* likewise; owned by the recorder */
	bool is_last;			/* of the run, which ended so: */
	struct takt_run_end end;
};

/* One write. */
struct takt_extent {
	struct takt_span span;
	uint64_t offset;
	uint64_t written_bytes;
	uint32_t stream;
	uint32_t slot;
	uint32_t idle_tries;		/* completions in a row that brought nothing */
	bool is_begun;			/* the backend has it */
	bool is_done;
};

enum takt_due {
	TAKT_DUE_NOT = 0,
	TAKT_DUE_TAKING,		/* everything up to want[] is being taken */
	TAKT_DUE_COMPLETING		/* extents below `barrier` are being written, then it is synced */
};

struct takt_step {			/* the writer thread's */
	bool is_started;
	bool is_failed;			/* nothing more is begun; given up when nothing is in flight */
	bool is_syncing;
	bool is_old_syncing;		/* the sync that is under way is the old segment's last */
	bool is_saturated;
	bool is_short_of_segments;
	uint64_t now_ns;		/* of this round */
	uint32_t current;		/* slot, or TAKT_NO_SLOT */
	uint32_t old;			/* slot that waits for its last sync */
	uint32_t first_stream;		/* whose turn it is */
	uint32_t in_flight;		/* writes that the backend has */
	uint64_t begun;			/* extents so far; extents[begun % depth max] is the next */
	uint64_t ended;			/* extents whose completion was taken, in order */
	uint64_t synced;		/* extents that are known to be synced */
	uint64_t syncing;		/* extents that the sync under way covers */
	enum takt_due due;
	uint64_t barrier;
	uint64_t sync_at_ns;
	uint64_t retry_at_ns;
	uint64_t retry_ns;
	uint64_t written_bytes;
	uint64_t synced_bytes;
	uint64_t syncing_bytes;
	uint64_t chunk_count;
	struct takt_extent extents[TAKT_BACKEND_DEPTH_MAX];
	struct takt_step_stream {
		struct takt_intake intake;
		bool is_empty;		/* the last take found nothing */
		uint64_t want;
		uint64_t done;		/* position and number behind the last ended extent */
		uint64_t done_seq;
		uint64_t syncing;	/* the same, covered by the sync under way */
		uint64_t syncing_seq;
	} streams[TAKT_STREAMS_MAX];
};

enum takt_manage_phase {
	TAKT_MANAGE_OPENING = 0, TAKT_MANAGE_RECORDING, TAKT_MANAGE_ENDED
};

struct takt_recorder {
	/* constant after create; backend, directory: after the manager has opened them */
	struct takt_region *region;
	struct takt_region_info info;	/* a copy that nobody else can change */
	struct takt_recorder_options options;
	struct takt_backend *backend;
	uint32_t stream_count;
	uint64_t sync_ns;
	uint64_t segment_age_ns;	/* 0: none */

	struct takt_journal journal;	/* the manager's; its number is constant */
	struct takt_slot slots[TAKT_BACKEND_SLOTS];
	char *index_buffer;		/* the writer's: the index chunk that is being written */

	/* manager -> writer */
	_Atomic bool run_has_ended;
	_Atomic bool is_stopping;
	_Atomic bool is_removed;	/* files that are written to have no name any more: give up, let go */
	_Atomic int manager_error;	/* what keeps the manager from its work, 0: nothing */
	_Atomic bool is_to_say;		/* an event is still to come: do not end */
	/* writer -> manager */
	_Atomic bool wants_segment;
	_Atomic uint64_t broken_chunks;	/* ours; others may scribble on the shared one */
	_Atomic int error;		/* -errno while the writer is failing, else 0 */
	_Atomic uint32_t end;		/* enum takt_recorder_end; set by the writer thread ... */
	_Atomic bool is_let_go;		/* ... and valid when it has let go */

	struct takt_step step;

	struct {			/* the manager's */
		enum takt_manage_phase phase;
		enum takt_recorder_phase shown_phase;
		struct takt_segment_kind kind;
		struct takt_region_storage storage;
		struct takt_rundir rundir;
		bool has_trimmed;
		bool is_kept_open;	/* others of this process still produce */
		bool is_close_failed;
		uint64_t trim_at_ns;
		uint64_t retry_at_ns;
		uint64_t retry_ns;
		uint32_t first_segment;
		uint32_t newest_segment;
		uint32_t changes;
		uint32_t tries;		/* of making the directory */
		bool is_left;		/* takt-rt was gone when we came */
		bool has_said_recovered;
		int disk_error;		/* as last recorded, 0: it works */
		uint64_t disk_since_ns;
		int64_t disk_errors;	/* before it began */
		uint64_t retain_at_ns;
		uint32_t retained_segment;	/* the newest when retention was applied last */
		char retention_text[256];	/* why it cannot delete; "" */
		char why[256];		/* the backend is not the best one */
		char text[256];
	} manage;
};

/* Show @value in the region; only the writer thread counts.  [writer] */
static inline void takt_recorder_count_to(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

/* --- recorder_io.c: the writer thread's dealings with the backend -------------------------------- */

/* Note an error; the first one stops everything until takt_recorder_give_up. */
void takt_recorder_fail(struct takt_recorder *recorder, int error);
void takt_recorder_hand_back(struct takt_recorder *recorder, uint32_t slot, enum takt_slot_state state);

/* Nothing is in flight: give up both segments, go back to what is released. */
void takt_recorder_give_up(struct takt_recorder *recorder, uint64_t now_ns);

/* Begin extent @number; all that are not under way. */
void takt_recorder_begin_write(struct takt_recorder *recorder, uint64_t number);
void takt_recorder_begin_again(struct takt_recorder *recorder);

/* Count the extents at the front that are done. */
void takt_recorder_end_extents(struct takt_recorder *recorder);

/* Begin a sync of @slot that covers what was ended before. */
void takt_recorder_begin_sync(struct takt_recorder *recorder, uint32_t slot, uint64_t now_ns);

/* The old segment is synced as a whole. */
void takt_recorder_retire_old(struct takt_recorder *recorder);

/* Hand over what was begun and take completions; wait up to @wait_ns. Returns >= 0, or -errno of the backend. */
int takt_recorder_collect(struct takt_recorder *recorder, uint64_t wait_ns);

/* --- recorder_say.c: the manager's events in the run's log ---------------------------------------- */

/* That what another left is taken over, where that is so; before the writer has the run. */
void takt_recorder_say_recovered(struct takt_recorder *recorder, uint64_t now_ns);

/* That takt-rt is gone without a word, where that is so and was not said yet; before run_has_ended is. */
void takt_recorder_say_gone(struct takt_recorder *recorder, uint64_t now_ns);

/* That the disk fails, or works again, where that has changed. */
void takt_recorder_say_disk(struct takt_recorder *recorder, uint64_t now_ns);

/* That the segment in @slot is closed, and the next goes on. */
void takt_recorder_say_rolled(struct takt_recorder *recorder, const struct takt_slot *slot, uint64_t now_ns);

/* Delete what the graph's retention says, from time to time and when there is a new segment. */
void takt_recorder_retain(struct takt_recorder *recorder, uint64_t now_ns);

/* --- recorder_step.c -------------------------------------------------------------------------- */

/* Wake the manager.  [writer] */
void takt_recorder_notify(const struct takt_recorder *recorder);

/* Prepare the writer thread's part. Memory is touched here, not there.  [setup] */
void takt_recorder_step_init(struct takt_recorder *recorder);

#endif
