/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/run.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/read/error.h"
#include "logs/read/files.h"
#include "logs/read/live.h"
#include "logs/read/range.h"

struct takt_log_runs {
	struct takt_log_run *runs;
	uint32_t count;
	uint32_t capacity;
};

uint32_t takt_log_run_number(const char *path)
{
	size_t end = strlen(path), begin;
	uint64_t number = 0;

	while (end > 0 && path[end - 1] == '/') {
		end--;
	}
	begin = end;
	while (begin > 0 && path[begin - 1] != '/') {
		begin--;
	}
	for (; begin < end && path[begin] >= '0' && path[begin] <= '9'; begin++) {
		number = number * 10 + (uint64_t)(path[begin] - '0');
		if (number > UINT32_MAX) {
			return 0;
		}
	}
	return begin < end && path[begin] == '-' ? (uint32_t)number : 0;
}

bool takt_log_run_is_here(const char *path)
{
	DIR *dir = opendir(path);
	bool is_here = false;

	if (!dir) {
		return false;
	}
	for (const struct dirent *e = readdir(dir); e && !is_here; e = readdir(dir)) {
		const char *dot = strrchr(e->d_name, '.');

		is_here = (dot && dot > e->d_name && strcmp(dot, TAKT_SEGMENT_SUFFIX) == 0) ||
			  strcmp(e->d_name, "control") == 0;
	}
	closedir(dir);
	return is_here;
}

int takt_log_default_dir(char *ret_path, size_t path_bytes)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (geteuid() == 0) {
		n = snprintf(ret_path, path_bytes, "/var/log/takt");
	} else if (state && state[0] == '/') {
		n = snprintf(ret_path, path_bytes, "%s/takt", state);
	} else if (home && home[0] == '/') {
		n = snprintf(ret_path, path_bytes, "%s/.local/state/takt", home);
	} else {
		return -ENOENT;
	}
	return n >= 0 && (size_t)n < path_bytes ? 0 : -ENAMETOOLONG;
}

/* --- listing --------------------------------------------------------------------------------- */

/* The strings of @run are taken, also on failure. */
static int put(struct takt_log_runs *runs, const struct takt_log_run *run)
{
	if (runs->count == runs->capacity) {
		const uint32_t capacity = runs->capacity ? 2 * runs->capacity : 16;
		struct takt_log_run *rows = realloc(runs->runs, capacity * sizeof(*rows));

		if (!rows) {
			goto fail;
		}
		runs->runs = rows;
		runs->capacity = capacity;
	}
	if (!run->path || !run->graph) {
		goto fail;
	}
	runs->runs[runs->count++] = *run;
	return 0;
fail:
	free((void *)(uintptr_t)run->path);
	free((void *)(uintptr_t)run->graph);
	return -ENOMEM;
}

static int64_t real_ns(const struct takt_log_run *run, uint64_t mono_ns)
{
	return (int64_t)((uint64_t)run->start_real_ns + (mono_ns - run->start_mono_ns));
}

/* The start by the catalog, where that can't be read by the oldest segment; the range by chunk headers.
 * Returns 0, -ENOMEM. */
static int fill_times(struct takt_log_run *run, struct takt_log_files *files)
{
	struct takt_log_tables tables = { 0 };
	struct takt_log_range range = { 0 };
	uint32_t recorder = TAKT_LOG_NONE;
	int r = takt_log_files_read_catalog(files, &tables, NULL);

	if (r == -ENOMEM) {
		return r;
	}
	run->start_mono_ns = files->segments[0]->created_mono_ns;
	run->start_real_ns = files->segments[0]->created_real_ns;
	if (r == 0) {
		run->start_mono_ns = tables.catalog->origin_mono_ns;
		if (!run->is_virtual) {
			run->start_real_ns = tables.catalog->origin_real_ns;
		}
		recorder = takt_log_range_recorder(&tables);
		takt_log_tables_fini(&tables);
	}
	r = takt_log_range_find(files, recorder, run->state == TAKT_LOG_LIVE, &range);
	run->first_mono_ns = range.any ? range.first_mono_ns : run->start_mono_ns;
	run->end_mono_ns = range.any ? range.last_mono_ns : run->start_mono_ns;
	run->first_real_ns = real_ns(run, run->first_mono_ns);
	run->end_real_ns = real_ns(run, run->end_mono_ns);
	return r;
}

/* Also what it has lost so far. */
static bool is_live(const char *run_dir, const struct takt_log_files *files, struct takt_log_run *run)
{
	struct takt_log_live *live;
	bool is_over;

	if (takt_log_live_find(run_dir, takt_log_files_region(files), files->run, &live, NULL) < 0) {
		return false;
	}
	is_over = takt_log_live_is_over(live);
	takt_log_live_lost(live, &run->lost_copperlists, &run->lost_events);
	takt_log_live_close(live);
	return !is_over;
}

/* Whether the newest catalog, or its copy, is damaged; the segment was scanned. */
static bool has_bad_catalog(const struct takt_log_files *files)
{
	const struct takt_log_segment *segment = files->segments[files->segment_count - 1];
	uint32_t size, bad = 0;
	void *bytes = NULL;

	if (takt_log_segment_read_catalog(segment, &bytes, &size, &bad) == -ENOMEM) {
		return false;
	}
	free(bytes);
	return bad > 0;
}

/* Add the run in directory @path, if there is one. Returns 0, -ENOMEM. */
static int add_directory(struct takt_log_runs *runs, const char *path, const char *run_dir)
{
	struct takt_log_files files = { .grows = true };
	struct takt_log_run run = { .number = takt_log_run_number(path) };
	int r = takt_log_files_add_directory(&files, path, NULL);

	if (files.segment_count == 0) {
		takt_log_files_fini(&files);
		return r == -ENOMEM ? r : 0;
	}
	run.path = strdup(path);
	run.graph = strdup(files.segments[0]->graph);
	run.run = files.run;
	run.segment_count = files.segment_count;
	run.is_virtual = (files.segments[0]->flags & TAKT_SEGMENT_VIRTUAL) != 0;
	takt_log_files_load_removed(&files);
	run.state = takt_log_files_are_clean(&files) ? TAKT_LOG_CLEAN
		  : is_live(run_dir, &files, &run) ? TAKT_LOG_LIVE : TAKT_LOG_CUT;
	if (run.state == TAKT_LOG_CLEAN) {
		run.ending = files.segments[files.segment_count - 1]->ending;
		run.exit_code = files.segments[files.segment_count - 1]->exit_code;
		run.lost_copperlists = files.segments[files.segment_count - 1]->lost_copperlists;
		run.lost_events = files.segments[files.segment_count - 1]->lost_events;
	}
	r = fill_times(&run, &files);
	run.is_damaged = files.damages.count > 0 || has_bad_catalog(&files);
	run.bytes = takt_log_files_written(&files);
	run.file_bytes = takt_log_files_bytes(&files);
	takt_log_files_fini(&files);
	return put(runs, &run) < 0 ? -ENOMEM : r;
}

struct region_search {
	struct takt_log_runs *runs;
	const char *log_dir;
};

static bool is_same_file(const char *a, const char *b)
{
	char *x = realpath(a, NULL), *y = realpath(b, NULL);
	const bool is_same = x && y ? strcmp(x, y) == 0 : strcmp(a, b) == 0;

	free(x);
	free(y);
	return is_same;
}

/* A run that goes on and has no file yet: its region stands for it. */
static int add_region(const char *path, void *user)
{
	struct region_search *search = user;
	const struct takt_region_info *info;
	struct takt_log_run run = { .state = TAKT_LOG_LIVE };
	struct takt_log_live *live;
	int r = 0;

	if (takt_log_live_open(path, &live, NULL) < 0) {
		return 0;
	}
	info = takt_log_live_info(live);
	for (uint32_t i = 0; i < search->runs->count; i++) {
		if (search->runs->runs[i].run == info->run) {
			goto out;
		}
	}
	if (!is_same_file(info->log_dir, search->log_dir)) {
		goto out;
	}
	run.path = strdup(path);
	run.graph = strdup(info->graph);
	run.run = info->run;
	run.start_mono_ns = run.first_mono_ns = run.end_mono_ns = info->origin_mono_ns;
	run.start_real_ns = run.first_real_ns = run.end_real_ns = info->origin_real_ns;
	run.state = takt_log_live_is_over(live) ? TAKT_LOG_CUT : TAKT_LOG_LIVE;
	takt_log_live_lost(live, &run.lost_copperlists, &run.lost_events);
	r = put(search->runs, &run);
out:
	takt_log_live_close(live);
	return r;
}

/* Oldest first: by number, runs that have none yet last, then by time. */
static int compare_runs(const void *a, const void *b)
{
	const struct takt_log_run *x = a, *y = b;

	if (x->number != y->number) {
		return x->number - 1 < y->number - 1 ? -1 : 1;
	}
	if (x->start_real_ns != y->start_real_ns) {
		return x->start_real_ns < y->start_real_ns ? -1 : 1;
	}
	return x->run < y->run ? -1 : x->run > y->run;
}

static int add_all(struct takt_log_runs *runs, const char *log_dir, const char *run_dir)
{
	struct region_search search = { runs, log_dir };
	char path[PATH_MAX];
	DIR *dir = opendir(log_dir);
	int r = 0;

	if (!dir) {
		return -errno;
	}
	for (const struct dirent *e = readdir(dir); e && r == 0; e = readdir(dir)) {
		const int n = snprintf(path, sizeof(path), "%s/%s", log_dir, e->d_name);

		if (e->d_name[0] != '.' && n < (int)sizeof(path)) {
			r = add_directory(runs, path, run_dir);
		}
	}
	closedir(dir);
	if (r == 0 && takt_log_live_scan(run_dir, add_region, &search) == -ENOMEM) {
		r = -ENOMEM;
	}
	return r;
}

int takt_log_runs_open(const char *log_dir, const char *run_dir, struct takt_log_runs **ret_runs,
		       struct takt_log_error *error)
{
	struct takt_log_runs *runs;
	char own[PATH_MAX];
	int r;

	if (!log_dir) {
		r = takt_log_default_dir(own, sizeof(own));
		if (r < 0) {
			return takt_log_fail(error, r, "no home directory to look for logs in: "
					     "give a log directory");
		}
		log_dir = own;
	}
	runs = calloc(1, sizeof(*runs));
	r = runs ? add_all(runs, log_dir, run_dir) : -ENOMEM;
	if (r < 0) {
		takt_log_runs_close(runs);
		return takt_log_fail(error, r, "log directory %s: %s", log_dir, strerror(-r));
	}
	if (runs->count > 1) {
		qsort(runs->runs, runs->count, sizeof(*runs->runs), compare_runs);
	}
	*ret_runs = runs;
	return 0;
}

void takt_log_runs_close(struct takt_log_runs *runs)
{
	if (!runs) {
		return;
	}
	for (uint32_t i = 0; i < runs->count; i++) {
		free((void *)(uintptr_t)runs->runs[i].path);
		free((void *)(uintptr_t)runs->runs[i].graph);
	}
	free(runs->runs);
	free(runs);
}

uint32_t takt_log_runs_count(const struct takt_log_runs *runs)
{
	return runs->count;
}

const struct takt_log_run *takt_log_runs_at(const struct takt_log_runs *runs, uint32_t index)
{
	return index < runs->count ? &runs->runs[index] : NULL;
}
