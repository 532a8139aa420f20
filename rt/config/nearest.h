/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of a message about an unknown name: the nearest valid one, or what there is. */
#ifndef TAKT_CONFIG_NEAREST_H
#define TAKT_CONFIG_NEAREST_H

#include <stdint.h>

#include "rt/base/tags.h"

#define TAKT_NEAREST_BYTES 256u

/* "did you mean `rate`?" when a name of @names is near @word; else "there are: a, b, c", or
 * "there are no <what>" for @count 0. Returns @out, TAKT_NEAREST_BYTES long. */
TAKT_ANY const char *takt_nearest(const char *word, const char *what, const char *const *names,
				  uint32_t count, char *out);

#endif
