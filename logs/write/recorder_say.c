/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager records about the recording itself: see journal.h. */
#include <errno.h>
#include <string.h>

#include "logs/write/last_record.h"
#include "logs/write/recorder_inner.h"
#include "logs/write/retention.h"

#define RETENTION_NS 10000000000ull

static int64_t bytes_waiting(const struct takt_region *region)
{
	struct takt_stream_positions p;
	int64_t bytes = 0;

	for (uint32_t i = 0; i < region->stream_count; i++) {
		const struct takt_stream_view view = takt_region_view(region, i);

		if (takt_stream_positions(&view, &p) == 0) {
			bytes += (int64_t)(p.sealed - p.released);
		}
	}
	return bytes;
}

static int64_t errors_so_far(const struct takt_recorder *recorder)
{
	return (int64_t)atomic_load_explicit(&recorder->region->recorder->errors, memory_order_relaxed);
}

void takt_recorder_say_recovered(struct takt_recorder *recorder, uint64_t now_ns)
{
	const bool is_left = recorder->manage.is_left;
	const int64_t values[4] = { bytes_waiting(recorder->region),
				    recorder->manage.first_segment - 1, !is_left };

	if (!recorder->manage.has_said_recovered && (recorder->manage.first_segment > 1 || is_left)) {
		takt_journal_put(&recorder->journal, now_ns, TAKT_EVENT_recorder_recovered, values, NULL);
	}
	recorder->manage.has_said_recovered = true;
}

void takt_recorder_say_gone(struct takt_recorder *recorder, uint64_t now_ns)
{
	const struct takt_region *region = recorder->region;
	const uint64_t run_ns = takt_journal_now_ns(&recorder->journal, now_ns);
	struct takt_last_record last;
	int64_t values[4] = { 0 };

	/* Partner: takt-rt's release store when it has said the rest. */
	if (atomic_load_explicit(&region->rt->phase, memory_order_acquire) == TAKT_RT_ENDED ||
	    takt_journal_has(&recorder->journal, region, TAKT_EVENT_rt_gone) ||
	    !takt_last_record_find(region, recorder->journal.number, run_ns, &last)) {
		return;
	}
	values[0] = (int64_t)last.cycle;
	values[1] = (int64_t)(run_ns - last.mono_ns);
	takt_journal_put(&recorder->journal, last.mono_ns, TAKT_EVENT_rt_gone, values,
			 "killed, or ended from inside; no failsafe was called");
}

static void say_failure(struct takt_recorder *recorder, int error, uint64_t now_ns)
{
	const int64_t waiting = bytes_waiting(recorder->region);
	const bool is_full = error == -ENOSPC || error == -EDQUOT;
	const int64_t full[4] = { waiting }, failed[4] = { -error, waiting };

	takt_journal_put(&recorder->journal, now_ns,
			 is_full ? TAKT_EVENT_disk_full : TAKT_EVENT_disk_failed, is_full ? full : failed,
			 recorder->manage.text);
}

void takt_recorder_say_disk(struct takt_recorder *recorder, uint64_t now_ns)
{
	/* Partner: the writer's release stores. */
	const int of_writer = atomic_load_explicit(&recorder->error, memory_order_acquire);
	const int of_manager = atomic_load_explicit(&recorder->manager_error, memory_order_relaxed);
	const int error = of_writer != 0 ? of_writer : of_manager == -EAGAIN ? 0 : of_manager;
	const int64_t values[4] = { (int64_t)(now_ns - recorder->manage.disk_since_ns),
				    errors_so_far(recorder) - recorder->manage.disk_errors };

	if (error == recorder->manage.disk_error) {
		return;
	}
	/* One who tries again, for a run that is over, does not fill the log with it. */
	if (error != 0 && recorder->manage.is_left && recorder->manage.disk_error == 0 &&
	    takt_journal_has(&recorder->journal, recorder->region, TAKT_EVENT_disk_failed)) {
		return;
	}
	if (error == 0) {
		takt_journal_put(&recorder->journal, now_ns, TAKT_EVENT_disk_recovered, values, NULL);
	} else {
		if (recorder->manage.disk_error == 0) {
			recorder->manage.disk_since_ns = now_ns;
			recorder->manage.disk_errors = errors_so_far(recorder) - 1;
		}
		say_failure(recorder, error, now_ns);
	}
	recorder->manage.disk_error = error;
	/* Partner: the writer's acquire load before it ends; what is put above is then seen. */
	atomic_store_explicit(&recorder->is_to_say, error != 0, memory_order_release);
}

void takt_recorder_say_rolled(struct takt_recorder *recorder, const struct takt_slot *slot, uint64_t now_ns)
{
	const int64_t values[4] = { slot->segment.number, (int64_t)slot->offset,
				    (int64_t)slot->chunk_count };

	takt_journal_put(&recorder->journal, now_ns, TAKT_EVENT_segment_rolled, values,
			 slot->is_aged ? "age" : "full");
}

/* --- retention ------------------------------------------------------------------------------- */

struct deleting {
	struct takt_recorder *recorder;
	uint64_t now_ns;
};

static void say_deleted(const struct takt_retention_deleted *deleted, void *user)
{
	static const char *const reasons[] = {
		[TAKT_RETENTION_SIZE] = "all take more than max_size",
		[TAKT_RETENTION_AGE] = "older than max_age",
		[TAKT_RETENTION_ROOM] = "less room than min_free",
	};
	const struct deleting *deleting = user;
	const int64_t values[4] = { deleted->segment, (int64_t)deleted->bytes, deleted->run_number };
	char text[TAKT_RECORDER_TEXT_MAX];

	snprintf(text, sizeof(text), "%.160s/%04u" TAKT_SEGMENT_SUFFIX ": %s", deleted->name,
		 deleted->segment, reasons[deleted->reason]);
	takt_journal_put(&deleting->recorder->journal, deleting->now_ns, TAKT_EVENT_retention_deleted, values,
			 text);
}

void takt_recorder_retain(struct takt_recorder *recorder, uint64_t now_ns)
{
	const struct takt_region_storage *storage = &recorder->manage.storage;
	const struct takt_retention rule = {
		.log_dir = recorder->info.log_dir, .graph = recorder->manage.kind.graph,
		.run = recorder->info.run, .max_bytes = storage->max_bytes,
		.max_age_ns = storage->max_age_ns, .min_free_bytes = storage->min_free_bytes,
	};
	struct deleting deleting = { recorder, now_ns };
	int r;

	if ((storage->max_bytes == 0 && storage->max_age_ns == 0 && storage->min_free_bytes == 0) ||
	    (now_ns < recorder->manage.retain_at_ns &&
	     recorder->manage.newest_segment == recorder->manage.retained_segment)) {
		return;
	}
	recorder->manage.retain_at_ns = now_ns + RETENTION_NS;
	recorder->manage.retained_segment = recorder->manage.newest_segment;
	r = takt_retention_apply(&rule, say_deleted, &deleting);
	recorder->manage.retention_text[0] = '\0';
	if (r < 0) {
		snprintf(recorder->manage.retention_text, sizeof(recorder->manage.retention_text),
			 "old logs in %.100s cannot be deleted: %s", rule.log_dir, strerror(-r));
	}
}
