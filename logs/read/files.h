/* SPDX-License-Identifier: Apache-2.0 */
/* The segment files of one run, and the index over them. */
#ifndef TAKT_LOGS_READ_FILES_H
#define TAKT_LOGS_READ_FILES_H

#include "logs/read/index.h"
#include "logs/read/tables.h"

struct takt_log_files {
	char *directory;		/* NULL: single segments, or not there yet */
	struct takt_log_segment **segments;	/* by number, as far as found together */
	uint32_t segment_count;
	uint32_t segment_capacity;
	uint64_t run;
	bool has_run;			/* `run` is fixed: by the first segment or by a region */
	bool grows;			/* the writer may not be done */
	struct takt_log_index index;
	struct takt_log_damage_list damages;
	uint32_t *removed;		/* numbers of segments that retention has deleted */
	uint32_t removed_count;
	uint64_t carried_dropped;	/* lifecycle records of theirs that are not kept */
	bool carried_reported;		/* damage of what was carried over from them */
};

/* Add the segments in directory @path that are not known yet; other files are left alone, a segment
 * of another run or without a head is reported (kept quiet about while growing). Returns 0, -errno;
 * -ENOTUNIQ when no run was fixed before and there are several.  [bg] */
int takt_log_files_add_directory(struct takt_log_files *files, const char *path,
				 struct takt_log_error *error);

/* Add one segment over @io (taken). Returns 0, -EBADMSG, -EPROTO, -ENOTUNIQ, -ENOMEM, -errno.  [bg]
 */
int takt_log_files_add(struct takt_log_files *files, struct takt_log_io io, const char *path,
		       struct takt_log_error *error);

/* Read the newest catalog that is whole. Returns 0, -ENODATA when there is none (yet), -EBADMSG,
 * -ENOMEM.  [bg] */
int takt_log_files_read_catalog(struct takt_log_files *files, struct takt_log_tables *ret_tables,
				struct takt_log_error *error);

/* Read all other catalogs, too: those that are damaged are reported. Returns 0, -ENOMEM.  [bg] */
int takt_log_files_check_catalogs(struct takt_log_files *files);

/* Read all index chunks that a scan came by: those that are damaged are reported. Returns 0, -ENOMEM.  [bg]
 */
int takt_log_files_check_indexes(struct takt_log_files *files);

/* Look for chunks that are not in the index yet: new ones of known segments, new segments of the
 * directory. The tables (for streams and their kinds) must be there. Returns 0, -errno.  [bg] */
int takt_log_files_scan(struct takt_log_files *files, const struct takt_log_tables *tables);

/* Read the records of @chunk, used_bytes of them. A chunk that can't be read is condemned unless
 * the files grow. Returns 0, -EBADMSG, -errno.  [bg] */
int takt_log_files_read(struct takt_log_files *files, struct takt_log_chunk *chunk, void *out);
/* Report that the records of @chunk can't be read, and remember it.  [bg] */
void takt_log_files_condemn(struct takt_log_files *files, struct takt_log_chunk *chunk);

/* Report what is missing in the streams' numbers.  [bg] */
void takt_log_files_report_gaps(struct takt_log_files *files);
/* Report that [@first_seq, @last_seq] of @stream is missing, once.  [bg] */
void takt_log_files_report_gap(struct takt_log_files *files, uint32_t stream, uint64_t first_seq,
			       uint64_t last_seq);

/* True when the last segment was closed and says that the run ended there.  [any] */
bool takt_log_files_are_clean(const struct takt_log_files *files);

/* True when the log was cut out of another.  [any] */
bool takt_log_files_are_part(const struct takt_log_files *files);

/* True when the oldest segment is the run's first: what comes before its chunks is missed.  [any] */
bool takt_log_files_are_from_start(const struct takt_log_files *files);

/* removed.c: read which segments were deleted. Nothing to be read is none.  [bg] */
void takt_log_files_load_removed(struct takt_log_files *files);

/* Whether a segment was deleted that stood between the chunks around [@first_seq, @last_seq] of
 * @stream: what is missing there was in it. Loads the list.  [bg] */
bool takt_log_files_is_removed(struct takt_log_files *files, uint32_t stream, uint64_t first_seq,
			       uint64_t last_seq);

/* Where the last segment says that the run's shared memory is; "" when there is none.  [any] */
const char *takt_log_files_region(const struct takt_log_files *files);

/* Of all segments: what was written, and what the files take, with room that is set aside. Segments that
 * are not closed must have been scanned.  [any] */
uint64_t takt_log_files_written(const struct takt_log_files *files);
uint64_t takt_log_files_bytes(const struct takt_log_files *files);

void takt_log_files_fini(struct takt_log_files *files);

#endif
