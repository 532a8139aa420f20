/* SPDX-License-Identifier: Apache-2.0 */
/* takt log info. JSON and JSONL: one object; CSV: key and value. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/log_cause.h"
#include "rt/main/log_find.h"
#include "rt/main/log_info_data.h"
#include "rt/main/log_time.h"
#include "rt/main/out.h"

#define AFTER_START_NS 1000000000u	/* from here on it is said that a log begins later than its run */

static const char *state_help(uint32_t state)
{
	return state == TAKT_LOG_CLEAN ? "the recording is closed in order"
	       : state == TAKT_LOG_CUT ? "the recording is not closed: taktd has not finished it"
				       : "the run goes on";
}

static uint64_t length_ns(const struct takt_log_info *info)
{
	return info->end_mono_ns - info->first_mono_ns;
}

/* --- for people ------------------------------------------------------------------------------------ */

static void put_line(struct takt_text_buffer *out, const char *key, const char *value)
{
	takt_text_buffer_printf(out, "%-10s ", key);
	takt_out_put_plain(out, value);
	takt_text_buffer_puts(out, "\n");
}

static void put_short_cycles(struct takt_text_buffer *out, const struct takt_log_info *info)
{
	char period[TAKT_QUANTITY_TEXT_BYTES];

	if (info->copperlist_count == 0) {
		takt_text_buffer_puts(out, "cycles     none recorded");
	} else {
		takt_text_buffer_printf(out, "cycles     #%" PRIu64 " to #%" PRIu64 ", %" PRIu64 " recorded",
					info->first_cycle, info->last_cycle, info->copperlist_count);
	}
	if (info->period_ns) {
		takt_text_buffer_printf(out, ", one every %s\n",
					takt_quantity_format_ns(info->period_ns, period, sizeof(period)));
	} else {
		takt_text_buffer_puts(out, ", free running\n");
	}
}

static void put_short_ending(struct takt_text_buffer *out, struct takt_log *log)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	char cause[512];

	if (info->state != TAKT_LOG_CLEAN) {
		return;
	}
	takt_text_buffer_printf(out, "ended      %s", takt_log_ending_name(info->ending));
	if (info->ending != TAKT_LOG_ENDED_KILLED && info->ending != TAKT_LOG_ENDED_UNKNOWN) {
		takt_text_buffer_printf(out, ", exit code %" PRId32, info->exit_code);
	}
	takt_log_cause_find(log, cause, sizeof(cause));
	if (cause[0]) {
		takt_text_buffer_puts(out, ": ");
		takt_out_put_plain(out, cause);
	}
	takt_text_buffer_puts(out, "\n");
}

/* When it begins, how long it is; and where relative times count from, when that is not about the same. */
static void put_short_times(struct takt_text_buffer *out, const struct takt_log_info *info)
{
	const uint64_t after_ns = info->first_mono_ns - info->start_mono_ns;
	char start[TAKT_TIME_TEXT_BYTES], iso[TAKT_TIME_TEXT_BYTES], text[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "start      %s (%s)",
				takt_local_time_format(info->first_real_ns, start, sizeof(start)),
				takt_iso_time_format(info->first_real_ns, iso, sizeof(iso)));
	if (info->first_mono_ns > info->start_mono_ns && after_ns >= AFTER_START_NS) {
		takt_text_buffer_printf(out, ", %s after the run's start",
					takt_quantity_format_ns(after_ns, text, sizeof(text)));
	}
	takt_text_buffer_puts(out, "\n");
	put_line(out, "length", takt_quantity_format_ns(length_ns(info), text, sizeof(text)));
}

static void put_short_size(struct takt_text_buffer *out, const struct takt_log_info *info)
{
	char text[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "size       %s in %" PRIu32 " segment%s, %" PRIu64 " chunks, %" PRIu64
				" records", takt_quantity_format_bytes(info->bytes, text, sizeof(text)),
				info->segment_count, info->segment_count == 1 ? "" : "s",
				info->chunk_count, info->record_count);
	if (info->file_bytes > info->bytes) {
		takt_text_buffer_printf(out, "; %s more set aside",
					takt_quantity_format_bytes(info->file_bytes - info->bytes, text,
								   sizeof(text)));
	}
	takt_text_buffer_puts(out, "\n");
}

static void put_short_head(struct takt_text_buffer *out, struct takt_log *log)
{
	const struct takt_log_info *info = takt_log_info_of(log);

	put_line(out, "graph", info->graph);
	takt_text_buffer_printf(out, "run        %016" PRIx64, info->run);
	if (info->number) {
		takt_text_buffer_printf(out, ", number %" PRIu32, info->number);
	}
	takt_text_buffer_puts(out, "\n");
	put_line(out, "path", info->path);
	takt_text_buffer_printf(out, "state      %s: %s\n", takt_log_state_name(info->state),
				state_help(info->state));
	put_short_ending(out, log);
	put_short_times(out, info);
	if (info->is_virtual) {
		takt_text_buffer_puts(out, "time       virtual: the clocks began at fixed numbers, and stand still in a "
					   "cycle\n");
	}
	put_short_cycles(out, info);
	put_short_size(out, info);
	put_line(out, "config", info->config_path);
	takt_text_buffer_printf(out, "machine    %s, boot %s\n", info->machine_id, info->boot_id);
}

/* What could not be recorded, because there was no room for it. */
static void put_short_lost(struct takt_text_buffer *out, const struct takt_log_info *info)
{
	char time[TAKT_QUANTITY_TEXT_BYTES];

	if (!info->is_counted) {
		return;
	}
	if (info->lost_copperlists == 0 && info->lost_events == 0) {
		takt_text_buffer_puts(out, "lost       nothing\n");
		return;
	}
	takt_text_buffer_printf(out, "lost       %" PRIu64 " copperlists", info->lost_copperlists);
	if (info->period_ns && info->lost_copperlists) {
		takt_text_buffer_printf(out, " (%s)",
					takt_quantity_format_ns(info->lost_copperlists * info->period_ns, time,
								sizeof(time)));
	}
	takt_text_buffer_printf(out, ", %" PRIu64 " texts and events: there was no room in memory; takt log "
				"lifecycle shows when\n", info->lost_events);
}

static void put_short_damage(struct takt_text_buffer *out, const struct takt_log *log, bool verified)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	const struct takt_log_damage *damage;
	char size[TAKT_QUANTITY_TEXT_BYTES];

	if (info->is_part) {
		takt_text_buffer_puts(out, "part       cut out of a log: the rest of the run is not here\n");
	}
	if (info->removed_count) {
		takt_text_buffer_printf(out, "deleted    %" PRIu32 " segments, by retention; their lifecycle events "
					"are kept", info->removed_count);
		if (info->dropped_event_count) {
			takt_text_buffer_printf(out, " but for the oldest %" PRIu64, info->dropped_event_count);
		}
		takt_text_buffer_puts(out, "\n");
	}
	if (info->damage_count == 0) {
		takt_text_buffer_puts(out, verified ? "damage     none: every checksum is right\n"
						    : "damage     none in the headers; records are not "
						      "checked (--verify does)\n");
		return;
	}
	takt_text_buffer_printf(out, "damage     %" PRIu64 " places, %s, %" PRIu64 " chunks lost\n",
				info->damage_count,
				takt_quantity_format_bytes(info->damaged_bytes, size, sizeof(size)),
				info->lost_chunk_count);
	for (uint32_t i = 0; (damage = takt_log_damage_at(log, i)); i++) {
		takt_text_buffer_puts(out, "           ");
		if (damage->file[0]) {
			takt_out_put_plain(out, damage->file);
			takt_text_buffer_printf(out, " at %" PRIu64 ", %" PRIu64 " bytes: ", damage->offset,
						damage->bytes);
		}
		takt_out_put_plain(out, damage->what);
		takt_text_buffer_puts(out, "\n");
	}
}

static void put_short_tasks(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_task *task;

	takt_text_buffer_puts(out, "\ntasks\n");
	for (uint32_t i = 0; (task = takt_log_task_at(log, i)); i++) {
		takt_text_buffer_puts(out, "  ");
		takt_out_put_plain(out, task->id);
		takt_text_buffer_printf(out, ": %s ", takt_log_kind_name(task->kind));
		takt_out_put_plain(out, task->type);
		takt_text_buffer_puts(out, ", ");
		takt_out_put_plain(out, task->exec);
		if (task->every > 1) {
			takt_text_buffer_printf(out, ", every %" PRIu32 " cycles from %" PRIu32, task->every,
						task->offset);
		}
		takt_text_buffer_puts(out, ", ");
		takt_out_put_plain(out, task->params);
		takt_text_buffer_puts(out, "\n");
	}
}

static void put_short_port(struct takt_text_buffer *out, const struct takt_log *log, uint32_t task,
			   const char *port)
{
	takt_out_put_plain(out, takt_log_task_at(log, task)->id);
	takt_text_buffer_puts(out, ".");
	takt_out_put_plain(out, port);
}

static void put_short_graph(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_output *output;
	const struct takt_log_connection *connection;

	takt_text_buffer_puts(out, "\noutputs\n");
	for (uint32_t i = 0; (output = takt_log_output_at(log, i)); i++) {
		takt_text_buffer_puts(out, "  ");
		put_short_port(out, log, output->task, output->port);
		takt_text_buffer_printf(out, ": %s%s\n", takt_log_type_at(log, output->type)->type->name,
					output->recorded ? "" : ", not recorded");
		for (uint32_t j = 0; (connection = takt_log_connection_at(log, j)); j++) {
			if (connection->output == i) {
				takt_text_buffer_puts(out, "    -> ");
				put_short_port(out, log, connection->task, connection->port);
				takt_text_buffer_puts(out, connection->delay ? ", a cycle later\n" : "\n");
			}
		}
	}
}

static void put_short_rest(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_stream *stream;
	const struct takt_log_fact *fact;
	char size[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_puts(out, "\nstreams\n");
	for (uint32_t i = 0; (stream = takt_log_stream_at(log, i)); i++) {
		takt_text_buffer_puts(out, "  ");
		takt_out_put_plain(out, stream->name);
		takt_text_buffer_printf(out, ": %" PRIu64 " records, %s in %" PRIu64 " chunks",
					stream->record_count,
					takt_quantity_format_bytes(stream->bytes, size, sizeof(size)),
					stream->chunk_count);
		if (stream->lost_chunk_count) {
			takt_text_buffer_printf(out, ", %" PRIu64 " chunks lost", stream->lost_chunk_count);
		}
		takt_text_buffer_puts(out, "\n");
	}
	takt_text_buffer_puts(out, takt_log_fact_at(log, 0) ? "\nfacts\n" : "");
	for (uint32_t i = 0; (fact = takt_log_fact_at(log, i)); i++) {
		takt_text_buffer_puts(out, "  ");
		takt_out_put_plain(out, fact->key);
		takt_text_buffer_puts(out, ": ");
		takt_out_put_plain(out, fact->value);
		takt_text_buffer_puts(out, "\n");
	}
}

/* --------------------------------------------------------------------------------------------------- */

static int print(struct takt_log *log, enum takt_form form, bool verified)
{
	struct takt_out out;

	/* One object is no list of rows: the array of the JSON form has no place here. */
	takt_out_init(&out, form == TAKT_FORM_JSON ? TAKT_FORM_JSONL : form);
	if (form == TAKT_FORM_SHORT) {
		put_short_head(&out.text, log);
		put_short_lost(&out.text, takt_log_info_of(log));
		put_short_damage(&out.text, log, verified);
		put_short_tasks(&out.text, log);
		put_short_graph(&out.text, log);
		put_short_rest(&out.text, log);
	} else if (form == TAKT_FORM_CSV) {
		takt_log_info_put_csv(&out.text, log, verified);
	} else {
		takt_log_info_put_json(&out.text, log, verified);
	}
	return takt_out_fini(&out);
}

int takt_log_command_info(const struct takt_log_args *args)
{
	struct takt_log_error error = { 0 };
	struct takt_log *log = NULL;
	int status = takt_log_find(args, &log), r;

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	r = args->verify ? takt_log_verify(log, &error) : 0;
	status = r < 0 ? takt_log_error_print(r, &error) : print(log, args->form, args->verify);
	if (status == TAKT_EXIT_OK) {
		status = takt_log_damage_print(log);
	}
	takt_log_close(log);
	return status;
}
