/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/stats/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <takt/task.h>

#include "logs/stats/paths.h"
#include "logs/stats/stats_inner.h"

/* --- making ----------------------------------------------------------------------------------- */

static bool is_of_kind(const struct takt_stats *stats, uint32_t task, enum takt_kind kind)
{
	return takt_log_task_at(stats->log, task)->kind == (uint32_t)kind;
}

static int make_sinks(struct takt_stats *stats)
{
	for (uint32_t i = 0; i < stats->task_count; i++) {
		struct takt_counted_sink *sink = &stats->sinks[stats->sink_count];

		if (!is_of_kind(stats, i, TAKT_SINK) ||
		    !takt_stats_is_on_lane(takt_log_task_at(stats->log, i))) {
			continue;
		}
		sink->task = i;
		sink->upstream = calloc(stats->task_count, sizeof(bool));
		if (!sink->upstream) {
			return -ENOMEM;
		}
		takt_stats_upstream(stats->log, i, sink->upstream);
		stats->sink_count++;
	}
	return 0;
}

int takt_stats_create(const struct takt_log *log, struct takt_stats **ret_stats)
{
	struct takt_stats *stats = calloc(1, sizeof(*stats));

	if (!stats) {
		return -ENOMEM;
	}
	stats->log = log;
	stats->period_ns = takt_log_info_of(log)->period_ns;
	stats->is_beheaded = takt_log_info_of(log)->removed_count > 0;
	while (takt_log_task_at(log, stats->task_count)) {
		stats->task_count++;
	}
	while (takt_log_output_at(log, stats->output_count)) {
		stats->output_count++;
	}
	while (takt_log_connection_at(log, stats->connection_count)) {
		stats->connection_count++;
	}
	stats->tasks = calloc((size_t)stats->task_count + 1, sizeof(*stats->tasks));
	stats->sinks = calloc((size_t)stats->task_count + 1, sizeof(*stats->sinks));
	stats->outputs = calloc((size_t)stats->output_count + 1, sizeof(*stats->outputs));
	stats->connections = calloc((size_t)stats->connection_count + 1,
				    sizeof(*stats->connections));
	if (!stats->tasks || !stats->sinks || !stats->outputs || !stats->connections ||
	    make_sinks(stats) < 0) {
		takt_stats_destroy(stats);
		return -ENOMEM;
	}
	*ret_stats = stats;
	return 0;
}

void takt_stats_destroy(struct takt_stats *stats)
{
	if (!stats) {
		return;
	}
	for (uint32_t i = 0; i < stats->sink_count; i++) {
		free(stats->sinks[i].upstream);
	}
	free(stats->tasks);
	free(stats->sinks);
	free(stats->outputs);
	free(stats->connections);
	free(stats);
}

void takt_stats_reset(struct takt_stats *stats)
{
	memset(stats->tasks, 0, stats->task_count * sizeof(*stats->tasks));
	memset(stats->outputs, 0, stats->output_count * sizeof(*stats->outputs));
	memset(stats->connections, 0, stats->connection_count * sizeof(*stats->connections));
	memset(&stats->cycles, 0, sizeof(stats->cycles));
	for (uint32_t i = 0; i < stats->sink_count; i++) {
		memset(&stats->sinks[i].times, 0, sizeof(stats->sinks[i].times));
	}
}

/* --- copperlists ------------------------------------------------------------------------------ */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* True when @end_ns is more than a period behind the cycle's planned start. */
static bool is_miss(const struct takt_stats *stats, const struct takt_log_record *record,
		    uint64_t end_ns)
{
	return stats->period_ns > 0 &&
	       end_ns - record->mono_ns + record->copperlist->late_ns > stats->period_ns;
}

static void put_cycle(struct takt_stats *stats, const struct takt_log_record *record)
{
	const struct takt_log_copperlist *list = record->copperlist;
	struct takt_counted_cycles *cycles = &stats->cycles;
	struct takt_stats_cycles *counts = &cycles->counts;

	cycles->is_joined = counts->count > 0 && record->cycle == counts->last_cycle + 1;
	if (counts->count == 0) {
		counts->first_cycle = record->cycle;
	} else if (cycles->is_joined && record->mono_ns >= cycles->begin_ns) {
		takt_spread_put(&cycles->period, stats->period_ns, record->mono_ns - cycles->begin_ns);
	} else if (record->cycle > counts->last_cycle) {
		counts->missing += record->cycle - counts->last_cycle - 1;
	}
	counts->count++;
	counts->last_cycle = record->cycle;
	counts->misses += is_miss(stats, record, record->mono_ns + list->duration_ns);
	cycles->begin_ns = record->mono_ns;
	takt_quantile_put(&cycles->duration, list->duration_ns);
	takt_quantile_put(&cycles->late, list->late_ns);
}

uint64_t takt_stats_nominal(const struct takt_stats *stats, uint32_t index)
{
	const struct takt_log_task *row = takt_log_task_at(stats->log, index);

	return takt_stats_is_on_lane(row) ? stats->period_ns * row->every : 0;
}

static void put_period(const struct takt_stats *stats, uint32_t index, uint64_t period_ns)
{
	const uint64_t nominal_ns = takt_stats_nominal(stats, index);
	struct takt_counted_task *task = &stats->tasks[index];

	takt_spread_put(&task->period, nominal_ns, period_ns);
	if (nominal_ns > 0) {
		takt_quantile_put(&task->jitter, distance(period_ns, nominal_ns));
	} else if (task->has_period) {
		takt_quantile_put(&task->jitter, distance(period_ns, task->period_ns));
	}
	task->period_ns = period_ns;
	task->has_period = true;
}

static void put_task(const struct takt_stats *stats, const struct takt_log_record *record,
		     uint32_t index)
{
	const struct takt_log_task_row *row = &record->copperlist->tasks[index];
	struct takt_counted_task *task = &stats->tasks[index];

	if (!stats->cycles.is_joined) {
		task->has_begin = false;
		task->has_period = false;
	}
	task->aborted += (row->flags & TAKT_LOG_ABORTED) != 0;
	if (!(row->flags & TAKT_LOG_RAN) || row->end_mono_ns < row->begin_mono_ns) {
		return;
	}
	task->calls++;
	task->failures += (row->flags & TAKT_LOG_FAILED) != 0;
	task->misses += is_miss(stats, record, row->end_mono_ns);
	takt_quantile_put(&task->process, row->end_mono_ns - row->begin_mono_ns);
	if (task->has_begin && row->begin_mono_ns >= task->begin_ns) {
		put_period(stats, index, row->begin_mono_ns - task->begin_ns);
	}
	task->begin_ns = row->begin_mono_ns;
	task->has_begin = true;
}

static void find_messages(struct takt_stats *stats, const struct takt_log_copperlist *list)
{
	for (uint32_t i = 0; i < stats->output_count; i++) {
		stats->outputs[i].before = stats->outputs[i].now;
		stats->outputs[i].now = (struct takt_counted_present){ 0 };
	}
	for (uint32_t i = 0; i < list->message_count; i++) {
		const struct takt_log_message *message = &list->messages[i];
		struct takt_counted_output *output = &stats->outputs[message->output];
		const uint32_t from = takt_log_output_at(stats->log, message->output)->task;

		if (output->now.count++ == 0) {
			output->now.stamp_ns = message->stamp_mono_ns;
		}
		output->now.bytes += message->payload_bytes;
		output->newest_ns = message->stamp_mono_ns;
		output->any = true;
		if (message->status[0]) {
			const size_t bytes = strnlen(message->status, TAKT_STATUS_BYTES_MAX);

			memcpy(stats->tasks[from].status, message->status, bytes);
			stats->tasks[from].status[bytes] = '\0';
		}
	}
}

static const struct takt_log_task_row *row_of(const struct takt_log_copperlist *list, uint32_t task)
{
	static const struct takt_log_task_row none;

	return task < list->task_count ? &list->tasks[task] : &none;
}

static void put_output(const struct takt_stats *stats, const struct takt_log_copperlist *list,
		       uint32_t index)
{
	const uint32_t task = takt_log_output_at(stats->log, index)->task;
	struct takt_counted_output *output = &stats->outputs[index];
	const uint32_t flags = row_of(list, task)->flags;

	output->flow.count += output->now.count;
	output->flow.bytes += output->now.bytes;
	if (output->now.count == 0) {
		output->flow.absent += takt_stats_is_on_lane(takt_log_task_at(stats->log, task))
					       ? (flags & TAKT_LOG_RAN) != 0
					       : (flags & TAKT_LOG_FINISHED) == 0;
	}
}

static void put_connection(const struct takt_stats *stats, const struct takt_log_record *record,
			   uint32_t index)
{
	const struct takt_log_connection *connection = takt_log_connection_at(stats->log, index);
	const struct takt_counted_output *output = &stats->outputs[connection->output];
	const struct takt_counted_present *present = connection->delay ? &output->before : &output->now;
	const struct takt_log_task_row *reader = row_of(record->copperlist, connection->task);
	const bool on_lane = takt_stats_is_on_lane(takt_log_task_at(stats->log, connection->task));
	const uint64_t now_ns = on_lane ? reader->begin_mono_ns : record->mono_ns;
	struct takt_counted_flow *flow = &stats->connections[index];

	if ((on_lane && !(reader->flags & TAKT_LOG_RAN)) ||
	    (connection->delay && !stats->cycles.is_joined)) {
		return;
	}
	flow->count += present->count;
	flow->bytes += present->bytes;
	if (present->count > 0) {
		return;
	}
	if (connection->hold_ns && output->any &&
	    (now_ns < output->newest_ns || now_ns - output->newest_ns <= connection->hold_ns)) {
		flow->held++;
	} else {
		flow->absent++;
	}
}

/* When source @task began, or what it had received arrived; UINT64_MAX when it has not run. */
static uint64_t begin_of(const struct takt_stats *stats, const struct takt_log_copperlist *list,
			 uint32_t task)
{
	const struct takt_log_task_row *row = row_of(list, task);
	const struct takt_log_output *output;
	uint64_t begin_ns = row->begin_mono_ns;

	if (!is_of_kind(stats, task, TAKT_SOURCE) || !(row->flags & TAKT_LOG_RAN)) {
		return UINT64_MAX;
	}
	if (takt_stats_is_on_lane(takt_log_task_at(stats->log, task))) {
		return begin_ns;
	}
	for (uint32_t i = 0; (output = takt_log_output_at(stats->log, i)); i++) {
		if (output->task == task && stats->outputs[i].now.count > 0 &&
		    stats->outputs[i].now.stamp_ns < begin_ns) {
			begin_ns = stats->outputs[i].now.stamp_ns;
		}
	}
	return begin_ns;
}

static void put_sinks(struct takt_stats *stats, const struct takt_log_copperlist *list)
{
	uint64_t first_ns = UINT64_MAX, last_ns = 0;

	for (uint32_t i = 0; i < stats->sink_count; i++) {
		struct takt_counted_sink *sink = &stats->sinks[i];
		const struct takt_log_task_row *row = row_of(list, sink->task);
		uint64_t begin_ns = UINT64_MAX;

		for (uint32_t t = 0; (row->flags & TAKT_LOG_RAN) && t < stats->task_count; t++) {
			const uint64_t ns = sink->upstream[t] ? begin_of(stats, list, t) : UINT64_MAX;

			begin_ns = ns < begin_ns ? ns : begin_ns;
		}
		if (begin_ns > row->end_mono_ns) {
			continue;
		}
		takt_quantile_put(&sink->times, row->end_mono_ns - begin_ns);
		first_ns = begin_ns < first_ns ? begin_ns : first_ns;
		last_ns = row->end_mono_ns > last_ns ? row->end_mono_ns : last_ns;
	}
	if (first_ns <= last_ns) {
		takt_quantile_put(&stats->cycles.end_to_end, last_ns - first_ns);
	}
}

static void put_copperlist(struct takt_stats *stats, const struct takt_log_record *record)
{
	const struct takt_log_copperlist *list = record->copperlist;

	put_cycle(stats, record);
	for (uint32_t i = 0; i < list->task_count && i < stats->task_count; i++) {
		put_task(stats, record, i);
	}
	find_messages(stats, list);
	for (uint32_t i = 0; i < stats->output_count; i++) {
		put_output(stats, list, i);
	}
	for (uint32_t i = 0; i < stats->connection_count; i++) {
		put_connection(stats, record, i);
	}
	put_sinks(stats, list);
}

/* --- lifecycle -------------------------------------------------------------------------------- */

/* A count in a record is outside input. */
static uint64_t count_of(int64_t value)
{
	return value > 0 ? (uint64_t)value : 0;
}

static void put_lifecycle(struct takt_stats *stats, const struct takt_log_lifecycle *event)
{
	struct takt_stats_cycles *counts = &stats->cycles.counts;

	switch (event->event) {
	case TAKT_EVENT_gap:
		counts->gaps++;
		counts->lost_copperlists += count_of(event->values[2]);
		break;
	case TAKT_EVENT_events_lost:
		counts->lost_events += count_of(event->values[0]);
		break;
	case TAKT_EVENT_overrun:
		counts->overrun_episodes++;
		counts->skipped_cycles += count_of(event->values[1]);
		counts->overruns += count_of(event->values[3]);
		break;
	case TAKT_EVENT_late_start:
		counts->late_episodes++;
		counts->late_starts += count_of(event->values[2]);
		break;
	case TAKT_EVENT_input_dropped:
		counts->dropped_inputs += count_of(event->values[0]);
		break;
	default:
		break;
	}
}

void takt_stats_put(struct takt_stats *stats, const struct takt_log_record *record)
{
	if (record->copperlist) {
		put_copperlist(stats, record);
	} else if (record->lifecycle && (!stats->is_beheaded || stats->cycles.counts.count > 0)) {
		/* What happened to cycles that are deleted is no figure of those that are there. */
		put_lifecycle(stats, record->lifecycle);
	}
}
