/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: from the slot file to the child and back. How often the slot is looked at is the whole
 * delay that the host adds; where the lane waits it is short, but between two calls of a known
 * rate it need not be. */
#include <errno.h>
#include <string.h>

#include "pyhost/proc/host_inner.h"
#include "rt/clock/clock.h"

#define POLL_WAITED_NS 50000u		/* a lane waits for the answer */
#define POLL_BUSY_NS 200000u
#define POLL_IDLE_NS 1000000u
#define POLL_REST_NS 5000000u
#define IDLE_AFTER_NS 50000000ull	/* without a call */
#define REST_AFTER_NS 2000000000ull
#define EARLY_NS 400000u		/* before a call is expected, we look closely */

static void count(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static bool is_waited_for(const struct takt_pyhost *host)
{
	return host->description->settings.wait == TAKT_PYTHON_WAIT_CYCLE ||
		host->description->virtual_time;
}

/* How long until the next look at the slot. */
static uint64_t pause_ns(const struct takt_pyhost *host, uint64_t now_ns)
{
	const uint64_t since_ns = now_ns - host->called_ns;
	const uint64_t period_ns = host->description->period_ns * host->description->every;

	if (since_ns > REST_AFTER_NS && since_ns > 2 * period_ns) {
		return POLL_REST_NS;
	}
	if (is_waited_for(host)) {
		if (!host->description->virtual_time && since_ns + EARLY_NS < period_ns) {
			return period_ns - EARLY_NS - since_ns < POLL_REST_NS
				       ? period_ns - EARLY_NS - since_ns : POLL_REST_NS;
		}
		return POLL_WAITED_NS;
	}
	return since_ns > IDLE_AFTER_NS && since_ns > 2 * period_ns ? POLL_IDLE_NS : POLL_BUSY_NS;
}

/* --- answers --------------------------------------------------------------------------------- */

static void answer(struct takt_pyhost *host, uint64_t number, int result, uint64_t body_ns)
{
	const uint64_t now_ns = takt_clock_mono_ns();
	const uint64_t posted_ns = host->slot.call->posted_ns;
	const uint64_t whole_ns = now_ns > posted_ns ? now_ns - posted_ns : 0;
	const struct takt_pyslot_answer a = {
		.result = result, .answered_ns = now_ns, .body_ns = body_ns,
		.transport_ns = whole_ns > body_ns ? whole_ns - body_ns : 0,
	};

	takt_pyslot_answer(&host->slot, number, &a);
	count(&host->slot.host->body_ns, a.body_ns);
	count(&host->slot.host->transport_ns, a.transport_ns);
	host->number = 0;
}

void takt_pyhost_refuse_call(struct takt_pyhost *host, int result)
{
	const uint64_t posted = takt_pyslot_posted(&host->slot);

	if (posted != takt_pyslot_answered(&host->slot)) {
		answer(host, posted, result, 0);
	}
}

/* A value that cannot be: it is the script's fault, and told as an exception is. */
static void note_value(struct takt_pyhost *host, const struct takt_err *err)
{
	struct takt_frame_answer told = { .number = host->number, .text = err->text,
					  .text_bytes = (uint32_t)strlen(err->text),
					  .where = "process" };

	takt_pyhost_note_exception(host, &told);
}

/* What a frame that came while a call was on its way means for it. Returns 1: the call is
 * answered. */
static int take_answer(struct takt_pyhost *host, const void *frame, size_t bytes)
{
	struct takt_frame_answer a = { 0 };
	struct takt_err err = { 0 };
	int r = takt_frame_parse(frame, bytes, &host->ports, &host->slot, host->number, &a, &err);

	if (r == 0 && a.kind == TAKT_FRAME_RESULT) {
		if (a.has_state) {
			takt_pyslot_keep_state(&host->slot);
		}
		answer(host, host->number, 0, a.body_ns);
		return 1;
	}
	if (r == 0 && a.kind == TAKT_FRAME_ERROR && a.number == host->number) {
		takt_pyhost_note_exception(host, &a);
		answer(host, host->number, -EIO, 0);
		return 1;
	}
	if (r == -ERANGE) {
		note_value(host, &err);
		answer(host, host->number, r, 0);
		return 1;
	}
	count(&host->slot.host->bad_frames, 1);
	if (r == -EBADMSG && takt_pyhost_events_may_tell(&host->events, takt_clock_mono_ns())) {
		takt_pyhost_events_line(&host->events, takt_clock_mono_ns(), TAKT_ERROR, err.text,
					(uint32_t)strlen(err.text));
	}
	return 0;
}

/* A frame that nobody asked for, or that is too long. */
static int refuse_frame(struct takt_pyhost *host)
{
	const void *frame;
	size_t bytes;

	count(&host->slot.host->bad_frames, 1);
	host->channel.in.has_dropped = false;
	if (takt_frame_intake_find(&host->channel.in, &frame, &bytes)) {
		takt_frame_intake_drop(&host->channel.in);
	}
	return 0;
}

int takt_pyhost_finish_call(struct takt_pyhost *host, uint64_t until_ns)
{
	const uint64_t begun_ns = takt_clock_mono_ns();
	const void *frame;
	size_t bytes;
	int r;

	while (host->number != 0) {
		r = takt_channel_wait(&host->channel, until_ns);
		if (r < 0) {
			takt_pyhost_drop_child(host, -ECHILD);
			return r;
		}
		if (r == 0) {
			takt_pyhost_kill_child(host, "process", begun_ns);
			takt_pyhost_drop_child(host, -ETIMEDOUT);
			return -ETIMEDOUT;
		}
		if (host->channel.in.has_dropped) {
			refuse_frame(host);
			answer(host, host->number, -EMSGSIZE, 0);
		} else if (takt_frame_intake_find(&host->channel.in, &frame, &bytes)) {
			take_answer(host, frame, bytes);
			takt_frame_intake_drop(&host->channel.in);
		}
	}
	return 0;
}

/* --- calls ----------------------------------------------------------------------------------- */

static int hand_over(struct takt_pyhost *host, uint64_t number, uint64_t now_ns)
{
	const int64_t bytes = takt_frame_put_call(host->channel.out, host->channel.out_room,
						  &host->ports,
						  &host->slot, number);

	host->called_ns = now_ns;
	if (bytes < 0) {
		takt_pyhost_refuse_call(host, (int)bytes);
		return 0;
	}
	host->number = number;
	takt_channel_send(&host->channel, (size_t)bytes);
	return takt_pyhost_finish_call(host, now_ns + host->description->settings.stuck_after_ns);
}

int takt_pyhost_serve(struct takt_pyhost *host)
{
	int r = 0;

	host->called_ns = takt_clock_mono_ns();
	while (r == 0 && !takt_pyhost_is_ending(host)) {
		const uint64_t posted = takt_pyslot_posted(&host->slot);
		const uint64_t now_ns = takt_clock_mono_ns();

		if (posted != takt_pyslot_answered(&host->slot)) {
			r = hand_over(host, posted, now_ns);
			continue;
		}
		takt_pyhost_events_flush(&host->events, now_ns, false);
		r = takt_channel_wait(&host->channel, now_ns + pause_ns(host, now_ns));
		if (r < 0) {
			takt_pyhost_drop_child(host, -ECHILD);
		} else if (r > 0) {
			r = refuse_frame(host);
		}
	}
	return r;
}
