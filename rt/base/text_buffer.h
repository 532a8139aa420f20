/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is put together piece by piece. A failure sticks: later pieces are dropped, and the
 * error is asked for once, at the end. */
#ifndef TAKT_BASE_TEXT_BUFFER_H
#define TAKT_BASE_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "rt/base/tags.h"

struct takt_text_buffer {
	char *text;		/* NUL-terminated once something was put, or NULL */
	size_t used;		/* without NUL */
	size_t room;
	size_t limit;
	bool fixed;		/* text is the caller's memory */
	int error;		/* 0, -ENOMEM, -ENOSPC (limit reached) */
};

/* A buffer that grows up to @limit_bytes, and one in @memory of @size_bytes >= 1 (keeps). */
TAKT_BG void takt_text_buffer_init(struct takt_text_buffer *out, size_t limit_bytes);
TAKT_ANY void takt_text_buffer_init_fixed(struct takt_text_buffer *out, char *memory,
					  size_t size_bytes);
TAKT_BG void takt_text_buffer_fini(struct takt_text_buffer *out);

/* Forget the text and the error, keep the memory. */
TAKT_ANY void takt_text_buffer_clear(struct takt_text_buffer *out);

TAKT_BG void takt_text_buffer_put(struct takt_text_buffer *out, const char *text, size_t size_bytes);
TAKT_BG void takt_text_buffer_puts(struct takt_text_buffer *out, const char *text);
TAKT_BG void takt_text_buffer_printf(struct takt_text_buffer *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
