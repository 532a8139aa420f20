/* SPDX-License-Identifier: Apache-2.0 */
/* Index chunks: with them a log is opened without a look at each header, and nothing else is different. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/read/handle.h"
#include "rt/base/crc32c.h"
#include "tests/unit/big_log.h"
#include "tests/unit/log_maker.h"
#include "tests/unit/unit.h"

#define CHUNKS 1500u			/* five whole index chunks, and some */
#define RECORDS_PER_CHUNK 64u

struct counting {			/* bytes of one segment, and how often they are read */
	struct log_maker_segment segment;
	struct takt_log_io inner;
	uint32_t reads;
	uint64_t bytes;
};

static struct counting *counting_load(const char *dir)
{
	struct counting *c = calloc(1, sizeof(*c));
	char path[256];
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "%s/0001.takt", dir);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	c->segment.size = c->segment.capacity = (uint64_t)st.st_size;
	c->segment.bytes = malloc(c->segment.size);
	assert_int_equal(fread(c->segment.bytes, 1, c->segment.size, f), c->segment.size);
	fclose(f);
	return c;
}

static void counting_free(struct counting *c)
{
	free(c->segment.bytes);
	free(c);
}

static int64_t counted_read(void *user, uint64_t offset, void *out, uint32_t bytes)
{
	struct counting *c = user;
	const int64_t n = c->inner.read(c->inner.user, offset, out, bytes);

	c->reads++;
	c->bytes += n > 0 ? (uint64_t)n : 0;
	return n;
}

static int64_t counted_size(void *user)
{
	const struct counting *c = user;

	return c->inner.size(c->inner.user);
}

static uint64_t counted_data_from(void *user, uint64_t offset)
{
	const struct counting *c = user;

	return c->inner.data_from(c->inner.user, offset);
}

static void counted_close(void *user)
{
	const struct counting *c = user;

	c->inner.close(c->inner.user);
}

static struct takt_log *counting_open(struct counting *c)
{
	struct takt_log_io io = { .user = c, .read = counted_read, .size = counted_size,
				  .data_from = counted_data_from, .close = counted_close };
	struct takt_log_error error = { 0 };
	struct takt_log *log = NULL;

	c->inner = log_maker_io(&c->segment);
	c->reads = 0;
	c->bytes = 0;
	if (takt_log_open_io(&io, 1, &log, &error) < 0) {
		fail_msg("%s", error.text);
	}
	return log;
}

static struct counting *make(bool is_indexed, bool is_cut)
{
	char dir[] = "/dev/shm/takt-index-XXXXXX", command[64];
	struct big_log_spec spec = { .segment_count = 1, .chunk_count = CHUNKS,
				     .chunk_bytes = RECORDS_PER_CHUNK * 56, .record_bytes = 56,
				     .is_indexed = is_indexed, .is_cut = is_cut };
	struct counting *c;

	assert_non_null(mkdtemp(dir));
	spec.dir = dir;
	big_log_make(&spec);
	c = counting_load(dir);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
	return c;
}

/* What all records are, as one number; @ret_count of them. */
static uint32_t digest(struct takt_log *log, uint64_t *ret_count)
{
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	uint32_t crc = 0;

	*ret_count = 0;
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	while (takt_log_next(cursor, &record, NULL) > 0) {
		crc = takt_crc32c(crc, record->bytes, record->bytes_count);
		++*ret_count;
	}
	takt_log_cursor_destroy(cursor);
	return crc;
}

static void check_whole(struct takt_log *log)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	struct counting *plain = make(false, false);
	struct takt_log *other = counting_open(plain);
	uint64_t count, other_count;

	assert_int_equal(info->chunk_count, CHUNKS);
	assert_int_equal(info->chunk_count, takt_log_info_of(other)->chunk_count);
	assert_int_equal(info->record_count, takt_log_info_of(other)->record_count);
	assert_int_equal(info->last_cycle, takt_log_info_of(other)->last_cycle);
	assert_int_equal(info->end_mono_ns, takt_log_info_of(other)->end_mono_ns);
	assert_int_equal(digest(log, &count), digest(other, &other_count));
	assert_int_equal(count, other_count);
	assert_int_equal(info->damage_count, 0);
	takt_log_close(other);
	counting_free(plain);
}

/* The offset of index chunk @number, 0 when there are not so many. */
static uint64_t find_index(const struct counting *c, uint32_t number)
{
	const char *bytes = c->segment.bytes;
	uint64_t at = TAKT_SEGMENT_CHUNKS_AT;

	while (at + TAKT_BLOCK_BYTES <= c->segment.size) {
		struct takt_chunk header;

		memcpy(&header, bytes + at, sizeof(header));
		if (header.magic != TAKT_CHUNK_MAGIC) {
			break;
		}
		if (header.type == TAKT_CHUNK_INDEX && header.seq == number) {
			return at;
		}
		at += takt_chunk_span(header.used_bytes);
	}
	return 0;
}

static void log_without_an_index_takes_a_read_for_each_chunk(void **state)
{
	struct counting *c = make(false, false);
	struct takt_log *log = counting_open(c);

	(void)state;
	assert_true(c->reads > CHUNKS);
	assert_int_equal(find_index(c, 0), 0);
	takt_log_close(log);
	counting_free(c);
}

static void clean_log_is_opened_by_its_index_alone(void **state)
{
	struct counting *c = make(true, false);
	struct takt_log *log = counting_open(c);

	(void)state;
	assert_true(c->reads < 40);
	check_whole(log);
	takt_log_close(log);
	counting_free(c);
}

static void after_a_crash_only_headers_behind_the_last_index_are_read(void **state)
{
	struct counting *c = make(true, true);
	struct takt_log *log = counting_open(c);
	const uint32_t behind = CHUNKS % 256;

	(void)state;
	assert_true(c->reads > behind);
	assert_true(c->reads < behind + 60);
	check_whole(log);
	takt_log_close(log);
	counting_free(c);
}

static void seek_reads_one_chunk_of_each_stream(void **state)
{
	struct counting *c = make(true, false);
	struct takt_log *log = counting_open(c);
	const struct takt_log_info *info = takt_log_info_of(log);
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;

	(void)state;
	assert_int_equal(takt_log_cursor_create(log, NULL, &cursor, NULL), 0);
	for (uint64_t i = 0; i < 50; i++) {
		const uint64_t cycle = i * 2654435761u % info->last_cycle;
		const uint64_t mono_ns = LOG_MAKER_ORIGIN_MONO_NS + cycle * BIG_LOG_PERIOD_NS;
		const struct takt_log_point points[] = { { TAKT_LOG_AT_CYCLE, 0, cycle },
							 { TAKT_LOG_AT_MONO, 0, mono_ns } };

		for (uint32_t p = 0; p < 2; p++) {
			assert_int_equal(takt_log_seek(cursor, points[p], NULL), 0);
			c->reads = 0;
			assert_int_equal(takt_log_next(cursor, &record, NULL), 1);
			assert_int_equal(record->cycle, cycle);
			assert_true(c->reads <= 2 * LOG_MAKER_STREAMS + 2);
		}
	}
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	counting_free(c);
}

/* Every index chunk in turn: a bit of its head, of a row, of its header. */
static void damaged_index_is_no_damage_and_nothing_is_lost(void **state)
{
	const uint32_t places[] = { 20, TAKT_CHUNK_HEADER_BYTES + 8, TAKT_CHUNK_HEADER_BYTES + 200 };

	(void)state;
	for (uint32_t number = 0; number < 6; number++) {
		for (uint32_t p = 0; p < 3; p++) {
			struct counting *c = make(true, p == 1);
			const uint64_t at = find_index(c, number);
			struct takt_log *log;

			if (at != 0) {
				c->segment.bytes[at + places[p]] ^= 4;
				log = counting_open(c);
				assert_true(c->reads > 200);
				/* a damaged header is bytes between chunks, and reported as that */
				if (p > 0) {
					check_whole(log);
				} else {
					uint64_t count;

					digest(log, &count);
					assert_int_equal(count, takt_log_info_of(log)->record_count);
					assert_int_equal(takt_log_info_of(log)->chunk_count, CHUNKS);
				}
				takt_log_close(log);
			} else {
				assert_true(number == 5 && p == 1);
			}
			counting_free(c);
		}
	}
}

static void index_that_lies_about_a_chunk_invents_no_record(void **state)
{
	struct counting *c = make(true, false);
	const uint64_t at = find_index(c, 2);
	char *rows = c->segment.bytes + at + TAKT_CHUNK_HEADER_BYTES + sizeof(struct takt_index_head);
	struct takt_index_row row;
	struct takt_chunk header;
	struct takt_log *log;
	uint64_t count;

	(void)state;
	/* row 10 says it is the chunk that row 11 is, at its own place: checksums are made right */
	memcpy(&row, rows + 10 * sizeof(row), sizeof(row));
	row.stream ^= 1;
	row.type ^= TAKT_CHUNK_COPPERLISTS ^ TAKT_CHUNK_EVENTS;
	memcpy(rows + 10 * sizeof(row), &row, sizeof(row));
	memcpy(&header, c->segment.bytes + at, sizeof(header));
	header.payload_crc = takt_crc32c(0, c->segment.bytes + at + sizeof(header), header.used_bytes);
	header.header_crc = takt_crc32c(0, &header, offsetof(struct takt_chunk, header_crc));
	memcpy(c->segment.bytes + at, &header, sizeof(header));
	log = counting_open(c);
	digest(log, &count);
	assert_true(takt_log_info_of(log)->damage_count > 0);
	assert_true(count < takt_log_info_of(log)->record_count);
	takt_log_close(log);
	counting_free(c);
}

static void damaged_header_of_an_indexed_chunk_costs_that_chunk_only(void **state)
{
	struct counting *c = make(true, false);
	const uint64_t at = find_index(c, 1);
	struct takt_index_row row;
	struct takt_log *log;
	uint64_t count;

	(void)state;
	memcpy(&row, c->segment.bytes + at + TAKT_CHUNK_HEADER_BYTES + sizeof(struct takt_index_head),
	       sizeof(row));
	c->segment.bytes[row.offset + 9] ^= 1;
	log = counting_open(c);
	digest(log, &count);
	assert_int_equal(takt_log_info_of(log)->damage_count, 1);
	assert_int_equal(takt_log_damage_at(log, 0)->offset, row.offset);
	assert_int_equal(takt_log_info_of(log)->record_count - count, row.record_count);
	takt_log_close(log);
	counting_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_without_an_index_takes_a_read_for_each_chunk),
		cmocka_unit_test(clean_log_is_opened_by_its_index_alone),
		cmocka_unit_test(after_a_crash_only_headers_behind_the_last_index_are_read),
		cmocka_unit_test(seek_reads_one_chunk_of_each_stream),
		cmocka_unit_test(damaged_index_is_no_damage_and_nothing_is_lost),
		cmocka_unit_test(index_that_lies_about_a_chunk_invents_no_record),
		cmocka_unit_test(damaged_header_of_an_indexed_chunk_costs_that_chunk_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
