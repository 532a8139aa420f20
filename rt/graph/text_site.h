/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler can't know about a text call: how its format reads the arguments. */
#ifndef TAKT_GRAPH_TEXT_SITE_H
#define TAKT_GRAPH_TEXT_SITE_H

#include <stdbool.h>

#include <takt/text.h>

#include "rt/base/tags.h"

/* Go through the checked @site's printf format and write its bounds: how many bytes of each string
 * may be read (TAKT_TEXT_BOUND_…). A char pointer under %p is no string, an unsigned char pointer
 * under %s is one: their tags are made so. Stops at what is no conversion of printf.  [setup] */
TAKT_SETUP void takt_text_site_prepare(struct takt_text_site *site);

#endif
