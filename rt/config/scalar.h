/* SPDX-License-Identifier: Apache-2.0 */
/* The text of one value -> its number, by the kind of its key. */
#ifndef TAKT_CONFIG_SCALAR_H
#define TAKT_CONFIG_SCALAR_H

#include "rt/config/keys.h"

/* Parse @text, written in quotes or not, as a value of @key, and check its range. @err gets a
 * message without place. Returns 0 or -EINVAL. */
TAKT_ANY int takt_scalar_parse(const struct takt_key *key, const char *text, bool quoted,
			       uint64_t *ret_number, struct takt_err *err);

/* A whole decimal number without sign or unit. Returns 0 or -EINVAL. */
TAKT_ANY int takt_scalar_uint(const char *text, uint64_t *ret_number);

/* True when @text is a number and nothing else: a quantity whose unit was forgotten. */
TAKT_ANY bool takt_scalar_is_bare(const char *text);

#endif
