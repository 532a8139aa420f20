/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "rt/base/tags.h"

int takt_log_fail(struct takt_log_error *error, int code, const char *format, ...)
{
	va_list args;

	TAKT_CHECK(code < 0);
	if (!error || error->code != 0) {
		return code;
	}
	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}
