/* SPDX-License-Identifier: Apache-2.0 */
/* The shared region of one run: a directory with the files `control` and `arena`.
 *
 *     <run dir>/<graph>/<run id, 16 hex digits>/control   header, sections, catalog
 *                                               arena     the streams' rings
 *
 * Liveness is an OFD lock on `control`: byte 0 is held by takt-rt, byte 1 by the taktd that records.
 * It is created under a name with a leading dot, filled, then renamed: what has the final name is whole.
 * The ABI is append-only within a major; every field has one writer, named in its section. */
#ifndef TAKT_SHM_REGION_H
#define TAKT_SHM_REGION_H

#include <limits.h>
#include <stdatomic.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/shm/stream.h"

#define TAKT_REGION_MAGIC 0x304e4f4947455254ull
#define TAKT_REGION_ABI_MAJOR 1u
#define TAKT_REGION_ABI_MINOR 1u
#define TAKT_REGION_ENDIAN 0x01020304u
#define TAKT_REGION_ALIGN 65536u
#define TAKT_STREAMS_MAX 64u
#define TAKT_GRAPH_NAME_MAX 64u

enum takt_section_id {
	TAKT_SECTION_INFO = 1,		/* struct takt_region_info; takt-rt, before the rename */
	TAKT_SECTION_STREAMS = 2,	/* struct takt_stream_shared [count]; see there */
	TAKT_SECTION_STATE = 3,		/* struct takt_rt_state; takt-rt */
	TAKT_SECTION_RECORDER = 4,	/* struct takt_recorder_state; the taktd with the lock */
	TAKT_SECTION_CATALOG = 5,	/* CBOR; takt-rt, before the rename */
	TAKT_SECTION_STORAGE = 6,	/* struct takt_region_storage; likewise; regions of ABI 1.0 have none */
	TAKT_SECTION_MAILBOX = 7	/* rt/shm/mailbox.h; see there; likewise none */
};

struct takt_section {
	uint32_t id;
	uint32_t stride;		/* of its elements */
	uint64_t offset;
	uint64_t bytes;
};

struct takt_region_header {		/* at 0 of control; takt-rt, before the rename */
	uint64_t magic;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t endian;
	uint32_t header_bytes;
	uint32_t section_count;
	uint64_t control_bytes;
	uint64_t arena_bytes;
	struct takt_section sections[16];
};

struct takt_region_info {
	uint64_t run;
	uint64_t origin_mono_ns;
	int64_t origin_real_ns;
	uint64_t flush_ns;
	uint64_t sync_ns;
	uint64_t segment_bytes;
	uint64_t catalog_bytes;
	uint32_t pid;
	uint32_t stream_count;
	char graph[TAKT_GRAPH_NAME_MAX];
	char boot_id[40];
	char machine_id[40];
	char log_dir[PATH_MAX];		/* absolute */
};

struct takt_region_storage {		/* 0: no limit */
	uint64_t segment_age_ns;	/* a segment is closed after this time */
	uint64_t max_bytes;		/* what the graph's runs in log_dir may take */
	uint64_t max_age_ns;		/* older segments are deleted */
	uint64_t min_free_bytes;	/* of the file system */
};

enum takt_rt_phase { TAKT_RT_STARTING = 0, TAKT_RT_RUNNING, TAKT_RT_STOPPING, TAKT_RT_ENDED };

struct takt_rt_state {
	_Atomic uint32_t phase;		/* enum takt_rt_phase */
	_Atomic int32_t exit_code;	/* valid when ended */
	_Atomic uint64_t cycles;	/* the lane: begun; relaxed, as all counters here */
	_Atomic uint64_t overruns;
	_Atomic uint64_t skipped_cycles;
	_Atomic uint64_t late_starts;
	_Atomic uint64_t worst_late_ns;
	_Atomic uint64_t lost_copperlists;
	_Atomic uint64_t lost_events;
	_Atomic uint64_t distrusted;
	_Atomic uint32_t ending;	/* enum takt_ending; valid when ended */
	uint32_t reserved;
	_Atomic uint64_t virtual_ns;	/* the lane: the run's virtual time; 0: it is in real time */
	uint8_t pad0[128 - 88];
	_Atomic uint64_t minor_faults;	/* of the lane thread since warm-up; from the watching thread */
	_Atomic uint64_t major_faults;
	_Atomic uint64_t involuntary_switches;
	_Atomic uint64_t input_drops;
	uint8_t pad1[128 - 32];
};
static_assert(sizeof(struct takt_rt_state) == 256, "rt state");

enum takt_recorder_phase {
	TAKT_RECORDER_NONE = 0, TAKT_RECORDER_ATTACHED, TAKT_RECORDER_WRITING,
	TAKT_RECORDER_FAILING, TAKT_RECORDER_DETACHED
};

struct takt_recorder_state {
	_Atomic uint32_t phase;		/* enum takt_recorder_phase */
	_Atomic int32_t last_errno;
	_Atomic uint64_t written_bytes;
	_Atomic uint64_t synced_bytes;
	_Atomic uint64_t chunks;
	_Atomic uint64_t errors;
	_Atomic uint64_t broken_chunks;
	_Atomic uint32_t segment;
	_Atomic uint32_t text_version;	/* odd while the strings below change */
	char backend[32];
	char text[256];			/* what is wrong, for people */
	char directory[PATH_MAX];	/* of the run's segments */
};

struct takt_stream_spec {
	char name[64];
	uint32_t kind;			/* enum takt_stream_kind */
	uint32_t record_bytes_max;
	uint64_t ring_bytes;		/* wanted; raised to the minimum, rounded up */
};

struct takt_region_spec {
	const char *run_dir;
	const struct takt_stream_spec *streams;
	uint32_t stream_count;
	const void *catalog;
	uint32_t catalog_bytes;
	uint32_t task_count;		/* places in the mailbox */
	struct takt_region_info info;	/* stream_count, catalog_bytes are filled in by create */
	struct takt_region_storage storage;
};

enum takt_region_role { TAKT_REGION_RT, TAKT_REGION_RECORDER, TAKT_REGION_READER };

struct takt_region_ring {		/* of a stream, as checked */
	uint64_t offset;
	uint64_t bytes;
	uint16_t type;
};

struct takt_region {
	enum takt_region_role role;
	int control_fd;
	int arena_fd;			/* -1 once closed */
	char path[PATH_MAX];
	void *control;
	uint64_t control_bytes;
	char *arena;
	uint64_t arena_bytes;
	const struct takt_region_info *info;
	const struct takt_region_storage *storage;	/* NULL: an older region */
	const void *catalog;
	struct takt_stream_shared *streams;
	struct takt_rt_state *rt;
	struct takt_recorder_state *recorder;
	struct takt_mailbox *mailbox;	/* NULL: of an older takt-rt, without one */
	uint32_t mailbox_task_count;
	uint32_t stream_count;
	uint64_t run;			/* these two: copies that nobody can change after the check */
	struct takt_region_ring rings[TAKT_STREAMS_MAX];
	bool arena_shrunk;		/* create: less room than asked for */
};

/* /dev/shm/takt-<uid>.  [setup] */
TAKT_SETUP int takt_run_dir_default(char *out, uint32_t out_bytes);

/* Make the run directory (0700) or check that it is ours. -EPERM when it is another's.  [setup] */
TAKT_SETUP int takt_run_dir_ensure(const char *run_dir, struct takt_err *err);

/* Create, fill and lock the region of a new run, under its temporary name. When memory is short the rings
 * shrink down to their minimum (arena_shrunk). On failure nothing is left but the graph's directory.
 * [setup] */
TAKT_SETUP int takt_region_create(const struct takt_region_spec *spec,
				  struct takt_region **ret_region, struct takt_err *err);

/* Give the region its final name: from now on taktd and readers may find it.  [setup] */
TAKT_SETUP int takt_region_publish(struct takt_region *region, struct takt_err *err);

/* Map the region at @path as taktd or reader. The recorder takes the lock (-EBUSY when another has it)
 * and maps writable what is its own user's (else -EPERM). All tables are checked. -EBADMSG,
 * -EPROTONOSUPPORT (ABI).  [bg] */
TAKT_BG int takt_region_attach(const char *path, enum takt_region_role role,
			       struct takt_region **ret_region, struct takt_err *err);

/* Whether one of its files was cut while it was mapped, in a program with a guard (region_guard.h): what is
 * in memory is then not what was recorded.  [any] */
TAKT_ANY bool takt_region_is_cut(const struct takt_region *region);

/* Unmap and close; locks go with the descriptors. NULL is fine.  [bg] */
TAKT_BG void takt_region_close(struct takt_region *region);

/* Remove the directory at @path with its files.  [bg] */
TAKT_BG int takt_region_remove(const char *path);

/* Whether takt-rt (taktd) holds its lock: 1, 0 or -errno.  [bg] */
TAKT_BG int takt_region_rt_alive(const struct takt_region *region);
TAKT_BG int takt_region_recorder_alive(const struct takt_region *region);

/* View of stream @number < stream_count; what it says was checked when the region was attached.  [any] */
TAKT_ANY struct takt_stream_view takt_region_view(const struct takt_region *region, uint32_t number);

/* Call @visit with the path of every published region below @run_dir; stop when it returns non-zero.
 * Returns that value, 0, or -errno (0 when @run_dir does not exist).  [bg] */
TAKT_BG int takt_region_scan(const char *run_dir, int (*visit)(const char *path, void *user),
			     void *user);

#endif
