/* SPDX-License-Identifier: Apache-2.0 */
/* csv_source: a message a row, of a file or a FIFO.
 *
 * Runs with `exec: io`. The header says which column is which field; a row's own time, if it has
 * one, is the message's time of validity, and with `pace: recording` it says when the row is given.
 * No row is dropped: the source waits for room in its queue. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <takt/task.h>

#include "rt/io/csv_columns.h"
#include "rt/io/csv_header.h"
#include "rt/io/csv_judge.h"
#include "rt/io/csv_rows.h"

#define BYTES 65536u
#define WAIT_MS 50
#define RETRY_NS 100000000u		/* a file that is not there yet is looked for so often */
#define ROWS_A_CALL 256u		/* damaged ones, then the runtime is let in */

#define CSV_PACE(V) \
	V(CSV_PACE_RECORDING, 0, "recording") \
	V(CSV_PACE_FULL, 1, "full")
TAKT_ENUM(csv_pace, "how fast rows are given", CSV_PACE)

#define CSV_TIME_UNIT(V) \
	V(TIME_AUTO, CSV_TIME_AUTO, "auto") \
	V(TIME_S, CSV_TIME_S, "s") \
	V(TIME_MS, CSV_TIME_MS, "ms") \
	V(TIME_US, CSV_TIME_US, "us") \
	V(TIME_NS, CSV_TIME_NS, "ns")
TAKT_ENUM(csv_time_unit_name, "unit of a column of times", CSV_TIME_UNIT)

#define CSV_TIME_BASE(V) \
	V(BASE_FILE, 0, "file") \
	V(BASE_RUN, 1, "run")
TAKT_ENUM(csv_time_base, "what a time of validity counts from", CSV_TIME_BASE)

#define SOURCE_PORTS(IN, OUT) OUT(row, takt_any, "each row, as a message of the type that the graph says")
#define SOURCE_PARAMS(P) \
	P(text(1024), path, "path", , , , "a file or a FIFO; its first line names the columns") \
	P(text(2048), columns, "", "", , , "fields whose column has another name: \"COLUMN:field, COLUMN:field\"") \
	P(text(128), time, "", "", , , "the column of the time of validity; without: tov, if there is one") \
	P(enum(csv_time_unit_name), time_unit, "", auto, , , "auto: as the column says, [us] or _us") \
	P(enum(csv_time_base), time_base, "", file, , , "file: times as they stand; run: the first row is now") \
	P(enum(csv_pace), pace, "", recording, , , "recording: by the rows' times; full: as fast as it goes") \
	P(f64, gap_max, "s", 5, 0, 86400, "a longer pause in a recording is left out") \
	P(u32, repeat, "1", 1, 0, , "how often the file is given; 0: for ever") \
	P(text(4), separator, "", ",", , , "between cells: one character, or tab") \
	P(bool, wait, "", false, , , "wait for a file that is not there yet")
TAKT_INTERFACE(csv_source, SOURCE_PORTS, SOURCE_PARAMS)

struct pace {
	bool begun;
	uint64_t begin_row_ns;		/* a stretch without a jump began at this time of the file… */
	uint64_t begin_ns;		/* …and now */
	uint64_t last_row_ns;
};

struct source {
	struct csv_rows rows;
	struct csv_columns columns;
	struct csv_header header;	/* cells NULL: not read yet */
	int fd;				/* -1: not open */
	bool fifo;
	bool reopen;			/* the FIFO's writer has gone */
	bool ended;
	bool refused;			/* the header is wrong */
	char *bytes;			/* BYTES */
	size_t at;
	size_t end;
	bool pending;			/* a row waits for due_ns */
	bool has_time;
	uint64_t time_ns;		/* of the row, as it goes out */
	uint64_t due_ns;
	uint64_t retry_ns;
	struct pace pace;
	uint32_t rounds;		/* of the file that are over */
	uint64_t shift_ns;		/* added to the file's times, from the second round on, modulo 2^64 */
	uint64_t first_ns;		/* time of the first row, as it goes out */
	uint64_t step_ns;		/* between the last two */
	uint64_t given;
	uint64_t bad;
	uint64_t backward;		/* rows whose time is before that of the row before */
};

static const struct takt_params_csv_source *params_of(const struct takt_ctx *ctx)
{
	return TAKT_PARAMS(ctx, csv_source);
}

static const char *source_check(const void *params, const struct takt_type *const *types, char *text,
				size_t text_bytes)
{
	const struct takt_params_csv_source *p = params;
	const struct csv_judged judged = {
		.path = p->path, .separator = p->separator, .type = types[0],
		.options = { p->columns, p->time, (enum csv_time_unit)p->time_unit },
		.is_timed = p->pace == CSV_PACE_RECORDING,
	};

	return csv_source_judge(&judged, text, text_bytes);
}

/* --- opening --------------------------------------------------------------------------------- */

static int open_file(struct takt_ctx *ctx, struct source *s)
{
	const int fd = open(params_of(ctx)->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;

	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &status) < 0 || !(S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode))) {
		close(fd);
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	}
	if (S_ISFIFO(status.st_mode) && takt_is_virtual(ctx)) {
		close(fd);
		return -EOPNOTSUPP;
	}
	s->fifo = S_ISFIFO(status.st_mode);
	if (s->fd >= 0) {
		close(s->fd);	/* not before: what the next writer of a FIFO has written stays */
	}
	s->fd = fd;
	return 0;
}

static const char *open_error(int rc)
{
	return rc == -EINVAL ? "neither a file nor a FIFO" :
	       rc == -EOPNOTSUPP ? "a FIFO has no virtual time; give a file" : strerror(-rc);
}

/* What a new writer of the FIFO, or a new round, begins with. */
static void restart(struct source *s)
{
	csv_rows_restart(&s->rows);
	csv_header_free(&s->header);
	s->at = 0;
	s->end = 0;
}

/* --- rows ------------------------------------------------------------------------------------ */

static void bad_row(struct takt_ctx *ctx, struct source *s, const char *what, uint32_t cell)
{
	s->bad++;
	if (cell < s->rows.count) {
		takt_warning_rate(ctx, 1, "line %llu, column %u: `%.60s` %s: row skipped, %llu so far",
				  (unsigned long long)s->rows.line, cell + 1, csv_cell(&s->rows, cell), what,
				  (unsigned long long)s->bad);
	} else {
		takt_warning_rate(ctx, 1, "line %llu %s: row skipped, %llu so far",
				  (unsigned long long)s->rows.line, what, (unsigned long long)s->bad);
	}
}

/* The row is the header. Returns 0 or -errno, said. */
static int header_take(struct takt_ctx *ctx, struct source *s)
{
	const struct takt_params_csv_source *params = params_of(ctx);
	const struct csv_header_options options = { params->columns, params->time,
						    (enum csv_time_unit)params->time_unit };
	char why[256];
	const int rc = csv_header_match(&s->rows, &s->columns, &options, &s->header, why, sizeof(why));

	if (rc < 0) {
		takt_error(ctx, "%s, line %llu: %s", params->path, (unsigned long long)s->rows.line, why);
		return rc;
	}
	if (s->header.time_cell == CSV_NO_CELL && params->pace == CSV_PACE_RECORDING) {
		takt_error(ctx, "%s has no time column: name it by `time`, or give `pace: full`",
			   params->path);
		csv_header_free(&s->header);
		return -EINVAL;
	}
	return 0;
}

/* Read on. False: nothing for now, or no more. */
static bool bytes_read(struct takt_ctx *ctx, struct source *s)
{
	struct pollfd ready = { .fd = s->fd, .events = POLLIN };
	ssize_t got;

	if (s->fifo && poll(&ready, 1, WAIT_MS) <= 0) {
		return false;
	}
	got = read(s->fd, s->bytes, BYTES);
	if (got > 0) {
		s->at = 0;
		s->end = (size_t)got;
		return true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return false;
	}
	if (got < 0) {
		takt_error(ctx, "cannot read %s: %s", params_of(ctx)->path, strerror(errno));
	}
	s->ended = got < 0 || !s->fifo;
	s->reopen = s->fifo;
	return false;
}

/* What the next bytes say. */
static enum csv_event next_event(struct takt_ctx *ctx, struct source *s)
{
	enum csv_event event;
	size_t used;

	while (s->at < s->end || bytes_read(ctx, s)) {
		event = csv_push(&s->rows, s->bytes + s->at, s->end - s->at, &used);
		s->at += used;
		if (event != CSV_MORE) {
			return event;
		}
	}
	return s->ended || s->reopen ? csv_end(&s->rows) : CSV_MORE;
}

/* Read up to the header. Returns 1 when it is there, 0: not yet, or -errno, said. */
static int header_read(struct takt_ctx *ctx, struct source *s)
{
	enum csv_event event = next_event(ctx, s);
	int rc;

	if (event == CSV_MORE) {
		if (s->ended) {
			takt_error(ctx, "%s is empty; its first line should name the columns",
				   params_of(ctx)->path);
		}
		return s->ended ? -ENODATA : 0;
	}
	if (event == CSV_DAMAGED) {
		takt_error(ctx, "%s, line %llu: the line of names %s", params_of(ctx)->path,
			   (unsigned long long)s->rows.line, s->rows.damage);
		return -EINVAL;
	}
	rc = header_take(ctx, s);
	return rc < 0 ? rc : 1;
}

/* --- time ------------------------------------------------------------------------------------ */

/* When the row of @row_ns is due: as much later than the first one as it was then. */
static uint64_t due_of(struct takt_ctx *ctx, struct source *s, uint64_t row_ns)
{
	struct pace *pace = &s->pace;
	const struct takt_params_csv_source *params = params_of(ctx);

	if (params->pace != CSV_PACE_RECORDING) {
		return 0;
	}
	if (!pace->begun || row_ns < pace->last_row_ns ||
	    (double)(row_ns - pace->last_row_ns) > params->gap_max * 1e9) {
		pace->begun = true;
		pace->begin_row_ns = row_ns;
		pace->begin_ns = takt_clock_ns(ctx);
	}
	pace->last_row_ns = row_ns;
	return pace->begin_ns + (row_ns - pace->begin_row_ns);
}

/* The row's time, and when it is due. False: it is bad, and that is said. */
static bool time_take(struct takt_ctx *ctx, struct source *s)
{
	const uint32_t cell = s->header.time_cell;
	uint64_t row_ns, before_ns = s->time_ns;

	s->due_ns = 0;
	s->has_time = cell < s->rows.count && csv_cell(&s->rows, cell)[0];
	if (!s->has_time) {
		return true;	/* that cells are missing is said with the others */
	}
	if (!csv_time_parse(csv_cell(&s->rows, cell), s->header.time_digits, &row_ns)) {
		bad_row(ctx, s, "is no time from 0 on", cell);
		return false;
	}
	if (s->given == 0) {
		s->shift_ns = params_of(ctx)->time_base == BASE_RUN ? takt_clock_ns(ctx) - row_ns : 0;
		s->first_ns = row_ns + s->shift_ns;
	}
	s->time_ns = row_ns + s->shift_ns;
	if (s->given > 0 && s->time_ns < before_ns) {
		s->backward++;
		takt_warning_rate(ctx, 1, "line %llu, column %u: time goes back by %.9g s from the row before; "
				  "given at once, %llu such rows so far", (unsigned long long)s->rows.line,
				  cell + 1, (double)(before_ns - s->time_ns) * 1e-9,
				  (unsigned long long)s->backward);
	}
	s->step_ns = s->given > 0 && s->time_ns > before_ns ? s->time_ns - before_ns : s->step_ns;
	s->due_ns = due_of(ctx, s, s->time_ns);
	return true;
}

/* Begin the file again. Its times go on where they were, a step later. False: that was
 * the last round. */
static bool round_next(struct takt_ctx *ctx, struct source *s)
{
	const uint32_t repeat = params_of(ctx)->repeat;

	s->rounds++;
	if ((repeat > 0 && s->rounds >= repeat) || s->given == 0 || lseek(s->fd, 0, SEEK_SET) < 0) {
		return false;
	}
	s->shift_ns += s->time_ns + s->step_ns - s->first_ns;
	s->first_ns = s->time_ns + s->step_ns;
	s->ended = false;
	restart(s);
	return true;
}

/* --- the task -------------------------------------------------------------------------------- */

static void fini(struct source *s)
{
	if (s->fd >= 0) {
		close(s->fd);
	}
	s->fd = -1;
	free(s->bytes);
	s->bytes = NULL;
	csv_header_free(&s->header);
	csv_columns_free(&s->columns);
	csv_rows_fini(&s->rows);
}

static int make(struct takt_ctx *ctx, struct source *s)
{
	const struct takt_params_csv_source *params = params_of(ctx);
	const struct takt_type *type = takt_out_type(ctx, TAKT_OUT_INDEX(csv_source, row));
	int rc;

	rc = csv_columns_make(type, &s->columns);
	if (rc == -E2BIG) {
		takt_error(ctx, "a %s has more than %u numbers: too many for a row", type->name, CSV_CELLS_MAX);
		return rc;
	}
	rc = rc < 0 ? rc : csv_rows_init(&s->rows, csv_separator(params->separator));
	s->bytes = malloc(BYTES);
	return rc < 0 || !s->bytes ? -ENOMEM : 0;
}

static int source_new(struct takt_ctx *ctx)
{
	struct source *s = TAKT_STATE(ctx, struct source);
	const struct takt_params_csv_source *params = params_of(ctx);
	int rc;

	s->fd = -1;
	rc = make(ctx, s);
	if (rc == 0) {
		rc = open_file(ctx, s);
		if (rc == -ENOENT && params->wait && !takt_is_virtual(ctx)) {
			takt_info(ctx, "waiting for %s", params->path);
			return 0;
		}
		if (rc < 0) {
			takt_error(ctx, "cannot read %s: %s", params->path, open_error(rc));
		}
	}
	if (rc == 0 && !s->fifo) {
		rc = header_read(ctx, s);
	}
	if (rc < 0) {
		fini(s);
		return rc;
	}
	takt_out_keep_all(ctx, true);
	return 0;
}

/* Have the file open and its header read. True when there are rows to read. */
static bool is_ready(struct takt_ctx *ctx, struct source *s, int *ret_rc)
{
	int rc = 0;

	if (s->fd < 0 || s->reopen) {
		if (!takt_wait_until(ctx, s->retry_ns)) {
			return false;
		}
		rc = open_file(ctx, s);
		s->retry_ns = takt_clock_ns(ctx) + RETRY_NS;
		if (rc == -ENOENT) {
			return false;
		}
		if (rc < 0) {
			takt_error(ctx, "cannot read %s: %s", params_of(ctx)->path, open_error(rc));
		} else {
			s->reopen = false;
			restart(s);
		}
	}
	if (rc == 0 && !s->header.cells) {
		rc = header_read(ctx, s);
		rc = rc > 0 ? 0 : rc < 0 ? rc : -EAGAIN;
	}
	s->refused = rc < 0 && rc != -EAGAIN;
	*ret_rc = s->refused ? rc : 0;
	return rc == 0;
}

/* Make sure that a row waits. False: there is none for now, or no more. */
static bool row_find(struct takt_ctx *ctx, struct source *s)
{
	for (uint32_t i = 0; i < ROWS_A_CALL && !s->pending; i++) {
		const enum csv_event event = next_event(ctx, s);

		if (event == CSV_DAMAGED) {
			bad_row(ctx, s, s->rows.damage, s->rows.count);
		} else if (event == CSV_ROW) {
			s->pending = time_take(ctx, s);
		} else if (!s->ended || !round_next(ctx, s) || header_read(ctx, s) <= 0) {
			return false;
		}
	}
	return s->pending;
}

static void row_give(struct takt_ctx *ctx, struct source *s)
{
	const uint32_t row = TAKT_OUT_INDEX(csv_source, row);
	void *message = TAKT_OUT(ctx, csv_source, row);
	const struct takt_tov none = { TAKT_TOV_NONE, 0, 0, 0 };
	uint32_t cell;
	const char *what;

	memset(message, 0, takt_out_type(ctx, row)->bytes);	/* also a list at its end */
	what = csv_row_parse(&s->rows, &s->columns, &s->header, message, &cell);
	s->pending = false;
	if (what) {
		takt_out_cancel(ctx, row);
		bad_row(ctx, s, what, cell);
		return;
	}
	s->given++;
	if (s->has_time) {
		takt_out_instant(ctx, row, s->time_ns);
	} else if (s->header.time_cell != CSV_NO_CELL) {
		ctx->host->tov(ctx, row, none);
	}
}

static int source_process(struct takt_ctx *ctx)
{
	struct source *s = TAKT_STATE(ctx, struct source);
	int rc = 0;

	if (s->refused) {
		return TAKT_DONE;
	}
	if (!s->pending && !s->ended && !is_ready(ctx, s, &rc)) {
		return rc;
	}
	if (!row_find(ctx, s)) {
		return s->ended ? TAKT_DONE : 0;
	}
	if (s->pending && (s->due_ns == 0 || takt_wait_until(ctx, s->due_ns))) {
		row_give(ctx, s);
	}
	return 0;
}

static int source_stop(struct takt_ctx *ctx)
{
	struct source *s = TAKT_STATE(ctx, struct source);

	takt_info(ctx, "%s: %llu rows given, %llu bad ones skipped", params_of(ctx)->path,
		  (unsigned long long)s->given, (unsigned long long)s->bad);
	fini(s);
	return 0;
}

TAKT_TASK(csv_source, TAKT_SOURCE, struct source,
	  "gives the rows of a CSV file as messages", TAKT_WAITS_VIRTUAL,
	  TAKT_CHECK_PORTS(source_check), TAKT_NEW(source_new), TAKT_PROCESS(source_process),
	  TAKT_STOP(source_stop))
