/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: records of all streams in order of time. next() takes the earliest head of the streams.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/carried.h"
#include "logs/read/error.h"
#include "logs/read/source.h"
#include "logs/read/view.h"
#include "rt/clock/clock.h"

/* A wait of T is late by T/2 in the median: also the long one keeps a follower below 2 ms. */
#define PAUSE_NS 1000000u
#define PAUSE_QUIET_NS 1500000u
#define QUIET_AFTER_NS 1000000000u

struct takt_log_cursor {
	struct takt_log *log;
	struct takt_log_filter filter;
	struct takt_log_point from;	/* of the last seek */
	struct takt_log_view view;
	uint64_t news_at_ns;		/* about when the last record came; see takt_log_pause_ns */
	uint32_t source_count;		/* stream_count, by number, then those of carried records */
	uint32_t stream_count;
	bool ended;
	bool has_news;			/* records came since the last pause */
	struct takt_log_source sources[];
};

/* The source with the earliest record; NULL when none has one. Returns 0, -errno. */
static int find_earliest(struct takt_log_cursor *cursor, struct takt_log_source **ret_source)
{
	uint64_t mono_ns, earliest_ns = 0;

	*ret_source = NULL;
	for (uint32_t i = 0; i < cursor->source_count; i++) {
		struct takt_log_source *source = &cursor->sources[i];
		int r;

		if (!source->wanted || source->done) {
			continue;
		}
		r = takt_log_source_find(cursor->log, source);
		if (r < 0) {
			return r;
		}
		if (r == 0) {
			continue;
		}
		mono_ns = takt_log_source_head(source)->mono_ns;
		if (!*ret_source || mono_ns < earliest_ns) {
			*ret_source = source;
			earliest_ns = mono_ns;
		}
	}
	return 0;
}

static bool is_before(const struct takt_record *head, const struct takt_log_point *point)
{
	return (point->at == TAKT_LOG_AT_CYCLE && head->cycle < point->value) ||
	       (point->at == TAKT_LOG_AT_MONO && head->mono_ns < point->value);
}

static bool is_behind(const struct takt_record *head, const struct takt_log_point *point)
{
	return (point->at == TAKT_LOG_AT_CYCLE && head->cycle > point->value) ||
	       (point->at == TAKT_LOG_AT_MONO && head->mono_ns > point->value);
}

/* Fill the view with the record at @head. Returns 1; 0 when its kind is of a later version;
 * -EBADMSG. */
static int look_at(struct takt_log_cursor *cursor, const struct takt_log_source *source,
		   const struct takt_record *head)
{
	const struct takt_log_tables *tables = &cursor->log->tables;
	const bool is_lists = tables->streams[source->number].kind == TAKT_LOG_COPPERLISTS;
	struct takt_log_view *view = &cursor->view;
	int r = -EBADMSG;

	view->record = (struct takt_log_record){
		.kind = head->kind,
		.stream = source->number,
		.cycle = head->cycle,
		.mono_ns = head->mono_ns,
		.real_ns = takt_log_real_ns(cursor->log, head->mono_ns),
		.bytes = head,
		.bytes_count = head->bytes,
	};
	switch (head->kind) {
	case TAKT_RECORD_COPPERLIST:
		r = is_lists ? takt_log_view_copperlist(view, tables, head) : -EBADMSG;
		break;
	case TAKT_RECORD_TEXT:
		r = is_lists ? -EBADMSG : takt_log_view_text(view, tables, head);
		break;
	case TAKT_RECORD_LIFECYCLE:
		r = is_lists ? -EBADMSG : takt_log_view_lifecycle(view, tables, head);
		break;
	default:
		return 0;
	}
	return r < 0 ? r : 1;
}

/* Take the head of @source. Returns 1 when the view has it, 0 when it is passed over, -ENOMEM. */
static int take_head(struct takt_log_cursor *cursor, struct takt_log_source *source)
{
	const struct takt_log_filter *filter = &cursor->filter;
	const struct takt_record *head = takt_log_source_head(source);
	int r;

	if (is_behind(head, &filter->until)) {
		source->done = true;
		return 0;
	}
	if (is_before(head, &filter->since) || is_before(head, &cursor->from) ||
	    (filter->kinds && (head->kind > 31 || !(filter->kinds & 1u << head->kind)))) {
		source->offset += head->bytes;
		return 0;
	}
	r = look_at(cursor, source, head);
	if (r == -EBADMSG) {
		takt_log_source_report(cursor->log, source, head->bytes);
		r = 0;
	}
	source->offset += head->bytes;
	if (r > 0 && ((cursor->view.record.text && cursor->view.text.level < filter->level_min) ||
		      (filter->task != TAKT_LOG_NONE &&
		       !takt_log_view_is_of(&cursor->view, &cursor->log->tables, filter->task)))) {
		r = 0;
	}
	if (r > 0 && cursor->view.record.copperlist) {
		cursor->view.copperlist.lane =
			cursor->log->tables.streams[source->number].lane;
		cursor->view.copperlist.complete = cursor->log->tables.list_stream_count == 1;
	}
	return r;
}

/* No source has a record. Returns 1 to look once more, 0, -errno. */
static int idle(struct takt_log_cursor *cursor)
{
	struct takt_log *log = cursor->log;
	int r;

	if (log->live && !log->over) {
		takt_log_watch(log);
		return log->over;
	}
	if (log->files.grows) {
		r = takt_log_settle(log);
		return r < 0 ? r : 1;
	}
	cursor->ended = true;
	return 0;
}

int takt_log_next(struct takt_log_cursor *cursor, const struct takt_log_record **ret_record,
		  struct takt_log_error *error)
{
	struct takt_log_source *source;
	int r;

	do {
		r = find_earliest(cursor, &source);
		if (r < 0) {
			break;
		}
		if (source) {
			r = take_head(cursor, source);
		} else {
			r = idle(cursor);
			if (r == 0) {
				return 0;
			}
			r = r < 0 ? r : 0;
		}
	} while (r == 0);
	if (r < 0) {
		return takt_log_fail(error, r, "%s: %s", cursor->log->path, strerror(-r));
	}
	cursor->has_news = true;
	*ret_record = &cursor->view.record;
	return 1;
}

uint64_t takt_log_pause_ns(struct takt_log_cursor *cursor)
{
	const uint64_t now_ns = takt_clock_mono_ns();

	if (cursor->has_news) {
		cursor->has_news = false;
		cursor->news_at_ns = now_ns;
	}
	return now_ns - cursor->news_at_ns < QUIET_AFTER_NS ? PAUSE_NS : PAUSE_QUIET_NS;
}

int takt_log_ended(const struct takt_log_cursor *cursor)
{
	return cursor->ended;
}

/* --- moving ---------------------------------------------------------------------------------- */

static struct takt_log_point as_mono(const struct takt_log *log, struct takt_log_point point)
{
	if (point.at == TAKT_LOG_AT_REAL) {
		point.at = TAKT_LOG_AT_MONO;
		point.value = takt_log_mono_ns(log, (int64_t)point.value);
	}
	return point;
}

static void move(struct takt_log_cursor *cursor)
{
	const struct takt_log_point *points[] = { &cursor->filter.since, &cursor->from };

	cursor->ended = false;
	for (uint32_t i = 0; i < cursor->source_count; i++) {
		struct takt_log_source *source = &cursor->sources[i];
		const struct takt_log_index_stream *stream =
			&cursor->log->files.index.streams[source->number];
		size_t at = 0;

		for (size_t p = 0; p < 2; p++) {
			size_t first = 0;

			if (points[p]->at == TAKT_LOG_AT_CYCLE) {
				first = takt_log_index_find_cycle(stream, points[p]->value);
			} else if (points[p]->at == TAKT_LOG_AT_MONO) {
				first = takt_log_index_find_mono(stream, points[p]->value);
			}
			at = first > at ? first : at;
		}
		takt_log_source_stand(cursor->log, source, at);
	}
}

int takt_log_seek(struct takt_log_cursor *cursor, struct takt_log_point point,
		  struct takt_log_error *error)
{
	int r = 0;

	if (point.at > TAKT_LOG_AT_REAL) {
		return takt_log_fail(error, -EINVAL, "takt_log_seek: no such kind of point");
	}
	if (cursor->log->files.grows) {
		r = takt_log_rescan(cursor->log);
	}
	if (r < 0) {
		return takt_log_fail(error, r, "%s: %s", cursor->log->path, strerror(-r));
	}
	cursor->from = as_mono(cursor->log, point);
	move(cursor);
	return 0;
}

/* Go back chunk by chunk, the latest of all streams first, until @count records are passed. Returns
 * the time of the first of them; 0 for the log's beginning. */
static uint64_t time_of_last(const struct takt_log_cursor *cursor, size_t *behind, uint64_t count)
{
	uint64_t passed = 0, first_mono_ns = UINT64_MAX;

	while (passed < count) {
		const struct takt_log_chunk *latest = NULL;
		uint32_t owner = 0;

		for (uint32_t i = 0; i < cursor->stream_count; i++) {
			const struct takt_log_index_stream *stream =
				&cursor->log->files.index.streams[i];

			if (cursor->sources[i].wanted && behind[i] > 0 &&
			    (!latest ||
			     stream->chunks[behind[i] - 1].last_mono_ns > latest->last_mono_ns)) {
				latest = &stream->chunks[behind[i] - 1];
				owner = i;
			}
		}
		if (!latest) {
			return 0;
		}
		behind[owner]--;
		passed += latest->record_count;
		if (latest->first_mono_ns < first_mono_ns) {
			first_mono_ns = latest->first_mono_ns;
		}
	}
	return first_mono_ns;
}

int takt_log_seek_last(struct takt_log_cursor *cursor, uint64_t count,
		       struct takt_log_error *error)
{
	struct takt_log_point point = { TAKT_LOG_AT_MONO, 0, 0 };
	size_t *behind;
	int r = 0;

	if (cursor->log->files.grows) {
		r = takt_log_rescan(cursor->log);
	}
	behind = r < 0 ? NULL : calloc((size_t)cursor->stream_count + 1, sizeof(*behind));
	if (!behind) {
		r = r < 0 ? r : -ENOMEM;
		return takt_log_fail(error, r, "%s: %s", cursor->log->path, strerror(-r));
	}
	for (uint32_t i = 0; i < cursor->stream_count; i++) {
		behind[i] = cursor->log->files.index.streams[i].chunk_count;
	}
	point.value = time_of_last(cursor, behind, count);
	free(behind);
	cursor->from = point;
	move(cursor);
	return 0;
}

static bool is_wanted(const struct takt_log_filter *filter, uint32_t stream_kind)
{
	const uint32_t lists = 1u << TAKT_LOG_COPPERLIST;

	if (filter->kinds == 0) {
		return true;
	}
	return stream_kind == TAKT_LOG_COPPERLISTS ? (filter->kinds & lists) != 0
						   : (filter->kinds & ~lists) != 0;
}

/* Only lifecycle records are carried over. Takes the bytes of @carried. */
static void add_carried(struct takt_log_cursor *cursor, struct takt_log_carried *carried)
{
	const bool is_kind = cursor->filter.kinds == 0 || (cursor->filter.kinds & 1u << TAKT_LOG_LIFECYCLE);

	for (uint32_t i = 0; i < carried->stream_count; i++) {
		struct takt_log_carried_stream *stream = &carried->streams[i];

		cursor->sources[cursor->source_count++] = (struct takt_log_source){
			.bytes = stream->bytes, .capacity = stream->used_bytes,
			.used_bytes = stream->used_bytes, .seq = UINT64_MAX, .number = stream->stream,
			.carried = true,
			.wanted = is_kind && cursor->log->tables.streams[stream->stream].kind ==
						     TAKT_LOG_EVENTS,
		};
		stream->bytes = NULL;
	}
}

static struct takt_log_cursor *make(struct takt_log *log, const struct takt_log_filter *filter,
				    struct takt_log_carried *carried)
{
	const uint32_t stream_count = log->files.index.stream_count;
	struct takt_log_cursor *cursor =
		calloc(1, sizeof(*cursor) + (stream_count + carried->stream_count) *
						    sizeof(cursor->sources[0]));

	if (!cursor) {
		return NULL;
	}
	cursor->log = log;
	cursor->filter = *filter;
	cursor->filter.since = as_mono(log, filter->since);
	cursor->filter.until = as_mono(log, filter->until);
	cursor->stream_count = cursor->source_count = stream_count;
	for (uint32_t i = 0; i < stream_count; i++) {
		cursor->sources[i].number = i;
		cursor->sources[i].wanted = is_wanted(filter, log->tables.streams[i].kind);
	}
	add_carried(cursor, carried);
	return cursor;
}

int takt_log_cursor_create(struct takt_log *log, const struct takt_log_filter *filter,
			   struct takt_log_cursor **ret_cursor, struct takt_log_error *error)
{
	static const struct takt_log_filter all = TAKT_LOG_FILTER_ALL;
	struct takt_log_carried carried = { 0 };
	struct takt_log_cursor *cursor = NULL;

	filter = filter ? filter : &all;
	if (filter->bytes < sizeof(*filter) || filter->since.at > TAKT_LOG_AT_REAL ||
	    filter->until.at > TAKT_LOG_AT_REAL) {
		return takt_log_fail(error, -EINVAL, "takt_log_cursor_create: wrong filter");
	}
	if (takt_log_carried_load(&log->files, &carried) == 0) {
		cursor = make(log, filter, &carried);
	}
	takt_log_carried_fini(&carried);
	if (!cursor) {
		return takt_log_fail(error, -ENOMEM, "out of memory");
	}
	move(cursor);
	*ret_cursor = cursor;
	return 0;
}

void takt_log_cursor_destroy(struct takt_log_cursor *cursor)
{
	if (!cursor) {
		return;
	}
	for (uint32_t i = 0; i < cursor->source_count; i++) {
		free(cursor->sources[i].bytes);
	}
	takt_log_view_fini(&cursor->view);
	free(cursor);
}
