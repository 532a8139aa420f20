/* SPDX-License-Identifier: Apache-2.0 */
/* Why a run has ended as it did. */
#ifndef TAKT_MAIN_LOG_CAUSE_H
#define TAKT_MAIN_LOG_CAUSE_H

#include <stddef.h>

#include <takt/log.h>

/* The last event that is a cause of the ending, as text, "gen #42: task failed: …", into @out; "" when there
 * is none among the last events. */
void takt_log_cause_find(struct takt_log *log, char *out, size_t out_bytes);

#endif
