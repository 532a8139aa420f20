/* SPDX-License-Identifier: Apache-2.0 */
/* Counts become figures. */
#include <errno.h>

#include <takt/task.h>

#include "logs/stats/stats_inner.h"

#define NS_PER_S 1e9

static struct takt_stats_times times_of(const struct takt_quantile *quantile)
{
	return (struct takt_stats_times){
		.count = quantile->count,
		.min_ns = quantile->min,
		.p50_ns = takt_quantile_at(quantile, 500),
		.p99_ns = takt_quantile_at(quantile, 990),
		.p999_ns = takt_quantile_at(quantile, 999),
		.max_ns = quantile->max,
		.mean_ns = quantile->count ? quantile->sum / (double)quantile->count : 0,
	};
}

static struct takt_stats_times periods_of(const struct takt_spread *period, uint64_t nominal_ns)
{
	const uint64_t count = takt_spread_count(period);

	return (struct takt_stats_times){
		.count = count,
		.min_ns = takt_spread_min(period, nominal_ns),
		.p50_ns = takt_spread_at(period, nominal_ns, 500),
		.p99_ns = takt_spread_at(period, nominal_ns, 990),
		.p999_ns = takt_spread_at(period, nominal_ns, 999),
		.max_ns = takt_spread_max(period, nominal_ns),
		.mean_ns = count ? takt_spread_sum(period, nominal_ns) / (double)count : 0,
	};
}

static double rate_of(const struct takt_spread *period, uint64_t nominal_ns)
{
	const double sum = takt_spread_sum(period, nominal_ns);

	return sum > 0 ? (double)takt_spread_count(period) * NS_PER_S / sum : 0;
}

struct takt_stats_cycles takt_stats_cycles(const struct takt_stats *stats)
{
	const struct takt_counted_cycles *cycles = &stats->cycles;
	struct takt_stats_cycles counts = cycles->counts;

	counts.rate_hz = rate_of(&cycles->period, stats->period_ns);
	counts.period = periods_of(&cycles->period, stats->period_ns);
	counts.duration = times_of(&cycles->duration);
	counts.late = times_of(&cycles->late);
	return counts;
}

int takt_stats_task(const struct takt_stats *stats, uint32_t index,
		    struct takt_stats_task *ret_task)
{
	const struct takt_counted_task *task = &stats->tasks[index];
	uint64_t nominal_ns;

	if (index >= stats->task_count) {
		return -ERANGE;
	}
	nominal_ns = takt_stats_nominal(stats, index);
	*ret_task = (struct takt_stats_task){
		.calls = task->calls, .failures = task->failures, .aborted = task->aborted,
		.misses = task->misses, .rate_hz = rate_of(&task->period, nominal_ns),
		.period = periods_of(&task->period, nominal_ns), .process = times_of(&task->process),
		.jitter = times_of(&task->jitter), .status = task->status };
	return 0;
}

static struct takt_stats_flow flow_of(const struct takt_stats *stats, const struct takt_counted_flow *flow)
{
	const double cycle_hz = rate_of(&stats->cycles.period, stats->period_ns);
	const uint64_t count = stats->cycles.counts.count;
	const double per_s = count ? cycle_hz / (double)count : 0;

	return (struct takt_stats_flow){
		.count = flow->count, .absent = flow->absent, .held = flow->held,
		.bytes = flow->bytes, .rate_hz = (double)flow->count * per_s,
		.bytes_per_s = (double)flow->bytes * per_s };
}

int takt_stats_output(const struct takt_stats *stats, uint32_t index,
		      struct takt_stats_flow *ret_flow)
{
	if (index >= stats->output_count) {
		return -ERANGE;
	}
	*ret_flow = flow_of(stats, &stats->outputs[index].flow);
	return 0;
}

int takt_stats_connection(const struct takt_stats *stats, uint32_t index,
			  struct takt_stats_flow *ret_flow)
{
	if (index >= stats->connection_count) {
		return -ERANGE;
	}
	*ret_flow = flow_of(stats, &stats->connections[index]);
	return 0;
}

int takt_stats_sink(const struct takt_stats *stats, uint32_t task,
		    struct takt_stats_times *ret_times)
{
	static const struct takt_quantile none;

	if (task >= stats->task_count) {
		return -ERANGE;
	}
	if (takt_log_task_at(stats->log, task)->kind != TAKT_SINK) {
		return -EINVAL;
	}
	*ret_times = times_of(&none);
	for (uint32_t i = 0; i < stats->sink_count; i++) {
		if (stats->sinks[i].task == task) {
			*ret_times = times_of(&stats->sinks[i].times);
		}
	}
	return 0;
}

struct takt_stats_times takt_stats_end_to_end(const struct takt_stats *stats)
{
	return times_of(&stats->cycles.end_to_end);
}
