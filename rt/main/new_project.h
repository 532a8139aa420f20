/* SPDX-License-Identifier: Apache-2.0 */
/* A project of a user's own: the templates of new_files.h, put into a directory. */
#ifndef TAKT_MAIN_NEW_PROJECT_H
#define TAKT_MAIN_NEW_PROJECT_H

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/main/new_files.h"

/* Make the directory @name in the directory @parent, in one step at the end: all of it is there, or nothing.
 * @name as takt_new_name_check allows it; @language is TAKT_NEW_C or TAKT_NEW_CXX. An empty directory that is
 * there gives way. Returns 0, -EEXIST (something is there), -errno.  [setup] */
TAKT_SETUP int takt_new_project_create(const char *parent, const char *name, enum takt_new_language language,
				       struct takt_err *err);

#endif
