/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE			/* cfmakeraw, B460800 */
#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000u
#define NS_PER_MS 1000000u
#define PAUSE_MIN_NS (100ull * NS_PER_MS)
#define PAUSE_MAX_NS (2000ull * NS_PER_MS)

static const struct {
	uint32_t baud;
	speed_t speed;
} speeds[] = {
	{ 1200, B1200 }, { 2400, B2400 }, { 4800, B4800 }, { 9600, B9600 }, { 19200, B19200 },
	{ 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 }, { 230400, B230400 },
	{ 460800, B460800 }, { 921600, B921600 },
};

uint64_t feed_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void feed_sleep_ns(uint64_t ns)
{
	const struct timespec pause = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	nanosleep(&pause, NULL);
}

static int terminal_set(int fd, uint32_t baud)
{
	struct termios settings;
	size_t i = 0;

	while (i < sizeof(speeds) / sizeof(speeds[0]) && speeds[i].baud != baud) {
		i++;
	}
	if (i == sizeof(speeds) / sizeof(speeds[0])) {
		return -EINVAL;
	}
	if (tcgetattr(fd, &settings) < 0) {
		return -errno;
	}
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	settings.c_cflag &= (tcflag_t)~CSTOPB;
	cfsetispeed(&settings, speeds[i].speed);
	cfsetospeed(&settings, speeds[i].speed);
	return tcsetattr(fd, TCSANOW, &settings) < 0 ? -errno : 0;
}

static int open_again(struct feed *feed)
{
	struct stat status;
	int rc = 0;
	const int fd = open(feed->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &status) < 0) {
		rc = -errno;
		goto fail;
	}
	if (S_ISDIR(status.st_mode)) {
		rc = -EISDIR;
		goto fail;
	}
	feed->live = !S_ISREG(status.st_mode);
	feed->fifo = S_ISFIFO(status.st_mode);
	if (feed->live && isatty(fd)) {
		rc = terminal_set(fd, feed->baud);
		if (rc < 0) {
			goto fail;
		}
	}
	feed->fd = fd;
	return 0;
fail:
	close(fd);
	return rc;
}

int feed_open(struct feed *feed, const char *path, uint32_t baud)
{
	*feed = (struct feed){ .path = path, .baud = baud, .fd = -1, .pause_ns = PAUSE_MIN_NS };
	return open_again(feed);
}

void feed_close(struct feed *feed)
{
	if (feed->fd >= 0) {
		close(feed->fd);
		feed->fd = -1;
	}
}

/* A FIFO is opened anew before the old descriptor goes: what the next writer has written stays. */
static enum feed_event lose(struct feed *feed, int error)
{
	const int old = feed->fd;

	feed->fd = -1;
	feed->error = error;
	feed->retry_ns = feed_now_ns() + feed->pause_ns;
	if (feed->fifo) {
		open_again(feed);
	}
	close(old);
	return FEED_LOST;
}

static enum feed_event reopen(struct feed *feed, int timeout_ms)
{
	const uint64_t now_ns = feed_now_ns();
	const uint64_t timeout_ns = (uint64_t)timeout_ms * NS_PER_MS;

	if (now_ns < feed->retry_ns) {
		const uint64_t left_ns = feed->retry_ns - now_ns;

		feed_sleep_ns(left_ns < timeout_ns ? left_ns : timeout_ns);
		return FEED_NOTHING;
	}
	if (open_again(feed) < 0) {
		feed->pause_ns = feed->pause_ns * 2 < PAUSE_MAX_NS ? feed->pause_ns * 2 : PAUSE_MAX_NS;
		feed->retry_ns = now_ns + feed->pause_ns;
		return FEED_NOTHING;
	}
	return FEED_BACK;
}

enum feed_event feed_read(struct feed *feed, char *out, size_t bytes, int timeout_ms,
			  size_t *ret_bytes)
{
	struct pollfd ready = { .fd = feed->fd, .events = POLLIN };

	if (feed->fd < 0) {
		return reopen(feed, timeout_ms);
	}
	if (feed->live && poll(&ready, 1, timeout_ms) <= 0) {
		return FEED_NOTHING;
	}
	const ssize_t got = read(feed->fd, out, bytes);

	if (got > 0) {
		feed->pause_ns = PAUSE_MIN_NS;
		*ret_bytes = (size_t)got;
		return FEED_BYTES;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return FEED_NOTHING;
	}
	if (got == 0 && !feed->live) {
		return FEED_END;
	}
	return lose(feed, got < 0 ? errno : 0);
}
