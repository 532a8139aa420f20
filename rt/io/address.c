/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define HOST_BYTES 64u

static const char *parse_port(const char *text, uint16_t *ret_port)
{
	uint32_t port = 0;

	if (text[0] < '0' || text[0] > '9') {
		return "has no port; write e.g. 192.168.1.7:5000, [::1]:5000 or :5000";
	}
	for (; *text >= '0' && *text <= '9' && port <= UINT16_MAX; text++) {
		port = port * 10 + (uint32_t)(*text - '0');
	}
	if (*text != '\0' || port == 0 || port > UINT16_MAX) {
		return "has an impossible port; give 1 to 65535";
	}
	*ret_port = (uint16_t)port;
	return NULL;
}

/* "fe80::1%eth0" or "fe80::1". */
static const char *parse_v6(const char *host, uint16_t port, struct address *out,
			    bool *scope_missing)
{
	char digits[HOST_BYTES];
	const char *scope = strchr(host, '%');

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(host, "%"), host);
	out->at.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
	out->bytes = sizeof(out->at.v6);
	if (inet_pton(AF_INET6, digits, &out->at.v6.sin6_addr) != 1) {
		return "is no IPv6 address; write e.g. [::1]:5000";
	}
	if (scope) {
		out->at.v6.sin6_scope_id = if_nametoindex(scope + 1);
		*scope_missing = out->at.v6.sin6_scope_id == 0;
	}
	return NULL;
}

const char *address_parse_host(const char *host, uint16_t port, struct address *ret_address,
			       bool *ret_scope_missing)
{
	struct address out;
	const char *what = NULL;

	memset(&out, 0, sizeof(out));
	*ret_scope_missing = false;
	if (strchr(host, ':')) {
		what = parse_v6(host, port, &out, ret_scope_missing);
	} else {
		out.at.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
		out.bytes = sizeof(out.at.v4);
		if (host[0] != '\0' && inet_pton(AF_INET, host, &out.at.v4.sin_addr) != 1) {
			what = "is no address; give numbers, names are not looked up, e.g. "
			       "192.168.1.7:5000";
		}
	}
	if (!what) {
		*ret_address = out;
	}
	return what;
}

const char *address_parse(const char *text, struct address *ret_address, bool *ret_scope_missing)
{
	const bool bracket = text[0] == '[';
	const char *colon = bracket ? strstr(text, "]:") : strrchr(text, ':');
	const size_t length = colon ? (size_t)(colon - text) - bracket : 0;
	char host[HOST_BYTES];
	const char *what;
	uint16_t port = 0;

	if (!colon || (!bracket && memchr(text, ':', length))) {
		return "has no port; write e.g. 192.168.1.7:5000, [::1]:5000 or :5000";
	}
	what = parse_port(colon + 1 + bracket, &port);
	if (what) {
		return what;
	}
	if (length >= sizeof(host)) {
		return "is too long";
	}
	snprintf(host, sizeof(host), "%.*s", (int)length, text + bracket);
	if (bracket && !strchr(host, ':')) {
		return "is no IPv6 address; write e.g. [::1]:5000";
	}
	return address_parse_host(host, port, ret_address, ret_scope_missing);
}

bool address_is_multicast(const struct address *address)
{
	return address->at.any.sa_family == AF_INET6
		       ? IN6_IS_ADDR_MULTICAST(&address->at.v6.sin6_addr)
		       : IN_MULTICAST(ntohl(address->at.v4.sin_addr.s_addr));
}

void address_format(const struct address *address, char *out, size_t out_bytes, uint16_t *ret_port)
{
	const struct in6_addr *six = &address->at.v6.sin6_addr;
	char name[IF_NAMESIZE];
	size_t used;

	out[0] = '\0';
	if (address->at.any.sa_family == AF_INET) {
		*ret_port = ntohs(address->at.v4.sin_port);
		inet_ntop(AF_INET, &address->at.v4.sin_addr, out, (socklen_t)out_bytes);
		return;
	}
	*ret_port = ntohs(address->at.v6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(six)) {
		inet_ntop(AF_INET, &six->s6_addr[12], out, (socklen_t)out_bytes);
		return;
	}
	inet_ntop(AF_INET6, six, out, (socklen_t)out_bytes);
	used = strlen(out);
	if (address->at.v6.sin6_scope_id != 0 &&
	    if_indextoname(address->at.v6.sin6_scope_id, name)) {
		snprintf(out + used, out_bytes - used, "%%%s", name);
	}
}
