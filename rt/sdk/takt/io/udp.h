/* SPDX-License-Identifier: Apache-2.0 */
/* What the tasks of udp.so give and take: declare a port with this, and it fits. */
#ifndef TAKT_IO_UDP_H
#define TAKT_IO_UDP_H

#include <takt/type.h>

#define TAKT_UDP_BYTES 2048u		/* of a datagram */

#define TAKT_UDP_DATAGRAM(F) \
	F(text(64),       address, "", \
	  "whose it is: IPv4 or IPv6, as 192.168.1.7 or fe80::1%eth0") \
	F(u16,            port,    "", "and the port there") \
	F(list(u8, 2048), bytes,   "", "what it carries")
TAKT_MESSAGE(udp_datagram, "a datagram: in, from whom; out, to whom where that is set",
	     TAKT_UDP_DATAGRAM)

#endif
