/* SPDX-License-Identifier: Apache-2.0 */
/* Power cuts: whatever a disk may hold then (write_crash.h), the reader finds every record that was acknowledged,
 * none that was not put, none twice, and says what is missing.
 *
 * The real recorder records runs of several kinds; then the power is cut at every moment of each. With a number
 * as argument that many states are looked at. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/crc32c.h"
#include "rt/clock/clock.h"
#include "tests/unit/unit.h"
#include "tests/unit/write_crash.h"

#define STATES_DEFAULT 5000u
#define ROUNDS 160u
#define SEED 20240229u

static uint32_t states_wanted = STATES_DEFAULT;

struct recording {
	struct kit kit;
	struct oplog oplog;
	struct takt_recorder_options options;
	uint32_t random;
};

static const struct kit_spec small_spec = {
	.ring_bytes = 64u << 10, .segment_bytes = 64u << 10, .record_bytes_max = 2048,
	.log_below = "new/below",
};

/* --- runs ----------------------------------------------------------------------------------------- */

static struct recording *begin(void)
{
	struct recording *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	kit_init(&r->kit, &small_spec);
	oplog_begin(&r->oplog, &r->kit);
	r->options = (struct takt_recorder_options){
		.backend = TAKT_BACKEND_BUFFERED, .notify_fd = -1, .wrap = oplog_wrap,
		.wrap_user = &r->oplog,
	};
	r->random = SEED;
	return r;
}

static bool put(struct recording *r, uint32_t stream)
{
	const bool is_put = kit_put(&r->kit, stream);

	if (is_put) {
		oplog_note_put(&r->oplog, stream);
	}
	return is_put;
}

static void run_for(struct recording *r, uint32_t rounds)
{
	for (uint32_t i = 0; i < rounds; i++) {
		for (uint32_t n = kit_random(&r->random) % 6; n > 0 && put(r, 0); n--) {
		}
		if (i % 3 == 0) {
			put(r, 1);
		}
		if (kit_random(&r->random) % 3 > 0) {
			kit_seal(&r->kit);
		}
		assert_int_equal(kit_round(&r->kit), TAKT_RECORDER_GOES_ON);
	}
}

/* takt-rt ends, the rest is recorded, the region removed: all of it is on stable storage then. */
static void end(struct recording *r)
{
	struct faulty *faulty = &r->oplog.faulty;
	struct kit_log log;

	faulty->short_permille = faulty->again_permille = 0;
	faulty->write_error_permille = faulty->sync_error_permille = 0;
	kit_end_and_check(&r->kit, &log);
	assert_string_equal(r->oplog.faulty.complaint, "");
	oplog_end(&r->oplog, true);
	assert_true(log.segment_count >= 3);
	assert_true(r->kit.put[0] > 200 && r->kit.put[1] > 20);
}

static void discard(struct recording *r)
{
	oplog_fini(&r->oplog);
	kit_fini(&r->kit);
	free(r);
}

static void record_with_late_completions(struct recording *r)
{
	r->oplog.faulty.delay_max = 6;
	kit_attach(&r->kit, &r->options, false);
	run_for(r, 2 * ROUNDS);
}

static void record_with_errors(struct recording *r)
{
	r->oplog.faulty.delay_max = 4;
	r->oplog.faulty.short_permille = 100;
	r->oplog.faulty.again_permille = 50;
	r->oplog.faulty.write_error_permille = 10;
	r->oplog.faulty.write_error = -5;
	r->oplog.faulty.sync_error_permille = 30;
	kit_attach(&r->kit, &r->options, false);
	run_for(r, 8 * ROUNDS);
	assert_true(r->oplog.faulty.error_count > 0);
}

static void record_with_recorders_that_die(struct recording *r)
{
	r->oplog.faulty.delay_max = 6;
	for (uint32_t i = 0; i < 4; i++) {
		kit_attach(&r->kit, &r->options, false);
		run_for(r, ROUNDS / 2 + 7 * i);
		if (i < 3) {
			kit_recorder_dies(&r->kit);
		}
	}
}

static void record_where_little_is_supported(struct recording *r)
{
	r->oplog.has_no_fallocate = true;
	r->oplog.has_no_noreplace = true;
	kit_attach(&r->kit, &r->options, false);
	run_for(r, 2 * ROUNDS);
}

static void record_for_a_dead_producer(struct recording *r)
{
	kit_attach(&r->kit, &r->options, false);
	run_for(r, 2 * ROUNDS);
	kit_recorder_dies(&r->kit);
	for (uint32_t i = 0; i < 10; i++) {	/* the last chunks stay open */
		put(r, i % 2);
	}
	kit_rt_dies(&r->kit);
	kit_attach(&r->kit, &r->options, false);
}

/* --- cuts ----------------------------------------------------------------------------------------- */

struct totals {
	uint64_t states;
	uint64_t lost;
	uint64_t false_accepts;
	uint64_t silent_holes;
	uint64_t damaged;		/* states with damage */
};

static void complain(const struct crash_disk *disk, uint64_t number, const struct crash_verdict *v)
{
	print_message("# state %" PRIu64 " before entry %u of %u: lost %" PRIu64 ", false %" PRIu64
		      ", silent %" PRIu64 "; read %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		      number, disk->at, disk->oplog->count, v->lost, v->false_accepts, v->silent_holes,
		      v->read[0], v->read[1], v->read[2]);
}

static void look_at_state(struct crash_disk *disk, uint64_t number, struct totals *totals)
{
	uint32_t random = (uint32_t)(SEED + number * 2654435761u) | 1u;
	struct crash_verdict verdict;

	crash_make_images(disk, &random);
	crash_judge(disk, &verdict);
	if (!disk->is_lying && totals->lost + totals->false_accepts + totals->silent_holes == 0 &&
	    verdict.lost + verdict.false_accepts + verdict.silent_holes > 0) {
		complain(disk, number, &verdict);
	}
	totals->states++;
	totals->lost += verdict.lost;
	totals->false_accepts += verdict.false_accepts;
	totals->silent_holes += verdict.silent_holes;
	totals->damaged += verdict.damages > 0;
}

/* @states of them, spread evenly over the oplog; with enough of them, several at each entry. */
static void explore(const struct oplog *oplog, bool is_lying, uint64_t states, struct totals *totals)
{
	struct crash_disk *disk = crash_create(oplog);

	disk->is_lying = is_lying;
	do {
		const uint64_t until = states * (disk->at + 1) / oplog->count;

		while (totals->states < until) {
			look_at_state(disk, totals->states, totals);
		}
	} while (crash_advance(disk));
	assert_int_equal(disk->at + 1, oplog->count);
	crash_destroy(disk);
}

static void nothing_is_lost_and_nothing_invented(void **state)
{
	void (*const *record)(struct recording *) = *state;
	struct recording *r = begin();
	struct totals totals = { 0 };
	uint64_t began_ns;

	(*record)(r);
	end(r);
	began_ns = takt_clock_mono_ns();
	explore(&r->oplog, false, states_wanted / 5, &totals);
	print_message("# %" PRIu64 " states of %u entries in %.2f s, %" PRIu64 " with damage\n",
		      totals.states, r->oplog.count, (double)(takt_clock_mono_ns() - began_ns) * 1e-9,
		      totals.damaged);
	assert_int_equal(totals.states, states_wanted / 5);
	assert_int_equal(totals.lost, 0);
	assert_int_equal(totals.false_accepts, 0);
	assert_int_equal(totals.silent_holes, 0);
	assert_true(totals.damaged > 0 && totals.damaged < totals.states);
	discard(r);
}

/* The oplog is all there is: played back in full it gives a whole log without damage. */
static void whole_oplog_gives_the_whole_log(void **state)
{
	struct recording *r = begin();
	struct crash_verdict verdict;
	struct crash_disk *disk;
	uint32_t random = SEED;

	(void)state;
	record_with_late_completions(r);
	end(r);
	disk = crash_create(&r->oplog);
	while (crash_advance(disk)) {
	}
	crash_make_images(disk, &random);
	crash_judge(disk, &verdict);
	assert_int_equal(verdict.read[0], r->kit.put[0]);
	assert_int_equal(verdict.read[1], r->kit.put[1]);
	assert_true(verdict.read[KIT_RECORDER] >= 2);	/* segments were rolled */
	assert_int_equal(verdict.read[KIT_RECORDER], r->oplog.end_count[KIT_RECORDER]);
	assert_int_equal(verdict.damages, 0);
	crash_destroy(disk);
	discard(r);
}

/* --- the explorer itself finds what is wrong -------------------------------------------------------- */

static void disk_that_lies_about_syncs_is_found_out(void **state)
{
	struct recording *r = begin();
	struct totals totals = { 0 };

	(void)state;
	record_with_late_completions(r);
	end(r);
	explore(&r->oplog, true, 500, &totals);
	assert_true(totals.lost > 0);
	assert_int_equal(totals.false_accepts, 0);
	assert_int_equal(totals.silent_holes, 0);
	discard(r);
}

/* Change a byte of the last record of the first data chunk and make its checksums right again. */
static void forge(struct crash_image *image)
{
	for (uint64_t at = TAKT_SEGMENT_CHUNKS_AT; at < image->size; at += TAKT_BLOCK_BYTES) {
		struct takt_chunk *chunk = (struct takt_chunk *)(void *)(image->bytes + at);

		if (chunk->magic == TAKT_CHUNK_MAGIC && chunk->type != TAKT_CHUNK_CATALOG) {
			image->bytes[at + TAKT_CHUNK_HEADER_BYTES + chunk->used_bytes - 1] ^= 1;
			chunk->payload_crc = takt_crc32c(0, chunk + 1, chunk->used_bytes);
			chunk->header_crc =
				takt_crc32c(0, chunk, offsetof(struct takt_chunk, header_crc));
			return;
		}
	}
}

static void forged_record_is_found_out(void **state)
{
	struct recording *r = begin();
	struct crash_verdict verdict;
	struct crash_disk *disk;
	uint32_t random = SEED;

	(void)state;
	record_with_late_completions(r);
	end(r);
	disk = crash_create(&r->oplog);
	while (crash_advance(disk)) {
	}
	crash_make_images(disk, &random);
	for (uint32_t n = 0; n < r->oplog.node_count; n++) {
		forge(&disk->images[n]);
	}
	crash_judge(disk, &verdict);
	assert_true(verdict.false_accepts > 0);
	assert_int_equal(verdict.lost, verdict.false_accepts);
	crash_destroy(disk);
	discard(r);
}

static void (*const kinds[])(struct recording *) = {
	record_with_late_completions, record_with_errors, record_with_recorders_that_die,
	record_where_little_is_supported, record_for_a_dead_producer,
};

#define CUT(name, number)                                                                          \
	{ "power_cut_" name, nothing_is_lost_and_nothing_invented, NULL, NULL,                     \
	  (void *)(uintptr_t)&kinds[number] }

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CUT("while_completions_come_late", 0),
		CUT("among_errors_of_the_disk", 1),
		CUT("after_recorders_that_died", 2),
		CUT("on_a_file_system_that_supports_little", 3),
		CUT("while_a_dead_run_is_recovered", 4),
		cmocka_unit_test(whole_oplog_gives_the_whole_log),
		cmocka_unit_test(disk_that_lies_about_syncs_is_found_out),
		cmocka_unit_test(forged_record_is_found_out),
	};

	if (argc > 1) {
		states_wanted = (uint32_t)strtoul(argv[1], NULL, 10);
		if (states_wanted < STATES_DEFAULT) {
			fprintf(stderr, "usage: %s [STATES], at least %u\n", argv[0], STATES_DEFAULT);
			return 2;
		}
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
