/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of a segment, beside it as <segment>.stats: least, greatest and last value of each numeric field
 * over buckets of cycles, so that a plot of a long log needs not read the log.
 *
 * A cache: it can be removed at any time and is made again from the segment. It counts only when header, table
 * and rows have the right CRC, salt and run are the segment's, and the chunks that it was made from are exactly
 * those that the reader takes from that segment.
 *
 *     header | streams (struct takt_stats_stream) | table (struct takt_stats_series) | rows, level by level
 *
 * Little endian. The rows of a series and level stand together, by bucket, those without a value left out. */
#ifndef TAKT_LOGS_READ_STATS_H
#define TAKT_LOGS_READ_STATS_H

#include <assert.h>
#include <stdbool.h>

#include "logs/read/handle.h"

#define TAKT_STATS_SUFFIX ".stats"
#define TAKT_STATS_MAGIC 0x31415453544b4154ull	/* "TAKTSTA1" */
#define TAKT_STATS_VERSION 1u
#define TAKT_STATS_LEVELS 3u
#define TAKT_STATS_BASE_SHIFT 8u		/* cycles of a bucket: 1 << 8, 1 << 12, 1 << 16 */
#define TAKT_STATS_LEVEL_SHIFT 4u

struct takt_stats_header {
	uint64_t magic;
	uint32_t version;
	uint32_t series_count;
	uint64_t salt;			/* of the segment */
	uint64_t run;
	uint32_t stream_count;
	uint32_t reserved[4];
	uint32_t tables_crc;		/* CRC32C of streams and table */
	uint32_t reserved1;
	uint32_t header_crc;		/* CRC32C of what is before */
};
static_assert(sizeof(struct takt_stats_header) == 64, "stats");

struct takt_stats_stream {		/* chunks that it was made from */
	uint64_t chunk_count;
	uint64_t first_seq;
	uint64_t last_seq;
	uint64_t used_bytes;
};

struct takt_stats_series {
	uint32_t output;
	uint32_t offset_bytes;		/* of the value in the payload */
	uint32_t scalar;		/* enum takt_scalar */
	uint32_t reserved;
	struct {
		uint64_t offset;	/* in the file */
		uint32_t row_count;
		uint32_t crc;		/* CRC32C of its rows */
	} levels[TAKT_STATS_LEVELS];
};

struct takt_stats_row {
	uint64_t bucket;		/* cycle >> shift of the level */
	uint64_t count;			/* values */
	uint64_t first_mono_ns;		/* of the first and the last cycle with a value */
	uint64_t last_mono_ns;
	uint64_t last_cycle;
	double min;
	double max;
	double last;
};
static_assert(sizeof(struct takt_stats_row) == 64, "stats");

/* --- series (stats_series.c) ------------------------------------------------------------------- */

/* Fill log->series, once. Returns 0, -ENOMEM.  [bg] */
int takt_log_series_load(struct takt_log *log);
void takt_log_series_fini(struct takt_log *log);

/* The series' value in a payload. False when it is not there or not a number.  [any] */
bool takt_log_series_value(const struct takt_log_series *series, const void *payload,
			   uint32_t payload_bytes, double *ret_value);

/* --- rows (stats_row.c) ------------------------------------------------------------------------ */

/* Add a value of a record; add what @from says. Rows with count 0 are empty.  [any] */
void takt_stats_row_put(struct takt_stats_row *row, uint64_t cycle, uint64_t mono_ns, double value);
void takt_stats_row_merge(struct takt_stats_row *row, const struct takt_stats_row *from);

typedef int takt_stats_visit(const struct takt_log_record *record, void *user);

/* Call @visit for the copperlists of @chunk; what is damaged is left out. Returns 0, what @visit returned when
 * negative, -ENOMEM.  [bg] */
int takt_stats_chunk_visit(struct takt_log *log, struct takt_log_chunk *chunk,
			   takt_stats_visit *visit, void *user);

/* What the reader takes from @segment of stream @number.  [any] */
struct takt_stats_stream takt_stats_stream_of(const struct takt_log *log, uint32_t number,
					      const struct takt_log_segment *segment);

/* --- files (stats_file.c) ---------------------------------------------------------------------- */

struct takt_stats_file {
	struct takt_log_io io;
	struct takt_stats_series *series;
	uint32_t series_count;
	bool is_open;
};

/* Open the statistics of @segment when they are there and right. Returns 0, -ENOENT when there are none that
 * can be used, -ENOMEM.  [bg] */
int takt_stats_file_open(const struct takt_log *log, const struct takt_log_segment *segment,
			 struct takt_stats_file *ret_file);
void takt_stats_file_close(struct takt_stats_file *file);

/* The rows of @series at @level; free them. Returns 0, -ENOENT (damaged, or another series), -ENOMEM.  [bg] */
int takt_stats_file_read(const struct takt_stats_file *file, const struct takt_log_series *series,
			 uint32_t level, struct takt_stats_row **ret_rows, uint32_t *ret_count);

#endif
