/* SPDX-License-Identifier: Apache-2.0 */
/* takt log text, takt log lifecycle. */
#include <inttypes.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_scan.h"
#include "rt/main/log_time.h"
#include "rt/main/lost_line.h"
#include "rt/main/text_line.h"

#define ARGS_BYTES_MAX (1u << 20)	/* of one text, as JSON */

static int64_t since_start(const struct takt_scan *scan, const struct takt_log_record *record)
{
	return (int64_t)(record->mono_ns - takt_log_info_of(scan->log)->start_mono_ns);
}

static void put_head(struct takt_text_buffer *out, const struct takt_scan *scan,
		     const struct takt_log_record *record)
{
	char time[TAKT_TIME_TEXT_BYTES];

	takt_out_text_member(out, "{\"time\":", takt_iso_time_format(record->real_ns, time, sizeof(time)));
	takt_out_i64_member(out, ",\"t_ns\":", since_start(scan, record));
	takt_out_u64_member(out, ",\"mono_ns\":", record->mono_ns);
	takt_out_u64_member(out, ",\"cycle\":", record->cycle);
}

static void put_task(struct takt_text_buffer *out, const struct takt_scan *scan, uint32_t task)
{
	const struct takt_log_task *row = takt_log_task_at(scan->log, task);

	if (row) {
		takt_out_text_member(out, ",\"task\":", row->id);
	} else {
		takt_text_buffer_puts(out, ",\"task\":null");
	}
}

static void put_args(struct takt_text_buffer *out, const struct takt_log_text *text)
{
	takt_text_buffer_puts(out, "[");
	for (uint32_t i = 0; i < text->arg_count; i++) {
		const struct takt_log_arg *arg = &text->args[i];

		takt_text_buffer_puts(out, i ? "," : "");
		if (arg->tag == 's') {
			takt_json_put_text(out, arg->s, arg->bytes);
		} else if (arg->tag == 'i') {
			takt_json_put_i64(out, arg->i);
		} else if (arg->tag == 'f') {
			takt_json_put_f64(out, arg->f);
		} else {
			takt_json_put_u64(out, arg->u);
		}
	}
	takt_text_buffer_puts(out, "]");
}

static void text_to_json(struct takt_text_buffer *out, struct takt_scan *scan,
			 const struct takt_log_record *record, const char *line)
{
	const struct takt_log_text *text = record->text;
	const struct takt_log_format *format = takt_log_format_at(scan->log, text->format);

	put_head(out, scan, record);
	takt_out_text_member(out, ",\"level\":", takt_log_level_name(text->level));
	put_task(out, scan, text->task);
	takt_out_text_member(out, ",\"text\":", line);
	takt_text_buffer_puts(out, ",\"args\":");
	put_args(out, text);
	if (format) {
		takt_out_text_member(out, ",\"format\":", format->format);
		takt_out_text_member(out, ",\"file\":", format->file);
		takt_out_u64_member(out, ",\"line\":", format->line);
	}
	takt_out_u64_member(out, ",\"suppressed\":", text->suppressed);
	takt_text_buffer_puts(out, "}");
}

static void lifecycle_to_json(struct takt_text_buffer *out, struct takt_scan *scan,
			      const struct takt_log_record *record, const char *line)
{
	const struct takt_log_lifecycle *event = record->lifecycle;
	bool any = false;

	put_head(out, scan, record);
	takt_out_text_member(out, ",\"event\":", event->name);
	takt_out_u64_member(out, ",\"number\":", event->event);
	put_task(out, scan, event->task);
	takt_text_buffer_puts(out, ",\"values\":{");
	for (uint32_t i = 0; i < 4; i++) {
		if (event->value_names[i][0]) {
			takt_text_buffer_puts(out, any ? "," : "");
			takt_json_puts(out, event->value_names[i]);
			takt_out_i64_member(out, ":", event->values[i]);
			any = true;
		}
	}
	takt_out_text_member(out, "},\"detail\":", event->text);
	takt_out_text_member(out, ",\"text\":", line);
	takt_text_buffer_puts(out, "}");
}

/* Behind the line: what it was made of. */
static void text_cells(struct takt_text_buffer *out, const struct takt_scan *scan,
		       const struct takt_log_text *text)
{
	const struct takt_log_format *format = takt_log_format_at(scan->log, text->format);
	struct takt_text_buffer args;

	takt_text_buffer_printf(out, ",%" PRIu64 ",", text->suppressed);
	takt_csv_puts(out, format ? format->file : "");
	takt_text_buffer_printf(out, ",%" PRIu32 ",", format ? format->line : 0);
	takt_csv_puts(out, format ? format->format : "");
	takt_text_buffer_puts(out, ",");
	takt_text_buffer_init(&args, ARGS_BYTES_MAX);
	put_args(&args, text);
	takt_csv_puts(out, args.text ? args.text : "");
	takt_text_buffer_fini(&args);
}

static void event_cells(struct takt_text_buffer *out, const struct takt_log_lifecycle *event)
{
	for (uint32_t i = 0; i < 4; i++) {
		takt_text_buffer_puts(out, ",");
		if (event->value_names[i][0]) {
			takt_text_buffer_printf(out, "%" PRId64, event->values[i]);
		}
	}
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, event->text);
}

static void to_csv(struct takt_text_buffer *out, struct takt_scan *scan,
		   const struct takt_log_record *record, const char *line)
{
	const bool is_text = record->kind == TAKT_LOG_TEXT;
	char time[TAKT_TIME_TEXT_BYTES];

	takt_text_buffer_printf(out, "%s,%" PRId64 ",%" PRIu64 ",",
				takt_iso_time_format(record->real_ns, time, sizeof(time)),
				since_start(scan, record), record->cycle);
	takt_csv_puts(out, is_text ? takt_log_level_name(record->text->level) : record->lifecycle->name);
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, takt_scan_task_id(scan, is_text ? record->text->task : record->lifecycle->task));
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, line);
	if (is_text) {
		text_cells(out, scan, record->text);
	} else {
		event_cells(out, record->lifecycle);
	}
}

static void lost_to_json(struct takt_text_buffer *out, struct takt_scan *scan,
			 const struct takt_log_record *record, const char *line)
{
	put_head(out, scan, record);
	takt_out_text_member(out, ",\"kind\":", "lost");
	takt_out_text_member(out, ",\"level\":", takt_lost_line_level(record));
	takt_out_u64_member(out, ",\"count\":", takt_lost_line_count(record));
	takt_out_text_member(out, ",\"text\":", line);
	takt_text_buffer_puts(out, "}");
}

static void lost_to_csv(struct takt_text_buffer *out, struct takt_scan *scan,
			const struct takt_log_record *record, const char *line)
{
	char time[TAKT_TIME_TEXT_BYTES];

	takt_text_buffer_printf(out, "%s,%" PRId64 ",%" PRIu64 ",lost,takt,",
				takt_iso_time_format(record->real_ns, time, sizeof(time)),
				since_start(scan, record), record->cycle);
	takt_csv_puts(out, line);
	takt_text_buffer_puts(out, ",0,,,,");
}

/* In the text log: what is missing there. */
static void show_lost(struct takt_scan *scan, const struct takt_log_record *record)
{
	struct takt_text_buffer *out = &scan->out->text;
	char line[80];

	takt_lost_line_format(record, line, sizeof(line));
	takt_out_row_begin(scan->out);
	if (scan->out->form == TAKT_FORM_SHORT) {
		takt_text_line_put_lost(out, scan->log, record, scan->args->time, scan->out->colour);
	} else if (scan->out->form == TAKT_FORM_CSV) {
		lost_to_csv(out, scan, record, line);
	} else {
		lost_to_json(out, scan, record, line);
	}
	takt_out_row_end(scan->out);
}

static void show(struct takt_scan *scan, const struct takt_log_record *record)
{
	const char *line = takt_scan_text(scan, record);
	struct takt_text_buffer *out = &scan->out->text;

	if (!line) {
		line = "(no memory for this text)";
	}
	takt_out_row_begin(scan->out);
	if (scan->out->form == TAKT_FORM_SHORT) {
		takt_text_line_put(out, scan->log, record, scan->args->time, line, scan->out->colour);
	} else if (scan->out->form == TAKT_FORM_CSV) {
		to_csv(out, scan, record, line);
	} else if (record->kind == TAKT_LOG_TEXT) {
		text_to_json(out, scan, record, line);
	} else {
		lifecycle_to_json(out, scan, record, line);
	}
	takt_out_row_end(scan->out);
}

static void show_text(struct takt_scan *scan, const struct takt_log_record *record)
{
	if (record->kind == TAKT_LOG_TEXT) {
		show(scan, record);
	} else {
		show_lost(scan, record);
	}
}

/* Texts, and the events that say where some are missing: nobody knows of which tasks. */
static bool takes_text(const struct takt_scan *scan, const struct takt_log_record *record)
{
	if (record->kind == TAKT_LOG_TEXT) {
		return scan->task == TAKT_LOG_NONE || record->text->task == scan->task;
	}
	return takt_lost_line_is_due(record, scan->args->level);
}

/* What -g looks at: the line as it is shown. */
static const char *text_of(struct takt_scan *scan, const struct takt_log_record *record)
{
	if (record->kind == TAKT_LOG_TEXT) {
		return takt_scan_text(scan, record);
	}
	takt_lost_line_format(record, scan->lost_line, sizeof(scan->lost_line));
	return scan->lost_line;
}

static int show_kind(struct takt_scan scan, const char *csv_header)
{
	const struct takt_log_args *args = scan.args;
	struct takt_out out;
	int status = takt_log_find(args, &scan.log), written;

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	scan.out = &out;
	takt_out_init(&out, args->form);
	if (args->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&out.text, csv_header);
	}
	status = takt_scan_run(&scan);
	written = takt_out_fini(&out);
	takt_log_close(scan.log);
	return status ? status : written;
}

int takt_log_command_text(const struct takt_log_args *args)
{
	return show_kind((struct takt_scan){ .args = args, .show = show_text, .takes = takes_text,
					     .match_text = text_of,
					     .kinds = 1u << TAKT_LOG_TEXT | 1u << TAKT_LOG_LIFECYCLE },
			 "time,t_ns,cycle,level,task,text,suppressed,file,line,format,args\r\n");
}

int takt_log_command_lifecycle(const struct takt_log_args *args)
{
	return show_kind((struct takt_scan){ .args = args, .show = show, .kinds = 1u << TAKT_LOG_LIFECYCLE },
			 "time,t_ns,cycle,event,task,text,value0,value1,value2,value3,detail\r\n");
}
