/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of a graph, out of a log: ties the log reader to rt/engine/replay.h. */
#ifndef TAKT_MAIN_REPLAY_LOG_H
#define TAKT_MAIN_REPLAY_LOG_H

#include <stdbool.h>

#include "rt/base/err.h"
#include "rt/engine/replay.h"

struct takt_replay_reader;

/* Open @word (a path, run id, graph's name or "latest", as for takt log) and find every source of @plan
 * (keeps) in it: id, outputs, and the layout of their types must be the same.
 * -ENOENT, -EINVAL naming task, output and field, errors of takt_log_open.  [setup] */
TAKT_SETUP int takt_replay_reader_open(const char *word, const char *log_dir, const char *run_dir,
				       const struct takt_plan *plan, struct takt_replay_reader **ret_reader,
				       struct takt_err *err);
TAKT_SETUP void takt_replay_reader_close(struct takt_replay_reader *reader);

/* For the engine. Lent until close.  [setup] */
const struct takt_replay_log *takt_replay_reader_log(const struct takt_replay_reader *reader);

/* The seed of the run that made the log. False when it is not known.  [setup] */
bool takt_replay_reader_seed(const struct takt_replay_reader *reader, uint64_t *ret_seed);

#endif
