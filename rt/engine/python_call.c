/* SPDX-License-Identifier: Apache-2.0 */
/* The lane's side of a task in Python. Real-time code: see tests/hot.sh. Its only system call is
 * the short sleep of `wait: cycle`; there is none with `wait: none`. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "rt/engine/draft.h"
#include "rt/engine/python.h"
#include "rt/engine/virtual.h"
#include "rt/msg/payload.h"

#define POLL_NS 20000u			/* between two looks … */
#define POLL_LATE_NS 50000u		/* … and when it takes longer than this: */
#define LATE_NS 200000u
#define VIRTUAL_PATIENCE_NS (10 * TAKT_NS_PER_S)	/* beyond all limits that taktd keeps */
#define LOOK_EVERY 200u			/* polls between two looks at taktd's lock */

/* --- counters -------------------------------------------------------------------------------- */

/* The file shows what is known here, whatever others have put there. */
static void show_counters(const struct takt_python *p)
{
	struct takt_pyslot_lane *lane = p->slot.lane;

	atomic_store_explicit(&lane->calls, p->count.calls, memory_order_relaxed);
	atomic_store_explicit(&lane->taken, p->count.taken, memory_order_relaxed);
	atomic_store_explicit(&lane->errors, p->count.errors, memory_order_relaxed);
	atomic_store_explicit(&lane->missed, p->count.missed, memory_order_relaxed);
	atomic_store_explicit(&lane->busy, p->count.busy, memory_order_relaxed);
	atomic_store_explicit(&lane->bad, p->count.bad, memory_order_relaxed);
	atomic_store_explicit(&lane->waited_ns, p->count.waited_ns, memory_order_relaxed);
	atomic_store_explicit(&lane->round_trip_ns_max, p->count.round_trip_ns_max,
			      memory_order_relaxed);
}

static void record(const struct takt_python *p, struct takt_lane *lane, enum takt_event event,
		   int64_t value0,
		   int64_t value1, const char *text)
{
	const int64_t values[4] = { value0, value1 };

	takt_events_put(&lane->events, lane->cycle, p->unit->ctx.now_ns, p->unit->ctx.task_index,
			event, values,
			text);
}

/* A call was not answered in time: the first of a series is recorded. */
static void note_miss(struct takt_python *p, struct takt_lane *lane)
{
	p->count.missed++;
	if (p->misses++ == 0) {
		record(p, lane, TAKT_EVENT_python_timeout, (int64_t)p->slot.number,
		       (int64_t)p->settings->timeout_ns, NULL);
	}
}

static void note_in_time(struct takt_python *p, struct takt_lane *lane)
{
	if (p->misses > 0) {
		record(p, lane, TAKT_EVENT_python_in_time, (int64_t)p->misses, 0, NULL);
		p->misses = 0;
	}
}

static void note_bad(struct takt_python *p, struct takt_lane *lane, const char *what)
{
	p->count.bad++;
	if (p->refusals++ == 0) {
		record(p, lane, TAKT_EVENT_python_refused, (int64_t)p->slot.number, 0, what);
	}
}

/* --- the answer ------------------------------------------------------------------------------ */

/* Copy one payload into the copperlist, and look at the copy. */
static void put_out(struct takt_python *p, struct takt_lane *lane, struct takt_outlet *outlet,
		    const struct takt_pyslot_message *row, const void *payload)
{
	struct takt_message *message = takt_draft_add_message(lane, outlet);
	const uint64_t age = lane->cycle - p->cycle;

	if (!message) {
		return;
	}
	memcpy(outlet->payload, payload, row->bytes);
	if (!takt_payload_is_sound(outlet->layout, outlet->payload, row->bytes)) {
		note_bad(p, lane, p->unit->type->ports[p->unit->plan->input_count +
						       (uint32_t)(outlet - p->unit->outlets)].name);
		takt_draft_drop(lane, outlet);
		return;
	}
	message->stamp_ns = p->now_ns;
	message->age = age < TAKT_MESSAGE_AGE_MAX ? (uint32_t)age : TAKT_MESSAGE_AGE_MAX;
	message->tov = (struct takt_tov){ row->tov_kind, 0, row->tov_begin_ns, row->tov_end_ns };
	takt_draft_trim(lane, outlet);
	if (row->status[0]) {
		takt_draft_set_status(lane, outlet, row->status);
	}
}

static void put_state(struct takt_python *p, struct takt_lane *lane, const void *state)
{
	const struct takt_pyslot_message row =
		{ .present = 1, .bytes = p->slot.geometry.state_bytes };

	if (state) {
		put_out(p, lane, &p->unit->outlets[p->unit->outlet_count - 1], &row, state);
	}
}

/* Returns 0, or the error that the call ended with. */
static int take_answer(struct takt_python *p, struct takt_lane *lane)
{
	struct takt_pyslot_message row;
	struct takt_pyslot_answer answer;
	const void *payload;
	uint64_t round_trip_ns;

	if (takt_pyslot_take(&p->slot, &answer) < 0) {
		note_bad(p, lane, "answer");
		return -EBADMSG;
	}
	if (answer.result < 0) {
		p->count.errors++;
		return answer.result < -4095 ? -EIO : answer.result;
	}
	if (p->deadline_ns > 0 && answer.answered_ns > p->deadline_ns) {
		note_miss(p, lane);
		return 0;
	}
	round_trip_ns = answer.answered_ns - p->posted_ns;
	if (round_trip_ns > p->count.round_trip_ns_max && round_trip_ns < INT64_MAX) {
		p->count.round_trip_ns_max = round_trip_ns;
	}
	for (uint32_t i = 0; i < p->slot.geometry.output_count; i++) {
		const int r = takt_pyslot_output(&p->slot, i, &row, &payload);

		if (r < 0) {
			note_bad(p, lane,
				 p->unit->type->ports[p->unit->plan->input_count + i].name);
		} else if (payload) {
			put_out(p, lane, &p->unit->outlets[i], &row, payload);
		}
	}
	put_state(p, lane, answer.state);
	p->count.taken++;
	note_in_time(p, lane);
	return 0;
}

/* --- the call -------------------------------------------------------------------------------- */

static void post(struct takt_python *p, struct takt_lane *lane)
{
	const struct takt_unit *unit = p->unit;
	const bool is_virtual = lane->engine->virtual_time;
	struct takt_pyslot_head head = { .cycle = lane->cycle, .now_ns = unit->ctx.now_ns,
					 .recent_ns = lane->mono_ns };

	p->posted_ns = is_virtual ? takt_clock_mono_ns() : unit->ctx.now_ns;
	p->deadline_ns = is_virtual || p->settings->timeout_ns == 0
				 ? 0 : p->posted_ns + p->settings->timeout_ns;
	p->cycle = lane->cycle;
	p->now_ns = unit->ctx.now_ns;
	p->given_up = false;
	head.posted_ns = p->posted_ns;
	head.deadline_ns = p->deadline_ns;
	takt_pyslot_begin(&p->slot, &head);
	for (uint32_t i = 0; i < unit->plan->input_count; i++) {
		const struct takt_input *input = &unit->inputs[i];
		const struct takt_message *newest;
		struct takt_pyslot_message row;

		if (*input->count == 0) {
			continue;
		}
		newest = &input->messages[*input->count - 1];
		row = (struct takt_pyslot_message){
			.bytes = newest->bytes, .tov_kind = newest->tov.kind,
			.stamp_ns = newest->stamp_ns,
			.tov_begin_ns = newest->tov.begin_ns, .tov_end_ns = newest->tov.end_ns,
		};
		takt_pyslot_give(&p->slot, i, &row, newest->payload, newest->status);
	}
	takt_pyslot_post(&p->slot);
	p->count.calls++;
}

static void sleep_until(uint64_t at_ns)
{
	const struct timespec at = { .tv_sec = (time_t)(at_ns / TAKT_NS_PER_S),
				     .tv_nsec = (long)(at_ns % TAKT_NS_PER_S) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Look for the answer until the deadline. */
static bool wait_for_answer(struct takt_python *p, const struct takt_lane *lane)
{
	const bool spins = lane->engine->plan->wait == TAKT_WAIT_SPIN;
	const uint64_t begin_ns = takt_clock_mono_ns();
	uint64_t now_ns = begin_ns, next_ns;
	bool is_there;

	while (!(is_there = takt_pyslot_is_answered(&p->slot)) && now_ns < p->deadline_ns) {
		if (spins) {
#if defined(__x86_64__)
			_mm_pause();
#endif
		} else {
			next_ns = now_ns + (now_ns - begin_ns < LATE_NS ? POLL_NS : POLL_LATE_NS);
			sleep_until(next_ns < p->deadline_ns ? next_ns : p->deadline_ns);
		}
		now_ns = takt_clock_mono_ns();
	}
	p->count.waited_ns += now_ns - begin_ns;
	return is_there;
}

/* In virtual time: until @is_done, however long Python takes. False when taktd keeps none of its
 * limits. */
static bool wait_virtually(struct takt_python *p, struct takt_lane *lane,
			   bool (*is_done)(struct takt_python *))
{
	const struct takt_python_settings *s = p->settings;
	const uint64_t patience_ns =
		s->stuck_after_ns + s->start_timeout_ns + s->backoff_max_ns + VIRTUAL_PATIENCE_NS;
	const uint64_t begin_ns = takt_clock_mono_ns();
	uint64_t now_ns = begin_ns;

	if (is_done(p)) {
		return true;
	}
	atomic_store_explicit(&lane->position.busy_since_ns, 0, memory_order_relaxed);
	for (uint32_t i = 1; !is_done(p) && now_ns - begin_ns < patience_ns; i++) {
		sleep_until(now_ns + POLL_LATE_NS);
		now_ns = takt_clock_mono_ns();
		if (i % LOOK_EVERY == 0 && now_ns - begin_ns > VIRTUAL_PATIENCE_NS &&
		    takt_region_recorder_alive(lane->engine->region) != 1) {
			break;
		}
	}
	atomic_store_explicit(&lane->position.busy_since_ns, takt_clock_mono_ns(),
			      memory_order_relaxed);
	return is_done(p);
}

static bool is_answered(struct takt_python *p)
{
	return takt_pyslot_is_answered(&p->slot);
}

static bool is_settled(struct takt_python *p)
{
	const uint32_t phase = takt_pyslot_phase(&p->slot);

	return phase == TAKT_PY_READY || phase == TAKT_PY_FAILED || phase == TAKT_PY_STOPPED;
}

/* --- a cycle --------------------------------------------------------------------------------- */

/* What became of a call that an earlier cycle posted. */
static int take_earlier(struct takt_python *p, struct takt_lane *lane, bool *ret_ran)
{
	struct takt_pyslot_answer dropped;

	if (lane->engine->virtual_time && !wait_virtually(p, lane, is_answered)) {
		takt_engine_stop(lane->engine, TAKT_ENDED_ERROR);
	}
	if (!takt_pyslot_is_answered(&p->slot)) {
		return 0;
	}
	if (p->given_up) {
		takt_pyslot_take(&p->slot, &dropped);	/* it is counted */
		return 0;
	}
	*ret_ran = true;
	return take_answer(p, lane);
}

/* Returns the error of this call, or 0. */
static int call_and_wait(struct takt_python *p, struct takt_lane *lane, bool *ret_ran)
{
	const bool is_there = lane->engine->virtual_time ? wait_virtually(p, lane, is_answered)
							 : wait_for_answer(p, lane);

	*ret_ran = true;
	if (is_there) {
		return take_answer(p, lane);
	}
	p->given_up = true;
	note_miss(p, lane);
	return 0;
}

static int run(struct takt_python *p, struct takt_lane *lane, bool *ret_ran)
{
	int r = 0;

	if (!takt_pyslot_is_free(&p->slot)) {
		r = take_earlier(p, lane, ret_ran);
	}
	if (lane->engine->virtual_time && !wait_virtually(p, lane, is_settled)) {
		takt_engine_stop(lane->engine, TAKT_ENDED_ERROR);
	}
	if (!takt_pyslot_is_free(&p->slot)) {
		p->count.busy++;
	} else if (takt_pyslot_phase(&p->slot) == TAKT_PY_READY) {
		post(p, lane);
		if (p->settings->wait == TAKT_PYTHON_WAIT_CYCLE) {
			r = call_and_wait(p, lane, ret_ran);
		}
	} else if (r == 0 && takt_pyslot_phase(&p->slot) == TAKT_PY_FAILED) {
		r = -ENOTCONN;
	} else {
		p->count.busy++;
	}
	return r;
}

int takt_python_run(struct takt_python *python, struct takt_lane *lane, bool *ret_ran)
{
	struct takt_unit *unit = python->unit;
	const uint64_t taken = python->count.taken;
	int r;

	takt_position_set(&lane->position, unit->ctx.task_index, TAKT_METHOD_PROCESS);
	r = run(python, lane, ret_ran);
	if (r < 0) {
		takt_unit_failed(unit, &lane->events, unit->ctx.now_ns, TAKT_METHOD_PROCESS, r);
	} else if (python->count.taken > taken) {
		takt_unit_worked(unit, &lane->events, unit->ctx.now_ns);
	}
	show_counters(python);
	takt_position_set(&lane->position, unit->ctx.task_index, TAKT_METHOD_NONE);
	return r;
}
