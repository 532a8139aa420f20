/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/crc32c.h"

#include <string.h>

#include "tests/unit/unit.h"

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One bit after the other, straight from the definition. */
static uint32_t crc32c_by_bits(const uint8_t *bytes, size_t size_bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size_bytes; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
		}
	}
	return ~crc;
}

static void known_vectors_of_rfc_3720_are_met(void **state)
{
	uint8_t bytes[32];

	(void)state;
	assert_int_equal(takt_crc32c(0, "", 0), 0);
	assert_int_equal(takt_crc32c(0, "123456789", 9), 0xe3069283u);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(takt_crc32c(0, bytes, sizeof(bytes)), 0x8a9136aau);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(takt_crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43u);
	for (uint8_t i = 0; i < 32; i++) {
		bytes[i] = i;
	}
	assert_int_equal(takt_crc32c(0, bytes, sizeof(bytes)), 0x46dd794eu);
	assert_int_equal(takt_crc32c_portable(0, bytes, sizeof(bytes)), 0x46dd794eu);
}

static void both_ways_agree_with_the_definition_at_every_size_and_alignment(void **state)
{
	static uint8_t bytes[65536];
	uint64_t seed = 20240611;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)next_random(&seed);
	}
	for (int i = 0; i < 400; i++) {
		const size_t limit = i < 300 ? 2000 : 40000;
		const size_t at = next_random(&seed) % 64, size = next_random(&seed) % limit;
		const uint32_t want = crc32c_by_bits(bytes + at, size);

		assert_int_equal(takt_crc32c(0, bytes + at, size), want);
		assert_int_equal(takt_crc32c_portable(0, bytes + at, size), want);
	}
}

static void checksum_of_a_whole_is_chained_from_its_parts(void **state)
{
	static uint8_t bytes[30000];
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)next_random(&seed);
	}
	const uint32_t whole = crc32c_by_bits(bytes, sizeof(bytes));
	for (int i = 0; i < 200; i++) {
		const size_t cut = next_random(&seed) % sizeof(bytes);
		const uint32_t head = takt_crc32c(0, bytes, cut);

		assert_int_equal(takt_crc32c(head, bytes + cut, sizeof(bytes) - cut), whole);
		assert_int_equal(takt_crc32c_portable(head, bytes + cut, sizeof(bytes) - cut), whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors_of_rfc_3720_are_met),
		cmocka_unit_test(both_ways_agree_with_the_definition_at_every_size_and_alignment),
		cmocka_unit_test(checksum_of_a_whole_is_chained_from_its_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
