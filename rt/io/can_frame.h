/* SPDX-License-Identifier: Apache-2.0 */
/* A message of SocketCAN as the kernel has it, and as takt's type. */
#ifndef TAKT_IO_CAN_FRAME_H
#define TAKT_IO_CAN_FRAME_H

#include <linux/can.h>
#include <stddef.h>

#include <takt/io/can.h>

/* @bytes as read: CAN_MTU or CANFD_MTU. Returns 0, or -EPROTO for another size or an impossible
 * length. */
int can_frame_decode(const struct canfd_frame *frame, size_t bytes,
		     struct can_message *ret_message);

/* Returns the bytes to write, CAN_MTU or CANFD_MTU, or -EINVAL with @ret_what for one that no
 * bus can carry. */
int can_frame_encode(const struct can_message *message, struct canfd_frame *ret_frame,
		     const char **ret_what);

#endif
