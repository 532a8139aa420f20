/* SPDX-License-Identifier: Apache-2.0 */
/* What a task on a lane calls through its context. Real-time code: see tests/hot.sh. */
#include <string.h>

#include "rt/engine/unit.h"

/* False in new, start and stop, on the main thread. */
static bool is_in_cycle(const struct takt_unit *unit)
{
	return unit->events == &unit->engine->lane.events;
}

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

struct takt_message *takt_lane_add_message(struct takt_lane *lane, struct takt_outlet *outlet)
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

void takt_lane_trim(struct takt_lane *lane, struct takt_outlet *outlet)
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

void takt_lane_set_status(struct takt_lane *lane, struct takt_outlet *outlet, const char *text)
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

static struct takt_outlet *find_outlet(struct takt_ctx *ctx, uint32_t output)
{
	struct takt_unit *unit = takt_unit_of(ctx);

	return output < unit->outlet_count ? &unit->outlets[output] : NULL;
}

/* NULL in new, start and stop, too: there is no copperlist then. */
static void *lane_output(struct takt_ctx *ctx, uint32_t output)
{
	struct takt_outlet *outlet = find_outlet(ctx, output);
	struct takt_message *message;

	if (!outlet || !is_in_cycle(takt_unit_of(ctx))) {
		return NULL;
	}
	if (outlet->count > 0) {
		return outlet->payload;
	}
	message = takt_lane_add_message(&takt_unit_of(ctx)->engine->lane, outlet);
	if (!message) {
		return NULL;
	}
	message->stamp_ns = ctx->now_ns;
	return outlet->payload;
}

static void lane_cancel(struct takt_ctx *ctx, uint32_t output)
{
	struct takt_outlet *outlet = find_outlet(ctx, output);

	if (outlet) {
		outlet->count = 0;	/* its payload's room stays for the next lane_output */
	}
}

static void lane_tov(struct takt_ctx *ctx, uint32_t output, struct takt_tov tov)
{
	struct takt_outlet *outlet = find_outlet(ctx, output);

	if (outlet && outlet->count > 0) {
		outlet->messages[outlet->count - 1].tov = tov;
	}
}

static void lane_status(struct takt_ctx *ctx, uint32_t output, const char *text)
{
	struct takt_outlet *outlet = find_outlet(ctx, output);

	if (outlet && outlet->count > 0 && text) {
		takt_lane_set_status(&takt_unit_of(ctx)->engine->lane, outlet, text);
	}
}

static void lane_text(struct takt_ctx *ctx, const struct takt_text_site *site, const uint64_t *args)
{
	struct takt_unit *unit = takt_unit_of(ctx);
	const struct takt_lane *lane = &unit->engine->lane;
	const struct takt_clock *clock = &unit->engine->clock;
	uint64_t now;

	if (is_in_cycle(unit)) {
		now = lane->mono_ns +
		      takt_clock_ticks_to_ns(clock,
					     takt_clock_ticks_since(takt_clock_counter(clock),
								    lane->counter));
	} else {
		now = takt_clock_mono_ns();
	}
	takt_events_text(unit->events, ctx->cycle, now, ctx->task_index, site, args);
}

static bool lane_stopping(const struct takt_ctx *ctx)
{
	const struct takt_unit *unit = (const struct takt_unit *)(const void *)ctx;

	return takt_engine_is_stopping(unit->engine);
}

const struct takt_host takt_lane_host = {
	.bytes = sizeof(struct takt_host),
	.output = lane_output,
	.cancel = lane_cancel,
	.tov = lane_tov,
	.status = lane_status,
	.text = lane_text,
	.stopping = lane_stopping,
};
