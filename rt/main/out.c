/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/out.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rt/base/file.h"
#include "rt/base/json.h"
#include "rt/base/utf8.h"
#include "rt/main/commands.h"

#define PIECE_BYTES 65536u
#define NS_PER_S 1000000000u
#define ROW_BYTES_MAX ((size_t)2 << 30)

void takt_out_init(struct takt_out *out, enum takt_form form)
{
	*out = (struct takt_out){ .form = form };
	takt_text_buffer_init(&out->text, ROW_BYTES_MAX);
	out->colour = form == TAKT_FORM_SHORT && isatty(STDOUT_FILENO);
}

static void fail(struct takt_out *out, int error)
{
	if (error == -EPIPE) {
		out->closed = true;
	} else if (out->error == 0) {
		out->error = error;
		fprintf(stderr, "takt: cannot write the output: %s\n", strerror(-error));
	}
}

void takt_out_flush(struct takt_out *out)
{
	int r = out->text.error;

	if (r == 0 && out->text.used > 0 && !takt_out_done(out)) {
		r = takt_file_write_all(STDOUT_FILENO, out->text.text, out->text.used);
	}
	if (r < 0) {
		fail(out, r);
	}
	takt_text_buffer_clear(&out->text);
}

int takt_out_fini(struct takt_out *out)
{
	if (out->form == TAKT_FORM_JSON) {
		takt_text_buffer_puts(&out->text, out->rows ? "\n]\n" : "[]\n");
	}
	takt_out_flush(out);
	takt_text_buffer_fini(&out->text);
	return out->error ? TAKT_EXIT_ERROR : TAKT_EXIT_OK;
}

void takt_out_drop(struct takt_out *out)
{
	out->form = TAKT_FORM_SHORT;
	takt_text_buffer_clear(&out->text);
}

void takt_out_row_begin(struct takt_out *out)
{
	if (out->form == TAKT_FORM_JSON) {
		takt_text_buffer_puts(&out->text, out->rows ? ",\n" : "[\n");
	}
	out->rows++;
}

void takt_out_row_end(struct takt_out *out)
{
	if (out->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&out->text, "\r\n");
	} else if (out->form == TAKT_FORM_JSONL) {
		takt_text_buffer_puts(&out->text, "\n");
	}
	if (out->text.used >= PIECE_BYTES || out->text.error < 0) {
		takt_out_flush(out);
	}
}

bool takt_out_done(const struct takt_out *out)
{
	return out->closed || out->error < 0;
}

void takt_out_wait(struct takt_out *out, uint64_t ns)
{
	const struct timespec span = { .tv_sec = (time_t)(ns / NS_PER_S),
				       .tv_nsec = (long)(ns % NS_PER_S) };
	struct pollfd fd = { .fd = STDOUT_FILENO };

	if (ppoll(&fd, 1, &span, NULL) > 0 && (fd.revents & (POLLERR | POLLNVAL))) {
		out->closed = true;
	}
}

void takt_out_put_plain(struct takt_text_buffer *out, const char *text)
{
	const size_t size_bytes = strlen(text);

	for (size_t at = 0; at < size_bytes;) {
		const uint32_t length = takt_utf8_length(text + at, size_bytes - at);
		const unsigned char first = (unsigned char)text[at];
		/* C1 control characters are two bytes, and terminals obey them too. */
		const bool c1 = first == 0xc2 && length == 2 && (unsigned char)text[at + 1] < 0xa0;

		if (length == 0 || first < 0x20 || first == 0x7f) {
			takt_text_buffer_printf(out, "\\x%02x", first);
		} else if (c1) {
			takt_text_buffer_printf(out, "\\x%02x", (unsigned char)text[at + 1]);
		} else {
			takt_text_buffer_put(out, text + at, length);
		}
		at += length ? length : 1;
	}
}

void takt_out_print_plain(FILE *stream, const char *text)
{
	struct takt_text_buffer plain;

	takt_text_buffer_init(&plain, ROW_BYTES_MAX);
	takt_out_put_plain(&plain, text);
	if (plain.used > 0) {
		fwrite(plain.text, 1, plain.used, stream);
	}
	takt_text_buffer_fini(&plain);
}

void takt_out_put_padded(struct takt_text_buffer *out, const char *text, int width)
{
	const size_t before = out->used;

	takt_out_put_plain(out, text);
	while (!out->error && out->used - before < (size_t)width) {
		takt_text_buffer_puts(out, " ");
	}
}

void takt_out_text_member(struct takt_text_buffer *out, const char *key, const char *text)
{
	takt_text_buffer_puts(out, key);
	takt_json_puts(out, text);
}

void takt_out_u64_member(struct takt_text_buffer *out, const char *key, uint64_t value)
{
	takt_text_buffer_puts(out, key);
	takt_json_put_u64(out, value);
}

void takt_out_i64_member(struct takt_text_buffer *out, const char *key, int64_t value)
{
	takt_text_buffer_puts(out, key);
	takt_json_put_i64(out, value);
}

void takt_out_bool_member(struct takt_text_buffer *out, const char *key, bool value)
{
	takt_text_buffer_puts(out, key);
	takt_text_buffer_puts(out, value ? "true" : "false");
}
