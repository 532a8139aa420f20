/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/sd_journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "rt/clock/clock.h"
#include "rt/main/out.h"

#define PATIENCE_US 100000

bool takt_sd_journal_is_ours(void)
{
	const char *stream = getenv("JOURNAL_STREAM");	/* systemd.exec(5): device:inode */
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0) {
		return false;
	}
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

int takt_sd_journal_open(const char *path, struct takt_sd_journal *journal)
{
	const struct timeval patience = { .tv_usec = PATIENCE_US };

	*journal = (struct takt_sd_journal){ .fd = -1, .address = { .sun_family = AF_UNIX } };
	if (strlen(path) >= sizeof(journal->address.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(journal->address.sun_path, path, strlen(path));
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal->fd < 0) {
		return -errno;
	}
	setsockopt(journal->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return 0;
}

void takt_sd_journal_close(struct takt_sd_journal *journal)
{
	if (journal->fd >= 0) {
		close(journal->fd);
	}
	journal->fd = -1;
}

void takt_sd_journal_put(struct takt_text_buffer *message, const char *key, const char *value)
{
	takt_text_buffer_puts(message, key);
	takt_text_buffer_puts(message, "=");
	takt_out_put_plain(message, value);
	takt_text_buffer_puts(message, "\n");
}

int takt_sd_journal_send(struct takt_sd_journal *journal, const struct takt_text_buffer *message)
{
	const uint64_t now_ns = takt_clock_mono_ns();
	int r = 0;

	if (now_ns < journal->behind_until_ns) {
		return -EAGAIN;
	}
	if (sendto(journal->fd, message->text, message->used, MSG_NOSIGNAL,
		   (const struct sockaddr *)&journal->address, sizeof(journal->address)) < 0) {
		r = -errno;
		journal->behind_until_ns = r == -EAGAIN ? now_ns + TAKT_NS_PER_S : 0;
	}
	return r;
}
