/* SPDX-License-Identifier: Apache-2.0 */
/* Text and lifecycle records of one producer, read back as the recorder sees them. */
#include <stdlib.h>
#include <string.h>

#include "rt/engine/events.h"
#include "rt/msg/catalog.h"
#include "tests/unit/unit.h"

#define RUN 77u
#define RING_BYTES (256u << 10)
#define LEVELS (TAKT_CRITICAL + 1)

struct fixture {
	struct takt_stream_shared shared;
	struct takt_events events;
	struct takt_stream_view view;
	char *arena;
	uint64_t position;		/* of the next chunk to take */
	uint64_t seen[LEVELS];		/* texts that were read */
	uint64_t lost[LEVELS];		/* as texts_lost says */
	uint64_t lost_records;		/* as events_lost says */
	uint64_t lost_texts;
	uint64_t lifecycle;		/* other records */
	uint64_t suppressed;
	uint64_t last_serial[LEVELS];
	char strings[4][TAKT_TEXT_STRING_BYTES + 1];	/* of the last text */
	uint64_t words[TAKT_TEXT_ARGS];
};

static void setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->arena = aligned_alloc(65536, RING_BYTES);
	assert_non_null(f->arena);
	memset(f->arena, 0xa5, RING_BYTES);
	takt_stream_shared_init(&f->shared, TAKT_STREAM_EVENTS, "lane0.events", 0, RING_BYTES,
				TAKT_EVENT_BYTES_MAX);
	takt_stream_init(&f->events.stream, &f->shared, f->arena, 1, RUN);
	f->view = (struct takt_stream_view){ &f->shared, f->arena, RING_BYTES, RUN, 1, TAKT_CHUNK_EVENTS };
}

static void see_text(struct fixture *f, const struct takt_text_record *text)
{
	f->seen[text->level]++;
	if (text->record.flags & TAKT_TEXT_HAS_SUPPRESSED) {
		f->suppressed += text->args[text->arg_count];
	}
	for (uint32_t i = 0, n = 0; i < text->arg_count; i++) {
		struct takt_text_string string;

		f->words[i] = text->args[i];
		memcpy(&string, &text->args[i], sizeof(string));
		if (text->site == 's' && n < 4) {	/* a site of these tests with strings only */
			assert_true(string.at + string.bytes < text->record.bytes);
			assert_int_equal(((const char *)text)[string.at + string.bytes], 0);
			memcpy(f->strings[n++], (const char *)text + string.at, string.bytes + 1);
		}
	}
	if (text->site == 'n') {	/* numbered: none is doubled or out of order */
		assert_true(text->args[0] > f->last_serial[text->level]);
		f->last_serial[text->level] = text->args[0];
	}
}

static void see_event(struct fixture *f, const struct takt_lifecycle_record *event)
{
	if (event->event == TAKT_EVENT_texts_lost) {
		f->lost[event->values[0]] += (uint64_t)event->values[1];
	} else if (event->event == TAKT_EVENT_events_lost) {
		f->lost_records += (uint64_t)event->values[0];
		f->lost_texts += (uint64_t)event->values[1];
	} else {
		f->lifecycle++;
	}
}

/* Take all sealed chunks, and what is in the open one if @open; release them if @release. */
static void take(struct fixture *f, bool open, bool release)
{
	struct takt_stream_positions p;
	struct takt_chunk_place place;

	assert_int_equal(takt_stream_positions(&f->view, &p), 0);
	while (takt_stream_find_chunk(&f->view, &p, f->position, &place) == 1 && (open || !place.open)) {
		char *bytes = malloc(place.used_bytes);

		assert_int_equal(takt_stream_copy(&f->view, place.position + TAKT_CHUNK_HEADER_BYTES, bytes,
						  place.used_bytes), 0);
		for (uint32_t at = 0; at < place.used_bytes;) {
			const struct takt_record *record = (const void *)(bytes + at);

			if (record->kind == TAKT_RECORD_TEXT) {
				see_text(f, (const void *)record);
			} else {
				see_event(f, (const void *)record);
			}
			at += record->bytes;
		}
		free(bytes);
		if (place.open) {
			break;
		}
		f->position = place.next;
	}
	if (release) {
		atomic_store_explicit(&f->shared.released, p.sealed, memory_order_release);
	}
}

static void teardown(struct fixture *f)
{
	free(f->arena);
}

static bool text(struct fixture *f, uint8_t level, uint64_t serial)
{
	const struct takt_text_site site = { .format = "%lu", .file = "t.c", .id = 'n', .level = level,
					     .arg_count = 1, .tags = "u" };
	const struct takt_text_call call = { .site = &site, .args = &serial, .cycle = serial,
					     .mono_ns = serial * 1000, .task = 3 };

	return takt_events_text(&f->events, &call);
}

static void strings_stand_behind_the_arguments(void **state)
{
	char longer[1000], unterminated[5] = { 'a', 'b', 'c', 'd', 'e' };
	const uint64_t args[] = { (uintptr_t)longer, 0, (uintptr_t)unterminated, (uintptr_t)unterminated };
	const struct takt_text_site site = { .format = "%s %s %.5s %.s", .file = "t.c", .id = 's',
					     .level = TAKT_INFO, .arg_count = 4, .tags = "ssss",
					     .bounds = { 0, 0, 5, TAKT_TEXT_BOUND_NOTHING } };
	const struct takt_text_call call = { .site = &site, .args = args, .suppressed = 12 };
	struct fixture f;

	(void)state;
	setup(&f);
	memset(longer, 'x', sizeof(longer));
	assert_true(takt_events_text(&f.events, &call));
	takt_events_end(&f.events, 1, 1);
	take(&f, true, false);
	assert_int_equal(strlen(f.strings[0]), TAKT_TEXT_STRING_BYTES);
	assert_string_equal(f.strings[1], "(null)");
	assert_string_equal(f.strings[2], "abcde");
	assert_string_equal(f.strings[3], "");
	assert_int_equal(f.suppressed, 12);
	teardown(&f);
}

static void star_reads_no_further_than_it_says(void **state)
{
	const uint64_t args[2] = { 3, (uintptr_t)"abcdefgh" }, negative[2] = { (uint64_t)-1, args[1] };
	const struct takt_text_site site = { .format = "%.*s", .file = "t.c", .level = TAKT_INFO, .arg_count = 2,
					     .tags = "is", .bounds = { TAKT_TEXT_BOUND_BEFORE } };
	struct takt_text_call call = { .site = &site, .args = args };
	struct takt_text_string string;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_true(takt_events_text(&f.events, &call));
	take(&f, true, false);
	memcpy(&string, &f.words[1], sizeof(string));
	assert_int_equal(string.bytes, 3);
	call.args = negative;	/* as if there were none */
	assert_true(takt_events_text(&f.events, &call));
	take(&f, true, false);
	memcpy(&string, &f.words[1], sizeof(string));
	assert_int_equal(string.bytes, 8);
	teardown(&f);
}

/* A flood of everything while the recorder stands still for @cycles cycles of a millisecond. */
static void flood(struct fixture *f, uint64_t cycles, uint64_t called[LEVELS])
{
	for (uint64_t cycle = 1; cycle <= cycles; cycle++) {
		for (uint32_t i = 0; i < 20; i++) {
			text(f, i % 2 ? TAKT_INFO : TAKT_DEBUG, ++called[i % 2 ? TAKT_INFO : TAKT_DEBUG]);
		}
		if (cycle % 100 == 0) {
			text(f, TAKT_WARNING, ++called[TAKT_WARNING]);
			text(f, TAKT_ERROR, ++called[TAKT_ERROR]);
		}
		takt_events_flush(&f->events, cycle, cycle * 1000000, (cycle + 1) * 1000000, 20000000);
	}
}

static void check_sums(const struct fixture *f, const uint64_t called[LEVELS])
{
	uint64_t lost = 0;

	for (uint32_t i = 0; i < LEVELS; i++) {
		assert_int_equal(f->seen[i] + f->lost[i], called[i]);
		lost += f->lost[i];
	}
	assert_int_equal(f->lost_texts, lost);
	assert_true(f->lost_records >= lost);
}

static void flood_of_lower_levels_never_loses_a_warning_or_an_error(void **state)
{
	uint64_t called[LEVELS] = { 0 };
	struct fixture f;

	(void)state;
	setup(&f);
	/* 20 s without a recorder, flush 20 ms: by far more chunks than the reserve has blocks. */
	flood(&f, 20000, called);
	take(&f, false, true);
	takt_events_end(&f.events, 20001, 20001000000);
	take(&f, true, true);
	assert_int_equal(f.seen[TAKT_WARNING], 200);
	assert_int_equal(f.seen[TAKT_ERROR], 200);
	assert_true(f.lost[TAKT_INFO] > 100000 && f.lost[TAKT_DEBUG] > 100000);
	check_sums(&f, called);
	teardown(&f);
}

static void loss_is_exact_for_each_level_when_the_recorder_comes_and_goes(void **state)
{
	uint64_t called[LEVELS] = { 0 };
	struct fixture f;

	(void)state;
	setup(&f);
	for (uint32_t i = 0; i < 50; i++) {
		flood(&f, 50 + i * 7 % 90, called);
		take(&f, false, i % 3 != 0);
	}
	takt_events_end(&f.events, 99999, 1);
	take(&f, true, true);
	assert_true(f.lost[TAKT_INFO] > 0);
	assert_int_equal(f.lost[TAKT_WARNING] + f.lost[TAKT_ERROR], 0);
	check_sums(&f, called);
	teardown(&f);
}

static void flood_of_errors_is_lost_and_counted_too(void **state)
{
	uint64_t called[LEVELS] = { 0 }, events = 0;
	struct fixture f;

	(void)state;
	setup(&f);
	for (uint32_t i = 0; i < 20000; i++) {
		text(&f, TAKT_CRITICAL, ++called[TAKT_CRITICAL]);
		events += takt_events_put(&f.events, i, i, 1, TAKT_EVENT_task_failed, NULL, "process");
	}
	takt_stream_seal(&f.events.stream);
	take(&f, false, true);
	takt_events_end(&f.events, 1, 1);
	take(&f, true, true);
	assert_true(f.lost[TAKT_CRITICAL] > 10000);
	assert_int_equal(f.lifecycle, events);
	assert_int_equal(f.lost_records, f.lost[TAKT_CRITICAL] + 20000 - events);
	check_sums(&f, called);
	teardown(&f);
}

static void lifecycle_events_are_put_in_the_reserve(void **state)
{
	uint64_t called[LEVELS] = { 0 };
	struct fixture f;

	(void)state;
	setup(&f);
	flood(&f, 1000, called);
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(takt_events_put(&f.events, i, i, 1, TAKT_EVENT_task_failed, NULL, "process"));
	}
	teardown(&f);
}

static void full_ring_is_sealed_by_time_again_once_it_is_released(void **state)
{
	uint64_t called[LEVELS] = { 0 };
	struct fixture f;
	uint64_t sealed;

	(void)state;
	setup(&f);
	flood(&f, 1000, called);
	take(&f, false, true);
	sealed = atomic_load(&f.shared.sealed);
	flood(&f, 100, called);
	assert_true(atomic_load(&f.shared.sealed) > sealed);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_stand_behind_the_arguments),
		cmocka_unit_test(star_reads_no_further_than_it_says),
		cmocka_unit_test(flood_of_lower_levels_never_loses_a_warning_or_an_error),
		cmocka_unit_test(loss_is_exact_for_each_level_when_the_recorder_comes_and_goes),
		cmocka_unit_test(flood_of_errors_is_lost_and_counted_too),
		cmocka_unit_test(lifecycle_events_are_put_in_the_reserve),
		cmocka_unit_test(full_ring_is_sealed_by_time_again_once_it_is_released),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
