/* SPDX-License-Identifier: Apache-2.0 */
/* Lifecycle records as sentences. */
#ifndef TAKT_LOGS_READ_LIFECYCLE_TEXT_H
#define TAKT_LOGS_READ_LIFECYCLE_TEXT_H

#include <takt/log.h>

#include "logs/read/text_sink.h"

/* Put what happened by @event: "overrun: 3 cycles too long from #12, the worst by 1.2ms: the text". One that
 * has no sentence, or is of a later version, with its values by their names.  [any] */
void takt_log_lifecycle_put(struct takt_text_sink *sink, const struct takt_log_lifecycle *event);

#endif
