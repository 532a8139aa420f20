/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel drops because a socket is not read fast enough; SO_RXQ_OVFL must be set on it. */
#ifndef TAKT_IO_DROPS_H
#define TAKT_IO_DROPS_H

#include <sys/socket.h>

#include "rt/io/link.h"

/* A message's control data, as recvmsg fills it in. */
union drops_control {
	char bytes[CMSG_SPACE(sizeof(uint32_t))];
	struct cmsghdr align;
};

struct drops {
	uint32_t kernel;		/* of this socket, as last seen; 0 for a new one */
	uint64_t total;			/* of all sockets */
};

/* Count what @head, of a message just received on @link, says was dropped before it; tells it. */
void drops_count(struct takt_ctx *ctx, const struct link *link, struct drops *drops,
		 struct msghdr *head);

#endif
