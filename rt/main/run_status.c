/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/run_status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "rt/clock/clock.h"

#define TEXT_TRIES 1000u

/* Counters are independent of each other: no order is asked for. */
#define LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)

static void copy_text(char *to, size_t to_bytes, const char *from, size_t from_bytes)
{
	const size_t n = strnlen(from, from_bytes < to_bytes ? from_bytes : to_bytes - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

static void read_rt(const struct takt_rt_state *rt, struct takt_run_status *status)
{
	/* Partner: takt-rt's release store, after exit_code and ending. */
	status->phase = atomic_load_explicit(&rt->phase, memory_order_acquire);
	status->exit_code = LOAD(rt->exit_code);
	status->ending = LOAD(rt->ending);
	status->cycles = LOAD(rt->cycles);
	status->overruns = LOAD(rt->overruns);
	status->skipped_cycles = LOAD(rt->skipped_cycles);
	status->late_starts = LOAD(rt->late_starts);
	status->worst_late_ns = LOAD(rt->worst_late_ns);
	status->lost_copperlists = LOAD(rt->lost_copperlists);
	status->lost_events = LOAD(rt->lost_events);
	status->dropped_inputs = LOAD(rt->input_drops);
	status->distrusted = LOAD(rt->distrusted);
	status->minor_faults = LOAD(rt->minor_faults);
	status->major_faults = LOAD(rt->major_faults);
	status->involuntary_switches = LOAD(rt->involuntary_switches);
}

/* The texts change under a version that is odd meanwhile; a taktd that died there leaves it odd, then they
 * are taken as they are. */
static void read_texts(const struct takt_recorder_state *recorder, struct takt_run_status *status)
{
	for (uint32_t i = 0; i < TEXT_TRIES; i++) {
		/* Partner: taktd's release stores of the version, around its writes. */
		const uint32_t before = atomic_load_explicit(&recorder->text_version,
							     memory_order_acquire);

		copy_text(status->backend, sizeof(status->backend), recorder->backend,
			  sizeof(recorder->backend));
		copy_text(status->text, sizeof(status->text), recorder->text, sizeof(recorder->text));
		copy_text(status->directory, sizeof(status->directory), recorder->directory,
			  sizeof(recorder->directory));
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 && LOAD(recorder->text_version) == before) {
			break;
		}
	}
}

static void read_recorder(const struct takt_recorder_state *recorder, struct takt_run_status *status)
{
	struct statvfs disk;
	int32_t error;

	status->recorder_phase = LOAD(recorder->phase);
	error = LOAD(recorder->last_errno);
	status->last_errno = error == INT32_MIN ? 0 : error < 0 ? -error : error;
	status->segment = LOAD(recorder->segment);
	status->written_bytes = LOAD(recorder->written_bytes);
	status->synced_bytes = LOAD(recorder->synced_bytes);
	status->chunks = LOAD(recorder->chunks);
	status->errors = LOAD(recorder->errors);
	status->broken_chunks = LOAD(recorder->broken_chunks);
	read_texts(recorder, status);
	if (statvfs(status->directory[0] ? status->directory : status->log_dir, &disk) == 0) {
		status->disk_known = true;
		status->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	}
}

static void read_rings(const struct takt_region *region, struct takt_run_status *status)
{
	status->ring_count = region->stream_count < TAKT_STREAMS_MAX ? region->stream_count
								      : TAKT_STREAMS_MAX;
	for (uint32_t i = 0; i < status->ring_count; i++) {
		const struct takt_stream_view view = takt_region_view(region, i);
		struct takt_ring_status *ring = &status->rings[i];
		struct takt_stream_positions positions;
		uint64_t end;
		double rate;

		copy_text(ring->name, sizeof(ring->name), view.shared->name,
			  sizeof(view.shared->name));
		ring->bytes = view.ring_bytes;
		ring->seconds = -1;
		if (takt_stream_positions(&view, &positions) < 0) {
			continue;
		}
		/* Behind a sealed chunk is padding that is not committed. */
		end = positions.committed > positions.sealed ? positions.committed : positions.sealed;
		ring->free_bytes = view.ring_bytes - (end - positions.released);
		rate = (double)end / ((double)status->age_ns / 1e9 + 1e-9);
		if (rate > 0) {
			ring->seconds = (double)ring->free_bytes / rate;
		}
	}
}

int takt_run_status_read(const char *path, struct takt_run_status *ret_status, struct takt_err *err)
{
	struct takt_run_status *status = ret_status;
	const struct takt_region_info *info;
	struct takt_region *region;
	uint64_t now_ns;
	int r = takt_region_attach(path, TAKT_REGION_READER, &region, err);

	if (r < 0) {
		return r;
	}
	info = region->info;
	memset(status, 0, sizeof(*status));
	snprintf(status->path, sizeof(status->path), "%s", path);
	copy_text(status->graph, sizeof(status->graph), info->graph, sizeof(info->graph));
	copy_text(status->log_dir, sizeof(status->log_dir), info->log_dir, sizeof(info->log_dir));
	status->run = info->run;
	status->pid = (pid_t)info->pid;
	status->start_real_ns = info->origin_real_ns;
	/* Before the state: what a process that is gone has said is its last word. */
	status->alive = takt_region_rt_alive(region) == 1;
	status->recorded = takt_region_recorder_alive(region) == 1;
	now_ns = atomic_load_explicit(&region->rt->virtual_ns, memory_order_relaxed);
	now_ns = now_ns != 0 ? now_ns : takt_clock_mono_ns();
	status->age_ns = now_ns > info->origin_mono_ns ? now_ns - info->origin_mono_ns : 0;
	read_rt(region->rt, status);
	read_rings(region, status);
	read_recorder(region->recorder, status);
	takt_region_close(region);
	return 0;
}

const char *takt_run_state_name(const struct takt_run_status *status)
{
	static const char *const names[] = { "starting", "running", "stopping", "ended" };

	if (!status->alive && status->phase != TAKT_RT_ENDED) {
		return "died";
	}
	return status->phase <= TAKT_RT_ENDED ? names[status->phase] : "unknown";
}

const char *takt_recorder_state_name(const struct takt_run_status *status)
{
	static const char *const names[] = { "none", "attached", "writing", "failing", "detached" };

	if (!status->recorded && status->recorder_phase != TAKT_RECORDER_NONE &&
	    status->recorder_phase != TAKT_RECORDER_DETACHED) {
		return "gone";
	}
	return status->recorder_phase <= TAKT_RECORDER_DETACHED ? names[status->recorder_phase]
								 : "unknown";
}

bool takt_run_is_meant(const struct takt_run_status *status, const char *word)
{
	char id[24];

	snprintf(id, sizeof(id), "%016" PRIx64, status->run);
	return !word || strcmp(status->graph, word) == 0 ||
	       (word[0] != '\0' && strncmp(id, word, strlen(word)) == 0);
}
