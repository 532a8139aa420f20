/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/utf8.h"

/* Unicode 15, table 3-7: the first byte says how many follow and what the second may be. */
static uint32_t lead(unsigned char first, unsigned char *ret_low, unsigned char *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xbf;
	if (first < 0x80) {
		return 1;
	}
	if (first < 0xc2 || first > 0xf4) {
		return 0;
	}
	if (first < 0xe0) {
		return 2;
	}
	if (first < 0xf0) {
		*ret_low = first == 0xe0 ? 0xa0 : 0x80;
		*ret_high = first == 0xed ? 0x9f : 0xbf;
		return 3;
	}
	*ret_low = first == 0xf0 ? 0x90 : 0x80;
	*ret_high = first == 0xf4 ? 0x8f : 0xbf;
	return 4;
}

uint32_t takt_utf8_length(const char *at, size_t size_bytes)
{
	unsigned char low, high;
	const uint32_t length = lead((unsigned char)at[0], &low, &high);

	if (length > size_bytes) {
		return 0;
	}
	for (uint32_t i = 1; i < length; i++) {
		const unsigned char byte = (unsigned char)at[i];

		if (byte < low || byte > high) {
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

bool takt_utf8_valid(const char *text, size_t size_bytes)
{
	for (size_t at = 0; at < size_bytes;) {
		const uint32_t length = takt_utf8_length(text + at, size_bytes - at);

		if (length == 0) {
			return false;
		}
		at += length;
	}
	return true;
}
