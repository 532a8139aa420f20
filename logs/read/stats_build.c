/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the statistics of a segment: values go into rows of the base level, the coarser ones are made of those. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/read/error.h"
#include "logs/read/stats.h"
#include "rt/base/crc32c.h"
#include "rt/base/file.h"

#define ROWS_MAX (1u << 20)		/* of all series: 64 MiB */

struct rows {
	struct takt_stats_row *rows;
	uint32_t count;
	uint32_t capacity;
};

struct building {
	struct takt_log *log;
	struct rows *levels;		/* [series * TAKT_STATS_LEVELS + level] */
	uint32_t *first_series;		/* of each output */
	uint64_t row_count;
};

static int put_row(struct building *b, struct rows *rows, const struct takt_stats_row *row)
{
	if (rows->count == rows->capacity) {
		const uint32_t capacity = rows->capacity ? 2 * rows->capacity : 16;
		struct takt_stats_row *grown = realloc(rows->rows, capacity * sizeof(*grown));

		if (!grown) {
			return -ENOMEM;
		}
		rows->rows = grown;
		rows->capacity = capacity;
	}
	rows->rows[rows->count++] = *row;
	return ++b->row_count > ROWS_MAX ? -EFBIG : 0;
}

/* Into the row of @bucket, which is the last one or a new one behind it. */
static int merge(struct building *b, struct rows *rows, uint64_t bucket,
		 const struct takt_stats_row *from)
{
	struct takt_stats_row row = *from;

	if (rows->count > 0 && rows->rows[rows->count - 1].bucket == bucket) {
		takt_stats_row_merge(&rows->rows[rows->count - 1], from);
		return 0;
	}
	if (rows->count > 0 && rows->rows[rows->count - 1].bucket > bucket) {
		return -EBADMSG;	/* cycles that go back: no statistics of such a log */
	}
	row.bucket = bucket;
	return put_row(b, rows, &row);
}

static int put_record(const struct takt_log_record *record, void *user)
{
	struct building *b = user;
	const struct takt_log_copperlist *list = record->copperlist;

	for (uint32_t m = 0; m < list->message_count; m++) {
		const struct takt_log_message *message = &list->messages[m];

		for (uint32_t s = b->first_series[message->output];
		     s < b->log->series_count && b->log->series[s].output == message->output; s++) {
			double value;
			int r;

			if (!takt_log_series_value(&b->log->series[s], message->payload,
						   message->payload_bytes, &value)) {
				continue;
			}
			r = merge(b, &b->levels[s * TAKT_STATS_LEVELS],
				  record->cycle >> TAKT_STATS_BASE_SHIFT, &(struct takt_stats_row){
				.count = 1, .first_mono_ns = record->mono_ns,
				.last_mono_ns = record->mono_ns, .last_cycle = record->cycle,
				.min = value, .max = value, .last = value });
			if (r < 0) {
				return r;
			}
		}
	}
	return 0;
}

static int collect(struct building *b, takt_log_goes_on *goes_on, void *user)
{
	int r = 0;

	for (uint32_t i = 0; i < b->log->files.index.stream_count; i++) {
		const struct takt_log_index_stream *stream = &b->log->files.index.streams[i];

		for (size_t c = 0; c < stream->chunk_count && r >= 0 &&
				   b->log->tables.streams[i].kind == TAKT_LOG_COPPERLISTS; c++) {
			r = goes_on && !goes_on(user)
				    ? -ECANCELED
				    : takt_stats_chunk_visit(b->log, &stream->chunks[c], put_record, b);
		}
	}
	return r;
}

static int fill_levels(struct building *b)
{
	int r = 0;

	for (uint32_t s = 0; s < b->log->series_count; s++) {
		for (uint32_t level = 1; level < TAKT_STATS_LEVELS; level++) {
			const struct rows *fine = &b->levels[s * TAKT_STATS_LEVELS + level - 1];

			for (uint32_t i = 0; i < fine->count && r == 0; i++) {
				r = merge(b, &b->levels[s * TAKT_STATS_LEVELS + level],
					  fine->rows[i].bucket >> TAKT_STATS_LEVEL_SHIFT,
					  &fine->rows[i]);
			}
		}
	}
	return r;
}

/* --- the file -------------------------------------------------------------------------------- */

static uint64_t fill_table(const struct building *b, struct takt_stats_series *table, uint64_t offset)
{
	for (uint32_t s = 0; s < b->log->series_count; s++) {
		const struct takt_log_series *series = &b->log->series[s];

		table[s] = (struct takt_stats_series){ .output = series->output,
						       .offset_bytes = series->offset_bytes,
						       .scalar = series->scalar };
		for (uint32_t level = 0; level < TAKT_STATS_LEVELS; level++) {
			const struct rows *rows = &b->levels[s * TAKT_STATS_LEVELS + level];
			const uint64_t bytes = (uint64_t)rows->count * sizeof(*rows->rows);

			table[s].levels[level].offset = offset;
			table[s].levels[level].row_count = rows->count;
			table[s].levels[level].crc = takt_crc32c(0, rows->rows, bytes);
			offset += bytes;
		}
	}
	return offset;
}

static int write_file(const struct building *b, int fd)
{
	const struct takt_log_segment *segment = b->log->files.segments[0];
	struct takt_stats_header header = {
		.magic = TAKT_STATS_MAGIC, .version = TAKT_STATS_VERSION,
		.series_count = b->log->series_count, .salt = segment->salt, .run = segment->run,
		.stream_count = b->log->files.index.stream_count,
	};
	const uint64_t streams_bytes =
		(uint64_t)header.stream_count * sizeof(struct takt_stats_stream);
	const uint64_t bytes = streams_bytes +
			       (uint64_t)header.series_count * sizeof(struct takt_stats_series);
	char *tables = calloc(1, bytes + 1);
	struct takt_stats_stream *streams = (struct takt_stats_stream *)(void *)tables;
	int r;

	if (!tables) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < header.stream_count; i++) {
		streams[i] = takt_stats_stream_of(b->log, i, segment);
	}
	fill_table(b, (struct takt_stats_series *)(void *)(tables + streams_bytes),
		   sizeof(header) + bytes);
	header.tables_crc = takt_crc32c(0, tables, bytes);
	header.header_crc = takt_crc32c(0, &header, offsetof(struct takt_stats_header, header_crc));
	r = takt_file_write_all(fd, &header, sizeof(header));
	r = r < 0 ? r : takt_file_write_all(fd, tables, bytes);
	for (uint32_t i = 0; i < header.series_count * TAKT_STATS_LEVELS && r >= 0; i++) {
		r = takt_file_write_all(fd, b->levels[i].rows,
					(uint64_t)b->levels[i].count * sizeof(*b->levels[i].rows));
	}
	free(tables);
	return r;
}

/* Under another name until it is whole. Nothing is synced: what a power cut leaves is not believed. */
static int save(const struct building *b, const char *path)
{
	char name[PATH_MAX], new_name[PATH_MAX];
	int fd, r;

	if (snprintf(name, sizeof(name), "%s" TAKT_STATS_SUFFIX, path) >= (int)sizeof(name) ||
	    snprintf(new_name, sizeof(new_name), "%s.new", name) >= (int)sizeof(new_name)) {
		return -ENAMETOOLONG;
	}
	fd = open(new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		return -errno;
	}
	r = write_file(b, fd);
	close(fd);
	if (r >= 0 && rename(new_name, name) < 0) {
		r = -errno;
	}
	if (r < 0) {
		unlink(new_name);
	}
	return r;
}

/* --- all of it ------------------------------------------------------------------------------- */

static void building_fini(struct building *b)
{
	for (uint32_t i = 0; b->levels && i < b->log->series_count * TAKT_STATS_LEVELS; i++) {
		free(b->levels[i].rows);
	}
	free(b->levels);
	free(b->first_series);
}

static int build(struct takt_log *log, const char *path, takt_log_goes_on *goes_on, void *user)
{
	struct building b = { .log = log };
	const uint32_t output_count = log->tables.catalog->output_count;
	int r = takt_log_series_load(log);

	b.levels = calloc((size_t)log->series_count * TAKT_STATS_LEVELS + 1, sizeof(*b.levels));
	b.first_series = calloc((size_t)output_count + 1, sizeof(*b.first_series));
	if (r == 0 && (!b.levels || !b.first_series)) {
		r = -ENOMEM;
	}
	for (uint32_t i = 0; i < output_count && r == 0; i++) {
		b.first_series[i] = log->series_count;
	}
	for (uint32_t s = log->series_count; s-- > 0 && r == 0;) {
		b.first_series[log->series[s].output] = s;
	}
	r = r < 0 ? r : collect(&b, goes_on, user);
	r = r < 0 ? r : fill_levels(&b);
	r = r < 0 ? r : save(&b, path);
	building_fini(&b);
	return r;
}

int takt_log_stats_make(const char *path, takt_log_goes_on *goes_on, void *user,
			struct takt_log_error *error)
{
	struct takt_stats_file file = { 0 };
	struct takt_log *log;
	int r = takt_log_open(path, NULL, &log, error);

	if (r < 0) {
		return r;
	}
	if (log->files.segment_count != 1 || strcmp(log->files.segments[0]->path, path) != 0) {
		r = takt_log_fail(error, -EINVAL, "%s: is no segment file", path);
	} else if (takt_stats_file_open(log, log->files.segments[0], &file) == 0) {
		takt_stats_file_close(&file);
		r = 0;
	} else {
		r = build(log, path, goes_on, user);
		r = r < 0 ? takt_log_fail(error, r, "%s" TAKT_STATS_SUFFIX ": %s", path, strerror(-r))
			  : 1;
	}
	takt_log_close(log);
	return r;
}
