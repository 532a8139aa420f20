/* SPDX-License-Identifier: Apache-2.0 */
/* csv_sink: a row a message, into a file.
 *
 * Runs with `exec: io`. Rows are collected and written when there are WRITE_BYTES of them or
 * after WRITE_NS, by one write() each time; what a full disk cuts is taken back, so that the file
 * always ends with a whole row. Meanwhile rows are kept, up to KEEP_BYTES of them, and then
 * counted as lost. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <takt/task.h>

#include "rt/io/csv_columns.h"
#include "rt/io/csv_judge.h"
#include "rt/io/csv_line.h"
#include "rt/io/csv_rows.h"

#define WRITE_BYTES 65536u
#define WRITE_NS 100000000u
#define RETRY_NS 1000000000u		/* while the disk is full */
#define KEEP_BYTES (1u << 20)

#define SINK_PORTS(IN, OUT) IN(row, takt_any, "messages of any type, one a row")
#define SINK_PARAMS(P) \
	P(text(1024), path, "path", , , , "the file to write") \
	P(bool, overwrite, "", false, , , "replace a file that is there already") \
	P(bool, times, "", true, , , "first columns: the time of validity (of a range, where it begins), as tov [ns], and when the message was made or received, as stamp [ns]") \
	P(text(4), separator, "", ",", , , "between cells: one character, or tab")
TAKT_INTERFACE(csv_sink, SINK_PORTS, SINK_PARAMS)

struct sink {
	struct csv_columns columns;
	struct csv_line line;		/* whole rows that are not written yet */
	char separator;
	bool has_stamp;			/* a column of it is written */
	int fd;				/* -1: not open */
	off_t file_bytes;		/* whole rows in the file */
	uint64_t waiting;		/* rows in `line` */
	uint64_t written;
	uint64_t lost;
	uint64_t next_ns;		/* when to write */
	bool failing;
};

static const struct takt_params_csv_sink *params_of(const struct takt_ctx *ctx)
{
	return TAKT_PARAMS(ctx, csv_sink);
}

static void put(struct sink *s, const char *text, size_t length, bool quote)
{
	csv_line_put(&s->line, s->separator, text, length, quote);
}

static void header_put(struct sink *s, bool times)
{
	char name[CSV_NAME_BYTES + 80];

	if (times) {
		put(s, "tov [ns]", strlen("tov [ns]"), false);
	}
	if (s->has_stamp) {
		put(s, "stamp [ns]", strlen("stamp [ns]"), false);
	}
	for (uint32_t i = 0; i < s->columns.count; i++) {
		const char *unit = csv_column_unit(&s->columns.rows[i]);

		snprintf(name, sizeof(name), unit[0] ? "%s [%.60s]" : "%s", s->columns.rows[i].name, unit);
		put(s, name, strlen(name), false);
	}
	csv_line_end(&s->line);
}

/* A message without a time of validity has its stamp: when its producer was called. */
static void times_put(struct sink *s, const struct takt_message *message)
{
	char number[CSV_VALUE_BYTES] = "";

	if (message->tov.kind != TAKT_TOV_NONE) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)message->tov.begin_ns);
	}
	put(s, number, strlen(number), false);
	if (s->has_stamp) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)message->stamp_ns);
		put(s, number, strlen(number), false);
	}
}

static void row_put(struct sink *s, const struct takt_message *message, bool times)
{
	char number[CSV_VALUE_BYTES];

	if (times) {
		times_put(s, message);
	}
	for (uint32_t i = 0; i < s->columns.count; i++) {
		const struct csv_column *column = &s->columns.rows[i];
		const bool is_text = column->field->shape == TAKT_SHAPE_TEXT;
		const char *text;
		size_t length;

		if (!csv_column_is_present(&s->columns, i, message->payload)) {
			put(s, "", 0, false);
			continue;
		}
		text = csv_column_format(column, message->payload, number);
		length = is_text ? strnlen(text, column->field->length) : strlen(text);
		put(s, text, length, is_text && length == 0);
	}
	csv_line_end(&s->line);
}

/* Write all rows that wait, or none. Returns 0 or -errno. */
static int rows_write(struct sink *s)
{
	size_t done = 0;

	while (done < s->line.used_bytes) {
		const ssize_t n = write(s->fd, s->line.text + done, s->line.used_bytes - done);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			const int rc = n < 0 ? -errno : -EIO;

			if (ftruncate(s->fd, s->file_bytes) == 0) {
				lseek(s->fd, s->file_bytes, SEEK_SET);
			}
			return rc;
		}
		done += (size_t)n;
	}
	s->file_bytes += (off_t)done;
	s->written += s->waiting;
	s->waiting = 0;
	s->line.used_bytes = 0;
	return 0;
}

static void flush(struct takt_ctx *ctx, struct sink *s)
{
	const int rc = rows_write(s);

	if (rc < 0 && !s->failing) {
		takt_warning(ctx, "cannot write %s: %s; rows are kept, then lost, until it can again",
			     params_of(ctx)->path, strerror(-rc));
	} else if (rc == 0 && s->failing) {
		takt_info(ctx, "%s can be written again; %llu rows are lost", params_of(ctx)->path,
			  (unsigned long long)s->lost);
	}
	s->failing = rc < 0;
	s->next_ns = takt_clock_ns(ctx) + (rc < 0 ? RETRY_NS : WRITE_NS);
}

/* --- the task -------------------------------------------------------------------------------- */

static const char *sink_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_csv_sink *p = params;
	struct stat status;

	if (stat(p->path, &status) == 0 && !p->overwrite) {
		snprintf(text, text_bytes, "path: %.300s exists; give `overwrite: true`, or another path", p->path);
		return text;
	}
	return csv_separator_judge(p->separator, text, text_bytes);
}

static int sink_new(struct takt_ctx *ctx)
{
	struct sink *s = TAKT_STATE(ctx, struct sink);
	const struct takt_params_csv_sink *params = params_of(ctx);
	const struct takt_type *type = takt_in_type(ctx, TAKT_IN_INDEX(csv_sink, row));
	int rc;

	s->fd = -1;
	s->separator = csv_separator(params->separator);
	rc = csv_columns_make(type, &s->columns);
	if (rc == -E2BIG) {
		takt_error(ctx, "a %s has more than %u numbers: too many for a row", type->name, CSV_CELLS_MAX);
	}
	return rc;
}

/* Not before: a graph that does not start leaves no file behind. */
static int sink_start(struct takt_ctx *ctx)
{
	struct sink *s = TAKT_STATE(ctx, struct sink);
	const struct takt_params_csv_sink *params = params_of(ctx);
	const int mode = params->overwrite ? O_TRUNC : O_EXCL;
	struct stat status;
	int rc = 0;

	s->fd = open(params->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | mode, 0666);
	if (s->fd < 0 || fstat(s->fd, &status) < 0) {
		rc = -errno;
	} else if (!S_ISREG(status.st_mode)) {
		rc = -EINVAL;
	}
	if (rc < 0) {
		takt_error(ctx, "cannot write %s: %s", params->path,
			   rc == -EINVAL ? "it is no file" : strerror(-rc));
		if (s->fd >= 0) {
			close(s->fd);
			s->fd = -1;
		}
		return rc;
	}
	s->has_stamp = params->times;
	for (uint32_t i = 0; i < s->columns.count && s->has_stamp; i++) {
		s->has_stamp = strcmp(s->columns.rows[i].name, "stamp") != 0;	/* it is the message's own */
	}
	header_put(s, params->times);
	return 0;
}

static int sink_process(struct takt_ctx *ctx)
{
	struct sink *s = TAKT_STATE(ctx, struct sink);
	const uint32_t row = TAKT_IN_INDEX(csv_sink, row);

	for (uint32_t i = 0; i < takt_in_count(ctx, row); i++) {
		const size_t before = s->line.used_bytes;

		if (before < KEEP_BYTES) {
			row_put(s, &ctx->inputs[row].messages[i], params_of(ctx)->times);
		}
		if (before >= KEEP_BYTES || s->line.failed) {
			s->line.used_bytes = before;
			s->line.failed = false;
			s->lost++;
			takt_warning_rate(ctx, 1, "%llu rows are lost, %s cannot be written",
					  (unsigned long long)s->lost, params_of(ctx)->path);
		} else {
			s->waiting++;
		}
	}
	if (s->line.used_bytes > 0 &&
	    (takt_clock_ns(ctx) >= s->next_ns || (s->line.used_bytes >= WRITE_BYTES && !s->failing))) {
		flush(ctx, s);
	}
	return 0;
}

static int sink_stop(struct takt_ctx *ctx)
{
	struct sink *s = TAKT_STATE(ctx, struct sink);

	if (s->fd >= 0) {
		flush(ctx, s);
		s->lost += s->waiting;
		close(s->fd);
		s->fd = -1;
	}
	if (s->lost > 0) {
		takt_warning(ctx, "%s: %llu rows, %llu more are lost", params_of(ctx)->path,
			     (unsigned long long)s->written, (unsigned long long)s->lost);
	} else {
		takt_info(ctx, "%s: %llu rows", params_of(ctx)->path, (unsigned long long)s->written);
	}
	csv_line_free(&s->line);
	csv_columns_free(&s->columns);
	return 0;
}

TAKT_TASK(csv_sink, TAKT_SINK, struct sink, "writes messages as the rows of a CSV file",
	  TAKT_WAITS_VIRTUAL, TAKT_CHECK_PARAMS(sink_check),
	  TAKT_NEW(sink_new), TAKT_START(sink_start), TAKT_PROCESS(sink_process), TAKT_STOP(sink_stop))
