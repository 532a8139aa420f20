/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as `takt check` shows it. */
#ifndef TAKT_GRAPH_PRINT_H
#define TAKT_GRAPH_PRINT_H

#include "rt/graph/plan.h"

/* @plan as text, or as one JSON object, into a new buffer (free()), with a newline at its end: the
 * tasks in their order with exec, rate, inputs and outputs; bytes per cycle; MB/s and GB/h at the
 * planned rate, every output present; bytes and seconds of the arena. Returns 0 or -ENOMEM.
 * [setup] */
TAKT_SETUP int takt_plan_print(const struct takt_plan *plan, bool json, char **ret_text);

/* "lane", "io", "background", "python". */
TAKT_ANY const char *takt_exec_name(enum takt_exec exec);

#endif
