/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/io/link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000u

static double seconds(uint64_t ns)
{
	return (double)ns * 1e-9;
}

void link_init(struct link *link, const char *name, double retry_s, double timeout_s)
{
	*link = (struct link){
		.name = name, .fd = -1,
		.retry_ns = (uint64_t)(retry_s * 1e9), .timeout_ns = (uint64_t)(timeout_s * 1e9),
	};
}

void link_close(struct link *link)
{
	if (link->fd >= 0) {
		close(link->fd);
		link->fd = -1;
	}
}

static void tell_up(struct takt_ctx *ctx, const struct link *link)
{
	if (link->was_up) {
		takt_info(ctx, "%s is back after %.1f s", link->name,
			  seconds(ctx->now_ns - link->down_ns));
	} else if (link->error) {
		takt_info(ctx, "%s is there after %.1f s", link->name,
			  seconds(ctx->now_ns - link->down_ns));
	}
}

/* What is expected of a device that is away, and said with its loss. */
static bool is_away(int error)
{
	return error == ENOENT || error == ENXIO || error == ENODEV || error == EIO;
}

bool link_is_up(struct takt_ctx *ctx, struct link *link, link_open *open, void *task)
{
	const char *what = "cannot open";
	int fd;

	if (link->fd >= 0) {
		return true;
	}
	if (takt_is_virtual(ctx) || ctx->now_ns < link->try_ns) {
		return false;
	}
	if (link->down_ns == 0) {
		link->down_ns = ctx->now_ns;
	}
	fd = open(task, &what);
	if (fd < 0) {
		if (link->error != -fd && !(link->was_up && is_away(-fd))) {
			takt_warning(ctx, "%s %s: %s; trying again every %.3g s", what, link->name,
				     strerror(-fd), seconds(link->retry_ns));
		}
		link->error = -fd;
		link->try_ns = ctx->now_ns + link->retry_ns;
		return false;
	}
	link->fd = fd;
	tell_up(ctx, link);
	link->was_up = true;
	link->error = 0;
	link->is_silent = false;
	link->heard_ns = ctx->now_ns;
	return true;
}

void link_lost(struct takt_ctx *ctx, struct link *link, int error)
{
	link_close(link);
	takt_warning(ctx, "lost %s: %s; trying to open it again every %.3g s", link->name,
		     error ? strerror(error) : "hung up", seconds(link->retry_ns));
	link->error = error ? error : EIO;
	link->losses++;
	link->down_ns = ctx->now_ns;
	link->try_ns = ctx->now_ns + link->retry_ns;
}

void link_heard(struct takt_ctx *ctx, struct link *link)
{
	if (link->is_silent) {
		takt_info(ctx, "%s speaks again after %.1f s", link->name,
			  seconds(ctx->now_ns - link->heard_ns));
		link->is_silent = false;
	}
	link->heard_ns = ctx->now_ns;
}

void link_quiet(struct takt_ctx *ctx, struct link *link)
{
	if (link->fd >= 0 && link->timeout_ns > 0 && !link->is_silent &&
	    ctx->now_ns > link->heard_ns + link->timeout_ns) {
		takt_warning(ctx, "nothing from %s for %.3g s", link->name,
			     seconds(link->timeout_ns));
		link->is_silent = true;
	}
}

static void wait_for_try(const struct takt_ctx *ctx, const struct link *link)
{
	const uint64_t most_ns = (uint64_t)LINK_WAIT_MS * NS_PER_MS;
	const uint64_t left_ns = link->try_ns > ctx->now_ns ? link->try_ns - ctx->now_ns : 0;
	const uint64_t ns = left_ns < most_ns ? left_ns : most_ns;
	const struct timespec pause = { 0, (long)ns };

	nanosleep(&pause, NULL);
}

short link_wait(struct takt_ctx *ctx, struct link *link, short events)
{
	struct pollfd ready = { .fd = link->fd, .events = events };

	if (link->fd < 0) {
		wait_for_try(ctx, link);
		return 0;
	}
	return poll(&ready, 1, LINK_WAIT_MS) > 0 ? ready.revents : 0;
}

short link_poll(const struct link *link, short events)
{
	struct pollfd ready = { .fd = link->fd, .events = events };

	return link->fd >= 0 && poll(&ready, 1, 0) > 0 ? ready.revents : 0;
}

bool link_error_passes(int error)
{
	return error == EAGAIN || error == EINTR;
}
