/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR from outside, one token after the other. Texts are lent, they point into the input. What has no
 * place in our formats (indefinite lengths) is an error here, so that nobody needs to think of it. */
#ifndef TAKT_MSG_CBOR_READ_H
#define TAKT_MSG_CBOR_READ_H

#include <stddef.h>
#include <stdint.h>

#include "rt/base/tags.h"

enum takt_cbor_kind {
	TAKT_CBOR_UINT = 1,	/* value */
	TAKT_CBOR_NEGATIVE,	/* -1 - value */
	TAKT_CBOR_TEXT,		/* text, value bytes */
	TAKT_CBOR_BYTES,
	TAKT_CBOR_ARRAY,	/* value items follow */
	TAKT_CBOR_MAP,		/* value pairs follow */
	TAKT_CBOR_TAG,		/* one item follows */
	TAKT_CBOR_BOOL,		/* value 0 or 1 */
	TAKT_CBOR_FLOAT,	/* real, of any width */
	TAKT_CBOR_NULL,		/* also undefined */
	TAKT_CBOR_REFUSED
};

struct takt_cbor_token {
	enum takt_cbor_kind kind;
	uint64_t value;
	double real;
	const char *text;
};

struct takt_cbor_reader {
	const unsigned char *bytes;	/* borrowed */
	size_t size_bytes;
	size_t at;			/* of the next token */
};

/* The next token. A count of items that cannot be in the rest of the input is an error.
 * Returns 0 or -EBADMSG.  [bg] */
TAKT_BG int takt_cbor_next(struct takt_cbor_reader *reader, struct takt_cbor_token *ret_token);

/* Skip one whole item, with all that it holds. Returns 0 or -EBADMSG.  [bg] */
TAKT_BG int takt_cbor_skip(struct takt_cbor_reader *reader);

#endif
