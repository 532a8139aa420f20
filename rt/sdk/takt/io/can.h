/* SPDX-License-Identifier: Apache-2.0 */
/* What the tasks of can.so give and take: declare a port with this, and it fits. */
#ifndef TAKT_IO_CAN_H
#define TAKT_IO_CAN_H

#include <takt/type.h>

#define TAKT_CAN_MESSAGE(F) \
	F(u32,          id,       "", \
	  "identifier of 11 bits, or of 29 where extended; of an error: its class") \
	F(bool,         extended, "", "29 bits") \
	F(bool,         remote,   "", \
	  "a request for the message; its length is `length`, it has no bytes") \
	F(bool,         error,    "", "told by the controller, see linux/can/error.h; never sent") \
	F(bool,         fd,       "", "CAN FD: up to 64 bytes") \
	F(bool,         fast,     "", "CAN FD: the bytes at the fast bit rate (BRS)") \
	F(u8,           length,   "B", \
	  "of a remote request; else the count of the bytes, not read when sent") \
	F(list(u8, 64), bytes,    "", "up to 8, of CAN FD up to 64")
TAKT_MESSAGE(can_message, "a message on a CAN bus", TAKT_CAN_MESSAGE)

#endif
