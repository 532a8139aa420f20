/* SPDX-License-Identifier: Apache-2.0 */
/* Names of types, fields and enums: C identifiers of at most TAKT_TYPE_NAME_MAX bytes, so that they can
 * stand in a dotted path, a CSV header or a column of Python as they are. */
#ifndef TAKT_MSG_NAME_H
#define TAKT_MSG_NAME_H

#include <stdbool.h>

#include "rt/base/tags.h"

/* @name may be NULL.  [any] */
TAKT_ANY bool takt_name_valid(const char *name);

#endif
