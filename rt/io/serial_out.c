/* SPDX-License-Identifier: Apache-2.0 */
/* serial_lines_out and serial_frames_out: messages to a serial device.
 *
 * A message is encoded once and written as the device takes it. One that was begun is finished
 * before the next; while the device is away, messages are left out and counted: it gets what is
 * new when it comes back. */
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

#define STUCK_NS 1000000000u		/* so long it takes nothing before that is told */
#define OUT_BYTES (2 * TAKT_SERIAL_FRAME_BYTES + 3)	/* framing_encoded_max */

#define LINE_ENDING(V) V(ENDING_LF, 0, "lf") V(ENDING_CRLF, 1, "crlf") V(ENDING_CR, 2, "cr")
TAKT_ENUM(serial_ending, "what ends a line", LINE_ENDING)

#define LINES_OUT_PORTS(IN, OUT) IN(line, serial_line, "only the text is read")
#define LINES_OUT_PARAMS(P) \
	SERIAL_PORT_PARAMS(P) \
	P(enum(serial_ending), ending, "", lf, , , "what ends a line")
TAKT_INTERFACE(serial_lines_out, LINES_OUT_PORTS, LINES_OUT_PARAMS)

#define FRAMES_OUT_PORTS(IN, OUT) IN(frame, serial_frame, "what is framed and sent")
#define FRAMES_OUT_PARAMS(P) SERIAL_PORT_PARAMS(P) SERIAL_FRAMING_PARAMS(P)
TAKT_INTERFACE(serial_frames_out, FRAMES_OUT_PORTS, FRAMES_OUT_PARAMS)

struct writer {
	struct link link;
	struct serial_settings settings;
	const char *path;
	uint8_t bytes[OUT_BYTES];
	size_t at;			/* of what is not yet written */
	size_t end;			/* 0: no message is begun */
	uint64_t sent;
	uint64_t left_out;
	uint64_t stuck_ns;		/* since when the device takes nothing; 0: it takes */
	bool stuck_told;
};

static int writer_open(void *task, const char **ret_what)
{
	struct writer *w = task;

	return serial_port_open(w->path, O_WRONLY, &w->settings, ret_what);
}

static void leave_out(struct takt_ctx *ctx, struct writer *w, const char *why)
{
	w->left_out++;
	w->end = 0;
	takt_warning_rate(ctx, LINK_TELL_HZ, "%s: a message is left out, %s; %llu so far", w->path,
			  why, (unsigned long long)w->left_out);
}

/* Also without a message: a device that hung up is noticed, and opened when it is there again. */
static bool writer_is_up(struct takt_ctx *ctx, struct writer *w)
{
	if (link_poll(&w->link, 0) & (POLLHUP | POLLERR | POLLNVAL)) {
		link_lost(ctx, &w->link, 0);
	}
	return link_is_up(ctx, &w->link, writer_open, w);
}

static void tell_stuck(struct takt_ctx *ctx, struct writer *w)
{
	if (w->stuck_ns == 0) {
		w->stuck_ns = ctx->now_ns;
	} else if (!w->stuck_told && ctx->now_ns - w->stuck_ns > STUCK_NS) {
		takt_warning(ctx, "%s takes nothing for 1 s; what comes meanwhile is queued, then "
			     "dropped", w->path);
		w->stuck_told = true;
	}
}

static void tell_taken(struct takt_ctx *ctx, struct writer *w)
{
	if (w->stuck_told) {
		takt_info(ctx, "%s takes again after %.1f s", w->path,
			  (double)(ctx->now_ns - w->stuck_ns) * 1e-9);
	}
	w->stuck_ns = 0;
	w->stuck_told = false;
}

/* Write what is left of the message. Returns 0, or TAKT_AGAIN when the device takes no more for
 * now. */
static int writer_write(struct takt_ctx *ctx, struct writer *w)
{
	ssize_t put;

	if (!(link_wait(ctx, &w->link, POLLOUT) & POLLOUT)) {
		tell_stuck(ctx, w);
		return TAKT_AGAIN;
	}
	put = write(w->link.fd, w->bytes + w->at, w->end - w->at);
	if (put < 0 && !link_error_passes(errno)) {
		link_lost(ctx, &w->link, errno);
		leave_out(ctx, w, "the device was lost");
		return 0;
	}
	if (put > 0) {
		tell_taken(ctx, w);
		w->at += (size_t)put;
	}
	if (w->at < w->end) {
		return TAKT_AGAIN;
	}
	w->end = 0;
	w->sent++;
	return 0;
}

/* The next message is @bytes at w->bytes; 0: it cannot be said. */
static void writer_begin(struct takt_ctx *ctx, struct writer *w, size_t bytes)
{
	w->at = 0;
	w->end = bytes;
	if (bytes == 0) {
		leave_out(ctx, w, "the delimiter is in it");
	}
}

static int writer_new(struct takt_ctx *ctx, const char *path, double retry_s)
{
	struct writer *w = TAKT_STATE(ctx, struct writer);

	w->path = path;
	link_init(&w->link, path, retry_s, 0);
	link_is_up(ctx, &w->link, writer_open, w);
	return 0;
}

static int writer_stop(struct takt_ctx *ctx)
{
	struct writer *w = TAKT_STATE(ctx, struct writer);

	takt_info(ctx, "%s: %llu sent, %llu left out, lost %llu times", w->path,
		  (unsigned long long)w->sent, (unsigned long long)w->left_out,
		  (unsigned long long)w->link.losses);
	link_close(&w->link);
	return 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

static int lines_new(struct takt_ctx *ctx)
{
	const struct takt_params_serial_lines_out *params = TAKT_PARAMS(ctx, serial_lines_out);
	const struct serial_settings settings = SERIAL_SETTINGS_OF(params);

	TAKT_STATE(ctx, struct writer)->settings = settings;
	return writer_new(ctx, params->path, params->retry);
}

static size_t put_line(struct writer *w, const struct serial_line *line, enum serial_ending ending)
{
	static const char *const endings[] = { "\n", "\r\n", "\r" };
	const size_t length = strnlen(line->text, sizeof(line->text));

	memcpy(w->bytes, line->text, length);
	memcpy(w->bytes + length, endings[ending], strlen(endings[ending]));
	return length + strlen(endings[ending]);
}

static int lines_process(struct takt_ctx *ctx)
{
	const struct serial_line *line = TAKT_IN(ctx, serial_lines_out, line);
	struct writer *w = TAKT_STATE(ctx, struct writer);
	const bool up = writer_is_up(ctx, w);

	if (line && !up) {
		leave_out(ctx, w, "the device is not there");
	} else if (line && w->end == 0) {
		writer_begin(ctx, w, put_line(w, line, TAKT_PARAMS(ctx, serial_lines_out)->ending));
	}
	return w->end > 0 ? writer_write(ctx, w) : 0;
}

static const char *lines_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_serial_lines_out *p = params;

	return serial_port_judge(p->path, text, text_bytes);
}

TAKT_TASK(serial_lines_out, TAKT_SINK, struct writer, "writes lines of text to a serial device",
	  TAKT_NEW(lines_new), TAKT_PROCESS(lines_process), TAKT_STOP(writer_stop),
	  TAKT_CHECK_PARAMS(lines_check), TAKT_WAITS)

/* --- frames ----------------------------------------------------------------------------------- */

static int frames_new(struct takt_ctx *ctx)
{
	const struct takt_params_serial_frames_out *params = TAKT_PARAMS(ctx, serial_frames_out);
	const struct serial_settings settings = SERIAL_SETTINGS_OF(params);

	TAKT_STATE(ctx, struct writer)->settings = settings;
	return writer_new(ctx, params->path, params->retry);
}

static int frames_process(struct takt_ctx *ctx)
{
	const struct takt_params_serial_frames_out *params = TAKT_PARAMS(ctx, serial_frames_out);
	const struct serial_frame *frame = TAKT_IN(ctx, serial_frames_out, frame);
	struct writer *w = TAKT_STATE(ctx, struct writer);
	const bool up = writer_is_up(ctx, w);

	if (frame && !up) {
		leave_out(ctx, w, "the device is not there");
	} else if (frame && w->end == 0) {
		writer_begin(ctx, w, framing_encode((enum framing_kind)params->framing,
						    params->delimiter, frame->bytes.at,
						    frame->bytes.count, w->bytes));
	}
	return w->end > 0 ? writer_write(ctx, w) : 0;
}

static const char *frames_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_serial_frames_out *p = params;

	return serial_port_judge(p->path, text, text_bytes);
}

TAKT_TASK(serial_frames_out, TAKT_SINK, struct writer, "writes frames of bytes to a serial device",
	  TAKT_NEW(frames_new), TAKT_PROCESS(frames_process), TAKT_STOP(writer_stop),
	  TAKT_CHECK_PARAMS(frames_check), TAKT_WAITS)
