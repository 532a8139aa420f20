/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rt/msg/catalog.h"
#include "rt/shm/stream.h"
#include "tests/unit/unit.h"

#define RUN 0x1122334455667788ull

struct fixture {
	struct takt_stream_shared shared;
	struct takt_stream stream;
	struct takt_stream_view view;
	char *arena;
};

static void setup(struct fixture *f, uint32_t record_bytes_max, uint64_t ring_bytes)
{
	memset(f, 0, sizeof(*f));
	if (ring_bytes == 0) {
		ring_bytes = takt_stream_ring_bytes_min(record_bytes_max);
	}
	f->arena = aligned_alloc(65536, ring_bytes);
	assert_non_null(f->arena);
	memset(f->arena, 0xa5, ring_bytes);
	takt_stream_shared_init(&f->shared, TAKT_STREAM_COPPERLISTS, "lane0", 0, ring_bytes,
				record_bytes_max);
	takt_stream_init(&f->stream, &f->shared, f->arena, 3, RUN);
	f->view = (struct takt_stream_view){ &f->shared, f->arena, ring_bytes, RUN, 3,
					     TAKT_CHUNK_COPPERLISTS };
}

static bool put(struct takt_stream *stream, uint64_t cycle, uint32_t bytes)
{
	struct takt_record *record = takt_stream_reserve(stream, bytes);

	if (!record) {
		return false;
	}
	*record = (struct takt_record){ bytes, TAKT_RECORD_COPPERLIST, 0, cycle, cycle * 1000 };
	memset(record + 1, (int)(cycle & 0xff), bytes - sizeof(*record));
	takt_stream_commit(stream, record);
	return true;
}

/* Walk everything from @position; checks contents; returns the next expected cycle. */
static uint64_t walk(struct fixture *f, uint64_t *position, uint64_t cycle, bool release)
{
	struct takt_stream_positions p;
	struct takt_chunk_place place;
	int r;

	assert_int_equal(takt_stream_positions(&f->view, &p), 0);
	while ((r = takt_stream_find_chunk(&f->view, &p, *position, &place)) == 1) {
		char *bytes = malloc(place.used_bytes);

		assert_int_equal(takt_stream_copy(&f->view, place.position + TAKT_CHUNK_HEADER_BYTES,
						  bytes, place.used_bytes), 0);
		for (uint32_t at = 0; at < place.used_bytes;) {
			const struct takt_record *record = (const void *)(bytes + at);

			assert_int_equal(record->cycle, cycle);
			assert_int_equal(((const uint8_t *)(record + 1))[0], cycle & 0xff);
			cycle++;
			at += record->bytes;
		}
		free(bytes);
		if (place.open) {
			break;
		}
		*position = place.next;
		if (release) {
			atomic_store_explicit(&f->shared.released, place.next, memory_order_release);
		}
	}
	assert_true(r >= 0);
	return cycle;
}

static void records_come_back_in_order_across_chunks_and_the_ring_end(void **state)
{
	struct fixture f;
	uint64_t position = 0, seen = 0;

	(void)state;
	setup(&f, 5000, 0);
	srand(7);
	for (uint64_t cycle = 0; cycle < 20000; cycle++) {
		const uint32_t bytes = 24 + 8 + (uint32_t)(rand() % 600) * 8;

		assert_true(put(&f.stream, cycle, bytes));
		if (rand() % 4 == 0) {
			takt_stream_seal(&f.stream);
		}
		if (cycle % 3 == 0) {
			seen = walk(&f, &position, seen, true);
			assert_true(seen <= cycle + 1);
			position = atomic_load(&f.shared.released);
			seen = seen > 0 ? seen : 0;
			/* the open chunk is read again next time: count only sealed records */
			if (f.stream.open) {
				seen -= f.stream.record_count;
			}
		}
	}
	takt_stream_seal(&f.stream);
	assert_int_equal(walk(&f, &position, seen, true), 20000);
	free(f.arena);
}

static void full_ring_refuses_and_nothing_unreleased_is_overwritten(void **state)
{
	struct fixture f;
	uint64_t position = 0, cycle = 0;

	(void)state;
	setup(&f, 1000, 0);
	while (put(&f.stream, cycle, 1000)) {
		cycle++;
		takt_stream_seal(&f.stream);
	}
	assert_true(cycle >= 8);
	assert_int_equal(walk(&f, &position, 0, false), cycle);
	assert_null(takt_stream_reserve(&f.stream, 1000));
	atomic_store(&f.shared.released, 4096);
	assert_true(put(&f.stream, cycle, 1000));
	assert_false(put(&f.stream, cycle + 1, 3500));
	free(f.arena);
}

static void impossible_released_is_ignored_and_counted(void **state)
{
	struct fixture f;
	uint64_t cycle = 0;

	(void)state;
	setup(&f, 1000, 0);
	while (put(&f.stream, cycle, 1000)) {
		cycle++;
		takt_stream_seal(&f.stream);
	}
	atomic_store(&f.shared.released, UINT64_MAX - 4095);
	assert_false(put(&f.stream, cycle, 1000));
	assert_true(f.stream.distrusted > 0);
	atomic_store(&f.shared.released, 8192);
	assert_true(put(&f.stream, cycle, 1000));
	atomic_store(&f.shared.released, 4096);	/* backwards */
	assert_true(put(&f.stream, cycle + 1, 1000));
	assert_int_equal(f.stream.released, 8192);
	free(f.arena);
}

static void reservation_that_is_not_committed_leaves_no_trace(void **state)
{
	struct fixture f;
	uint64_t position = 0;

	(void)state;
	setup(&f, 8000, 0);
	for (int i = 0; i < 100; i++) {
		assert_non_null(takt_stream_reserve(&f.stream, 8000));
	}
	takt_stream_seal(&f.stream);
	assert_true(put(&f.stream, 0, 64));
	assert_non_null(takt_stream_reserve(&f.stream, 8000));
	assert_true(put(&f.stream, 1, 64));
	assert_int_equal(walk(&f, &position, 0, false), 2);
	free(f.arena);
}

static void open_chunk_is_found_up_to_committed(void **state)
{
	struct fixture f;
	struct takt_stream_positions p;
	struct takt_chunk_place place;

	(void)state;
	setup(&f, 1000, 0);
	assert_int_equal(takt_stream_positions(&f.view, &p), 0);
	assert_int_equal(takt_stream_find_chunk(&f.view, &p, 0, &place), 0);
	assert_true(put(&f.stream, 0, 104));
	assert_true(put(&f.stream, 1, 96));
	assert_int_equal(takt_stream_positions(&f.view, &p), 0);
	assert_int_equal(takt_stream_find_chunk(&f.view, &p, 0, &place), 1);
	assert_true(place.open);
	assert_int_equal(place.used_bytes, 200);
	takt_stream_seal(&f.stream);
	assert_int_equal(takt_stream_positions(&f.view, &p), 0);
	assert_int_equal(takt_stream_find_chunk(&f.view, &p, 0, &place), 1);
	assert_false(place.open);
	assert_int_equal(place.next, 4096);
	free(f.arena);
}

static void foreign_bytes_are_no_chunk(void **state)
{
	struct fixture f;
	struct takt_stream_positions p;
	struct takt_chunk_place place;

	(void)state;
	setup(&f, 1000, 0);
	assert_true(put(&f.stream, 0, 104));
	takt_stream_seal(&f.stream);
	assert_int_equal(takt_stream_positions(&f.view, &p), 0);
	((struct takt_chunk *)(void *)f.arena)->used_bytes = 0x7fffffff;
	assert_int_equal(takt_stream_find_chunk(&f.view, &p, 0, &place), -EBADMSG);
	((struct takt_chunk *)(void *)f.arena)->used_bytes = 104;
	assert_int_equal(takt_stream_find_chunk(&f.view, &p, 0, &place), 1);
	((struct takt_chunk *)(void *)f.arena)->position = 4096;
	assert_int_equal(takt_stream_find_chunk(&f.view, &p, 0, &place), -EBADMSG);
	free(f.arena);
}

struct race {
	struct fixture f;
	_Atomic bool done;
	uint64_t read;
	bool wrong;
};

#define RACE_CYCLES 30000u

/* Reads like taktd does; collects what is wrong, asserts are for the test's thread. */
static void *consume(void *arg)
{
	struct race *race = arg;
	const struct takt_stream_view *view = &race->f.view;
	static char bytes[1 << 20];
	uint64_t position = 0;

	for (;;) {
		const bool last = atomic_load(&race->done);
		struct takt_stream_positions p;
		struct takt_chunk_place place;
		int r = takt_stream_positions(view, &p);

		while (r == 0 && (r = takt_stream_find_chunk(view, &p, position, &place)) == 1 &&
		       !place.open) {
			if (takt_stream_copy(view, place.position + TAKT_CHUNK_HEADER_BYTES, bytes,
					     place.used_bytes) < 0) {
				race->wrong = true;
			}
			for (uint32_t at = 0; at < place.used_bytes;) {
				const struct takt_record *record = (const void *)(bytes + at);

				race->wrong |= record->cycle != race->read;
				race->read++;
				at += record->bytes;
			}
			position = place.next;
			atomic_store_explicit(&race->f.shared.released, position,
					      memory_order_release);
			r = 0;
		}
		race->wrong |= r < 0;
		if (last) {
			return NULL;
		}
	}
}

static void one_producer_and_one_consumer_agree(void **state)
{
	struct race *race = calloc(1, sizeof(*race));
	pthread_t thread;

	(void)state;
	setup(&race->f, 2000, 0);
	assert_int_equal(pthread_create(&thread, NULL, consume, race), 0);
	for (uint64_t cycle = 0; cycle < RACE_CYCLES;) {
		if (put(&race->f.stream, cycle, 32 + (uint32_t)(cycle % 100) * 8)) {
			cycle++;
			if (cycle % 5 == 0) {
				takt_stream_seal(&race->f.stream);
			}
		} else {
			takt_stream_seal(&race->f.stream);
		}
	}
	takt_stream_seal(&race->f.stream);
	atomic_store(&race->done, true);
	pthread_join(thread, NULL);
	assert_false(race->wrong);
	assert_int_equal(race->read, RACE_CYCLES);
	free(race->f.arena);
	free(race);
}

/* --- resuming -------------------------------------------------------------------------------- */

static void resume(struct fixture *f)
{
	memset(&f->stream, 0, sizeof(f->stream));
	assert_int_equal(takt_stream_resume(&f->stream, &f->shared, &f->view), 0);
}

static void another_producer_goes_on_with_the_next_number(void **state)
{
	struct fixture f;
	uint64_t position = 0, cycle = 0, seen = 0;

	(void)state;
	setup(&f, 1000, 0);
	resume(&f);		/* of nothing */
	srand(11);
	for (uint32_t i = 0; i < 2000; i++) {
		for (uint32_t n = (uint32_t)rand() % 4; n > 0; n--) {
			assert_true(put(&f.stream, cycle, 24 + 8 * (1 + (uint32_t)(rand() % 110))));
			cycle++;
			if (rand() % 2) {
				takt_stream_seal(&f.stream);
			}
		}
		resume(&f);	/* the one before may have left a chunk open */
		assert_int_equal(atomic_load(&f.shared.committed) <= atomic_load(&f.shared.sealed), 1);
		seen = walk(&f, &position, seen, true);
		assert_int_equal(seen, cycle);
	}
	assert_true(position > 20 * f.view.ring_bytes);
	free(f.arena);
}

static void numbers_go_on_over_the_end_of_the_ring(void **state)
{
	struct takt_stream_positions p;
	struct takt_chunk_place place;
	uint64_t position = 0, seq = 0;
	struct fixture f;

	(void)state;
	setup(&f, 6000, 0);
	for (uint64_t cycle = 0; cycle < 200; cycle++) {
		assert_true(put(&f.stream, cycle, cycle % 2 ? 6000 : 3000));
		takt_stream_seal(&f.stream);
		assert_int_equal(takt_stream_positions(&f.view, &p), 0);
		assert_int_equal(takt_stream_find_chunk(&f.view, &p, position, &place), 1);
		assert_int_equal(place.seq, seq++);
		position = place.next;
		atomic_store(&f.shared.released, position);
		resume(&f);
	}
	free(f.arena);
}

static void what_does_not_add_up_is_not_resumed(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 1000, 0);
	assert_true(put(&f.stream, 1, 64));
	takt_stream_seal(&f.stream);
	atomic_store(&f.shared.sealed, 100);
	assert_int_equal(takt_stream_resume(&f.stream, &f.shared, &f.view), -EBADMSG);
	atomic_store(&f.shared.sealed, 4096);
	memset(f.arena, 0, 8);		/* its number is gone */
	assert_int_equal(takt_stream_resume(&f.stream, &f.shared, &f.view), -EBADMSG);
	free(f.arena);
}

static void open_chunk_that_is_none_is_overwritten(void **state)
{
	struct fixture f;
	uint64_t position = 0;

	(void)state;
	setup(&f, 1000, 0);
	assert_true(put(&f.stream, 0, 64));
	takt_stream_seal(&f.stream);
	atomic_store(&f.shared.committed, 4096 + 128 + 64);	/* where there is nothing */
	resume(&f);
	assert_true(put(&f.stream, 1, 64));
	takt_stream_seal(&f.stream);
	assert_int_equal(walk(&f, &position, 0, true), 2);
	free(f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back_in_order_across_chunks_and_the_ring_end),
		cmocka_unit_test(full_ring_refuses_and_nothing_unreleased_is_overwritten),
		cmocka_unit_test(impossible_released_is_ignored_and_counted),
		cmocka_unit_test(reservation_that_is_not_committed_leaves_no_trace),
		cmocka_unit_test(open_chunk_is_found_up_to_committed),
		cmocka_unit_test(foreign_bytes_are_no_chunk),
		cmocka_unit_test(another_producer_goes_on_with_the_next_number),
		cmocka_unit_test(numbers_go_on_over_the_end_of_the_ring),
		cmocka_unit_test(what_does_not_add_up_is_not_resumed),
		cmocka_unit_test(open_chunk_that_is_none_is_overwritten),
		cmocka_unit_test(one_producer_and_one_consumer_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
