/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes that a child writes are cut into frames, and each is an answer or has a message.
 * What was taken can be read without a second look. The first byte says in which portions the
 * bytes come. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pyhost/frame/codec.h"
#include "pyhost/frame/frame.h"
#include "rt/msg/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KIND(V) V(FUZZ_NONE, 0, "none") V(FUZZ_FIX, 7, "fix")
TAKT_ENUM(fuzz_kind, "a kind", KIND)
#define INNER(F) F(u16, y, "", "") F(enum(fuzz_kind), how, "", "")
TAKT_MESSAGE(fuzz_inner, "nested", INNER)
#define ALL(F) \
	F(bool, b, "", "") F(i8, i8, "", "") F(u64, u64, "", "") F(f32, f32, "", "") \
	F(f64, f64, "", "") F(text(6), text, "", "") F(array(i16, 2), two, "", "") \
	F(array(struct(fuzz_inner), 2), inner, "", "") F(list(bool, 3), flags, "", "") \
	F(list(struct(fuzz_inner), 3), more, "", "") F(list(u8, 40), tail, "", "")
TAKT_MESSAGE(fuzz_all, "one of each", ALL)

#define ROOM 512u
#define NUMBER 3u

static struct takt_layout **layouts;
static struct takt_pyslot slot;

static void set_up(void)
{
	static const struct takt_type *const types[] = { &takt_type_fuzz_inner,
		&takt_type_fuzz_all };
	char dir[] = "/tmp/takt-fuzz-XXXXXX", path[64];
	struct takt_pyslot_spec spec = { .task_id = "t", .output_count = 2, .description = "" };
	const struct takt_layout *out[2];

	TAKT_CHECK(takt_layouts_create(types, 2, &layouts, NULL) == 0);
	out[0] = layouts[0];
	out[1] = layouts[1];
	spec.outputs = out;
	spec.state = layouts[1];
	TAKT_CHECK(mkdtemp(dir) && takt_pyslot_create(dir, &spec, &slot, NULL) == 0);
	snprintf(path, sizeof(path), "%s/py-t", dir);
	unlink(path);
	rmdir(dir);
}

static void check_taken(const struct takt_frame_answer *answer)
{
	struct takt_pyslot_message row;
	const void *payload;

	TAKT_CHECK(!answer->has_state ||
		   takt_payload_is_sound(layouts[1], takt_pyslot_next_state(&slot),
					 layouts[1]->bytes));
	for (uint32_t i = 0; answer->kind == TAKT_FRAME_RESULT && i < 2; i++) {
		TAKT_CHECK(takt_pyslot_output(&slot, i, &row, &payload) == 0);
		TAKT_CHECK(!payload || takt_payload_is_sound(layouts[i], payload, row.bytes));
	}
}

static void try_frame(const void *frame, size_t bytes)
{
	static const char *const names[] = { "inner", "all" };
	const struct takt_layout *out[2] = { layouts[0], layouts[1] };
	const struct takt_frame_ports ports = { NULL, out, layouts[1], names, 0, 2 };
	struct takt_frame_answer answer = { 0 };
	struct takt_err err = { 0 };
	const int r = takt_frame_parse(frame, bytes, &ports, &slot, NUMBER, &answer, &err);

	TAKT_CHECK(r == 0 || (err.code == r && err.text[0]));
	if (r == 0) {
		TAKT_CHECK(answer.text_bytes <= bytes);
		check_taken(&answer);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char buffer[ROOM];
	struct takt_frame_intake intake = { .bytes = buffer, .room = sizeof(buffer) };
	const size_t step = size > 0 ? 1 + data[0] : 1;
	const void *frame;
	size_t room, bytes;

	if (!layouts) {
		set_up();
	}
	for (size_t at = 1; at < size;) {
		void *to = takt_frame_intake_place(&intake, &room);
		size_t n = size - at < step ? size - at : step;

		TAKT_CHECK(room > 0 && room <= ROOM);
		n = n < room ? n : room;
		memcpy(to, data + at, n);
		takt_frame_intake_add(&intake, n);
		at += n;
		while (takt_frame_intake_find(&intake, &frame, &bytes)) {
			try_frame(frame, bytes);
			takt_frame_intake_drop(&intake);
		}
	}
	return 0;
}
