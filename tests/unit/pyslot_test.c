/* SPDX-License-Identifier: Apache-2.0 */
/* The slot file of a Python task, with a host in this process, and with one that is killed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rt/shm/pyslot.h"
#include "tests/unit/unit.h"

struct pair {
	int32_t left;
	uint32_t right;
};

struct samples {
	struct {
		uint32_t count;
		double at[100];
	} values;
};

static const struct takt_field pair_fields[] = {
	{ "left", "1", "", TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 1, NULL, NULL },
	{ "right", "1", "", TAKT_SCALAR_U32, TAKT_SHAPE_ONE, 1, NULL, NULL },
};
static const struct takt_type pair_type = { "pair", "", pair_fields, 2, sizeof(struct pair), 4 };
static const struct takt_field samples_fields[] = {
	{ "values", "m", "", TAKT_SCALAR_F64, TAKT_SHAPE_LIST, 100, NULL, NULL },
};
static const struct takt_type samples_type =
	{ "samples", "", samples_fields, 1, sizeof(struct samples), 8 };

static char dir[64];
static struct takt_layout *pair_layout, *samples_layout;

static struct takt_pyslot_spec spec_of(const char *id)
{
	static const struct takt_layout *inputs[2], *outputs[1];

	inputs[0] = pair_layout;
	inputs[1] = samples_layout;
	outputs[0] = samples_layout;
	return (struct takt_pyslot_spec){
		.task_id = id, .task = 3, .run = 77, .inputs = inputs, .outputs = outputs,
		.state = pair_layout, .input_count = 2, .output_count = 1,
		.description = "description", .description_bytes = 11,
	};
}

static struct takt_pyslot make(const char *id)
{
	const struct takt_pyslot_spec spec = spec_of(id);
	struct takt_pyslot slot;
	struct takt_err err = { 0 };

	assert_int_equal(takt_pyslot_create(dir, &spec, &slot, &err), 0);
	assert_int_equal(slot.geometry.file_bytes, takt_pyslot_bytes(&spec));
	return slot;
}

static struct takt_pyslot attach(const char *id)
{
	struct takt_pyslot slot;
	struct takt_err err = { 0 };

	assert_int_equal(takt_pyslot_attach(dir, id, true, &slot, &err), 0);
	return slot;
}

static void finish(struct takt_pyslot *slot, const char *id)
{
	char path[128];

	takt_pyslot_close(slot);
	snprintf(path, sizeof(path), "%s/py-%s", dir, id);
	assert_int_equal(unlink(path), 0);
}

static void post(struct takt_pyslot *lane, int32_t left)
{
	const struct pair pair = { left, 5 };
	const struct takt_pyslot_head head = { .cycle = 10, .now_ns = 20, .recent_ns = 19,
					       .deadline_ns = 30, .posted_ns = 21 };
	const struct takt_pyslot_message row = { .bytes = sizeof(pair), .stamp_ns = 18,
						 .tov_kind = TAKT_TOV_INSTANT, .tov_begin_ns = 7,
						 .tov_end_ns = 7 };

	takt_pyslot_begin(lane, &head);
	takt_pyslot_give(lane, 0, &row, &pair, "good");
	takt_pyslot_post(lane);
}

/* What a host does: twice `left` as the only item, the sum in the state. */
static void serve(struct takt_pyslot *host)
{
	const struct takt_pyslot_answer answer =
		{ .answered_ns = 25, .body_ns = 3, .transport_ns = 1 };
	struct takt_pyslot_message row;
	const struct pair *in = takt_pyslot_input(host, 0, &row);
	const struct pair *old = takt_pyslot_state(host);
	struct pair *state = takt_pyslot_next_state(host);
	struct samples *out = takt_pyslot_output_at(host, 0);

	assert_non_null(in);
	assert_null(takt_pyslot_input(host, 1, &row));
	out->values.count = 1;
	out->values.at[0] = 2.0 * in->left;
	state->left = old->left + in->left;
	state->right = old->right + 1;
	takt_pyslot_keep_state(host);
	row = (struct takt_pyslot_message){ .present = 1, .bytes = 16, .status = "ok" };
	takt_pyslot_put(host, 0, &row);
	takt_pyslot_answer(host, takt_pyslot_posted(host), &answer);
}

static void call_goes_there_and_its_answer_comes_back(void **state)
{
	struct takt_pyslot lane = make("there"), host = attach("there");
	struct takt_pyslot_answer answer;
	struct takt_pyslot_message row;
	const void *payload;

	(void)state;
	assert_memory_equal(host.description, "description", 11);
	for (int32_t i = 1; i <= 3; i++) {
		assert_true(takt_pyslot_is_free(&lane));
		post(&lane, i);
		assert_false(takt_pyslot_is_free(&lane));
		assert_false(takt_pyslot_is_answered(&lane));
		assert_int_equal(takt_pyslot_posted(&host), i);
		assert_non_null(takt_pyslot_input(&host, 0, &row));
		assert_int_equal(row.bytes, sizeof(struct pair));
		assert_int_equal(row.stamp_ns, 18);
		assert_int_equal(row.tov_begin_ns, 7);
		assert_string_equal(row.status, "good");
		assert_int_equal(host.call->deadline_ns, 30);
		serve(&host);
		assert_true(takt_pyslot_is_answered(&lane));
		assert_int_equal(takt_pyslot_take(&lane, &answer), 0);
		assert_int_equal(answer.body_ns, 3);
		assert_int_equal(takt_pyslot_output(&lane, 0, &row, &payload), 0);
		assert_int_equal(row.bytes, 16);
		assert_string_equal(row.status, "ok");
		assert_true(((const struct samples *)payload)->values.at[0] == 2.0 * i);
		assert_int_equal(((const struct pair *)answer.state)->left, i * (i + 1) / 2);
		assert_int_equal(((const struct pair *)answer.state)->right, i);
	}
	takt_pyslot_close(&host);
	finish(&lane, "there");
}

static void answer_to_another_call_is_none(void **state)
{
	struct takt_pyslot lane = make("other"), host = attach("other");
	const struct takt_pyslot_answer answer = { 0 };
	struct takt_pyslot_answer taken;

	(void)state;
	post(&lane, 1);
	for (uint64_t number = 0; number < 5; number += 2) {
		takt_pyslot_answer(&host, number, &answer);
		assert_false(takt_pyslot_is_answered(&lane));
	}
	takt_pyslot_answer(&host, 1, &answer);
	host.call->answer_number = 8;	/* a host that is not of one mind */
	assert_true(takt_pyslot_is_answered(&lane));
	assert_int_equal(takt_pyslot_take(&lane, &taken), -EBADMSG);
	assert_true(takt_pyslot_is_free(&lane));
	takt_pyslot_close(&host);
	finish(&lane, "other");
}

static void impossible_sizes_are_refused_on_both_sides(void **state)
{
	static const uint32_t sizes[] = { 0, 7, 809, 4096, UINT32_MAX };
	struct takt_pyslot lane = make("sizes"), host = attach("sizes");
	struct takt_pyslot_message row = { .present = 1 }, got;
	const void *payload;

	(void)state;
	post(&lane, 1);
	for (uint32_t i = 0; i < 5; i++) {
		row.bytes = sizes[i];
		takt_pyslot_put(&host, 0, &row);
		assert_int_equal(takt_pyslot_output(&lane, 0, &got, &payload), -EBADMSG);
		assert_null(payload);
		((struct takt_pyslot_message *)(void *)((char *)lane.call +
							lane.geometry.ports[0].row_at))
			->bytes = sizes[i];
		assert_null(takt_pyslot_input(&host, 0, &got));
	}
	row.bytes = 8;
	row.tov_kind = 99;
	memset(row.status, 'x', sizeof(row.status));
	takt_pyslot_put(&host, 0, &row);
	assert_int_equal(takt_pyslot_output(&lane, 0, &got, &payload), 0);
	assert_non_null(payload);
	assert_int_equal(got.tov_kind, TAKT_TOV_NONE);
	assert_int_equal(strlen(got.status), TAKT_STATUS_BYTES_MAX);
	takt_pyslot_close(&host);
	finish(&lane, "sizes");
}

/* The host overwrites everything but what the lane waits for: the lane stays within its mapping. */
static void garbage_all_over_the_file_moves_nothing(void **state)
{
	struct takt_pyslot lane = make("garbage"), host = attach("garbage");
	struct takt_pyslot_answer answer;
	struct takt_pyslot_message row;
	const void *payload;
	uint32_t seed = 1;

	(void)state;
	for (uint32_t round = 0; round < 200; round++) {
		unsigned char *bytes = host.memory;

		post(&lane, 1);
		for (uint64_t i = 0; i < host.geometry.file_bytes; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (unsigned char)(seed >> 24);
		}
		atomic_store(&host.host->answered, lane.number);
		if (round % 2) {
			host.call->answer_number = lane.number;
		}
		assert_true(takt_pyslot_is_answered(&lane));
		if (takt_pyslot_take(&lane, &answer) == 0) {
			const char *at = answer.state;

			assert_in_range((uintptr_t)at, (uintptr_t)lane.memory,
					(uintptr_t)lane.memory + lane.geometry.file_bytes - 8);
		}
		if (takt_pyslot_output(&lane, 0, &row, &payload) == 0 && payload) {
			assert_true(row.bytes <= sizeof(struct samples));
		}
	}
	takt_pyslot_close(&host);
	finish(&lane, "garbage");
}

static void file_that_is_no_slot_is_refused(void **state)
{
	struct takt_pyslot lane = make("whole"), slot;
	char path[128];
	unsigned char saved;

	(void)state;
	/* Every byte of the header but the counters in front of the ports that nobody uses. */
	for (uint32_t i = 0; i < 128 + 3 * 24; i++) {
		struct takt_err err = { 0 };
		unsigned char *byte = (unsigned char *)lane.memory + i;
		int r;

		saved = *byte;
		*byte = (unsigned char)(saved ^ 0xff);
		r = takt_pyslot_attach(dir, "whole", false, &slot, &err);
		assert_true(r == 0 || r == -EBADMSG || r == -EPROTO);
		if (r == 0) {
			takt_pyslot_close(&slot);
		}
		*byte = saved;
	}
	snprintf(path, sizeof(path), "%s/py-whole", dir);
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(takt_pyslot_attach(dir, "whole", true, &slot, NULL), -EBADMSG);
	assert_int_equal(takt_pyslot_attach(dir, "none", true, &slot, NULL), -ENOENT);
	finish(&lane, "whole");
}

static void state_of_a_host_that_is_killed_is_the_last_good_one(void **state)
{
	struct takt_pyslot lane = make("killed"), host = attach("killed");
	int status;
	pid_t child;

	(void)state;
	post(&lane, 4);
	serve(&host);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct takt_pyslot mine;

		if (takt_pyslot_attach(dir, "killed", true, &mine, NULL) == 0) {
			memset(takt_pyslot_next_state(&mine), 0xee, sizeof(struct pair));
		}
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(((const struct pair *)takt_pyslot_state(&host))->left, 4);
	assert_int_equal(((const struct pair *)takt_pyslot_state(&host))->right, 1);
	takt_pyslot_close(&host);
	finish(&lane, "killed");
}

static void too_many_ports_and_too_large_messages_are_refused(void **state)
{
	const struct takt_layout *many[TAKT_PYSLOT_PORTS_MAX + 1];
	struct takt_pyslot_spec spec = spec_of("many");
	struct takt_layout large = *pair_layout;
	struct takt_pyslot slot;

	(void)state;
	for (uint32_t i = 0; i <= TAKT_PYSLOT_PORTS_MAX; i++) {
		many[i] = pair_layout;
	}
	spec.inputs = many;
	spec.input_count = TAKT_PYSLOT_PORTS_MAX;
	assert_int_equal(takt_pyslot_create(dir, &spec, &slot, NULL), -EINVAL);
	large.bytes = 1u << 28;
	for (uint32_t i = 0; i < 8; i++) {
		many[i] = &large;
	}
	spec.input_count = 8;
	assert_int_equal(takt_pyslot_create(dir, &spec, &slot, NULL), -EINVAL);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/dev/shm/takt-pyslot-XXXXXX");
	return mkdtemp(dir) && takt_layout_create(&pair_type, &pair_layout, NULL) == 0 &&
	       takt_layout_create(&samples_type, &samples_layout, NULL) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	takt_layout_destroy(pair_layout);
	takt_layout_destroy(samples_layout);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_goes_there_and_its_answer_comes_back),
		cmocka_unit_test(answer_to_another_call_is_none),
		cmocka_unit_test(impossible_sizes_are_refused_on_both_sides),
		cmocka_unit_test(garbage_all_over_the_file_moves_nothing),
		cmocka_unit_test(file_that_is_no_slot_is_refused),
		cmocka_unit_test(state_of_a_host_that_is_killed_is_the_last_good_one),
		cmocka_unit_test(too_many_ports_and_too_large_messages_are_refused),
	};

	return cmocka_run_group_tests_name("pyslot", tests, set_up, tear_down);
}
