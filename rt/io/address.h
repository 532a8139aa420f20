/* SPDX-License-Identifier: Apache-2.0 */
/* "192.168.1.7:5000", "[fe80::1%eth0]:5000", ":5000": an address of UDP as a user writes it.
 * Numbers only: a name would have to be looked up, which may take seconds. */
#ifndef TAKT_IO_ADDRESS_H
#define TAKT_IO_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t bytes;
};

/* Parse @text into @ret_address. Returns NULL, or what is wrong and how it is written (a
 * constant); a scope that is no interface now is not wrong, @ret_scope_missing says so. */
const char *address_parse(const char *text, struct address *ret_address, bool *ret_scope_missing);

/* The host part alone, without brackets: "224.0.0.5", "fe80::1%eth0"; and a port. */
const char *address_parse_host(const char *host, uint16_t port, struct address *ret_address,
			       bool *ret_scope_missing);

bool address_is_multicast(const struct address *address);

/* Host and port as text and number. IPv4 addresses of an IPv6 socket are shown as IPv4. */
void address_format(const struct address *address, char *out, size_t out_bytes, uint16_t *ret_port);

#endif
