/* SPDX-License-Identifier: Apache-2.0 */
/* A mapped slot file (pyslot_file.h): takt-rt creates it, the host and readers attach to it.
 *
 * Offsets and sizes are copied when it is mapped and checked; what anyone writes into the file
 * later changes none of them. What is loaded from it after that is the atomics, the rows and
 * payloads, and nothing else. */
#ifndef TAKT_SHM_PYSLOT_H
#define TAKT_SHM_PYSLOT_H

#include <stdbool.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"
#include "rt/msg/layout.h"
#include "rt/shm/pyslot_file.h"

struct takt_pyslot_spec {
	const char *task_id;
	uint32_t task;
	uint64_t run;
	const struct takt_layout *const *inputs;
	const struct takt_layout *const *outputs;
	const struct takt_layout *state;	/* NULL: none */
	uint32_t input_count;
	uint32_t output_count;
	const void *description;
	uint32_t description_bytes;
};

struct takt_pyslot {
	struct takt_pyslot_header geometry;	/* a copy that nobody can change */
	void *memory;
	struct takt_pyslot_lane *lane;
	struct takt_pyslot_host *host;
	struct takt_pyslot_call *call;
	const void *description;
	uint64_t number;		/* lane: of the newest call */
	bool waiting;			/* lane: it is not answered, or its answer not taken */
};

struct takt_pyslot_head {		/* what the lane says about a call */
	uint64_t cycle;
	uint64_t now_ns;
	uint64_t recent_ns;
	uint64_t deadline_ns;
	uint64_t posted_ns;
};

struct takt_pyslot_answer {
	int32_t result;
	uint64_t answered_ns;
	uint64_t body_ns;
	uint64_t transport_ns;
	const void *state;		/* last good one, lent until the next post; NULL: the task
					 * has none */
};

/* Bytes of the file for @spec: for the limit on locked memory.  [setup] */
TAKT_SETUP uint64_t takt_pyslot_bytes(const struct takt_pyslot_spec *spec);

/* Create the file in directory @dir, map it and touch every page. -EINVAL when there are too many
 * ports, -ENOSPC, -errno.  [setup] */
TAKT_SETUP int takt_pyslot_create(const char *dir, const struct takt_pyslot_spec *spec,
				  struct takt_pyslot *ret_slot, struct takt_err *err);

/* Map the file of @task_id in directory @dir, for reading only unless @writable. -ENOENT, -EBADMSG,
 * -EPROTO (made by another takt).  [bg] */
TAKT_BG int takt_pyslot_attach(const char *dir, const char *task_id, bool writable,
			       struct takt_pyslot *ret_slot, struct takt_err *err);

/* Unmap. One that is zeroed is fine.  [bg] */
TAKT_BG void takt_pyslot_close(struct takt_pyslot *slot);

/* --- the lane ---------------------------------------------------------------------------------- */

/* Write the head of the next call, make its inputs absent. Only while takt_pyslot_is_free.  [RT] */
TAKT_RT void takt_pyslot_begin(struct takt_pyslot *slot, const struct takt_pyslot_head *head);

/* Make @input present: @row says all but `present`; row->bytes of @payload are copied. @status:
 * NULL or a text.  [RT] */
TAKT_RT void takt_pyslot_give(struct takt_pyslot *slot, uint32_t input,
			      const struct takt_pyslot_message *row,
			      const void *payload, const char *status);

/* Hand the call to the host.  [RT] */
TAKT_RT void takt_pyslot_post(struct takt_pyslot *slot);

/* Whether a call may begin: the one before is answered, and the answer taken.  [RT] */
TAKT_RT static inline bool takt_pyslot_is_free(const struct takt_pyslot *slot)
{
	return !slot->waiting;
}

/* Whether the call that was posted is answered.  [RT] */
TAKT_RT static inline bool takt_pyslot_is_answered(const struct takt_pyslot *slot)
{
	/* Partner: the release store in takt_pyslot_answer. */
	return slot->waiting &&
	       atomic_load_explicit(&slot->host->answered, memory_order_acquire) == slot->number;
}

/* Take the answer: the call is the lane's again. -EBADMSG when it is no answer to this call.  [RT] */
TAKT_RT int takt_pyslot_take(struct takt_pyslot *slot, struct takt_pyslot_answer *ret_answer);

/* The payload of @output (NULL: absent, or its size is impossible, -EBADMSG) and a checked copy of
 * its row. Lent until the next post. Its contents are whatever they are.  [RT] */
TAKT_RT int takt_pyslot_output(const struct takt_pyslot *slot, uint32_t output,
			       struct takt_pyslot_message *ret_row, const void **ret_payload);

/* --- the host ---------------------------------------------------------------------------------- */

/* The number of the newest call, 0: none yet. Not answered yet where it is not
 * takt_pyslot_answered.  [bg] */
TAKT_BG static inline uint64_t takt_pyslot_posted(const struct takt_pyslot *slot)
{
	/* Partner: the release store in takt_pyslot_post. */
	return atomic_load_explicit(&slot->lane->posted, memory_order_acquire);
}

TAKT_BG static inline uint64_t takt_pyslot_answered(const struct takt_pyslot *slot)
{
	return atomic_load_explicit(&slot->host->answered, memory_order_relaxed);
}

/* The payload of @input, NULL: absent, and a checked copy of its row. Lent until the answer.  [bg] */
TAKT_BG const void *takt_pyslot_input(const struct takt_pyslot *slot, uint32_t input,
				      struct takt_pyslot_message *ret_row);

/* Where @output's payload is to be written, of at most geometry.ports[input_count +
 * @output].bytes_max.  [bg] */
TAKT_BG void *takt_pyslot_output_at(const struct takt_pyslot *slot, uint32_t output);

/* Say what was written there; row->present 0: absent. Every output once before the answer.  [bg] */
TAKT_BG void takt_pyslot_put(struct takt_pyslot *slot, uint32_t output,
			     const struct takt_pyslot_message *row);

/* The last good state, and where the next one is to be written; NULL: the task has none.  [bg] */
TAKT_BG const void *takt_pyslot_state(const struct takt_pyslot *slot);
TAKT_BG void *takt_pyslot_next_state(const struct takt_pyslot *slot);

/* What stands in next_state is the last good state now. Before the answer.  [bg] */
TAKT_BG void takt_pyslot_keep_state(struct takt_pyslot *slot);

/* Answer call @number; with a result < 0 all outputs are absent. answer->state is not read.  [bg] */
TAKT_BG void takt_pyslot_answer(struct takt_pyslot *slot, uint64_t number,
				const struct takt_pyslot_answer *answer);

/* What the host is at.  [bg], [any] */
TAKT_BG static inline void takt_pyslot_set_phase(struct takt_pyslot *slot,
						 enum takt_pyslot_phase phase)
{
	/* Partner: the acquire load below; what was done before is visible. */
	atomic_store_explicit(&slot->host->phase, (uint32_t)phase, memory_order_release);
}

TAKT_ANY static inline uint32_t takt_pyslot_phase(const struct takt_pyslot *slot)
{
	return atomic_load_explicit(&slot->host->phase, memory_order_acquire);
}

/* "ready": the word for people; "?" for nonsense.  [any] */
TAKT_ANY const char *takt_pyslot_phase_name(uint32_t phase);

#endif
