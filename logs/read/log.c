/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a log, and what it says about itself. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "logs/read/carried.h"
#include "logs/read/error.h"
#include "logs/read/handle.h"
#include "logs/read/range.h"
#include "logs/read/run.h"
#include "logs/read/stats.h"

/* --- opening --------------------------------------------------------------------------------- */

static int open_segment(struct takt_log *log, const char *path, struct takt_log_error *error)
{
	struct takt_log_io io;
	const int r = takt_log_io_open(path, &io);

	if (r < 0) {
		return takt_log_fail(error, r, "%s: %s", path, strerror(-r));
	}
	return takt_log_files_add(&log->files, io, path, error);
}

static int open_region(struct takt_log *log, const char *path, struct takt_log_error *error)
{
	const int r = takt_log_live_open(path, &log->live, error);

	if (r < 0) {
		return r;
	}
	log->files.run = takt_log_live_info(log->live)->run;
	log->files.has_run = true;
	return 0;
}

/* The directory @path has no segment that can be read: why, and what is meant perhaps. */
static int say_no_segment(const char *path, struct takt_log_error *error)
{
	struct takt_log_runs *runs = NULL;
	bool has_runs;

	if (takt_log_run_is_here(path)) {
		return takt_log_fail(error, -EBADMSG, "%s: holds no segment (*%s) that can be read: the "
				     "heads of all that are there are lost", path, TAKT_SEGMENT_SUFFIX);
	}
	has_runs = takt_log_runs_open(path, path, &runs, NULL) == 0 && takt_log_runs_count(runs) > 0;
	takt_log_runs_close(runs);
	if (has_runs) {
		return takt_log_fail(error, -ENOENT, "%s: holds no segment (*%s), but runs: `takt log list "
				     "--log-dir %s` shows them", path, TAKT_SEGMENT_SUFFIX, path);
	}
	return takt_log_fail(error, -ENOENT, "%s: holds no segment (*%s) of a log", path,
			     TAKT_SEGMENT_SUFFIX);
}

static int open_directory(struct takt_log *log, const char *path, bool live,
			  struct takt_log_error *error)
{
	char control[PATH_MAX];
	struct stat st;
	int r;

	if (live && snprintf(control, sizeof(control), "%s/control", path) < (int)sizeof(control) &&
	    stat(control, &st) == 0) {
		return open_region(log, path, error);
	}
	r = takt_log_files_add_directory(&log->files, path, error);
	if (r == 0 && log->files.segment_count == 0 && takt_log_run_is_here(path)) {
		return takt_log_fail(error, -EBADMSG, "%s: none of its segments (*%s) can be read, their heads are "
				     "lost", path, TAKT_SEGMENT_SUFFIX);
	}
	if (r == 0 && log->files.segment_count == 0) {
		return say_no_segment(path, error);
	}
	return r;
}

/* Find the run's region, or go on as with a finished log. */
static int join_live(struct takt_log *log, const char *run_dir, struct takt_log_error *error)
{
	int r = log->live ? 0 : -ENOENT;

	if (!log->live && !takt_log_files_are_part(&log->files)) {
		r = takt_log_live_find(run_dir, takt_log_files_region(&log->files), log->files.run,
				       &log->live, error);
	}
	if (r < 0 && r != -ENOENT) {
		return r;
	}
	log->files.grows = log->live != NULL;
	if (!log->live && log->files.directory) {
		/* What was passed over quietly is reported now. */
		r = takt_log_files_add_directory(&log->files, log->files.directory, error);
		return r;
	}
	return 0;
}

/* Others can write in the region: what is checked must be a copy. */
static int read_live_catalog(struct takt_log *log, struct takt_log_error *error)
{
	const uint64_t bytes = takt_log_live_catalog_bytes(log->live);
	void *copy;
	int r;

	if (bytes > TAKT_CATALOG_BYTES_MAX) {
		return takt_log_fail(error, -EBADMSG, "%s: the region's catalog is too large",
				     log->path);
	}
	copy = malloc(bytes + 1);
	if (!copy) {
		return takt_log_fail(error, -ENOMEM, "out of memory");
	}
	memcpy(copy, takt_log_live_catalog(log->live), bytes);
	r = takt_log_tables_init(&log->tables, copy, (uint32_t)bytes, log->path, error);
	free(copy);
	return r;
}

static int read_catalog(struct takt_log *log, struct takt_log_error *error)
{
	int r;

	if (log->live) {
		return read_live_catalog(log, error);
	}
	r = takt_log_files_read_catalog(&log->files, &log->tables, error);
	if (r == -ENODATA) {
		return takt_log_fail(error, -EBADMSG, "%s: its catalog is missing", log->path);
	}
	return r;
}

/* The files are known: read what they say. */
static int read_heads(struct takt_log *log, struct takt_log_error *error)
{
	int r = read_catalog(log, error);

	if (r < 0) {
		return r;
	}
	r = takt_log_index_grow(&log->files.index, log->tables.catalog->stream_count);
	if (r == 0) {
		r = takt_log_rescan(log);
	}
	if (r < 0) {
		return takt_log_fail(error, r, "%s: %s", log->path, strerror(-r));
	}
	takt_log_files_load_removed(&log->files);
	log->files.carried_dropped = takt_log_carried_dropped(&log->files);
	if (!log->files.grows) {
		takt_log_files_report_gaps(&log->files);
	}
	takt_log_watch(log);
	return 0;
}

static int find_files(struct takt_log *log, bool live, const char *run_dir,
		      struct takt_log_error *error)
{
	struct stat st;
	int r;

	if (stat(log->path, &st) < 0) {
		return takt_log_fail(error, -errno, "%s: %s", log->path, strerror(errno));
	}
	log->files.grows = live;
	r = S_ISDIR(st.st_mode) ? open_directory(log, log->path, live, error)
				: open_segment(log, log->path, error);
	return r == 0 && live ? join_live(log, run_dir, error) : r;
}

static struct takt_log *create(const char *path)
{
	struct takt_log *log = calloc(1, sizeof(*log));

	if (log) {
		log->path = strdup(path);
		log->info = calloc(1, sizeof(*log->info));
	}
	if (!log || !log->path || !log->info) {
		takt_log_close(log);
		return NULL;
	}
	return log;
}

int takt_log_open(const char *path, const struct takt_log_options *options,
		  struct takt_log **ret_log, struct takt_log_error *error)
{
	struct takt_log *log;
	int r;

	if (!path || !ret_log || (options && options->bytes < sizeof(*options))) {
		return takt_log_fail(error, -EINVAL, "takt_log_open: wrong arguments");
	}
	log = create(path);
	if (!log) {
		return takt_log_fail(error, -ENOMEM, "out of memory");
	}
	r = find_files(log, options && options->live, options ? options->run_dir : NULL, error);
	if (r == 0) {
		r = read_heads(log, error);
	}
	if (r < 0) {
		takt_log_close(log);
		return r;
	}
	*ret_log = log;
	return 0;
}

int takt_log_open_io(const struct takt_log_io *ios, uint32_t count, struct takt_log **ret_log,
		     struct takt_log_error *error)
{
	struct takt_log *log = create("memory");
	struct takt_log_error why = { 0 };
	int r = log ? 0 : takt_log_fail(&why, -ENOMEM, "out of memory");

	for (uint32_t i = 0; i < count; i++) {
		char name[32];

		if (r < 0 && r != -EBADMSG) {
			ios[i].close(ios[i].user);
			continue;
		}
		snprintf(name, sizeof(name), "memory %u", i + 1);
		r = takt_log_files_add(&log->files, ios[i], name, &why);
		if (r == -EBADMSG) {
			takt_log_damage_put(&log->files.damages, &(struct takt_log_damage){
				.file = name, .kind = TAKT_LOG_BAD_FILE, .stream = TAKT_LOG_NONE,
				.what = "no segment of a takt log, or its head is lost" });
		}
	}
	if (r == -EBADMSG && log->files.segment_count > 0) {
		r = 0;
		why.code = 0;
	}
	if (r == 0) {
		r = read_heads(log, &why);
	}
	if (r < 0) {
		takt_log_fail(error, r, "%s", why.text);
		takt_log_close(log);
		return r;
	}
	*ret_log = log;
	return 0;
}

void takt_log_close(struct takt_log *log)
{
	if (!log) {
		return;
	}
	takt_log_live_close(log->live);
	takt_log_files_fini(&log->files);
	takt_log_series_fini(log);
	takt_log_tables_fini(&log->tables);
	free(log->info);
	free(log->path);
	free(log);
}

/* --- following ------------------------------------------------------------------------------- */

int takt_log_rescan(struct takt_log *log)
{
	char directory[PATH_MAX];

	if (log->live) {
		takt_log_live_directory(log->live, directory, sizeof(directory));
		if (directory[0] &&
		    (!log->files.directory || strcmp(log->files.directory, directory) != 0)) {
			/* Not there, or not readable: the arena is all there is. */
			const int r = takt_log_files_add_directory(&log->files, directory, NULL);

			if (r == -ENOMEM) {
				return r;
			}
		}
	}
	return takt_log_files_scan(&log->files, &log->tables);
}

void takt_log_watch(struct takt_log *log)
{
	if (log->live && !log->over) {
		log->over = takt_log_live_is_over(log->live);
	}
}

int takt_log_settle(struct takt_log *log)
{
	int r;

	if (!log->files.grows) {
		return 0;
	}
	log->files.grows = false;
	r = takt_log_rescan(log);
	if (r == 0) {
		takt_log_files_report_gaps(&log->files);
	}
	return r;
}

/* --- about it -------------------------------------------------------------------------------- */

/* Cycles and times, from the first and last chunks. */
static void fill_extent(const struct takt_log *log, struct takt_log_info *info)
{
	const uint32_t recorder = takt_log_range_recorder(&log->tables);
	struct takt_log_range range = { 0 };
	bool any = false;

	info->copperlist_count = 0;
	for (uint32_t i = 0; i < log->files.index.stream_count; i++) {
		const struct takt_log_index_stream *s = &log->files.index.streams[i];
		const struct takt_log_chunk *last;

		log->tables.streams[i].chunk_count = s->chunk_count;
		log->tables.streams[i].record_count = s->record_count;
		log->tables.streams[i].bytes = s->bytes;
		log->tables.streams[i].lost_chunk_count = s->lost_chunk_count;
		if (s->chunk_count == 0) {
			continue;
		}
		last = &s->chunks[s->chunk_count - 1];
		if (i != recorder) {
			takt_log_range_put(&range, s->chunks[0].first_mono_ns, last->last_mono_ns);
		}
		if (log->tables.streams[i].kind != TAKT_LOG_COPPERLISTS) {
			continue;
		}
		info->copperlist_count += s->record_count;
		if (!any || s->chunks[0].first_cycle < info->first_cycle) {
			info->first_cycle = s->chunks[0].first_cycle;
		}
		if (!any || last->last_cycle > info->last_cycle) {
			info->last_cycle = last->last_cycle;
		}
		any = true;
	}
	info->first_mono_ns = range.any ? range.first_mono_ns : info->start_mono_ns;
	info->end_mono_ns = range.any ? range.last_mono_ns : info->start_mono_ns;
	info->first_real_ns = takt_log_real_ns(log, info->first_mono_ns);
	info->end_real_ns = takt_log_real_ns(log, info->end_mono_ns);
}

static bool is_virtual(const struct takt_catalog *catalog)
{
	for (uint32_t i = 0; i < catalog->fact_count; i++) {
		if (strcmp(catalog->facts[i].key, "time") == 0) {
			return strcmp(catalog->facts[i].value, "virtual") == 0;
		}
	}
	return false;
}

/* What is not in the log: a run that goes on says so itself, one that ended has. */
static void fill_lost(const struct takt_log *log, struct takt_log_info *info)
{
	const struct takt_log_files *files = &log->files;
	const struct takt_log_segment *last =
		files->segment_count ? files->segments[files->segment_count - 1] : NULL;

	info->is_counted = log->live != NULL || (last && last->is_counted);
	info->lost_copperlists = info->lost_events = 0;
	if (log->live) {
		takt_log_live_lost(log->live, &info->lost_copperlists, &info->lost_events);
	} else if (last) {
		info->lost_copperlists = last->lost_copperlists;
		info->lost_events = last->lost_events;
	}
}

const struct takt_log_info *takt_log_info_of(const struct takt_log *log)
{
	const struct takt_catalog *catalog = log->tables.catalog;
	const struct takt_log_files *files = &log->files;
	struct takt_log_info *info = log->info;

	info->path = log->path;
	info->graph = catalog->graph;
	info->config = catalog->config;
	info->config_path = catalog->config_path;
	info->run = files->run;
	info->number = takt_log_run_number(files->directory ? files->directory : log->path);
	info->state = log->live && !log->over ? TAKT_LOG_LIVE
		    : takt_log_files_are_clean(files) ? TAKT_LOG_CLEAN : TAKT_LOG_CUT;
	info->ending = TAKT_LOG_ENDED_UNKNOWN;
	info->exit_code = 0;
	if (info->state == TAKT_LOG_CLEAN) {
		info->ending = files->segments[files->segment_count - 1]->ending;
		info->exit_code = files->segments[files->segment_count - 1]->exit_code;
	}
	fill_lost(log, info);
	info->period_ns = catalog->period_ns;
	info->counter_hz = catalog->counter_hz;
	info->start_mono_ns = catalog->origin_mono_ns;
	info->start_real_ns = catalog->origin_real_ns;
	info->segment_count = files->segment_count;
	info->machine_id = files->segment_count ? files->segments[0]->machine_id : "";
	info->boot_id = files->segment_count ? files->segments[0]->boot_id : "";
	info->removed_count = files->removed_count;
	info->dropped_event_count = files->carried_dropped;
	info->is_part = takt_log_files_are_part(files);
	info->is_virtual = is_virtual(catalog);
	info->bytes = takt_log_files_written(files);
	info->file_bytes = takt_log_files_bytes(files);
	info->chunk_count = files->index.chunk_count;
	info->record_count = files->index.record_count;
	info->damage_count = files->damages.count;
	info->damaged_bytes = files->damages.bytes;
	info->lost_chunk_count = files->damages.lost_chunk_count;
	fill_extent(log, info);
	return info;
}

#define TABLE(name, table, count)                                                                  \
	const struct takt_log_##name *takt_log_##name##_at(const struct takt_log *log,             \
							   uint32_t index)                         \
	{                                                                                          \
		return index < log->tables.catalog->count ? &log->tables.table[index] : NULL;      \
	}
TABLE(task, tasks, task_count)
TABLE(output, outputs, output_count)
TABLE(connection, connections, connection_count)
TABLE(format, formats, format_count)
TABLE(fact, facts, fact_count)
TABLE(type, types, type_count)

const struct takt_log_stream *takt_log_stream_at(const struct takt_log *log, uint32_t index)
{
	takt_log_info_of(log);		/* brings the streams' counts up to date */
	return index < log->tables.catalog->stream_count ? &log->tables.streams[index] : NULL;
}

uint32_t takt_log_task_find(const struct takt_log *log, const char *id)
{
	for (uint32_t i = 0; i < log->tables.catalog->task_count; i++) {
		if (strcmp(log->tables.tasks[i].id, id) == 0) {
			return i;
		}
	}
	return TAKT_LOG_NONE;
}

const struct takt_log_damage *takt_log_damage_at(const struct takt_log *log, uint32_t index)
{
	return index < log->files.damages.row_count ? &log->files.damages.rows[index] : NULL;
}

int64_t takt_log_real_ns(const struct takt_log *log, uint64_t mono_ns)
{
	const struct takt_catalog *catalog = log->tables.catalog;

	return (int64_t)((uint64_t)catalog->origin_real_ns + (mono_ns - catalog->origin_mono_ns));
}

uint64_t takt_log_mono_ns(const struct takt_log *log, int64_t real_ns)
{
	const struct takt_catalog *catalog = log->tables.catalog;
	const uint64_t delta = (uint64_t)real_ns - (uint64_t)catalog->origin_real_ns;

	if (real_ns < catalog->origin_real_ns && (uint64_t)0 - delta > catalog->origin_mono_ns) {
		return 0;
	}
	return catalog->origin_mono_ns + delta;
}

int takt_log_verify_rest(struct takt_log *log, struct takt_log_error *error)
{
	int r = takt_log_files_check_catalogs(&log->files);

	if (r == 0) {
		r = takt_log_files_check_indexes(&log->files);
	}
	return r < 0 ? takt_log_fail(error, r, "%s: %s", log->path, strerror(-r)) : 0;
}

int takt_log_verify(struct takt_log *log, struct takt_log_error *error)
{
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	int r = takt_log_cursor_create(log, NULL, &cursor, error);

	if (r < 0) {
		return r;
	}
	do {
		r = takt_log_next(cursor, &record, error);
	} while (r > 0);
	takt_log_cursor_destroy(cursor);
	return r < 0 ? r : takt_log_verify_rest(log, error);
}
