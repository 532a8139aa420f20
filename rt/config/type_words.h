/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a field's type: "f64", "text(16)", "enum(kind)", "array(struct(utc), 3)". */
#ifndef TAKT_CONFIG_TYPE_WORDS_H
#define TAKT_CONFIG_TYPE_WORDS_H

#include <takt/type.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_WORD_BYTES 64u

struct takt_type_words {
	uint16_t scalar;		/* enum takt_scalar */
	uint16_t shape;			/* enum takt_shape */
	uint32_t length;
	char name[TAKT_WORD_BYTES];	/* of the enum or struct, else "" */
};

/* Parse @text. Returns 0 or -EINVAL with a message without place. */
TAKT_ANY int takt_type_words_parse(const char *text, struct takt_type_words *ret_words,
				   struct takt_err *err);

/* The same words for a field of a descriptor, into @out. Returns @out. */
TAKT_ANY const char *takt_type_words_format(const struct takt_field *field, char *out,
					    uint32_t out_bytes);

#endif
