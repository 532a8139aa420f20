/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/text_buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void takt_text_buffer_init(struct takt_text_buffer *out, size_t limit_bytes)
{
	*out = (struct takt_text_buffer){ .limit = limit_bytes };
}

void takt_text_buffer_init_fixed(struct takt_text_buffer *out, char *memory, size_t size_bytes)
{
	*out = (struct takt_text_buffer){ .text = memory, .room = size_bytes, .limit = size_bytes - 1,
		.fixed = true };
	memory[0] = '\0';
}

void takt_text_buffer_fini(struct takt_text_buffer *out)
{
	if (!out->fixed) {
		free(out->text);
	}
	*out = (struct takt_text_buffer){ 0 };
}

void takt_text_buffer_clear(struct takt_text_buffer *out)
{
	out->used = 0;
	out->error = 0;
	if (out->text) {
		out->text[0] = '\0';
	}
}

/* Room for @size_bytes more and the NUL. */
static bool reserve(struct takt_text_buffer *out, size_t size_bytes)
{
	char *grown;
	size_t room;

	if (out->error < 0) {
		return false;
	}
	if (size_bytes > out->limit - out->used) {
		out->error = -ENOSPC;
		return false;
	}
	if (size_bytes < out->room - out->used) {
		return true;
	}
	room = 2 * (out->used + size_bytes) + 256;
	grown = realloc(out->text, room);
	if (!grown) {
		out->error = -ENOMEM;
		return false;
	}
	out->text = grown;
	out->room = room;
	return true;
}

void takt_text_buffer_put(struct takt_text_buffer *out, const char *text, size_t size_bytes)
{
	if (!reserve(out, size_bytes)) {
		return;
	}
	if (size_bytes) {
		memcpy(out->text + out->used, text, size_bytes);
	}
	out->used += size_bytes;
	out->text[out->used] = '\0';
}

void takt_text_buffer_puts(struct takt_text_buffer *out, const char *text)
{
	takt_text_buffer_put(out, text, strlen(text));
}

void takt_text_buffer_printf(struct takt_text_buffer *out, const char *format, ...)
{
	va_list args;
	int size_bytes;

	va_start(args, format);
	size_bytes = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size_bytes < 0 || !reserve(out, (size_t)size_bytes)) {
		return;
	}
	va_start(args, format);
	vsnprintf(out->text + out->used, (size_t)size_bytes + 1, format, args);
	va_end(args);
	out->used += (size_t)size_bytes;
}
