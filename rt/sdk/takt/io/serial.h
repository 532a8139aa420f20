/* SPDX-License-Identifier: Apache-2.0 */
/* What the tasks of serial.so give and take: declare a port with these, and it fits. */
#ifndef TAKT_IO_SERIAL_H
#define TAKT_IO_SERIAL_H

#include <takt/type.h>

#define TAKT_SERIAL_LINE_BYTES 256u	/* of a line's text, its end (NUL) included */
#define TAKT_SERIAL_FRAME_BYTES 1024u

#define TAKT_SERIAL_LINE(F) \
	F(u32,       bytes, "B", "length of the line as it came; more than the text holds: cut") \
	F(text(256), text,  "",  "the line without its end")
TAKT_MESSAGE(serial_line, "a line of text from or for a serial device", TAKT_SERIAL_LINE)

#define TAKT_SERIAL_FRAME(F) \
	F(list(u8, 1024), bytes, "", "what the frame carries, without delimiters and stuffing")
TAKT_MESSAGE(serial_frame, "a frame of bytes from or for a serial device", TAKT_SERIAL_FRAME)

#endif
