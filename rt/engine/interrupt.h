/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM and SIGHUP while the main thread is in methods of tasks and nobody waits for
 * signals: the first asks for the end, a second one is the end, with failsafe. */
#ifndef TAKT_ENGINE_INTERRUPT_H
#define TAKT_ENGINE_INTERRUPT_H

#include <stdbool.h>

#include "rt/base/tags.h"

/* Take the signals in the calling thread; what came before counts.  [setup, main thread] */
TAKT_SETUP void takt_interrupt_begin(void);

/* Whether the end is asked for.  [any] */
TAKT_ANY bool takt_interrupt_came(void);

/* Block them again.  [setup, main thread] */
TAKT_SETUP void takt_interrupt_end(void);

#endif
