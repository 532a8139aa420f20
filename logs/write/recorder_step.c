/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread's part of a recorder. No allocation, no mapping, no file name.
 *
 *     sealed chunks -> extents (at most `depth` in flight, ended in the order they were begun)
 *                   -> a sync that covers the extents ended before it -> released
 *
 * When a sync is due, everything that is sealed by then is written first. In between chunks are held back
 * until they make a write worth it. At most one sync is under way, and at most two segments are in use: when
 * one is full, extents of the next end only after the last sync of the old one was begun, so that a sync
 * never has to cover two files. After an error nothing is begun until nothing is in flight; then both are
 * given up and the intakes go back to what is released. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "logs/write/recorder_inner.h"
#include "rt/base/testpoint.h"

#define SPAN_BYTES_MAX (1u << 20)	/* chunks are joined up to this */
#define SPAN_BYTES_WORTH (256u << 10)	/* and wait for a sync when they are less than this */
#define SATURATED_WAIT_NS 1000000u
#define RELEASE_PART 8u			/* of a ring that is half full is worth a sync before it is due */

void takt_recorder_step_init(struct takt_recorder *recorder)
{
	struct takt_step *step = &recorder->step;

	memset(step, 0, sizeof(*step));
	step->current = step->old = TAKT_NO_SLOT;
	step->retry_ns = TAKT_RETRY_NS_MIN;
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		const struct takt_stream_view view = takt_region_view(recorder->region, i);
		struct takt_step_stream *stream = &step->streams[i];

		takt_intake_init(&stream->intake, &view, &recorder->region->streams[i].released);
		stream->done = stream->intake.released;
		stream->done_seq = stream->intake.released_seq;
	}
}

/* The backend itself does not work any more; what it has in flight is unknown. */
static enum takt_recorder_activity lose(struct takt_recorder *recorder, int error)
{
	takt_recorder_fail(recorder, error);
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		if (i == recorder->step.current || i == recorder->step.old) {
			takt_recorder_hand_back(recorder, i, TAKT_SLOT_LOST);
		}
	}
	atomic_store_explicit(&recorder->end, TAKT_RECORDER_LOST, memory_order_relaxed);
	return TAKT_RECORDER_FINISHED;
}

/* --- planning syncs -------------------------------------------------------------------------- */

static bool is_half_full(const struct takt_step_stream *stream)
{
	return takt_intake_held_bytes(&stream->intake) > stream->intake.view.ring_bytes / 2;
}

/* Whether a producer may soon want what a sync now would give back. Syncs one after the other would each give
 * back little: the file system pays for every one. */
static bool is_release_wanted(const struct takt_recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		const struct takt_step_stream *stream = &recorder->step.streams[i];
		const uint64_t gain = stream->done - stream->intake.released;

		if (is_half_full(stream) && (gain >= stream->intake.view.ring_bytes / RELEASE_PART ||
					     (gain > 0 && recorder->step.in_flight == 0))) {
			return true;
		}
	}
	return false;
}

/* Whether the old segment has no extent that is not ended. */
static bool is_old_written(const struct takt_step *step)
{
	return step->ended == step->begun ||
	       step->extents[step->ended % TAKT_BACKEND_DEPTH_MAX].slot != step->old;
}

static void sync_where_needed(struct takt_recorder *recorder, uint64_t now_ns)
{
	struct takt_step *step = &recorder->step;

	if (step->is_syncing) {
		return;
	}
	if (step->old != TAKT_NO_SLOT) {
		if (is_old_written(step) && step->ended == step->synced) {
			takt_recorder_retire_old(recorder);
			takt_recorder_end_extents(recorder);
		} else if (is_old_written(step)) {
			takt_recorder_begin_sync(recorder, step->old, now_ns);
			takt_recorder_end_extents(recorder);
		}
		return;
	}
	if (step->due == TAKT_DUE_COMPLETING && step->ended >= step->barrier &&
	    step->ended == step->synced) {
		step->due = TAKT_DUE_NOT;	/* nothing had come */
	}
	if (step->ended > step->synced &&
	    ((step->due == TAKT_DUE_COMPLETING && step->ended >= step->barrier) ||
	     is_release_wanted(recorder))) {
		takt_recorder_begin_sync(recorder, step->current, now_ns);
	}
}

/* --- taking chunks --------------------------------------------------------------------------- */

static void begin_segment(struct takt_recorder *recorder, uint32_t slot)
{
	struct takt_slot *s = &recorder->slots[slot];
	int r;

	TAKT_TEST_POINT("writer_begin_segment");
	s->offset = s->segment.data_at;
	s->chunk_count = 0;
	s->begun_ns = 0;
	s->is_aged = s->is_last = false;
	takt_index_begin(s->index, &s->segment);
	r = recorder->backend->ops->use(recorder->backend, slot, s->segment.fd);
	atomic_store_explicit(&s->state, TAKT_SLOT_ACTIVE, memory_order_relaxed);
	recorder->step.current = slot;
	if (r < 0) {
		takt_recorder_fail(recorder, r);
	}
	atomic_store_explicit(&recorder->region->recorder->segment, s->segment.number,
			      memory_order_relaxed);
}

static void want_segment(struct takt_recorder *recorder)
{
	if (!atomic_exchange_explicit(&recorder->wants_segment, true, memory_order_relaxed)) {
		takt_recorder_notify(recorder);
	}
}

/* Make a new segment the current one. False when none is ready, or the old one is still needed. */
static bool roll(struct takt_recorder *recorder)
{
	struct takt_step *step = &recorder->step;

	if (step->old != TAKT_NO_SLOT) {
		return false;
	}
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		/* Partner: the manager's release store after it has made the segment. */
		if (atomic_load_explicit(&recorder->slots[i].state, memory_order_acquire) ==
		    TAKT_SLOT_READY) {
			step->old = step->current;
			TAKT_TEST_POINT("writer_roll");
			begin_segment(recorder, i);
			return true;
		}
	}
	want_segment(recorder);
	return false;
}

static bool is_worth_taking(const struct takt_step *step, const struct takt_step_stream *stream)
{
	const uint64_t pending = takt_intake_pending_bytes(&stream->intake);

	return pending > 0 && !stream->is_empty &&
	       (pending >= SPAN_BYTES_WORTH || is_half_full(stream) ||
		(step->due == TAKT_DUE_TAKING && stream->intake.next < stream->want));
}

/* Begin to write @bytes of the current segment: of @stream's span, or an index chunk. */
static void begin_extent(struct takt_recorder *recorder, uint32_t stream, const struct takt_span *span)
{
	struct takt_step *step = &recorder->step;
	struct takt_slot *slot = &recorder->slots[step->current];

	step->extents[step->begun % TAKT_BACKEND_DEPTH_MAX] = (struct takt_extent){
		.span = *span, .offset = slot->offset, .stream = stream, .slot = step->current,
	};
	slot->offset += span->bytes;
	slot->chunk_count += span->chunk_count;
	takt_recorder_begin_write(recorder, step->begun++);
}

/* An index chunk where one is due. There is one buffer for them, so one at a time. */
static void index_where_due(struct takt_recorder *recorder)
{
	struct takt_step *step = &recorder->step;
	struct takt_slot *slot = &recorder->slots[step->current];
	struct takt_span span = { .buffer = recorder->index_buffer };
	uint64_t written = slot->offset;

	for (uint64_t n = step->begun; n-- > step->ended;) {
		const struct takt_extent *extent = &step->extents[n % TAKT_BACKEND_DEPTH_MAX];

		if (extent->stream == TAKT_NO_STREAM) {
			return;
		}
		if (extent->slot == step->current) {
			written = extent->offset;
		}
	}
	if (slot->segment.bytes - slot->offset >= TAKT_INDEX_SPAN_MAX &&
	    takt_index_is_due(slot->index, written)) {
		span.bytes = takt_index_take(slot->index, &slot->segment, written, slot->offset,
					     recorder->index_buffer);
		begin_extent(recorder, TAKT_NO_STREAM, &span);
	}
}

/* Take one span of stream @number and begin to write it. False when nothing came of it. */
static bool take_from(struct takt_recorder *recorder, uint32_t number)
{
	struct takt_step *step = &recorder->step;
	struct takt_step_stream *stream = &step->streams[number];
	struct takt_slot *slot = &recorder->slots[step->current];
	struct takt_span span;
	int r;

	stream->intake.index_offset = slot->index->previous;
	r = takt_intake_take(&stream->intake, slot->segment.salt, SPAN_BYTES_MAX,
			     slot->segment.bytes - slot->offset, &span);
	if (r == -ENOSPC) {
		if (!roll(recorder)) {
			step->is_short_of_segments = true;
			return false;
		}
		return !step->is_failed;
	}
	stream->is_empty = r == 0;
	if (r == 0) {
		return true;
	}
	takt_index_put(slot->index, &slot->segment, &span, slot->offset);
	begin_extent(recorder, number, &span);
	if (slot->begun_ns == 0 && number != recorder->journal.number) {
		slot->begun_ns = step->now_ns;	/* that a segment was rolled makes none of the next one */
	}
	if (slot->offset - slot->segment.data_at > (slot->segment.bytes - slot->segment.data_at) / 2) {
		want_segment(recorder);
	}
	return !step->is_failed;
}

/* The current segment is older than the graph wants them: go on in the next as soon as there is one. */
static void roll_where_aged(struct takt_recorder *recorder)
{
	struct takt_slot *slot = &recorder->slots[recorder->step.current];

	if (recorder->segment_age_ns != 0 && slot->begun_ns != 0 &&
	    recorder->step.now_ns - slot->begun_ns >= recorder->segment_age_ns && roll(recorder)) {
		slot->is_aged = true;
	}
}

static bool has_room(const struct takt_recorder *recorder)
{
	return recorder->step.begun - recorder->step.ended < recorder->backend->depth;
}

static void take_chunks(struct takt_recorder *recorder)
{
	struct takt_step *step = &recorder->step;
	const uint32_t count = recorder->stream_count;
	bool goes_on = true;

	step->is_short_of_segments = false;
	if (step->current == TAKT_NO_SLOT && !roll(recorder)) {
		step->is_short_of_segments = true;
		return;
	}
	roll_where_aged(recorder);
	while (goes_on && has_room(recorder)) {
		goes_on = false;
		for (uint32_t i = 0; i < count && has_room(recorder); i++) {
			const uint32_t number = (step->first_stream + i) % count;

			if (is_worth_taking(step, &step->streams[number])) {
				index_where_due(recorder);
				if (step->is_failed) {
					return;
				}
				if (!has_room(recorder)) {
					break;
				}
				if (!take_from(recorder, number)) {
					return;
				}
				goes_on = true;
			}
		}
		step->first_stream = (step->first_stream + 1) % count;
	}
	for (uint32_t i = 0; i < count && !step->is_saturated; i++) {
		step->is_saturated = is_worth_taking(step, &step->streams[i]);
	}
}

static bool is_anything_pending(const struct takt_recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		const struct takt_step_stream *stream = &recorder->step.streams[i];

		if (takt_intake_pending_bytes(&stream->intake) > 0 && !stream->is_empty) {
			return true;
		}
	}
	return false;
}

/* When a sync is due: what is to be in it. */
static void plan_sync(struct takt_recorder *recorder, uint64_t now_ns, bool is_ending)
{
	struct takt_step *step = &recorder->step;
	const bool has_news = step->begun > step->synced || is_anything_pending(recorder);
	bool is_taken = true;

	if (step->due == TAKT_DUE_NOT && has_news && (now_ns >= step->sync_at_ns || is_ending)) {
		step->due = TAKT_DUE_TAKING;
		for (uint32_t i = 0; i < recorder->stream_count; i++) {
			struct takt_intake *intake = &step->streams[i].intake;

			step->streams[i].want = intake->committed > intake->sealed ? intake->committed
										   : intake->sealed;
		}
	}
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		const struct takt_step_stream *stream = &step->streams[i];

		is_taken = is_taken && (stream->is_empty || stream->intake.next >= stream->want);
	}
	if (step->due == TAKT_DUE_TAKING && (is_taken || step->is_short_of_segments)) {
		step->due = TAKT_DUE_COMPLETING;
		step->barrier = step->begun;
	}
}

/* --- the round ------------------------------------------------------------------------------- */

static void look(struct takt_recorder *recorder, bool has_ended)
{
	uint64_t broken = 0;

	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		struct takt_step_stream *stream = &recorder->step.streams[i];
		const uint64_t before = stream->intake.sealed + stream->intake.committed;

		/* The journal's producer is this process: it has not ended. */
		takt_intake_look(&stream->intake, has_ended && i != recorder->journal.number);
		if (stream->intake.sealed + stream->intake.committed != before) {
			stream->is_empty = false;
		}
		broken += stream->intake.broken;
	}
	takt_recorder_count_to(&recorder->broken_chunks, broken);
	takt_recorder_count_to(&recorder->region->recorder->broken_chunks, broken);
}

/* As takt-rt said, which is gone by now. What it says is outside input. */
static struct takt_run_end how_it_ended(const struct takt_rt_state *state)
{
	/* Partner: takt-rt's release store when it has said the rest. */
	const bool said = atomic_load_explicit(&state->phase, memory_order_acquire) == TAKT_RT_ENDED;
	struct takt_run_end end = {
		.ending = TAKT_ENDED_KILLED,
		.lost_copperlists = atomic_load_explicit(&state->lost_copperlists, memory_order_relaxed),
		.lost_events = atomic_load_explicit(&state->lost_events, memory_order_relaxed),
	};

	if (said) {
		end.ending = (enum takt_ending)atomic_load_explicit(&state->ending, memory_order_relaxed);
		end.exit_code = atomic_load_explicit(&state->exit_code, memory_order_relaxed);
	}
	return end;
}

static enum takt_recorder_activity finish(struct takt_recorder *recorder, enum takt_recorder_end end)
{
	struct takt_step *step = &recorder->step;

	TAKT_TEST_POINT("writer_finish");
	if (step->current != TAKT_NO_SLOT) {
		recorder->slots[step->current].is_last = end == TAKT_RECORDER_RUN_ENDED;
		recorder->slots[step->current].end = how_it_ended(recorder->region->rt);
		takt_recorder_hand_back(recorder, step->current, TAKT_SLOT_FULL);
		step->current = TAKT_NO_SLOT;
	}
	atomic_store_explicit(&recorder->end, end, memory_order_relaxed);
	return TAKT_RECORDER_FINISHED;
}

/* Stop at what is sealed now: a producer that goes on must not keep us. */
static void limit_intakes(struct takt_recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		struct takt_intake *intake = &recorder->step.streams[i].intake;

		if (intake->stop_at == UINT64_MAX) {
			intake->stop_at = intake->sealed;
		}
	}
}

static enum takt_recorder_activity after_failure(struct takt_recorder *recorder, uint64_t now_ns)
{
	const struct takt_step *step = &recorder->step;
	const int n = takt_recorder_collect(recorder, 0);

	if (n < 0) {
		return lose(recorder, n);
	}
	if (step->in_flight == 0 && !step->is_syncing) {
		takt_recorder_give_up(recorder, now_ns);
	}
	return TAKT_RECORDER_BUSY;
}

/* Whether the manager has events to record before the run's log may end: it closes a segment, or has not seen
 * that the disk works again. Partners: its release stores behind them. */
static bool is_manager_behind(const struct takt_recorder *recorder)
{
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		const uint32_t state =
			atomic_load_explicit(&recorder->slots[i].state, memory_order_acquire);

		if (state == TAKT_SLOT_FULL || state == TAKT_SLOT_POISONED) {
			return true;
		}
	}
	return atomic_load_explicit(&recorder->is_to_say, memory_order_acquire);
}

/* Whether it is over, and how. While the disk refuses, a stop does not wait for it. */
static enum takt_recorder_end judge_end(const struct takt_recorder *recorder, bool is_stopping,
					bool has_ended, uint64_t now_ns)
{
	const struct takt_step *step = &recorder->step;
	const bool is_quiet = step->begun == step->synced && !step->is_syncing &&
			      step->old == TAKT_NO_SLOT && !step->is_failed;
	const bool is_all = is_quiet && now_ns >= step->retry_at_ns && !is_anything_pending(recorder);
	const bool is_refused =
		now_ns < step->retry_at_ns ||
		(step->is_short_of_segments &&
		 atomic_load_explicit(&recorder->manager_error, memory_order_relaxed) != 0);

	if (has_ended && is_all && step->current != TAKT_NO_SLOT) {
		return TAKT_RECORDER_RUN_ENDED;
	}
	return is_stopping && is_quiet && ((is_all && !has_ended) || is_refused)
		       ? TAKT_RECORDER_STOPPED
		       : TAKT_RECORDER_GOES_ON;
}

static int work(struct takt_recorder *recorder, uint64_t now_ns, bool is_stopping, bool has_ended)
{
	struct takt_step *step = &recorder->step;
	const int r = takt_recorder_collect(recorder, 0);

	step->is_saturated = false;
	look(recorder, has_ended);
	if (is_stopping) {
		limit_intakes(recorder);
	}
	if (r < 0 || step->is_failed) {
		return r;
	}
	takt_recorder_begin_again(recorder);
	plan_sync(recorder, now_ns, is_stopping || has_ended);
	take_chunks(recorder);
	plan_sync(recorder, now_ns, is_stopping || has_ended);
	sync_where_needed(recorder, now_ns);
	return takt_recorder_collect(recorder, step->is_saturated ? SATURATED_WAIT_NS : 0);
}

enum takt_recorder_activity takt_recorder_step(struct takt_recorder *recorder, uint64_t now_ns)
{
	struct takt_step *step = &recorder->step;
	/* Partners: the manager's release stores. The run's end is seen before its last positions. */
	const bool is_stopping = atomic_load_explicit(&recorder->is_stopping, memory_order_acquire);
	const bool has_ended = atomic_load_explicit(&recorder->run_has_ended, memory_order_acquire);
	const bool is_removed = atomic_load_explicit(&recorder->is_removed, memory_order_acquire);
	/* Before the last look: what the manager has said by then is seen by it. */
	const bool is_behind = is_manager_behind(recorder);
	enum takt_recorder_end end;
	int r = 0;

	step->now_ns = now_ns;
	if (is_removed && !step->is_failed && step->current == TAKT_NO_SLOT) {
		return finish(recorder, TAKT_RECORDER_REMOVED);
	}
	if (is_removed && !step->is_failed) {
		takt_recorder_fail(recorder, -ENOENT);
	}
	if (!step->is_started) {
		r = recorder->backend->ops->start(recorder->backend);
		step->is_started = true;
	}
	if (r == 0 && step->is_failed) {
		return after_failure(recorder, now_ns);
	}
	if (r == 0 && now_ns >= step->retry_at_ns) {
		r = work(recorder, now_ns, is_stopping, has_ended);
	}
	if (r < 0) {
		return lose(recorder, r);
	}
	end = judge_end(recorder, is_stopping, has_ended, now_ns);
	if (end == TAKT_RECORDER_RUN_ENDED && (is_behind || is_manager_behind(recorder))) {
		return TAKT_RECORDER_BUSY;
	}
	if (end != TAKT_RECORDER_GOES_ON) {
		return finish(recorder, end);
	}
	return step->is_saturated ? TAKT_RECORDER_SATURATED
	       : step->begun > step->synced || step->is_syncing || is_anything_pending(recorder)
		       ? TAKT_RECORDER_BUSY
		       : TAKT_RECORDER_IDLE;
}

void takt_recorder_let_go(struct takt_recorder *recorder)
{
	/* Partner: the manager's acquire load before it closes and frees. */
	atomic_store_explicit(&recorder->is_let_go, true, memory_order_release);
	takt_recorder_notify(recorder);
}

void takt_recorder_notify(const struct takt_recorder *recorder)
{
	const uint64_t one = 1;

	if (recorder->options.notify_fd >= 0) {
		/* A full counter wakes as well. */
		(void)!write(recorder->options.notify_fd, &one, sizeof(one));
	}
}
