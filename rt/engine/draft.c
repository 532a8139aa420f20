/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/draft.h"

#include <string.h>

#include "rt/base/testpoint.h"
#include "rt/engine/virtual.h"

static struct takt_copperlist *head_of(const struct takt_lane *lane)
{
	return (struct takt_copperlist *)(void *)lane->draft.base;
}

struct takt_task_row *takt_draft_row(const struct takt_lane *lane, uint32_t task)
{
	return (struct takt_task_row *)(void *)(lane->draft.base + sizeof(struct takt_copperlist)) +
	       task;
}

static uint32_t rows_bytes(const struct takt_plan *plan)
{
	return (uint32_t)(sizeof(struct takt_copperlist) +
			  plan->task_count * sizeof(struct takt_task_row));
}

void takt_draft_end_gap(struct takt_lane *lane)
{
	const int64_t values[4] = { (int64_t)lane->gap.first_cycle, (int64_t)lane->gap.last_cycle,
				    (int64_t)lane->gap.count };

	if (lane->gap.count > 0 && takt_events_put(&lane->events, lane->cycle, lane->mono_ns,
						   TAKT_NO_TASK, TAKT_EVENT_gap, values, NULL)) {
		lane->gap.count = 0;
	}
}

void takt_draft_begin(struct takt_lane *lane)
{
	const struct takt_plan *plan = lane->engine->plan;
	char *base = takt_stream_reserve(&lane->stream, plan->copperlist_bytes_max);

	if (!base && lane->engine->virtual_time &&
	    takt_virtual_make_room(lane->engine->virtual_time, &lane->stream, plan->copperlist_bytes_max)) {
		base = takt_stream_reserve(&lane->stream, plan->copperlist_bytes_max);
	}
	TAKT_TEST_POINT("lane_reserved");
	lane->draft.recorded = base != NULL;
	if (base) {
		takt_draft_end_gap(lane);
	} else {
		base = lane->lost_draft[lane->cycle & 1];
		lane->gap.first_cycle = lane->gap.count ? lane->gap.first_cycle : lane->cycle;
		lane->gap.last_cycle = lane->cycle;
		lane->gap.count++;
		takt_counter_add(&lane->engine->region->rt->lost_copperlists, 1);
	}
	lane->draft.base = base;
	lane->draft.cursor = rows_bytes(plan);
	lane->draft.limit = plan->copperlist_bytes_max - lane->message_rows_bytes;
	lane->scratch_cursor = 0;
	memset(base, 0, lane->draft.cursor);
}

static uint64_t offset_of(const struct takt_lane *lane, const void *at)
{
	return (uint64_t)((const char *)at - lane->draft.base);
}

static void write_message_row(const struct takt_lane *lane, const struct takt_outlet *outlet,
			      const struct takt_message *message, struct takt_message_row *row)
{
	*row = (struct takt_message_row){
		.output = outlet->number,
		.flags = (outlet->recorded ? 0 : TAKT_MESSAGE_NOT_RECORDED) | message->age << TAKT_MESSAGE_AGE_SHIFT,
		.payload_at = outlet->recorded ? (uint32_t)offset_of(lane, message->payload) : 0,
		.payload_bytes = message->bytes,
		.tov_kind = (uint16_t)message->tov.kind,
		.stamp_ns = message->stamp_ns,
		.tov_begin_ns = message->tov.begin_ns,
		.tov_end_ns = message->tov.end_ns,
	};
	if (message->status[0]) {
		row->status_at = (uint32_t)offset_of(lane, message->status);
		while (row->status_bytes < TAKT_STATUS_BYTES_MAX &&
		       message->status[row->status_bytes]) {
			row->status_bytes++;
		}
	}
}

void takt_draft_end(struct takt_lane *lane, uint64_t end_counter)
{
	const struct takt_engine *engine = lane->engine;
	struct takt_copperlist *head = head_of(lane);
	struct takt_message_row *rows =
		(struct takt_message_row *)(void *)(lane->draft.base + lane->draft.cursor);
	struct takt_record record = { .kind = TAKT_RECORD_COPPERLIST, .cycle = lane->cycle,
				      .mono_ns = lane->mono_ns };
	uint32_t n = 0;

	for (uint32_t i = 0; i < engine->plan->output_count; i++) {
		const struct takt_outlet *outlet = &engine->outlets[i];

		for (uint32_t k = 0; k < outlet->count; k++) {
			write_message_row(lane, outlet, &outlet->messages[k], &rows[n++]);
		}
	}
	record.bytes = lane->draft.cursor + n * (uint32_t)sizeof(struct takt_message_row);
	head->counter = lane->counter;
	head->late_ns = lane->mono_ns - lane->planned_ns > UINT32_MAX
				? UINT32_MAX
				: (uint32_t)(lane->mono_ns - lane->planned_ns);
	head->duration = takt_clock_ticks_since(end_counter, lane->counter);
	head->task_count = engine->plan->task_count;
	head->message_count = n;
	head->messages_at = lane->draft.cursor;
	head->record = record;
	if (lane->draft.recorded) {
		TAKT_TEST_POINT("lane_before_commit");
		takt_stream_commit(&lane->stream, &record);
		TAKT_TEST_POINT("lane_after_commit");
	}
}

/* The payloads stay where they are: the next copperlist cannot overlap this one (ring >= 4 chunks, and two
 * lost drafts). */
void takt_draft_keep_delayed(struct takt_lane *lane)
{
	const struct takt_engine *engine = lane->engine;

	for (uint32_t i = 0; i < engine->plan->output_count; i++) {
		struct takt_outlet *outlet = &engine->outlets[i];

		if (outlet->delayed) {
			memcpy(outlet->previous, outlet->messages,
			       outlet->count * sizeof(outlet->messages[0]));
			outlet->previous_count = outlet->count;
		}
	}
}

/* --- messages -------------------------------------------------------------------------------- */

static void *take_from_draft(struct takt_draft *draft, uint32_t bytes)
{
	char *at = draft->base + draft->cursor;

	if (bytes > draft->limit - draft->cursor) {
		return NULL;
	}
	draft->cursor += bytes;
	return at;
}

static void *take_from_scratch(struct takt_lane *lane, uint32_t bytes)
{
	char *at = lane->scratch[lane->cycle & 1] + lane->scratch_cursor;

	if (bytes > lane->scratch_bytes - lane->scratch_cursor) {
		return NULL;
	}
	lane->scratch_cursor += bytes;
	return at;
}

struct takt_message *takt_draft_add_message(struct takt_lane *lane, struct takt_outlet *outlet)
{
	const uint32_t bytes = takt_record_align(outlet->layout->bytes);
	struct takt_message *message = &outlet->messages[outlet->count];
	void *payload = outlet->payload;

	if (outlet->count == outlet->slots) {
		return NULL;
	}
	if (!payload) {
		payload = outlet->recorded ? take_from_draft(&lane->draft, bytes)
					   : take_from_scratch(lane, bytes);
	}
	if (!payload) {
		return NULL;
	}
	memset(payload, 0, outlet->layout->fixed_bytes);
	if (payload != outlet->payload) {
		outlet->payload = payload;
		outlet->status = NULL;
	}
	*message = (struct takt_message){ .payload = payload, .status = "" };
	outlet->count++;
	return message;
}

void takt_draft_trim(struct takt_lane *lane, struct takt_outlet *outlet)
{
	struct takt_message *message = &outlet->messages[outlet->count - 1];
	char *payload = outlet->payload;
	struct takt_draft *draft = &lane->draft;
	const uint32_t used = takt_layout_used_bytes(outlet->layout, payload);

	message->bytes = used;
	outlet->payload = NULL;
	if (outlet->recorded &&
	    payload + takt_record_align(outlet->layout->bytes) == draft->base + draft->cursor) {
		draft->cursor = (uint32_t)(payload - draft->base) + takt_record_align(used);
	}
	/* The bytes up to the next multiple of 8 belong to nobody: make them the same every time. */
	memset(payload + used, 0, takt_record_align(used) - used);
}

static void give_back(struct takt_draft *draft, const char *at, uint32_t bytes)
{
	if (at + bytes == draft->base + draft->cursor) {
		draft->cursor -= bytes;
	}
}

void takt_draft_drop(struct takt_lane *lane, struct takt_outlet *outlet)
{
	outlet->count = 0;
	if (!outlet->payload) {
		return;
	}
	if (outlet->status) {
		give_back(&lane->draft, outlet->status, TAKT_STATUS_BYTES_MAX + 1);
	}
	if (outlet->recorded) {
		give_back(&lane->draft, outlet->payload, takt_record_align(outlet->layout->bytes));
	}
	outlet->payload = NULL;
}

void takt_draft_set_status(struct takt_lane *lane, struct takt_outlet *outlet, const char *text)
{
	uint32_t n = 0;

	if (!outlet->status) {
		outlet->status = take_from_draft(&lane->draft, TAKT_STATUS_BYTES_MAX + 1);
		if (!outlet->status) {
			return;
		}
		memset(outlet->status, 0, TAKT_STATUS_BYTES_MAX + 1);
	}
	while (n < TAKT_STATUS_BYTES_MAX && text[n]) {
		outlet->status[n] = text[n];
		n++;
	}
	memset(outlet->status + n, 0, TAKT_STATUS_BYTES_MAX + 1 - n);
	outlet->messages[outlet->count - 1].status = outlet->status;
}
