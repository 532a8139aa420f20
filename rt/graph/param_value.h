/* SPDX-License-Identifier: Apache-2.0 */
/* One item of a parameter: text -> bytes in the params struct, and back. */
#ifndef TAKT_GRAPH_PARAM_VALUE_H
#define TAKT_GRAPH_PARAM_VALUE_H

#include <takt/task.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/base/text_buffer.h"

enum takt_param_source {
	TAKT_PARAM_PLAIN,	/* a text of the graph file */
	TAKT_PARAM_QUOTED,	/* the same in quotes: text, or a quantity */
	TAKT_PARAM_LITERAL	/* C source text of a declaration: 0.5f, 100u, true, "x" */
};

/* Bytes and alignment of one item of @field; 0 for what a parameter can't be (struct, unknown). */
TAKT_ANY uint32_t takt_param_item_bytes(const struct takt_field *field);

/* Parse @text as one item of param->field, check its bounds, write it to @at
 * (takt_param_item_bytes; for a text field.length). @err gets a message without place. Returns 0
 * or -EINVAL.
 *
 * In the graph file a number has the parameter's unit ("3m/s"), in a declaration it is bare. */
TAKT_SETUP int takt_param_item_parse(const struct takt_param *param, enum takt_param_source source,
				     const char *text, void *at, struct takt_err *err);

/* Write the item at @at as JSON. @with_unit: as a text with its unit where it has one, as the graph
 * file wants it. */
TAKT_SETUP void takt_param_item_format(const struct takt_field *field, const void *at,
				       bool with_unit, struct takt_text_buffer *out);

/* True when numbers of @field carry a unit. */
TAKT_ANY bool takt_param_has_unit(const struct takt_field *field);

/* True for a text that is a path: unit "path". A relative one counts from the graph file's
 * folder. */
TAKT_ANY bool takt_param_is_path(const struct takt_field *field);

#endif
