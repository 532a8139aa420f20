/* SPDX-License-Identifier: Apache-2.0 */
/* takt log stats. */
#include <stdio.h>

#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_scan.h"
#include "rt/main/stats_print.h"

struct count {
	struct takt_stats *stats;
	struct takt_progress progress;
	uint64_t begin_ns;		/* of the first record */
	bool any;
};

static void put(struct takt_scan *scan, const struct takt_log_record *record)
{
	struct count *count = scan->user;

	if (!count->any) {
		const uint64_t end_ns = takt_log_info_of(scan->log)->end_mono_ns;

		count->any = true;
		count->begin_ns = record->mono_ns;
		takt_progress_init(&count->progress, "reading",
				   end_ns > count->begin_ns ? end_ns - count->begin_ns : 0);
	}
	takt_stats_put(count->stats, record);
	takt_progress_put(&count->progress, record->mono_ns - count->begin_ns);
}

/* Read all that is asked for. --task is no filter of records: each copperlist counts. */
static int count_records(struct takt_log *log, const struct takt_log_args *args, struct takt_out *out,
			 struct takt_stats *stats)
{
	struct count count = { .stats = stats };
	struct takt_log_args all = *args;
	struct takt_scan scan = { .log = log, .args = &all, .out = out,
		.kinds = 1u << TAKT_LOG_COPPERLIST | 1u << TAKT_LOG_LIFECYCLE, .show = put,
		.progress = &count.progress, .user = &count };

	all.task = NULL;
	return takt_scan_run(&scan);
}

static int show(struct takt_log *log, const struct takt_log_args *args, uint32_t task,
		struct takt_stats *stats)
{
	const struct takt_stats_view view = { log, stats, task };
	/* The forms are written whole: no array around rows. */
	const enum takt_form form = args->form == TAKT_FORM_JSON ? TAKT_FORM_JSONL : args->form;
	struct takt_out out;
	int status, written;

	takt_out_init(&out, form);
	status = count_records(log, args, &out, stats);
	if (status == TAKT_EXIT_OK || status == TAKT_EXIT_DAMAGED) {
		takt_stats_print(&out.text, &view, args->form);
	}
	written = takt_out_fini(&out);
	return status ? status : written;
}

int takt_log_command_stats(const struct takt_log_args *args)
{
	struct takt_stats *stats = NULL;
	struct takt_log *log = NULL;
	uint32_t task = TAKT_LOG_NONE;
	int status = takt_log_find(args, &log);

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	if (args->task && takt_scan_find_task(log, args->task, &task) < 0) {
		status = TAKT_EXIT_USAGE;
	} else if (args->task && task == TAKT_LOG_NONE) {
		fputs("takt: --task takt: the runtime itself is no task with figures\n", stderr);
		status = TAKT_EXIT_USAGE;
	} else if (takt_stats_create(log, &stats) < 0) {
		fputs("takt: no memory\n", stderr);
		status = TAKT_EXIT_ERROR;
	} else {
		status = show(log, args, task, stats);
	}
	takt_stats_destroy(stats);
	takt_log_close(log);
	return status;
}
