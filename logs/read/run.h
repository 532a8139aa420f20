/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of runs: <log dir>/<NNNN>-<graph>-<run id>. The numbers come from the files, not from
 * names, but for NNNN, which stands nowhere else. */
#ifndef TAKT_LOGS_READ_RUN_H
#define TAKT_LOGS_READ_RUN_H

#include <stdbool.h>
#include <stdint.h>

/* The number that the name of the directory @path begins with; 0 when it has none.  [any] */
uint32_t takt_log_run_number(const char *path);

/* True when the directory @path holds a segment file or a shared region.  [any] */
bool takt_log_run_is_here(const char *path);

#endif
