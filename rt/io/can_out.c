/* SPDX-License-Identifier: Apache-2.0 */
/* can_out: messages to a CAN bus, by SocketCAN. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <takt/task.h>

#include "rt/io/can_frame.h"
#include "rt/io/can_link.h"
#include "rt/io/link.h"

#define FULL_WAIT_NS 500000		/* a message of 8 bytes takes 0.25 ms at 500 kbit/s */

#define OUT_PORTS(IN, OUT) IN(message, can_message, "what is sent")
TAKT_INTERFACE(can_out, OUT_PORTS, CAN_LINK_PARAMS)

struct sender {
	struct link link;
	const struct takt_params_can_out *params;
	uint64_t sent;
	uint64_t left_out;
};

static int sender_open(void *task, const char **ret_what)
{
	const struct sender *s = task;
	const int fd = can_link_open(s->params->interface, ret_what);

	if (fd >= 0) {
		setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0);	/* receives nothing */
	}
	return fd;
}

static int out_new(struct takt_ctx *ctx)
{
	struct sender *s = TAKT_STATE(ctx, struct sender);

	s->params = TAKT_PARAMS(ctx, can_out);
	link_init(&s->link, s->params->interface, s->params->retry, 0);
	link_is_up(ctx, &s->link, sender_open, s);
	return 0;
}

static void leave_out(struct takt_ctx *ctx, struct sender *s, const char *why)
{
	s->left_out++;
	takt_warning_rate(ctx, LINK_TELL_HZ, "%s: a message is left out, %s; %llu so far",
			  s->link.name, why, (unsigned long long)s->left_out);
}

/* Returns 0, or TAKT_AGAIN when the bus takes no more for now. */
static int send_message(struct takt_ctx *ctx, struct sender *s, const struct can_message *message)
{
	const struct timespec pause = { .tv_nsec = FULL_WAIT_NS };
	const char *what = "";
	struct canfd_frame frame;
	const int bytes = can_frame_encode(message, &frame, &what);

	if (bytes < 0) {
		leave_out(ctx, s, what);
		return 0;
	}
	if (write(s->link.fd, &frame, (size_t)bytes) == bytes) {
		s->sent++;
		return 0;
	}
	if (link_error_passes(errno) || errno == ENOBUFS) {	/* the bus is slower than we */
		nanosleep(&pause, NULL);	/* poll knows nothing of ENOBUFS */
		return TAKT_AGAIN;
	}
	if (errno == EINVAL || errno == EMSGSIZE) {
		leave_out(ctx, s, message->fd ? "the interface has no CAN FD" : strerror(errno));
		return 0;
	}
	link_lost(ctx, &s->link, errno);
	leave_out(ctx, s, "the interface was lost");
	return 0;
}

static int out_process(struct takt_ctx *ctx)
{
	const struct can_message *message = TAKT_IN(ctx, can_out, message);
	struct sender *s = TAKT_STATE(ctx, struct sender);

	if (link_poll(&s->link, 0) & (POLLERR | POLLHUP)) {	/* it went down or away */
		link_lost(ctx, &s->link, ENETDOWN);
	}
	if (!link_is_up(ctx, &s->link, sender_open, s)) {
		if (message) {
			leave_out(ctx, s, "the interface is not there");
		}
		return 0;
	}
	return message ? send_message(ctx, s, message) : 0;
}

static int out_stop(struct takt_ctx *ctx)
{
	struct sender *s = TAKT_STATE(ctx, struct sender);

	takt_info(ctx, "%s: %llu sent, %llu left out, lost %llu times", s->link.name,
		  (unsigned long long)s->sent, (unsigned long long)s->left_out,
		  (unsigned long long)s->link.losses);
	link_close(&s->link);
	return 0;
}

TAKT_TASK(can_out, TAKT_SINK, struct sender, "sends messages on a CAN bus",
	  TAKT_NEW(out_new), TAKT_PROCESS(out_process), TAKT_STOP(out_stop), TAKT_WAITS)
