/* SPDX-License-Identifier: Apache-2.0 */
/* takt log copperlists. CSV has a row a message (a cycle without any: one row), and the columns of every
 * output's type. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_scan.h"
#include "rt/main/log_time.h"
#include "rt/msg/value.h"

#define SHORT_PAYLOAD_BYTES 1000u
#define SCRATCH_BYTES_MAX (64u << 20)

struct view {
	const struct takt_log *log;
	const struct takt_type **types;
	struct takt_layout **layouts;	/* [type_count] */
	uint32_t type_count;
	uint32_t task;			/* of --task, TAKT_LOG_NONE: all */
	enum takt_time_way way;
	struct takt_text_buffer scratch;
	struct takt_text_buffer blanks;	/* CSV: commas between the cells of the widest type */
	size_t *blank_bytes;		/* [type_count] of a message without any payload */
};

static int64_t since_start(const struct view *view, uint64_t mono_ns)
{
	return (int64_t)(mono_ns - takt_log_info_of(view->log)->start_mono_ns);
}

static bool is_shown(const struct view *view, uint32_t task)
{
	return view->task == TAKT_LOG_NONE || view->task == task;
}

static void put_output_name(struct takt_text_buffer *out, const struct view *view,
			    const struct takt_log_output *output)
{
	takt_out_put_plain(out, takt_log_task_at(view->log, output->task)->id);
	takt_text_buffer_puts(out, ".");
	takt_out_put_plain(out, output->port);
}

static bool is_message_shown(const struct view *view, const struct takt_log_message *message)
{
	const struct takt_log_output *output = takt_log_output_at(view->log, message->output);

	return output && is_shown(view, output->task);
}

/* --- for people ------------------------------------------------------------------------------------ */

static void put_short_payload(struct takt_text_buffer *out, const struct view *view,
			      const struct takt_log_message *message)
{
	const struct takt_log_output *output = takt_log_output_at(view->log, message->output);
	char memory[SHORT_PAYLOAD_BYTES];
	struct takt_text_buffer json;

	if (!message->payload) {
		takt_text_buffer_puts(out, "(not recorded)");
		return;
	}
	takt_text_buffer_init_fixed(&json, memory, sizeof(memory));
	takt_value_to_json(view->layouts[output->type], message->payload, message->payload_bytes, &json);
	takt_text_buffer_puts(out, memory);
	takt_text_buffer_puts(out, json.error ? " …" : "");
}

static void put_short_tasks(struct takt_text_buffer *out, const struct view *view,
			    const struct takt_log_copperlist *list)
{
	for (uint32_t i = 0; i < list->task_count; i++) {
		const struct takt_log_task_row *row = &list->tasks[i];
		const struct takt_log_task *task = takt_log_task_at(view->log, i);

		if (!task || !is_shown(view, i) || !(row->flags & (TAKT_LOG_FAILED | TAKT_LOG_ABORTED))) {
			continue;
		}
		takt_text_buffer_puts(out, "             ");
		takt_out_put_plain(out, task->id);
		if (row->flags & TAKT_LOG_ABORTED) {
			takt_text_buffer_puts(out, " not called: the cycle was aborted\n");
		} else {
			takt_text_buffer_printf(out, " failed: %d%s%s\n", row->result,
						row->result < 0 && row->result > -4096 ? " " : "",
						row->result < 0 && row->result > -4096
							? strerror(-row->result) : "");
		}
	}
}

static void put_short(struct takt_text_buffer *out, const struct view *view,
		      const struct takt_log_record *record)
{
	const struct takt_log_copperlist *list = record->copperlist;
	char late[TAKT_QUANTITY_TEXT_BYTES], took[TAKT_QUANTITY_TEXT_BYTES];

	takt_time_put(out, view->way, view->log, record);
	takt_text_buffer_printf(out, " #%" PRIu64 " took %s, %s%s late%s\n", record->cycle,
				takt_quantity_format_ns(list->duration_ns, took, sizeof(took)),
				list->late_ns == TAKT_LOG_LATE_MAX_NS ? "at least " : "",
				takt_quantity_format_ns(list->late_ns, late, sizeof(late)),
				list->complete ? "" : ", incomplete");
	put_short_tasks(out, view, list);
	for (uint32_t i = 0; i < list->message_count; i++) {
		const struct takt_log_message *message = &list->messages[i];

		if (!is_message_shown(view, message)) {
			continue;
		}
		takt_text_buffer_puts(out, "             ");
		put_output_name(out, view, takt_log_output_at(view->log, message->output));
		takt_text_buffer_puts(out, " ");
		put_short_payload(out, view, message);
		if (message->age_cycles > 0 && message->age_cycles <= record->cycle) {
			takt_text_buffer_printf(out, "  of #%" PRIu64, record->cycle - message->age_cycles);
		}
		if (message->status[0]) {
			takt_text_buffer_puts(out, "  ");
			takt_out_put_plain(out, message->status);
		}
		takt_text_buffer_puts(out, "\n");
	}
}

/* --- JSON ------------------------------------------------------------------------------------------ */

static void put_json_task(struct takt_text_buffer *out, const struct view *view, const char *id,
			  const struct takt_log_task_row *row)
{
	takt_out_text_member(out, "{\"task\":", id);
	if (row->flags & TAKT_LOG_RAN) {
		takt_out_i64_member(out, ",\"begin_ns\":", since_start(view, row->begin_mono_ns));
		takt_out_i64_member(out, ",\"end_ns\":", since_start(view, row->end_mono_ns));
		takt_out_i64_member(out, ",\"result\":", row->result);
	}
	takt_out_bool_member(out, ",\"ran\":", row->flags & TAKT_LOG_RAN);
	takt_out_bool_member(out, ",\"failed\":", row->flags & TAKT_LOG_FAILED);
	takt_out_bool_member(out, ",\"aborted\":", row->flags & TAKT_LOG_ABORTED);
	takt_out_bool_member(out, ",\"finished\":", row->flags & TAKT_LOG_FINISHED);
	takt_text_buffer_puts(out, "}");
}

static void put_json_tov(struct takt_text_buffer *out, const struct view *view, const struct takt_tov *tov)
{
	if (tov->kind == TAKT_TOV_NONE) {
		takt_text_buffer_puts(out, ",\"tov\":null");
		return;
	}
	takt_out_i64_member(out, ",\"tov\":{\"begin_ns\":", since_start(view, tov->begin_ns));
	takt_out_i64_member(out, ",\"end_ns\":",
			    since_start(view, tov->kind == TAKT_TOV_RANGE ? tov->end_ns : tov->begin_ns));
	takt_text_buffer_puts(out, "}");
}

static void put_json_message(struct takt_text_buffer *out, const struct view *view,
			     const struct takt_log_message *message)
{
	const struct takt_log_output *output = takt_log_output_at(view->log, message->output);

	takt_out_text_member(out, "{\"task\":", takt_log_task_at(view->log, output->task)->id);
	takt_out_text_member(out, ",\"port\":", output->port);
	takt_out_text_member(out, ",\"type\":", view->types[output->type]->name);
	takt_out_i64_member(out, ",\"stamp_ns\":", since_start(view, message->stamp_mono_ns));
	if (message->age_cycles > 0) {
		takt_out_u64_member(out, ",\"age\":", message->age_cycles);
	}
	put_json_tov(out, view, &message->tov);
	takt_out_text_member(out, ",\"status\":", message->status);
	takt_text_buffer_puts(out, ",\"payload\":");
	if (message->payload) {
		takt_value_to_json(view->layouts[output->type], message->payload, message->payload_bytes,
				   out);
	} else {
		takt_text_buffer_puts(out, "null");
	}
	takt_text_buffer_puts(out, "}");
}

static void put_json(struct takt_text_buffer *out, const struct view *view,
		     const struct takt_log_record *record)
{
	const struct takt_log_copperlist *list = record->copperlist;
	char time[TAKT_TIME_TEXT_BYTES];
	bool any = false;

	takt_out_u64_member(out, "{\"cycle\":", record->cycle);
	takt_out_text_member(out, ",\"time\":", takt_iso_time_format(record->real_ns, time, sizeof(time)));
	takt_out_i64_member(out, ",\"t_ns\":", since_start(view, record->mono_ns));
	takt_out_u64_member(out, ",\"mono_ns\":", record->mono_ns);
	takt_out_u64_member(out, ",\"lane\":", list->lane);
	takt_out_u64_member(out, ",\"late_ns\":", list->late_ns);
	takt_out_u64_member(out, ",\"duration_ns\":", list->duration_ns);
	takt_out_bool_member(out, ",\"complete\":", list->complete);
	takt_text_buffer_puts(out, ",\"tasks\":[");
	for (uint32_t i = 0; i < list->task_count; i++) {
		const struct takt_log_task *task = takt_log_task_at(view->log, i);

		if (task && is_shown(view, i)) {
			takt_text_buffer_puts(out, any ? "," : "");
			put_json_task(out, view, task->id, &list->tasks[i]);
			any = true;
		}
	}
	takt_text_buffer_puts(out, "],\"messages\":[");
	any = false;
	for (uint32_t i = 0; i < list->message_count; i++) {
		if (is_message_shown(view, &list->messages[i])) {
			takt_text_buffer_puts(out, any ? "," : "");
			put_json_message(out, view, &list->messages[i]);
			any = true;
		}
	}
	takt_text_buffer_puts(out, "]}");
}

/* --- CSV ------------------------------------------------------------------------------------------- */

static void put_csv_header(struct takt_text_buffer *out, const struct view *view)
{
	const struct takt_log_output *output;

	takt_text_buffer_puts(out, "cycle,time,t_ns,late_ns,duration_ns,task,port,begin_ns,end_ns,result,"
			      "stamp_ns,tov_begin_ns,tov_end_ns,status");
	for (uint32_t i = 0; (output = takt_log_output_at(view->log, i)); i++) {
		char prefix[512];

		if (!output->recorded || !is_shown(view, output->task)) {
			continue;
		}
		snprintf(prefix, sizeof(prefix), "%s.%s.", takt_log_task_at(view->log, output->task)->id,
			 output->port);
		takt_text_buffer_puts(out, ",");
		takt_value_csv_header(view->layouts[output->type], prefix, out);
	}
	takt_text_buffer_puts(out, "\r\n");
}

/* The cells of @message's payload below its output's columns, the others empty; NULL: all are. */
static void put_csv_payload(struct takt_text_buffer *out, const struct view *view,
			    const struct takt_log_message *message)
{
	const struct takt_log_output *output;

	for (uint32_t i = 0; (output = takt_log_output_at(view->log, i)); i++) {
		const bool own = message && i == message->output;

		if (output->recorded && is_shown(view, output->task)) {
			takt_text_buffer_puts(out, ",");
			if (own && message->payload) {
				takt_value_csv_row(view->layouts[output->type], message->payload,
						   message->payload_bytes, out);
			} else {
				takt_text_buffer_put(out, view->blanks.text, view->blank_bytes[output->type]);
			}
		}
	}
}

/* The cycle, and the call of @task in it (TAKT_LOG_NONE: of none), up to its result. */
static void put_csv_cycle(struct takt_text_buffer *out, const struct view *view,
			  const struct takt_log_record *record, uint32_t task, const char *port)
{
	const struct takt_log_copperlist *list = record->copperlist;
	const struct takt_log_task *row = takt_log_task_at(view->log, task);
	char time[TAKT_TIME_TEXT_BYTES];

	takt_text_buffer_printf(out, "%" PRIu64 ",%s,%" PRId64 ",%" PRIu64 ",%" PRIu64 ",", record->cycle,
				takt_iso_time_format(record->real_ns, time, sizeof(time)),
				since_start(view, record->mono_ns), list->late_ns, list->duration_ns);
	takt_csv_puts(out, row ? row->id : "");
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, port);
	if (row && task < list->task_count && (list->tasks[task].flags & TAKT_LOG_RAN)) {
		takt_text_buffer_printf(out, ",%" PRId64 ",%" PRId64 ",%" PRId32,
					since_start(view, list->tasks[task].begin_mono_ns),
					since_start(view, list->tasks[task].end_mono_ns),
					list->tasks[task].result);
	} else {
		takt_text_buffer_puts(out, ",,,");
	}
}

/* A cycle without any message that is shown: its times are. */
static void put_csv_empty(struct takt_text_buffer *out, const struct view *view,
			  const struct takt_log_record *record)
{
	put_csv_cycle(out, view, record, view->task, "");
	takt_text_buffer_puts(out, ",,,,");
	put_csv_payload(out, view, NULL);
}

static void put_csv(struct takt_text_buffer *out, const struct view *view,
		    const struct takt_log_record *record, const struct takt_log_message *message)
{
	const struct takt_log_output *output = takt_log_output_at(view->log, message->output);

	put_csv_cycle(out, view, record, output->task, output->port);
	takt_text_buffer_printf(out, ",%" PRId64 ",", since_start(view, message->stamp_mono_ns));
	if (message->tov.kind != TAKT_TOV_NONE) {
		takt_text_buffer_printf(out, "%" PRId64, since_start(view, message->tov.begin_ns));
	}
	takt_text_buffer_puts(out, ",");
	if (message->tov.kind == TAKT_TOV_RANGE) {
		takt_text_buffer_printf(out, "%" PRId64, since_start(view, message->tov.end_ns));
	}
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, message->status);
	put_csv_payload(out, view, message);
}

/* --------------------------------------------------------------------------------------------------- */

/* A row a message; of a cycle without any, one. */
static void show_csv(struct takt_out *out, const struct view *view, const struct takt_log_record *record)
{
	bool any = false;

	for (uint32_t i = 0; i < record->copperlist->message_count; i++) {
		if (is_message_shown(view, &record->copperlist->messages[i])) {
			takt_out_row_begin(out);
			put_csv(&out->text, view, record, &record->copperlist->messages[i]);
			takt_out_row_end(out);
			any = true;
		}
	}
	if (!any) {
		takt_out_row_begin(out);
		put_csv_empty(&out->text, view, record);
		takt_out_row_end(out);
	}
}

static void show(struct takt_scan *scan, const struct takt_log_record *record)
{
	const struct view *view = scan->user;
	struct takt_text_buffer *out = &scan->out->text;

	if (scan->out->form == TAKT_FORM_CSV) {
		show_csv(scan->out, view, record);
		return;
	}
	takt_out_row_begin(scan->out);
	if (scan->out->form == TAKT_FORM_SHORT) {
		put_short(out, view, record);
	} else {
		put_json(out, view, record);
	}
	takt_out_row_end(scan->out);
}

/* -g looks at what the short form shows. */
static const char *short_text(struct takt_scan *scan, const struct takt_log_record *record)
{
	struct view *view = scan->user;

	takt_text_buffer_clear(&view->scratch);
	put_short(&view->scratch, view, record);
	return view->scratch.text;
}

/* Most cells of a row are empty, as each message has columns of its own: they are made once. */
static int make_blanks(struct view *view)
{
	takt_text_buffer_init(&view->blanks, SCRATCH_BYTES_MAX);
	view->blank_bytes = calloc(view->type_count + 1, sizeof(view->blank_bytes[0]));
	if (!view->blank_bytes) {
		return -1;
	}
	for (uint32_t i = 0; i < view->type_count; i++) {
		takt_text_buffer_clear(&view->scratch);
		takt_value_csv_row(view->layouts[i], NULL, 0, &view->scratch);
		view->blank_bytes[i] = view->scratch.used;
		while (view->blanks.used < view->scratch.used && !view->blanks.error) {
			takt_text_buffer_puts(&view->blanks, ",");
		}
	}
	takt_text_buffer_puts(&view->blanks, "");	/* there, also when it is empty */
	return view->scratch.error || view->blanks.error ? -1 : 0;
}

static int make_view(struct view *view, const struct takt_log *log, const char *task)
{
	const struct takt_log_type *type;
	struct takt_err err = { 0 };

	view->log = log;
	takt_text_buffer_init(&view->scratch, SCRATCH_BYTES_MAX);
	view->task = task ? takt_log_task_find(log, task) : TAKT_LOG_NONE;
	while (takt_log_type_at(log, view->type_count)) {
		view->type_count++;
	}
	view->types = calloc(view->type_count + 1, sizeof(const struct takt_type *));
	if (!view->types) {
		fputs("takt: no memory\n", stderr);
		return -1;
	}
	for (uint32_t i = 0; (type = takt_log_type_at(log, i)); i++) {
		view->types[i] = type->type;
	}
	if (takt_layouts_create(view->types, view->type_count, &view->layouts, &err) < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		return -1;
	}
	if (make_blanks(view) < 0) {
		fputs("takt: no memory\n", stderr);
		return -1;
	}
	return 0;
}

static void free_view(struct view *view)
{
	takt_layouts_destroy(view->layouts, view->type_count);
	free(view->types);
	takt_text_buffer_fini(&view->scratch);
	takt_text_buffer_fini(&view->blanks);
	free(view->blank_bytes);
}

static int show_copperlists(struct takt_scan *scan, struct view *view)
{
	int status, written;

	takt_out_init(scan->out, scan->args->form);
	if (scan->args->form == TAKT_FORM_CSV) {
		put_csv_header(&scan->out->text, view);
	}
	status = takt_scan_run(scan);
	written = takt_out_fini(scan->out);
	return status ? status : written;
}

int takt_log_command_copperlists(const struct takt_log_args *args)
{
	struct takt_out out;
	struct view view = { .way = args->time };
	struct takt_scan scan = { .args = args, .out = &out, .kinds = 1u << TAKT_LOG_COPPERLIST,
		.show = show, .match_text = short_text, .user = &view };
	int status = takt_log_find(args, &scan.log);

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	status = make_view(&view, scan.log, args->task) < 0 ? TAKT_EXIT_ERROR
							     : show_copperlists(&scan, &view);
	free_view(&view);
	takt_log_close(scan.log);
	return status;
}
