/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the tasks of serial.so that read and write frames. */
#ifndef TAKT_IO_SERIAL_FRAMING_H
#define TAKT_IO_SERIAL_FRAMING_H

#include <takt/type.h>

#include "rt/io/framing.h"

#define SERIAL_FRAMING(V) \
	V(SERIAL_DELIMITER, FRAMING_DELIMITER, "delimiter") \
	V(SERIAL_COBS, FRAMING_COBS, "cobs") \
	V(SERIAL_SLIP, FRAMING_SLIP, "slip")
TAKT_ENUM(serial_framing, "how frames are told apart", SERIAL_FRAMING)

#define SERIAL_FRAMING_PARAMS(P) \
	P(enum(serial_framing), framing, "", cobs, , , \
	  "cobs: any bytes, 0 between frames; slip: RFC 1055; delimiter: bytes up to `delimiter`") \
	P(u8, delimiter, "", 10, , , "of framing: delimiter; a frame has none inside")

#endif
