/* SPDX-License-Identifier: Apache-2.0 */
/* Logs for the tests of the command line:
 *     make_log DIR RUN CYCLES [cut]         a run of the test graph in DIR: two segments, the second
 *                                           closed in order or cut
 *     make_log varied DIR RUN CYCLES        one segment in which times, presence, results and the
 *                                           numbers of cycles vary, with two gaps
 *     make_log live RUN_DIR RUN COUNT MS    a running one that nobody records: COUNT texts of task imu,
 *                                           one every MS milliseconds, then it ends */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rt/base/file.h"
#include "rt/msg/catalog.h"
#include "rt/shm/region.h"
#include "tests/unit/log_maker.h"

static int fail(const struct takt_err *err)
{
	fprintf(stderr, "make_log: %s\n", err->text);
	return 1;
}

static int make_finished(const char *dir, uint64_t run, uint32_t cycles, bool cut)
{
	struct log_maker *maker = log_maker_create(run, 1);

	if (takt_file_mkdirs(dir, 0755) < 0) {
		return 1;
	}
	log_maker_event(maker, TAKT_EVENT_instantiated, TAKT_NO_TASK, "0.1.0");
	log_maker_cycles(maker, cycles / 2, 10);
	log_maker_event(maker, TAKT_EVENT_overrun, TAKT_NO_TASK, "");
	log_maker_seal_all(maker);
	log_maker_close(maker, 0);
	log_maker_begin(maker);
	log_maker_cycles(maker, cycles - cycles / 2, 10);
	log_maker_event(maker, TAKT_EVENT_shutdown_completed, TAKT_NO_TASK, "\033[31mdone");
	log_maker_seal_all(maker);
	if (!cut) {
		log_maker_close(maker, TAKT_SEGMENT_LAST);
	}
	log_maker_save(maker, dir);
	log_maker_destroy(maker);
	return 0;
}

/* A copperlist of all tasks with times between nothing and twice the period. */
static void put_varied(struct log_maker *maker, uint64_t planned_ns)
{
	struct {
		struct takt_copperlist head;
		struct takt_task_row rows[LOG_MAKER_TASKS];
		struct takt_message_row messages[2];
	} list = { .head = { .task_count = LOG_MAKER_TASKS, .messages_at = offsetof(__typeof__(list),
										   messages) } };
	const uint64_t dice = log_maker_random(maker);
	uint32_t ticks = 0;

	list.head.late_ns = (uint32_t)(log_maker_random(maker) >> (45 + dice % 12));
	maker->mono_ns = planned_ns + list.head.late_ns - 1;
	for (uint32_t i = 0; i < LOG_MAKER_TASKS; i++) {
		const bool due = i < 2 || maker->cycle % 10 == 1;
		const bool aborted = i > 0 && dice % 50 == 7;

		list.rows[i].flags = !due ? 0 : aborted ? TAKT_TASK_ABORTED : TAKT_TASK_RAN;
		if (list.rows[i].flags == TAKT_TASK_RAN) {
			list.rows[i].flags |= i == 0 && dice % 50 == 7 ? TAKT_TASK_FAILED : 0;
			list.rows[i].begin = ticks;
			ticks += (uint32_t)(log_maker_random(maker) >> (44 + dice / 64 % 12));
			list.rows[i].end = ticks;
		}
	}
	list.head.duration = ticks;
	for (uint32_t i = 0; i < 2; i++) {	/* not recorded: rows without payload */
		if (list.rows[i].flags == TAKT_TASK_RAN && dice / 1024 % (i + 2) == 0) {
			list.messages[list.head.message_count++] = (struct takt_message_row){
				.output = i == 0 ? 0 : 2, .flags = TAKT_MESSAGE_NOT_RECORDED,
				.stamp_ns = maker->mono_ns + 1 };
		}
	}
	log_maker_raw(maker, LOG_MAKER_LANE0, TAKT_RECORD_COPPERLIST, &list,
		      (uint32_t)(offsetof(__typeof__(list), messages) +
				 list.head.message_count * sizeof(list.messages[0])));
}

static int make_varied(const char *dir, uint64_t run, uint32_t cycles)
{
	struct log_maker *maker = log_maker_create(run, 2);

	if (takt_file_mkdirs(dir, 0755) < 0) {
		return 1;
	}
	for (uint32_t i = 0; i < cycles; i++) {
		put_varied(maker, LOG_MAKER_ORIGIN_MONO_NS + (uint64_t)i * LOG_MAKER_PERIOD_NS);
		maker->cycle += i == cycles / 3 || i == cycles / 2 ? 18 : 1;
		if (i % 64 == 63) {
			log_maker_seal_all(maker);
		}
	}
	log_maker_event(maker, TAKT_EVENT_gap, TAKT_NO_TASK, "");
	log_maker_seal_all(maker);
	log_maker_close(maker, TAKT_SEGMENT_LAST);
	log_maker_save(maker, dir);
	log_maker_destroy(maker);
	return 0;
}

/* "value N of N": the second format of the maker's catalog. */
static void put_text(struct takt_stream *stream, uint64_t number)
{
	const uint64_t args[3] = { number, number, 0 };
	const uint32_t bytes = (uint32_t)(sizeof(struct takt_text_record) + sizeof(args));
	const struct takt_text_record text = {
		.record = { .bytes = bytes, .kind = TAKT_RECORD_TEXT, .cycle = number,
			    .mono_ns = LOG_MAKER_ORIGIN_MONO_NS + number * 1000000 },
		.site = MAKER_SITE_NUMBERS, .level = 1, .arg_count = 3,
	};
	char *record = takt_stream_reserve(stream, bytes);

	if (record) {
		memcpy(record, &text, sizeof(text));
		memcpy(record + sizeof(text), args, sizeof(args));
		takt_stream_commit(stream, (struct takt_record *)(void *)record);
	}
}

static int make_live(const char *run_dir, uint64_t run, uint32_t count, uint32_t ms)
{
	const struct timespec pause = { ms / 1000, (long)(ms % 1000) * 1000000 };
	const struct takt_stream_spec specs[LOG_MAKER_STREAMS] = {
		{ "lane0", TAKT_STREAM_COPPERLISTS, 4096, 1 << 20 },
		{ "lane0.events", TAKT_STREAM_EVENTS, 512, 1 << 20 },
		{ "main", TAKT_STREAM_EVENTS, 512, 1 << 20 },
		{ TAKT_RECORDER_STREAM, TAKT_STREAM_EVENTS, 512, 1 << 20 },
	};
	struct log_maker *maker = log_maker_create(run, 1);
	struct takt_region_spec spec = {
		.run_dir = run_dir, .streams = specs, .stream_count = LOG_MAKER_STREAMS,
		.catalog = maker->catalog, .catalog_bytes = maker->catalog_bytes,
		.info = { .run = run, .graph = "test", .origin_mono_ns = LOG_MAKER_ORIGIN_MONO_NS,
			  .origin_real_ns = LOG_MAKER_ORIGIN_REAL_NS, .log_dir = "/nowhere" },
	};
	struct takt_region *region = NULL;
	struct takt_stream stream;
	struct takt_err err = { 0 };

	if (takt_run_dir_ensure(run_dir, &err) < 0 || takt_region_create(&spec, &region, &err) < 0 ||
	    takt_region_publish(region, &err) < 0) {
		return fail(&err);
	}
	takt_stream_init(&stream, &region->streams[LOG_MAKER_EVENTS], region->arena,
			 LOG_MAKER_EVENTS, run);
	puts("ready");
	fflush(stdout);
	for (uint32_t i = 0; i < count; i++) {
		put_text(&stream, i);
		nanosleep(&pause, NULL);
	}
	takt_region_close(region);
	log_maker_destroy(maker);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "live") == 0) {
		return make_live(argv[2], strtoull(argv[3], NULL, 16), (uint32_t)strtoul(argv[4],
											 NULL, 10),
				 (uint32_t)strtoul(argv[5], NULL, 10));
	}
	if (argc == 5 && strcmp(argv[1], "varied") == 0) {
		return make_varied(argv[2], strtoull(argv[3], NULL, 16),
				   (uint32_t)strtoul(argv[4], NULL, 10));
	}
	if (argc == 4 || argc == 5) {
		return make_finished(argv[1], strtoull(argv[2], NULL, 16),
				     (uint32_t)strtoul(argv[3], NULL, 10), argc == 5);
	}
	fputs("usage: make_log DIR RUN CYCLES [cut] | make_log varied DIR RUN CYCLES |\n"
	      "       make_log live RUN_DIR RUN COUNT MS\n", stderr);
	return 2;
}
