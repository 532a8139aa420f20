/* SPDX-License-Identifier: Apache-2.0 */
/* udp_in: datagrams that come to a port, a message each. */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <takt/io/udp.h>
#include <takt/task.h>

#include "rt/io/address.h"
#include "rt/io/drops.h"
#include "rt/io/link.h"

#define IN_PORTS(IN, OUT) OUT(datagram, udp_datagram, "each datagram, in order")
#define IN_PARAMS(P) \
	P(text(64), listen, "", , , , \
	  "address and port, e.g. :5000 (any IPv4), [::]:5000 (any), 127.0.0.1:5000") \
	P(text(64), group, "", "", , , \
	  "multicast group to join, e.g. 239.0.0.7; none where empty") \
	P(text(16), interface, "", "", , , \
	  "network interface of the group, e.g. eth0; the kernel's choice where empty") \
	P(u32, buffer, "B", 262144, 4096, 67108864, \
	  "the kernel's, for datagrams that are not yet read") \
	LINK_TIMEOUT_PARAM(P) \
	P(f64, retry, "s", 1, 0.01, 3600, \
	  "between two tries where the address or the group is not to be had")
TAKT_INTERFACE(udp_in, IN_PORTS, IN_PARAMS)

struct receiver {
	struct link link;
	const struct takt_params_udp_in *params;
	struct drops drops;
	uint64_t rejoin_ns;		/* when silent in a group: not before */
	uint64_t datagrams;
	uint64_t cut;
};

static int join_v4(int fd, const struct address *group, int interface)
{
	struct ip_mreqn request = { .imr_multiaddr = group->at.v4.sin_addr,
				    .imr_ifindex = interface };

	return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request));
}

static int join_v6(int fd, const struct address *group, int interface)
{
	struct ipv6_mreq request = { .ipv6mr_multiaddr = group->at.v6.sin6_addr,
				     .ipv6mr_interface = (unsigned)interface };

	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request));
}

static int join(int fd, const struct takt_params_udp_in *params, const char **ret_what)
{
	struct address group;
	bool scope_missing;
	int interface = 0;

	*ret_what = "cannot join the group of";
	if (params->group[0] == '\0') {
		return 0;
	}
	if (params->interface[0] != '\0') {
		interface = (int)if_nametoindex(params->interface);
		if (interface == 0) {
			return -ENODEV;
		}
	}
	address_parse_host(params->group, 0, &group, &scope_missing);
	return (group.at.any.sa_family == AF_INET ? join_v4 : join_v6)(fd, &group, interface) < 0
		? -errno : 0;
}

static int set_up(int fd, const struct takt_params_udp_in *params, const char **ret_what)
{
	struct address address;
	const int yes = 1, buffer = (int)params->buffer;
	bool scope_missing;

	address_parse(params->listen, &address, &scope_missing);
	if (scope_missing) {
		return -ENODEV;
	}
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (params->group[0] != '\0' && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes,
						   sizeof(yes)) < 0) {
		return -errno;
	}
	if (bind(fd, &address.at.any, address.bytes) < 0) {
		return -errno;
	}
	return join(fd, params, ret_what);
}

static int receiver_open(void *task, const char **ret_what)
{
	struct receiver *r = task;
	struct address address;
	bool scope_missing;
	int fd, result;

	address_parse(r->params->listen, &address, &scope_missing);
	*ret_what = "cannot listen at";
	fd = socket(address.at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	result = set_up(fd, r->params, ret_what);
	if (result < 0) {
		close(fd);
		return result;
	}
	r->drops.kernel = 0;
	return fd;
}

static const char *in_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_udp_in *p = params;
	struct address listen, group;
	bool scope_missing;
	const char *what = address_parse(p->listen, &listen, &scope_missing);

	if (what) {
		snprintf(text, text_bytes, "listen: `%s` %s", p->listen, what);
		return text;
	}
	if (p->group[0] == '\0') {
		return p->interface[0]
			? "interface: is for a multicast `group`; give one, or leave it out" : NULL;
	}
	what = address_parse_host(p->group, 0, &group, &scope_missing);
	if (what || !address_is_multicast(&group)) {
		snprintf(text, text_bytes,
			 "group: `%s` is no multicast address; give e.g. 239.0.0.7 or ff02::7",
			 p->group);
		return text;
	}
	if (group.at.any.sa_family != listen.at.any.sa_family) {
		return "group: is of another family than `listen`; give both as IPv4, or both as "
		       "IPv6";
	}
	return NULL;
}

static int in_new(struct takt_ctx *ctx)
{
	struct receiver *r = TAKT_STATE(ctx, struct receiver);

	r->params = TAKT_PARAMS(ctx, udp_in);
	link_init(&r->link, r->params->listen, r->params->retry, r->params->timeout);
	link_is_up(ctx, &r->link, receiver_open, r);
	return 0;
}

static void receive(struct takt_ctx *ctx, struct receiver *r)
{
	struct udp_datagram *datagram = TAKT_OUT(ctx, udp_in, datagram);
	struct address from = { .bytes = 0 };
	union drops_control control;
	struct iovec part = { datagram->bytes.at, TAKT_UDP_BYTES };
	struct msghdr head = {
		.msg_name = &from.at, .msg_namelen = sizeof(from.at),
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	const ssize_t got = recvmsg(r->link.fd, &head, MSG_TRUNC);

	if (got < 0) {
		takt_out_cancel(ctx, TAKT_OUT_INDEX(udp_in, datagram));
		if (!link_error_passes(errno) && errno != ECONNREFUSED) {
			link_lost(ctx, &r->link, errno);
		}
		return;
	}
	link_heard(ctx, &r->link);
	drops_count(ctx, &r->link, &r->drops, &head);
	address_format(&from, datagram->address, sizeof(datagram->address), &datagram->port);
	datagram->bytes.count = (size_t)got < TAKT_UDP_BYTES ? (uint32_t)got : TAKT_UDP_BYTES;
	r->datagrams++;
	if ((size_t)got > TAKT_UDP_BYTES) {
		r->cut++;
		takt_warning_rate(ctx, LINK_TELL_HZ,
				  "%s: a datagram of %zd bytes is cut to %u, %llu so far",
				  r->link.name, got, TAKT_UDP_BYTES, (unsigned long long)r->cut);
	}
}

/* The kernel forgets who was in a group when its interface goes away, and says nothing. */
static void join_again(struct takt_ctx *ctx, struct receiver *r)
{
	const char *what;
	int fd;

	if (!r->link.is_silent || r->params->group[0] == '\0' || ctx->now_ns < r->rejoin_ns) {
		return;
	}
	r->rejoin_ns = ctx->now_ns + r->link.retry_ns;
	fd = receiver_open(r, &what);
	if (fd >= 0) {
		link_close(&r->link);
		r->link.fd = fd;
	}
}

static int in_process(struct takt_ctx *ctx)
{
	struct receiver *r = TAKT_STATE(ctx, struct receiver);
	const bool up = link_is_up(ctx, &r->link, receiver_open, r);

	if (link_wait(ctx, &r->link, POLLIN) && up) {
		receive(ctx, r);
	} else {
		link_quiet(ctx, &r->link);
		join_again(ctx, r);
	}
	return 0;
}

static int in_stop(struct takt_ctx *ctx)
{
	struct receiver *r = TAKT_STATE(ctx, struct receiver);

	takt_info(ctx, "%s: %llu datagrams, %llu too long, %llu dropped by the kernel, lost %llu "
		  "times", r->link.name, (unsigned long long)r->datagrams,
		  (unsigned long long)r->cut, (unsigned long long)r->drops.total,
		  (unsigned long long)r->link.losses);
	link_close(&r->link);
	return 0;
}

TAKT_TASK(udp_in, TAKT_SOURCE, struct receiver, "receives UDP datagrams",
	  TAKT_NEW(in_new), TAKT_PROCESS(in_process), TAKT_STOP(in_stop),
	  TAKT_CHECK_PARAMS(in_check), TAKT_WAITS)
