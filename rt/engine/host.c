/* SPDX-License-Identifier: Apache-2.0 */
/* What a task on a lane calls through its context. Real-time code: see tests/hot.sh. */
#include "rt/engine/draft.h"
#include "rt/engine/unit_text.h"

/* False in new, start and stop, on the main thread. */
static bool is_in_cycle(const struct takt_unit *unit)
{
	return unit->events == &unit->engine->lane.events;
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
	message = takt_draft_add_message(&takt_unit_of(ctx)->engine->lane, outlet);
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
		takt_draft_set_status(&takt_unit_of(ctx)->engine->lane, outlet, text);
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
		now = takt_clock_now_ns(clock);
	}
	takt_unit_text(unit, site, args, now);
}

static bool lane_stopping(const struct takt_ctx *ctx)
{
	const struct takt_unit *unit = (const struct takt_unit *)(const void *)ctx;

	return takt_engine_is_stopping(unit->engine);
}

/* A task on a lane never waits. */
static bool lane_wait_until(struct takt_ctx *ctx, uint64_t at_ns)
{
	return at_ns <= ctx->now_ns;
}

static uint64_t lane_clock_ns(const struct takt_ctx *ctx)
{
	return ctx->now_ns;
}

/* A task on the lane has no queue. */
static void lane_keep_all(struct takt_ctx *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

const struct takt_type *takt_unit_port_type(const struct takt_ctx *ctx, bool output, uint32_t port)
{
	const struct takt_unit *unit = (const struct takt_unit *)(const void *)ctx;

	if (output) {
		return port < unit->outlet_count ? unit->outlets[port].layout->type : NULL;
	}
	return port < unit->plan->input_count ? unit->plan->inputs[port].type : NULL;
}

const struct takt_host takt_lane_host = {
	.bytes = sizeof(struct takt_host),
	.output = lane_output,
	.cancel = lane_cancel,
	.tov = lane_tov,
	.status = lane_status,
	.text = lane_text,
	.stopping = lane_stopping,
	.text_is_due = takt_unit_text_is_due,
	.wait_until = lane_wait_until,
	.clock_ns = lane_clock_ns,
	.port_type = takt_unit_port_type,
	.keep_all = lane_keep_all,
};
