/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes come from: a regular file, a FIFO or a terminal (a serial device),
 * known by its path.
 *
 * A file ends. A FIFO whose writer leaves and a terminal that hangs up are opened again: a FIFO at
 * once, a terminal after 100 ms, and twice as long after each failure, up to 2 s. */
#ifndef GNSS_FEED_H
#define GNSS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum feed_event {
	FEED_NOTHING,			/* the time is up */
	FEED_BYTES,
	FEED_END,			/* of a file */
	FEED_LOST,			/* the other side is gone: feed.error says why, 0: it closed */
	FEED_BACK			/* opened again */
};

struct feed {
	const char *path;
	uint32_t baud;
	int fd;				/* -1 while lost */
	bool live;			/* not a file: it comes when it comes */
	bool fifo;
	int error;			/* errno of the last loss */
	uint64_t retry_ns;		/* when to open again, while lost */
	uint64_t pause_ns;		/* before the next try */
};

/* Open @path (borrowed until feed_close). A terminal is set to raw 8N1 at @baud.
 * Returns 0, -EINVAL for a baud rate that terminals do not know, or the errno of open. */
int feed_open(struct feed *feed, const char *path, uint32_t baud);
void feed_close(struct feed *feed);

/* Wait up to @timeout_ms for something; for FEED_BYTES up to @bytes of it are at @out. */
enum feed_event feed_read(struct feed *feed, char *out, size_t bytes, int timeout_ms,
			  size_t *ret_bytes);

/* CLOCK_MONOTONIC: an io task receives outside of the runtime's time. */
uint64_t feed_now_ns(void);
void feed_sleep_ns(uint64_t ns);

#endif
