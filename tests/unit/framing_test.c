/* Frames in a stream of bytes. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/io/framing.h"

#define SEED 20240611u
#define ROUNDS 3000
#define FRAME_MAX 1024u

static const enum framing_kind kinds[] = { FRAMING_DELIMITER, FRAMING_COBS, FRAMING_SLIP };

struct seen {
	uint8_t frames[8][FRAME_MAX];
	uint32_t bytes[8];
	enum framing_event events[8];
	uint32_t count;
};

/* Feed @bytes in pieces of @piece. */
static void feed(struct framing *f, const uint8_t *bytes, size_t count, size_t piece,
		 struct seen *seen)
{
	seen->count = 0;
	for (size_t at = 0, used = 0; at < count; at += used) {
		const size_t give = count - at < piece ? count - at : piece;
		const enum framing_event event = framing_push(f, bytes + at, give, &used);

		assert_true(used > 0 && used <= give);
		if (event != FRAMING_MORE && seen->count < 8) {
			memcpy(seen->frames[seen->count], f->bytes, f->used);
			seen->bytes[seen->count] = f->used;
			seen->events[seen->count++] = event;
		}
	}
}

/* The frames of the text in @bytes as "a|b!", ! damaged, + cut. */
static void expect(enum framing_kind kind, uint32_t max, const char *bytes, size_t count,
		   const char *want)
{
	uint8_t buffer[FRAME_MAX];
	struct framing f;
	struct seen seen;
	char have[256] = "";

	for (size_t piece = 1; piece <= count; piece++) {
		size_t used = 0;

		framing_init(&f, kind, '\n', buffer, max);
		feed(&f, (const uint8_t *)bytes, count, piece, &seen);
		have[0] = '\0';
		for (uint32_t i = 0; i < seen.count; i++) {
			used += (size_t)snprintf(have + used, sizeof(have) - used, "%s%.*s%s", i
						 ? "|" : "",
						 seen.events[i] == FRAMING_DAMAGED ? 0
							 : (int)seen.bytes[i],
						 (const char *)seen.frames[i],
						 seen.events[i] == FRAMING_DAMAGED ? "!" :
						 seen.events[i] == FRAMING_CUT ? "+" : "");
		}
		assert_string_equal(have, want);
	}
}

static void delimited_frames_end_at_the_delimiter_and_empty_ones_are_none(void **state)
{
	(void)state;
	expect(FRAMING_DELIMITER, 8, "\nab\n\n\ncd\nrest", 13, "ab|cd");
	expect(FRAMING_DELIMITER, 2, "abc\nde\nfgh\ni\n", 13, "ab+|de|fg+|i");
}

static void slip_frames_are_those_of_rfc_1055(void **state)
{
	(void)state;
	expect(FRAMING_SLIP, 8, "\xc0" "ab\xc0\xc0" "c\xdb\xdc" "d\xdb\xdd" "e\xc0", 14,
	       "ab|c\xc0" "d\xdb" "e");
	expect(FRAMING_SLIP, 8, "a\xdb" "b\xc0" "cd\xc0" "e\xdb\xc0" "f\xc0", 12, "!|cd|!|f");
}

static void cobs_frames_are_those_of_the_paper(void **state)
{
	uint8_t buffer[FRAME_MAX];
	struct framing f;
	struct seen seen;

	(void)state;
	/* Cheshire and Baker, figure 3: 45 00 00 2c 4c 79 00 00 40 06 4f 37 */
	static const uint8_t wire[] = { 0x02, 0x45, 0x01, 0x04, 0x2c, 0x4c, 0x79, 0x01, 0x05, 0x40,
					0x06, 0x4f,
					0x37, 0x00 };
	static const uint8_t plain[] = { 0x45, 0x00, 0x00, 0x2c, 0x4c, 0x79, 0x00, 0x00, 0x40, 0x06,
					 0x4f, 0x37 };
	uint8_t out[64];

	framing_init(&f, FRAMING_COBS, 0, buffer, sizeof(buffer));
	feed(&f, wire, sizeof(wire), 3, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.bytes[0], sizeof(plain));
	assert_memory_equal(seen.frames[0], plain, sizeof(plain));
	assert_int_equal(framing_encode(FRAMING_COBS, 0, plain, sizeof(plain), out), sizeof(wire));
	assert_memory_equal(out, wire, sizeof(wire));
	expect(FRAMING_COBS, 8, "\x09" "abc\0\x03" "de\0\0\x01\0", 11, "!|de");
}

static uint8_t some_byte(enum framing_kind kind)
{
	static const uint8_t special[] = { 0, 1, 0xc0, 0xdb, 0xdc, 0xdd, 254, 255 };
	const uint8_t byte = rand() % 3 ? (uint8_t)rand() : special[rand() % 8];

	return kind == FRAMING_DELIMITER && byte == '\n' ? ' ' : byte;
}

static void what_is_encoded_is_decoded_whatever_pieces_it_comes_in(void **state)
{
	static uint8_t plain[3][FRAME_MAX], wire[16384];
	uint8_t buffer[FRAME_MAX];
	struct framing f;
	struct seen seen;

	(void)state;
	srand(SEED);
	printf("# seed %u\n", SEED);
	for (int round = 0; round < ROUNDS; round++) {
		const enum framing_kind kind = kinds[round % 3];
		size_t bytes = 0, counts[3];

		framing_init(&f, kind, '\n', buffer, sizeof(buffer));
		for (int i = 0; i < 3; i++) {
			counts[i] = 1 + (size_t)(rand() % (round % 5 ? 300 : (int)FRAME_MAX));
			for (size_t k = 0; k < counts[i]; k++) {
				plain[i][k] = some_byte(kind);
			}
			/* a run without a zero, of which 254 fill a block */
			if (rand() % 8 == 0) {
				memset(plain[i], 'x', counts[i]);
			}
			const size_t used = framing_encode(kind, '\n', plain[i], counts[i],
							   wire + bytes);

			assert_true(used > 0 && used <= framing_encoded_max(counts[i]));
			bytes += used;
		}
		feed(&f, wire, bytes, 1 + (size_t)(rand() % 700), &seen);
		assert_int_equal(seen.count, 3);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(seen.events[i], FRAMING_FRAME);
			assert_int_equal(seen.bytes[i], counts[i]);
			assert_memory_equal(seen.frames[i], plain[i], counts[i]);
		}
	}
}

static void a_frame_with_its_delimiter_inside_cannot_be_said(void **state)
{
	uint8_t out[16];

	(void)state;
	assert_int_equal(framing_encode(FRAMING_DELIMITER, ';', (const uint8_t *)"a;b", 3, out), 0);
	assert_int_equal(framing_encode(FRAMING_DELIMITER, ';', (const uint8_t *)"a.b", 3, out), 4);
	assert_memory_equal(out, "a.b;", 4);
}

static void a_reset_forgets_the_frame_that_has_begun(void **state)
{
	uint8_t buffer[FRAME_MAX];
	struct framing f;
	struct seen seen;

	(void)state;
	framing_init(&f, FRAMING_SLIP, 0, buffer, sizeof(buffer));
	feed(&f, (const uint8_t *)"before\xdb", 7, 7, &seen);
	framing_reset(&f);
	feed(&f, (const uint8_t *)"after\xc0", 6, 6, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.events[0], FRAMING_FRAME);
	assert_memory_equal(seen.frames[0], "after", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delimited_frames_end_at_the_delimiter_and_empty_ones_are_none),
		cmocka_unit_test(slip_frames_are_those_of_rfc_1055),
		cmocka_unit_test(cobs_frames_are_those_of_the_paper),
		cmocka_unit_test(what_is_encoded_is_decoded_whatever_pieces_it_comes_in),
		cmocka_unit_test(a_frame_with_its_delimiter_inside_cannot_be_said),
		cmocka_unit_test(a_reset_forgets_the_frame_that_has_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
