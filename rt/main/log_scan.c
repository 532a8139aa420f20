/* SPDX-License-Identifier: Apache-2.0 */
/* -n needs to know how many records match before it can show the last ones: they are counted first, from
 * further and further before the end, until there are enough. */
#include "rt/main/log_scan.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/quantity.h"
#include "rt/base/suggest.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_time.h"

#define FOLLOW_LAST 10		/* records shown first, when the command line does not say */
#define STEP_BACK 8
#define TEXT_BYTES 1024u	/* at first */

static volatile sig_atomic_t interrupted;	/* by a signal; nothing but the handler can set it */

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

const char *takt_scan_text(struct takt_scan *scan, const struct takt_log_record *record)
{
	size_t need = TEXT_BYTES;

	for (;;) {
		if (need > scan->text_room) {
			char *grown = realloc(scan->text, need);

			if (!grown) {
				return NULL;
			}
			scan->text = grown;
			scan->text_room = need;
		}
		need = takt_log_text_format(scan->log, record, scan->text, scan->text_room) + 1;
		if (need <= scan->text_room) {
			return scan->text;
		}
	}
}

const char *takt_scan_task_id(const struct takt_scan *scan, uint32_t task)
{
	const struct takt_log_task *row = takt_log_task_at(scan->log, task);

	return row ? row->id : "takt";
}

static int parse_time(const struct takt_scan *scan, const char *option, const char *text,
		      struct takt_log_point *ret_point)
{
	struct takt_err err = { 0 };

	if (!text) {
		return 0;
	}
	if (takt_log_time_parse(text, takt_log_info_of(scan->log), ret_point, &err) < 0) {
		fprintf(stderr, "takt: %s: %s\n", option, err.text);
		return -EINVAL;
	}
	return 0;
}

int takt_scan_find_task(const struct takt_log *log, const char *id, uint32_t *ret_task)
{
	struct takt_suggest suggest;
	const struct takt_log_task *task;

	*ret_task = takt_log_task_find(log, id);
	if (*ret_task != TAKT_LOG_NONE || strcmp(id, "takt") == 0) {
		return 0;
	}
	takt_suggest_init(&suggest, id);
	fprintf(stderr, "takt: --task %s: there is no such task in this log; there are:", id);
	for (uint32_t i = 0; (task = takt_log_task_at(log, i)); i++) {
		fputs(" ", stderr);
		takt_out_print_plain(stderr, task->id);
		takt_suggest_put(&suggest, task->id);
	}
	if (suggest.name) {
		fputs("; did you mean ", stderr);
		takt_out_print_plain(stderr, suggest.name);
		fputs("?", stderr);
	}
	fputs("\n", stderr);
	return -EINVAL;
}

static int make_filter(struct takt_scan *scan, struct takt_log_filter *filter)
{
	const struct takt_log_args *args = scan->args;

	*filter = (struct takt_log_filter)TAKT_LOG_FILTER_ALL;
	filter->kinds = scan->kinds;
	filter->level_min = args->level;
	if (args->task && takt_scan_find_task(scan->log, args->task, &filter->task) < 0) {
		return -EINVAL;
	}
	scan->task = filter->task;
	if (scan->takes) {
		filter->task = TAKT_LOG_NONE;
	}
	if (parse_time(scan, "--since", args->since, &filter->since) < 0) {
		return -EINVAL;
	}
	return parse_time(scan, "--until", args->until, &filter->until);
}

/* What the reader's filter cannot say: the runtime's own records, and the expression. */
static bool matches(struct takt_scan *scan, const struct takt_log_record *record)
{
	const struct takt_log_args *args = scan->args;
	const char *text;

	if (scan->takes && !scan->takes(scan, record)) {
		return false;
	}
	if (args->task && strcmp(args->task, "takt") == 0 &&
	    takt_log_task_find(scan->log, "takt") == TAKT_LOG_NONE) {
		const uint32_t task = record->text ? record->text->task
				    : record->lifecycle ? record->lifecycle->task : 0;

		if (task != TAKT_LOG_NONE) {
			return false;
		}
	}
	if (!args->matched) {
		return true;
	}
	text = scan->match_text ? scan->match_text(scan, record) : takt_scan_text(scan, record);
	return text && takt_log_args_match(args, text);
}

static int next(struct takt_log_cursor *cursor, const struct takt_log_record **ret_record)
{
	struct takt_log_error error = { 0 };
	const int r = takt_log_next(cursor, ret_record, &error);

	if (r < 0) {
		takt_log_error_print(r, &error);
	}
	return r;
}

/* Matching records from where @cursor stands. */
static int count_matches(struct takt_scan *scan, struct takt_log_cursor *cursor, uint64_t *ret_count)
{
	const struct takt_log_record *record;
	uint64_t count = 0;
	int r;

	while ((r = next(cursor, &record)) > 0) {
		count += matches(scan, record);
	}
	*ret_count = count;
	return r;
}

/* Put @cursor so that the last @last records come behind the @ret_skip next matching ones. */
static int move_to_last(struct takt_scan *scan, struct takt_log_cursor *cursor, uint64_t last,
			uint64_t *ret_skip)
{
	const bool all = scan->args->until != NULL;	/* the end is not the log's end */
	const uint64_t total = takt_log_info_of(scan->log)->record_count;
	const struct takt_log_point start = { TAKT_LOG_AT_MONO, 0, 0 };
	uint64_t back = last, count = 0;
	int r = 0;

	for (;;) {
		const bool whole = all || back >= total;

		if (!whole) {
			r = takt_log_seek_last(cursor, back, NULL);
		} else if (r >= 0) {
			r = takt_log_seek(cursor, start, NULL);
		}
		if (r >= 0) {
			r = count_matches(scan, cursor, &count);
		}
		if (r < 0) {
			return r;
		}
		if (count >= last || whole) {
			break;
		}
		back = back > UINT64_MAX / STEP_BACK ? UINT64_MAX : back * STEP_BACK;
	}
	*ret_skip = count > last ? count - last : 0;
	return all || back >= total ? takt_log_seek(cursor, start, NULL)
				    : takt_log_seek_last(cursor, back, NULL);
}

/* Show what comes, wait for more when following. Returns the exit status. */
static int show_all(struct takt_scan *scan, struct takt_log_cursor *cursor, uint64_t skip)
{
	const struct takt_log_record *record;

	while (!takt_out_done(scan->out) && !interrupted) {
		const int r = next(cursor, &record);

		if (r < 0) {
			return TAKT_EXIT_ERROR;
		}
		if (r > 0 && matches(scan, record)) {
			if (skip > 0) {
				skip--;
			} else {
				scan->show(scan, record);
				scan->shown++;
			}
		}
		if (r == 0) {
			if (!scan->args->follow || takt_log_ended(cursor)) {
				break;
			}
			takt_out_flush(scan->out);
			takt_out_wait(scan->out, takt_log_pause_ns(cursor));
		}
	}
	return interrupted ? TAKT_EXIT_INTERRUPTED : TAKT_EXIT_OK;
}

/* @point on the clock of the log's times; UINT64_MAX for a cycle. */
static uint64_t mono_of(const struct takt_scan *scan, const struct takt_log_point *point)
{
	return point->at == TAKT_LOG_AT_CYCLE ? UINT64_MAX
	       : point->at == TAKT_LOG_AT_REAL ? takt_log_mono_ns(scan->log, (int64_t)point->value)
					       : point->value;
}

/* "12.345s" of @mono_ns since the run's start. Returns @out. */
static const char *put_since_start(const struct takt_scan *scan, uint64_t mono_ns, char *out, uint32_t bytes)
{
	const uint64_t ns = mono_ns - takt_log_info_of(scan->log)->start_mono_ns;

	return takt_quantity_format_ns(ns / 1000000 * 1000000, out, bytes);
}

/* Why nothing was shown, on stderr: an empty answer looks like an empty log. */
static void say_why_nothing(const struct takt_scan *scan, const struct takt_log_filter *filter)
{
	const struct takt_log_info *info = takt_log_info_of(scan->log);
	const struct takt_log_args *args = scan->args;
	const struct takt_log_point *since = &filter->since, *until = &filter->until;
	const bool by_cycle = since->at == TAKT_LOG_AT_CYCLE;
	char text[TAKT_QUANTITY_TEXT_BYTES];

	if (since->at && until->at && by_cycle == (until->at == TAKT_LOG_AT_CYCLE) &&
	    (by_cycle ? since->value > until->value : mono_of(scan, since) > mono_of(scan, until))) {
		fprintf(stderr, "takt: nothing: --since %s is later than --until %s\n", args->since,
			args->until);
	} else if (since->at && !by_cycle && mono_of(scan, since) > info->end_mono_ns) {
		fprintf(stderr, "takt: nothing from then on: the log ends at %s\n",
			put_since_start(scan, info->end_mono_ns, text, sizeof(text)));
	} else if (by_cycle && since->value > info->last_cycle) {
		fprintf(stderr, "takt: nothing from then on: the last cycle is #%" PRIu64 "\n",
			info->last_cycle);
	} else if (until->at && mono_of(scan, until) < info->first_mono_ns) {
		fprintf(stderr, "takt: nothing up to then: the log begins at %s\n",
			put_since_start(scan, info->first_mono_ns, text, sizeof(text)));
	} else if (args->matched || args->level || args->task || args->since || args->until) {
		fputs("takt: nothing in the log matches\n", stderr);
	} else {
		fprintf(stderr, "takt: the log has no %s\n", (scan->kinds & 1u << TAKT_LOG_TEXT) ? "texts"
			: scan->kinds == 1u << TAKT_LOG_LIFECYCLE ? "lifecycle events" : "copperlists");
	}
}

static int scan_with(struct takt_scan *scan, struct takt_log_cursor *cursor)
{
	const struct takt_log_args *args = scan->args;
	const bool tail = args->follow && !args->limited && !args->since;
	uint64_t skip = 0;

	if ((args->limited || tail) &&
	    move_to_last(scan, cursor, args->limited ? args->last : FOLLOW_LAST, &skip) < 0) {
		return TAKT_EXIT_ERROR;
	}
	return show_all(scan, cursor, skip);
}

int takt_scan_run(struct takt_scan *scan)
{
	const struct sigaction interrupt = { .sa_handler = on_interrupt };
	struct takt_log_cursor *cursor = NULL;
	struct takt_log_error error = { 0 };
	struct takt_log_filter filter;
	int status, damage;

	if (make_filter(scan, &filter) < 0) {
		takt_out_drop(scan->out);
		return TAKT_EXIT_USAGE;
	}
	if (takt_log_cursor_create(scan->log, &filter, &cursor, &error) < 0) {
		return takt_log_error_print(error.code, &error);
	}
	if (scan->args->follow) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGTERM, &interrupt, NULL);
	}
	status = scan_with(scan, cursor);
	if (scan->progress) {
		takt_progress_fini(scan->progress);
	}
	takt_log_cursor_destroy(cursor);
	free(scan->text);
	takt_out_flush(scan->out);
	if (status == TAKT_EXIT_OK && scan->shown == 0 && !takt_out_done(scan->out) &&
	    !(scan->args->limited && scan->args->last == 0)) {
		say_why_nothing(scan, &filter);
	}
	damage = takt_out_done(scan->out) ? TAKT_EXIT_OK : takt_log_damage_print(scan->log);
	return status ? status : damage;
}
