/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread's dealings with the backend: extents and syncs begin and end here, and errors. */
#include <errno.h>

#include "logs/write/recorder_inner.h"
#include "rt/base/testpoint.h"

#define IDLE_TRIES_MAX 64u
#define COOKIE_SYNC (UINT64_MAX - 1)

static const struct takt_backend_ops *ops_of(const struct takt_recorder *recorder)
{
	return recorder->backend->ops;
}

/* --- errors ---------------------------------------------------------------------------------- */

void takt_recorder_fail(struct takt_recorder *recorder, int error)
{
	struct takt_recorder_state *shared = recorder->region->recorder;

	atomic_fetch_add_explicit(&shared->errors, 1, memory_order_relaxed);
	atomic_store_explicit(&shared->last_errno, -error, memory_order_relaxed);
	if (!recorder->step.is_failed) {
		recorder->step.is_failed = true;
		/* Partner: the manager's acquire load. */
		atomic_store_explicit(&recorder->error, error, memory_order_release);
		takt_recorder_notify(recorder);
	}
}

void takt_recorder_hand_back(struct takt_recorder *recorder, uint32_t slot, enum takt_slot_state state)
{
	ops_of(recorder)->use(recorder->backend, slot, -1);
	/* Partner: the manager's acquire load before it closes the segment. */
	atomic_store_explicit(&recorder->slots[slot].state, state, memory_order_release);
	takt_recorder_notify(recorder);
}

/* Nothing is in flight. */
void takt_recorder_give_up(struct takt_recorder *recorder, uint64_t now_ns)
{
	struct takt_step *step = &recorder->step;

	TAKT_TEST_POINT("writer_give_up");
	if (step->old != TAKT_NO_SLOT) {
		takt_recorder_hand_back(recorder, step->old, TAKT_SLOT_POISONED);
	}
	if (step->current != TAKT_NO_SLOT) {
		takt_recorder_hand_back(recorder, step->current, TAKT_SLOT_POISONED);
	}
	step->current = step->old = TAKT_NO_SLOT;
	step->ended = step->synced = step->begun;
	step->due = TAKT_DUE_NOT;
	step->is_failed = false;
	step->is_old_syncing = false;
	step->retry_at_ns = now_ns + step->retry_ns;
	step->retry_ns = step->retry_ns * 2 < TAKT_RETRY_NS_MAX ? step->retry_ns * 2 : TAKT_RETRY_NS_MAX;
	step->sync_at_ns = 0;
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		struct takt_step_stream *stream = &step->streams[i];

		takt_intake_rewind(&stream->intake);
		stream->is_empty = false;
		stream->done = stream->intake.released;
		stream->done_seq = stream->intake.released_seq;
	}
}

/* --- writes ---------------------------------------------------------------------------------- */

void takt_recorder_begin_write(struct takt_recorder *recorder, uint64_t number)
{
	struct takt_extent *extent = &recorder->step.extents[number % TAKT_BACKEND_DEPTH_MAX];
	int r;

	TAKT_TEST_POINT("writer_before_submit");
	r = ops_of(recorder)->write(recorder->backend, extent->slot,
				    extent->span.buffer + extent->written_bytes,
				    (uint32_t)(extent->span.bytes - extent->written_bytes),
				    extent->offset + extent->written_bytes, number);
	TAKT_TEST_POINT("writer_after_submit");
	if (r == 0) {
		extent->is_begun = true;
		recorder->step.in_flight++;
	} else if (r != -EAGAIN) {
		takt_recorder_fail(recorder, r);
	}
}

/* Begin what the backend had no room for, and what was written in part. */
void takt_recorder_begin_again(struct takt_recorder *recorder)
{
	const struct takt_step *step = &recorder->step;

	for (uint64_t n = step->ended; n < step->begun && !step->is_failed; n++) {
		const struct takt_extent *extent = &step->extents[n % TAKT_BACKEND_DEPTH_MAX];

		if (!extent->is_begun && !extent->is_done) {
			takt_recorder_begin_write(recorder, n);
		}
	}
}

static void end_write(struct takt_recorder *recorder, uint64_t number, int32_t result)
{
	struct takt_step *step = &recorder->step;
	struct takt_extent *extent = &step->extents[number % TAKT_BACKEND_DEPTH_MAX];
	uint32_t progress;

	extent->is_begun = false;
	step->in_flight--;
	if (result < 0 && result != -EAGAIN && result != -EINTR) {
		takt_recorder_fail(recorder, result);
		return;
	}
	/* A short write goes on at a block's start: O_DIRECT takes nothing else. */
	progress = result > 0 ? (uint32_t)result / TAKT_BLOCK_BYTES * TAKT_BLOCK_BYTES : 0;
	extent->written_bytes += progress;
	extent->idle_tries = progress > 0 ? 0 : extent->idle_tries + 1;
	extent->is_done = extent->written_bytes >= extent->span.bytes;
	if (extent->idle_tries > IDLE_TRIES_MAX) {
		takt_recorder_fail(recorder, result < 0 ? result : -EIO);
	}
}

/* Count the extents at the front that are done; see the top for the order. */
void takt_recorder_end_extents(struct takt_recorder *recorder)
{
	struct takt_step *step = &recorder->step;

	while (step->ended < step->begun) {
		const struct takt_extent *extent =
			&step->extents[step->ended % TAKT_BACKEND_DEPTH_MAX];

		if (!extent->is_done || (step->old != TAKT_NO_SLOT && extent->slot != step->old &&
					 !step->is_old_syncing)) {
			break;
		}
		if (extent->stream != TAKT_NO_STREAM) {
			step->streams[extent->stream].done = extent->span.end;
			step->streams[extent->stream].done_seq = extent->span.end_seq;
		}
		step->written_bytes += extent->span.bytes;
		step->chunk_count += extent->span.chunk_count;
		step->ended++;
	}
	takt_recorder_count_to(&recorder->region->recorder->written_bytes, step->written_bytes);
	takt_recorder_count_to(&recorder->region->recorder->chunks, step->chunk_count);
}

/* --- syncs ----------------------------------------------------------------------------------- */

void takt_recorder_begin_sync(struct takt_recorder *recorder, uint32_t slot, uint64_t now_ns)
{
	struct takt_step *step = &recorder->step;
	int r;

	TAKT_TEST_POINT("writer_before_sync");
	r = ops_of(recorder)->sync(recorder->backend, slot, COOKIE_SYNC);
	TAKT_TEST_POINT("writer_after_sync_submit");
	if (r < 0) {
		if (r != -EAGAIN) {
			takt_recorder_fail(recorder, r);
		}
		return;
	}
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		step->streams[i].syncing = step->streams[i].done;
		step->streams[i].syncing_seq = step->streams[i].done_seq;
	}
	step->syncing = step->ended;
	step->syncing_bytes = step->written_bytes;
	step->is_syncing = true;
	step->is_old_syncing = slot == step->old;
	if (slot == step->current) {
		step->due = TAKT_DUE_NOT;
		step->sync_at_ns = now_ns + recorder->sync_ns;
	}
}

void takt_recorder_retire_old(struct takt_recorder *recorder)
{
	struct takt_step *step = &recorder->step;

	takt_recorder_hand_back(recorder, step->old, TAKT_SLOT_FULL);
	step->old = TAKT_NO_SLOT;
	step->is_old_syncing = false;
}

static void end_sync(struct takt_recorder *recorder, int32_t result)
{
	struct takt_step *step = &recorder->step;

	TAKT_TEST_POINT("writer_sync_completed");
	step->is_syncing = false;
	if (result < 0) {
		takt_recorder_fail(recorder, result);	/* never again on the same data: the segment is given up */
		return;
	}
	step->synced = step->syncing;
	step->synced_bytes = step->syncing_bytes;
	step->retry_ns = TAKT_RETRY_NS_MIN;
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		takt_intake_release(&step->streams[i].intake, step->streams[i].syncing,
				    step->streams[i].syncing_seq);
	}
	takt_recorder_count_to(&recorder->region->recorder->synced_bytes, step->synced_bytes);
	if (!step->is_failed) {
		atomic_store_explicit(&recorder->error, 0, memory_order_release);
	}
	if (step->is_old_syncing) {
		takt_recorder_retire_old(recorder);
	}
}

int takt_recorder_collect(struct takt_recorder *recorder, uint64_t wait_ns)
{
	struct takt_step *step = &recorder->step;
	struct takt_backend_done done[TAKT_BACKEND_DEPTH_MAX + 1];
	int n = 0;

	if (step->in_flight > 0 || step->is_syncing) {
		n = ops_of(recorder)->reap(recorder->backend, done, TAKT_BACKEND_DEPTH_MAX + 1,
					   wait_ns);
	}
	for (int i = 0; i < n; i++) {
		TAKT_TEST_POINT("writer_completed");
		if (done[i].cookie == COOKIE_SYNC) {
			end_sync(recorder, done[i].result);
		} else {
			TAKT_CHECK(done[i].cookie >= step->ended && done[i].cookie < step->begun);
			end_write(recorder, done[i].cookie, done[i].result);
		}
	}
	takt_recorder_end_extents(recorder);
	return n;
}
