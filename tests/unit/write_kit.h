/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of logs/write share: a real region with producers of known records, a recorder over it that
 * is stepped by hand or by a writer thread, and a verifier that reads the segments byte by byte. */
#ifndef TAKT_TESTS_WRITE_KIT_H
#define TAKT_TESTS_WRITE_KIT_H

#include "logs/write/recorder.h"
#include "logs/write/writer.h"
#include "rt/shm/region.h"

#define KIT_STREAMS 2u
#define KIT_RECORDER 2u			/* the stream of the recorder's own events, behind these */
#define KIT_EVENTS_MAX 1024u
#define KIT_RUN 0x0123456789abcdefull

struct kit {
	char run_dir[64];
	char log_dir[PATH_MAX];
	char region_path[PATH_MAX];
	struct takt_region *rt;		/* NULL: takt-rt is gone */
	struct takt_stream streams[KIT_STREAMS];
	uint64_t put[KIT_STREAMS];	/* records committed so far */
	uint32_t record_bytes_max[KIT_STREAMS];
	void *catalog;
	uint32_t catalog_bytes;
	const char *log_below;
	struct takt_recorder *recorder;
	struct takt_writer *writer;	/* NULL: stepped by hand */
	uint64_t now_ns;		/* of hand-made steps */
};

struct kit_spec {
	uint64_t ring_bytes;		/* 0: 4 MiB */
	uint64_t segment_bytes;		/* 0: 1 MiB */
	uint32_t record_bytes_max;	/* 0: 4096 */
	const char *log_below;		/* directories below log_dir that the recorder has to make, "a/b" */
	uint64_t segment_age_ns;	/* 0: none */
};

/* What stands in the run's directory. */
struct kit_log {
	uint32_t segment_count;
	uint32_t clean_count;
	uint32_t last_count;		/* with the LAST flag */
	uint32_t poisoned_count;
	uint32_t chunk_count;		/* valid ones, copies included */
	uint32_t copy_count;		/* chunks that stand twice */
	uint64_t records[KIT_STREAMS];	/* each once, whole, in order, from number 0 */
	uint32_t event_count;		/* the recorder's, each once, in order */
	uint16_t events[KIT_EVENTS_MAX];	/* enum takt_event */
	int64_t values[KIT_EVENTS_MAX];	/* their first value */
	uint64_t end_bytes;		/* all files together */
	char problem[256];		/* "" when all is as it must be */
};

void kit_init(struct kit *kit, const struct kit_spec *spec);
void kit_fini(struct kit *kit);

/* Commit record number put[stream] when there is room; sealing is the caller's (or the stream's) thing. */
bool kit_put(struct kit *kit, uint32_t stream);
void kit_put_many(struct kit *kit, uint32_t stream, uint32_t count);
void kit_seal(struct kit *kit);

/* Whether @bytes are the record that was put into @stream as its number @ret_number. */
bool kit_is_record(const struct kit *kit, uint32_t stream, const void *bytes, uint32_t bytes_count,
		   uint64_t *ret_number);

/* takt-rt dies: what is not sealed stays as it is. */
void kit_rt_dies(struct kit *kit);

/* Attach a recorder; @threaded: a writer thread steps it. Asserts that it works. */
void kit_attach(struct kit *kit, const struct takt_recorder_options *options, bool threaded);

/* One round of everything, a millisecond later. */
enum takt_recorder_end kit_round(struct kit *kit);

/* Rounds until everything sealed is released; until the recorder has ended. Assert after 30 s of rounds. */
void kit_drain(struct kit *kit);
enum takt_recorder_end kit_finish(struct kit *kit);

/* The recorder's process is killed: nothing is closed in order. (Its threads are stopped, its files closed.) */
void kit_recorder_dies(struct kit *kit);

/* End takt-rt, record the rest, and check that exactly what was put is in the log. */
void kit_end_and_check(struct kit *kit, struct kit_log *ret_log);

/* How many events of this number there are. */
uint32_t kit_events(const struct kit_log *log, enum takt_event event);

/* Read the log. */
void kit_read(const struct kit *kit, struct kit_log *log);

/* Whether this kernel lets us; prints why not. */
bool kit_can(enum takt_backend_kind backend);

uint32_t kit_random(uint32_t *state);

#endif
