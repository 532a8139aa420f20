/* SPDX-License-Identifier: Apache-2.0 */
/* takt log list: the runs of all log directories, oldest first. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_time.h"
#include "rt/main/out.h"

struct list {
	struct takt_log_runs *lists[TAKT_LOG_DIRS_MAX];
	uint32_t list_count;
	const struct takt_log_run **runs;
	uint32_t count;
};

static int compare(const void *a, const void *b)
{
	const struct takt_log_run *const *left = a, *const *right = b;

	if ((*left)->start_real_ns != (*right)->start_real_ns) {
		return (*left)->start_real_ns < (*right)->start_real_ns ? -1 : 1;
	}
	return (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

/* A time on the command line, here a real one: of the wall clock, or "-10min" before now. */
static int parse_time(const char *option, const char *text, int64_t *ret_real_ns)
{
	int64_t now_ns;
	uint64_t ns;

	takt_wall_time_parse("now", 0, 0, &now_ns);
	if (!text || takt_wall_time_parse(text, now_ns, now_ns, ret_real_ns) == 0) {
		return 0;
	}
	if (text[0] == '-' && takt_quantity_parse_ns(text + 1, &ns, NULL) == 0 && ns < INT64_MAX) {
		*ret_real_ns = now_ns - (int64_t)ns;
		return 0;
	}
	fprintf(stderr, "takt: %s: '%s' is no time of a run: write 2026-01-31, 2026-01-31T12:00:00Z, 16:43, "
		"today or -24h (before now)\n", option, text);
	return -EINVAL;
}

static void close_list(struct list *list)
{
	for (uint32_t i = 0; i < list->list_count; i++) {
		takt_log_runs_close(list->lists[i]);
	}
	free(list->runs);
}

static void put_short_marks(struct takt_text_buffer *out, const struct takt_log_run *run)
{
	if (run->lost_copperlists > 0) {
		takt_text_buffer_printf(out, ", lost %" PRIu64 " copperlists", run->lost_copperlists);
	}
	if (run->lost_events > 0) {
		takt_text_buffer_printf(out, ", lost %" PRIu64 " texts and events", run->lost_events);
	}
	takt_text_buffer_puts(out, run->is_damaged ? ", damaged" : "");
}

static void put_short(struct takt_text_buffer *out, const struct takt_log_run *run)
{
	char start[TAKT_TIME_TEXT_BYTES], length[TAKT_QUANTITY_TEXT_BYTES],
		size[TAKT_QUANTITY_TEXT_BYTES], graph[160];
	struct takt_text_buffer name;
	const uint64_t ms = (run->end_mono_ns - run->first_mono_ns) / 1000000;

	takt_text_buffer_init_fixed(&name, graph, sizeof(graph));
	takt_out_put_plain(&name, run->graph);
	takt_text_buffer_printf(out, "%4" PRIu32 "  %016" PRIx64 "  %-16s %s  %10s  %10s  %s", run->number,
				run->run, graph,
				takt_local_time_format(run->first_real_ns, start, sizeof(start)),
				takt_quantity_format_ns(ms * 1000000, length, sizeof(length)),
				takt_quantity_format_bytes(run->bytes, size, sizeof(size)),
				run->state == TAKT_LOG_CLEAN ? takt_log_ending_name(run->ending)
							     : takt_log_state_name(run->state));
	put_short_marks(out, run);
	takt_text_buffer_puts(out, run->is_virtual ? ", virtual\n" : "\n");
}

/* Whether the expression is found in the graph's name, or in the row as it is shown to people. */
static bool is_meant(const struct takt_log_args *args, const struct takt_log_run *run)
{
	char memory[1024];
	struct takt_text_buffer row;

	if (!args->matched || takt_log_args_match(args, run->graph)) {
		return true;
	}
	takt_text_buffer_init_fixed(&row, memory, sizeof(memory));
	put_short(&row, run);
	return takt_log_args_match(args, memory);
}

/* All runs; those that are not asked for are left out by @since, @until and the expression. */
static int collect(struct list *list, const struct takt_log_args *args, int64_t since_ns,
		   int64_t until_ns)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < list->list_count; i++) {
		total += takt_log_runs_count(list->lists[i]);
	}
	list->runs = calloc(total + 1, sizeof(const struct takt_log_run *));
	if (!list->runs) {
		fputs("takt: no memory\n", stderr);
		return TAKT_EXIT_ERROR;
	}
	for (uint32_t i = 0; i < list->list_count; i++) {
		for (uint32_t j = 0; j < takt_log_runs_count(list->lists[i]); j++) {
			const struct takt_log_run *run = takt_log_runs_at(list->lists[i], j);

			if (run->end_real_ns >= since_ns && run->first_real_ns <= until_ns &&
			    is_meant(args, run)) {
				list->runs[list->count++] = run;
			}
		}
	}
	if (list->count > 1) {
		qsort(list->runs, list->count, sizeof(list->runs[0]), compare);
	}
	return TAKT_EXIT_OK;
}

/* Open the directories; that the default one does not exist yet is no error. */
static int open_lists(struct list *list, const struct takt_log_args *args)
{
	struct takt_log_dirs dirs;

	takt_log_dirs_find(&dirs, args);
	for (uint32_t i = 0; i < dirs.count; i++) {
		struct takt_log_error error = { 0 };
		const int r = takt_log_runs_open(dirs.paths[i], args->run_dir,
						 &list->lists[list->list_count], &error);

		if (r == 0) {
			list->list_count++;
		} else if (args->log_dir || r != -ENOENT) {
			return takt_log_error_print(r, &error);
		}
	}
	return TAKT_EXIT_OK;
}

static void put_json(struct takt_text_buffer *out, const struct takt_log_run *run)
{
	char id[24], time[TAKT_TIME_TEXT_BYTES];

	snprintf(id, sizeof(id), "%016" PRIx64, run->run);
	takt_out_text_member(out, "{\"run\":", id);
	takt_out_u64_member(out, ",\"number\":", run->number);
	takt_out_text_member(out, ",\"graph\":", run->graph);
	takt_out_text_member(out, ",\"state\":", takt_log_state_name(run->state));
	takt_out_text_member(out, ",\"ending\":", takt_log_ending_name(run->ending));
	takt_text_buffer_printf(out, ",\"exit_code\":%" PRId32, run->exit_code);
	takt_out_text_member(out, ",\"start\":",
			     takt_iso_time_format(run->first_real_ns, time, sizeof(time)));
	takt_out_text_member(out, ",\"end\":", takt_iso_time_format(run->end_real_ns, time, sizeof(time)));
	takt_out_u64_member(out, ",\"lost_copperlists\":", run->lost_copperlists);
	takt_out_u64_member(out, ",\"lost_events\":", run->lost_events);
	takt_out_bool_member(out, ",\"damaged\":", run->is_damaged);
	takt_out_u64_member(out, ",\"length_ns\":", run->end_mono_ns - run->first_mono_ns);
	takt_out_text_member(out, ",\"run_start\":",
			     takt_iso_time_format(run->start_real_ns, time, sizeof(time)));
	takt_out_u64_member(out, ",\"segments\":", run->segment_count);
	takt_out_u64_member(out, ",\"bytes\":", run->bytes);
	takt_out_u64_member(out, ",\"file_bytes\":", run->file_bytes);
	takt_out_text_member(out, ",\"path\":", run->path);
	takt_out_bool_member(out, ",\"virtual\":", run->is_virtual);
	takt_text_buffer_puts(out, "}");
}

static void put_csv(struct takt_text_buffer *out, const struct takt_log_run *run)
{
	char start[TAKT_TIME_TEXT_BYTES], end[TAKT_TIME_TEXT_BYTES];

	takt_text_buffer_printf(out, "%016" PRIx64 ",%" PRIu32 ",", run->run, run->number);
	takt_csv_puts(out, run->graph);
	takt_text_buffer_printf(out, ",%s,%s,%" PRId32 ",%s,%s,%" PRIu32 ",%" PRIu64 ",",
				takt_log_state_name(run->state), takt_log_ending_name(run->ending),
				run->exit_code,
				takt_iso_time_format(run->first_real_ns, start, sizeof(start)),
				takt_iso_time_format(run->end_real_ns, end, sizeof(end)),
				run->segment_count, run->bytes);
	takt_csv_puts(out, run->path);
	takt_text_buffer_printf(out, ",%" PRIu64 ",%" PRIu64 ",%s,%" PRIu64 ",%s,%" PRIu64 ",%s",
				run->lost_copperlists, run->lost_events,
				run->is_damaged ? "true" : "false", run->end_mono_ns - run->first_mono_ns,
				takt_iso_time_format(run->start_real_ns, start, sizeof(start)),
				run->file_bytes, run->is_virtual ? "true" : "false");
}

static void put_header(struct takt_out *out, uint32_t count)
{
	if (out->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&out->text, "run,number,graph,state,ending,exit_code,start,end,segments,bytes,"
				      "path,lost_copperlists,lost_events,damaged,length_ns,run_start,"
				      "file_bytes,virtual\r\n");
	} else if (out->form == TAKT_FORM_SHORT && count > 0) {
		takt_text_buffer_printf(&out->text, "%4s  %-16s  %-16s %-19s  %10s  %10s  %s\n", "no", "run",
					"graph", "start", "length", "size", "end");
	}
}

static int print(const struct list *list, const struct takt_log_args *args)
{
	struct takt_out out;
	uint32_t i = 0;

	takt_out_init(&out, args->form);
	put_header(&out, list->count);
	if (args->limited && args->last < list->count) {
		i = list->count - (uint32_t)args->last;
	}
	for (; i < list->count && !takt_out_done(&out); i++) {
		takt_out_row_begin(&out);
		if (args->form == TAKT_FORM_SHORT) {
			put_short(&out.text, list->runs[i]);
		} else if (args->form == TAKT_FORM_CSV) {
			put_csv(&out.text, list->runs[i]);
		} else {
			put_json(&out.text, list->runs[i]);
		}
		takt_out_row_end(&out);
	}
	if (args->form == TAKT_FORM_SHORT && list->count == 0) {
		fputs(args->matched || args->since || args->until
			      ? "takt: no run matches\n"
			      : "takt: no logs: takt run GRAPH.yaml makes one\n", stderr);
	}
	return takt_out_fini(&out);
}

int takt_log_command_list(const struct takt_log_args *args)
{
	struct list list = { 0 };
	struct stat st;
	int64_t since_ns = INT64_MIN, until_ns = INT64_MAX;
	int status;

	if (args->log) {
		const bool is_dir = stat(args->log, &st) == 0 && S_ISDIR(st.st_mode);

		fprintf(stderr, is_dir ? "takt: log list takes no LOG: for another directory use --log-dir %s\n"
				       : "takt: log list takes no LOG: for the runs of a graph use -g %s\n",
			args->log);
		return TAKT_EXIT_USAGE;
	}
	if (parse_time("--since", args->since, &since_ns) < 0 ||
	    parse_time("--until", args->until, &until_ns) < 0) {
		return TAKT_EXIT_USAGE;
	}
	status = open_lists(&list, args);
	if (status == TAKT_EXIT_OK) {
		status = collect(&list, args, since_ns, until_ns);
	}
	if (status == TAKT_EXIT_OK) {
		status = print(&list, args);
	}
	close_list(&list);
	return status;
}
