/* SPDX-License-Identifier: Apache-2.0 */
/* A device that comes and goes, as an io task sees it: opened when it is there, tried again
 * every `retry` while it is not, and told about once each time: lost, back, silent, speaking
 * again.
 *
 *     down --open--> up --error--> down        silent: up, and nothing came for `timeout`
 *
 * Times are ctx->now_ns, of the call's begin. */
#ifndef TAKT_IO_LINK_H
#define TAKT_IO_LINK_H

#include <takt/task.h>

#define LINK_WAIT_MS 100		/* an io task returns at least so often */
#define LINK_TELL_HZ 1			/* for texts that a device could cause with every message */

/* The parameter `timeout` of tasks whose device ought to speak by itself. */
#define LINK_TIMEOUT_PARAM(P) \
	P(f64, timeout, "s", 5, 0, 86400, "silent for so long is told once; 0: never")

struct link {
	const char *name;		/* of the device, for texts; borrowed */
	uint64_t retry_ns;
	uint64_t timeout_ns;		/* 0: it may be silent for ever */
	int fd;				/* -1: down */
	int error;			/* errno that was told, 0: none */
	bool was_up;
	bool is_silent;			/* and that was told */
	uint64_t try_ns;		/* when to open again */
	uint64_t down_ns;		/* since when it is down */
	uint64_t heard_ns;		/* when it last spoke */
	uint64_t losses;
};

/* Opens the device. Returns a descriptor, or -errno with @ret_what (what failed: "cannot open",
 * a constant). @task: of the caller. */
typedef int link_open(void *task, const char **ret_what);

/* Times in seconds; @name is borrowed until link_close. */
void link_init(struct link *link, const char *name, double retry_s, double timeout_s);
void link_close(struct link *link);

/* True when the device is there, opened now if it is time to try. Tells what changed. False in
 * virtual time, which leaves devices alone. */
bool link_is_up(struct takt_ctx *ctx, struct link *link, link_open *open, void *task);

/* It is gone: closes it, tells why (@error: errno, 0: it hung up), tries again after `retry`. */
void link_lost(struct takt_ctx *ctx, struct link *link, int error);

/* It spoke, or it did not: tells the change. */
void link_heard(struct takt_ctx *ctx, struct link *link);
void link_quiet(struct takt_ctx *ctx, struct link *link);

/* Wait for @events of poll(2), LINK_WAIT_MS at most, or without a device for the next try.
 * Returns revents; 0: nothing yet. */
short link_wait(struct takt_ctx *ctx, struct link *link, short events);

/* The @events of poll(2) that are there now. */
short link_poll(const struct link *link, short events);

/* True for the errors of read and write that pass by themselves. */
bool link_error_passes(int error);

#endif
