/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/log_info_data.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/main/log_find.h"
#include "rt/main/log_time.h"
#include "rt/main/out.h"

#define NAME_BYTES 512u

const char *takt_log_kind_name(uint32_t kind)
{
	return kind == 1 ? "source" : kind == 2 ? "filter" : kind == 3 ? "sink" : "?";
}

/* What the damage is known by. */
static const char *checked(bool verified)
{
	return verified ? "checksums" : "headers";
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
	takt_out_u64_member(out, ",\"length_ns\":", info->end_mono_ns - info->first_mono_ns);
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
		takt_out_text_member(out, ",\"kind\":", takt_log_kind_name(task->kind));
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

void takt_log_info_put_json(struct takt_text_buffer *out, const struct takt_log *log, bool verified)
{
	put_json_head(out, takt_log_info_of(log));
	put_json_damage(out, log, verified);
	put_json_tasks(out, log);
	put_json_graph(out, log);
	put_json_rest(out, log);
}

/* --- CSV ------------------------------------------------------------------------------------------- */

static void put_csv_text(struct takt_text_buffer *out, const char *key, const char *value)
{
	takt_csv_puts(out, key);
	takt_text_buffer_puts(out, ",");
	takt_csv_puts(out, value);
	takt_text_buffer_puts(out, "\r\n");
}

static void put_csv_head(struct takt_text_buffer *out, const struct takt_log *log, bool verified)
{
	const struct takt_log_info *info = takt_log_info_of(log);
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
	takt_text_buffer_printf(out, "length_ns,%" PRIu64 "\r\nperiod_ns,%" PRIu64 "\r\n", info->end_mono_ns - info->first_mono_ns,
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
	takt_text_buffer_printf(out, "deleted_segments,%" PRIu32 "\r\ndropped_events,%" PRIu64 "\r\npart,%s\r\nfile_bytes,%" PRIu64
				"\r\nstart_mono_ns,%" PRIu64 "\r\nrun_start_mono_ns,%" PRIu64 "\r\n",
				info->removed_count, info->dropped_event_count, info->is_part ? "true" : "false", info->file_bytes,
				info->first_mono_ns, info->start_mono_ns);
	put_csv_text(out, "checked", checked(verified));
	put_csv_text(out, "config_path", info->config_path);
	put_csv_text(out, "machine_id", info->machine_id);
	put_csv_text(out, "boot_id", info->boot_id);
}

/* "task.imu.kind": @list, what it is of, @key. */
static void put_csv_part(struct takt_text_buffer *out, const char *list, const char *name, const char *key,
			 const char *value)
{
	char whole[NAME_BYTES + 64];

	snprintf(whole, sizeof(whole), "%s.%s%s%s", list, name, key[0] ? "." : "", key);
	put_csv_text(out, whole, value);
}

static void put_csv_count(struct takt_text_buffer *out, const char *list, const char *name, const char *key,
			  uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_csv_part(out, list, name, key, text);
}

static void put_csv_tasks(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_task *task;

	for (uint32_t i = 0; (task = takt_log_task_at(log, i)); i++) {
		put_csv_part(out, "task", task->id, "kind", takt_log_kind_name(task->kind));
		put_csv_part(out, "task", task->id, "type", task->type);
		put_csv_part(out, "task", task->id, "plugin", task->plugin);
		put_csv_part(out, "task", task->id, "exec", task->exec);
		put_csv_count(out, "task", task->id, "every", task->every);
		put_csv_count(out, "task", task->id, "offset", task->offset);
		put_csv_part(out, "task", task->id, "params", task->params);
	}
}

/* "imu.raw". Return @out. */
static const char *port_name(const struct takt_log *log, uint32_t task, const char *port, char *out)
{
	snprintf(out, NAME_BYTES, "%s.%s", takt_log_task_at(log, task)->id, port);
	return out;
}

static void put_csv_graph(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_connection *connection;
	const struct takt_log_output *output;
	char name[NAME_BYTES], from[NAME_BYTES];

	for (uint32_t i = 0; (output = takt_log_output_at(log, i)); i++) {
		port_name(log, output->task, output->port, name);
		put_csv_part(out, "output", name, "type", takt_log_type_at(log, output->type)->type->name);
		put_csv_count(out, "output", name, "slots", output->slots);
		put_csv_part(out, "output", name, "recorded", output->recorded ? "true" : "false");
	}
	for (uint32_t i = 0; (connection = takt_log_connection_at(log, i)); i++) {
		output = takt_log_output_at(log, connection->output);
		port_name(log, connection->task, connection->port, name);
		put_csv_part(out, "connection", name, "from",
			     port_name(log, output->task, output->port, from));
		put_csv_count(out, "connection", name, "delay", connection->delay);
		put_csv_count(out, "connection", name, "hold_ns", connection->hold_ns);
	}
}

static void put_csv_rest(struct takt_text_buffer *out, const struct takt_log *log)
{
	const struct takt_log_stream *stream;
	const struct takt_log_fact *fact;

	for (uint32_t i = 0; (stream = takt_log_stream_at(log, i)); i++) {
		put_csv_count(out, "stream", stream->name, "chunks", stream->chunk_count);
		put_csv_count(out, "stream", stream->name, "records", stream->record_count);
		put_csv_count(out, "stream", stream->name, "bytes", stream->bytes);
		put_csv_count(out, "stream", stream->name, "lost_chunks", stream->lost_chunk_count);
	}
	for (uint32_t i = 0; (fact = takt_log_fact_at(log, i)); i++) {
		put_csv_part(out, "fact", fact->key, "", fact->value);
	}
}

void takt_log_info_put_csv(struct takt_text_buffer *out, struct takt_log *log, bool verified)
{
	put_csv_head(out, log, verified);
	put_csv_tasks(out, log);
	put_csv_graph(out, log);
	put_csv_rest(out, log);
}
