/* SPDX-License-Identifier: Apache-2.0 */
/* takt log keep: marks segments, so that retention leaves them alone. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "logs/write/segment_files.h"
#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_time.h"
#include "rt/main/out.h"

#define WINDOW_NS 10000000000ull

struct keeping {
	const struct takt_log_args *args;
	struct takt_log *log;
	struct takt_out out;
	uint64_t from_ns;
	uint64_t to_ns;
	uint32_t count;
};

/* CLOCK_MONOTONIC of a cycle: of the first copperlist at or behind it. */
static int find_cycle(struct takt_log *log, uint64_t cycle, uint64_t *ret_mono_ns)
{
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_error error = { 0 };
	struct takt_log_cursor *cursor;
	int r;

	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, cycle };
	r = takt_log_cursor_create(log, &filter, &cursor, &error);
	if (r < 0) {
		return takt_log_error_print(r, &error);
	}
	r = takt_log_next(cursor, &record, &error);
	if (r > 0) {
		*ret_mono_ns = record->mono_ns;
	}
	takt_log_cursor_destroy(cursor);
	if (r == 0) {
		fprintf(stderr, "takt: --around: the log has no cycle %" PRIu64 "\n", cycle);
	}
	return r > 0 ? TAKT_EXIT_OK : r < 0 ? takt_log_error_print(r, &error) : TAKT_EXIT_ERROR;
}

/* From --around and --window. */
static int find_window(struct keeping *keeping)
{
	uint64_t window_ns = WINDOW_NS, at_ns;
	struct takt_log_point point;
	struct takt_err err = { 0 };
	int status = TAKT_EXIT_OK;

	if (takt_log_time_parse(keeping->args->around, takt_log_info_of(keeping->log), &point, &err) < 0 ||
	    (keeping->args->window &&
	     takt_quantity_parse_ns(keeping->args->window, &window_ns, &err) < 0)) {
		fprintf(stderr, "takt: %s\n", err.text);
		return TAKT_EXIT_USAGE;
	}
	at_ns = point.at == TAKT_LOG_AT_REAL ? takt_log_mono_ns(keeping->log, (int64_t)point.value)
					     : point.value;
	if (point.at == TAKT_LOG_AT_CYCLE) {
		status = find_cycle(keeping->log, point.value, &at_ns);
	}
	keeping->from_ns = at_ns > window_ns ? at_ns - window_ns : 0;
	keeping->to_ns = at_ns <= UINT64_MAX - window_ns ? at_ns + window_ns : UINT64_MAX;
	return status;
}

/* Also the segment that is written now, when the window reaches up to now. */
static bool is_meant(const struct keeping *keeping, const struct takt_log_file *file, bool is_newest)
{
	const struct takt_log_info *info = takt_log_info_of(keeping->log);

	if (!keeping->args->around) {
		return file->is_kept;
	}
	if (is_newest && info->state == TAKT_LOG_LIVE && keeping->to_ns >= info->end_mono_ns) {
		return true;
	}
	return file->chunk_count > 0 && file->first_mono_ns <= keeping->to_ns &&
	       file->last_mono_ns >= keeping->from_ns;
}

/* Mark the segment at @path, or take the mark away. */
static int mark(const char *path, bool is_kept)
{
	const char *name = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, r;

	if (snprintf(dir, sizeof(dir), "%.*s", name ? (int)(name - path + 1) : 1, name ? path : ".") >=
	    (int)sizeof(dir)) {
		return -ENAMETOOLONG;
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	r = takt_segment_file_keep(fd, name ? name + 1 : path, is_kept);
	close(fd);
	return r;
}

static void show(struct keeping *keeping, const struct takt_log_file *file, bool is_kept)
{
	struct takt_text_buffer *text = &keeping->out.text;
	char from[TAKT_TIME_TEXT_BYTES], to[TAKT_TIME_TEXT_BYTES], size[TAKT_QUANTITY_TEXT_BYTES];
	const int64_t from_ns = takt_log_real_ns(keeping->log, file->first_mono_ns);
	const int64_t to_ns = takt_log_real_ns(keeping->log, file->last_mono_ns);

	takt_out_row_begin(&keeping->out);
	if (keeping->out.form == TAKT_FORM_SHORT) {
		takt_text_buffer_printf(text, "%-8s  %s to %s  %10s  ", is_kept ? "kept" : "not kept",
					takt_local_time_format(from_ns, from, sizeof(from)),
					takt_local_time_format(to_ns, to, sizeof(to)),
					takt_quantity_format_bytes(file->bytes, size, sizeof(size)));
		takt_out_put_plain(text, file->path);
		takt_text_buffer_puts(text, "\n");
	} else {
		takt_iso_time_format(from_ns, from, sizeof(from));
		takt_iso_time_format(to_ns, to, sizeof(to));
		if (keeping->out.form == TAKT_FORM_CSV) {
			takt_text_buffer_printf(text, "%" PRIu32 ",%d,%s,%s,%" PRIu64 ",", file->number,
						is_kept, from, to, file->bytes);
			takt_csv_puts(text, file->path);
		} else {
			takt_out_u64_member(text, "{\"segment\":", file->number);
			takt_out_bool_member(text, ",\"kept\":", is_kept);
			takt_out_text_member(text, ",\"start\":", from);
			takt_out_text_member(text, ",\"end\":", to);
			takt_out_u64_member(text, ",\"bytes\":", file->bytes);
			takt_out_text_member(text, ",\"path\":", file->path);
			takt_text_buffer_puts(text, "}");
		}
	}
	takt_out_row_end(&keeping->out);
}

static int go_over(struct keeping *keeping)
{
	const bool is_changing = !keeping->args->list;
	const uint32_t count = takt_log_info_of(keeping->log)->segment_count;
	const struct takt_log_file *file;
	int status = TAKT_EXIT_OK;

	for (uint32_t i = 0; (file = takt_log_file_at(keeping->log, i)); i++) {
		bool is_kept = file->is_kept;
		int r = 0;

		if (!is_meant(keeping, file, i + 1 == count)) {
			continue;
		}
		keeping->count++;
		if (is_changing) {
			is_kept = !keeping->args->remove;
			r = mark(file->path, is_kept);
		}
		if (r < 0) {
			fprintf(stderr, "takt: %s: %s\n", file->path, strerror(-r));
			status = TAKT_EXIT_ERROR;
		} else {
			show(keeping, file, is_kept);
		}
	}
	return status;
}

static int keep(struct keeping *keeping)
{
	const struct takt_log_info *info = takt_log_info_of(keeping->log);
	int status = keeping->args->around ? find_window(keeping) : TAKT_EXIT_OK, fini;

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	takt_out_init(&keeping->out, keeping->args->form);
	if (keeping->args->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&keeping->out.text, "segment,kept,start,end,bytes,path\r\n");
	}
	status = go_over(keeping);
	fini = takt_out_fini(&keeping->out);
	if (keeping->count == 0 && keeping->args->around) {
		fprintf(stderr, "takt: nothing of %s was recorded then\n", info->path);
		return TAKT_EXIT_ERROR;
	}
	if (keeping->args->around && !keeping->args->list && !keeping->args->remove &&
	    info->state == TAKT_LOG_LIVE && keeping->to_ns > info->end_mono_ns) {
		fputs("takt: the run goes on: what is recorded from now on may go to a segment that is not "
		      "marked\n", stderr);
	}
	return status == TAKT_EXIT_OK ? fini : status;
}

int takt_log_command_keep(const struct takt_log_args *args)
{
	struct keeping keeping = { .args = args };
	int status;

	if ((!args->around && !args->list && !args->remove) || (args->list && args->remove) ||
	    (args->window && !args->around)) {
		fputs("takt: log keep needs one of --around TIME, --list, --remove; --window goes with --around: "
		      "takt log keep --help\n", stderr);
		return TAKT_EXIT_USAGE;
	}
	status = takt_log_find(args, &keeping.log);
	if (status != TAKT_EXIT_OK) {
		return status;
	}
	status = keep(&keeping);
	takt_log_close(keeping.log);
	return status;
}
