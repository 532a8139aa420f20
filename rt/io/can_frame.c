/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/can_frame.h"

#include <errno.h>
#include <string.h>

int can_frame_decode(const struct canfd_frame *frame, size_t bytes, struct can_message *ret_message)
{
	const bool fd = bytes == CANFD_MTU;
	const bool extended = frame->can_id & CAN_EFF_FLAG, error = frame->can_id & CAN_ERR_FLAG;

	if ((bytes != CAN_MTU && !fd) || frame->len > (fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN)) {
		return -EPROTO;
	}
	memset(ret_message, 0, sizeof(*ret_message));
	ret_message->id = frame->can_id & (error ? CAN_ERR_MASK : extended ? CAN_EFF_MASK
					   : CAN_SFF_MASK);
	ret_message->extended = extended;
	ret_message->remote = frame->can_id & CAN_RTR_FLAG;
	ret_message->error = error;
	ret_message->fd = fd;
	ret_message->fast = fd && (frame->flags & CANFD_BRS);
	ret_message->length = frame->len;
	ret_message->bytes.count = ret_message->remote ? 0 : frame->len;
	memcpy(ret_message->bytes.at, frame->data, ret_message->bytes.count);
	return 0;
}

/* CAN FD has only some lengths above 8. */
static uint8_t fd_length(uint32_t count)
{
	static const uint8_t lengths[] = { 12, 16, 20, 24, 32, 48, 64 };
	size_t i = 0;

	while (count > 8 && lengths[i] < count) {
		i++;
	}
	return count > 8 ? lengths[i] : (uint8_t)count;
}

static const char *judge(const struct can_message *m)
{
	if (m->error) {
		return "errors are not to be sent";
	}
	if (m->id > (m->extended ? CAN_EFF_MASK : CAN_SFF_MASK)) {
		return m->extended ? "its id has more than 29 bits"
			: "its id has more than 11 bits and it is not `extended`";
	}
	if (m->remote && (m->fd || m->length > CAN_MAX_DLEN)) {
		return m->fd ? "CAN FD has no remote requests" : "it requests more than 8 bytes";
	}
	if (m->bytes.count > (m->fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN)) {
		return m->fd ? "it has more than 64 bytes"
			: "it has more than 8 bytes and is not `fd`";
	}
	return NULL;
}

int can_frame_encode(const struct can_message *message, struct canfd_frame *ret_frame,
		     const char **ret_what)
{
	const char *what = judge(message);

	if (what) {
		*ret_what = what;
		return -EINVAL;
	}
	memset(ret_frame, 0, sizeof(*ret_frame));
	ret_frame->can_id = message->id | (message->extended ? CAN_EFF_FLAG : 0) |
			    (message->remote ? CAN_RTR_FLAG : 0);
	if (message->remote) {
		ret_frame->len = message->length;
		return CAN_MTU;
	}
	memcpy(ret_frame->data, message->bytes.at, message->bytes.count);
	ret_frame->len = message->fd ? fd_length(message->bytes.count)
		: (uint8_t)message->bytes.count;
	ret_frame->flags = message->fd && message->fast ? CANFD_BRS : 0;
	return message->fd ? CANFD_MTU : CAN_MTU;
}
