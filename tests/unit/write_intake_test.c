/* SPDX-License-Identifier: Apache-2.0 */
/* The writer believes nothing of what stands in shared memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/write/intake.h"
#include "rt/base/crc32c.h"
#include "rt/msg/catalog.h"
#include "tests/unit/unit.h"
#include "tests/unit/write_kit.h"

#define RING_BYTES (256u << 10)
#define SALT 0x5a17ull
#define RUN 42u

struct ring {
	struct takt_stream_shared shared;
	struct takt_stream stream;
	struct takt_intake intake;
	char *memory;
	uint64_t cycle;
};

static struct ring *make(void)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	assert_non_null(ring);
	ring->memory = aligned_alloc(65536, RING_BYTES);
	assert_non_null(ring->memory);
	memset(ring->memory, 0, RING_BYTES);
	takt_stream_shared_init(&ring->shared, TAKT_STREAM_COPPERLISTS, "test", 0, RING_BYTES, 1000);
	takt_stream_init(&ring->stream, &ring->shared, ring->memory, 3, RUN);
	return ring;
}

static void attach(struct ring *ring)
{
	const struct takt_stream_view view = {
		.shared = &ring->shared, .ring = ring->memory, .ring_bytes = RING_BYTES,
		.run = RUN, .number = 3, .type = TAKT_CHUNK_COPPERLISTS,
	};

	takt_intake_init(&ring->intake, &view, &ring->shared.released);
	takt_intake_look(&ring->intake, false);
}

static void destroy(struct ring *ring)
{
	free(ring->memory);
	free(ring);
}

static void put(struct ring *ring, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct takt_record *record = takt_stream_reserve(&ring->stream, 200);

		assert_non_null(record);
		memset(record, 0x77, 200);
		*record = (struct takt_record){ .bytes = 200, .kind = TAKT_RECORD_COPPERLIST,
						.cycle = ring->cycle, .mono_ns = ring->cycle };
		ring->cycle++;
		takt_stream_commit(&ring->stream, record);
	}
}

/* @chunks chunks of @records records each. */
static void put_chunks(struct ring *ring, uint32_t chunks, uint32_t records)
{
	for (uint32_t i = 0; i < chunks; i++) {
		put(ring, records);
		takt_stream_seal(&ring->stream);
	}
}

static struct takt_chunk *chunk_at(struct ring *ring, uint64_t position)
{
	return (struct takt_chunk *)(void *)(ring->memory + position % RING_BYTES);
}

static int take(struct ring *ring, struct takt_span *span)
{
	return takt_intake_take(&ring->intake, SALT, 1u << 20, 1u << 30, span);
}

/* Everything that can be had, span by span: checks each chunk, counts the records. */
static uint64_t take_all(struct ring *ring)
{
	struct takt_span span;
	uint64_t records = 0, next_seq = UINT64_MAX;
	int r;

	while ((r = take(ring, &span)) == 1) {
		uint64_t at = 0;

		while (at < span.bytes) {
			const struct takt_chunk *chunk =
				(const struct takt_chunk *)(const void *)(span.buffer + at);

			assert_int_equal(chunk->salt, SALT);
			assert_int_equal(chunk->header_crc, takt_crc32c(0, chunk, 124));
			assert_int_equal(chunk->payload_crc,
					 takt_crc32c(0, chunk + 1, chunk->used_bytes));
			assert_int_equal(chunk->used_bytes, chunk->record_count * 200);
			assert_true(next_seq == UINT64_MAX || chunk->seq >= next_seq);
			next_seq = chunk->seq + 1;
			records += chunk->record_count;
			at += takt_chunk_span(chunk->used_bytes);
		}
		assert_int_equal(at, span.bytes);
		assert_int_equal(span.end_seq, next_seq);
	}
	assert_int_equal(r, 0);
	return records;
}

static void adjacent_chunks_go_in_one_span(void **state)
{
	struct ring *ring = make();
	struct takt_span span;

	(void)state;
	put_chunks(ring, 5, 3);
	attach(ring);
	assert_int_equal(take(ring, &span), 1);
	assert_int_equal(span.chunk_count, 5);
	assert_int_equal(span.bytes, 5 * 4096);
	assert_int_equal(span.end_seq, 5);
	assert_int_equal(take(ring, &span), 0);
	assert_int_equal(ring->intake.broken, 0);
	destroy(ring);
}

static void span_ends_where_room_or_ring_ends(void **state)
{
	struct ring *ring = make();
	struct takt_span span;

	(void)state;
	put_chunks(ring, 60, 3);
	attach(ring);
	assert_int_equal(takt_intake_take(&ring->intake, SALT, 3 * 4096, 1u << 30, &span), 1);
	assert_int_equal(span.chunk_count, 3);
	assert_int_equal(takt_intake_take(&ring->intake, SALT, 1u << 20, 2 * 4096 + 100, &span), 1);
	assert_int_equal(span.chunk_count, 2);
	assert_int_equal(takt_intake_take(&ring->intake, SALT, 1u << 20, 4095, &span), -ENOSPC);
	assert_int_equal(take(ring, &span), 1);
	assert_int_equal(span.chunk_count, 55);
	takt_intake_release(&ring->intake, span.end, span.end_seq);
	put_chunks(ring, 10, 3);	/* 4 to the ring's end, 6 from its start */
	takt_intake_look(&ring->intake, false);
	assert_int_equal(take(ring, &span), 1);
	assert_int_equal(span.chunk_count, 4);
	assert_int_equal(take(ring, &span), 1);
	assert_int_equal(span.chunk_count, 6);
	assert_ptr_equal(span.buffer, ring->memory);
	destroy(ring);
}

static void open_chunk_is_taken_only_when_the_run_has_ended(void **state)
{
	struct ring *ring = make();
	struct takt_span span;

	(void)state;
	put_chunks(ring, 1, 3);
	put(ring, 2);
	attach(ring);
	assert_int_equal(take_all(ring), 3);
	takt_intake_look(&ring->intake, true);
	assert_int_equal(take(ring, &span), 1);
	assert_int_equal(span.chunk_count, 1);
	assert_int_equal(chunk_at(ring, 4096)->record_count, 2);
	assert_int_equal(chunk_at(ring, 4096)->last_cycle, 4);
	assert_int_equal(ring->intake.broken, 0);
	/* It is never released: the producer's position is the seal. */
	takt_intake_release(&ring->intake, span.end, span.end_seq);
	assert_int_equal(atomic_load(&ring->shared.released), 4096);
	takt_intake_rewind(&ring->intake);
	assert_int_equal(take(ring, &span), 1);
	assert_int_equal(chunk_at(ring, 4096)->seq, 1);
	destroy(ring);
}

static void ring_that_wraps_with_a_rest_is_followed(void **state)
{
	struct ring *ring = make();
	uint64_t taken = 0;

	(void)state;
	attach(ring);
	for (uint32_t i = 0; i < 50; i++) {
		put_chunks(ring, 3, 70);	/* 14128 bytes: the ring's end never fits */
		takt_intake_look(&ring->intake, false);
		taken += take_all(ring);
		takt_intake_release(&ring->intake, ring->intake.next, ring->intake.next_seq);
	}
	assert_int_equal(taken, 50 * 3 * 70);
	assert_int_equal(ring->intake.broken, 0);
	destroy(ring);
}

static void broken_record_length_cuts_its_chunk(void **state)
{
	static const uint32_t lengths[] = { 0, 8, 199, 201, 100000, UINT32_MAX, UINT32_MAX - 7 };

	(void)state;
	for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct ring *ring = make();
		struct takt_record *record;

		put_chunks(ring, 3, 10);
		record = (struct takt_record *)(void *)((char *)(chunk_at(ring, 4096) + 1) + 6 * 200);
		record->bytes = lengths[i];
		attach(ring);
		assert_int_equal(take_all(ring), 26);
		assert_int_equal(ring->intake.broken, 1);
		destroy(ring);
	}
}

static void lost_header_costs_its_chunk_only(void **state)
{
	struct ring *ring = make();

	(void)state;
	put_chunks(ring, 5, 10);
	memset(chunk_at(ring, 2 * 4096), 0xee, sizeof(struct takt_chunk));
	attach(ring);
	assert_int_equal(take_all(ring), 40);
	assert_int_equal(ring->intake.broken, 1);
	assert_int_equal(ring->intake.next_seq, 5);
	destroy(ring);
}

static void wrong_length_in_a_header_costs_no_record(void **state)
{
	static const uint32_t lengths[] = { 0, 4, 400000, UINT32_MAX, UINT32_MAX - 7 };

	(void)state;
	for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct ring *ring = make();

		put_chunks(ring, 5, 10);
		chunk_at(ring, 2 * 4096)->used_bytes = lengths[i];
		attach(ring);
		assert_int_equal(take_all(ring), 50);
		assert_int_equal(ring->intake.broken, 1);
		destroy(ring);
	}
}

static void wrong_number_in_a_header_is_put_right(void **state)
{
	struct ring *ring = make();

	(void)state;
	put_chunks(ring, 5, 10);
	chunk_at(ring, 2 * 4096)->seq = 77;
	chunk_at(ring, 3 * 4096)->record_count = 3;
	attach(ring);
	assert_int_equal(take_all(ring), 50);
	assert_int_equal(chunk_at(ring, 2 * 4096)->seq, 2);
	assert_int_equal(chunk_at(ring, 3 * 4096)->record_count, 10);
	assert_int_equal(ring->intake.broken, 2);
	destroy(ring);
}

static void impossible_positions_are_waited_out(void **state)
{
	static const uint64_t positions[] = { 0, 4097, RING_BYTES * 2, UINT64_MAX, UINT64_MAX - 4095 };
	struct ring *ring = make();

	(void)state;
	put_chunks(ring, 5, 10);
	attach(ring);
	for (uint32_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		atomic_store(&ring->shared.sealed, positions[i]);
		takt_intake_look(&ring->intake, i % 2);
		assert_int_equal(takt_intake_pending_bytes(&ring->intake), 5 * 4096);
	}
	assert_int_equal(ring->intake.broken, 1);
	atomic_store(&ring->shared.sealed, 5 * 4096);
	takt_intake_look(&ring->intake, false);
	assert_int_equal(take_all(ring), 50);
	destroy(ring);
}

static void producer_that_went_on_past_us_is_followed_again(void **state)
{
	struct ring *ring = make();

	(void)state;
	put_chunks(ring, 5, 10);
	attach(ring);
	for (uint32_t i = 0; i < 2 * RING_BYTES / 4096; i++) {	/* somebody else releases */
		atomic_store(&ring->shared.released, atomic_load(&ring->shared.sealed));
		put_chunks(ring, 1, 10);
	}
	takt_intake_look(&ring->intake, false);
	assert_int_equal(take_all(ring), 0);	/* overwritten long since */
	for (uint32_t i = 0; i < 1000; i++) {
		takt_intake_look(&ring->intake, false);
	}
	put_chunks(ring, 4, 10);
	takt_intake_look(&ring->intake, false);
	assert_int_equal(take_all(ring), 50);
	takt_intake_release(&ring->intake, ring->intake.sealed, ring->intake.next_seq);
	assert_true(takt_stream_has_room(&ring->stream, RING_BYTES - 2 * 4096));
	destroy(ring);
}

static void positions_at_the_end_of_counting_lead_nowhere(void **state)
{
	struct ring *ring = make();
	struct takt_chunk *skip = chunk_at(ring, UINT64_MAX - 4095);

	(void)state;
	atomic_store(&ring->shared.released, UINT64_MAX - 4095 - RING_BYTES);
	atomic_store(&ring->shared.sealed, UINT64_MAX - 4095);
	*skip = (struct takt_chunk){ .magic = TAKT_CHUNK_MAGIC, .version = TAKT_CHUNK_VERSION,
				     .type = TAKT_CHUNK_SKIP, .stream = 3, .run = RUN,
				     .position = UINT64_MAX - 4095 };
	attach(ring);
	takt_intake_look(&ring->intake, true);
	assert_int_equal(takt_intake_pending_bytes(&ring->intake), 0);
	assert_int_equal(take_all(ring), 0);
	destroy(ring);
}

static void impossible_release_at_attach_finds_what_is_there(void **state)
{
	struct ring *ring = make();

	(void)state;
	put_chunks(ring, 5, 10);
	atomic_store(&ring->shared.released, 123456789);
	attach(ring);
	assert_int_equal(take_all(ring), 50);
	assert_int_equal(ring->intake.broken, 1);
	destroy(ring);
}

static void committed_without_a_chunk_is_counted_once(void **state)
{
	struct ring *ring = make();

	(void)state;
	put_chunks(ring, 2, 10);
	atomic_store(&ring->shared.committed, 3 * 4096);
	attach(ring);
	for (uint32_t i = 0; i < 3; i++) {
		takt_intake_look(&ring->intake, true);
		assert_int_equal(take_all(ring), i == 0 ? 20 : 0);
	}
	assert_int_equal(ring->intake.broken, 1);
	destroy(ring);
}

static void scribbled_memory_never_makes_it_run_astray(void **state)
{
	uint32_t random = 99;

	(void)state;
	for (uint32_t round = 0; round < 3000; round++) {
		struct ring *ring = make();
		struct takt_span span;
		uint64_t bytes = 0;

		put_chunks(ring, 10, 1 + kit_random(&random) % 60);
		put(ring, kit_random(&random) % 5);
		attach(ring);
		for (uint32_t i = kit_random(&random) % 30; i > 0; i--) {
			char *at = ring->memory + kit_random(&random) % 100 * 4096 % RING_BYTES +
				   kit_random(&random) % 400;

			*at = (char)kit_random(&random);
		}
		if (round % 3 == 0) {
			atomic_store(&ring->shared.committed, kit_random(&random));
		}
		takt_intake_look(&ring->intake, round % 2);
		for (uint32_t i = 0; i < 100 && take(ring, &span) == 1; i++) {
			assert_true(span.buffer >= ring->memory);
			assert_true(span.buffer + span.bytes <= ring->memory + RING_BYTES);
			assert_true(span.bytes % 4096 == 0 && span.end > span.begin);
			bytes += span.bytes;
		}
		assert_true(bytes <= RING_BYTES);
		assert_int_equal(take(ring, &span), 0);
		destroy(ring);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adjacent_chunks_go_in_one_span),
		cmocka_unit_test(span_ends_where_room_or_ring_ends),
		cmocka_unit_test(open_chunk_is_taken_only_when_the_run_has_ended),
		cmocka_unit_test(ring_that_wraps_with_a_rest_is_followed),
		cmocka_unit_test(broken_record_length_cuts_its_chunk),
		cmocka_unit_test(lost_header_costs_its_chunk_only),
		cmocka_unit_test(wrong_length_in_a_header_costs_no_record),
		cmocka_unit_test(wrong_number_in_a_header_is_put_right),
		cmocka_unit_test(impossible_positions_are_waited_out),
		cmocka_unit_test(producer_that_went_on_past_us_is_followed_again),
		cmocka_unit_test(positions_at_the_end_of_counting_lead_nowhere),
		cmocka_unit_test(impossible_release_at_attach_finds_what_is_there),
		cmocka_unit_test(committed_without_a_chunk_is_counted_once),
		cmocka_unit_test(scribbled_memory_never_makes_it_run_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
