/* SPDX-License-Identifier: Apache-2.0 */
/* can_in and can_out: messages of a CAN bus, by SocketCAN. */
#include <errno.h>
#include <linux/can/error.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <takt/task.h>

#include "rt/io/can_frame.h"
#include "rt/io/can_link.h"
#include "rt/io/link.h"

#define TELL_HZ 1
#define FULL_WAIT_NS 500000		/* a message of 8 bytes takes 0.25 ms at 500 kbit/s */

#define BUS_PARAMS(P) \
	P(text(16), interface, "", , , , \
	  "network interface, e.g. can0; its bit rate is set by `ip link`") \
	P(f64, retry, "s", 1, 0.01, 3600, \
	  "between two tries to open an interface that is not there or down")

#define IN_PORTS(IN, OUT) OUT(message, can_message, "each message, in order")
#define IN_PARAMS(P) \
	BUS_PARAMS(P) \
	P(list(u32, 16), ids, "", (), 0, 536870911, \
	  "only these, of 11 bits up to 2047, else of 29; all where empty") \
	P(bool, errors, "", true, , , "also what the controller tells: bus off, error counters") \
	P(f64, timeout, "s", 5, 0, 86400, "silent for so long is told once; 0: never")
TAKT_INTERFACE(can_in, IN_PORTS, IN_PARAMS)

#define OUT_PORTS(IN, OUT) IN(message, can_message, "what is sent")
TAKT_INTERFACE(can_out, OUT_PORTS, BUS_PARAMS)

struct bus {
	struct link link;
	const void *params;
	uint32_t kernel_drops;
	uint64_t messages;
	uint64_t left_out;
	uint64_t overflowed;
};

/* --- can_in ----------------------------------------------------------------------------------- */

static int set_filters(int fd, const struct takt_params_can_in *params)
{
	const can_err_mask_t errors = params->errors ? CAN_ERR_MASK : 0;
	struct can_filter filters[16];

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

static int in_open(void *task, const char **ret_what)
{
	struct bus *bus = task;
	const struct takt_params_can_in *params = bus->params;
	const int fd = can_link_open(params->interface, ret_what);
	int result;

	if (fd < 0) {
		return fd;
	}
	*ret_what = "cannot filter";
	result = set_filters(fd, params);
	if (result < 0) {
		close(fd);
		return result;
	}
	bus->kernel_drops = 0;
	return fd;
}

static int in_new(struct takt_ctx *ctx)
{
	const struct takt_params_can_in *params = TAKT_PARAMS(ctx, can_in);
	struct bus *bus = TAKT_STATE(ctx, struct bus);

	bus->params = params;
	link_init(&bus->link, params->interface, params->retry, params->timeout);
	link_is_up(ctx, &bus->link, in_open, bus);
	return 0;
}

static void count_overflow(struct takt_ctx *ctx, struct bus *bus, struct msghdr *head)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c; c = CMSG_NXTHDR(head, c)) {
		uint32_t drops;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) {
			continue;
		}
		memcpy(&drops, CMSG_DATA(c), sizeof(drops));
		if (drops != bus->kernel_drops) {
			bus->overflowed += drops - bus->kernel_drops;
			bus->kernel_drops = drops;
			takt_warning_rate(ctx, TELL_HZ,
				       "%s: faster than it is read, the kernel dropped %llu so far",
					  bus->link.name, (unsigned long long)bus->overflowed);
		}
	}
}

static void tell_error(struct takt_ctx *ctx, const struct bus *bus, uint32_t id)
{
	if (id & CAN_ERR_BUSOFF) {
		takt_warning_rate(ctx, TELL_HZ, "%s: bus off", bus->link.name);
	} else if (id & CAN_ERR_RESTARTED) {
		takt_info_rate(ctx, TELL_HZ, "%s: restarted", bus->link.name);
	} else {
		takt_warning_rate(ctx, TELL_HZ, "%s: error of class %#x, see linux/can/error.h",
				  bus->link.name, id);
	}
}

static void receive(struct takt_ctx *ctx, struct bus *bus)
{
	union { char bytes[CMSG_SPACE(sizeof(uint32_t))]; struct cmsghdr align; } control;
	struct canfd_frame frame;
	struct iovec part = { &frame, sizeof(frame) };
	struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
			       .msg_controllen = sizeof(control.bytes) };
	const ssize_t got = recvmsg(bus->link.fd, &head, 0);
	struct can_message message;

	if (got < 0) {
		if (!link_error_passes(errno)) {
			link_lost(ctx, &bus->link, errno);
		}
		return;
	}
	link_heard(ctx, &bus->link);
	count_overflow(ctx, bus, &head);
	if (can_frame_decode(&frame, (size_t)got, &message) < 0) {
		bus->left_out++;
		return;
	}
	*TAKT_OUT(ctx, can_in, message) = message;
	bus->messages++;
	if (message.error) {
		tell_error(ctx, bus, message.id);
	}
}

static int in_process(struct takt_ctx *ctx)
{
	struct bus *bus = TAKT_STATE(ctx, struct bus);
	const bool up = link_is_up(ctx, &bus->link, in_open, bus);

	if (link_wait(ctx, &bus->link, POLLIN) && up) {
		receive(ctx, bus);
	} else {
		link_quiet(ctx, &bus->link);
	}
	return 0;
}

static int bus_stop(struct takt_ctx *ctx)
{
	struct bus *bus = TAKT_STATE(ctx, struct bus);

	takt_info(ctx, "%s: %llu messages, %llu left out, %llu dropped by the kernel, lost %llu "
		  "times",
		  bus->link.name, (unsigned long long)bus->messages,
			  (unsigned long long)bus->left_out,
		  (unsigned long long)bus->overflowed, (unsigned long long)bus->link.losses);
	link_close(&bus->link);
	return 0;
}

TAKT_TASK(can_in, TAKT_SOURCE, struct bus, "receives messages of a CAN bus",
	  TAKT_NEW(in_new), TAKT_PROCESS(in_process), TAKT_STOP(bus_stop), TAKT_WAITS)

/* --- can_out ---------------------------------------------------------------------------------- */

static int out_open(void *task, const char **ret_what)
{
	const struct bus *bus = task;
	const struct takt_params_can_out *params = bus->params;
	const int fd = can_link_open(params->interface, ret_what);

	if (fd >= 0) {
		setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0);	/* receives nothing */
	}
	return fd;
}

static int out_new(struct takt_ctx *ctx)
{
	const struct takt_params_can_out *params = TAKT_PARAMS(ctx, can_out);
	struct bus *bus = TAKT_STATE(ctx, struct bus);

	bus->params = params;
	link_init(&bus->link, params->interface, params->retry, 0);
	link_is_up(ctx, &bus->link, out_open, bus);
	return 0;
}

static void leave_out(struct takt_ctx *ctx, struct bus *bus, const char *why)
{
	bus->left_out++;
	takt_warning_rate(ctx, TELL_HZ, "%s: a message is left out, %s; %llu so far",
			  bus->link.name, why,
			  (unsigned long long)bus->left_out);
}

static int send_message(struct takt_ctx *ctx, struct bus *bus, const struct can_message *message)
{
	const struct timespec pause = { .tv_nsec = FULL_WAIT_NS };
	const char *what = "";
	struct canfd_frame frame;
	const int bytes = can_frame_encode(message, &frame, &what);

	if (bytes < 0) {
		leave_out(ctx, bus, what);
		return 0;
	}
	if (write(bus->link.fd, &frame, (size_t)bytes) == bytes) {
		bus->messages++;
		return 0;
	}
	if (link_error_passes(errno) || errno == ENOBUFS) {	/* the bus is slower than we */
		nanosleep(&pause, NULL);	/* poll knows nothing of ENOBUFS */
		return TAKT_AGAIN;
	}
	if (errno == EINVAL || errno == EMSGSIZE) {
		leave_out(ctx, bus, message->fd ? "the interface has no CAN FD" : strerror(errno));
		return 0;
	}
	link_lost(ctx, &bus->link, errno);
	leave_out(ctx, bus, "the interface was lost");
	return 0;
}

static int out_process(struct takt_ctx *ctx)
{
	const struct can_message *message = TAKT_IN(ctx, can_out, message);
	struct bus *bus = TAKT_STATE(ctx, struct bus);

	if (link_poll(&bus->link, 0) & (POLLERR | POLLHUP)) {	/* it went down or away */
		link_lost(ctx, &bus->link, ENETDOWN);
	}
	if (!link_is_up(ctx, &bus->link, out_open, bus)) {
		if (message) {
			leave_out(ctx, bus, "the interface is not there");
		}
		return 0;
	}
	return message ? send_message(ctx, bus, message) : 0;
}

TAKT_TASK(can_out, TAKT_SINK, struct bus, "sends messages on a CAN bus",
	  TAKT_NEW(out_new), TAKT_PROCESS(out_process), TAKT_STOP(bus_stop), TAKT_WAITS)
TAKT_PLUGIN("can", "1", can_in, can_out)
