/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a run: quantiles against sorted values, all others against what was put in by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <takt/task.h>

#include "logs/read/handle.h"
#include "logs/stats/quantile.h"
#include "logs/stats/spread.h"
#include "logs/stats/stats.h"
#include "tests/unit/log_maker.h"
#include "tests/unit/unit.h"

#define MS 1000000ull
#define START LOG_MAKER_ORIGIN_MONO_NS

/* --- quantiles ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void assert_near(uint64_t found, uint64_t expected)
{
	const uint64_t off = found > expected ? found - expected : expected - found;

	if (off > expected / 128) {
		fail_msg("%llu is not within 1/128 of %llu", (unsigned long long)found,
			 (unsigned long long)expected);
	}
}

static void a_spread_is_within_1_of_128_of_the_deviation_from_its_nominal(void **state)
{
	static const uint32_t permilles[] = { 1, 10, 250, 500, 900, 990, 999, 1000 };
	static uint64_t values[5000];
	static struct takt_spread spread;
	struct log_maker random = { .random = 7 };
	double sum = 0;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		const uint64_t off = log_maker_random(&random) >> (44 + log_maker_random(&random) % 20);

		values[i] = i % 3 == 0 ? 10 * MS - off : 10 * MS + off;
		sum += (double)values[i];
		takt_spread_put(&spread, 10 * MS, values[i]);
	}
	qsort(values, 5000, sizeof(values[0]), compare);
	assert_int_equal(takt_spread_count(&spread), 5000);
	assert_int_equal(takt_spread_min(&spread, 10 * MS), values[0]);
	assert_int_equal(takt_spread_max(&spread, 10 * MS), values[4999]);
	assert_true(takt_spread_sum(&spread, 10 * MS) == sum);
	for (size_t p = 0; p < sizeof(permilles) / sizeof(permilles[0]); p++) {
		const uint64_t exact = values[(5000 * permilles[p] + 999) / 1000 - 1];
		const uint64_t found = takt_spread_at(&spread, 10 * MS, permilles[p]);

		assert_int_equal(found < 10 * MS, exact < 10 * MS);
		assert_near(found < 10 * MS ? 10 * MS - found : found - 10 * MS,
			    exact < 10 * MS ? 10 * MS - exact : exact - 10 * MS);
	}
	spread = (struct takt_spread){ 0 };
	assert_int_equal(takt_spread_at(&spread, 10 * MS, 500), 0);
	assert_int_equal(takt_spread_min(&spread, 10 * MS), 0);
	assert_int_equal(takt_spread_max(&spread, 10 * MS), 0);
	takt_spread_put(&spread, 10 * MS, 9 * MS);
	assert_int_equal(takt_spread_at(&spread, 10 * MS, 500), 9 * MS);
	assert_int_equal(takt_spread_max(&spread, 10 * MS), 9 * MS);
}

static void quantiles_are_within_1_of_128_of_the_sorted_values(void **state)
{
	static const uint32_t permilles[] = { 1, 10, 250, 500, 900, 990, 999, 1000 };
	static uint64_t values[20000];
	struct log_maker random = { .random = 5 };

	(void)state;
	for (uint32_t count = 1; count <= 20000; count = count * 3 + 1) {
		struct takt_quantile q = { 0 };

		for (uint32_t i = 0; i < count; i++) {
			/* All magnitudes alike. */
			values[i] = log_maker_random(&random) >> log_maker_random(&random) % 64;
			takt_quantile_put(&q, values[i]);
		}
		qsort(values, count, sizeof(values[0]), compare);
		assert_int_equal(q.count, count);
		assert_int_equal(q.min, values[0]);
		assert_int_equal(q.max, values[count - 1]);
		for (size_t p = 0; p < sizeof(permilles) / sizeof(permilles[0]); p++) {
			const uint64_t rank = ((uint64_t)count * permilles[p] + 999) / 1000;

			assert_near(takt_quantile_at(&q, permilles[p]), values[rank - 1]);
		}
	}
}

static void small_and_equal_values_are_exact(void **state)
{
	struct takt_quantile q = { 0 };

	(void)state;
	assert_int_equal(takt_quantile_at(&q, 500), 0);
	for (uint64_t i = 0; i < 128; i++) {
		takt_quantile_put(&q, i);
	}
	assert_int_equal(takt_quantile_at(&q, 1), 0);
	assert_int_equal(takt_quantile_at(&q, 500), 63);
	assert_int_equal(takt_quantile_at(&q, 990), 126);
	assert_int_equal(takt_quantile_at(&q, 1000), 127);
	q = (struct takt_quantile){ 0 };
	takt_quantile_put(&q, 123456789);
	takt_quantile_put(&q, 123456789);
	assert_int_equal(takt_quantile_at(&q, 500), 123456789);
	takt_quantile_put(&q, UINT64_MAX);
	takt_quantile_put(&q, 0);
	assert_int_equal(takt_quantile_at(&q, 1), 0);
	assert_true(takt_quantile_at(&q, 1000) > UINT64_MAX - UINT64_MAX / 128);
}

/* --- a graph with each kind of task ----------------------------------------------------------- */

enum { GPS, IMU, EST, PLAN, ACT, SHOW, TASKS };
enum { FIX, RAW, POSE, PATH };
enum { FIX_EST, RAW_EST, POSE_ACT, POSE_PLAN, PATH_SHOW, POSE_IMU };

struct fixture {
	struct log_maker *maker;
	struct takt_log *log;
	struct takt_stats *stats;
	uint64_t period_ns;
};

static void encode_catalog(struct log_maker *maker, uint64_t period_ns)
{
	static const struct takt_type *types[] = { &takt_type_maker_raw };
	static const struct takt_catalog_stream streams[] = { { "lane0", TAKT_STREAM_COPPERLISTS, 0 } };
	static const struct takt_catalog_task tasks[] = {
		{ .id = "gps", .exec = "io", .kind = TAKT_SOURCE, .every = 1 },
		{ .id = "imu", .exec = "lane", .kind = TAKT_SOURCE, .every = 1 },
		{ .id = "est", .exec = "lane", .kind = TAKT_FILTER, .every = 1 },
		{ .id = "plan", .exec = "background", .kind = TAKT_FILTER, .every = 1 },
		{ .id = "act", .exec = "lane", .kind = TAKT_SINK, .every = 2 },
		{ .id = "show", .exec = "lane", .kind = TAKT_SINK, .every = 1 },
	};
	static const struct takt_catalog_output outputs[] = {
		{ .task = GPS, .port = "fix", .slots = 4, .recorded = true },
		{ .task = IMU, .port = "raw", .slots = 1, .recorded = true },
		{ .task = EST, .port = "pose", .slots = 1, .recorded = true },
		{ .task = PLAN, .port = "path", .slots = 1, .recorded = true },
	};
	static const struct takt_catalog_connection connections[] = {
		{ .output = FIX, .task = EST, .port = "fix", .hold_ns = 2 * MS },
		{ .output = RAW, .task = EST, .port = "raw" },
		{ .output = POSE, .task = ACT, .port = "pose" },
		{ .output = POSE, .task = PLAN, .port = "pose" },
		{ .output = PATH, .task = SHOW, .port = "path" },
		{ .output = POSE, .task = IMU, .port = "pose", .delay = 1 },
	};
	const struct takt_catalog catalog = {
		.graph = "test", .period_ns = period_ns, .counter_hz = 1000000000,
		.origin_mono_ns = START, .types = types, .type_count = 1,
		.streams = streams, .stream_count = 1, .tasks = tasks, .task_count = TASKS,
		.outputs = outputs, .output_count = 4, .connections = connections,
		.connection_count = 6 };

	free(maker->catalog);
	assert_int_equal(takt_catalog_encode(&catalog, &maker->catalog, &maker->catalog_bytes, NULL), 0);
}

static int make_with(void **state, uint64_t period_ns)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct takt_log_io io;

	f->maker = log_maker_create(7, 1);
	f->period_ns = period_ns;
	encode_catalog(f->maker, period_ns);
	log_maker_begin(f->maker);
	log_maker_close(f->maker, TAKT_SEGMENT_LAST);
	io = log_maker_io(&f->maker->segments[1]);
	*state = f;
	assert_int_equal(takt_log_open_io(&io, 1, &f->log, NULL), 0);
	return takt_stats_create(f->log, &f->stats);
}

static int make(void **state)
{
	return make_with(state, MS);
}

static int make_free_running(void **state)
{
	return make_with(state, 0);
}

static int drop(void **state)
{
	struct fixture *f = *state;

	takt_stats_destroy(f->stats);
	takt_log_close(f->log);
	log_maker_destroy(f->maker);
	free(f);
	return 0;
}

/* One copperlist; rows and messages are filled by the test. */
struct cycle {
	struct takt_log_task_row rows[TASKS];
	struct takt_log_message messages[8];
	struct takt_log_copperlist list;
	struct takt_log_record record;
};

static struct cycle begin(uint64_t cycle, uint64_t mono_ns)
{
	return (struct cycle){ .list = { .task_count = TASKS, .complete = 1 },
			       .record = { .kind = TAKT_LOG_COPPERLIST, .cycle = cycle,
					   .mono_ns = mono_ns } };
}

/* @task ran from @from_ns to @to_ns behind the cycle's start. */
static void ran(struct cycle *cycle, uint32_t task, uint64_t from_ns, uint64_t to_ns)
{
	cycle->rows[task] = (struct takt_log_task_row){ .flags = TAKT_LOG_RAN,
		.begin_mono_ns = cycle->record.mono_ns + from_ns,
		.end_mono_ns = cycle->record.mono_ns + to_ns };
}

static void sent(struct cycle *cycle, uint32_t output, uint32_t bytes, uint64_t stamp_mono_ns)
{
	cycle->messages[cycle->list.message_count++] = (struct takt_log_message){
		.payload = cycle, .status = "", .output = output, .payload_bytes = bytes,
		.stamp_mono_ns = stamp_mono_ns };
}

static void put(const struct fixture *f, struct cycle *cycle)
{
	cycle->list.tasks = cycle->rows;
	cycle->list.messages = cycle->messages;
	cycle->record.copperlist = &cycle->list;
	takt_stats_put(f->stats, &cycle->record);
}

static struct takt_stats_task task_of(const struct fixture *f, uint32_t index)
{
	struct takt_stats_task task = { 0 };

	assert_int_equal(takt_stats_task(f->stats, index, &task), 0);
	return task;
}

static struct takt_stats_flow connection_of(const struct fixture *f, uint32_t index)
{
	struct takt_stats_flow flow = { 0 };

	assert_int_equal(takt_stats_connection(f->stats, index, &flow), 0);
	return flow;
}

static struct takt_stats_flow output_of(const struct fixture *f, uint32_t index)
{
	struct takt_stats_flow flow = { 0 };

	assert_int_equal(takt_stats_output(f->stats, index, &flow), 0);
	return flow;
}

/* --- times ------------------------------------------------------------------------------------ */

static void jitter_is_the_distance_from_the_nominal_period(void **state)
{
	static const uint64_t begins_ns[] = { 0, MS + 10, 2 * MS - 5, 3 * MS, 4 * MS + 100 };
	const struct fixture *f = *state;

	for (uint64_t i = 0; i < 5; i++) {
		struct cycle cycle = begin(i, START + i * MS);

		cycle.record.mono_ns = START + begins_ns[i];
		ran(&cycle, IMU, 0, 20 + i);
		if (i % 2 == 0) {	/* every 2: 2 ms - 5 and 2 ms + 105 */
			ran(&cycle, ACT, 0, 3);
		}
		put(f, &cycle);
	}
	assert_int_equal(task_of(f, IMU).calls, 5);
	assert_int_equal(task_of(f, IMU).period.count, 4);
	assert_int_equal(task_of(f, IMU).period.min_ns, MS - 15);
	assert_int_equal(task_of(f, IMU).period.max_ns, MS + 100);
	assert_int_equal(task_of(f, IMU).period.p50_ns, MS + 5);
	assert_int_equal(task_of(f, IMU).period.p99_ns, MS + 100);
	assert_true(task_of(f, IMU).period.mean_ns == (4.0 * MS + 100) / 4);
	assert_true(task_of(f, IMU).rate_hz == 4e9 / (4.0 * MS + 100));
	assert_int_equal(task_of(f, IMU).jitter.min_ns, 5);
	assert_int_equal(task_of(f, IMU).jitter.p50_ns, 10);
	assert_int_equal(task_of(f, IMU).jitter.max_ns, 100);
	assert_int_equal(task_of(f, IMU).process.p50_ns, 22);
	assert_int_equal(task_of(f, ACT).jitter.min_ns, 5);
	assert_int_equal(task_of(f, ACT).jitter.max_ns, 105);
	assert_int_equal(takt_stats_cycles(f->stats).period.count, 4);
}

static void jitter_without_a_period_is_the_change_of_the_period(void **state)
{
	static const uint64_t begins_ns[] = { 0, 100, 200, 330, 400 };	/* 100 100 130 70 */
	const struct fixture *f = *state;
	const uint32_t task = f->period_ns ? GPS : IMU;

	for (uint64_t i = 0; i < 5; i++) {
		struct cycle cycle = begin(i, START + begins_ns[i]);

		ran(&cycle, task, 0, 1);
		put(f, &cycle);
	}
	assert_int_equal(task_of(f, task).jitter.count, 3);
	assert_int_equal(task_of(f, task).jitter.min_ns, 0);
	assert_int_equal(task_of(f, task).jitter.p50_ns, 30);
	assert_int_equal(task_of(f, task).jitter.max_ns, 60);
	assert_int_equal(task_of(f, task).misses, 0);
}

static void no_period_is_counted_over_missing_copperlists(void **state)
{
	static const uint64_t numbers[] = { 10, 11, 15, 16 };
	const struct fixture *f = *state;
	struct takt_stats_cycles cycles;

	for (uint64_t i = 0; i < 4; i++) {
		struct cycle cycle = begin(numbers[i], START + numbers[i] * MS);

		ran(&cycle, IMU, 0, 1);
		put(f, &cycle);
	}
	cycles = takt_stats_cycles(f->stats);
	assert_int_equal(cycles.count, 4);
	assert_int_equal(cycles.first_cycle, 10);
	assert_int_equal(cycles.last_cycle, 16);
	assert_int_equal(cycles.missing, 3);
	assert_int_equal(cycles.period.count, 2);
	assert_int_equal(task_of(f, IMU).period.count, 2);
	assert_int_equal(task_of(f, IMU).period.max_ns, MS);
	assert_int_equal(task_of(f, IMU).jitter.max_ns, 0);
	assert_true(task_of(f, IMU).rate_hz == 1000);
}

static void a_call_that_ends_a_period_behind_plan_is_a_miss(void **state)
{
	const struct fixture *f = *state;
	struct cycle cycle = begin(0, START + 300);

	cycle.list.late_ns = 300;
	cycle.list.duration_ns = MS - 300 + 1;
	ran(&cycle, IMU, 0, MS - 300);
	ran(&cycle, EST, MS - 300, MS - 300 + 1);
	put(f, &cycle);
	assert_int_equal(task_of(f, IMU).misses, 0);
	assert_int_equal(task_of(f, EST).misses, 1);
	assert_int_equal(takt_stats_cycles(f->stats).misses, 1);
	assert_int_equal(takt_stats_cycles(f->stats).late.max_ns, 300);
}

static void failures_and_aborted_calls_are_told_apart(void **state)
{
	const struct fixture *f = *state;
	struct cycle cycle = begin(0, START);

	ran(&cycle, IMU, 0, 10);
	cycle.rows[IMU].flags |= TAKT_LOG_FAILED;
	cycle.rows[EST].flags = TAKT_LOG_ABORTED;
	put(f, &cycle);
	assert_int_equal(task_of(f, IMU).failures, 1);
	assert_int_equal(task_of(f, IMU).calls, 1);
	assert_int_equal(task_of(f, EST).aborted, 1);
	assert_int_equal(task_of(f, EST).calls, 0);
	assert_int_equal(task_of(f, EST).process.count, 0);
}

static void end_to_end_is_from_the_earliest_source_that_a_sink_depends_on(void **state)
{
	const struct fixture *f = *state;
	struct cycle cycle = begin(0, START + MS);
	struct takt_stats_times times;

	ran(&cycle, GPS, 0, 5);		/* received before the cycle began */
	sent(&cycle, FIX, 16, START + MS - 400);
	sent(&cycle, FIX, 16, START + MS - 100);
	ran(&cycle, IMU, 5, 30);
	ran(&cycle, EST, 30, 60);
	ran(&cycle, PLAN, 60, 61);
	ran(&cycle, ACT, 61, 90);
	ran(&cycle, SHOW, 90, 200);
	put(f, &cycle);
	assert_int_equal(takt_stats_sink(f->stats, ACT, &times), 0);
	assert_int_equal(times.count, 1);
	assert_int_equal(times.max_ns, 490);
	/* What show reads comes from an earlier cycle. */
	assert_int_equal(takt_stats_sink(f->stats, SHOW, &times), 0);
	assert_int_equal(times.count, 0);
	assert_int_equal(takt_stats_sink(f->stats, IMU, &times), -EINVAL);
	assert_int_equal(takt_stats_sink(f->stats, TASKS, &times), -ERANGE);
	assert_int_equal(takt_stats_end_to_end(f->stats).max_ns, 490);

	cycle = begin(1, START + 2 * MS);	/* no fix: from the imu on */
	ran(&cycle, IMU, 5, 30);
	ran(&cycle, ACT, 61, 90);
	put(f, &cycle);
	assert_int_equal(takt_stats_sink(f->stats, ACT, &times), 0);
	assert_int_equal(times.min_ns, 85);
	assert_int_equal(times.count, 2);
}

/* --- presence --------------------------------------------------------------------------------- */

static void outputs_are_absent_when_their_task_was_called_in_vain(void **state)
{
	const struct fixture *f = *state;

	for (uint64_t i = 0; i < 10; i++) {
		struct cycle cycle = begin(i, START + i * MS);

		if (i % 2 == 0) {
			ran(&cycle, IMU, 0, 10);
		}
		if (i % 4 == 0) {
			sent(&cycle, RAW, 100, START + i * MS);
		}
		if (i == 3) {
			ran(&cycle, GPS, 0, 1);
			sent(&cycle, FIX, 16, START);
			sent(&cycle, FIX, 16, START);
		}
		if (i > 7) {
			cycle.rows[GPS].flags = TAKT_LOG_FINISHED;
		}
		put(f, &cycle);
	}
	assert_int_equal(output_of(f, RAW).count, 3);
	assert_int_equal(output_of(f, RAW).absent, 2);
	assert_int_equal(output_of(f, RAW).bytes, 300);
	assert_true(output_of(f, RAW).rate_hz == 3 * 1000 / 10.0);
	assert_true(output_of(f, RAW).bytes_per_s == 300 * 1000 / 10.0);
	assert_int_equal(output_of(f, FIX).count, 2);
	assert_int_equal(output_of(f, FIX).absent, 7);
}

static void a_held_message_is_neither_new_nor_absent(void **state)
{
	const struct fixture *f = *state;
	struct takt_stats_flow flow;

	for (uint64_t i = 0; i < 8; i++) {	/* absent, absent, new, held, held, absent … */
		struct cycle cycle = begin(i, START + i * MS);

		ran(&cycle, EST, 0, 10);
		if (i == 2) {
			sent(&cycle, FIX, 16, START + i * MS);
		}
		put(f, &cycle);
	}
	flow = connection_of(f, FIX_EST);
	assert_int_equal(flow.count, 1);
	assert_int_equal(flow.held, 2);
	assert_int_equal(flow.absent, 5);
	assert_int_equal(flow.bytes, 16);
	assert_int_equal(connection_of(f, RAW_EST).absent, 8);
}

static void a_delayed_connection_reads_the_copperlist_before(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 2, 5, 6 };
	const struct fixture *f = *state;
	struct takt_stats_flow flow;

	for (uint64_t i = 0; i < 5; i++) {
		struct cycle cycle = begin(numbers[i], START + numbers[i] * MS);

		ran(&cycle, IMU, 0, 10);
		if (numbers[i] % 5 == 0) {
			sent(&cycle, POSE, 8, START);
		}
		put(f, &cycle);
	}
	flow = connection_of(f, POSE_IMU);	/* 0 and 5 have none before them */
	assert_int_equal(flow.count, 2);
	assert_int_equal(flow.absent, 1);
	assert_int_equal(connection_of(f, POSE_ACT).count, 0);	/* it was not called */
	assert_int_equal(connection_of(f, POSE_ACT).absent, 0);
	assert_int_equal(connection_of(f, POSE_PLAN).count, 2);	/* background: offered each cycle */
	assert_int_equal(connection_of(f, POSE_PLAN).absent, 3);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void put_event(const struct fixture *f, uint32_t event, int64_t a, int64_t b, int64_t c, int64_t d)
{
	const struct takt_log_lifecycle lifecycle = { .event = event, .task = TAKT_LOG_NONE,
						      .values = { a, b, c, d } };
	const struct takt_log_record record = { .kind = TAKT_LOG_LIFECYCLE, .lifecycle = &lifecycle };

	takt_stats_put(f->stats, &record);
}

static void losses_and_delays_are_summed_from_the_lifecycle(void **state)
{
	const struct fixture *f = *state;
	struct takt_stats_cycles cycles;

	put_event(f, TAKT_EVENT_gap, 5, 9, 4, 0);
	put_event(f, TAKT_EVENT_gap, 20, 20, 1, 0);
	put_event(f, TAKT_EVENT_gap, 20, 20, -7, 0);	/* outside input */
	put_event(f, TAKT_EVENT_events_lost, 3, 1, 0, 0);
	put_event(f, TAKT_EVENT_overrun, 1, 12, 500, 6);
	put_event(f, TAKT_EVENT_late_start, 1, 900, 8, 0);
	put_event(f, TAKT_EVENT_input_dropped, 11, 0, 0, 0);
	put_event(f, 60000, 1, 2, 3, 4);
	cycles = takt_stats_cycles(f->stats);
	assert_int_equal(cycles.gaps, 3);
	assert_int_equal(cycles.lost_copperlists, 5);
	assert_int_equal(cycles.lost_events, 3);
	assert_int_equal(cycles.overrun_episodes, 1);
	assert_int_equal(cycles.overruns, 6);
	assert_int_equal(cycles.skipped_cycles, 12);
	assert_int_equal(cycles.late_episodes, 1);
	assert_int_equal(cycles.late_starts, 8);
	assert_int_equal(cycles.dropped_inputs, 11);
	assert_int_equal(cycles.count, 0);
}

static void the_newest_status_of_a_task_is_kept(void **state)
{
	const struct fixture *f = *state;
	struct cycle cycle = begin(0, START);
	char status[65];

	assert_string_equal(task_of(f, EST).status, "");
	memset(status, 'x', 64);	/* longer than one may be */
	status[64] = '\0';
	sent(&cycle, POSE, 8, START);
	cycle.messages[0].status = status;
	put(f, &cycle);
	assert_int_equal(strlen(task_of(f, EST).status), 63);
	cycle = begin(1, START + MS);
	sent(&cycle, POSE, 8, START);
	cycle.messages[0].status = "3 satellites";
	put(f, &cycle);
	cycle = begin(2, START + 2 * MS);
	sent(&cycle, POSE, 8, START);
	put(f, &cycle);
	assert_string_equal(task_of(f, EST).status, "3 satellites");
}

static void reset_makes_all_zero(void **state)
{
	const struct fixture *f = *state;
	struct takt_stats_times times;

	end_to_end_is_from_the_earliest_source_that_a_sink_depends_on(state);
	put_event(f, TAKT_EVENT_gap, 5, 9, 4, 0);
	takt_stats_reset(f->stats);
	assert_int_equal(takt_stats_cycles(f->stats).count, 0);
	assert_int_equal(takt_stats_cycles(f->stats).gaps, 0);
	assert_int_equal(takt_stats_end_to_end(f->stats).count, 0);
	assert_int_equal(takt_stats_sink(f->stats, ACT, &times), 0);
	assert_int_equal(times.count, 0);
	assert_int_equal(output_of(f, FIX).count, 0);
	for (uint32_t i = 0; i < TASKS; i++) {
		assert_int_equal(task_of(f, i).calls, 0);
		assert_int_equal(task_of(f, i).process.max_ns, 0);
	}
	/* And what comes then is counted as from the beginning. */
	end_to_end_is_from_the_earliest_source_that_a_sink_depends_on(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spread_is_within_1_of_128_of_the_deviation_from_its_nominal),
		cmocka_unit_test(quantiles_are_within_1_of_128_of_the_sorted_values),
		cmocka_unit_test(small_and_equal_values_are_exact),
#define WITH(name) cmocka_unit_test_setup_teardown(name, make, drop)
		WITH(jitter_is_the_distance_from_the_nominal_period),
		WITH(jitter_without_a_period_is_the_change_of_the_period),
		cmocka_unit_test_setup_teardown(jitter_without_a_period_is_the_change_of_the_period,
						make_free_running, drop),
		WITH(no_period_is_counted_over_missing_copperlists),
		WITH(a_call_that_ends_a_period_behind_plan_is_a_miss),
		WITH(failures_and_aborted_calls_are_told_apart),
		WITH(end_to_end_is_from_the_earliest_source_that_a_sink_depends_on),
		WITH(outputs_are_absent_when_their_task_was_called_in_vain),
		WITH(a_held_message_is_neither_new_nor_absent),
		WITH(a_delayed_connection_reads_the_copperlist_before),
		WITH(losses_and_delays_are_summed_from_the_lifecycle),
		WITH(the_newest_status_of_a_task_is_kept),
		WITH(reset_makes_all_zero),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
