/* SPDX-License-Identifier: Apache-2.0 */
/* can_in: messages of a CAN bus, by SocketCAN. */
#include <errno.h>
#include <linux/can/error.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <takt/task.h>

#include "rt/io/can_frame.h"
#include "rt/io/can_link.h"
#include "rt/io/drops.h"
#include "rt/io/link.h"

#define IDS_MAX 16

#define IN_PORTS(IN, OUT) OUT(message, can_message, "each message, in order")
#define IN_PARAMS(P) \
	CAN_LINK_PARAMS(P) \
	P(list(u32, IDS_MAX), ids, "", (), 0, 536870911, \
	  "only these, of 11 bits up to 2047, else of 29; all where empty") \
	P(bool, errors, "", true, , , "also what the controller tells: bus off, error counters") \
	LINK_TIMEOUT_PARAM(P)
TAKT_INTERFACE(can_in, IN_PORTS, IN_PARAMS)

struct receiver {
	struct link link;
	const struct takt_params_can_in *params;
	struct drops drops;
	uint64_t messages;
	uint64_t left_out;
};

static int set_filters(int fd, const struct takt_params_can_in *params)
{
	const can_err_mask_t errors = params->errors ? CAN_ERR_MASK : 0;
	struct can_filter filters[IDS_MAX];

	if (setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof(errors)) < 0) {
		return -errno;
	}
	for (uint32_t i = 0; i < params->ids.count; i++) {
		const bool extended = params->ids.at[i] > CAN_SFF_MASK;

		filters[i].can_id = params->ids.at[i] | (extended ? CAN_EFF_FLAG : 0);
		filters[i].can_mask = CAN_EFF_FLAG | (extended ? CAN_EFF_MASK : CAN_SFF_MASK);
	}
	if (params->ids.count > 0 &&
	    setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, filters,
		       params->ids.count * (socklen_t)sizeof(filters[0])) < 0) {
		return -errno;
	}
	return 0;
}

static int receiver_open(void *task, const char **ret_what)
{
	struct receiver *r = task;
	const int fd = can_link_open(r->params->interface, ret_what);
	int result;

	if (fd < 0) {
		return fd;
	}
	*ret_what = "cannot filter";
	result = set_filters(fd, r->params);
	if (result < 0) {
		close(fd);
		return result;
	}
	r->drops.kernel = 0;
	return fd;
}

static int in_new(struct takt_ctx *ctx)
{
	struct receiver *r = TAKT_STATE(ctx, struct receiver);

	r->params = TAKT_PARAMS(ctx, can_in);
	link_init(&r->link, r->params->interface, r->params->retry, r->params->timeout);
	link_is_up(ctx, &r->link, receiver_open, r);
	return 0;
}

static void tell_error(struct takt_ctx *ctx, const struct receiver *r, uint32_t id)
{
	if (id & CAN_ERR_BUSOFF) {
		takt_warning_rate(ctx, LINK_TELL_HZ, "%s: bus off", r->link.name);
	} else if (id & CAN_ERR_RESTARTED) {
		takt_info_rate(ctx, LINK_TELL_HZ, "%s: restarted", r->link.name);
	} else {
		takt_warning_rate(ctx, LINK_TELL_HZ,
				  "%s: error of class %#x, see linux/can/error.h", r->link.name,
				  id);
	}
}

static void receive(struct takt_ctx *ctx, struct receiver *r)
{
	union drops_control control;
	struct canfd_frame frame;
	struct iovec part = { &frame, sizeof(frame) };
	struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
			       .msg_controllen = sizeof(control.bytes) };
	const ssize_t got = recvmsg(r->link.fd, &head, 0);
	struct can_message message;

	if (got < 0) {
		if (!link_error_passes(errno)) {
			link_lost(ctx, &r->link, errno);
		}
		return;
	}
	link_heard(ctx, &r->link);
	drops_count(ctx, &r->link, &r->drops, &head);
	if (can_frame_decode(&frame, (size_t)got, &message) < 0) {
		r->left_out++;
		return;
	}
	*TAKT_OUT(ctx, can_in, message) = message;
	r->messages++;
	if (message.error) {
		tell_error(ctx, r, message.id);
	}
}

static int in_process(struct takt_ctx *ctx)
{
	struct receiver *r = TAKT_STATE(ctx, struct receiver);
	const bool up = link_is_up(ctx, &r->link, receiver_open, r);

	if (link_wait(ctx, &r->link, POLLIN) && up) {
		receive(ctx, r);
	} else {
		link_quiet(ctx, &r->link);
	}
	return 0;
}

static int in_stop(struct takt_ctx *ctx)
{
	struct receiver *r = TAKT_STATE(ctx, struct receiver);

	takt_info(ctx, "%s: %llu messages, %llu left out, %llu dropped by the kernel, lost %llu "
		  "times", r->link.name, (unsigned long long)r->messages,
		  (unsigned long long)r->left_out, (unsigned long long)r->drops.total,
		  (unsigned long long)r->link.losses);
	link_close(&r->link);
	return 0;
}

TAKT_TASK(can_in, TAKT_SOURCE, struct receiver, "receives messages of a CAN bus",
	  TAKT_NEW(in_new), TAKT_PROCESS(in_process), TAKT_STOP(in_stop), TAKT_WAITS)
