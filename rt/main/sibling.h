/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to takt is found beside this executable (the build directory), else from there as it lies when
 * installed (also when the whole was moved), else where it was configured to be. */
#ifndef TAKT_MAIN_SIBLING_H
#define TAKT_MAIN_SIBLING_H

#include <stdint.h>

/* Path of the program @name into @out (PATH_MAX bytes). -ENOENT when it is in no such place. */
int takt_sibling_find(const char *name, char *out, uint32_t out_bytes);

/* The folder that a compiler finds <takt/task.h> in. -ENOENT: not installed. */
int takt_sibling_include(char *out, uint32_t out_bytes);

/* Path of takt's own plug-in @name, like gnss.so. */
int takt_sibling_plugin(const char *name, char *out, uint32_t out_bytes);

/* Path of file @name of what runs Python tasks, like bootstrap.py. */
int takt_sibling_python(const char *name, char *out, uint32_t out_bytes);

#endif
