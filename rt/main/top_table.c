/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/top_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <takt/task.h>

#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/out.h"
#include "rt/main/python_status.h"
#include "rt/shm/record.h"

#define STATUS_COLUMN 74u		/* of the row of a task */

/* Absent ones among what task @index may send (of a sink: read), in percent; < 0: it may nothing. */
static double absent_percent(const struct takt_top_view *top, uint32_t index,
			     const struct takt_stats_task *task)
{
	const struct takt_log_task *row = takt_log_task_at(top->log, index);
	const bool on_lane = strcmp(row->exec, "lane") == 0;
	const uint64_t chances = on_lane ? task->calls : takt_stats_cycles(top->stats).count;
	const struct takt_log_connection *connection;
	const struct takt_log_output *output;
	struct takt_stats_flow flow;
	uint64_t absent = 0, all = 0;

	for (uint32_t i = 0; (output = takt_log_output_at(top->log, i)); i++) {
		if (output->task == index && takt_stats_output(top->stats, i, &flow) == 0) {
			absent += flow.absent;
			all += chances;
		}
	}
	for (uint32_t i = 0; (connection = takt_log_connection_at(top->log, i)); i++) {
		if (row->kind == TAKT_SINK && connection->task == index && takt_stats_connection(top->stats, i, &flow) == 0) {
			absent += flow.absent;
			all += chances;
		}
	}
	return all ? 100 * (double)absent / (double)all : -1;
}

/* Three digits: "1.23ms", "456us". Return @out. */
static const char *short_ns(uint64_t ns, char *out, uint32_t out_bytes)
{
	uint64_t step = 1;

	while (ns / step >= 1000) {
		step *= 10;
	}
	return takt_quantity_format_ns((ns + step / 2) / step * step, out, out_bytes);
}

/* What the task says of itself, and that it fails: on a line of its own where the terminal is too narrow. */
static void put_status(struct takt_text_buffer *out, const struct takt_top_view *top,
		       const struct takt_stats_task *task)
{
	char memory[4 * TAKT_STATUS_BYTES_MAX + 64];
	struct takt_text_buffer text;

	takt_text_buffer_init_fixed(&text, memory, sizeof(memory));
	takt_text_buffer_puts(&text, "");
	if (task->failures) {
		takt_text_buffer_printf(&text, "%" PRIu64 " failed%s", task->failures,
					task->status[0] ? "; " : "");
	}
	takt_out_put_plain(&text, task->status);
	if (text.used > 0) {
		takt_text_buffer_puts(out, top->columns && STATUS_COLUMN + text.used > top->columns
						   ? "\n    " : "  ");
		takt_text_buffer_puts(out, memory);
	}
}

static void put_task(struct takt_text_buffer *out, const struct takt_top_view *top, uint32_t index)
{
	const struct takt_log_task *row = takt_log_task_at(top->log, index);
	char p50[TAKT_QUANTITY_TEXT_BYTES], p99[TAKT_QUANTITY_TEXT_BYTES], max[TAKT_QUANTITY_TEXT_BYTES],
		jitter[TAKT_QUANTITY_TEXT_BYTES];
	struct takt_stats_task task = { 0 };
	double absent;

	takt_stats_task(top->stats, index, &task);
	absent = absent_percent(top, index, &task);
	takt_out_put_padded(out, row->id, 12);
	takt_text_buffer_printf(out, " %6" PRIu64 " %8.1f %11s %7s %7s %7s", task.misses + task.aborted,
				task.rate_hz, short_ns(task.process.p50_ns, p50, sizeof(p50)),
				short_ns(task.process.p99_ns, p99, sizeof(p99)),
				short_ns(task.process.max_ns, max, sizeof(max)),
				short_ns(task.jitter.p99_ns, jitter, sizeof(jitter)));
	if (absent >= 0) {
		takt_text_buffer_printf(out, " %7.1f", absent);
	} else {
		takt_text_buffer_printf(out, " %7s", "-");
	}
	put_status(out, top, &task);
	takt_text_buffer_puts(out, "\n");
}

static void put_recorder(struct takt_text_buffer *out, const struct takt_run_status *status)
{
	char free[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "recorder %s", takt_recorder_state_name(status));
	if (status->text[0]) {
		takt_text_buffer_puts(out, ": ");
		takt_out_put_plain(out, status->text);
	} else if (status->disk_known) {
		if (status->recorded && status->backend[0]) {
			takt_text_buffer_puts(out, " by ");
			takt_out_put_plain(out, status->backend);
		}
		takt_text_buffer_printf(out, ", disk %s free",
					takt_quantity_format_bytes(status->disk_free_bytes, free,
								   sizeof(free)));
	}
	takt_text_buffer_puts(out, "\n");
}

/* What one watches for comes first in each line: the rest may be cut. */
static void put_head(struct takt_text_buffer *out, const struct takt_top_view *top)
{
	const struct takt_run_status *status = top->status;
	const struct takt_stats_cycles cycles = takt_stats_cycles(top->stats);
	char age[TAKT_QUANTITY_TEXT_BYTES], late[TAKT_QUANTITY_TEXT_BYTES], max[TAKT_QUANTITY_TEXT_BYTES];

	takt_out_put_plain(out, status->graph);
	takt_text_buffer_printf(out, " run %016" PRIx64 " %s for %s, cycle #%" PRIu64 ", %.1f a second\n",
				status->run, takt_run_state_name(status),
				takt_quantity_format_ns(status->age_ns / 100000000 * 100000000, age,
							sizeof(age)),
				status->cycles, cycles.rate_hz);
	takt_text_buffer_printf(out, "lost %" PRIu64 " copperlists, %" PRIu64 " events, %" PRIu64
				" inputs; %" PRIu64 " overruns, %" PRIu64 " skipped (whole run)\n",
				status->lost_copperlists, status->lost_events, status->dropped_inputs,
				status->overruns, status->skipped_cycles);
	put_recorder(out, status);
	takt_text_buffer_printf(out, "counted: %" PRIu64 " cycles, late p99 %s, max %s", cycles.count,
				short_ns(cycles.late.p99_ns, late, sizeof(late)),
				short_ns(cycles.late.max_ns, max, sizeof(max)));
	takt_text_buffer_printf(out, "; whole run: %" PRIu64 " late starts, max %s\n", status->late_starts,
				short_ns(status->worst_late_ns, late, sizeof(late)));
}

static void put_short(struct takt_text_buffer *out, const struct takt_top_view *top)
{
	put_head(out, top);
	takt_text_buffer_printf(out, "%-12s %6s %8s %11s %7s %7s %7s %7s  %s\n", "task", "misses", "rate/s",
				"process p50", "p99", "max", "jitter", "absent%", "status");
	for (uint32_t i = 0; takt_log_task_at(top->log, i); i++) {
		put_task(out, top, i);
	}
	takt_python_status_put_short(out, top->status->path);
}

static void put_json_task(struct takt_text_buffer *out, const struct takt_top_view *top,
			  uint32_t index)
{
	struct takt_stats_task task = { 0 };
	double absent;

	takt_stats_task(top->stats, index, &task);
	absent = absent_percent(top, index, &task);
	takt_out_text_member(out, "{\"task\":", takt_log_task_at(top->log, index)->id);
	takt_text_buffer_puts(out, ",\"rate_hz\":");
	takt_json_put_f64(out, task.rate_hz);
	takt_out_u64_member(out, ",\"calls\":", task.calls);
	takt_out_u64_member(out, ",\"process_p50_ns\":", task.process.p50_ns);
	takt_out_u64_member(out, ",\"process_p99_ns\":", task.process.p99_ns);
	takt_out_u64_member(out, ",\"process_max_ns\":", task.process.max_ns);
	takt_out_u64_member(out, ",\"jitter_p99_ns\":", task.jitter.p99_ns);
	takt_text_buffer_puts(out, ",\"absent_percent\":");
	if (absent >= 0) {
		takt_json_put_f64(out, absent);
	} else {
		takt_text_buffer_puts(out, "null");
	}
	takt_out_u64_member(out, ",\"misses\":", task.misses + task.aborted);
	takt_out_u64_member(out, ",\"failed\":", task.failures);
	takt_out_text_member(out, ",\"status\":", task.status);
	takt_text_buffer_puts(out, "}");
}

static void put_json(struct takt_text_buffer *out, const struct takt_top_view *top)
{
	const struct takt_run_status *status = top->status;
	const struct takt_stats_cycles cycles = takt_stats_cycles(top->stats);
	char id[24];

	snprintf(id, sizeof(id), "%016" PRIx64, status->run);
	takt_out_text_member(out, "{\"graph\":", status->graph);
	takt_out_text_member(out, ",\"run\":", id);
	takt_out_text_member(out, ",\"state\":", takt_run_state_name(status));
	takt_out_u64_member(out, ",\"cycle\":", status->cycles);
	takt_out_u64_member(out, ",\"counted_cycles\":", cycles.count);
	takt_text_buffer_puts(out, ",\"rate_hz\":");
	takt_json_put_f64(out, cycles.rate_hz);
	takt_out_u64_member(out, ",\"overruns\":", status->overruns);
	takt_out_u64_member(out, ",\"late_starts\":", status->late_starts);
	takt_out_u64_member(out, ",\"lost_copperlists\":", status->lost_copperlists);
	takt_out_text_member(out, ",\"recorder\":", takt_recorder_state_name(status));
	takt_text_buffer_puts(out, ",\"tasks\":[");
	for (uint32_t i = 0; takt_log_task_at(top->log, i); i++) {
		takt_text_buffer_puts(out, i ? "," : "");
		put_json_task(out, top, i);
	}
	takt_text_buffer_puts(out, "]");
	takt_python_status_put_json(out, status->path);
	takt_text_buffer_puts(out, "}\n");
}

static void put_csv(struct takt_text_buffer *out, const struct takt_top_view *top)
{
	const struct takt_log_task *row;

	takt_text_buffer_puts(out, "graph,run,task,rate_hz,calls,process_p50_ns,process_p99_ns,process_max_ns,"
			      "jitter_p99_ns,absent_percent,misses,failed,status\r\n");
	for (uint32_t i = 0; (row = takt_log_task_at(top->log, i)); i++) {
		struct takt_stats_task task = { 0 };
		double absent;

		takt_stats_task(top->stats, i, &task);
		absent = absent_percent(top, i, &task);
		takt_csv_puts(out, top->status->graph);
		takt_text_buffer_printf(out, ",%016" PRIx64 ",", top->status->run);
		takt_csv_puts(out, row->id);
		takt_text_buffer_puts(out, ",");
		takt_csv_put_f64(out, task.rate_hz);
		takt_text_buffer_printf(out,
					",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",",
					task.calls, task.process.p50_ns, task.process.p99_ns,
					task.process.max_ns, task.jitter.p99_ns);
		if (absent >= 0) {
			takt_csv_put_f64(out, absent);
		}
		takt_text_buffer_printf(out, ",%" PRIu64 ",%" PRIu64 ",", task.misses + task.aborted,
					task.failures);
		takt_csv_puts(out, task.status);
		takt_text_buffer_puts(out, "\r\n");
	}
}

void takt_top_put(struct takt_text_buffer *out, const struct takt_top_view *top, enum takt_form form)
{
	if (form == TAKT_FORM_SHORT) {
		put_short(out, top);
	} else if (form == TAKT_FORM_CSV) {
		put_csv(out, top);
	} else {
		put_json(out, top);
	}
}
