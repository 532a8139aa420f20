/* SPDX-License-Identifier: Apache-2.0 */
/* An error for people: errno, where, what, and what to do. Set-up code fills one;
 * programs print it. */
#ifndef TAKT_BASE_ERR_H
#define TAKT_BASE_ERR_H

#include <stdarg.h>
#include <stdint.h>

struct takt_err {
	int code;		/* negative errno, 0 while unset */
	uint32_t line;		/* 1-based, 0 where there is none */
	uint32_t column;
	char file[256];		/* "" where there is none */
	char text[768];
};

/* Fill @err (may be NULL) with @code < 0 and a formatted text. The first error stays.
 * Returns @code.  [any] */
int takt_err_set(struct takt_err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with a place in a file. */
int takt_err_at(struct takt_err *err, int code, const char *file, uint32_t line, uint32_t column,
		const char *format, ...) __attribute__((format(printf, 6, 7)));

/* "file:line:column: text" into @out, always NUL-terminated. Returns @out. */
const char *takt_err_format(const struct takt_err *err, char *out, uint32_t out_bytes);

#endif
