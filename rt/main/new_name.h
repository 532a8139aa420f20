/* SPDX-License-Identifier: Apache-2.0 */
/* What a project may be called: its graph, its plug-in and its tasks have the name, the tasks with something
 * behind it. */
#ifndef TAKT_MAIN_NEW_NAME_H
#define TAKT_MAIN_NEW_NAME_H

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_NEW_NAME_BYTES_MAX 40	/* leaves room for a task's own part */

/* Returns 0, or -EINVAL: not begun by a letter, or with something else than letters, digits and _; a word of C or
 * C++; one of takt's; too long. -EEXIST: a plug-in of takt has this name. @err says it, with a way out.  [setup] */
TAKT_SETUP int takt_new_name_check(const char *name, struct takt_err *err);

#endif
