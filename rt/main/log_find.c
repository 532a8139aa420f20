/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/log_find.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/out.h"

#define SERVICE_DIR "/var/log/takt"

static void add(struct takt_log_dirs *dirs, const char *path)
{
	for (uint32_t i = 0; i < dirs->count; i++) {
		if (strcmp(dirs->paths[i], path) == 0) {
			return;
		}
	}
	snprintf(dirs->paths[dirs->count], PATH_MAX, "%s", path);
	dirs->count++;
}

void takt_log_dirs_find(struct takt_log_dirs *dirs, const struct takt_log_args *args)
{
	char own[PATH_MAX];

	dirs->count = 0;
	if (args->log_dir) {
		add(dirs, args->log_dir);
		return;
	}
	if (takt_log_default_dir(own, sizeof(own)) == 0) {
		add(dirs, own);
	}
	if (dirs->count == 0 || access(SERVICE_DIR, R_OK | X_OK) == 0) {
		add(dirs, SERVICE_DIR);
	}
}

int takt_log_error_print(int code, const struct takt_log_error *error)
{
	fputs("takt: ", stderr);
	takt_out_print_plain(stderr, error->text[0] ? error->text : strerror(-code));
	fputs("\n", stderr);
	return code == -ENOENT || code == -ENOTUNIQ ? TAKT_EXIT_NO_LOG : TAKT_EXIT_ERROR;
}

/* When the run at @path began; INT64_MIN when that cannot be known. */
static int64_t start_of(const char *path, const char *dir, const char *run_dir)
{
	struct takt_log_runs *runs = NULL;
	int64_t start_ns = INT64_MIN;

	if (takt_log_runs_open(dir, run_dir, &runs, NULL) < 0) {
		return start_ns;
	}
	for (uint32_t i = 0; i < takt_log_runs_count(runs); i++) {
		const struct takt_log_run *run = takt_log_runs_at(runs, i);

		if (strcmp(run->path, path) == 0) {
			start_ns = run->start_real_ns;
		}
	}
	takt_log_runs_close(runs);
	return start_ns;
}

/* The path that the word means. Of several directories that know it, the newest run counts. */
static int resolve(const struct takt_log_args *args, char *ret_path, struct takt_log_error *error)
{
	struct takt_log_dirs dirs;
	int64_t newest_ns = INT64_MIN;
	int ret = -ENOENT;

	takt_log_dirs_find(&dirs, args);
	for (uint32_t i = 0; i < dirs.count; i++) {
		struct takt_log_error own_error = { 0 };
		char path[PATH_MAX];
		int64_t start_ns;
		const int r = takt_log_resolve(args->log, dirs.paths[i], args->run_dir, path,
					       sizeof(path), &own_error);

		if (r < 0 && (error->code == 0 || r != -ENOENT)) {
			*error = own_error;
			ret = ret == 0 ? 0 : r;
		}
		if (r < 0) {
			continue;
		}
		start_ns = dirs.count > 1 ? start_of(path, dirs.paths[i], args->run_dir) : INT64_MIN;
		if (ret < 0 || start_ns > newest_ns) {
			memcpy(ret_path, path, sizeof(path));
			newest_ns = start_ns;
		}
		ret = 0;
	}
	return ret;
}

int takt_log_find_path(const struct takt_log_args *args, char *ret_path)
{
	struct takt_log_error error = { 0 };
	const int r = resolve(args, ret_path, &error);

	return r < 0 ? takt_log_error_print(r, &error) : 0;
}

static int find(const struct takt_log_args *args, bool live, struct takt_log **ret_log)
{
	const struct takt_log_options options = { sizeof(options), live, args->run_dir };
	struct takt_log_error error = { 0 };
	char path[PATH_MAX];
	int r = takt_log_find_path(args, path);

	if (r != 0) {
		return r;
	}
	r = takt_log_open(path, &options, ret_log, &error);
	return r < 0 ? takt_log_error_print(r, &error) : 0;
}

int takt_log_find(const struct takt_log_args *args, struct takt_log **ret_log)
{
	return find(args, true, ret_log);
}

int takt_log_find_files(const struct takt_log_args *args, struct takt_log **ret_log)
{
	return find(args, false, ret_log);
}

const char *takt_log_state_name(uint32_t state)
{
	return state == TAKT_LOG_CLEAN ? "clean" : state == TAKT_LOG_CUT ? "cut" : "live";
}

int takt_log_damage_print(const struct takt_log *log)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	const struct takt_log_damage *first = takt_log_damage_at(log, 0);
	char size[TAKT_QUANTITY_TEXT_BYTES];

	if (info->damage_count == 0) {
		return TAKT_EXIT_OK;
	}
	fprintf(stderr, "takt: the log is damaged in %" PRIu64 " place%s, %s skipped", info->damage_count,
		info->damage_count == 1 ? "" : "s",
		takt_quantity_format_bytes(info->damaged_bytes, size, sizeof(size)));
	if (info->lost_chunk_count) {
		fprintf(stderr, ", %" PRIu64 " chunks lost", info->lost_chunk_count);
	}
	if (first) {
		fprintf(stderr, "; the first: %s%s%s", first->file, first->file[0] ? ": " : "",
			first->what);
	}
	fputs(" (takt log fsck --deep lists all)\n", stderr);
	return TAKT_EXIT_DAMAGED;
}
