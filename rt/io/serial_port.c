/* SPDX-License-Identifier: Apache-2.0 */
/* By termios2 of the kernel: <termios.h> of the C library knows only some rates. */
#include "rt/io/serial_port.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RATE_ERROR_PART 33u		/* 3 %: more than that and bytes come wrong */

static tcflag_t control_flags(const struct serial_settings *settings)
{
	static const tcflag_t sizes[] = { CS5, CS6, CS7, CS8 };
	tcflag_t flags = CREAD | CLOCAL | HUPCL | BOTHER | (BOTHER << IBSHIFT);

	flags |= sizes[settings->data_bits - 5];
	flags |= settings->stop_bits == 2 ? CSTOPB : 0;
	flags |= settings->parity == SERIAL_PARITY_NONE ? 0 : PARENB;
	flags |= settings->parity == SERIAL_PARITY_ODD ? PARODD : 0;
	flags |= settings->flow == SERIAL_FLOW_HARDWARE ? CRTSCTS : 0;
	return flags;
}

static bool rate_differs(uint32_t wanted, uint32_t got)
{
	const uint32_t off = got > wanted ? got - wanted : wanted - got;

	return off > wanted / RATE_ERROR_PART;
}

static int port_set(int fd, const struct serial_settings *settings, const char **ret_what)
{
	struct termios2 termios;

	*ret_what = "cannot set up";
	if (ioctl(fd, TCGETS2, &termios) < 0) {
		return -errno;
	}
	termios.c_iflag = settings->parity == SERIAL_PARITY_NONE ? 0 : INPCK | IGNPAR;
	termios.c_iflag |= settings->flow == SERIAL_FLOW_SOFTWARE ? IXON | IXOFF : 0;
	termios.c_oflag = 0;
	termios.c_lflag = 0;
	termios.c_cflag = control_flags(settings);
	termios.c_ispeed = settings->baud;
	termios.c_ospeed = settings->baud;
	termios.c_cc[VMIN] = 1;
	termios.c_cc[VTIME] = 0;
	if (ioctl(fd, TCSETS2, &termios) < 0) {
		return -errno;
	}
	if (ioctl(fd, TCGETS2, &termios) < 0) {
		return -errno;
	}
	*ret_what = "cannot set the baud rate of";
	return rate_differs(settings->baud, termios.c_ospeed) ? -EINVAL : 0;
}

int serial_port_open(const char *path, int flags, const struct serial_settings *settings,
		     const char **ret_what)
{
	struct termios2 termios;
	struct stat status;
	int fd, r = 0;

	*ret_what = "cannot open";
	fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &status) < 0) {
		r = -errno;
	} else if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) {
		r = -ENOTTY;
	} else if (ioctl(fd, TCGETS2, &termios) == 0) {
		r = port_set(fd, settings, ret_what);
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

const char *serial_port_judge(const char *path, char *text, size_t text_bytes)
{
	struct stat status;

	if (path[0] == '\0') {
		return "path: is empty; give the device, e.g. /dev/ttyUSB0";
	}
	if (stat(path, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
		snprintf(text, text_bytes,
			 "path: `%.150s` is a %s, no serial device; give one, e.g. /dev/ttyUSB0",
			 path, S_ISDIR(status.st_mode) ? "folder" : "file");
		return text;
	}
	return NULL;
}
