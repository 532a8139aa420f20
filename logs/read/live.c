/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/live.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/read/error.h"

struct takt_log_live {
	struct takt_region *region;
	uint64_t catalog_bytes;		/* loaded once, within the mapping */
};

struct search {
	char name[17];			/* of the run's directory */
	char path[PATH_MAX];
};

static int visit(const char *path, void *user)
{
	struct search *search = user;
	const char *name = strrchr(path, '/');

	if (!name || strcmp(name + 1, search->name) != 0) {
		return 0;
	}
	snprintf(search->path, sizeof(search->path), "%s", path);
	return 1;
}

/* Anybody can make a directory of that name before us. */
static bool is_ours(const char *run_dir)
{
	struct stat st;

	return lstat(run_dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

int takt_log_live_scan(const char *run_dir, int (*visit_region)(const char *path, void *user),
		       void *user)
{
	char own[PATH_MAX];
	int r = takt_region_scan(run_dir ? run_dir : "/run/takt", visit_region, user);

	if (r <= 0 && !run_dir && takt_run_dir_default(own, sizeof(own)) == 0 && is_ours(own)) {
		r = takt_region_scan(own, visit_region, user);
	}
	return r == -EACCES ? 0 : r;
}

/* The region at @path, when it is there and of @run. */
static bool open_of_run(const char *path, uint64_t run, struct takt_log_live **ret_live)
{
	if (path[0] != '/' || takt_log_live_open(path, ret_live, NULL) < 0) {
		return false;
	}
	if ((*ret_live)->region->info->run == run) {
		return true;
	}
	takt_log_live_close(*ret_live);
	return false;
}

int takt_log_live_find(const char *run_dir, const char *path, uint64_t run,
		       struct takt_log_live **ret_live, struct takt_log_error *error)
{
	struct search search = { .path = "" };
	int r;

	if (!run_dir && open_of_run(path, run, ret_live)) {
		return 0;
	}
	snprintf(search.name, sizeof(search.name), "%016" PRIx64, run);
	r = takt_log_live_scan(run_dir, visit, &search);
	if (r <= 0) {
		return r == 0 ? -ENOENT : r;
	}
	return takt_log_live_open(search.path, ret_live, error);
}

int takt_log_live_open(const char *path, struct takt_log_live **ret_live,
		       struct takt_log_error *error)
{
	struct takt_log_live *live = calloc(1, sizeof(*live));
	struct takt_err err = { 0 };
	uint64_t room;
	int r;

	if (!live) {
		return takt_log_fail(error, -ENOMEM, "out of memory");
	}
	r = takt_region_attach(path, TAKT_REGION_READER, &live->region, &err);
	if (r < 0) {
		free(live);
		return r == -ENOENT ? r : takt_log_fail(error, r, "%s", err.text);
	}
	room = live->region->control_bytes - (uint64_t)((const char *)live->region->catalog -
							(const char *)live->region->control);
	live->catalog_bytes = live->region->info->catalog_bytes;
	if (live->catalog_bytes > room) {
		live->catalog_bytes = room;
	}
	*ret_live = live;
	return 0;
}

void takt_log_live_close(struct takt_log_live *live)
{
	if (live) {
		takt_region_close(live->region);
		free(live);
	}
}

const struct takt_region_info *takt_log_live_info(const struct takt_log_live *live)
{
	return live->region->info;
}

const void *takt_log_live_catalog(const struct takt_log_live *live)
{
	return live->region->catalog;
}

uint64_t takt_log_live_catalog_bytes(const struct takt_log_live *live)
{
	return live->catalog_bytes;
}

void takt_log_live_directory(const struct takt_log_live *live, char *out, size_t out_bytes)
{
	const struct takt_recorder_state *recorder = live->region->recorder;
	const size_t bytes = out_bytes < sizeof(recorder->directory) ? out_bytes
								     : sizeof(recorder->directory);
	uint32_t before, after;

	/* Partner: taktd makes the version odd, then a release fence, the text, a release store of
	 * the next even one. A copy that raced with that is dropped: it is asked for again soon. */
	before = atomic_load_explicit(&recorder->text_version, memory_order_acquire);
	memcpy(out, recorder->directory, bytes);
	atomic_thread_fence(memory_order_acquire);
	after = atomic_load_explicit(&recorder->text_version, memory_order_relaxed);
	out[bytes - 1] = '\0';
	if (before != after || before % 2 != 0) {
		out[0] = '\0';
	}
}

bool takt_log_live_is_over(const struct takt_log_live *live)
{
	return takt_region_rt_alive(live->region) != 1;
}

void takt_log_live_lost(const struct takt_log_live *live, uint64_t *ret_copperlists, uint64_t *ret_events)
{
	const struct takt_rt_state *rt = live->region->rt;

	*ret_copperlists = atomic_load_explicit(&rt->lost_copperlists, memory_order_relaxed);
	*ret_events = atomic_load_explicit(&rt->lost_events, memory_order_relaxed);
}

int takt_log_live_released(const struct takt_log_live *live, uint32_t stream,
			   uint64_t *ret_position)
{
	struct takt_stream_positions positions;
	struct takt_stream_view view;
	int r;

	if (stream >= live->region->stream_count) {
		return -ENOENT;		/* the catalog knows more streams than the region */
	}
	view = takt_region_view(live->region, stream);
	r = takt_stream_positions(&view, &positions);
	if (r == 0) {
		*ret_position = positions.released;
	}
	return r;
}

/* The chunk at @position or behind it whose number is at least @seq_min. */
static int find(const struct takt_stream_view *view, const struct takt_stream_positions *positions,
		uint64_t position, uint64_t seq_min, struct takt_chunk_place *ret_place)
{
	int r;

	do {
		if (position < positions->released) {
			return -ESTALE;
		}
		r = takt_stream_find_chunk(view, positions, position, ret_place);
		if (r <= 0) {
			return r == -EBADMSG ? -ESTALE : r;
		}
		position = ret_place->next;
	} while (ret_place->seq < seq_min && !ret_place->open);
	return ret_place->seq < seq_min ? 0 : 1;
}

int takt_log_live_fetch(const struct takt_log_live *live, uint32_t stream, uint64_t seq_min,
			struct takt_log_tail *tail, takt_log_room *room, void *user)
{
	struct takt_stream_positions positions;
	struct takt_chunk_place place;
	struct takt_stream_view view;
	uint32_t known, fresh;
	void *out;
	int r;

	if (stream >= live->region->stream_count) {
		return 0;
	}
	view = takt_region_view(live->region, stream);
	if (takt_stream_positions(&view, &positions) < 0) {
		return 0;
	}
	r = find(&view, &positions, tail->position, seq_min, &place);
	if (r <= 0) {
		return r;
	}
	known = place.seq == seq_min && tail->used_bytes <= place.used_bytes ? tail->used_bytes : 0;
	fresh = place.used_bytes - known;
	out = room(user, place.used_bytes);
	if (!out) {
		return -ENOMEM;
	}
	/* Also when nothing is new: it says whether the chunk is still this one. */
	r = takt_stream_copy(&view, place.position + TAKT_CHUNK_HEADER_BYTES + known,
			     (char *)out + known, fresh);
	if (r < 0) {
		return -ESTALE;
	}
	*tail = (struct takt_log_tail){ .position = place.position, .next = place.next,
					.seq = place.seq, .used_bytes = place.used_bytes,
					.open = place.open };
	return 1;
}
