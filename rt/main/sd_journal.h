/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to systemd's journal, by its native protocol: one datagram of KEY=value lines to a socket
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL). That is all of it that is needed; libsystemd would bring four more
 * libraries into the process that records. */
#ifndef TAKT_MAIN_SD_JOURNAL_H
#define TAKT_MAIN_SD_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#include "rt/base/tags.h"
#include "rt/base/text_buffer.h"

#define TAKT_SD_JOURNAL_SOCKET "/run/systemd/journal/socket"

struct takt_sd_journal {
	int fd;
	struct sockaddr_un address;
	uint64_t behind_until_ns;
};

/* Whether stderr of this process goes to the journal: systemd started it as a service.  [any] */
TAKT_ANY bool takt_sd_journal_is_ours(void);

/* Get ready to send to @path. Nobody needs to listen there yet. 0, -ENAMETOOLONG, -errno.  [setup] */
TAKT_SETUP int takt_sd_journal_open(const char *path, struct takt_sd_journal *journal);
TAKT_SETUP void takt_sd_journal_close(struct takt_sd_journal *journal);

/* A field of a message: control characters of @value, and what is no UTF-8, become \xNN.  [bg] */
TAKT_BG void takt_sd_journal_put(struct takt_text_buffer *message, const char *key, const char *value);

/* Send the fields in @message. Waits up to 100 ms for a journal that is behind, then returns -EAGAIN, and for
 * a second at once; -ENOENT or -ECONNREFUSED when there is none.  [bg, may wait] */
TAKT_BG int takt_sd_journal_send(struct takt_sd_journal *journal, const struct takt_text_buffer *message);

#endif
