/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a run's directory, by name: segments and what stands beside them.
 *
 *     NNNN.takt          a segment
 *     NNNN.takt.new      one that is being made
 *     NNNN.takt.keep     marks it: retention leaves it alone
 *     NNNN.takt.ANY      any other file about that segment
 *     removed            numbers of segments that retention has deleted, one a line
 *     lifecycle          lifecycle records of those segments (rt/shm/carried.h), lifecycle.new a later one
 *
 * Nothing else in the directory is takt's. */
#ifndef TAKT_LOGS_WRITE_SEGMENT_FILES_H
#define TAKT_LOGS_WRITE_SEGMENT_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/base/tags.h"
#include "rt/shm/chunk.h"


/* Number of the segment that file @name is, or stands beside; 0: neither. @ret_rest (may be NULL): what is
 * behind the segment's name, "" for the segment itself.  [any] */
TAKT_ANY uint32_t takt_segment_file_number(const char *name, const char **ret_rest);

/* Whether somebody may still write in segment @name of @dir_fd: its lock is held.  [bg] */
TAKT_BG bool takt_segment_file_is_locked(int dir_fd, const char *name);

TAKT_BG bool takt_segment_file_is_kept(int dir_fd, const char *name);

/* Mark segment @name, or take the mark away. @dir_fd is opened by the caller for himself: it is locked. Returns 0 or -errno; -ENOENT: there is no such segment.  [bg] */
TAKT_BG int takt_segment_file_keep(int dir_fd, const char *name, bool is_kept);

/* Delete segment @name, and then what stands beside it. Returns 0 or -errno.  [bg] */
TAKT_BG int takt_segment_file_delete(int dir_fd, const char *name);

/* Note in the directory that segment @number is deleted, so that readers do not miss it.  [bg] */
TAKT_BG int takt_segment_file_note_removed(int dir_fd, uint32_t number);

/* Delete the files that are about segments which retention has deleted.  [bg] */
TAKT_BG void takt_segment_file_delete_notes(int dir_fd);

/* Delete all that is takt's in the run's directory @path, then the directory. Returns 0, -ENOTEMPTY when
 * something else is in it, -EBUSY when a segment is still written (then nothing is deleted), -errno.  [bg] */
TAKT_BG int takt_run_files_delete(const char *path);

#endif
