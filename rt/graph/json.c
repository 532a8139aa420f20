/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/json.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the UTF-8 character at @text, 0 when there is none. */
static size_t character_bytes(const unsigned char *text, size_t bytes)
{
	const size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 :
			      text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;

	if (length == 0 || length > bytes) {
		return 0;
	}
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f)) {
		return 0;
	}
	return length;
}

void takt_json_bytes(FILE *out, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes;) {
		const unsigned char c = (unsigned char)text[i];
		const size_t length = character_bytes((const unsigned char *)text + i, bytes - i);

		if (length == 0) {
			fputs("\\ufffd", out);
		} else if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < 0x20 || c == 0x7f) {
			fprintf(out, "\\u%04x", c);
		} else {
			fwrite(text + i, 1, length, out);
		}
		i += length ? length : 1;
	}
}

void takt_json_text(FILE *out, const char *text)
{
	fputc('"', out);
	takt_json_bytes(out, text, strlen(text));
	fputc('"', out);
}
