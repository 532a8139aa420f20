/* SPDX-License-Identifier: Apache-2.0 */
/* Filling the error that the reader's functions hand out. */
#ifndef TAKT_LOGS_READ_ERROR_H
#define TAKT_LOGS_READ_ERROR_H

#include <takt/log.h>

/* Fill @error (may be NULL) with @code < 0 and a text; the first error stays. Returns @code.  [any]
 */
int takt_log_fail(struct takt_log_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
