/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/can_link.h"

#include <errno.h>
#include <linux/can.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_up(int fd, const char *interface)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	struct ifreq request;
	const int yes = 1;

	memset(&request, 0, sizeof(request));
	memcpy(request.ifr_name, interface, strnlen(interface, sizeof(request.ifr_name) - 1));
	address.can_ifindex = (int)if_nametoindex(interface);
	if (address.can_ifindex == 0) {
		return -ENODEV;
	}
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) {
		return -errno;
	}
	if (!(request.ifr_flags & IFF_UP)) {
		return -ENETDOWN;
	}
	setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof(yes));
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

int can_link_open(const char *interface, const char **ret_what)
{
	const int fd = socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW);
	int result;

	*ret_what = fd < 0 ? "no CAN in this kernel for" : "cannot open";
	if (fd < 0) {
		return -errno;
	}
	result = set_up(fd, interface);
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}
