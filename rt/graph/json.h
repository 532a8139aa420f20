/* SPDX-License-Identifier: Apache-2.0 */
/* Text as a JSON string, which is YAML in double quotes too. */
#ifndef TAKT_GRAPH_JSON_H
#define TAKT_GRAPH_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "rt/base/tags.h"

/* @text in quotes, escaped. Bytes that are no UTF-8 become U+FFFD. */
TAKT_SETUP void takt_json_text(FILE *out, const char *text);

/* The same without the quotes. */
TAKT_SETUP void takt_json_bytes(FILE *out, const char *text, size_t bytes);

#endif
