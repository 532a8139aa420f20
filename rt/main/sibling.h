/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that belong together find each other: beside this executable, else in the libexec folder. */
#ifndef TAKT_MAIN_SIBLING_H
#define TAKT_MAIN_SIBLING_H

#include <stdint.h>

/* Path of the program @name into @out (PATH_MAX bytes). -ENOENT when it is in neither place. */
int takt_sibling_find(const char *name, char *out, uint32_t out_bytes);

#endif
