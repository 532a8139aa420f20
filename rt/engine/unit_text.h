/* SPDX-License-Identifier: Apache-2.0 */
/* The text log of one task: its level, its limited calls, its way into the events. */
#ifndef TAKT_ENGINE_UNIT_TEXT_H
#define TAKT_ENGINE_UNIT_TEXT_H

#include "rt/engine/unit.h"

/* Room for the limited text calls of @unit's plug-in. -ENOMEM.  [setup] */
TAKT_SETUP int takt_unit_text_init(struct takt_unit *unit);

/* Record a call at @now_ns; what ctx->host->text does.  [RT, the unit's thread] */
TAKT_RT void takt_unit_text(struct takt_unit *unit, const struct takt_text_site *site,
			    const uint64_t *args, uint64_t now_ns);

/* What ctx->host->text_is_due does.  [RT, the unit's thread] */
TAKT_RT bool takt_unit_text_is_due(struct takt_ctx *ctx, const struct takt_text_site *site,
				   uint64_t number);

/* Take the level that the mailbox asks for, if there is another one, and record that.
 * [RT, the unit's thread] */
TAKT_RT void takt_unit_take_level(struct takt_unit *unit, uint64_t cycle, uint64_t now_ns);

/* Record what limited calls left out since they were last recorded.  [main, after the threads] */
TAKT_SETUP void takt_unit_text_end(struct takt_unit *unit);

#endif
