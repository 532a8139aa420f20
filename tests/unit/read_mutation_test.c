/* SPDX-License-Identifier: Apache-2.0 */
/* Mutated segments: no crash, no hang, and every record that comes back is one that was written.
 *
 * Usage: read_mutation_test [COUNT [SEED]]; without COUNT it ends after two seconds. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "logs/read/handle.h"
#include "tests/unit/log_check.h"
#include "tests/unit/unit.h"

#define SECONDS_DEFAULT 2.0

static unsigned long count_wanted;	/* 0: until the time is over */
static uint64_t seed = 1;

struct bench {
	struct log_maker *maker;
	struct log_maker_segment *good;	/* copies of the segments as they were made */
	unsigned long read_count;
	unsigned long refused_count;
	unsigned long damaged_count;
};

static void make(struct bench *b)
{
	*b = (struct bench){ .maker = log_maker_create(3, seed) };
	log_maker_cycles(b->maker, 60, 7);
	log_maker_begin(b->maker);
	for (uint32_t i = 10; i < 16; i++) {
		log_maker_repeat(b->maker, i);
	}
	log_maker_cycles(b->maker, 60, 11);
	log_maker_close(b->maker, 0);
	log_maker_begin(b->maker);
	log_maker_cycles(b->maker, 30, 5);
	log_maker_close(b->maker, TAKT_SEGMENT_LAST);
	b->good = calloc(b->maker->segment_count, sizeof(*b->good));
	assert_non_null(b->good);
	for (uint32_t i = 0; i < b->maker->segment_count; i++) {
		b->good[i] = b->maker->segments[i];
		b->good[i].bytes = malloc(b->good[i].size);
		assert_non_null(b->good[i].bytes);
		memcpy(b->good[i].bytes, b->maker->segments[i].bytes, b->good[i].size);
	}
}

/* A block of the exact size, so that a sanitizer sees a read behind its end. */
static void restore(struct bench *b)
{
	for (uint32_t i = 0; i < b->maker->segment_count; i++) {
		struct log_maker_segment *segment = &b->maker->segments[i];

		free(segment->bytes);
		*segment = b->good[i];
		segment->bytes = malloc(segment->size);
		assert_non_null(segment->bytes);
		memcpy(segment->bytes, b->good[i].bytes, segment->size);
	}
}

static void drop(struct bench *b)
{
	for (uint32_t i = 0; i < b->maker->segment_count; i++) {
		free(b->good[i].bytes);
	}
	free(b->good);
	log_maker_destroy(b->maker);
}

static uint64_t below(struct bench *b, uint64_t limit)
{
	return limit ? log_maker_random(b->maker) % limit : 0;
}

/* An offset; often in a header or in the head of a record, where it hurts. */
static uint64_t place(struct bench *b, const struct log_maker_segment *segment)
{
	uint64_t at = below(b, segment->size);

	if (below(b, 2)) {
		at = (at & ~(uint64_t)(TAKT_BLOCK_BYTES - 1)) + below(b, 192);
	}
	return at < segment->size ? at : segment->size - 1;
}

static void mutate_once(struct bench *b, struct log_maker_segment *segment)
{
	const uint64_t at = place(b, segment), from = place(b, segment);
	const uint64_t room = segment->size - (at > from ? at : from);
	uint64_t run = 1 + below(b, below(b, 2) ? 16 : 3 * TAKT_BLOCK_BYTES);

	run = run > room ? room : run;
	switch (below(b, 9)) {
	case 0:
		memset(segment->bytes + at, 0, run);
		break;
	case 1:
		memmove(segment->bytes + at, segment->bytes + from, run);
		break;
	case 2:
		segment->size = at > 0 ? at : 1;
		break;
	case 3:				/* blocks change places, as misplaced writes do */
		if (at / TAKT_BLOCK_BYTES < segment->size / TAKT_BLOCK_BYTES &&
		    from / TAKT_BLOCK_BYTES < segment->size / TAKT_BLOCK_BYTES) {
			memmove(segment->bytes + at / TAKT_BLOCK_BYTES * TAKT_BLOCK_BYTES,
				segment->bytes + from / TAKT_BLOCK_BYTES * TAKT_BLOCK_BYTES,
				TAKT_BLOCK_BYTES);
		}
		break;
	case 4:
		for (uint64_t i = 0; i < run; i++) {
			segment->bytes[at + i] = (char)log_maker_random(b->maker);
		}
		break;
	case 5:
		segment->bytes[at] = (char)(below(b, 2) ? 0xff : 0x80);
		break;
	default:
		segment->bytes[at] = (char)(segment->bytes[at] ^ (1 << below(b, 8)));
		break;
	}
}

/* Blocks of another segment, of the same run but with its own salt. */
static void mix(struct bench *b)
{
	const uint64_t n = b->maker->segment_count;
	struct log_maker_segment *to = &b->maker->segments[below(b, n)];
	const struct log_maker_segment *from = &b->maker->segments[below(b, n)];
	const uint64_t blocks = (to->size < from->size ? to->size : from->size) / TAKT_BLOCK_BYTES;
	const uint64_t at = below(b, blocks), count = 1 + below(b, blocks - at);

	if (blocks > 0) {
		memmove(to->bytes + at * TAKT_BLOCK_BYTES, from->bytes + at * TAKT_BLOCK_BYTES,
			(count < blocks - at ? count : blocks - at) * TAKT_BLOCK_BYTES);
	}
}

static void mutate(struct bench *b)
{
	for (uint64_t i = 0, n = 1 + below(b, 6); i < n; i++) {
		struct log_maker_segment *segment =
			&b->maker->segments[below(b, b->maker->segment_count)];

		if (below(b, 12) == 0) {
			mix(b);
		} else {
			mutate_once(b, segment);
		}
	}
}

static bool is_over(unsigned long done, const struct timespec *begin)
{
	struct timespec now;

	if (count_wanted > 0) {
		return done >= count_wanted;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) + 1e-9 * (double)(now.tv_nsec - begin->tv_nsec) >
	       SECONDS_DEFAULT / 2;
}

static void count_outcome(struct bench *b, struct takt_log *log, const struct log_check *check)
{
	b->read_count += check->record_count;
	b->refused_count += log == NULL;
	b->damaged_count += log && takt_log_info_of(log)->damage_count > 0;
}

static void mutated_segments_give_no_record_that_nobody_wrote(void **state)
{
	struct timespec begin;
	unsigned long done = 0;
	struct bench b;

	(void)state;
	make(&b);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (; !is_over(done, &begin); done++) {
		struct takt_log_error error = { 0 };
		struct log_check check;
		struct takt_log *log;

		restore(&b);
		mutate(&b);
		if (!log_check_segments(b.maker, &log, &check, &error)) {
			fail_msg("mutation %lu, seed %" PRIu64 ": %s%s", done, seed, check.fault,
				 error.text);
		}
		if (log && check.hole_count > 0 && takt_log_info_of(log)->damage_count == 0) {
			fail_msg("mutation %lu, seed %" PRIu64 ": %u records are missing without a word",
				 done, seed, check.hole_count);
		}
		count_outcome(&b, log, &check);
		takt_log_close(log);
	}
	print_message("# %lu mutations: %lu records read, %lu refused, %lu with damage\n", done,
		      b.read_count, b.refused_count, b.damaged_count);
	assert_true(b.damaged_count > done / 4);
	assert_true(b.read_count > done * 100);
	drop(&b);
}

static void read_all(struct bench *b, struct log_maker *maker)
{
	struct takt_log_io ios[8];
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct takt_log *log;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < maker->segment_count; i++) {
		ios[i] = log_maker_io(&maker->segments[i]);
		bytes += maker->segments[i].size;
	}
	if (takt_log_open_io(ios, maker->segment_count, &log, NULL) < 0) {
		b->refused_count++;
		return;
	}
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	while (takt_log_next(cursor, &record, NULL) > 0) {
		log_check_touch(log, record);
		b->read_count++;
		assert_true(record->bytes_count <= bytes);
		bytes -= record->bytes_count;
	}
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
}

/* Checksums are right here, so records may well be new: what counts is that nothing breaks. */
static void signed_nonsense_is_survived(void **state)
{
	struct timespec begin;
	unsigned long done = 0;
	struct bench b;

	(void)state;
	make(&b);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (; !is_over(done, &begin); done++) {
		restore(&b);
		mutate(&b);
		for (uint32_t i = 0; i < b.maker->segment_count; i++) {
			log_maker_sign(&b.maker->segments[i]);
		}
		read_all(&b, b.maker);
	}
	print_message("# %lu mutations: %lu records read, %lu refused\n", done, b.read_count,
		      b.refused_count);
	assert_true(b.read_count > done * 10);
	drop(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutated_segments_give_no_record_that_nobody_wrote),
		cmocka_unit_test(signed_nonsense_is_survived),
	};

	count_wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
