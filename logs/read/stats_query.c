/* SPDX-License-Identifier: Apache-2.0 */
/* Bins of a plot: from the segments' statistics where they are and are fine enough, else from the records. A
 * bin is a power of two of cycles, at a multiple of that, so that rows of a level never cross its edge. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/error.h"
#include "logs/read/stats.h"

struct query {
	struct takt_log *log;
	const struct takt_log_series *series;
	struct takt_stats_row *bins;
	uint64_t first_bin;
	uint64_t bin_count;
	uint32_t shift;			/* cycles of a bin: 1 << shift */
};

static struct takt_stats_row *bin_of(const struct query *q, uint64_t cycle)
{
	const uint64_t bin = cycle >> q->shift;

	return bin >= q->first_bin && bin - q->first_bin < q->bin_count ? &q->bins[bin - q->first_bin]
									: NULL;
}

/* --- the range as cycles --------------------------------------------------------------------- */

/* The cycle of the first copperlist behind @mono_ns - 1. Returns 1, 0 when there is none, -errno. */
static int find_cycle(struct takt_log *log, uint64_t mono_ns, uint64_t *ret_cycle,
		      struct takt_log_error *error)
{
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	int r;

	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_MONO, 0, mono_ns };
	r = takt_log_cursor_create(log, &filter, &cursor, error);
	if (r < 0) {
		return r;
	}
	r = takt_log_next(cursor, &record, error);
	if (r > 0) {
		*ret_cycle = record->cycle;
	}
	takt_log_cursor_destroy(cursor);
	return r;
}

static uint64_t as_mono(const struct takt_log *log, struct takt_log_point point)
{
	return point.at == TAKT_LOG_AT_REAL ? takt_log_mono_ns(log, (int64_t)point.value) : point.value;
}

/* Returns 1, 0 when the range is empty, -errno. */
static int find_range(struct takt_log *log, struct takt_log_point since, struct takt_log_point until,
		      uint64_t *ret_first, uint64_t *ret_last, struct takt_log_error *error)
{
	const struct takt_log_info *info = takt_log_info_of(log);
	uint64_t mono_ns;
	int r = 1;

	*ret_first = info->first_cycle;
	*ret_last = info->last_cycle;
	if (since.at == TAKT_LOG_AT_CYCLE && since.value > *ret_first) {
		*ret_first = since.value;
	} else if (since.at > TAKT_LOG_AT_CYCLE) {
		r = find_cycle(log, as_mono(log, since), ret_first, error);
	}
	if (r > 0 && until.at == TAKT_LOG_AT_CYCLE && until.value < *ret_last) {
		*ret_last = until.value;
	} else if (r > 0 && until.at > TAKT_LOG_AT_CYCLE) {
		mono_ns = as_mono(log, until);
		if (mono_ns != UINT64_MAX) {
			r = find_cycle(log, mono_ns + 1, ret_last, error);
			if (r > 0 && *ret_last == 0) {
				return 0;
			}
			*ret_last -= r > 0;
		}
		r = r < 0 ? r : 1;
	}
	return r > 0 && (*ret_first > *ret_last || info->copperlist_count == 0) ? 0 : r;
}

/* --- filling bins ---------------------------------------------------------------------------- */

static int put_record(const struct takt_log_record *record, void *user)
{
	const struct query *q = user;
	struct takt_stats_row *bin = bin_of(q, record->cycle);

	for (uint32_t m = 0; bin && m < record->copperlist->message_count; m++) {
		const struct takt_log_message *message = &record->copperlist->messages[m];
		double value;

		if (message->output == q->series->output &&
		    takt_log_series_value(q->series, message->payload, message->payload_bytes, &value)) {
			takt_stats_row_put(bin, record->cycle, record->mono_ns, value);
		}
	}
	return 0;
}

/* Returns 1 when the statistics of @segment say it all, 0 when its records must be read, -ENOMEM. */
static int put_rows(struct query *q, const struct takt_log_segment *segment)
{
	struct takt_stats_file file;
	struct takt_stats_row *rows;
	uint32_t count, level = TAKT_STATS_LEVELS - 1;
	int r;

	if (q->shift < TAKT_STATS_BASE_SHIFT) {
		return 0;
	}
	while (q->shift < TAKT_STATS_BASE_SHIFT + level * TAKT_STATS_LEVEL_SHIFT) {
		level--;
	}
	r = takt_stats_file_open(q->log, segment, &file);
	if (r < 0) {
		return r == -ENOENT ? 0 : r;
	}
	r = takt_stats_file_read(&file, q->series, level, &rows, &count);
	takt_stats_file_close(&file);
	if (r < 0) {
		return r == -ENOENT ? 0 : r;
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t shift = TAKT_STATS_BASE_SHIFT + level * TAKT_STATS_LEVEL_SHIFT;
		struct takt_stats_row *bin = rows[i].bucket <= UINT64_MAX >> shift
						     ? bin_of(q, rows[i].bucket << shift) : NULL;

		if (bin) {
			takt_stats_row_merge(bin, &rows[i]);
		}
	}
	free(rows);
	return 1;
}

/* Read the records of @segment that lie in a bin. */
static int put_segment(struct query *q, const struct takt_log_segment *segment)
{
	const uint64_t first = q->first_bin << q->shift;
	const uint64_t last = ((q->first_bin + q->bin_count - 1) << q->shift) + ((1ull << q->shift) - 1);
	int r = 0;

	for (uint32_t i = 0; i < q->log->files.index.stream_count; i++) {
		const struct takt_log_index_stream *stream = &q->log->files.index.streams[i];
		size_t c = takt_log_index_find_cycle(stream, first);

		if (q->log->tables.streams[i].kind != TAKT_LOG_COPPERLISTS) {
			continue;
		}
		for (; c < stream->chunk_count && stream->chunks[c].first_cycle <= last && r >= 0; c++) {
			if (stream->chunks[c].segment == segment) {
				r = takt_stats_chunk_visit(q->log, &stream->chunks[c], put_record, q);
			}
		}
	}
	return r;
}

static uint32_t hand_out(const struct query *q, struct takt_log_stat *stats)
{
	uint32_t count = 0;

	for (uint64_t i = 0; i < q->bin_count; i++) {
		const struct takt_stats_row *bin = &q->bins[i];

		if (bin->count > 0) {
			stats[count++] = (struct takt_log_stat){
				.first_cycle = (q->first_bin + i) << q->shift,
				.cycle_count = 1ull << q->shift, .value_count = bin->count,
				.first_mono_ns = bin->first_mono_ns, .last_mono_ns = bin->last_mono_ns,
				.min = bin->min, .max = bin->max, .last = bin->last };
		}
	}
	return count;
}

static int fill(struct query *q)
{
	int r = 0;

	for (uint32_t i = 0; i < q->log->files.segment_count && r >= 0; i++) {
		r = put_rows(q, q->log->files.segments[i]);
		if (r == 0) {
			r = put_segment(q, q->log->files.segments[i]);
		}
	}
	return r;
}

int takt_log_stats(struct takt_log *log, uint32_t series, struct takt_log_point since,
		   struct takt_log_point until, struct takt_log_stat *ret_stats, uint32_t max,
		   struct takt_log_error *error)
{
	struct query q = { .log = log, .series = takt_log_series_at(log, series) };
	uint64_t first, last;
	int r;

	if (!q.series || max == 0 || max > INT32_MAX || since.at > TAKT_LOG_AT_REAL ||
	    until.at > TAKT_LOG_AT_REAL) {
		return takt_log_fail(error, -EINVAL, "takt_log_stats: no such series, or wrong range");
	}
	r = find_range(log, since, until, &first, &last, error);
	if (r <= 0) {
		return r;
	}
	while ((last >> q.shift) - (first >> q.shift) >= max) {
		q.shift++;
	}
	q.first_bin = first >> q.shift;
	q.bin_count = (last >> q.shift) - q.first_bin + 1;
	q.bins = calloc(q.bin_count, sizeof(*q.bins));
	r = q.bins ? fill(&q) : -ENOMEM;
	r = r < 0 ? takt_log_fail(error, r, "%s: %s", log->path, strerror(-r))
		  : (int)hand_out(&q, ret_stats);
	free(q.bins);
	return r;
}
