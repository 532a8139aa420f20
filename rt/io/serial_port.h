/* SPDX-License-Identifier: Apache-2.0 */
/* A serial device: opened by its path, set to raw at any baud rate that its driver can do. */
#ifndef TAKT_IO_SERIAL_PORT_H
#define TAKT_IO_SERIAL_PORT_H

#include <stddef.h>
#include <stdint.h>

#include <takt/type.h>

#define SERIAL_PARITY(V) \
	V(SERIAL_PARITY_NONE, 0, "none") V(SERIAL_PARITY_EVEN, 1, "even") \
	V(SERIAL_PARITY_ODD, 2, "odd")
TAKT_ENUM(serial_parity, "the bit behind the data bits", SERIAL_PARITY)

#define SERIAL_FLOW(V) \
	V(SERIAL_FLOW_NONE, 0, "none") V(SERIAL_FLOW_HARDWARE, 1, "hardware") \
	V(SERIAL_FLOW_SOFTWARE, 2, "software")
TAKT_ENUM(serial_flow, "who may stop the sender: RTS and CTS lines, XON and XOFF bytes",
	  SERIAL_FLOW)

/* Parameters of every task of serial.so. */
#define SERIAL_PORT_PARAMS(P) \
	P(text(256), path, "path", , , , "the device, e.g. /dev/serial/by-id/…; may come and go") \
	P(u32, baud, "", 115200, 50, 12000000, "bits a second; any that the device can do") \
	P(u8, data_bits, "", 8, 5, 8, "of a byte") \
	P(enum(serial_parity), parity, "", none, , , "of a byte") \
	P(u8, stop_bits, "", 1, 1, 2, "behind a byte") \
	P(enum(serial_flow), flow, "", none, , , "flow control") \
	P(f64, retry, "s", 1, 0.01, 3600, "between two tries to open a device that is not there")

struct serial_settings {
	uint32_t baud;
	uint32_t data_bits;
	uint32_t stop_bits;
	enum serial_parity parity;
	enum serial_flow flow;
};

/* An initializer for them, out of the parameters of any task that has SERIAL_PORT_PARAMS. */
#define SERIAL_SETTINGS_OF(params) \
	{ (params)->baud, (params)->data_bits, (params)->stop_bits, (params)->parity, \
	  (params)->flow }

/* Open @path with @flags of open(2), and set it when it is a terminal; a FIFO is taken as it is.
 * Never blocks. Returns a descriptor, or -errno with @ret_what: -ENOTTY for a file or a
 * directory, -EINVAL where the driver refuses the settings or the rate. */
int serial_port_open(const char *path, int flags, const struct serial_settings *settings,
		     const char **ret_what);

/* What is at @path and can never be a serial device, or NULL. For the check of parameters. */
const char *serial_port_judge(const char *path, char *text, size_t text_bytes);

#endif
