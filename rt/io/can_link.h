/* SPDX-License-Identifier: Apache-2.0 */
/* A raw CAN socket on an interface. */
#ifndef TAKT_IO_CAN_LINK_H
#define TAKT_IO_CAN_LINK_H

#include <linux/can/raw.h>

/* Open one on @interface that takes CAN FD where the kernel can. Returns a descriptor or -errno
 * with @ret_what: -ENODEV without such an interface, -ENETDOWN while it is down, -EAFNOSUPPORT
 * without CAN in the kernel. */
int can_link_open(const char *interface, const char **ret_what);

#endif
