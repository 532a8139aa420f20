/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/stats_print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/out.h"

#define NAME_BYTES 512u

static bool is_shown(const struct takt_stats_view *view, uint32_t task)
{
	return view->task == TAKT_LOG_NONE || view->task == task;
}

static bool is_connection_shown(const struct takt_stats_view *view,
				const struct takt_log_connection *connection)
{
	return is_shown(view, connection->task) ||
	       is_shown(view, takt_log_output_at(view->log, connection->output)->task);
}

/* Whether @task is a sink whose end-to-end times are known, and shown. */
static bool find_sink(const struct takt_stats_view *view, uint32_t task,
		      struct takt_stats_times *ret_times)
{
	return is_shown(view, task) && takt_stats_sink(view->stats, task, ret_times) == 0 &&
	       ret_times->count > 0;
}

/* "imu.raw", and "imu.raw -> est.raw". Return @out. */
static const char *output_name(const struct takt_stats_view *view,
			       const struct takt_log_output *output, char *out)
{
	snprintf(out, NAME_BYTES, "%s.%s", takt_log_task_at(view->log, output->task)->id,
		 output->port);
	return out;
}

static const char *connection_name(const struct takt_stats_view *view,
				   const struct takt_log_connection *connection,
				   char *out)
{
	const struct takt_log_output *from = takt_log_output_at(view->log, connection->output);

	snprintf(out, NAME_BYTES, "%s.%s -> %s.%s", takt_log_task_at(view->log, from->task)->id,
		 from->port, takt_log_task_at(view->log, connection->task)->id, connection->port);
	return out;
}

/* --- for people ------------------------------------------------------------------------------- */

static void put_short_times(struct takt_text_buffer *out, const char *name, const char *measure,
			    const struct takt_stats_times *times)
{
	const uint64_t values[] = { (uint64_t)(times->mean_ns + 0.5), times->p50_ns, times->p99_ns,
				    times->p999_ns, times->max_ns };
	char text[TAKT_QUANTITY_TEXT_BYTES];

	if (times->count == 0) {
		return;
	}
	takt_out_put_padded(out, name, 16);
	takt_text_buffer_printf(out, " %-10s %10" PRIu64, measure, times->count);
	for (uint32_t i = 0; i < 5; i++) {
		takt_text_buffer_printf(out, " %11s", takt_quantity_format_ns(values[i], text,
									      sizeof(text)));
	}
	takt_text_buffer_puts(out, "\n");
}

static void put_short_head(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_log_info *info = takt_log_info_of(view->log);
	const struct takt_stats_cycles cycles = takt_stats_cycles(view->stats);

	takt_out_put_plain(out, info->graph);
	takt_text_buffer_printf(out, " run %016" PRIx64 ": ", info->run);
	if (cycles.count == 0) {
		takt_text_buffer_puts(out, "no copperlists");
	} else {
		takt_text_buffer_printf(out, "%" PRIu64 " copperlists, #%" PRIu64 " to #%" PRIu64
					", %.2f a second", cycles.count, cycles.first_cycle,
					cycles.last_cycle, cycles.rate_hz);
	}
	takt_text_buffer_printf(out,
				"\nmissing    %" PRIu64 " copperlists between these; the run lost %" PRIu64
				" in %" PRIu64 " gaps, %" PRIu64 " events, %" PRIu64 " inputs\n",
				cycles.missing, cycles.lost_copperlists, cycles.gaps,
				cycles.lost_events,
				cycles.dropped_inputs);
	takt_text_buffer_printf(out,
				"late       %" PRIu64 " overruns in %" PRIu64 " episodes, %" PRIu64
				" cycles skipped; %" PRIu64 " late starts in %" PRIu64 " episodes; %" PRIu64
				" cycles ended a period behind plan or later\n",
				cycles.overruns, cycles.overrun_episodes, cycles.skipped_cycles,
				cycles.late_starts, cycles.late_episodes, cycles.misses);
}

static void put_short_tasks(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_log_task *row;
	struct takt_stats_task task;
	struct takt_stats_times times;

	for (uint32_t i = 0; (row = takt_log_task_at(view->log, i)); i++) {
		if (!is_shown(view, i) || takt_stats_task(view->stats, i, &task) < 0) {
			continue;
		}
		put_short_times(out, row->id, "period", &task.period);
		put_short_times(out, row->id, "process", &task.process);
		put_short_times(out, row->id, "jitter", &task.jitter);
		if (find_sink(view, i, &times)) {
			put_short_times(out, row->id, "end to end", &times);
		}
	}
}

static void put_short_calls(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_log_task *row;
	struct takt_stats_task task;

	takt_text_buffer_printf(out, "\n%-16s %12s %10s %10s %10s %10s\n", "task", "rate", "calls",
				"failed",
				"aborted", "misses");
	for (uint32_t i = 0; (row = takt_log_task_at(view->log, i)); i++) {
		if (is_shown(view, i) && takt_stats_task(view->stats, i, &task) == 0) {
			takt_out_put_padded(out, row->id, 16);
			takt_text_buffer_printf(out,
						" %10.2f/s %10" PRIu64 " %10" PRIu64 " %10" PRIu64
						" %10" PRIu64 "\n", task.rate_hz, task.calls,
						task.failures, task.aborted, task.misses);
		}
	}
}

static void put_short_flow(struct takt_text_buffer *out, const char *name,
			   const struct takt_stats_flow *flow)
{
	char bytes[TAKT_QUANTITY_TEXT_BYTES], per_s[TAKT_QUANTITY_TEXT_BYTES];

	takt_out_put_padded(out, name, 32);
	takt_text_buffer_printf(out,
				" %10.2f/s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %12s %12s/s\n",
				flow->rate_hz, flow->count, flow->absent, flow->held,
				takt_quantity_format_bytes(flow->bytes, bytes, sizeof(bytes)),
				takt_quantity_format_bytes((uint64_t)flow->bytes_per_s, per_s,
							   sizeof(per_s)));
}

static void put_short_flows(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_log_connection *connection;
	const struct takt_log_output *output;
	struct takt_stats_flow flow;
	char name[NAME_BYTES];

	takt_text_buffer_printf(out, "\n%-32s %12s %10s %10s %10s %12s\n", "output, connection",
				"rate", "count",
				"absent", "held", "bytes");
	for (uint32_t i = 0; (output = takt_log_output_at(view->log, i)); i++) {
		if (is_shown(view, output->task) && takt_stats_output(view->stats, i, &flow) == 0) {
			put_short_flow(out, output_name(view, output, name), &flow);
		}
	}
	for (uint32_t i = 0; (connection = takt_log_connection_at(view->log, i)); i++) {
		if (is_connection_shown(view, connection) &&
		    takt_stats_connection(view->stats, i, &flow) == 0) {
			put_short_flow(out, connection_name(view, connection, name), &flow);
		}
	}
}

static void put_short(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_stats_cycles cycles = takt_stats_cycles(view->stats);
	const struct takt_stats_times whole = takt_stats_end_to_end(view->stats);

	put_short_head(out, view);
	takt_text_buffer_printf(out, "\n%-16s %-10s %10s %11s %11s %11s %11s %11s\n", "", "", "count",
				"mean", "p50", "p99",
				"p99.9", "max");
	if (view->task == TAKT_LOG_NONE) {
		put_short_times(out, "(cycle)", "period", &cycles.period);
		put_short_times(out, "(cycle)", "duration", &cycles.duration);
		put_short_times(out, "(cycle)", "late", &cycles.late);
		put_short_times(out, "(cycle)", "end to end", &whole);
	}
	put_short_tasks(out, view);
	put_short_calls(out, view);
	put_short_flows(out, view);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_f64_member(struct takt_text_buffer *out, const char *key, double value)
{
	takt_text_buffer_puts(out, key);
	takt_json_put_f64(out, value);
}

static void put_json_times(struct takt_text_buffer *out, const char *key,
			   const struct takt_stats_times *times)
{
	takt_text_buffer_puts(out, key);
	if (times->count == 0) {
		takt_text_buffer_puts(out, "null");
		return;
	}
	takt_out_u64_member(out, "{\"count\":", times->count);
	takt_out_u64_member(out, ",\"min\":", times->min_ns);
	put_f64_member(out, ",\"mean\":", times->mean_ns);
	takt_out_u64_member(out, ",\"p50\":", times->p50_ns);
	takt_out_u64_member(out, ",\"p99\":", times->p99_ns);
	takt_out_u64_member(out, ",\"p99_9\":", times->p999_ns);
	takt_out_u64_member(out, ",\"max\":", times->max_ns);
	takt_text_buffer_puts(out, "}");
}

static void put_json_cycles(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_stats_cycles cycles = takt_stats_cycles(view->stats);
	const struct takt_stats_times whole = takt_stats_end_to_end(view->stats);

	takt_out_u64_member(out, "\"copperlists\":", cycles.count);
	takt_out_u64_member(out, ",\"first_cycle\":", cycles.first_cycle);
	takt_out_u64_member(out, ",\"last_cycle\":", cycles.last_cycle);
	takt_out_u64_member(out, ",\"missing\":", cycles.missing);
	takt_out_u64_member(out, ",\"gaps\":", cycles.gaps);
	takt_out_u64_member(out, ",\"lost_copperlists\":", cycles.lost_copperlists);
	takt_out_u64_member(out, ",\"lost_events\":", cycles.lost_events);
	takt_out_u64_member(out, ",\"dropped_inputs\":", cycles.dropped_inputs);
	takt_out_u64_member(out, ",\"overruns\":", cycles.overruns);
	takt_out_u64_member(out, ",\"overrun_episodes\":", cycles.overrun_episodes);
	takt_out_u64_member(out, ",\"skipped_cycles\":", cycles.skipped_cycles);
	takt_out_u64_member(out, ",\"late_starts\":", cycles.late_starts);
	takt_out_u64_member(out, ",\"late_episodes\":", cycles.late_episodes);
	takt_out_u64_member(out, ",\"misses\":", cycles.misses);
	put_f64_member(out, ",\"rate_hz\":", cycles.rate_hz);
	put_json_times(out, ",\"period_ns\":", &cycles.period);
	put_json_times(out, ",\"duration_ns\":", &cycles.duration);
	put_json_times(out, ",\"late_ns\":", &cycles.late);
	put_json_times(out, ",\"end_to_end_ns\":", &whole);
}

static void put_json_task(struct takt_text_buffer *out, const struct takt_stats_view *view,
			  uint32_t index)
{
	const struct takt_log_task *row = takt_log_task_at(view->log, index);
	struct takt_stats_task task;
	struct takt_stats_times times;

	takt_stats_task(view->stats, index, &task);
	takt_out_text_member(out, "\"task\":", row->id);
	takt_out_text_member(out, ",\"exec\":", row->exec);
	takt_out_u64_member(out, ",\"calls\":", task.calls);
	takt_out_u64_member(out, ",\"failed\":", task.failures);
	takt_out_u64_member(out, ",\"aborted\":", task.aborted);
	takt_out_u64_member(out, ",\"misses\":", task.misses);
	put_f64_member(out, ",\"rate_hz\":", task.rate_hz);
	put_json_times(out, ",\"period_ns\":", &task.period);
	put_json_times(out, ",\"process_ns\":", &task.process);
	put_json_times(out, ",\"jitter_ns\":", &task.jitter);
	if (find_sink(view, index, &times)) {
		put_json_times(out, ",\"end_to_end_ns\":", &times);
	}
}

static void put_json_flow(struct takt_text_buffer *out, const struct takt_stats_flow *flow)
{
	takt_out_u64_member(out, ",\"count\":", flow->count);
	takt_out_u64_member(out, ",\"absent\":", flow->absent);
	takt_out_u64_member(out, ",\"bytes\":", flow->bytes);
	put_f64_member(out, ",\"rate_hz\":", flow->rate_hz);
	put_f64_member(out, ",\"bytes_per_s\":", flow->bytes_per_s);
}

static void put_json_output(struct takt_text_buffer *out, const struct takt_stats_view *view,
			    uint32_t index)
{
	const struct takt_log_output *output = takt_log_output_at(view->log, index);
	struct takt_stats_flow flow;

	takt_stats_output(view->stats, index, &flow);
	takt_out_text_member(out, "\"task\":", takt_log_task_at(view->log, output->task)->id);
	takt_out_text_member(out, ",\"port\":", output->port);
	put_json_flow(out, &flow);
}

static void put_json_connection(struct takt_text_buffer *out, const struct takt_stats_view *view,
				uint32_t index)
{
	const struct takt_log_connection *connection = takt_log_connection_at(view->log, index);
	const struct takt_log_output *from = takt_log_output_at(view->log, connection->output);
	struct takt_stats_flow flow;

	takt_stats_connection(view->stats, index, &flow);
	takt_out_text_member(out, "\"from_task\":", takt_log_task_at(view->log, from->task)->id);
	takt_out_text_member(out, ",\"from_port\":", from->port);
	takt_out_text_member(out, ",\"task\":", takt_log_task_at(view->log, connection->task)->id);
	takt_out_text_member(out, ",\"port\":", connection->port);
	put_json_flow(out, &flow);
	takt_out_u64_member(out, ",\"held\":", flow.held);
}

static bool task_is_there(const struct takt_stats_view *view, uint32_t index, bool *ret_shown)
{
	*ret_shown = is_shown(view, index);
	return takt_log_task_at(view->log, index) != NULL;
}

static bool output_is_there(const struct takt_stats_view *view, uint32_t index, bool *ret_shown)
{
	const struct takt_log_output *output = takt_log_output_at(view->log, index);

	*ret_shown = output && is_shown(view, output->task);
	return output != NULL;
}

static bool connection_is_there(const struct takt_stats_view *view, uint32_t index, bool *ret_shown)
{
	const struct takt_log_connection *connection = takt_log_connection_at(view->log, index);

	*ret_shown = connection && is_connection_shown(view, connection);
	return connection != NULL;
}

static const struct {
	const char *list;
	const char *kind;
	bool (*is_there)(const struct takt_stats_view *view, uint32_t index, bool *ret_shown);
	void (*put)(struct takt_text_buffer *out, const struct takt_stats_view *view, uint32_t index);
} parts[] = {
	{ ",\"tasks\":[", "{\"kind\":\"task\",", task_is_there, put_json_task },
	{ ",\"outputs\":[", "{\"kind\":\"output\",", output_is_there, put_json_output },
	{ ",\"connections\":[", "{\"kind\":\"connection\",", connection_is_there,
	put_json_connection },
};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static void put_json_head(struct takt_text_buffer *out, const struct takt_stats_view *view,
			  const char *first)
{
	const struct takt_log_info *info = takt_log_info_of(view->log);
	char id[24];

	snprintf(id, sizeof(id), "%016" PRIx64, info->run);
	takt_out_text_member(out, first, info->graph);
	takt_out_text_member(out, ",\"run\":", id);
	takt_out_u64_member(out, ",\"nominal_period_ns\":", info->period_ns);
	takt_text_buffer_puts(out, ",");
	put_json_cycles(out, view);
}

static void put_json(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	bool shown;

	put_json_head(out, view, "{\"graph\":");
	for (size_t p = 0; p < PART_COUNT; p++) {
		const char *before = "{";

		takt_text_buffer_puts(out, parts[p].list);
		for (uint32_t i = 0; parts[p].is_there(view, i, &shown); i++) {
			if (shown) {
				takt_text_buffer_puts(out, before);
				parts[p].put(out, view, i);
				takt_text_buffer_puts(out, "}");
				before = ",{";
			}
		}
		takt_text_buffer_puts(out, "]");
	}
	takt_text_buffer_puts(out, "}\n");
}

static void put_jsonl(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	bool shown;

	put_json_head(out, view, "{\"kind\":\"run\",\"graph\":");
	takt_text_buffer_puts(out, "}\n");
	for (size_t p = 0; p < PART_COUNT; p++) {
		for (uint32_t i = 0; parts[p].is_there(view, i, &shown); i++) {
			if (shown) {
				takt_text_buffer_puts(out, parts[p].kind);
				parts[p].put(out, view, i);
				takt_text_buffer_puts(out, "}\n");
			}
		}
	}
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void put_csv_row(struct takt_text_buffer *out, const char *kind, const char *name,
			const char *measure)
{
	takt_text_buffer_printf(out, "%s,", kind);
	takt_csv_puts(out, name);
	takt_text_buffer_printf(out, ",%s,", measure);
}

static void put_csv_count(struct takt_text_buffer *out, const char *kind, const char *name,
			  const char *measure, uint64_t count)
{
	put_csv_row(out, kind, name, measure);
	takt_text_buffer_printf(out, "%" PRIu64 ",,,,,,,,,,\r\n", count);
}

static void put_csv_times(struct takt_text_buffer *out, const char *kind, const char *name,
			  const char *measure, double rate_hz, const struct takt_stats_times *times)
{
	if (times->count == 0) {
		return;
	}
	put_csv_row(out, kind, name, measure);
	takt_text_buffer_printf(out, "%" PRIu64 ",,,", times->count);
	if (rate_hz > 0) {
		takt_csv_put_f64(out, rate_hz);
	}
	takt_text_buffer_printf(out, ",,%" PRIu64 ",", times->min_ns);
	takt_csv_put_f64(out, times->mean_ns);
	takt_text_buffer_printf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\r\n",
				times->p50_ns, times->p99_ns, times->p999_ns, times->max_ns);
}

static void put_csv_flow(struct takt_text_buffer *out, const char *kind, const char *name,
			 const struct takt_stats_flow *flow)
{
	put_csv_row(out, kind, name, "messages");
	takt_text_buffer_printf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", flow->count,
				flow->absent,
				flow->bytes);
	takt_csv_put_f64(out, flow->rate_hz);
	takt_text_buffer_puts(out, ",");
	takt_csv_put_f64(out, flow->bytes_per_s);
	takt_text_buffer_puts(out, ",,,,,,\r\n");
}

static void put_csv_run(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_stats_cycles cycles = takt_stats_cycles(view->stats);
	const struct takt_stats_times whole = takt_stats_end_to_end(view->stats);
	const char *graph = takt_log_info_of(view->log)->graph;

	put_csv_count(out, "run", graph, "copperlists", cycles.count);
	put_csv_count(out, "run", graph, "missing", cycles.missing);
	put_csv_count(out, "run", graph, "lost_copperlists", cycles.lost_copperlists);
	put_csv_count(out, "run", graph, "lost_events", cycles.lost_events);
	put_csv_count(out, "run", graph, "dropped_inputs", cycles.dropped_inputs);
	put_csv_count(out, "run", graph, "overruns", cycles.overruns);
	put_csv_count(out, "run", graph, "skipped_cycles", cycles.skipped_cycles);
	put_csv_count(out, "run", graph, "late_starts", cycles.late_starts);
	put_csv_count(out, "run", graph, "misses", cycles.misses);
	put_csv_times(out, "run", graph, "period_ns", cycles.rate_hz, &cycles.period);
	put_csv_times(out, "run", graph, "duration_ns", 0, &cycles.duration);
	put_csv_times(out, "run", graph, "late_ns", 0, &cycles.late);
	put_csv_times(out, "run", graph, "end_to_end_ns", 0, &whole);
}

static void put_csv_tasks(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_log_task *row;
	struct takt_stats_task task;
	struct takt_stats_times times;

	for (uint32_t i = 0; (row = takt_log_task_at(view->log, i)); i++) {
		if (!is_shown(view, i) || takt_stats_task(view->stats, i, &task) < 0) {
			continue;
		}
		put_csv_count(out, "task", row->id, "calls", task.calls);
		put_csv_count(out, "task", row->id, "failed", task.failures);
		put_csv_count(out, "task", row->id, "aborted", task.aborted);
		put_csv_count(out, "task", row->id, "misses", task.misses);
		put_csv_times(out, "task", row->id, "period_ns", task.rate_hz, &task.period);
		put_csv_times(out, "task", row->id, "process_ns", 0, &task.process);
		put_csv_times(out, "task", row->id, "jitter_ns", 0, &task.jitter);
		if (find_sink(view, i, &times)) {
			put_csv_times(out, "task", row->id, "end_to_end_ns", 0, &times);
		}
	}
}

static void put_csv(struct takt_text_buffer *out, const struct takt_stats_view *view)
{
	const struct takt_log_connection *connection;
	const struct takt_log_output *output;
	struct takt_stats_flow flow;
	char name[NAME_BYTES];

	takt_text_buffer_puts(out,
			      "kind,name,measure,count,absent,bytes,rate_hz,bytes_per_s,min_ns,mean_ns,"
			      "p50_ns,p99_ns,p99_9_ns,max_ns\r\n");
	put_csv_run(out, view);
	put_csv_tasks(out, view);
	for (uint32_t i = 0; (output = takt_log_output_at(view->log, i)); i++) {
		if (is_shown(view, output->task) && takt_stats_output(view->stats, i, &flow) == 0) {
			put_csv_flow(out, "output", output_name(view, output, name), &flow);
		}
	}
	for (uint32_t i = 0; (connection = takt_log_connection_at(view->log, i)); i++) {
		if (is_connection_shown(view, connection) &&
		    takt_stats_connection(view->stats, i, &flow) == 0) {
			put_csv_flow(out, "connection", connection_name(view, connection, name),
				     &flow);
		}
	}
}

/* ---------------------------------------------------------------------------------------------- */

void takt_stats_print(struct takt_text_buffer *out, const struct takt_stats_view *view,
		      enum takt_form form)
{
	switch (form) {
	case TAKT_FORM_JSON:
		put_json(out, view);
		break;
	case TAKT_FORM_JSONL:
		put_jsonl(out, view);
		break;
	case TAKT_FORM_CSV:
		put_csv(out, view);
		break;
	default:
		put_short(out, view);
	}
}
