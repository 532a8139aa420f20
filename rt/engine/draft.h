/* SPDX-License-Identifier: Apache-2.0 */
/* The copperlist of a cycle while it is made: a reservation in the stream, written in place,
 * or memory of the lane when the ring is full. Lost cycles are recorded as one gap once
 * there is room again. */
#ifndef TAKT_ENGINE_DRAFT_H
#define TAKT_ENGINE_DRAFT_H

#include "rt/engine/unit.h"

/* Begin the copperlist of this cycle, its task rows zeroed.  [RT] */
TAKT_RT void takt_draft_begin(struct takt_lane *lane);

/* The row of task @task in the draft.  [RT] */
TAKT_RT struct takt_task_row *takt_draft_row(const struct takt_lane *lane, uint32_t task);

/* Message rows behind the payloads, head last; then the one store that commits.  [RT] */
TAKT_RT void takt_draft_end(struct takt_lane *lane, uint64_t end_counter);

/* Keep the messages that inputs with `delay: 1` read in the next cycle.  [RT] */
TAKT_RT void takt_draft_keep_delayed(struct takt_lane *lane);

/* Record the copperlists that are lost so far as a gap, if there are any.  [RT] */
TAKT_RT void takt_draft_end_gap(struct takt_lane *lane);

/* Zeroed room for a message of @outlet in draft or scratch. NULL, and the message stays absent,
 * when the outlet has as many as it may have.  [RT] */
TAKT_RT struct takt_message *takt_draft_add_message(struct takt_lane *lane,
						    struct takt_outlet *outlet);

/* Give back the unused end of the newest message's payload.  [RT] */
TAKT_RT void takt_draft_trim(struct takt_lane *lane, struct takt_outlet *outlet);

/* Make @outlet absent and give back the room that this call took for it, where nothing lies behind.
 * [RT] */
TAKT_RT void takt_draft_drop(struct takt_lane *lane, struct takt_outlet *outlet);

/* Status text of the newest message.  [RT] */
TAKT_RT void takt_draft_set_status(struct takt_lane *lane, struct takt_outlet *outlet,
				   const char *text);

#endif
