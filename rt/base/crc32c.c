/* SPDX-License-Identifier: Apache-2.0 */
/* Two ways to one number. The portable one takes 8 bytes a step through 8 tables ("slicing by 8").
 * On x86-64 the crc32 instruction takes 8 bytes in 3 cycles but can start one every cycle, so three
 * lanes of a block run side by side. Their checksums are joined by moving one over the bytes behind
 * it: a carry-less product with x^(8n-33) mod P, and one more crc32 to reduce it (as in Intel's
 * paper on iSCSI CRC, 2011). */
#include "rt/base/crc32c.h"

#include <string.h>

/* A table is linear: its row i is the sum of the rows of i's bits, and those are given here (the
 * checksum of bit b followed by k zero bytes). The compiler makes the tables of them. */
#define SLICE_0(i) ROW(i, 0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu, \
		       0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, 0x82f63b78u)
#define SLICE_1(i) ROW(i, 0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u, \
		       0x3fc5f181u, 0x7f8be302u, 0xff17c604u, 0xfbc3faf9u)
#define SLICE_2(i) ROW(i, 0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u, \
		       0x70a27d8au, 0xe144fb14u, 0xc76580d9u, 0x8b277743u)
#define SLICE_3(i) ROW(i, 0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u, \
		       0xe964b13du, 0xd725148bu, 0xaba65fe7u, 0x52a0c93fu)
#define SLICE_4(i) ROW(i, 0x38116facu, 0x7022df58u, 0xe045beb0u, 0xc5670b91u, \
		       0x8f2261d3u, 0x1ba8b557u, 0x37516aaeu, 0x6ea2d55cu)
#define SLICE_5(i) ROW(i, 0xef306b19u, 0xdb8ca0c3u, 0xb2f53777u, 0x6006181fu, \
		       0xc00c303eu, 0x85f4168du, 0x0e045bebu, 0x1c08b7d6u)
#define SLICE_6(i) ROW(i, 0x68032cc8u, 0xd0065990u, 0xa5e0c5d1u, 0x4e2dfd53u, \
		       0x9c5bfaa6u, 0x3d5b83bdu, 0x7ab7077au, 0xf56e0ef4u)
#define SLICE_7(i) ROW(i, 0x493c7d27u, 0x9278fa4eu, 0x211d826du, 0x423b04dau, \
		       0x847609b4u, 0x0d006599u, 0x1a00cb32u, 0x34019664u)
#define ROW(i, b0, b1, b2, b3, b4, b5, b6, b7)                                                     \
	(BIT(i, 0, b0) ^ BIT(i, 1, b1) ^ BIT(i, 2, b2) ^ BIT(i, 3, b3) ^ BIT(i, 4, b4) ^           \
	 BIT(i, 5, b5) ^ BIT(i, 6, b6) ^ BIT(i, 7, b7))
#define BIT(i, b, value) (((i) >> (b)) & 1 ? (value) : 0u)
#define ROWS_4(f, i) f(i), f((i) + 1), f((i) + 2), f((i) + 3)
#define ROWS_16(f, i) ROWS_4(f, i), ROWS_4(f, (i) + 4), ROWS_4(f, (i) + 8), ROWS_4(f, (i) + 12)
#define ROWS_64(f, i) ROWS_16(f, i), ROWS_16(f, (i) + 16), ROWS_16(f, (i) + 32), ROWS_16(f, (i) + 48)
#define ROWS(f) { ROWS_64(f, 0), ROWS_64(f, 64), ROWS_64(f, 128), ROWS_64(f, 192) }

static const uint32_t slices[8][256] = {
	ROWS(SLICE_0), ROWS(SLICE_1), ROWS(SLICE_2), ROWS(SLICE_3),
	ROWS(SLICE_4), ROWS(SLICE_5), ROWS(SLICE_6), ROWS(SLICE_7)
};

static uint64_t load_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

uint32_t takt_crc32c_portable(uint32_t crc, const void *bytes, size_t size_bytes)
{
	const uint8_t *at = bytes;

	crc = ~crc;
	for (; size_bytes >= 8; size_bytes -= 8, at += 8) {
		const uint64_t word = load_word(at) ^ crc;

		crc = slices[7][word & 0xff] ^ slices[6][(word >> 8) & 0xff] ^
		      slices[5][(word >> 16) & 0xff] ^ slices[4][(word >> 24) & 0xff] ^
		      slices[3][(word >> 32) & 0xff] ^ slices[2][(word >> 40) & 0xff] ^
		      slices[1][(word >> 48) & 0xff] ^ slices[0][word >> 56];
	}
	for (; size_bytes > 0; size_bytes--, at++) {
		crc = (crc >> 8) ^ slices[0][(crc ^ *at) & 0xff];
	}
	return ~crc;
}

#if defined __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("sse4.2,pclmul")))

#define LONG_LANE_BYTES 4096u
#define LONG_BY_ONE 0x82f89c77		/* x^(8n-33) mod P, bits reflected, n = one lane */
#define LONG_BY_TWO 0x54a86326		/* n = two lanes */
#define SHORT_LANE_BYTES 256u
#define SHORT_BY_ONE 0xb9e02b86
#define SHORT_BY_TWO 0xdd7e3b0c
#define AHEAD_BYTES 1024u		/* three streams are too many for the CPU to foresee */

TARGET static inline uint64_t multiply(uint32_t crc, int64_t factor)
{
	const __m128i product =
		_mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi64_si128(factor), 0);

	return (uint64_t)_mm_cvtsi128_si64(product);
}

/* Three lanes of @lane_bytes at @at; the factors move a checksum over one and over two lanes. */
TARGET static inline uint32_t three_lanes(uint32_t crc, const uint8_t *at, size_t lane_bytes,
					  int64_t by_one, int64_t by_two)
{
	uint64_t first = crc, second = 0, third = 0;

	for (size_t i = 0; i < lane_bytes; i += 8) {
		if (i % 64 == 0) {
			_mm_prefetch((const char *)at + i + AHEAD_BYTES, _MM_HINT_T0);
			_mm_prefetch((const char *)at + lane_bytes + i + AHEAD_BYTES, _MM_HINT_T0);
			_mm_prefetch((const char *)at + 2 * lane_bytes + i + AHEAD_BYTES, _MM_HINT_T0);
		}
		first = _mm_crc32_u64(first, load_word(at + i));
		second = _mm_crc32_u64(second, load_word(at + lane_bytes + i));
		third = _mm_crc32_u64(third, load_word(at + 2 * lane_bytes + i));
	}
	return (uint32_t)(_mm_crc32_u64(0, multiply((uint32_t)first, by_two) ^
						   multiply((uint32_t)second, by_one)) ^
			  third);
}

TARGET static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *at, size_t size_bytes)
{
	crc = ~crc;
	for (; size_bytes >= 3 * LONG_LANE_BYTES; size_bytes -= 3 * LONG_LANE_BYTES) {
		crc = three_lanes(crc, at, LONG_LANE_BYTES, LONG_BY_ONE, LONG_BY_TWO);
		at += 3 * LONG_LANE_BYTES;
	}
	for (; size_bytes >= 3 * SHORT_LANE_BYTES; size_bytes -= 3 * SHORT_LANE_BYTES) {
		crc = three_lanes(crc, at, SHORT_LANE_BYTES, SHORT_BY_ONE, SHORT_BY_TWO);
		at += 3 * SHORT_LANE_BYTES;
	}
	for (; size_bytes >= 8; size_bytes -= 8, at += 8) {
		crc = (uint32_t)_mm_crc32_u64(crc, load_word(at));
	}
	for (; size_bytes > 0; size_bytes--, at++) {
		crc = _mm_crc32_u8(crc, *at);
	}
	return ~crc;
}
#endif

uint32_t takt_crc32c(uint32_t crc, const void *bytes, size_t size_bytes)
{
#if defined __x86_64__
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
		return crc32c_sse42(crc, bytes, size_bytes);
	}
#endif
	return takt_crc32c_portable(crc, bytes, size_bytes);
}
