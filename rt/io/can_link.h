/* SPDX-License-Identifier: Apache-2.0 */
/* A raw CAN socket on an interface, and the parameters of both tasks of can.so. */
#ifndef TAKT_IO_CAN_LINK_H
#define TAKT_IO_CAN_LINK_H

#include <linux/can/raw.h>

#define CAN_LINK_PARAMS(P) \
	P(text(16), interface, "", , , , \
	  "network interface, e.g. can0; its bit rate is set by `ip link`") \
	P(f64, retry, "s", 1, 0.01, 3600, \
	  "between two tries to open an interface that is not there or down")

/* Open one on @interface that takes CAN FD where the kernel can. Returns a descriptor or -errno
 * with @ret_what: -ENODEV without such an interface, -ENETDOWN while it is down, -EAFNOSUPPORT
 * without CAN in the kernel. */
int can_link_open(const char *interface, const char **ret_what);

#endif
