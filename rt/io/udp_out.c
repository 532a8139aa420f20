/* SPDX-License-Identifier: Apache-2.0 */
/* udp_out: messages as datagrams. One that cannot be sent now is left out and counted: what is
 * new is worth more. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <takt/io/udp.h>
#include <takt/task.h>

#include "rt/io/address.h"
#include "rt/io/link.h"

#define OUT_PORTS(IN, OUT) \
	IN(datagram, udp_datagram, \
	   "its bytes are sent, to its address and port where they are set, else to `to`")
#define OUT_PARAMS(P) \
	P(text(64), to, "", , , , \
	  "address and port, e.g. 192.168.1.7:5000, [fe80::1%eth0]:5000, 239.0.0.7:5000") \
	P(text(16), interface, "", "", , , \
	  "network interface for multicast, e.g. eth0; the kernel's choice where empty") \
	P(u8, hops, "", 1, 0, 255, "that multicast may go") \
	P(bool, broadcast, "", false, , , "whether `to` may be a broadcast address") \
	P(f64, retry, "s", 1, 0.01, 3600, "between two tries where there is no such interface")
TAKT_INTERFACE(udp_out, OUT_PORTS, OUT_PARAMS)

struct sender {
	struct link link;
	const struct takt_params_udp_out *params;
	struct address to;
	int error;			/* of the last datagram, 0: it was sent */
	uint64_t failing_ns;		/* since when */
	uint64_t sent;
	uint64_t left_out;
};

static int set_multicast(int fd, const struct takt_params_udp_out *params, const struct address *to)
{
	const int hops = params->hops;
	struct ip_mreqn through = { .imr_ifindex = 0 };

	if (params->interface[0] != '\0') {
		through.imr_ifindex = (int)if_nametoindex(params->interface);
		if (through.imr_ifindex == 0) {
			return -ENODEV;
		}
	}
	if (to->at.any.sa_family == AF_INET6) {
		const int interface = through.imr_ifindex;

		return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0 ||
		       setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &interface,
				  sizeof(interface)) < 0
			       ? -errno : 0;
	}
	return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops)) < 0 ||
	       setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &through, sizeof(through)) < 0
		       ? -errno : 0;
}

static int sender_open(void *task, const char **ret_what)
{
	struct sender *s = task;
	const int yes = s->params->broadcast;
	bool scope_missing;
	int fd, result;

	*ret_what = "cannot send to";
	address_parse(s->params->to, &s->to, &scope_missing);
	if (scope_missing) {
		return -ENODEV;
	}
	fd = socket(s->to.at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	result = setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) < 0 ? -errno : 0;
	if (result == 0 && address_is_multicast(&s->to)) {
		result = set_multicast(fd, s->params, &s->to);
	}
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}

static const char *out_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_udp_out *p = params;
	struct address to;
	bool scope_missing;
	const char *what = address_parse(p->to, &to, &scope_missing);

	if (what || p->to[0] == ':') {
		snprintf(text, text_bytes, "to: `%s` %s", p->to,
			 what ? what : "has no address; write e.g. 192.168.1.7:5000");
		return text;
	}
	if (p->interface[0] && !address_is_multicast(&to)) {
		return "interface: is for multicast, which `to` is not; leave it out";
	}
	return NULL;
}

static int out_new(struct takt_ctx *ctx)
{
	struct sender *s = TAKT_STATE(ctx, struct sender);

	s->params = TAKT_PARAMS(ctx, udp_out);
	link_init(&s->link, s->params->to, s->params->retry, 0);
	link_is_up(ctx, &s->link, sender_open, s);
	return 0;
}

/* One warning when sending begins to fail or fails otherwise, one info when it works again. */
static void tell_result(struct takt_ctx *ctx, struct sender *s, int error)
{
	if (error != 0) {
		s->left_out++;
	}
	if (error != 0 && s->error == 0) {
		s->failing_ns = ctx->now_ns;
	}
	if (error != 0 && error != s->error) {
		takt_warning(ctx, "cannot send to %s: %s; what comes is left out until that works",
			     s->link.name, strerror(error));
	} else if (error == 0 && s->error != 0) {
		takt_info(ctx, "%s can be sent to again after %.1f s, %llu left out so far",
			  s->link.name, (double)(ctx->now_ns - s->failing_ns) * 1e-9,
			  (unsigned long long)s->left_out);
	}
	s->error = error;
}

static bool find_target(struct takt_ctx *ctx, struct sender *s, const struct udp_datagram *datagram,
			struct address *ret_to)
{
	bool scope_missing = false;
	const char *what;

	if (datagram->address[0] == '\0' || datagram->port == 0) {
		*ret_to = s->to;
		return true;
	}
	what = address_parse_host(datagram->address, datagram->port, ret_to, &scope_missing);
	if (what) {
		what = "that is no address";
	} else if (scope_missing) {
		what = "there is no such interface";
	} else if (ret_to->at.any.sa_family != s->to.at.any.sa_family) {
		what = "`to` is of the other family, IPv4 or IPv6";
	}
	if (what) {
		s->left_out++;
		takt_warning_rate(ctx, LINK_TELL_HZ, "a datagram for `%s` is left out: %s",
				  datagram->address, what);
	}
	return !what;
}

static int out_process(struct takt_ctx *ctx)
{
	const struct udp_datagram *datagram = TAKT_IN(ctx, udp_out, datagram);
	struct sender *s = TAKT_STATE(ctx, struct sender);
	struct address to;
	ssize_t put;

	if (!link_is_up(ctx, &s->link, sender_open, s)) {
		s->left_out += datagram != NULL;
		return 0;
	}
	if (!datagram || !find_target(ctx, s, datagram, &to)) {
		return 0;
	}
	put = sendto(s->link.fd, datagram->bytes.at, datagram->bytes.count, MSG_NOSIGNAL,
		     &to.at.any, to.bytes);
	s->sent += put >= 0;
	tell_result(ctx, s, put < 0 ? errno : 0);
	return 0;
}

static int out_stop(struct takt_ctx *ctx)
{
	struct sender *s = TAKT_STATE(ctx, struct sender);

	takt_info(ctx, "%s: %llu datagrams sent, %llu left out", s->link.name,
		  (unsigned long long)s->sent, (unsigned long long)s->left_out);
	link_close(&s->link);
	return 0;
}

TAKT_TASK(udp_out, TAKT_SINK, struct sender, "sends UDP datagrams",
	  TAKT_NEW(out_new), TAKT_PROCESS(out_process), TAKT_STOP(out_stop),
	  TAKT_CHECK_PARAMS(out_check), TAKT_WAITS)
