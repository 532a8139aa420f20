/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/read/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct look {				/* at the segments, each once */
	struct takt_log_files *files;
	struct takt_log_range *ranges;	/* [segment_count] */
	bool *is_done;
	uint32_t recorder;
	bool grows;
	uint32_t now;			/* the segment that is scanned */
};

uint32_t takt_log_range_recorder(const struct takt_log_tables *tables)
{
	for (uint32_t i = 0; i < tables->catalog->stream_count; i++) {
		if (tables->streams[i].kind == TAKT_LOG_EVENTS &&
		    strcmp(tables->streams[i].name, TAKT_RECORDER_STREAM) == 0) {
			return i;
		}
	}
	return TAKT_LOG_NONE;
}

void takt_log_range_put(struct takt_log_range *range, uint64_t first_mono_ns, uint64_t last_mono_ns)
{
	if (!range->any || first_mono_ns < range->first_mono_ns) {
		range->first_mono_ns = first_mono_ns;
	}
	if (!range->any || last_mono_ns > range->last_mono_ns) {
		range->last_mono_ns = last_mono_ns;
	}
	range->any = true;
}

static int note(const struct takt_log_chunk *chunk, void *user)
{
	const struct look *look = user;

	if (chunk->stream != look->recorder) {
		takt_log_range_put(&look->ranges[look->now], chunk->first_mono_ns,
				   chunk->last_mono_ns);
	}
	return 0;
}

static int look_at(struct look *look, uint32_t i)
{
	int r;

	if (look->is_done[i]) {
		return 0;
	}
	look->now = i;
	look->is_done[i] = true;
	r = takt_log_segment_scan(look->files->segments[i], look->grows, note, look,
				  &look->files->damages);
	return r == -ENOMEM ? r : 0;	/* what can't be read has no range */
}

/* The beginning: streams come to the disk a little out of step, so the second segment with records is
 * looked at, too. */
static int find_first(struct look *look, struct takt_log_range *range)
{
	uint32_t found = 0;
	int r = 0;

	for (uint32_t i = 0; i < look->files->segment_count && found < 2 && r == 0; i++) {
		r = look_at(look, i);
		if (look->ranges[i].any) {
			takt_log_range_put(range, look->ranges[i].first_mono_ns,
					   look->ranges[i].last_mono_ns);
			found++;
		}
	}
	return r;
}

/* The end: likewise, and those that were begun behind it: a recovery takes stream after stream. */
static int find_last(struct look *look, struct takt_log_range *range)
{
	uint32_t found = 0;
	int r = 0;

	for (uint32_t i = look->files->segment_count; i-- > 0 && found < 2 && r == 0;) {
		r = look_at(look, i);
		if (look->ranges[i].any) {
			takt_log_range_put(range, look->ranges[i].first_mono_ns,
					   look->ranges[i].last_mono_ns);
			found += look->files->segments[i]->created_mono_ns <= range->last_mono_ns;
		}
	}
	return r;
}

int takt_log_range_find(struct takt_log_files *files, uint32_t recorder, bool grows,
			struct takt_log_range *ret_range)
{
	const size_t count = (size_t)files->segment_count + 1;
	struct look look = { .files = files, .recorder = recorder, .grows = grows,
			     .ranges = calloc(count, sizeof(struct takt_log_range)),
			     .is_done = calloc(count, sizeof(bool)) };
	struct takt_log_range range = { 0 };
	int r = look.ranges && look.is_done ? find_first(&look, &range) : -ENOMEM;

	if (r == 0) {
		r = find_last(&look, &range);
	}
	for (uint32_t i = 0; i < files->segment_count && r == 0; i++) {
		if ((files->segments[i]->flags & TAKT_SEGMENT_CLEAN) == 0) {
			r = look_at(&look, i);
		}
	}
	free(look.ranges);
	free(look.is_done);
	if (r == 0) {
		*ret_range = range;
	}
	return r;
}
