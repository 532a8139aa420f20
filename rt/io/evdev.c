/* SPDX-License-Identifier: Apache-2.0 */
/* evdev_in: events of a joystick, mouse, keyboard. A FIFO with struct input_event in it does as
 * well. */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <takt/io/evdev.h>
#include <takt/task.h>

#include "rt/io/link.h"

#define READ_EVENTS 32u

#define IN_PORTS(IN, OUT) \
	OUT(event, evdev_event, "each event, in order, without those that only part others (syn)")
#define IN_PARAMS(P) \
	P(text(256), path, "path", , , , \
	  "the device, e.g. /dev/input/by-id/…-event-joystick; may come and go") \
	P(bool, grab, "", false, , , "nobody else gets its events") \
	P(f64, timeout, "s", 0, 0, 86400, \
	  "silent for so long is told once; 0: never, it speaks only when touched") \
	P(f64, retry, "s", 1, 0.01, 3600, "between two tries to open a device that is not there")
TAKT_INTERFACE(evdev_in, IN_PORTS, IN_PARAMS)

struct device {
	struct link link;
	const struct takt_params_evdev_in *params;
	bool monotonic;			/* times are ours */
	char bytes[READ_EVENTS * sizeof(struct input_event)];
	size_t at;
	size_t end;			/* may leave a part of an event, from a FIFO */
	uint64_t events;
	uint64_t overflows;		/* SYN_DROPPED: the kernel's buffer was full */
};

static int device_open(void *task, const char **ret_what)
{
	struct device *d = task;
	const int clock = CLOCK_MONOTONIC;
	struct stat status;
	int fd;

	*ret_what = "cannot open";
	fd = open(d->params->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &status) < 0 || (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode))) {
		close(fd);
		return -ENODEV;
	}
	d->monotonic = ioctl(fd, EVIOCSCLOCKID, &clock) == 0;
	if (S_ISCHR(status.st_mode) &&
	    (!d->monotonic || (d->params->grab && ioctl(fd, EVIOCGRAB, 1) < 0))) {
		const int error = errno;

		*ret_what = d->monotonic ? "cannot grab" : "no input device:";
		close(fd);
		return -error;
	}
	d->at = d->end = 0;
	return fd;
}

static int in_new(struct takt_ctx *ctx)
{
	struct device *d = TAKT_STATE(ctx, struct device);

	d->params = TAKT_PARAMS(ctx, evdev_in);
	link_init(&d->link, d->params->path, d->params->retry, d->params->timeout);
	link_is_up(ctx, &d->link, device_open, d);
	return 0;
}

static void fill(struct takt_ctx *ctx, struct device *d)
{
	const bool up = link_is_up(ctx, &d->link, device_open, d);
	const short events = link_wait(ctx, &d->link, POLLIN);
	ssize_t got;

	if (!up || !events) {
		link_quiet(ctx, &d->link);
		return;
	}
	memmove(d->bytes, d->bytes + d->at, d->end - d->at);
	d->end -= d->at;
	d->at = 0;
	got = read(d->link.fd, d->bytes + d->end, sizeof(d->bytes) - d->end);
	if (got > 0) {
		d->end += (size_t)got;
		link_heard(ctx, &d->link);
	} else if (got == 0 || !link_error_passes(errno)) {
		link_lost(ctx, &d->link, got < 0 ? errno : 0);
		d->at = d->end = 0;
	}
}

/* True when it is one for the graph. */
static bool give(struct takt_ctx *ctx, struct device *d, const struct input_event *event)
{
	struct evdev_event *out;

	if (event->type == EV_SYN) {
		if (event->code == SYN_DROPPED) {
			d->overflows++;
			takt_warning_rate(ctx, LINK_TELL_HZ,
					  "%s: faster than it is read, the kernel dropped events, "
					  "%llu times so far", d->link.name,
					  (unsigned long long)d->overflows);
		}
		return false;
	}
	out = TAKT_OUT(ctx, evdev_in, event);
	out->kind = (enum evdev_kind)event->type;
	out->code = event->code;
	out->value = event->value;
	out->time = (double)event->input_event_sec + (double)event->input_event_usec * 1e-6;
	if (d->monotonic) {
		takt_out_instant(ctx, TAKT_OUT_INDEX(evdev_in, event),
				 (uint64_t)event->input_event_sec * 1000000000u +
				 (uint64_t)event->input_event_usec * 1000u);
	}
	d->events++;
	return true;
}

static int in_process(struct takt_ctx *ctx)
{
	struct device *d = TAKT_STATE(ctx, struct device);
	struct input_event event;
	bool given = false;

	if (d->end - d->at < sizeof(event)) {
		fill(ctx, d);
	}
	while (!given && d->end - d->at >= sizeof(event)) {
		memcpy(&event, d->bytes + d->at, sizeof(event));
		d->at += sizeof(event);
		given = give(ctx, d, &event);
	}
	return 0;
}

static int in_stop(struct takt_ctx *ctx)
{
	struct device *d = TAKT_STATE(ctx, struct device);

	takt_info(ctx, "%s: %llu events, dropped by the kernel %llu times, lost %llu times",
		  d->link.name, (unsigned long long)d->events,
		  (unsigned long long)d->overflows, (unsigned long long)d->link.losses);
	link_close(&d->link);
	return 0;
}

static const char *in_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_evdev_in *p = params;
	struct stat status;

	if (stat(p->path, &status) == 0 && !S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) {
		snprintf(text, text_bytes,
			 "path: `%.150s` is no input device; give one of /dev/input/by-id",
			 p->path);
		return text;
	}
	return NULL;
}

TAKT_TASK(evdev_in, TAKT_SOURCE, struct device, "gives the events of an input device",
	  TAKT_NEW(in_new), TAKT_PROCESS(in_process), TAKT_STOP(in_stop),
	  TAKT_CHECK_PARAMS(in_check), TAKT_WAITS)
TAKT_PLUGIN("evdev", "1", evdev_in)
