/* SPDX-License-Identifier: Apache-2.0 */
/* Records in order, filters, seeks, and what is lent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/handle.h"
#include "tests/unit/log_check.h"
#include "tests/unit/unit.h"

#define CYCLES 400u
#define CYCLES_PER_CHUNK 10u

struct fixture {
	struct log_maker *maker;
	struct takt_log *log;
};

static uint64_t read_count;
static struct takt_log_io counted;

static int64_t count_read(void *user, uint64_t offset, void *out, uint32_t bytes)
{
	read_count++;
	return counted.read(user, offset, out, bytes);
}

/* Two segments, 400 cycles. */
static int make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct takt_log_io ios[2];

	f->maker = log_maker_create(9, 3);
	log_maker_cycles(f->maker, CYCLES / 2, CYCLES_PER_CHUNK);
	log_maker_close(f->maker, 0);
	log_maker_begin(f->maker);
	log_maker_cycles(f->maker, CYCLES / 2, CYCLES_PER_CHUNK);
	log_maker_close(f->maker, TAKT_SEGMENT_LAST);
	for (uint32_t i = 0; i < 2; i++) {
		ios[i] = log_maker_io(&f->maker->segments[i]);
		counted = ios[i];
		ios[i].read = count_read;
	}
	*state = f;
	return takt_log_open_io(ios, 2, &f->log, NULL);
}

static int drop(void **state)
{
	struct fixture *f = *state;

	takt_log_close(f->log);
	log_maker_destroy(f->maker);
	free(f);
	return 0;
}

static struct takt_log_cursor *open_cursor(const struct fixture *f,
					   const struct takt_log_filter *filter)
{
	struct takt_log_cursor *cursor = NULL;

	assert_int_equal(takt_log_cursor_create(f->log, filter, &cursor, NULL), 0);
	return cursor;
}

static const struct takt_log_record *next(struct takt_log_cursor *cursor)
{
	const struct takt_log_record *record = NULL;
	const int r = takt_log_next(cursor, &record, NULL);

	assert_true(r >= 0);
	return r == 1 ? record : NULL;
}

static uint32_t count_rest(struct takt_log_cursor *cursor)
{
	uint32_t count = 0;

	while (next(cursor)) {
		count++;
	}
	assert_true(takt_log_ended(cursor));
	takt_log_cursor_destroy(cursor);
	return count;
}

static void records_of_all_streams_come_in_order_of_time(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_cursor *cursor = open_cursor(f, NULL);
	const struct takt_log_record *record;
	uint64_t mono_ns = 0;
	uint32_t i = 0;

	while ((record = next(cursor)) != NULL) {
		assert_true(record->mono_ns > mono_ns);
		mono_ns = record->mono_ns;
		assert_int_equal(record->bytes_count, f->maker->records[i].bytes_count);
		assert_memory_equal(record->bytes, f->maker->records[i].bytes,
				    record->bytes_count);
		i++;
	}
	assert_int_equal(i, f->maker->record_count);
	takt_log_cursor_destroy(cursor);
}

static void equal_times_come_by_number_of_the_stream(void **state)
{
	struct log_maker *maker = log_maker_create(1, 1);
	struct takt_log_cursor *cursor;
	struct takt_log_io io;
	struct fixture f;

	(void)state;
	log_maker_event(maker, 1, TAKT_NO_TASK, "");
	maker->mono_ns--;
	log_maker_text(maker, LOG_MAKER_EVENTS, 0, 0, 1);
	maker->mono_ns--;
	log_maker_copperlist(maker);
	log_maker_seal_all(maker);
	io = log_maker_io(&maker->segments[0]);
	assert_int_equal(takt_log_open_io(&io, 1, &f.log, NULL), 0);
	cursor = open_cursor(&f, NULL);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(next(cursor)->stream, i);
	}
	takt_log_cursor_destroy(cursor);
	takt_log_close(f.log);
	log_maker_destroy(maker);
}

static void copperlist_is_lent_with_times_payloads_and_status(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_copperlist *list;
	const struct takt_log_record *record;
	const struct takt_log_message *m;
	struct takt_log_cursor *cursor;
	const struct maker_pose *pose;
	const struct maker_raw *raw;

	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, 12 };
	cursor = open_cursor(f, &filter);
	record = next(cursor);
	assert_int_equal(record->cycle, 12);
	assert_int_equal(record->mono_ns, LOG_MAKER_ORIGIN_MONO_NS + 12 * LOG_MAKER_PERIOD_NS + 1);
	assert_int_equal(record->real_ns, LOG_MAKER_ORIGIN_REAL_NS + 12 * LOG_MAKER_PERIOD_NS + 1);
	list = record->copperlist;
	assert_non_null(list);
	assert_null(record->text);
	assert_int_equal(list->complete, 1);
	assert_int_equal(list->late_ns, 100);
	assert_int_equal(list->duration_ns, 2500);
	assert_int_equal(list->task_count, LOG_MAKER_TASKS);
	assert_int_equal(list->tasks[1].begin_mono_ns, record->mono_ns + 1000);
	assert_int_equal(list->tasks[1].end_mono_ns, record->mono_ns + 1200);
	assert_int_equal(list->tasks[1].flags, TAKT_LOG_RAN);
	assert_int_equal(list->tasks[2].flags, 0);
	assert_int_equal(list->message_count, 3);
	m = &list->messages[0];
	raw = m->payload;
	assert_int_equal(m->output, 0);
	assert_int_equal(raw->number, 12);
	assert_int_equal(m->payload_bytes, 24 + raw->bytes.count);
	assert_string_equal(m->status, "");
	m = &list->messages[1];
	pose = m->payload;
	assert_true(pose->at.x == 1.5 && pose->kind == MAKER_FULL && pose->valid);
	assert_int_equal((uintptr_t)pose % 8, 0);
	assert_string_equal(m->status, "cycle 12");
	assert_int_equal(m->tov.kind, TAKT_TOV_RANGE);
	assert_int_equal(m->tov.end_ns - m->tov.begin_ns, 5);
	assert_null(list->messages[2].payload);
	assert_int_equal(list->messages[2].output, 2);
	takt_log_cursor_destroy(cursor);
}

static void text_is_lent_with_its_arguments(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	char line[64];

	filter.kinds = 1u << TAKT_LOG_TEXT;
	cursor = open_cursor(f, &filter);
	record = next(cursor);
	assert_int_equal(record->text->arg_count, 0);
	record = next(cursor);
	assert_int_equal(record->text->format, MAKER_SITE_NUMBERS);
	assert_int_equal(record->text->task, 1);
	assert_int_equal(record->text->level, TAKT_LOG_WARNING);
	assert_int_equal(record->text->args[0].i, -2);
	assert_int_equal(takt_log_text_format(f->log, record, line, sizeof(line)), 20);
	assert_string_equal(line, "value -2 of 2, 0.500");
	record = next(cursor);
	assert_string_equal(record->text->args[0].s, "Ångström");
	assert_int_equal(record->text->args[0].bytes, strlen("Ångström"));
	takt_log_text_format(f->log, record, line, sizeof(line));
	assert_string_equal(line, "name 'Ångström' at 0xbeef");
	takt_log_cursor_destroy(cursor);
}

static void lifecycle_is_lent_with_names_of_its_values(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	char line[128];

	filter.kinds = 1u << TAKT_LOG_LIFECYCLE;
	cursor = open_cursor(f, &filter);
	record = next(cursor);
	assert_string_equal(record->lifecycle->name, "overrun");
	assert_string_equal(record->lifecycle->value_names[0], "first cycle");
	assert_int_equal(record->lifecycle->values[1], -3);
	assert_string_equal(record->lifecycle->text, "late");
	assert_int_equal(record->lifecycle->task, TAKT_LOG_NONE);
	takt_log_text_format(f->log, record, line, sizeof(line));
	assert_string_equal(line, "overrun: 0 cycles too long from #17, the worst by 0ns, -3 cycles "
				  "skipped: late");
	takt_log_cursor_destroy(cursor);
}

static void filter_by_kind_level_and_task(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	uint32_t count = 0;

	filter.kinds = 1u << TAKT_LOG_LIFECYCLE;
	assert_int_equal(count_rest(open_cursor(f, &filter)), CYCLES / 8);
	filter.kinds = 1u << TAKT_LOG_TEXT;
	assert_int_equal(count_rest(open_cursor(f, &filter)), CYCLES / 2);
	filter.level_min = TAKT_LOG_ERROR;
	filter.task = 1;
	cursor = open_cursor(f, &filter);
	while ((record = next(cursor)) != NULL) {
		assert_true(record->text->level >= TAKT_LOG_ERROR);
		assert_int_equal(record->text->task, 1);
		count++;
	}
	assert_true(count > 10);
	takt_log_cursor_destroy(cursor);
	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	filter.task = 2;		/* runs every tenth cycle, has no output */
	assert_int_equal(count_rest(open_cursor(f, &filter)), CYCLES / 10);
	filter.task = 99;
	assert_int_equal(count_rest(open_cursor(f, &filter)), 0);
}

static void filter_by_cycle_and_time_takes_both_ends(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;

	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, 33 };
	filter.until = (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, 250 };
	assert_int_equal(count_rest(open_cursor(f, &filter)), 250 - 33 + 1);
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_REAL, 0,
		(uint64_t)LOG_MAKER_ORIGIN_REAL_NS + 100 * LOG_MAKER_PERIOD_NS + 1 };
	filter.until = (struct takt_log_point){ TAKT_LOG_AT_MONO, 0,
		LOG_MAKER_ORIGIN_MONO_NS + 110 * LOG_MAKER_PERIOD_NS + 1 };
	assert_int_equal(count_rest(open_cursor(f, &filter)), 11);
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_REAL, 0, 5 };	/* long before */
	filter.until = (struct takt_log_point){ 0 };
	assert_int_equal(count_rest(open_cursor(f, &filter)), CYCLES);
}

static void seek_finds_every_cycle(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	struct takt_log_cursor *cursor;

	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	cursor = open_cursor(f, &filter);
	for (uint64_t i = 0; i < CYCLES; i++) {
		const uint64_t cycle = i * 7 % CYCLES;
		const struct takt_log_point point = { TAKT_LOG_AT_CYCLE, 0, cycle };

		assert_int_equal(takt_log_seek(cursor, point, NULL), 0);
		assert_int_equal(next(cursor)->cycle, cycle);
		if (cycle + 1 < CYCLES) {
			assert_int_equal(next(cursor)->cycle, cycle + 1);
		}
	}
	assert_int_equal(takt_log_seek(cursor, (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, CYCLES },
				       NULL), 0);
	assert_null(next(cursor));
	assert_int_equal(takt_log_seek(cursor, (struct takt_log_point){ 0 }, NULL), 0);
	assert_int_equal(next(cursor)->cycle, 0);
	assert_int_equal(takt_log_seek(cursor, (struct takt_log_point){ 7, 0, 0 }, NULL), -EINVAL);
	takt_log_cursor_destroy(cursor);
}

static void seek_by_time_stands_in_every_stream(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_cursor *cursor = open_cursor(f, NULL);

	for (uint32_t i = 0; i < f->maker->record_count; i += 13) {
		const struct takt_log_point point = { TAKT_LOG_AT_MONO, 0,
						      f->maker->records[i].mono_ns };

		assert_int_equal(takt_log_seek(cursor, point, NULL), 0);
		for (uint32_t j = i; j < i + 30 && j < f->maker->record_count; j++) {
			assert_int_equal(next(cursor)->mono_ns, f->maker->records[j].mono_ns);
		}
	}
	takt_log_cursor_destroy(cursor);
}

static void seek_reads_one_chunk_of_each_stream(void **state)
{
	const struct fixture *f = *state;
	struct takt_log_cursor *cursor = open_cursor(f, NULL);
	const struct takt_log_point point = { TAKT_LOG_AT_CYCLE, 0, 305 };

	read_count = 0;
	assert_int_equal(takt_log_seek(cursor, point, NULL), 0);
	assert_non_null(next(cursor));
	assert_true(read_count > 0);
	assert_true(read_count <= LOG_MAKER_STREAMS);
	takt_log_cursor_destroy(cursor);
}

static void seek_last_leaves_at_least_as_many(void **state)
{
	const struct fixture *f = *state;

	for (uint64_t count = 1; count < 1000; count = count * 3 + 1) {
		struct takt_log_cursor *cursor = open_cursor(f, NULL);
		uint32_t rest;

		assert_int_equal(takt_log_seek_last(cursor, count, NULL), 0);
		rest = count_rest(cursor);
		assert_true(rest >= count || rest == f->maker->record_count);
		assert_true(rest <= count + 3 * 2 * CYCLES_PER_CHUNK);
	}
}

static void info_and_tables_say_what_was_recorded(void **state)
{
	const struct fixture *f = *state;
	const struct takt_log_info *info = takt_log_info_of(f->log);
	const struct takt_log_type *pose = takt_log_type_at(f->log, 2);

	assert_string_equal(info->graph, "test");
	assert_int_equal(info->run, 9);
	assert_int_equal(info->state, TAKT_LOG_CLEAN);
	assert_int_equal(info->segment_count, 2);
	assert_int_equal(info->period_ns, LOG_MAKER_PERIOD_NS);
	assert_int_equal(info->copperlist_count, CYCLES);
	assert_int_equal(info->record_count, f->maker->record_count);
	assert_int_equal(info->first_cycle, 0);
	assert_int_equal(info->last_cycle, CYCLES - 1);
	assert_int_equal(info->end_mono_ns, f->maker->mono_ns);
	assert_string_equal(info->config, "takt: 1\nname: test\n");
	assert_string_equal(info->machine_id, "machine");
	assert_string_equal(takt_log_stream_at(f->log, 1)->name, "lane0.events");
	assert_int_equal(takt_log_stream_at(f->log, 0)->chunk_count, CYCLES / CYCLES_PER_CHUNK);
	assert_null(takt_log_stream_at(f->log, LOG_MAKER_STREAMS));
	assert_int_equal(takt_log_task_find(f->log, "show"), 2);
	assert_int_equal(takt_log_task_find(f->log, "nobody"), TAKT_LOG_NONE);
	assert_string_equal(takt_log_output_at(f->log, 1)->port, "pose");
	assert_int_equal(takt_log_connection_at(f->log, 1)->hold_ns, 500000000);
	assert_string_equal(takt_log_format_at(f->log, 1)->tags, "iuf");
	assert_string_equal(takt_log_fact_at(f->log, 1)->value, "box");
	assert_string_equal(pose->type->name, "maker_pose");
	assert_int_equal(pose->bytes, sizeof(struct maker_pose));
	assert_int_equal(pose->places[4].offset_bytes, offsetof(struct maker_pose, valid));
	assert_int_equal(pose->places[0].of, 1);
	assert_string_equal(takt_log_type_at(f->log, pose->places[0].of)->type->name, "maker_at");
}

static void item_counts_are_bounded_by_type_and_bytes(void **state)
{
	const struct fixture *f = *state;
	const struct takt_log_type *raw = takt_log_type_at(f->log, 0);
	const struct takt_log_type *pose = takt_log_type_at(f->log, 2);
	struct maker_raw r = { .bytes = { .count = 1000000 } };
	struct maker_pose p = { .frame = "elevenchars" };

	assert_int_equal(takt_log_item_count(raw, 2, &r, sizeof(r)), 40);
	assert_int_equal(takt_log_item_count(raw, 2, &r, 30), 6);
	assert_int_equal(takt_log_item_count(raw, 2, &r, 22), 0);
	assert_int_equal(takt_log_item_count(raw, 1, &r, 16), 2);
	r.bytes.count = 3;
	assert_int_equal(takt_log_item_count(raw, 2, &r, sizeof(r)), 3);
	assert_int_equal(takt_log_item_count(pose, 3, &p, sizeof(p)), 11);
	memset(p.frame, 'x', sizeof(p.frame));
	assert_int_equal(takt_log_item_count(pose, 3, &p, sizeof(p)), 12);
	assert_int_equal(takt_log_item_count(pose, 0, &p, sizeof(p)), 1);
	assert_int_equal(takt_log_item_count(pose, 9, &p, sizeof(p)), 0);
}

/* A chunk with a right checksum and one impossible record between good ones. */
static void check_impossible(uint32_t stream, uint16_t kind, void *record, uint32_t bytes)
{
	struct log_maker *maker = log_maker_create(1, 1);
	struct takt_log_error error = { 0 };
	struct log_check check;
	struct takt_log *log;

	log_maker_cycles(maker, 3, 100);
	log_maker_raw(maker, stream, kind, record, bytes);
	log_maker_cycles(maker, 3, 100);
	log_maker_seal_all(maker);
	if (!log_check_segments(maker, &log, &check, &error)) {
		fail_msg("%s%s", check.fault, error.text);
	}
	assert_int_equal(check.missing_count, 0);
	assert_int_equal(takt_log_info_of(log)->damage_count, 1);
	assert_int_equal(takt_log_damage_at(log, 0)->kind, TAKT_LOG_BAD_RECORD);
	assert_int_equal(takt_log_damage_at(log, 0)->bytes, bytes);
	takt_log_close(log);
	log_maker_destroy(maker);
}

static void impossible_records_are_passed_and_reported(void **state)
{
	struct {
		struct takt_copperlist head;
		struct takt_task_row rows[3];
		uint64_t payload[8];
		struct takt_message_row row;
	} list;
	uint64_t words[sizeof(struct takt_text_record) / 8 + 4] = { 0 };
	struct takt_text_record *text = (struct takt_text_record *)(void *)words;
	struct takt_lifecycle_record event;
	const uint32_t row_at = offsetof(__typeof__(list), row);
	const uint32_t payload_at = offsetof(__typeof__(list), payload);
	const struct takt_message_row rows[] = {
		{ .output = 3, .payload_at = payload_at, .payload_bytes = 24 },
		{ .output = 0, .payload_at = payload_at, .payload_bytes = 23 },
		{ .output = 0, .payload_at = payload_at, .payload_bytes = 4000 },
		{ .output = 0, .payload_at = payload_at + 4, .payload_bytes = 24 },
		{ .output = 0, .payload_at = 0xfffffff8u, .payload_bytes = 24 },
		{ .output = 0, .payload_at = 48, .payload_bytes = 24 },
		{ .output = 0, .payload_at = payload_at, .payload_bytes = 24, .tov_kind = 3 },
		{ .output = 0, .payload_at = payload_at, .payload_bytes = 24,
		  .status_at = sizeof(list), .status_bytes = 1 },
		{ .output = 0, .payload_at = payload_at, .payload_bytes = 24,
		  .status_at = payload_at, .status_bytes = 64 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&list, 0, sizeof(list));
		list.head.task_count = 3;
		list.head.message_count = 1;
		list.head.messages_at = row_at;
		list.row = rows[i];
		check_impossible(LOG_MAKER_LANE0, TAKT_RECORD_COPPERLIST, &list, sizeof(list));
	}
	for (uint32_t i = 0; i < 4; i++) {
		memset(&list, 0, sizeof(list));
		list.head.task_count = i == 0 ? 4 : i == 1 ? UINT32_MAX : 3;
		list.head.message_count = i == 2 ? UINT32_MAX / 48 + 2 : 1;
		list.head.messages_at = i == 3 ? row_at + 8 : row_at;
		check_impossible(LOG_MAKER_LANE0, TAKT_RECORD_COPPERLIST, &list, sizeof(list));
	}
	check_impossible(LOG_MAKER_EVENTS, TAKT_RECORD_COPPERLIST, &list, sizeof(list));
	text->arg_count = 5;
	check_impossible(LOG_MAKER_EVENTS, TAKT_RECORD_TEXT, words, sizeof(words));
	text->arg_count = 2;
	text->site = MAKER_SITE_STRING;
	text->args[0] = (uint64_t)17 << 32 | 48;
	check_impossible(LOG_MAKER_EVENTS, TAKT_RECORD_TEXT, words, sizeof(words));
	text->args[0] = (uint64_t)8 << 32 | 40;
	check_impossible(LOG_MAKER_EVENTS, TAKT_RECORD_TEXT, words, sizeof(words));
	memset(&event, 0, sizeof(event));
	event.text_bytes = 1;
	check_impossible(LOG_MAKER_MAIN, TAKT_RECORD_LIFECYCLE, &event, sizeof(event));
}

static void records_of_later_kinds_are_passed_quietly(void **state)
{
	struct log_maker *maker = log_maker_create(1, 1);
	struct takt_log_error error = { 0 };
	uint64_t record[5] = { 0 };
	struct log_check check;
	struct takt_log *log;

	(void)state;
	log_maker_cycles(maker, 3, 100);
	log_maker_raw(maker, LOG_MAKER_EVENTS, 77, record, sizeof(record));
	log_maker_cycles(maker, 3, 100);
	log_maker_seal_all(maker);
	assert_true(log_check_segments(maker, &log, &check, &error));
	assert_int_equal(check.missing_count, 0);
	assert_int_equal(takt_log_info_of(log)->damage_count, 0);
	takt_log_close(log);
	log_maker_destroy(maker);
}

static void verify_finds_what_open_does_not(void **state)
{
	struct fixture *f = *state;
	const struct log_maker_chunk *chunk = &f->maker->chunks[20];

	f->maker->segments[chunk->segment].bytes[chunk->offset + 200] ^= 1;
	assert_int_equal(takt_log_info_of(f->log)->damage_count, 0);
	assert_int_equal(takt_log_verify(f->log, NULL), 0);
	assert_int_equal(takt_log_info_of(f->log)->damage_count, 1);
	assert_int_equal(takt_log_verify(f->log, NULL), 0);
	assert_int_equal(takt_log_info_of(f->log)->damage_count, 1);
	f->maker->segments[chunk->segment].bytes[chunk->offset + 200] ^= 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_all_streams_come_in_order_of_time),
		cmocka_unit_test(equal_times_come_by_number_of_the_stream),
		cmocka_unit_test(copperlist_is_lent_with_times_payloads_and_status),
		cmocka_unit_test(text_is_lent_with_its_arguments),
		cmocka_unit_test(lifecycle_is_lent_with_names_of_its_values),
		cmocka_unit_test(filter_by_kind_level_and_task),
		cmocka_unit_test(filter_by_cycle_and_time_takes_both_ends),
		cmocka_unit_test(seek_finds_every_cycle),
		cmocka_unit_test(seek_by_time_stands_in_every_stream),
		cmocka_unit_test(seek_reads_one_chunk_of_each_stream),
		cmocka_unit_test(seek_last_leaves_at_least_as_many),
		cmocka_unit_test(info_and_tables_say_what_was_recorded),
		cmocka_unit_test(item_counts_are_bounded_by_type_and_bytes),
		cmocka_unit_test(impossible_records_are_passed_and_reported),
		cmocka_unit_test(records_of_later_kinds_are_passed_quietly),
		cmocka_unit_test(verify_finds_what_open_does_not),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
