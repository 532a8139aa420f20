/* SPDX-License-Identifier: Apache-2.0 */
/* serial_lines and serial_frames: what a serial device says, a message for each line or frame.
 *
 * A call reads READ_BYTES at most, and gives one message at most; what is left waits for the
 * next call. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <takt/io/serial.h>
#include <takt/task.h>

#include "rt/io/framing.h"
#include "rt/io/link.h"
#include "rt/io/serial_framing.h"
#include "rt/io/serial_port.h"

#define READ_BYTES 1024u

#define LINES_PORTS(IN, OUT) OUT(line, serial_line, "each line that is not empty, in order")
#define LINES_PARAMS(P) SERIAL_PORT_PARAMS(P) LINK_TIMEOUT_PARAM(P)
TAKT_INTERFACE(serial_lines, LINES_PORTS, LINES_PARAMS)

#define FRAMES_PORTS(IN, OUT) \
	OUT(frame, serial_frame, "each frame that is whole and not empty, in order")
#define FRAMES_PARAMS(P) SERIAL_PORT_PARAMS(P) LINK_TIMEOUT_PARAM(P) SERIAL_FRAMING_PARAMS(P)
TAKT_INTERFACE(serial_frames, FRAMES_PORTS, FRAMES_PARAMS)

struct reader {
	struct link link;
	struct serial_settings settings;
	const char *path;
	struct framing framing;
	uint8_t frame[TAKT_SERIAL_FRAME_BYTES];
	uint8_t bytes[READ_BYTES];
	size_t at;			/* of what is read and not yet parsed */
	size_t end;
	uint64_t total_bytes;
	uint64_t given;
	uint64_t cut;
	uint64_t damaged;
};

static int reader_open(void *task, const char **ret_what)
{
	struct reader *r = task;

	return serial_port_open(r->path, O_RDONLY, &r->settings, ret_what);
}

static void reader_lost(struct takt_ctx *ctx, struct reader *r, int error)
{
	link_lost(ctx, &r->link, error);
	framing_reset(&r->framing);	/* the rest of what has begun will not come */
}

/* More bytes, if there are any; waits for them. */
static void reader_fill(struct takt_ctx *ctx, struct reader *r)
{
	const bool up = link_is_up(ctx, &r->link, reader_open, r);
	const short events = link_wait(ctx, &r->link, POLLIN);
	ssize_t got;

	if (!up || !events) {
		link_quiet(ctx, &r->link);
		return;
	}
	got = read(r->link.fd, r->bytes, sizeof(r->bytes));
	if (got > 0) {
		r->at = 0;
		r->end = (size_t)got;
		r->total_bytes += (size_t)got;
		link_heard(ctx, &r->link);
	} else if (got == 0 || !link_error_passes(errno)) {
		reader_lost(ctx, r, got < 0 ? errno : 0);
	}
}

/* The next frame, or FRAMING_MORE when there is none yet. */
static enum framing_event reader_next(struct takt_ctx *ctx, struct reader *r)
{
	enum framing_event event;
	size_t used = 0;

	if (r->at == r->end) {
		reader_fill(ctx, r);
	}
	if (r->at == r->end) {
		return FRAMING_MORE;
	}
	event = framing_push(&r->framing, r->bytes + r->at, r->end - r->at, &used);
	r->at += used;
	return event;
}

static int reader_new(struct takt_ctx *ctx, const char *path, double retry_s, double timeout_s)
{
	struct reader *r = TAKT_STATE(ctx, struct reader);

	r->path = path;
	link_init(&r->link, path, retry_s, timeout_s);
	link_is_up(ctx, &r->link, reader_open, r);
	return 0;
}

static int reader_stop(struct takt_ctx *ctx)
{
	struct reader *r = TAKT_STATE(ctx, struct reader);

	takt_info(ctx, "%s: %llu bytes, %llu given, %llu too long, %llu damaged, lost %llu times",
		  r->path, (unsigned long long)r->total_bytes, (unsigned long long)r->given,
		  (unsigned long long)r->cut, (unsigned long long)r->damaged,
		  (unsigned long long)r->link.losses);
	link_close(&r->link);
	return 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

static int lines_new(struct takt_ctx *ctx)
{
	const struct takt_params_serial_lines *params = TAKT_PARAMS(ctx, serial_lines);
	const struct serial_settings settings = SERIAL_SETTINGS_OF(params);
	struct reader *r = TAKT_STATE(ctx, struct reader);

	r->settings = settings;
	framing_init(&r->framing, FRAMING_DELIMITER, '\n', r->frame, sizeof(r->frame));
	return reader_new(ctx, params->path, params->retry, params->timeout);
}

/* A text ends at its first NUL: one inside the line becomes a `?`. */
static void give_line(struct takt_ctx *ctx, struct reader *r)
{
	const bool whole = r->framing.length == r->framing.used;
	const uint32_t end = whole && r->frame[r->framing.used - 1] == '\r' ? 1 : 0;
	const uint32_t length = r->framing.length - end;
	const uint32_t kept = length < TAKT_SERIAL_LINE_BYTES ? length : TAKT_SERIAL_LINE_BYTES - 1;
	struct serial_line *line;

	if (length == 0) {
		return;
	}
	line = TAKT_OUT(ctx, serial_lines, line);
	line->bytes = length;
	for (uint32_t i = 0; i < kept; i++) {
		line->text[i] = r->frame[i] ? (char)r->frame[i] : '?';
	}
	r->given++;
	if (kept < length) {
		r->cut++;
		takt_warning_rate(ctx, LINK_TELL_HZ,
				  "%s: a line of %u bytes is cut to %u, %llu so far", r->path,
				  length, kept, (unsigned long long)r->cut);
	}
}

static int lines_process(struct takt_ctx *ctx)
{
	struct reader *r = TAKT_STATE(ctx, struct reader);

	switch (reader_next(ctx, r)) {
	case FRAMING_FRAME:
	case FRAMING_CUT:
		give_line(ctx, r);
		break;
	case FRAMING_DAMAGED:
	case FRAMING_MORE:
		break;
	}
	return 0;
}

static const char *lines_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_serial_lines *p = params;

	return serial_port_judge(p->path, text, text_bytes);
}

TAKT_TASK(serial_lines, TAKT_SOURCE, struct reader, "reads lines of text from a serial device",
	  TAKT_NEW(lines_new), TAKT_PROCESS(lines_process), TAKT_STOP(reader_stop),
	  TAKT_CHECK_PARAMS(lines_check), TAKT_WAITS)

/* --- frames ----------------------------------------------------------------------------------- */

static int frames_new(struct takt_ctx *ctx)
{
	const struct takt_params_serial_frames *params = TAKT_PARAMS(ctx, serial_frames);
	const struct serial_settings settings = SERIAL_SETTINGS_OF(params);
	struct reader *r = TAKT_STATE(ctx, struct reader);

	r->settings = settings;
	framing_init(&r->framing, (enum framing_kind)params->framing, params->delimiter, r->frame,
		     sizeof(r->frame));
	return reader_new(ctx, params->path, params->retry, params->timeout);
}

static void give_frame(struct takt_ctx *ctx, struct reader *r)
{
	struct serial_frame *frame = TAKT_OUT(ctx, serial_frames, frame);

	frame->bytes.count = r->framing.used;
	memcpy(frame->bytes.at, r->frame, r->framing.used);
	r->given++;
}

static int frames_process(struct takt_ctx *ctx)
{
	struct reader *r = TAKT_STATE(ctx, struct reader);

	switch (reader_next(ctx, r)) {
	case FRAMING_FRAME:
		give_frame(ctx, r);
		break;
	case FRAMING_CUT:
		r->cut++;
		takt_warning_rate(ctx, LINK_TELL_HZ,
				  "%s: a frame of %u bytes is left out, %u fit; %llu so far",
				  r->path, r->framing.length, TAKT_SERIAL_FRAME_BYTES,
				  (unsigned long long)r->cut);
		break;
	case FRAMING_DAMAGED:
		r->damaged++;
		takt_warning_rate(ctx, LINK_TELL_HZ,
				  "%s: a frame is damaged and left out; %llu so far", r->path,
				  (unsigned long long)r->damaged);
		break;
	case FRAMING_MORE:
		break;
	}
	return 0;
}

static const char *frames_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_serial_frames *p = params;

	return serial_port_judge(p->path, text, text_bytes);
}

TAKT_TASK(serial_frames, TAKT_SOURCE, struct reader, "reads frames of bytes from a serial device",
	  TAKT_NEW(frames_new), TAKT_PROCESS(frames_process), TAKT_STOP(reader_stop),
	  TAKT_CHECK_PARAMS(frames_check), TAKT_WAITS)
