/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads from outside: what a task in C may take for granted is checked before one reads them. */
#ifndef TAKT_MSG_PAYLOAD_H
#define TAKT_MSG_PAYLOAD_H

#include "rt/msg/layout.h"

/* Whether @payload of @bytes is a value of @layout that can be read without a second look: all of
 * it is there, counts of lists are within their bounds, texts end, bools are 0 or 1. Numbers and
 * enums are any. The cost is that of one look at each bool, text and list.  [RT] */
TAKT_RT bool takt_payload_is_sound(const struct takt_layout *layout, const void *payload,
				   uint32_t bytes);

#endif
