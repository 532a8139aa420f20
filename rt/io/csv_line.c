/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/csv_line.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_BYTES_MIN 4096u

static bool has_room(struct csv_line *line, size_t bytes)
{
	size_t room = line->room_bytes ? line->room_bytes : ROOM_BYTES_MIN;
	char *text;

	while (room - line->used_bytes < bytes) {
		room *= 2;
	}
	if (room != line->room_bytes) {
		text = realloc(line->text, room);
		if (!text) {
			line->failed = true;
			return false;
		}
		line->text = text;
		line->room_bytes = room;
	}
	return true;
}

void csv_line_put(struct csv_line *line, char separator, const char *text, size_t length, bool quote)
{
	if (!has_room(line, 2 * length + 3)) {
		return;
	}
	char *at = line->text + line->used_bytes;

	if (line->any) {
		*at++ = separator;
	}
	for (size_t i = 0; i < length && !quote; i++) {
		quote = text[i] == separator || text[i] == '"' || text[i] == '\n' || text[i] == '\r' ||
			(i == 0 && (text[i] == '#' || text[i] == '\xef'));
	}
	if (quote) {
		*at++ = '"';
	}
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"') {
			*at++ = '"';
		}
		*at++ = text[i];
	}
	if (quote) {
		*at++ = '"';
	}
	line->used_bytes = (size_t)(at - line->text);
	line->any = true;
}

void csv_line_end(struct csv_line *line)
{
	if (has_room(line, 1)) {
		line->text[line->used_bytes++] = '\n';
	}
	line->any = false;
}

void csv_line_free(struct csv_line *line)
{
	free(line->text);
	*line = (struct csv_line){ 0 };
}
