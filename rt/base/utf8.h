/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 of the strict kind: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef TAKT_BASE_UTF8_H
#define TAKT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt/base/tags.h"

#define TAKT_UTF8_REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD, shown for bytes that are no UTF-8 */

/* Bytes of the character that begins at @at, of which @size_bytes > 0 are there; 0: no valid one.
 * [any] */
TAKT_ANY uint32_t takt_utf8_length(const char *at, size_t size_bytes);

TAKT_ANY bool takt_utf8_valid(const char *text, size_t size_bytes);

#endif
