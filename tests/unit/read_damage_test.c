/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged logs: the good part is read, the rest is reported, nothing is invented. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/handle.h"
#include "rt/base/crc32c.h"
#include "tests/unit/log_check.h"
#include "tests/unit/unit.h"

struct fixture {
	struct log_maker *maker;
	struct takt_log *log;
	struct log_check check;
	struct takt_log_error error;
};

/* One segment: 8 chunks of copperlists with 10 cycles each, events beside them. */
static void make(struct fixture *f)
{
	*f = (struct fixture){ .maker = log_maker_create(7, 1) };
	log_maker_cycles(f->maker, 80, 10);
}

static void read_back(struct fixture *f)
{
	if (!log_check_segments(f->maker, &f->log, &f->check, &f->error)) {
		fail_msg("%s%s", f->check.fault, f->error.text);
	}
}

static void drop(struct fixture *f)
{
	takt_log_close(f->log);
	log_maker_destroy(f->maker);
}

/* Chunk number @seq of @stream: its bytes in the segment. */
static char *find_chunk(const struct fixture *f, uint32_t stream, uint64_t seq,
			const struct log_maker_chunk **ret_chunk)
{
	for (uint32_t i = 0; i < f->maker->chunk_count; i++) {
		const struct log_maker_chunk *chunk = &f->maker->chunks[i];

		if (chunk->stream == stream && chunk->seq == seq) {
			*ret_chunk = chunk;
			return f->maker->segments[chunk->segment].bytes + chunk->offset;
		}
	}
	fail_msg("no such chunk");
	return NULL;
}

static uint32_t count_records(const struct fixture *f, uint32_t stream, uint64_t seq)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < f->maker->record_count; i++) {
		count += f->maker->records[i].stream == stream && f->maker->records[i].seq == seq;
	}
	return count;
}

static const struct takt_log_damage *find_damage(const struct fixture *f, uint32_t kind)
{
	const struct takt_log_damage *damage;

	for (uint32_t i = 0; (damage = takt_log_damage_at(f->log, i)) != NULL; i++) {
		if (damage->kind == kind) {
			return damage;
		}
	}
	return NULL;
}

static uint64_t count_damages(const struct fixture *f)
{
	return takt_log_info_of(f->log)->damage_count;
}

static void whole_segment_gives_every_record_and_no_damage(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	log_maker_close(f.maker, TAKT_SEGMENT_LAST);
	read_back(&f);
	assert_int_equal(f.check.record_count, f.maker->record_count);
	assert_int_equal(count_damages(&f), 0);
	assert_int_equal(takt_log_info_of(f.log)->state, TAKT_LOG_CLEAN);
	drop(&f);
}

static void zeros_behind_the_last_chunk_are_the_end(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	log_maker_pad(f.maker, 3u << 20);
	read_back(&f);
	assert_int_equal(f.check.missing_count, 0);
	assert_int_equal(count_damages(&f), 0);
	assert_int_equal(takt_log_info_of(f.log)->state, TAKT_LOG_CUT);
	drop(&f);
}

static void flipped_payload_bit_costs_its_chunk_and_is_reported(void **state)
{
	const struct log_maker_chunk *chunk;
	const struct takt_log_damage *damage;
	struct fixture f;

	(void)state;
	make(&f);
	find_chunk(&f, LOG_MAKER_LANE0, 3, &chunk)[TAKT_CHUNK_HEADER_BYTES + 300] ^= 4;
	read_back(&f);
	assert_int_equal(f.check.missing_count, count_records(&f, LOG_MAKER_LANE0, 3));
	damage = find_damage(&f, TAKT_LOG_BAD_PAYLOAD);
	assert_non_null(damage);
	assert_int_equal(damage->offset, chunk->offset);
	assert_int_equal(damage->bytes, chunk->span);
	assert_int_equal(damage->stream, LOG_MAKER_LANE0);
	assert_int_equal(damage->first_seq, 3);
	assert_int_equal(count_damages(&f), 1);
	drop(&f);
}

static void flipped_padding_bit_costs_nothing(void **state)
{
	const struct log_maker_chunk *chunk;
	struct fixture f;
	char *bytes;

	(void)state;
	make(&f);
	bytes = find_chunk(&f, LOG_MAKER_LANE0, 3, &chunk);
	bytes[chunk->span - 1] ^= 4;
	read_back(&f);
	assert_int_equal(f.check.missing_count, 0);
	assert_int_equal(count_damages(&f), 0);
	drop(&f);
}

static void flipped_header_bit_costs_its_chunk_and_shows_the_gap(void **state)
{
	const struct log_maker_chunk *chunk;
	const struct takt_log_damage *damage;
	struct fixture f;

	(void)state;
	make(&f);
	find_chunk(&f, LOG_MAKER_LANE0, 3, &chunk)[40] ^= 1;
	read_back(&f);
	assert_int_equal(f.check.missing_count, count_records(&f, LOG_MAKER_LANE0, 3));
	damage = find_damage(&f, TAKT_LOG_BAD_HEADER);
	assert_non_null(damage);
	assert_int_equal(damage->offset, chunk->offset);
	assert_int_equal(damage->bytes, chunk->span);
	damage = find_damage(&f, TAKT_LOG_LOST_CHUNKS);
	assert_non_null(damage);
	assert_int_equal(damage->first_seq, 3);
	assert_int_equal(damage->last_seq, 3);
	assert_int_equal(takt_log_info_of(f.log)->lost_chunk_count, 1);
	drop(&f);
}

static void zeroed_chunk_in_the_middle_is_passed_and_reported(void **state)
{
	const struct log_maker_chunk *chunk;
	struct fixture f;
	char *bytes;

	(void)state;
	make(&f);
	bytes = find_chunk(&f, LOG_MAKER_LANE0, 2, &chunk);
	memset(bytes, 0, chunk->span);
	read_back(&f);
	assert_int_equal(f.check.missing_count, count_records(&f, LOG_MAKER_LANE0, 2));
	assert_string_equal(find_damage(&f, TAKT_LOG_BAD_HEADER)->what,
			    "zeros where a chunk should be");
	drop(&f);
}

static void every_cut_leaves_the_chunks_before_it(void **state)
{
	struct fixture f;
	uint64_t size;

	(void)state;
	make(&f);
	size = f.maker->segments[0].size;
	for (uint64_t cut = size; cut > 0; cut = cut > 1777 ? cut - 1777 : 0) {
		uint32_t lost = 0;

		f.maker->segments[0].size = cut;
		f.error = (struct takt_log_error){ 0 };
		read_back(&f);
		for (uint32_t i = 0; i < f.maker->chunk_count; i++) {
			const struct log_maker_chunk *chunk = &f.maker->chunks[i];
			struct takt_chunk header;

			memcpy(&header, f.maker->segments[0].bytes + chunk->offset, sizeof(header));
			if (chunk->offset + sizeof(header) + header.used_bytes > cut) {
				lost += count_records(&f, chunk->stream, chunk->seq);
			}
		}
		if (f.log) {
			assert_int_equal(f.check.missing_count, lost);
		} else {
			assert_int_equal(f.error.code, -EBADMSG);
		}
		takt_log_close(f.log);
		f.log = NULL;
	}
	drop(&f);
}

static void cut_inside_a_chunk_is_reported(void **state)
{
	const struct log_maker_chunk *chunk;
	const struct takt_log_damage *damage;
	struct fixture f;

	(void)state;
	make(&f);
	find_chunk(&f, LOG_MAKER_LANE0, 7, &chunk);
	f.maker->segments[0].size = chunk->offset + 500;
	read_back(&f);
	damage = find_damage(&f, TAKT_LOG_CUT_CHUNK);
	assert_non_null(damage);
	assert_int_equal(damage->offset, chunk->offset);
	assert_int_equal(damage->bytes, 500);
	drop(&f);
}

static void cut_of_a_closed_segment_at_a_chunk_is_reported(void **state)
{
	const struct log_maker_chunk *chunk;
	struct fixture f;

	(void)state;
	make(&f);
	log_maker_close(f.maker, TAKT_SEGMENT_LAST);
	find_chunk(&f, LOG_MAKER_LANE0, 7, &chunk);
	f.maker->segments[0].size = chunk->offset;
	read_back(&f);
	assert_non_null(find_damage(&f, TAKT_LOG_CUT_CHUNK));
	drop(&f);
}

static void one_good_superblock_is_enough(void **state)
{
	for (uint32_t at = 0; at < 2; at++) {
		const struct takt_log_damage *damage;
		struct fixture f;

		(void)state;
		make(&f);
		f.maker->segments[0].bytes[at * TAKT_BLOCK_BYTES + 24] ^= 1;
		read_back(&f);
		assert_int_equal(f.check.missing_count, 0);
		assert_int_equal(count_damages(&f), 1);
		damage = takt_log_damage_at(f.log, 0);
		assert_int_equal(damage->offset, at * TAKT_BLOCK_BYTES);
		drop(&f);
	}
}

static void lost_superblocks_are_replaced_by_the_first_chunk(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	memset(f.maker->segments[0].bytes, 0xff, TAKT_SEGMENT_CHUNKS_AT);
	read_back(&f);
	assert_int_equal(f.check.missing_count, 0);
	assert_int_equal(takt_log_info_of(f.log)->run, 7);
	assert_int_equal(count_damages(&f), 1);
	drop(&f);
}

static void newer_format_is_refused_by_name(void **state)
{
	struct takt_superblock block;
	struct fixture f;

	(void)state;
	make(&f);
	for (uint32_t at = 0; at < 2; at++) {
		char *bytes = f.maker->segments[0].bytes + at * TAKT_BLOCK_BYTES;

		memcpy(&block, bytes, sizeof(block));
		block.version = TAKT_SEGMENT_VERSION + 1;
		block.crc = takt_crc32c(0, &block, offsetof(struct takt_superblock, crc));
		memcpy(bytes, &block, sizeof(block));
	}
	read_back(&f);
	assert_null(f.log);
	assert_int_equal(f.error.code, -EPROTO);
	assert_non_null(strstr(f.error.text, "newer takt"));
	drop(&f);
}

static void foreign_bytes_are_refused(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	for (uint64_t i = 0; i < f.maker->segments[0].size; i++) {
		f.maker->segments[0].bytes[i] = (char)(i * 31);
	}
	read_back(&f);
	assert_null(f.log);
	assert_int_equal(f.error.code, -EBADMSG);
	f.error = (struct takt_log_error){ 0 };
	f.maker->segments[0].size = 0;
	read_back(&f);
	assert_null(f.log);
	assert_non_null(strstr(f.error.text, "is empty"));
	drop(&f);
}

static void damaged_catalog_is_taken_from_another_segment(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	log_maker_begin(f.maker);
	log_maker_cycles(f.maker, 20, 10);
	f.maker->segments[1].bytes[TAKT_SEGMENT_CHUNKS_AT + 200] ^= 1;
	read_back(&f);
	assert_int_equal(f.check.missing_count, 0);
	assert_non_null(find_damage(&f, TAKT_LOG_BAD_CATALOG));
	takt_log_close(f.log);
	f.log = NULL;
	f.maker->segments[0].bytes[TAKT_SEGMENT_CHUNKS_AT + 200] ^= 1;
	read_back(&f);
	assert_null(f.log);
	assert_non_null(strstr(f.error.text, "catalog is damaged"));
	drop(&f);
}

static void chunk_in_two_segments_is_read_once(void **state)
{
	struct fixture f;

	(void)state;
	make(&f);
	log_maker_begin(f.maker);
	for (uint32_t i = f.maker->chunk_count - 5, end = f.maker->chunk_count; i < end; i++) {
		log_maker_repeat(f.maker, i);
	}
	log_maker_cycles(f.maker, 20, 10);
	read_back(&f);
	assert_int_equal(f.check.record_count, f.maker->record_count);
	assert_int_equal(count_damages(&f), 0);
	drop(&f);
}

static void bad_copy_is_no_damage_when_another_is_good(void **state)
{
	for (uint32_t bad = 0; bad < 2; bad++) {
		struct fixture f;
		uint32_t original;

		(void)state;
		make(&f);
		original = f.maker->chunk_count - 1;
		log_maker_begin(f.maker);
		log_maker_repeat(f.maker, original);
		f.maker->segments[bad].bytes[f.maker->chunks[original + bad].offset + 150] ^= 1;
		read_back(&f);
		assert_int_equal(f.check.missing_count, 0);
		assert_int_equal(count_damages(&f), 0);
		drop(&f);
	}
}

static void both_copies_bad_is_one_damage(void **state)
{
	struct fixture f;
	uint32_t original;

	(void)state;
	make(&f);
	original = f.maker->chunk_count - 1;
	log_maker_begin(f.maker);
	log_maker_repeat(f.maker, original);
	for (uint32_t i = 0; i < 2; i++) {
		f.maker->segments[i].bytes[f.maker->chunks[original + i].offset + 150] ^= 1;
	}
	read_back(&f);
	assert_int_equal(count_damages(&f), 1);
	assert_non_null(find_damage(&f, TAKT_LOG_BAD_PAYLOAD));
	drop(&f);
}

static void bytes_of_another_salt_behind_the_end_are_not_ours(void **state)
{
	struct fixture f;
	uint64_t size;
	char *old;

	(void)state;
	make(&f);
	size = f.maker->segments[0].size - TAKT_SEGMENT_CHUNKS_AT;
	old = malloc(size);
	memcpy(old, f.maker->segments[0].bytes + TAKT_SEGMENT_CHUNKS_AT, size);
	log_maker_begin(f.maker);
	log_maker_pad(f.maker, size);
	memcpy(f.maker->segments[1].bytes + f.maker->segments[1].size - size, old, size);
	free(old);
	read_back(&f);
	assert_int_equal(f.check.record_count, f.maker->record_count);
	assert_int_equal(count_damages(&f), 0);
	drop(&f);
}

static void missing_segment_is_a_gap_with_exact_numbers(void **state)
{
	const struct takt_log_damage *damage;
	struct fixture f;

	(void)state;
	make(&f);
	log_maker_begin(f.maker);
	log_maker_cycles(f.maker, 20, 10);
	log_maker_begin(f.maker);
	log_maker_cycles(f.maker, 20, 10);
	memset(f.maker->segments[1].bytes, 0, f.maker->segments[1].size);
	read_back(&f);
	damage = find_damage(&f, TAKT_LOG_LOST_CHUNKS);
	assert_non_null(damage);
	assert_int_equal(damage->stream, LOG_MAKER_LANE0);
	assert_int_equal(damage->first_seq, 8);
	assert_int_equal(damage->last_seq, 9);
	assert_non_null(find_damage(&f, TAKT_LOG_BAD_FILE));
	drop(&f);
}

static void segments_of_two_runs_are_refused(void **state)
{
	struct log_maker *other = log_maker_create(8, 2);
	struct takt_log_io ios[2];
	struct takt_log_error error = { 0 };
	struct takt_log *log = NULL;
	struct fixture f;

	(void)state;
	make(&f);
	ios[0] = log_maker_io(&f.maker->segments[0]);
	ios[1] = log_maker_io(&other->segments[0]);
	assert_int_equal(takt_log_open_io(ios, 2, &log, &error), -ENOTUNIQ);
	assert_non_null(strstr(error.text, "0000000000000008"));
	log_maker_destroy(other);
	drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_segment_gives_every_record_and_no_damage),
		cmocka_unit_test(zeros_behind_the_last_chunk_are_the_end),
		cmocka_unit_test(flipped_payload_bit_costs_its_chunk_and_is_reported),
		cmocka_unit_test(flipped_padding_bit_costs_nothing),
		cmocka_unit_test(flipped_header_bit_costs_its_chunk_and_shows_the_gap),
		cmocka_unit_test(zeroed_chunk_in_the_middle_is_passed_and_reported),
		cmocka_unit_test(every_cut_leaves_the_chunks_before_it),
		cmocka_unit_test(cut_inside_a_chunk_is_reported),
		cmocka_unit_test(cut_of_a_closed_segment_at_a_chunk_is_reported),
		cmocka_unit_test(one_good_superblock_is_enough),
		cmocka_unit_test(lost_superblocks_are_replaced_by_the_first_chunk),
		cmocka_unit_test(newer_format_is_refused_by_name),
		cmocka_unit_test(foreign_bytes_are_refused),
		cmocka_unit_test(damaged_catalog_is_taken_from_another_segment),
		cmocka_unit_test(chunk_in_two_segments_is_read_once),
		cmocka_unit_test(bad_copy_is_no_damage_when_another_is_good),
		cmocka_unit_test(both_copies_bad_is_one_damage),
		cmocka_unit_test(bytes_of_another_salt_behind_the_end_are_not_ours),
		cmocka_unit_test(missing_segment_is_a_gap_with_exact_numbers),
		cmocka_unit_test(segments_of_two_runs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
