/* SPDX-License-Identifier: Apache-2.0 */
/* Calls through a slot. The lane's half is real-time code: see tests/hot.sh. */
#include <errno.h>
#include <string.h>

#include "rt/shm/pyslot.h"

static const struct takt_pyslot_port *port_of(const struct takt_pyslot *slot, bool output,
					      uint32_t index)
{
	return &slot->geometry.ports[output ? slot->geometry.input_count + index : index];
}

static struct takt_pyslot_message *row_of(const struct takt_pyslot *slot,
					  const struct takt_pyslot_port *port)
{
	return (struct takt_pyslot_message *)(void *)((char *)slot->call + port->row_at);
}

static void *payload_of(const struct takt_pyslot *slot, const struct takt_pyslot_port *port)
{
	return (char *)slot->call + port->at;
}

/* A copy of a row that others may write meanwhile; all of it is then sound but `present` and
 * `bytes`. */
static void load_row(const struct takt_pyslot *slot, const struct takt_pyslot_port *port,
		     struct takt_pyslot_message *ret_row)
{
	memcpy(ret_row, row_of(slot, port), sizeof(*ret_row));
	/* The compiler must not read the shared row again for what is checked. */
	atomic_signal_fence(memory_order_seq_cst);
	ret_row->status[TAKT_STATUS_BYTES_MAX] = '\0';
	if (ret_row->tov_kind > TAKT_TOV_RANGE) {
		ret_row->tov_kind = TAKT_TOV_NONE;
	}
}

static bool size_is_possible(const struct takt_pyslot_port *port,
			     const struct takt_pyslot_message *row)
{
	return row->bytes >= port->bytes_min && row->bytes <= port->bytes_max;
}

/* --- the lane -------------------------------------------------------------------------------- */

void takt_pyslot_begin(struct takt_pyslot *slot, const struct takt_pyslot_head *head)
{
	struct takt_pyslot_call *call = slot->call;

	call->number = slot->number + 1;
	call->cycle = head->cycle;
	call->now_ns = head->now_ns;
	call->recent_ns = head->recent_ns;
	call->deadline_ns = head->deadline_ns;
	call->posted_ns = head->posted_ns;
	for (uint32_t i = 0; i < slot->geometry.input_count; i++) {
		row_of(slot, port_of(slot, false, i))->present = 0;
	}
}

void takt_pyslot_give(struct takt_pyslot *slot, uint32_t input,
		      const struct takt_pyslot_message *row,
		      const void *payload, const char *status)
{
	const struct takt_pyslot_port *port = port_of(slot, false, input);
	struct takt_pyslot_message *to = row_of(slot, port);
	uint32_t n = 0;

	if (!size_is_possible(port, row)) {
		return;
	}
	to->bytes = row->bytes;
	to->tov_kind = row->tov_kind;
	to->stamp_ns = row->stamp_ns;
	to->tov_begin_ns = row->tov_begin_ns;
	to->tov_end_ns = row->tov_end_ns;
	while (status && n < TAKT_STATUS_BYTES_MAX && status[n]) {
		to->status[n] = status[n];
		n++;
	}
	to->status[n] = '\0';
	memcpy(payload_of(slot, port), payload, row->bytes);
	to->present = 1;
}

void takt_pyslot_post(struct takt_pyslot *slot)
{
	slot->number++;
	slot->waiting = true;
	/* Partner: the acquire load in takt_pyslot_posted; the call is visible with its number. */
	atomic_store_explicit(&slot->lane->posted, slot->number, memory_order_release);
}

int takt_pyslot_take(struct takt_pyslot *slot, struct takt_pyslot_answer *ret_answer)
{
	const struct takt_pyslot_call *call = slot->call;
	const uint64_t state_number =
		atomic_load_explicit(&slot->host->state_number, memory_order_relaxed);

	slot->waiting = false;
	if (call->answer_number != slot->number) {
		return -EBADMSG;
	}
	*ret_answer = (struct takt_pyslot_answer){
		.result = call->result, .answered_ns = call->answered_ns,
		.body_ns = call->body_ns, .transport_ns = call->transport_ns,
	};
	if (slot->geometry.state_bytes > 0) {
		ret_answer->state = (const char *)slot->memory + slot->geometry.states_at +
				    state_number % 2 * slot->geometry.state_stride;
	}
	return 0;
}

int takt_pyslot_output(const struct takt_pyslot *slot, uint32_t output,
		       struct takt_pyslot_message *ret_row,
		       const void **ret_payload)
{
	const struct takt_pyslot_port *port = port_of(slot, true, output);

	*ret_payload = NULL;
	load_row(slot, port, ret_row);
	if (!ret_row->present) {
		return 0;
	}
	if (!size_is_possible(port, ret_row)) {
		return -EBADMSG;
	}
	*ret_payload = payload_of(slot, port);
	return 0;
}

/* --- the host -------------------------------------------------------------------------------- */

const void *takt_pyslot_input(const struct takt_pyslot *slot, uint32_t input,
			      struct takt_pyslot_message *ret_row)
{
	const struct takt_pyslot_port *port = port_of(slot, false, input);

	load_row(slot, port, ret_row);
	return ret_row->present && size_is_possible(port, ret_row) ? payload_of(slot, port) : NULL;
}

void *takt_pyslot_output_at(const struct takt_pyslot *slot, uint32_t output)
{
	return payload_of(slot, port_of(slot, true, output));
}

void takt_pyslot_put(struct takt_pyslot *slot, uint32_t output,
		     const struct takt_pyslot_message *row)
{
	memcpy(row_of(slot, port_of(slot, true, output)), row, sizeof(*row));
}

static char *state_at(const struct takt_pyslot *slot, uint64_t number)
{
	if (slot->geometry.state_bytes == 0) {
		return NULL;
	}
	return (char *)slot->memory + slot->geometry.states_at +
		number % 2 * slot->geometry.state_stride;
}

const void *takt_pyslot_state(const struct takt_pyslot *slot)
{
	return state_at(slot,
			atomic_load_explicit(&slot->host->state_number, memory_order_acquire));
}

void *takt_pyslot_next_state(const struct takt_pyslot *slot)
{
	return state_at(slot,
			atomic_load_explicit(&slot->host->state_number, memory_order_relaxed) + 1);
}

void takt_pyslot_keep_state(struct takt_pyslot *slot)
{
	const uint64_t number =
		atomic_load_explicit(&slot->host->state_number, memory_order_relaxed);

	/* Partner: the acquire load in takt_pyslot_state, after a restart; the lane gets it by
	 * `answered`. */
	atomic_store_explicit(&slot->host->state_number, number + 1, memory_order_release);
}

void takt_pyslot_answer(struct takt_pyslot *slot, uint64_t number,
			const struct takt_pyslot_answer *answer)
{
	struct takt_pyslot_call *call = slot->call;

	call->answer_number = number;
	call->result = answer->result;
	call->answered_ns = answer->answered_ns;
	call->body_ns = answer->body_ns;
	call->transport_ns = answer->transport_ns;
	/* Partner: the acquire load in takt_pyslot_is_answered; outputs and state are visible with
	 * it. */
	atomic_store_explicit(&slot->host->answered, number, memory_order_release);
}
