/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/read/stats.h"
#include "rt/base/crc32c.h"

#define SERIES_MAX 65536u
#define STREAMS_MAX 65536u

static uint64_t tables_bytes(const struct takt_stats_header *header)
{
	return (uint64_t)header->stream_count * sizeof(struct takt_stats_stream) +
	       (uint64_t)header->series_count * sizeof(struct takt_stats_series);
}

static bool is_of(const struct takt_stats_header *header, const struct takt_log *log,
		  const struct takt_log_segment *segment)
{
	return header->magic == TAKT_STATS_MAGIC && header->version == TAKT_STATS_VERSION &&
	       header->header_crc ==
		       takt_crc32c(0, header, offsetof(struct takt_stats_header, header_crc)) &&
	       header->salt == segment->salt && header->run == segment->run &&
	       header->stream_count == log->files.index.stream_count &&
	       header->stream_count <= STREAMS_MAX && header->series_count <= SERIES_MAX;
}

/* Whether they were made from what the reader takes from that segment. */
static bool are_current(const struct takt_log *log, const struct takt_log_segment *segment,
			const struct takt_stats_stream *streams)
{
	for (uint32_t i = 0; i < log->files.index.stream_count; i++) {
		const struct takt_stats_stream is = takt_stats_stream_of(log, i, segment);

		if (log->tables.streams[i].kind == TAKT_LOG_COPPERLISTS &&
		    memcmp(&is, &streams[i], sizeof(is)) != 0) {
			return false;
		}
	}
	return true;
}

/* Reads header and tables. Returns 0, -ENOENT, -ENOMEM. */
static int load(const struct takt_log *log, const struct takt_log_segment *segment,
		struct takt_stats_file *file)
{
	struct takt_stats_header header;
	uint64_t streams_bytes;
	char *tables;
	int r = -ENOENT;

	if (takt_log_io_read(&file->io, 0, &header, sizeof(header)) < 0 ||
	    !is_of(&header, log, segment)) {
		return -ENOENT;
	}
	tables = malloc(tables_bytes(&header) + 1);
	file->series = malloc((size_t)header.series_count * sizeof(*file->series) + 1);
	if (!tables || !file->series) {
		free(tables);
		return -ENOMEM;
	}
	streams_bytes = (uint64_t)header.stream_count * sizeof(struct takt_stats_stream);
	if (takt_log_io_read(&file->io, sizeof(header), tables, (uint32_t)tables_bytes(&header)) == 0 &&
	    takt_crc32c(0, tables, tables_bytes(&header)) == header.tables_crc &&
	    are_current(log, segment, (const struct takt_stats_stream *)(const void *)tables)) {
		memcpy(file->series, tables + streams_bytes,
		       (size_t)header.series_count * sizeof(*file->series));
		file->series_count = header.series_count;
		r = 0;
	}
	free(tables);
	return r;
}

int takt_stats_file_open(const struct takt_log *log, const struct takt_log_segment *segment,
			 struct takt_stats_file *ret_file)
{
	struct takt_stats_file file = { .is_open = true };
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s" TAKT_STATS_SUFFIX, segment->path) >= (int)sizeof(path) ||
	    takt_log_io_open(path, &file.io) < 0) {
		return -ENOENT;
	}
	r = load(log, segment, &file);
	if (r < 0) {
		takt_stats_file_close(&file);
		return r;
	}
	*ret_file = file;
	return 0;
}

void takt_stats_file_close(struct takt_stats_file *file)
{
	if (file->is_open) {
		file->io.close(file->io.user);
		free(file->series);
		file->is_open = false;
	}
}

int takt_stats_file_read(const struct takt_stats_file *file, const struct takt_log_series *series,
			 uint32_t level, struct takt_stats_row **ret_rows, uint32_t *ret_count)
{
	for (uint32_t i = 0; i < file->series_count; i++) {
		const struct takt_stats_series *s = &file->series[i];
		const uint64_t bytes = (uint64_t)s->levels[level].row_count * sizeof(**ret_rows);
		void *rows;

		if (s->output != series->output || s->offset_bytes != series->offset_bytes ||
		    s->scalar != series->scalar) {
			continue;
		}
		if (bytes > UINT32_MAX) {
			return -ENOENT;
		}
		rows = malloc(bytes + 1);
		if (!rows) {
			return -ENOMEM;
		}
		if (takt_log_io_read(&file->io, s->levels[level].offset, rows, (uint32_t)bytes) < 0 ||
		    takt_crc32c(0, rows, bytes) != s->levels[level].crc) {
			free(rows);
			return -ENOENT;
		}
		*ret_rows = rows;
		*ret_count = s->levels[level].row_count;
		return 0;
	}
	return -ENOENT;
}
