/* SPDX-License-Identifier: Apache-2.0 */
/* The manager's part of a recorder.
 *
 *     opening     the run's directory, backend and first segment are being made, again and again
 *     recording   the writer thread has it: segments are made ahead, closed and given up for it
 *     ended       the writer thread has let go: everything is closed
 *
 * A region is removed only when its run has ended and all of it is closed on stable storage. */
#include "logs/write/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/write/recorder_inner.h"
#include "logs/write/writer.h"
#include "rt/base/testpoint.h"

#define SYNC_NS_DEFAULT 100000000ull
#define SYNC_NS_MIN 1000000ull
#define SYNC_NS_MAX 10000000000ull
#define TRIM_AGAIN_NS 1000000000ull

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* --- what others see ------------------------------------------------------------------------- */

/* A sequence lock: readers look at text_version before and after. */
static void publish_texts(const struct takt_recorder *recorder)
{
	struct takt_recorder_state *shared = recorder->region->recorder;
	const uint32_t odd =
		atomic_load_explicit(&shared->text_version, memory_order_relaxed) | 1u;

	atomic_store_explicit(&shared->text_version, odd, memory_order_relaxed);
	/* Keeps the texts behind it. Partner: the reader's acquire fence between texts and second look. */
	atomic_thread_fence(memory_order_release);
	snprintf(shared->backend, sizeof(shared->backend), "%s",
		 recorder->backend ? recorder->backend->name : "");
	snprintf(shared->text, sizeof(shared->text), "%s",
		 recorder->manage.text[0] ? recorder->manage.text : recorder->manage.why);
	snprintf(shared->directory, sizeof(shared->directory), "%s", recorder->manage.rundir.path);
	atomic_store_explicit(&shared->text_version, odd + 1, memory_order_release);
}

static void show(struct takt_recorder *recorder, enum takt_recorder_phase phase, const char *text)
{
	if (phase == recorder->manage.shown_phase && strcmp(text, recorder->manage.text) == 0) {
		return;
	}
	if (text != recorder->manage.text) {
		snprintf(recorder->manage.text, sizeof(recorder->manage.text), "%s", text);
	}
	recorder->manage.shown_phase = phase;
	recorder->manage.changes++;
	publish_texts(recorder);
	atomic_store_explicit(&recorder->region->recorder->phase, phase, memory_order_release);
}

struct takt_recorder_status takt_recorder_status(const struct takt_recorder *recorder)
{
	return (struct takt_recorder_status){
		.phase = recorder->manage.shown_phase,
		.segment = recorder->manage.newest_segment,
		.broken_chunks = atomic_load_explicit(&recorder->broken_chunks,
						      memory_order_relaxed),
		.is_cut = takt_region_is_cut(recorder->region),
		.changes = recorder->manage.changes,
		.graph = recorder->info.graph,
		.region_path = recorder->region->path,
		.directory = recorder->manage.rundir.path,
		.backend = recorder->backend ? recorder->backend->name : "",
		.text = recorder->manage.text,
		.why = recorder->manage.why,
	};
}

/* --- create and destroy ---------------------------------------------------------------------- */

/* The region may be scribbled on at any time: what is used later is copied and made safe. */
static int copy_info(struct takt_recorder *recorder, struct takt_err *err)
{
	const struct takt_region *region = recorder->region;
	const uint64_t catalog_at =
		(uint64_t)((const char *)region->catalog - (const char *)region->control);
	struct takt_region_info *info = &recorder->info;
	uint64_t chunk_bytes_max = 0;
	int r;

	*info = *region->info;
	info->graph[sizeof(info->graph) - 1] = '\0';
	info->log_dir[sizeof(info->log_dir) - 1] = '\0';
	if (recorder->options.log_dir) {
		snprintf(info->log_dir, sizeof(info->log_dir), "%s", recorder->options.log_dir);
	}
	if (info->catalog_bytes > region->control_bytes - catalog_at) {
		return takt_err_set(err, -EBADMSG, "%s: damaged catalog", region->path);
	}
	r = takt_segment_kind_init(&recorder->manage.kind, info->run, info->graph, region->path,
				   region->catalog,
				   (uint32_t)info->catalog_bytes);
	if (r < 0) {
		return takt_err_set(err, r, "%s: unusable catalog", region->path);
	}
	for (uint32_t i = 0; i < recorder->stream_count; i++) {
		const uint64_t bytes = recorder->step.streams[i].intake.chunk_span_max;

		chunk_bytes_max = bytes > chunk_bytes_max ? bytes : chunk_bytes_max;
	}
	recorder->manage.kind.chunk_bytes_max = chunk_bytes_max;
	recorder->manage.kind.is_virtual =
		atomic_load_explicit(&region->rt->virtual_ns, memory_order_relaxed) != 0;
	recorder->manage.kind.origin_mono_ns = recorder->info.origin_mono_ns;
	if (info->segment_bytes != 0) {
		recorder->manage.kind.segment_bytes =
			clamp(info->segment_bytes, TAKT_SEGMENT_BYTES_MIN, TAKT_SEGMENT_BYTES_MAX);
	}
	if (region->storage) {
		memcpy(&recorder->manage.storage, region->storage, sizeof(recorder->manage.storage));
	}
	recorder->segment_age_ns = recorder->manage.storage.segment_age_ns;
	recorder->sync_ns = info->sync_ns == 0 ? SYNC_NS_DEFAULT
					       : clamp(info->sync_ns, SYNC_NS_MIN, SYNC_NS_MAX);
	return 0;
}

/* All of it touched here, so that the writer thread faults nothing in. */
static int make_indexes(struct takt_recorder *recorder, struct takt_err *err)
{
	recorder->index_buffer = aligned_alloc(TAKT_BLOCK_BYTES, TAKT_INDEX_SPAN_MAX);
	if (!recorder->index_buffer) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	memset(recorder->index_buffer, 0, TAKT_INDEX_SPAN_MAX);
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		struct takt_index *index = malloc(sizeof(*index));

		if (!index) {
			return takt_err_set(err, -ENOMEM, "out of memory");
		}
		memset(index, 0xff, sizeof(*index));
		recorder->slots[i].index = index;
	}
	return 0;
}

int takt_recorder_create(const char *region_path, const struct takt_recorder_options *options,
			 struct takt_recorder **ret_recorder, struct takt_err *err)
{
	struct takt_recorder *recorder = calloc(1, sizeof(*recorder));
	int r;

	if (!recorder) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	recorder->options = *options;
	recorder->manage.rundir.fd = -1;
	recorder->manage.retry_ns = TAKT_RETRY_NS_MIN;
	r = takt_region_attach(region_path, TAKT_REGION_RECORDER, &recorder->region, err);
	if (r < 0) {
		goto fail;
	}
	TAKT_TEST_POINT("recorder_locked");
	close(recorder->region->arena_fd);	/* nobody shall shrink the arena through us */
	recorder->region->arena_fd = -1;
	recorder->stream_count = recorder->region->stream_count;
	takt_journal_open(&recorder->journal, recorder->region);
	recorder->manage.is_left = takt_region_rt_alive(recorder->region) == 0;
	/* So that the writer thread faults nothing in; where the kernel cannot, it does. */
	madvise(recorder->region->arena, recorder->region->arena_bytes, MADV_POPULATE_WRITE);
	takt_recorder_step_init(recorder);
	r = copy_info(recorder, err);
	r = r < 0 ? r : make_indexes(recorder, err);
	if (r < 0) {
		goto fail;
	}
	show(recorder, TAKT_RECORDER_ATTACHED, "");
	*ret_recorder = recorder;
	return 0;
fail:
	takt_recorder_destroy(recorder);
	return r;
}

/* Descriptors and memory only; the file stays as it is. */
static void drop_segment(struct takt_segment *segment)
{
	close(segment->fd);
	free(segment->block);
	segment->block = NULL;
}

void takt_recorder_destroy(struct takt_recorder *recorder)
{
	if (!recorder) {
		return;
	}
	if (recorder->backend) {
		recorder->backend->ops->destroy(recorder->backend);
	}
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		if (atomic_load_explicit(&recorder->slots[i].state, memory_order_relaxed) !=
		    TAKT_SLOT_FREE) {
			drop_segment(&recorder->slots[i].segment);
		}
		free(recorder->slots[i].index);
	}
	free(recorder->index_buffer);
	takt_segment_kind_fini(&recorder->manage.kind);
	takt_rundir_close(&recorder->manage.rundir);
	takt_region_close(recorder->region);
	free(recorder);
}

/* --- opening --------------------------------------------------------------------------------- */

/* The manager could not do its work: say so, try again later. */
static void put_off(struct takt_recorder *recorder, const struct takt_err *err, uint64_t now_ns)
{
	char text[sizeof(recorder->manage.text)];

	atomic_store_explicit(&recorder->manager_error, err->code, memory_order_relaxed);
	atomic_fetch_add_explicit(&recorder->region->recorder->errors, 1, memory_order_relaxed);
	atomic_store_explicit(&recorder->region->recorder->last_errno, -err->code,
			      memory_order_relaxed);
	recorder->manage.retry_at_ns = now_ns + recorder->manage.retry_ns;
	recorder->manage.retry_ns = clamp(recorder->manage.retry_ns * 2, TAKT_RETRY_NS_MIN,
					  TAKT_RETRY_NS_MAX);
	snprintf(text, sizeof(text), "%.200s; trying again", err->text);
	show(recorder, TAKT_RECORDER_FAILING, text);
}

static void works_again(struct takt_recorder *recorder)
{
	atomic_store_explicit(&recorder->manager_error, 0, memory_order_relaxed);
	recorder->manage.retry_ns = TAKT_RETRY_NS_MIN;
}

static int make_segment(struct takt_recorder *recorder, struct takt_err *err)
{
	const uint32_t number = recorder->manage.rundir.next_segment;
	struct takt_slot *slot = NULL;
	int r;

	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS && !slot; i++) {
		if (atomic_load_explicit(&recorder->slots[i].state, memory_order_acquire) ==
		    TAKT_SLOT_FREE) {
			slot = &recorder->slots[i];
		}
	}
	if (!slot) {
		return 0;
	}
	r = takt_segment_create(&recorder->manage.kind, recorder->backend,
				recorder->manage.rundir.fd, number, &slot->segment, err);
	if (r == -EEXIST) {
		recorder->manage.rundir.next_segment++;
	}
	if (r < 0) {
		return r;
	}
	recorder->manage.rundir.next_segment++;
	recorder->manage.newest_segment = number;
	/* Partner: the writer's acquire load before it uses the segment. */
	atomic_store_explicit(&slot->state, TAKT_SLOT_READY, memory_order_release);
	return 0;
}

static int open_backend(struct takt_recorder *recorder, struct takt_err *err)
{
	const struct takt_backend_spec spec = {
		.kind = recorder->options.backend,
		.dir_fd = recorder->manage.rundir.fd,
		.arena = recorder->region->arena,
		.arena_bytes = recorder->region->arena_bytes,
	};
	int r = takt_backend_create(&spec, &recorder->backend, recorder->manage.why,
				    sizeof(recorder->manage.why), err);

	if (r == 0 && recorder->options.wrap) {
		recorder->backend = recorder->options.wrap(recorder->backend,
							   recorder->options.wrap_user);
	}
	return r;
}

/* Whether an error of making the directory is one that time does not mend. */
static bool is_for_ever(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
	case -EEXIST:
	case -EACCES:
	case -EPERM:
	case -EROFS:
	case -ELOOP:
	case -EINVAL:
	case -ENAMETOOLONG:
		return true;
	default:
		return false;
	}
}

static int open_run(struct takt_recorder *recorder, struct takt_writer *writer, uint64_t now_ns,
		    struct takt_err *err)
{
	int r = 0;

	if (recorder->manage.rundir.fd < 0) {
		r = takt_rundir_open(recorder->info.log_dir, recorder->info.graph,
				     recorder->info.run, &recorder->manage.rundir, err);
		recorder->manage.first_segment = recorder->manage.rundir.next_segment;
		recorder->manage.tries = is_for_ever(r) ? recorder->manage.tries + 1 : 0;
		TAKT_TEST_POINT("recorder_directory");
	}
	if (r == 0 && !recorder->backend) {
		r = open_backend(recorder, err);
	}
	if (r == 0) {
		r = make_segment(recorder, err);
	}
	if (r == 0) {
		takt_recorder_say_recovered(recorder, now_ns);
		takt_recorder_retain(recorder, now_ns);
	}
	if (r == 0 && writer) {
		r = takt_writer_add(writer, recorder);
		if (r < 0) {
			takt_err_set(err, r, "too many runs are recorded at once");
		}
	}
	return r;
}

/* --- segments -------------------------------------------------------------------------------- */

static void close_slot(struct takt_recorder *recorder, struct takt_slot *slot,
		       enum takt_slot_state state)
{
	int r;

	switch (state) {
	case TAKT_SLOT_FULL:
		r = takt_segment_close(&slot->segment, slot->offset, slot->chunk_count,
				       slot->is_last ? &slot->end : NULL);
		recorder->manage.is_close_failed |= r < 0;
		break;
	case TAKT_SLOT_POISONED:
		takt_segment_poison(&slot->segment, slot->offset);
		break;
	case TAKT_SLOT_READY:
		takt_segment_discard(&slot->segment, recorder->manage.rundir.fd);
		break;
	case TAKT_SLOT_LOST:
		drop_segment(&slot->segment);
		break;
	case TAKT_SLOT_FREE:
	case TAKT_SLOT_ACTIVE:
	default:
		return;
	}
	/* Partner: the writer's acquire load before it ends. */
	atomic_store_explicit(&slot->state, TAKT_SLOT_FREE, memory_order_release);
}

/* Close what the writer is through with; at the end what it never used, too. */
static void close_slots(struct takt_recorder *recorder, bool is_end, uint64_t now_ns)
{
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		struct takt_slot *slot = &recorder->slots[i];
		/* Partner: the writer's release store when it hands the slot back. */
		const enum takt_slot_state state =
			atomic_load_explicit(&slot->state, memory_order_acquire);

		if (state == TAKT_SLOT_FULL) {
			takt_index_close(slot->index, &slot->segment, &slot->offset);
		}
		if (state == TAKT_SLOT_FULL && !is_end && !slot->is_last) {
			takt_recorder_say_rolled(recorder, slot, now_ns);
		}
		if (state != TAKT_SLOT_READY || is_end) {
			close_slot(recorder, slot, state);
		}
	}
}

static bool has_ready_slot(const struct takt_recorder *recorder)
{
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		if (atomic_load_explicit(&recorder->slots[i].state, memory_order_relaxed) ==
		    TAKT_SLOT_READY) {
			return true;
		}
	}
	return false;
}

static void make_segment_where_wanted(struct takt_recorder *recorder, uint64_t now_ns)
{
	struct takt_err err = { 0 };

	if (now_ns < recorder->manage.retry_at_ns ||
	    !atomic_load_explicit(&recorder->wants_segment, memory_order_relaxed)) {
		return;
	}
	if (!has_ready_slot(recorder) && make_segment(recorder, &err) < 0) {
		recorder->manage.retain_at_ns = 0;	/* deleting may help */
		put_off(recorder, &err, now_ns);
		return;
	}
	works_again(recorder);
	/* The writer asks again as long as it has a reason to. */
	atomic_store_explicit(&recorder->wants_segment, false, memory_order_relaxed);
}

static void trim_where_due(struct takt_recorder *recorder, uint64_t now_ns)
{
	if (!recorder->manage.has_trimmed && now_ns >= recorder->manage.trim_at_ns) {
		recorder->manage.has_trimmed =
			takt_rundir_trim(&recorder->manage.rundir, recorder->manage.first_segment) == 0;
		recorder->manage.trim_at_ns = now_ns + TRIM_AGAIN_NS;
	}
}

/* --- removal --------------------------------------------------------------------------------- */

static bool is_removed(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 0;
}

/* What is written to files without a name is lost when they are closed. Going on elsewhere is for a new
 * attachment: the writer gives up what it has, and so keeps in the ring what is not released. */
static void look_for_removal(struct takt_recorder *recorder)
{
	bool is_gone = is_removed(recorder->manage.rundir.fd);
	char text[sizeof(recorder->manage.text)];

	if (atomic_load_explicit(&recorder->is_removed, memory_order_relaxed)) {
		return;
	}
	for (uint32_t i = 0; i < TAKT_BACKEND_SLOTS; i++) {
		/* Partner: the writer's release store; descriptors are closed by this thread only. */
		const enum takt_slot_state state =
			atomic_load_explicit(&recorder->slots[i].state, memory_order_acquire);

		is_gone = is_gone || ((state == TAKT_SLOT_READY || state == TAKT_SLOT_ACTIVE) &&
				      is_removed(recorder->slots[i].segment.fd));
	}
	if (!is_gone) {
		return;
	}
	snprintf(text, sizeof(text),
		 "%.150s: removed while it was written to; what comes is recorded anew",
		 recorder->manage.rundir.path);
	show(recorder, TAKT_RECORDER_FAILING, text);
	/* Partner: the writer's acquire load. */
	atomic_store_explicit(&recorder->is_removed, true, memory_order_release);
}

/* --- tending --------------------------------------------------------------------------------- */

static void show_how_it_goes(struct takt_recorder *recorder)
{
	/* Partner: the writer's release stores. */
	const int error = atomic_load_explicit(&recorder->error, memory_order_acquire);
	char text[sizeof(recorder->manage.text)];

	if (atomic_load_explicit(&recorder->is_removed, memory_order_relaxed)) {
		return;			/* it has been said */
	}
	if (error != 0) {
		snprintf(text, sizeof(text),
			 "writing in %.100s failed: %s; writing it again in a new segment",
			 strrchr(recorder->manage.rundir.path, '/') + 1, strerror(-error));
		show(recorder, TAKT_RECORDER_FAILING, text);
	} else if (atomic_load_explicit(&recorder->manager_error, memory_order_relaxed) == 0) {
		show(recorder, TAKT_RECORDER_WRITING, recorder->manage.retention_text);
	}
}

static enum takt_recorder_end end_run(struct takt_recorder *recorder, uint64_t now_ns)
{
	const enum takt_recorder_end end =
		atomic_load_explicit(&recorder->end, memory_order_relaxed);
	int r = 0;

	close_slots(recorder, true, now_ns);
	if (!recorder->manage.has_trimmed && recorder->manage.rundir.fd >= 0) {
		takt_rundir_trim(&recorder->manage.rundir, recorder->manage.first_segment);
	}
	recorder->manage.phase = TAKT_MANAGE_ENDED;
	if (end == TAKT_RECORDER_RUN_ENDED) {
		show(recorder, TAKT_RECORDER_DETACHED, recorder->manage.is_close_failed
			     ? "recorded, but a segment could not be closed in order" : "");
		TAKT_TEST_POINT("recorder_before_remove");
		r = takt_region_remove(recorder->region->path);
		TAKT_TEST_POINT("recorder_after_remove");
	} else {
		show(recorder, TAKT_RECORDER_DETACHED, recorder->manage.text);
	}
	(void)r;	/* a region that cannot be removed is found again, with nothing in it */
	return end;
}

static enum takt_recorder_end tend_opening(struct takt_recorder *recorder,
					   struct takt_writer *writer, uint64_t now_ns)
{
	struct takt_err err = { 0 };

	if (atomic_load_explicit(&recorder->is_stopping, memory_order_relaxed)) {
		atomic_store_explicit(&recorder->end, TAKT_RECORDER_STOPPED, memory_order_relaxed);
		return end_run(recorder, now_ns);
	}
	if (now_ns < recorder->manage.retry_at_ns) {
		return TAKT_RECORDER_GOES_ON;
	}
	if (open_run(recorder, writer, now_ns, &err) < 0) {
		recorder->manage.retain_at_ns = 0;	/* deleting may help */
		put_off(recorder, &err, now_ns);
		takt_recorder_retain(recorder, now_ns);
		close_slots(recorder, true, now_ns);
		takt_recorder_say_disk(recorder, now_ns);
		if (recorder->options.tries_max > 0 &&
		    recorder->manage.tries >= recorder->options.tries_max &&
		    atomic_load_explicit(&recorder->run_has_ended, memory_order_relaxed)) {
			snprintf(recorder->manage.text, sizeof(recorder->manage.text), "%.250s",
				 err.text);
			atomic_store_explicit(&recorder->end, TAKT_RECORDER_GAVE_UP, memory_order_relaxed);
			return end_run(recorder, now_ns);
		}
		return TAKT_RECORDER_GOES_ON;
	}
	works_again(recorder);
	recorder->manage.phase = TAKT_MANAGE_RECORDING;
	show(recorder, TAKT_RECORDER_WRITING, "");
	takt_recorder_say_disk(recorder, now_ns);
	return TAKT_RECORDER_GOES_ON;
}

void takt_recorder_keep_open(struct takt_recorder *recorder, bool is_kept)
{
	recorder->manage.is_kept_open = is_kept;
}

enum takt_recorder_end takt_recorder_tend(struct takt_recorder *recorder,
					  struct takt_writer *writer, uint64_t now_ns)
{
	if (!atomic_load_explicit(&recorder->run_has_ended, memory_order_relaxed) &&
	    !recorder->manage.is_kept_open && takt_region_rt_alive(recorder->region) == 0) {
		takt_recorder_say_gone(recorder, now_ns);
		/* Partner: the writer's acquire load before it looks at the last positions. */
		atomic_store_explicit(&recorder->run_has_ended, true, memory_order_release);
	}
	switch (recorder->manage.phase) {
	case TAKT_MANAGE_OPENING:
		return tend_opening(recorder, writer, now_ns);
	case TAKT_MANAGE_RECORDING:
		/* Partner: takt_recorder_let_go. */
		if (atomic_load_explicit(&recorder->is_let_go, memory_order_acquire)) {
			return end_run(recorder, now_ns);
		}
		look_for_removal(recorder);
		close_slots(recorder, false, now_ns);
		make_segment_where_wanted(recorder, now_ns);
		trim_where_due(recorder, now_ns);
		/* Once it is over, or handed on, nobody records what would be said. */
		if (!atomic_load_explicit(&recorder->run_has_ended, memory_order_relaxed) &&
		    !atomic_load_explicit(&recorder->is_stopping, memory_order_relaxed)) {
			takt_recorder_retain(recorder, now_ns);
		}
		show_how_it_goes(recorder);
		takt_recorder_say_disk(recorder, now_ns);
		return TAKT_RECORDER_GOES_ON;
	case TAKT_MANAGE_ENDED:
	default:
		return atomic_load_explicit(&recorder->end, memory_order_relaxed);
	}
}

struct takt_region *takt_recorder_region(const struct takt_recorder *recorder)
{
	return recorder->region;
}

void takt_recorder_stop(struct takt_recorder *recorder)
{
	/* Partner: the writer's acquire load. */
	atomic_store_explicit(&recorder->is_stopping, true, memory_order_release);
}
