/* SPDX-License-Identifier: Apache-2.0 */
/* What an io or background task calls through its context. */
#include <string.h>
#include <time.h>

#include "rt/engine/unit_text.h"
#include "rt/engine/virtual.h"
#include "rt/engine/worker.h"

#define WAIT_NS_MAX 50000000u	/* then the task returns, so that its text is handed on */

static struct takt_parcel_item *find_item(struct takt_ctx *ctx, uint32_t output)
{
	struct takt_unit *unit = takt_unit_of(ctx);

	if (output >= unit->outlet_count || !unit->worker->current) {
		return NULL;
	}
	return &unit->worker->current[output];
}

static void *worker_output(struct takt_ctx *ctx, uint32_t output)
{
	const struct takt_unit *unit = takt_unit_of(ctx);
	struct takt_parcel_item *item = find_item(ctx, output);
	uint64_t now;

	if (!item) {
		return NULL;
	}
	if (!item->present) {
		now = takt_worker_now_ns(unit->worker);
		memset(item->payload, 0, unit->outlets[output].layout->fixed_bytes);
		item->present = true;
		item->message = (struct takt_message){
			.payload = item->payload, .stamp_ns = now, .status = "",
		};
		item->status[0] = '\0';
		if (unit->plan->exec == TAKT_EXEC_IO) {
			item->message.tov = (struct takt_tov){ TAKT_TOV_INSTANT, 0, now, now };
		}
	}
	return item->payload;
}

static void worker_cancel(struct takt_ctx *ctx, uint32_t output)
{
	struct takt_parcel_item *item = find_item(ctx, output);

	if (item) {
		item->present = false;
	}
}

static void worker_tov(struct takt_ctx *ctx, uint32_t output, struct takt_tov tov)
{
	struct takt_parcel_item *item = find_item(ctx, output);

	if (item && item->present) {
		item->message.tov = tov;
	}
}

static void worker_status(struct takt_ctx *ctx, uint32_t output, const char *text)
{
	struct takt_parcel_item *item = find_item(ctx, output);

	if (item && item->present && text) {
		memset(item->status, 0, sizeof(item->status));
		for (uint32_t n = 0; n < TAKT_STATUS_BYTES_MAX && text[n]; n++) {
			item->status[n] = text[n];
		}
	}
}

static void worker_text(struct takt_ctx *ctx, const struct takt_text_site *site,
			const uint64_t *args)
{
	struct takt_unit *unit = takt_unit_of(ctx);

	takt_unit_text(unit, site, args, takt_worker_now_ns(unit->worker));
}

static bool worker_stopping(const struct takt_ctx *ctx)
{
	const struct takt_unit *unit = (const struct takt_unit *)(const void *)ctx;

	return takt_engine_is_stopping(unit->engine);
}

static bool worker_wait_until(struct takt_ctx *ctx, uint64_t at_ns)
{
	struct takt_worker *worker = takt_unit_of(ctx)->worker;
	const uint64_t now_ns = takt_worker_now_ns(worker);
	const uint64_t until_ns = at_ns - now_ns < WAIT_NS_MAX ? at_ns : now_ns + WAIT_NS_MAX;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / TAKT_NS_PER_S),
					.tv_nsec = (long)(until_ns % TAKT_NS_PER_S) };

	if (at_ns <= now_ns) {
		return true;
	}
	if (worker->engine->virtual_time) {
		return takt_virtual_wait_until(worker, at_ns);
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);	/* a signal ends it, too */
	return takt_clock_mono_ns() >= at_ns;
}

static uint64_t worker_clock_ns(const struct takt_ctx *ctx)
{
	const struct takt_unit *unit = (const struct takt_unit *)(const void *)ctx;

	return takt_worker_now_ns(unit->worker);
}

static void worker_keep_all(struct takt_ctx *ctx, bool on)
{
	takt_unit_of(ctx)->worker->keep_all = on;
}

const struct takt_host takt_worker_host = {
	.bytes = sizeof(struct takt_host),
	.output = worker_output,
	.cancel = worker_cancel,
	.tov = worker_tov,
	.status = worker_status,
	.text = worker_text,
	.stopping = worker_stopping,
	.text_is_due = takt_unit_text_is_due,
	.wait_until = worker_wait_until,
	.clock_ns = worker_clock_ns,
	.port_type = takt_unit_port_type,
	.keep_all = worker_keep_all,
};
