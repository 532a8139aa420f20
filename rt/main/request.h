/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to taktd about a running graph, over the socket TAKT_REQUEST_SOCKET in the run directory.
 *
 * SOCK_SEQPACKET: a packet is a request, a packet is the answer, then taktd closes. Both are at most
 * TAKT_REQUEST_BYTES_MAX bytes of text without NUL; words are separated by one space:
 *
 *     level RUN TASK LEVEL    RUN: 16 hex digits; TASK: an id, or * for all; LEVEL: debug … critical
 *
 * The answer is "ok", or "error NUMBER TEXT" with an errno and a phrase for people. A request is done when it
 * stands in the run's mailbox; takt-rt takes it at the edge of a cycle. */
#ifndef TAKT_MAIN_REQUEST_H
#define TAKT_MAIN_REQUEST_H

#include <stdint.h>
#include <sys/un.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_REQUEST_SOCKET "taktd.sock"
#define TAKT_REQUEST_BYTES_MAX 4096u

/* The address of the socket in the directory behind @run_dir_fd, however long its path is. */
TAKT_ANY void takt_request_address(int run_dir_fd, struct sockaddr_un *out);

/* Ask the taktd of @run_dir. Returns 0, or -errno with what it said; -ECONNREFUSED: none runs.  [any] */
TAKT_BG int takt_request_send(const char *run_dir, const char *request, struct takt_err *err);

#endif
