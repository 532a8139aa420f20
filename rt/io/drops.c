/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/drops.h"

#include <string.h>

void drops_count(struct takt_ctx *ctx, const struct link *link, struct drops *drops,
		 struct msghdr *head)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c; c = CMSG_NXTHDR(head, c)) {
		uint32_t kernel;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) {
			continue;
		}
		memcpy(&kernel, CMSG_DATA(c), sizeof(kernel));
		if (kernel != drops->kernel) {
			drops->total += kernel - drops->kernel;
			drops->kernel = kernel;
			takt_warning_rate(ctx, LINK_TELL_HZ,
					  "%s: faster than it is read, the kernel dropped %llu so "
					  "far", link->name, (unsigned long long)drops->total);
		}
	}
}
