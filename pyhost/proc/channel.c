/* SPDX-License-Identifier: Apache-2.0 */
#include "pyhost/proc/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt/clock/clock.h"

#define LEVEL_MARK '\x1e'		/* before a line, with a digit: its level. Else: info */
#define READS_MAX 16u			/* of lines, at once */

int takt_channel_init(struct takt_channel *channel, uint64_t request_bytes, uint64_t answer_bytes)
{
	channel->out = malloc(request_bytes);
	channel->in.bytes = malloc(answer_bytes);
	channel->out_room = request_bytes;
	channel->in.room = answer_bytes;
	return channel->out && channel->in.bytes ? 0 : -ENOMEM;
}

void takt_channel_fini(struct takt_channel *channel)
{
	free(channel->out);
	free(channel->in.bytes);
	channel->out = NULL;
	channel->in.bytes = NULL;
}

void takt_channel_reset(struct takt_channel *channel)
{
	channel->out_bytes = 0;
	channel->out_at = 0;
	channel->in.have = 0;
	channel->in.drain = 0;
	channel->in.has_dropped = false;
	channel->line_bytes = 0;
}

void takt_channel_send(struct takt_channel *channel, size_t bytes)
{
	channel->out_bytes = bytes;
	channel->out_at = 0;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* How many of @bytes at @text make a record: no more than one holds, and no part of a character. */
static uint32_t piece(const char *text, size_t bytes)
{
	uint32_t n = TAKT_TEXT_STRING_BYTES;

	if (bytes <= n) {
		return (uint32_t)bytes;
	}
	while (n > TAKT_TEXT_STRING_BYTES - 4 && ((unsigned char)text[n] & 0xc0) == 0x80) {
		n--;
	}
	return n;
}

static void put_line(const struct takt_channel *channel, const char *text, size_t bytes)
{
	const uint64_t now_ns = takt_clock_mono_ns();
	enum takt_level level = TAKT_INFO;

	if (bytes >= 2 && text[0] == LEVEL_MARK && text[1] >= '0' &&
	    text[1] <= '0' + TAKT_CRITICAL) {
		level = (enum takt_level)(text[1] - '0');
		text += 2;
		bytes -= 2;
	}
	do {
		const uint32_t n = piece(text, bytes);

		if (n > 0) {
			takt_pyhost_events_line(channel->events, now_ns, level, text, n);
			atomic_fetch_add_explicit(channel->texts, 1, memory_order_relaxed);
		}
		text += n;
		bytes -= n;
	} while (bytes > 0);
}

static void cut_lines(struct takt_channel *channel)
{
	size_t begin = 0;

	for (;;) {
		const char *from = channel->line + begin;
		const char *end = memchr(from, '\n', channel->line_bytes - begin);

		if (!end) {
			break;
		}
		put_line(channel, from, (size_t)(end - from));
		begin += (size_t)(end - from) + 1;
	}
	if (begin == 0 && channel->line_bytes == sizeof(channel->line)) {
		put_line(channel, channel->line, channel->line_bytes);
		begin = channel->line_bytes;
	}
	memmove(channel->line, channel->line + begin, channel->line_bytes - begin);
	channel->line_bytes -= begin;
}

void takt_channel_take_lines(struct takt_channel *channel, bool all)
{
	for (uint32_t i = 0; i < READS_MAX && channel->child->log_fd >= 0; i++) {
		const ssize_t n = read(channel->child->log_fd, channel->line + channel->line_bytes,
				       sizeof(channel->line) - channel->line_bytes);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			if (n == 0) {	/* nobody holds the other end any more */
				close(channel->child->log_fd);
				channel->child->log_fd = -1;
			}
			break;
		}
		channel->line_bytes += (size_t)n;
		cut_lines(channel);
	}
	if (all && channel->line_bytes > 0) {
		put_line(channel, channel->line, channel->line_bytes);
		channel->line_bytes = 0;
	}
}

/* --- frames ---------------------------------------------------------------------------------- */

static bool has_frame(const struct takt_channel *channel)
{
	const void *frame;
	size_t bytes;

	return takt_frame_intake_find(&channel->in, &frame, &bytes);
}

static int push(struct takt_channel *channel)
{
	while (channel->out_at < channel->out_bytes) {
		const ssize_t n = write(channel->child->to_fd, channel->out + channel->out_at,
					channel->out_bytes - channel->out_at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return errno == EAGAIN ? 0 : -errno;
		}
		channel->out_at += (size_t)n;
	}
	return 0;
}

/* Read what is there, up to a whole frame. */
static int pull(struct takt_channel *channel)
{
	while (!has_frame(channel)) {
		size_t room;
		void *to = takt_frame_intake_place(&channel->in, &room);
		const ssize_t n = read(channel->child->from_fd, to, room);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return errno == EAGAIN ? 0 : -errno;
		}
		if (n == 0) {
			return -EPIPE;
		}
		takt_frame_intake_add(&channel->in, (size_t)n);
		if ((size_t)n < room) {
			break;		/* a read more would find nothing */
		}
	}
	return 0;
}

static int wait_for_news(const struct takt_channel *channel, uint64_t until_ns, uint64_t now_ns,
			 bool *ret_lines)
{
	struct pollfd fds[] = {
		{ .fd = channel->child->from_fd, .events = POLLIN },
		{ .fd = channel->child->log_fd, .events = POLLIN },
		{ .fd = channel->out_at < channel->out_bytes ? channel->child->to_fd : -1,
		.events = POLLOUT },
	};
	const uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	const struct timespec span = { .tv_sec = (time_t)(wait_ns / TAKT_NS_PER_S),
				       .tv_nsec = (long)(wait_ns % TAKT_NS_PER_S) };

	if (ppoll(fds, 3, &span, NULL) < 0) {
		return errno == EINTR ? 0 : -errno;
	}
	*ret_lines = fds[1].revents != 0;
	return fds[0].revents != 0 || fds[2].revents != 0;
}

int takt_channel_wait(struct takt_channel *channel, uint64_t until_ns)
{
	bool lines = false;
	int r = push(channel);

	while (r == 0 && !has_frame(channel) && !channel->in.has_dropped) {
		const uint64_t now_ns = takt_clock_mono_ns();

		r = wait_for_news(channel, until_ns, now_ns, &lines);
		if (r < 0) {
			break;
		}
		if (lines) {
			takt_channel_take_lines(channel, false);
		}
		if (r > 0) {
			r = push(channel);
			r = r < 0 ? r : pull(channel);
		} else if (takt_clock_mono_ns() >= until_ns) {
			return 0;
		}
	}
	return r < 0 ? r : 1;
}
