/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pyhost/frame/codec.h"
#include "pyhost/frame/frame.h"
#include "tests/unit/unit.h"

#define KIND(V) V(KIND_NONE, 0, "none") V(KIND_FIX, 7, "fix") V(KIND_BACK, -2, "back")
TAKT_ENUM(kind, "a kind", KIND)
#define ONE(name, type) \
	static const struct takt_field name##_field = { \
		"v", "", "", TAKT_S_##type, TAKT_L_##type, TAKT_R_##type }; \
	static const struct takt_type name = { #name, "", &name##_field, 1, 0, 0 };
#define INNER(F) F(u16, y, "", "a number") F(enum(kind), how, "", "a kind")
TAKT_MESSAGE(inner, "nested", INNER)
ONE(t_bool, bool)
ONE(t_i8, i8)
ONE(t_i16, i16)
ONE(t_i32, i32)
ONE(t_i64, i64)
ONE(t_u8, u8)
ONE(t_u16, u16)
ONE(t_u32, u32)
ONE(t_u64, u64)
ONE(t_f32, f32)
ONE(t_f64, f64)
ONE(t_enum, enum(kind))
ONE(t_text, text(4))
ONE(t_struct, struct(inner))
ONE(t_bytes, list(u8, 3))
ONE(t_array, array(i16, 2))
ONE(t_bools, list(bool, 2))
ONE(t_kinds, list(enum(kind), 2))
ONE(t_structs, array(struct(inner), 2))

/* What CBOR (hex, of the one field) becomes which payload (hex), or which error. What is the
 * shortest form of a value is also what it is encoded as. */
static const struct row {
	const struct takt_type *type;
	const char *cbor;
	int code;
	const char *payload_or_error;
	bool is_shortest;
} rows[] = {
	{ &t_bool, "f5", 0, "01", true }, { &t_bool, "f4", 0, "00", true },
	{ &t_bool, "01", -EBADMSG, "m.v: expected a bool, found an integer", false },
	{ &t_i8, "187f", 0, "7f", true }, { &t_i8, "387f", 0, "80", true },
	{ &t_i8, "1880", -ERANGE, "m.v: 128 is more than an i8 holds", false },
	{ &t_i8, "3880", -ERANGE, "m.v: -1 - 128 is less than an i8 holds", false },
	{ &t_i8, "fb3ff0000000000000", -EBADMSG, "m.v: expected an integer, found a float", false },
	{ &t_i16, "397fff", 0, "0080", true }, { &t_i16, "198000", -ERANGE, "m.v: 32768 is more",
	false },
	{ &t_i32, "1a7fffffff", 0, "ffffff7f", true }, { &t_i32, "3a80000000", -ERANGE,
	"m.v: -1 - 2147", false },
	{ &t_i64, "3b7fffffffffffffff", 0, "0000000000000080", true },
	{ &t_i64, "1b7fffffffffffffff", 0, "ffffffffffffff7f", true },
	{ &t_i64, "1b8000000000000000", -ERANGE, "m.v: 9223372036854775808 is more than an i64",
	false },
	{ &t_i64, "3b8000000000000000", -ERANGE, "m.v: -1 - 9223372036854775808 is less", false },
	{ &t_u8, "18ff", 0, "ff", true }, { &t_u8, "190100", -ERANGE,
	"m.v: 256 is more than an u8", false },
	{ &t_u8, "20", -ERANGE, "m.v: -1 - 0 is less than an u8 holds", false },
	{ &t_u8, "1b00000000000000ff", 0, "ff", false },
	{ &t_u16, "19ffff", 0, "ffff", true }, { &t_u16, "1a00010000", -ERANGE, "m.v: 65536",
	false },
	{ &t_u32, "1affffffff", 0, "ffffffff", true }, { &t_u32, "1b0000000100000000", -ERANGE,
	"m.v: 4", false },
	{ &t_u64, "1bffffffffffffffff", 0, "ffffffffffffffff", true },
	{ &t_u64, "3bffffffffffffffff", -ERANGE, "m.v: -1 - 18446744073709551615", false },
	{ &t_u64, "c249010000000000000000", -EBADMSG, "m.v: expected an integer, found a tag",
	false },
	{ &t_f32, "fa3fc00000", 0, "0000c03f", true }, { &t_f32, "fa7f800000", 0, "0000807f",
	true },
	{ &t_f32, "f97e00", 0, "0000c07f", false }, { &t_f32, "f9fc00", 0, "000080ff", false },
	{ &t_f32, "fb3ff8000000000000", 0, "0000c03f", false },
	{ &t_f32, "03", 0, "00004040", false },
	{ &t_f32, "fb7e37e43c8800759c", -ERANGE, "m.v: 1e+300 is more than an f32 holds", false },
	{ &t_f64, "fb3ff8000000000000", 0, "000000000000f83f", true },
	{ &t_f64, "f97c00", 0, "000000000000f07f", false },
	{ &t_f64, "22", 0, "00000000000008c0", false },
	{ &t_f64, "61 31", -EBADMSG, "m.v: expected a number, found a text", false },
	{ &t_f64, "f6", -EBADMSG, "m.v: expected a number, found nothing", false },
	{ &t_enum, "07", 0, "07000000", true }, { &t_enum, "21", 0, "feffffff", true },
	{ &t_enum, "08", -ERANGE, "m.v: 8 is no value of enum kind", false },
	{ &t_text, "43 616263", 0, "61626300", true }, { &t_text, "63 616263", 0, "61626300",
	false },
	{ &t_text, "40", 0, "00000000", true }, { &t_text, "42 ff80", 0, "ff800000", true },
	{ &t_text, "44 61626364", -ERANGE, "m.v: 4 bytes are more than a text(4) holds", false },
	{ &t_text, "42 6100", -ERANGE, "m.v: a text has no NUL", false },
	{ &t_struct, "82 02 07", 0, "0200000007000000", true },
	{ &t_struct, "81 02", -EBADMSG, "m.v: expected the 2 fields of inner", false },
	{ &t_struct, "82 1a00010000 07", -ERANGE, "m.v.y: 65536 is more", false },
	{ &t_struct, "82 02 01", -ERANGE, "m.v.how: 1 is no value", false },
	{ &t_bytes, "42 0102", 0, "02000000 010200 00", true },
	{ &t_bytes, "40", 0, "0000000000000000", true },
	{ &t_bytes, "44 01020304", -ERANGE, "m.v: 4 items, at most 3", false },
	{ &t_bytes, "5b ffffffffffffffff", -EBADMSG, "m.v: the frame ends here", false },
	{ &t_array, "44 0100feff", 0, "0100feff", true },
	{ &t_array, "42 0100", -ERANGE, "m.v: 1 items, must be 2", false },
	{ &t_array, "43 010002", -EBADMSG, "m.v: 3 bytes are no whole number of items", false },
	{ &t_array, "82 01 02", -EBADMSG, "m.v: expected items as bytes, found an array", false },
	{ &t_bools, "42 0100", 0, "0200000001000000", true },
	{ &t_bools, "42 0102", -ERANGE, "m.v: item 1 is no bool", false },
	{ &t_kinds, "82 07 21", 0, "02000000 07000000 feffffff", true },
	{ &t_kinds, "82 07 09", -ERANGE, "m.v[1]: 9 is no value of enum kind", false },
	{ &t_kinds, "83 07 07 07", -ERANGE, "m.v: 3 items, at most 2", false },
	{ &t_structs, "82 820107 820200", 0, "0100000007000000 0200000000000000", true },
	{ &t_structs, "82 820107 820209", -ERANGE, "m.v[1].how: 9 is no value", false },
	{ &t_structs, "9f 820107 820200 ff", -EBADMSG, "m.v: the frame ends here, or is no CBOR",
	false },
};

static uint32_t unhex(const char *hex, unsigned char *out)
{
	uint32_t n = 0;

	while (*hex) {
		char pair[3] = { 0 };

		if (*hex == ' ') {
			hex++;
			continue;
		}
		memcpy(pair, hex, 2);
		out[n++] = (unsigned char)strtoul(pair, NULL, 16);
		hex += 2;
	}
	return n;
}

static struct takt_layout **layouts_of(const struct takt_type *type)
{
	const struct takt_type *types[] = { &takt_type_inner, type };
	struct takt_layout **layouts = NULL;

	assert_int_equal(takt_layouts_create(types, 2, &layouts, NULL), 0);
	return layouts;
}

static void check_row(const struct row *row)
{
	struct takt_layout **layouts = layouts_of(row->type);
	unsigned char cbor[64] = { 0x81 }, payload[64], expected[64], again[64];
	const uint32_t bytes = 1 + unhex(row->cbor, cbor + 1);
	struct takt_cbor_reader reader = { cbor, bytes, 0 };
	struct takt_cbor_writer writer = { again, sizeof(again), 0, false };
	struct takt_err err = { 0 };
	uint32_t used = 0;
	int r;

	memset(payload, 0xee, sizeof(payload));
	r = takt_codec_decode(&reader, layouts[1], "m", payload, &used, &err);
	if (r != row->code || (r < 0 && strncmp(err.text, row->payload_or_error,
						strlen(row->payload_or_error)) != 0)) {
		fail_msg("%s %s: %d %s", row->type->name, row->cbor, r, err.text);
	}
	if (r == 0) {
		const uint32_t n = unhex(row->payload_or_error, expected);

		assert_int_equal(layouts[1]->bytes, n);
		assert_memory_equal(payload, expected, n);
		assert_int_equal(used, takt_layout_used_bytes(layouts[1], payload));
		takt_codec_encode(&writer, layouts[1], payload);
		assert_false(writer.is_full);
		assert_true(writer.at <= takt_codec_bytes_max(layouts[1]));
		if (row->is_shortest) {
			assert_int_equal(writer.at, bytes);
			assert_memory_equal(again, cbor, bytes);
		}
	}
	takt_layouts_destroy(layouts, 2);
}

static void each_type_takes_its_values_and_names_what_it_does_not_take(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(&rows[i]);
	}
}

/* --- frames ---------------------------------------------------------------------------------- */

struct world {
	char dir[64];
	struct takt_layout **layouts;
	const struct takt_layout *in[2];
	const struct takt_layout *out[1];
	struct takt_frame_ports ports;
	struct takt_pyslot slot;
};

static const char *const names[] = { "summary" };

static void make_world(struct world *w)
{
	struct takt_err err = { 0 };
	struct takt_pyslot_spec spec = { .task_id = "t", .input_count = 2, .output_count = 1,
		.description = "",
					 .inputs = w->in, .outputs = w->out };

	snprintf(w->dir, sizeof(w->dir), "/tmp/takt-frame-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->layouts = layouts_of(&t_bytes);
	w->in[0] = w->layouts[0];
	w->in[1] = w->layouts[1];
	w->out[0] = w->layouts[0];
	w->ports = (struct takt_frame_ports){ w->in, w->out, w->layouts[0], names, 2, 1 };
	spec.state = w->layouts[0];
	assert_int_equal(takt_pyslot_create(w->dir, &spec, &w->slot, &err), 0);
}

static void drop_world(struct world *w)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/py-t", w->dir);
	takt_pyslot_close(&w->slot);
	unlink(path);
	rmdir(w->dir);
	takt_layouts_destroy(w->layouts, 2);
}

static int parse(struct world *w, const char *hex, uint64_t number, struct takt_frame_answer *a,
		 struct takt_err *err)
{
	unsigned char bytes[256];
	const uint32_t n = unhex(hex, bytes);

	*err = (struct takt_err){ 0 };
	return takt_frame_parse(bytes, n, &w->ports, &w->slot, number, a, err);
}

static void result_goes_to_the_slot(void **state)
{
	struct takt_pyslot_message row;
	struct takt_frame_answer a;
	struct inner got;
	const void *payload;
	struct takt_err err;
	struct world w;

	(void)state;
	make_world(&w);
	assert_int_equal(parse(&w, "85 02 09 1903e8 82 05 00 81 85 82 04 07 01 18ff 18ff 42 6f6b",
			       9, &a, &err), 0);
	assert_int_equal(a.kind, TAKT_FRAME_RESULT);
	assert_int_equal(a.body_ns, 1000);
	assert_true(a.has_state);
	assert_int_equal(((const struct inner *)takt_pyslot_next_state(&w.slot))->y, 5);
	assert_int_equal(((const struct inner *)takt_pyslot_state(&w.slot))->y, 0);
	assert_int_equal(takt_pyslot_output(&w.slot, 0, &row, &payload), 0);
	memcpy(&got, payload, sizeof(got));
	assert_int_equal(got.y, 4);
	assert_int_equal(got.how, KIND_FIX);
	assert_int_equal(row.tov_kind, TAKT_TOV_INSTANT);
	assert_int_equal(row.tov_begin_ns, 255);
	assert_string_equal(row.status, "ok");
	assert_int_equal(parse(&w, "85 02 09 00 f6 81 f6", 9, &a, &err), 0);
	assert_false(a.has_state);
	assert_int_equal(takt_pyslot_output(&w.slot, 0, &row, &payload), 0);
	assert_null(payload);
	drop_world(&w);
}

static void frames_that_cannot_be_are_refused_with_a_reason(void **state)
{
	static const struct { const char *hex; int code; const char *text; } bad[] = {
		{ "", -EBADMSG, "no array" }, { "f6", -EBADMSG, "no array" },
			{ "80", -EBADMSG, "kind" },
		{ "81 05", -EBADMSG, "kind" }, { "81 02", -EBADMSG, "count of items" },
		{ "85 02 08 00 f6 81 f6", -EALREADY, "another call" },
		{ "85 02 09 00 f6 80", -EBADMSG, "outputs" },
		{ "85 02 09 00 f6 82 f6 f6", -EBADMSG, "outputs" },
		{ "85 02 09 00 f6 81 f6 00", -EBADMSG, "behind its end" },
		{ "85 02 09 00 f6 81 84 82 04 07 00 00 00", -EBADMSG, "output" },
		{ "85 02 09 00 f6 81 85 82 04 07 03 00 00 40", -EBADMSG, "tov" },
		{ "85 02 09 00 f6 81 85 82 1a00010000 07 00 00 00 40", -ERANGE,
		"summary.y: 65536" },
		{ "85 02 09 00 82 00 09 81 f6", -ERANGE, "state.how: 9" },
		{ "82 01 82 1a00010000 00", -ERANGE, "state.y: 65536" },
		{ "86 03 78 20 20202020202020202020202020202020"
		  "20202020202020202020202020202020 00 00 f4 60",
		  -EBADMSG, "where" },
	};
	struct takt_frame_answer a;
	struct takt_err err;
	struct world w;

	(void)state;
	make_world(&w);
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const int r = parse(&w, bad[i].hex, 9, &a, &err);

		if (r != bad[i].code || !strstr(err.text, bad[i].text)) {
			fail_msg("%s: %d %s", bad[i].hex, r, err.text);
		}
	}
	drop_world(&w);
}

static void error_says_where_and_what(void **state)
{
	struct takt_frame_answer a;
	struct takt_err err;
	struct world w;

	(void)state;
	make_world(&w);
	assert_int_equal(parse(&w, "86 03 65 7374617274 09 182a f5 64 6f6f7073", 9, &a, &err), 0);
	assert_int_equal(a.kind, TAKT_FRAME_ERROR);
	assert_string_equal(a.where, "start");
	assert_int_equal(a.line, 42);
	assert_true(a.is_final);
	assert_int_equal(a.text_bytes, 4);
	assert_memory_equal(a.text, "oops", 4);
	drop_world(&w);
}

static void call_fits_within_the_bound_that_is_said(void **state)
{
	const struct takt_pyslot_head head = { 7, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct takt_pyslot_message row = { .bytes = 8, .tov_kind = 2, .stamp_ns = UINT64_MAX,
					   .tov_begin_ns = UINT64_MAX, .tov_end_ns = UINT64_MAX };
	const struct inner value = { 65535, KIND_BACK };
	unsigned char status[TAKT_STATUS_BYTES_MAX + 1], *frame;
	struct world w;
	uint64_t most;
	int64_t n;

	(void)state;
	make_world(&w);
	memset(status, 's', sizeof(status));
	status[sizeof(status) - 1] = '\0';
	takt_pyslot_begin(&w.slot, &head);
	takt_pyslot_give(&w.slot, 0, &row, &value, (const char *)status);
	takt_pyslot_give(&w.slot, 1, &row, "\3\0\0\0abc", (const char *)status);
	most = takt_frame_request_bytes_max(&w.ports, 0);
	frame = malloc(most);
	n = takt_frame_put_call(frame, most, &w.ports, &w.slot, UINT64_MAX);
	assert_true(n > 200 && n <= (int64_t)most);
	assert_int_equal(takt_frame_put_call(frame, (size_t)n - 1, &w.ports, &w.slot, UINT64_MAX),
			 -EMSGSIZE);
	free(frame);
	drop_world(&w);
}

/* --- cutting --------------------------------------------------------------------------------- */

static void feed(struct takt_frame_intake *intake, const void *bytes, size_t size_bytes,
		 size_t step)
{
	const unsigned char *from = bytes;

	while (size_bytes > 0) {
		size_t room;
		void *to = takt_frame_intake_place(intake, &room);
		const size_t n = size_bytes < step ? size_bytes : step;
		const size_t take = n < room ? n : room;

		assert_true(take > 0);
		memcpy(to, from, take);
		takt_frame_intake_add(intake, take);
		from += take;
		size_bytes -= take;
	}
}

static void oversized_frame_is_drained_and_the_next_one_is_found(void **state)
{
	(void)state;
	for (size_t step = 1; step < 64; step++) {
		unsigned char buffer[16], stream[4 + 300 + 4 + 5] = { 44, 1 };
		struct takt_frame_intake intake = { .bytes = buffer, .room = sizeof(buffer) };
		const void *frame;
		size_t bytes;

		memset(stream + 4, 0xff, 300);
		memcpy(stream + 304, "\5\0\0\0hello", 9);
		feed(&intake, stream, sizeof(stream), step);
		assert_int_equal(intake.oversized, 1);
		assert_true(intake.has_dropped);
		assert_true(takt_frame_intake_find(&intake, &frame, &bytes));
		assert_int_equal(bytes, 5);
		assert_memory_equal(frame, "hello", 5);
		takt_frame_intake_drop(&intake);
		assert_false(takt_frame_intake_find(&intake, &frame, &bytes));
	}
}

static void frames_that_come_together_are_found_one_by_one(void **state)
{
	unsigned char buffer[64];
	struct takt_frame_intake intake = { .bytes = buffer, .room = sizeof(buffer) };
	const void *frame;
	size_t bytes;

	(void)state;
	feed(&intake, "\1\0\0\0a\0\0\0\0\2\0\0\0bc\377", 16, 16);
	assert_true(takt_frame_intake_find(&intake, &frame, &bytes));
	assert_int_equal(bytes, 1);
	takt_frame_intake_drop(&intake);
	assert_true(takt_frame_intake_find(&intake, &frame, &bytes));
	assert_int_equal(bytes, 0);
	takt_frame_intake_drop(&intake);
	assert_true(takt_frame_intake_find(&intake, &frame, &bytes));
	assert_memory_equal(frame, "bc", 2);
	takt_frame_intake_drop(&intake);
	assert_false(takt_frame_intake_find(&intake, &frame, &bytes));
	assert_int_equal(intake.have, 1);
}

static void hash_tells_other_ports_and_another_state(void **state)
{
	struct takt_frame_ports other;
	struct world w;

	(void)state;
	make_world(&w);
	other = w.ports;
	other.state = NULL;
	assert_true(takt_frame_hash(&other) != takt_frame_hash(&w.ports));
	other = w.ports;
	other.input_count = 1;
	assert_true(takt_frame_hash(&other) != takt_frame_hash(&w.ports));
	assert_true(takt_frame_hash(&w.ports) == takt_frame_hash(&w.ports));
	drop_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type_takes_its_values_and_names_what_it_does_not_take),
		cmocka_unit_test(result_goes_to_the_slot),
		cmocka_unit_test(frames_that_cannot_be_are_refused_with_a_reason),
		cmocka_unit_test(error_says_where_and_what),
		cmocka_unit_test(call_fits_within_the_bound_that_is_said),
		cmocka_unit_test(oversized_frame_is_drained_and_the_next_one_is_found),
		cmocka_unit_test(frames_that_come_together_are_found_one_by_one),
		cmocka_unit_test(hash_tells_other_ports_and_another_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
