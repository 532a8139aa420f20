/* SPDX-License-Identifier: Apache-2.0 */
/* The templates of takt new: the files of rt/main/new, which the build turns into arrays (embed.sh there).
 *
 * In their text and in their path, NAME stands for the project's name and SUFFIX for that of its source. */
#ifndef TAKT_MAIN_NEW_FILES_H
#define TAKT_MAIN_NEW_FILES_H

enum takt_new_language { TAKT_NEW_C = 1, TAKT_NEW_CXX = 2, TAKT_NEW_ANY = 3 };

#define TAKT_NEW_FILE(symbol, path, languages) extern const char symbol[];
#include "rt/main/new_files.def"
#undef TAKT_NEW_FILE

#endif
