/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/err.h"

#include <stdio.h>

#include "rt/base/tags.h"

__attribute__((format(printf, 6, 0)))
static int fill(struct takt_err *err, int code, const char *file, uint32_t line, uint32_t column,
		const char *format, va_list args)
{
	TAKT_CHECK(code < 0);
	if (!err || err->code != 0) {
		return code;
	}
	err->code = code;
	err->line = line;
	err->column = column;
	snprintf(err->file, sizeof(err->file), "%s", file ? file : "");
	vsnprintf(err->text, sizeof(err->text), format, args);
	return code;
}

int takt_err_set(struct takt_err *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, code, NULL, 0, 0, format, args);
	va_end(args);
	return code;
}

int takt_err_at(struct takt_err *err, int code, const char *file, uint32_t line, uint32_t column,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fill(err, code, file, line, column, format, args);
	va_end(args);
	return code;
}

const char *takt_err_format(const struct takt_err *err, char *out, uint32_t out_bytes)
{
	if (err->file[0] && err->line) {
		snprintf(out, out_bytes, "%s:%u:%u: %s", err->file, err->line, err->column, err->text);
	} else if (err->file[0]) {
		snprintf(out, out_bytes, "%s: %s", err->file, err->text);
	} else {
		snprintf(out, out_bytes, "%s", err->text);
	}
	return out;
}
