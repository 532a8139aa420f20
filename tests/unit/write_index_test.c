/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's index chunks, as the reader finds them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/segment_index.h"
#include "tests/unit/unit.h"
#include "tests/unit/write_kit.h"

#define CHUNKS 1200u

struct seen {
	uint32_t chunk_count;
	uint32_t indexed_count;
};

static int see(const struct takt_log_chunk *chunk, void *user)
{
	struct seen *seen = user;
	char *payload = malloc(chunk->used_bytes + 1);

	seen->chunk_count++;
	seen->indexed_count += chunk->indexed;
	assert_int_equal(takt_log_segment_read_chunk(chunk, payload), 0);
	free(payload);
	return 0;
}

/* All chunks of segment @number, and what is known of them by spans, which meet. */
static struct seen read_segment(const struct kit *kit, uint32_t number, uint32_t *ret_spans)
{
	struct takt_log_damage_list damages = { 0 };
	struct takt_log_segment *segment;
	struct seen seen = { 0 };
	char path[PATH_MAX];
	struct takt_log_io io;

	snprintf(path, sizeof(path), "%.4000s/0001-test-0123456789abcdef/%04u.takt", kit->log_dir, number);
	assert_int_equal(takt_log_io_open(path, &io), 0);
	assert_int_equal(takt_log_segment_open(io, path, &segment, &damages, NULL), 0);
	assert_int_equal(takt_log_segment_scan(segment, false, see, &seen, &damages), 0);
	assert_int_equal(damages.count, 0);
	*ret_spans = segment->span_count;
	for (uint32_t i = 1; i < segment->span_count; i++) {
		assert_int_equal(segment->spans[i].to, segment->spans[i - 1].from);
	}
	takt_log_segment_close(segment);
	takt_log_damage_fini(&damages);
	return seen;
}

static void put_chunks(struct kit *kit)
{
	for (uint32_t i = 0; i < CHUNKS; i++) {
		kit_put_many(kit, i % KIT_STREAMS, 1);
		kit_seal(kit);
		if (i % 64 == 63) {
			kit_drain(kit);
		}
	}
}

static void segment_with_many_chunks_is_known_by_its_indexes_alone(void **state)
{
	const struct kit_spec spec = { .segment_bytes = 32 << 20 };
	struct kit kit;
	struct kit_log log;
	struct seen seen;
	uint32_t spans;

	(void)state;
	kit_init(&kit, &spec);
	kit_attach(&kit, &(struct takt_recorder_options){ .backend = TAKT_BACKEND_DIRECT, .notify_fd = -1 },
		   false);
	put_chunks(&kit);
	kit_end_and_check(&kit, &log);
	assert_int_equal(log.segment_count, 1);
	seen = read_segment(&kit, 1, &spans);
	assert_int_equal(seen.chunk_count, log.chunk_count);
	assert_int_equal(seen.indexed_count, log.chunk_count);
	assert_in_range(spans, CHUNKS / 256, CHUNKS / 256 + 2);
	kit_fini(&kit);
}

static void after_a_crash_all_but_the_last_chunks_are_indexed(void **state)
{
	const struct kit_spec spec = { .segment_bytes = 32 << 20 };
	struct kit kit;
	struct kit_log log;
	struct seen seen;
	uint32_t spans;

	(void)state;
	kit_init(&kit, &spec);
	kit_attach(&kit, &(struct takt_recorder_options){ .backend = TAKT_BACKEND_DIRECT, .notify_fd = -1 },
		   false);
	put_chunks(&kit);
	kit_recorder_dies(&kit);
	seen = read_segment(&kit, 1, &spans);
	kit_read(&kit, &log);	/* reads the preallocated rest, too: no hole any more */
	assert_int_equal(seen.chunk_count, log.chunk_count);
	assert_true(seen.chunk_count - seen.indexed_count < 2 * 256);
	assert_true(seen.indexed_count >= CHUNKS / 2);
	kit_fini(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segment_with_many_chunks_is_known_by_its_indexes_alone),
		cmocka_unit_test(after_a_crash_all_but_the_last_chunks_are_indexed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
