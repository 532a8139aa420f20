/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/write/retention.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "logs/write/carry.h"
#include "logs/write/segment.h"
#include "logs/write/segment_files.h"
#include "rt/base/crc32c.h"
#include "rt/base/file.h"
#include "rt/base/testpoint.h"
#include "rt/clock/clock.h"

#define NS_PER_S 1000000000ll
#define YEAR_2020_NS (1577836800ll * NS_PER_S)
#define SEGMENTS_MAX (1u << 20)

struct row {				/* a segment */
	uint64_t run;
	uint64_t bytes;
	uint64_t age_ns;
	uint32_t run_number;
	uint32_t number;
	uint32_t directory;		/* index */
	bool is_fixed;			/* not to be deleted */
	bool is_gone;
};

struct sweep {
	const struct takt_retention *rule;
	takt_retention_visit *visit;
	void *user;
	int log_fd;
	struct row *rows;
	uint32_t row_count;
	uint32_t row_room;
	char (*directories)[NAME_MAX + 1];
	uint32_t directory_count;
	uint32_t directory_room;
	char boot_id[40];
	uint64_t total_bytes;
	int deleted;
};

/* --- looking --------------------------------------------------------------------------------- */

/* The superblock, or its copy. */
static bool read_superblock(int fd, struct takt_superblock *block)
{
	for (uint32_t i = 0; i < 2; i++) {
		if (pread(fd, block, sizeof(*block), (off_t)(i * TAKT_BLOCK_BYTES)) ==
			    (ssize_t)sizeof(*block) &&
		    block->magic == TAKT_SEGMENT_MAGIC &&
		    block->crc == takt_crc32c(0, block, offsetof(struct takt_superblock, crc))) {
			block->graph[sizeof(block->graph) - 1] = '\0';
			block->boot_id[sizeof(block->boot_id) - 1] = '\0';
			return true;
		}
	}
	return false;
}

static uint64_t age_of(const struct sweep *sweep, const struct takt_superblock *block, const struct stat *st)
{
	const int64_t written_ns = (int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
	const int64_t now_ns = takt_clock_real_ns();
	const uint64_t mono_ns = takt_clock_mono_ns();
	uint64_t age_ns;

	if (written_ns < YEAR_2020_NS || now_ns < written_ns) {
		return 0;
	}
	age_ns = (uint64_t)(now_ns - written_ns);
	if (!(block->flags & TAKT_SEGMENT_VIRTUAL) && sweep->boot_id[0] && strcmp(block->boot_id, sweep->boot_id) == 0 &&
	    mono_ns >= block->created_mono_ns && mono_ns - block->created_mono_ns < age_ns) {
		age_ns = mono_ns - block->created_mono_ns;
	}
	return age_ns;
}

static int grow(void *rows, uint32_t count, uint32_t *room, size_t row_bytes)
{
	void **memory = rows;
	void *more;

	if (count < *room) {
		return 0;
	}
	if (count >= SEGMENTS_MAX) {
		return -E2BIG;
	}
	more = realloc(*memory, (size_t)(*room ? 2 * *room : 64) * row_bytes);
	if (!more) {
		return -ENOMEM;
	}
	*memory = more;
	*room = *room ? 2 * *room : 64;
	return 0;
}

static int add_segment(struct sweep *sweep, int dir_fd, const char *name, struct row row)
{
	const int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct takt_superblock block;
	struct stat st;
	int r = 0;

	if (fd < 0) {
		return 0;	/* gone, or not ours to read */
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read_superblock(fd, &block) &&
	    strcmp(block.graph, sweep->rule->graph) == 0) {
		r = grow(&sweep->rows, sweep->row_count, &sweep->row_room, sizeof(*sweep->rows));
		if (r == 0) {
			row.run = block.run;
			row.bytes = (uint64_t)st.st_blocks * 512;
			row.age_ns = age_of(sweep, &block, &st);
			row.is_fixed = takt_segment_file_is_locked(dir_fd, name) ||
				       takt_segment_file_is_kept(dir_fd, name);
			sweep->total_bytes += row.bytes;
			sweep->rows[sweep->row_count++] = row;
		}
	}
	close(fd);
	return r;
}

static int add_directory(struct sweep *sweep, const char *name, uint32_t run_number)
{
	const int fd = openat(sweep->log_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		if (fd >= 0) {
			close(fd);
		}
		return 0;
	}
	r = grow(&sweep->directories, sweep->directory_count, &sweep->directory_room,
		 sizeof(*sweep->directories));
	if (r == 0) {
		snprintf(sweep->directories[sweep->directory_count], NAME_MAX + 1, "%s", name);
		sweep->directory_count++;
	}
	for (const struct dirent *e = r == 0 ? readdir(dir) : NULL; e && r == 0; e = readdir(dir)) {
		const char *rest = "";
		const uint32_t number = takt_segment_file_number(e->d_name, &rest);

		if (number > 0 && *rest == '\0') {
			r = add_segment(sweep, fd, e->d_name,
					(struct row){ .run_number = run_number, .number = number,
						      .directory = sweep->directory_count - 1 });
		}
	}
	closedir(dir);
	return r;
}

/* NNNN-…: a run's directory. */
static uint32_t run_number_of(const char *name)
{
	const size_t digits = strspn(name, "0123456789");

	return digits >= 4 && digits <= 9 && name[digits] == '-' ? (uint32_t)strtoul(name, NULL, 10) : 0;
}

static int look(struct sweep *sweep)
{
	const int fd = openat(sweep->log_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = -errno;
		if (fd >= 0) {
			close(fd);
		}
		return r;
	}
	for (const struct dirent *e = readdir(dir); e && r == 0; e = readdir(dir)) {
		const uint32_t number = run_number_of(e->d_name);

		if (number > 0) {
			r = add_directory(sweep, e->d_name, number);
		}
	}
	closedir(dir);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->run_number != y->run_number) {
		return x->run_number < y->run_number ? -1 : 1;
	}
	if (x->directory != y->directory) {
		return x->directory < y->directory ? -1 : 1;
	}
	return x->number < y->number ? -1 : x->number > y->number;
}

/* The newest segment of the run that is recorded stays, also when nobody has it open just now. */
static void fix_newest(struct sweep *sweep)
{
	for (uint32_t i = sweep->row_count; i-- > 0;) {
		if (sweep->rows[i].run == sweep->rule->run) {
			sweep->rows[i].is_fixed = true;
			return;
		}
	}
}

/* --- deleting -------------------------------------------------------------------------------- */

static bool has_segments(const struct sweep *sweep, uint32_t directory)
{
	for (uint32_t i = 0; i < sweep->row_count; i++) {
		if (sweep->rows[i].directory == directory && !sweep->rows[i].is_gone) {
			return true;
		}
	}
	return false;
}

/* What is left of a run without segments: its notes, and the directory unless it holds something else. */
static void delete_empty(const struct sweep *sweep, const char *name)
{
	const int fd = openat(sweep->log_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0) {
		takt_segment_file_delete_notes(fd);
		close(fd);
	}
	unlinkat(sweep->log_fd, name, AT_REMOVEDIR);
}

/* Whether nothing is left of a run when @row is deleted. */
static bool is_last_of_run(const struct sweep *sweep, const struct row *row)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < sweep->row_count; i++) {
		count += sweep->rows[i].directory == row->directory && !sweep->rows[i].is_gone;
	}
	return row->run != sweep->rule->run && count == 1;
}

/* Delete the segment; what happened to the run is carried over first. Where there is no room for that, first it
 * is deleted: recording goes on before history. */
static int delete_segment(struct sweep *sweep, const struct row *row, int dir_fd, const char *name)
{
	const char *directory = sweep->directories[row->directory];
	struct takt_carry carry = { 0 };
	char path[PATH_MAX];
	int carried = 0, noted, r;

	if (!is_last_of_run(sweep, row) &&
	    snprintf(path, sizeof(path), "%s/%s/%s", sweep->rule->log_dir, directory, name) <
		    (int)sizeof(path) &&
	    takt_carry_collect(path, &carry) == 0) {
		carried = takt_carry_append(dir_fd, &carry);
	}
	TAKT_TEST_POINT("retention_carried");
	noted = takt_segment_file_note_removed(dir_fd, row->number);
	r = noted < 0 && noted != -ENOSPC ? noted : takt_segment_file_delete(dir_fd, name);
	if (r == 0 && noted < 0) {
		takt_segment_file_note_removed(dir_fd, row->number);
	}
	if (r == 0 && (carried == -ENOSPC || carried == -EDQUOT)) {
		takt_carry_append(dir_fd, &carry);
	}
	takt_carry_fini(&carry);
	return r;
}

static int delete_row(struct sweep *sweep, struct row *row, enum takt_retention_reason reason)
{
	const char *directory = sweep->directories[row->directory];
	const int fd = openat(sweep->log_fd, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	const struct takt_retention_deleted deleted = {
		.name = directory, .run_number = row->run_number, .segment = row->number,
		.bytes = row->bytes, .reason = reason,
	};
	char name[32];
	int r = 0;

	if (fd < 0) {
		return errno == ENOENT ? 0 : -errno;
	}
	snprintf(name, sizeof(name), "%04u" TAKT_SEGMENT_SUFFIX, row->number);
	/* Who marks holds the lock. Where there are no locks, only that race remains. */
	if ((flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) || takt_segment_file_is_kept(fd, name)) {
		row->is_fixed = true;	/* marked since we looked */
	} else {
		r = delete_segment(sweep, row, fd, name);
		r = r == -ENOENT ? 0 : r;
		row->is_gone = r == 0;
	}
	close(fd);
	if (!row->is_gone) {
		return r;
	}
	sweep->total_bytes -= row->bytes;
	sweep->deleted++;
	if (row->run != sweep->rule->run && !has_segments(sweep, row->directory)) {
		delete_empty(sweep, directory);
	}
	sweep->visit(&deleted, sweep->user);
	return 0;
}

static int delete_old(struct sweep *sweep)
{
	int r = 0;

	for (uint32_t i = 0; i < sweep->row_count && r == 0 && sweep->rule->max_age_ns > 0; i++) {
		if (!sweep->rows[i].is_fixed && sweep->rows[i].age_ns > sweep->rule->max_age_ns) {
			r = delete_row(sweep, &sweep->rows[i], TAKT_RETENTION_AGE);
		}
	}
	return r;
}

/* From the oldest on, until @bytes are given back. */
static int delete_bytes(struct sweep *sweep, uint64_t bytes, enum takt_retention_reason reason)
{
	const uint64_t before = sweep->total_bytes;
	int r = 0;

	for (uint32_t i = 0; i < sweep->row_count && r == 0 && before - sweep->total_bytes < bytes; i++) {
		if (!sweep->rows[i].is_fixed && !sweep->rows[i].is_gone) {
			r = delete_row(sweep, &sweep->rows[i], reason);
		}
	}
	return r;
}

static int delete_for_room(struct sweep *sweep)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (sweep->rule->min_free_bytes == 0) {
		return 0;
	}
	if (fstatvfs(sweep->log_fd, &fs) < 0) {
		return -errno;
	}
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	return free_bytes >= sweep->rule->min_free_bytes
		       ? 0 : delete_bytes(sweep, sweep->rule->min_free_bytes - free_bytes,
					  TAKT_RETENTION_ROOM);
}

int takt_retention_apply(const struct takt_retention *rule, takt_retention_visit *visit, void *user)
{
	struct sweep sweep = { .rule = rule, .visit = visit, .user = user };
	int r = 0;

	sweep.log_fd = open(rule->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sweep.log_fd < 0) {
		return -errno;
	}
	if (takt_file_read_text("/proc/sys/kernel/random/boot_id", sweep.boot_id,
				sizeof(sweep.boot_id)) < 0) {
		sweep.boot_id[0] = '\0';
	}
	r = look(&sweep);
	if (r == 0 && sweep.row_count > 0) {
		qsort(sweep.rows, sweep.row_count, sizeof(*sweep.rows), compare);
		fix_newest(&sweep);
		r = delete_old(&sweep);
	}
	/* Room first: it is what keeps the recording going. What it frees counts for the size, too. */
	if (r == 0) {
		r = delete_for_room(&sweep);
	}
	if (r == 0 && rule->max_bytes > 0 && sweep.total_bytes > rule->max_bytes) {
		r = delete_bytes(&sweep, sweep.total_bytes - rule->max_bytes, TAKT_RETENTION_SIZE);
	}
	free(sweep.rows);
	free(sweep.directories);
	close(sweep.log_fd);
	return r < 0 ? r : sweep.deleted;
}
