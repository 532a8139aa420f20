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
#include "rt/main/log_time.h"
#include "rt/main/out.h"

#define AFTER_START_NS 1000000000u	/* from here on it is said that a log begins later than its run */

static const char *state_help(uint32_t state)
{
	return state == TAKT_LOG_CLEAN ? "the recording is closed in order"
	       : state == TAKT_LOG_CUT ? "the recording is not closed: taktd has not finished it"
				       : "the run goes on";
}

static const char *kind_name(uint32_t kind)
{
	return kind == 1 ? "source" : kind == 2 ? "filter" : kind == 3 ? "sink" : "?";
}

/* What the damage is known by. */
static const char *checked(bool verified)
{
	return verified ? "checksums" : "headers";
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
		takt_text_buffer_printf(out, ": %s ", kind_name(task->kind));
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

/* --- JSON ------------------------------------------------------------------------------------------ */

static void put_json_head(struct takt_text_buffer *out, const struct takt_log_info *info)
{
	char id[24], time[TAKT_TIME_TEXT_BYTES];

	snprintf(id, sizeof(id), "%016" PRIx64, info->run);
	takt_out_text_member(out, "{\"graph\":", info->graph);
	takt_out_text_member(out, ",\"run\":", id);
	takt_out_u64_member(out, ",\"number\":", info->number);
	takt_out_text_member(out, ",\"path\":", info->path);
	takt_out_text_member(out, ",\"state\":", takt_log_state_name(info->state));
	takt_out_text_member(out, ",\"ending\":", takt_log_ending_name(info->ending));
	takt_text_buffer_printf(out, ",\"exit_code\":%" PRId32, info->exit_code);
	takt_out_text_member(out, ",\"start\":",
			     takt_iso_time_format(info->first_real_ns, time, sizeof(time)));
	takt_out_text_member(out, ",\"end\":", takt_iso_time_format(info->end_real_ns, time, sizeof(time)));
	takt_out_u64_member(out, ",\"length_ns\":", length_ns(info));
	takt_out_u64_member(out, ",\"start_mono_ns\":", info->first_mono_ns);
	takt_out_text_member(out, ",\"run_start\":",
			     takt_iso_time_format(info->start_real_ns, time, sizeof(time)));
	takt_out_u64_member(out, ",\"run_start_mono_ns\":", info->start_mono_ns);
	takt_out_u64_member(out, ",\"period_ns\":", info->period_ns);
	takt_out_u64_member(out, ",\"first_cycle\":", info->first_cycle);
	takt_out_u64_member(out, ",\"last_cycle\":", info->last_cycle);
	takt_out_u64_member(out, ",\"copperlists\":", info->copperlist_count);
	takt_out_u64_member(out, ",\"records\":", info->record_count);
	takt_out_u64_member(out, ",\"chunks\":", info->chunk_count);
	takt_out_u64_member(out, ",\"segments\":", info->segment_count);
	takt_out_u64_member(out, ",\"deleted_segments\":", info->removed_count);
	takt_out_u64_member(out, ",\"dropped_events\":", info->dropped_event_count);
	takt_out_bool_member(out, ",\"part\":", info->is_part);
	takt_out_bool_member(out, ",\"virtual\":", info->is_virtual);
	takt_out_u64_member(out, ",\"bytes\":", info->bytes);
	if (info->is_counted) {
		takt_out_u64_member(out, ",\"lost_copperlists\":", info->lost_copperlists);
		takt_out_u64_member(out, ",\"lost_events\":", info->lost_events);
	}
	takt_out_u64_member(out, ",\"file_bytes\":", info->file_bytes);
	takt_out_u64_member(out, ",\"damaged_bytes\":", info->damaged_bytes);
	takt_out_u64_member(out, ",\"lost_chunks\":", info->lost_chunk_count);
	takt_out_text_member(out, ",\"config_path\":", info->config_path);
	takt_out_text_member(out, ",\"config\":", info->config);
	takt_out_text_member(out, ",\"machine_id\":", info->machine_id);
	takt_out_text_member(out, ",\"boot_id\":", info->boot_id);
}

static void put_json_damage(struct takt_text_buffer *out, const struct takt_log *log, bool verified)
{
	const struct takt_log_damage *damage;

	takt_out_text_member(out, ",\"checked\":", checked(verified));
	takt_text_buffer_puts(out, ",\"damage\":[");
	for (uint32_t i = 0; (damage = takt_log_damage_at(log, i)); i++) {
		takt_out_text_member(out, i ? ",{\"file\":" : "{\"file\":", damage->file);
		takt_out_u64_member(out, ",\"offset\":", damage->offset);
		takt_out_u64_member(out, ",\"bytes\":", damage->bytes);
		takt_out_text_member(out, ",\"what\":", damage->what);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "]");
}

static void put_json_tasks(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_task *task;

	takt_text_buffer_puts(out, ",\"tasks\":[");
	for (uint32_t i = 0; (task = takt_log_task_at(log, i)); i++) {
		takt_out_text_member(out, i ? ",{\"id\":" : "{\"id\":", task->id);
		takt_out_text_member(out, ",\"kind\":", kind_name(task->kind));
		takt_out_text_member(out, ",\"type\":", task->type);
		takt_out_text_member(out, ",\"plugin\":", task->plugin);
		takt_out_text_member(out, ",\"exec\":", task->exec);
		takt_out_u64_member(out, ",\"every\":", task->every);
		takt_out_u64_member(out, ",\"offset\":", task->offset);
		takt_out_text_member(out, ",\"params\":", task->params);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "]");
}

static void put_json_graph(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_output *output;
	const struct takt_log_connection *connection;

	takt_text_buffer_puts(out, ",\"outputs\":[");
	for (uint32_t i = 0; (output = takt_log_output_at(log, i)); i++) {
		takt_out_text_member(out, i ? ",{\"task\":" : "{\"task\":",
				     takt_log_task_at(log, output->task)->id);
		takt_out_text_member(out, ",\"port\":", output->port);
		takt_out_text_member(out, ",\"type\":", takt_log_type_at(log, output->type)->type->name);
		takt_out_u64_member(out, ",\"slots\":", output->slots);
		takt_out_bool_member(out, ",\"recorded\":", output->recorded);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "],\"connections\":[");
	for (uint32_t i = 0; (connection = takt_log_connection_at(log, i)); i++) {
		output = takt_log_output_at(log, connection->output);
		takt_out_text_member(out, i ? ",{\"from_task\":" : "{\"from_task\":",
				     takt_log_task_at(log, output->task)->id);
		takt_out_text_member(out, ",\"from_port\":", output->port);
		takt_out_text_member(out, ",\"task\":", takt_log_task_at(log, connection->task)->id);
		takt_out_text_member(out, ",\"port\":", connection->port);
		takt_out_u64_member(out, ",\"delay\":", connection->delay);
		takt_out_u64_member(out, ",\"hold_ns\":", connection->hold_ns);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "]");
}

static void put_json_rest(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_stream *stream;
	const struct takt_log_fact *fact;

	takt_text_buffer_puts(out, ",\"streams\":[");
	for (uint32_t i = 0; (stream = takt_log_stream_at(log, i)); i++) {
		takt_out_text_member(out, i ? ",{\"name\":" : "{\"name\":", stream->name);
		takt_out_u64_member(out, ",\"lane\":", stream->lane);
		takt_out_u64_member(out, ",\"chunks\":", stream->chunk_count);
		takt_out_u64_member(out, ",\"records\":", stream->record_count);
		takt_out_u64_member(out, ",\"bytes\":", stream->bytes);
		takt_out_u64_member(out, ",\"lost_chunks\":", stream->lost_chunk_count);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "],\"facts\":[");
	for (uint32_t i = 0; (fact = takt_log_fact_at(log, i)); i++) {
		takt_out_text_member(out, i ? ",{\"key\":" : "{\"key\":", fact->key);
		takt_out_text_member(out, ",\"value\":", fact->value);
		takt_text_buffer_puts(out, "}");
	}
	takt_text_buffer_puts(out, "]}\n");
}

/* --- CSV ------------------------------------------------------------------------------------------- */

static void put_csv_text(struct takt_text_buffer *out, const char *key, const char *value)
{
	takt_csv_puts(out, key);
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, value);
	takt_text_buffer_puts(out, "\r\n");
}

static void put_csv(struct takt_text_buffer *out, const struct takt_log *log, bool verified)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	const struct takt_log_fact *fact;
	char time[TAKT_TIME_TEXT_BYTES];

	takt_text_buffer_puts(out, "key,value\r\n");
	put_csv_text(out, "graph", info->graph);
	takt_text_buffer_printf(out, "run,%016" PRIx64 "\r\nnumber,%" PRIu32 "\r\n", info->run, info->number);
	put_csv_text(out, "path", info->path);
	put_csv_text(out, "state", takt_log_state_name(info->state));
	put_csv_text(out, "ending", takt_log_ending_name(info->ending));
	takt_text_buffer_printf(out, "exit_code,%" PRId32 "\r\n", info->exit_code);
	put_csv_text(out, "start", takt_iso_time_format(info->first_real_ns, time, sizeof(time)));
	put_csv_text(out, "run_start", takt_iso_time_format(info->start_real_ns, time, sizeof(time)));
	put_csv_text(out, "end", takt_iso_time_format(info->end_real_ns, time, sizeof(time)));
	takt_text_buffer_printf(out, "length_ns,%" PRIu64 "\r\nperiod_ns,%" PRIu64 "\r\n", length_ns(info),
				info->period_ns);
	takt_text_buffer_printf(out, "first_cycle,%" PRIu64 "\r\nlast_cycle,%" PRIu64 "\r\n",
				info->first_cycle, info->last_cycle);
	takt_text_buffer_printf(out, "copperlists,%" PRIu64 "\r\nrecords,%" PRIu64 "\r\nchunks,%" PRIu64
				"\r\nsegments,%" PRIu32 "\r\nbytes,%" PRIu64 "\r\n",
				info->copperlist_count, info->record_count, info->chunk_count,
				info->segment_count, info->bytes);
	takt_text_buffer_printf(out, "damage,%" PRIu64 "\r\ndamaged_bytes,%" PRIu64 "\r\nlost_chunks,%" PRIu64
				"\r\n", info->damage_count, info->damaged_bytes, info->lost_chunk_count);
	if (info->is_counted) {
		takt_text_buffer_printf(out, "lost_copperlists,%" PRIu64 "\r\nlost_events,%" PRIu64 "\r\n",
					info->lost_copperlists, info->lost_events);
	}
	put_csv_text(out, "checked", checked(verified));
	put_csv_text(out, "config_path", info->config_path);
	put_csv_text(out, "machine_id", info->machine_id);
	put_csv_text(out, "boot_id", info->boot_id);
	for (uint32_t i = 0; (fact = takt_log_fact_at(log, i)); i++) {
		put_csv_text(out, fact->key, fact->value);
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
		put_csv(&out.text, log, verified);
	} else {
		put_json_head(&out.text, takt_log_info_of(log));
		put_json_damage(&out.text, log, verified);
		put_json_tasks(&out.text, log);
		put_json_graph(&out.text, log);
		put_json_rest(&out.text, log);
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
