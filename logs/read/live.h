/* SPDX-License-Identifier: Apache-2.0 */
/* The tail of a run that is not in the files yet: the shared region, read only.
 *
 * Why nothing is missed and nothing comes twice: a chunk is named by its number, a cursor stands at
 * (stream, number, byte in the chunk). Bytes are copied out of the ring and count only when
 * `released` has not passed them after the copy. What it has passed is on stable storage, so a scan
 * of the files that begins after that look finds it; only what neither has is lost. */
#ifndef TAKT_LOGS_READ_LIVE_H
#define TAKT_LOGS_READ_LIVE_H

#include <takt/log.h>

#include "rt/shm/region.h"

struct takt_log_live;

/* Attach the region of @run. @run_dir: base directory; NULL: the region at @path ("": not known) if
 * it is of that run, else below /run/takt, then /dev/shm/takt-<uid>.
 * Returns 0, -ENOENT when there is none, -errno.  [bg] */
int takt_log_live_find(const char *run_dir, const char *path, uint64_t run,
		       struct takt_log_live **ret_live, struct takt_log_error *error);
/* Call @visit with the path of every region in these places, until it returns non-zero. Returns
 * that, or 0. [bg] */
int takt_log_live_scan(const char *run_dir, int (*visit)(const char *path, void *user), void *user);
/* Attach the region in directory @path.  [bg] */
int takt_log_live_open(const char *path, struct takt_log_live **ret_live,
		       struct takt_log_error *error);
void takt_log_live_close(struct takt_log_live *live);

const struct takt_region_info *takt_log_live_info(const struct takt_log_live *live);
const void *takt_log_live_catalog(const struct takt_log_live *live);
uint64_t takt_log_live_catalog_bytes(const struct takt_log_live *live);

/* The directory of the run's segments; "" while it is not known.  [bg] */
void takt_log_live_directory(const struct takt_log_live *live, char *out, size_t out_bytes);

/* True once the run's process is gone: what is committed then is all. Ask before looking at
 * streams.  [bg] */
bool takt_log_live_is_over(const struct takt_log_live *live);

/* What takt-rt had no room for so far.  [bg] */
void takt_log_live_lost(const struct takt_log_live *live, uint64_t *ret_copperlists, uint64_t *ret_events);

struct takt_log_tail {			/* how much of one chunk was copied */
	uint64_t position;		/* in: where it should be; out: where it is */
	uint64_t next;			/* out: position behind it, valid when sealed */
	uint64_t seq;			/* out */
	uint32_t used_bytes;		/* in: at hand; out: with the new ones */
	bool open;			/* out: more may come */
};

/* Memory for at least @bytes behind what was copied; NULL: -ENOMEM. */
typedef void *takt_log_room(void *user, uint32_t bytes);

/* Copy what is new in the chunk at tail->position of @stream, when its number is at least @seq_min
 * (smaller ones are passed). @used_bytes counts only when the number is @seq_min.
 * Returns 1 and the chunk; 0 when there is no such chunk yet; -ESTALE when it must be in the files;
 * -ENOMEM.  [bg] */
int takt_log_live_fetch(const struct takt_log_live *live, uint32_t stream, uint64_t seq_min,
			struct takt_log_tail *tail, takt_log_room *room, void *user);

/* Where the oldest chunk that is still in the ring stands.  [bg] */
int takt_log_live_released(const struct takt_log_live *live, uint32_t stream,
			   uint64_t *ret_position);

#endif
