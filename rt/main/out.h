/* SPDX-License-Identifier: Apache-2.0 */
/* What a command prints to standard output: rows in one of the forms, collected and written in large
 * pieces. A reader that has gone away (EPIPE) ends the command silently. */
#ifndef TAKT_MAIN_OUT_H
#define TAKT_MAIN_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rt/base/text_buffer.h"
#include "rt/main/log_options.h"

struct takt_out {
	struct takt_text_buffer text;	/* put the row's bytes here */
	enum takt_form form;
	uint64_t rows;
	bool colour;			/* short form on a terminal */
	bool closed;			/* nobody reads any more */
	int error;			/* first -errno that is not that; said on stderr */
};

void takt_out_init(struct takt_out *out, enum takt_form form);

/* Write what is left, end the JSON array. Returns the exit status: 0, or 1 after an error. */
int takt_out_fini(struct takt_out *out);

/* Nothing shall be written any more: the command has ended before its first row. */
void takt_out_drop(struct takt_out *out);

/* Around each row. In CSV the header is a row too, but does not count. */
void takt_out_row_begin(struct takt_out *out);
void takt_out_row_end(struct takt_out *out);

/* Write what is collected. */
void takt_out_flush(struct takt_out *out);

/* True when it makes no sense to go on. */
bool takt_out_done(const struct takt_out *out);

/* Wait up to @ns; sees meanwhile that the reader has gone away. */
void takt_out_wait(struct takt_out *out, uint64_t ns);

/* @text for people: control characters and what is no UTF-8 as \xNN. */
void takt_out_put_plain(struct takt_text_buffer *out, const char *text);

/* The same, to a stream. */
void takt_out_print_plain(FILE *stream, const char *text);

/* As put_plain, filled up with blanks to @width bytes. */
void takt_out_put_padded(struct takt_text_buffer *out, const char *text, int width);

/* Members of a JSON object; @key with what stands before it, like ",\"task\":". */
void takt_out_text_member(struct takt_text_buffer *out, const char *key, const char *text);
void takt_out_u64_member(struct takt_text_buffer *out, const char *key, uint64_t value);
void takt_out_i64_member(struct takt_text_buffer *out, const char *key, int64_t value);
void takt_out_bool_member(struct takt_text_buffer *out, const char *key, bool value);

#endif
