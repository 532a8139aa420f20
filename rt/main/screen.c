/* SPDX-License-Identifier: Apache-2.0 */
/* What a signal handler needs to give the terminal back cannot be reached but by variables of this file. */
#include "rt/main/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "rt/base/text_buffer.h"
#include "rt/base/utf8.h"

#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[0m\033[?25h\033[?1049l"
#define FRAME_BYTES_MAX (1u << 20)
#define DEFAULT_ROWS 24
#define DEFAULT_COLUMNS 80
#define PIECE_BYTES 128u		/* a terminal that says it has room has room for this */
#define LEAVE_PATIENCE_MS 100

static struct termios before;		/* of stdin */
static volatile sig_atomic_t has_keys;	/* stdin is a terminal, and `before` is its state */
static volatile sig_atomic_t is_open;
static volatile sig_atomic_t must_leave;
static volatile sig_atomic_t must_stop;
static volatile sig_atomic_t must_redraw;
static struct sigaction bus_before;	/* may bear what happens in shared memory: rt/shm/region_guard.h */

static const int leave_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static const int fatal_signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGABRT };
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- taking and giving back ------------------------------------------------------------------- */

/* A terminal may take nothing for hours (a connection that stalls): only wait for it where a signal ends that.
 * -EINTR: one came that wants something else. */
static int put(const char *bytes, size_t size_bytes)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (size_bytes > 0) {
		const bool has_room = poll(&fd, 1, -1) > 0;
		const size_t piece = size_bytes < PIECE_BYTES ? size_bytes : PIECE_BYTES;
		const ssize_t n = has_room && !must_leave && !must_stop ? write(STDOUT_FILENO, bytes, piece) : 0;

		if (must_leave || must_stop) {
			return -EINTR;
		}
		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		bytes += n > 0 ? n : 0;
		size_bytes -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int enter(void)
{
	struct termios raw;
	int r;

	if (has_keys) {
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0) {
			return -errno;
		}
	}
	is_open = 1;
	r = put(ENTER, sizeof(ENTER) - 1);
	return r == -EINTR ? 0 : r;
}

/* Async-signal-safe. */
static void leave(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (!is_open) {
		return;
	}
	is_open = 0;
	if (poll(&fd, 1, LEAVE_PATIENCE_MS) > 0) {
		(void)!write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1);
	}
	if (has_keys) {
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	}
}

static void on_leave(int number)
{
	(void)number;
	must_leave = 1;
}

static void on_stop(int number)
{
	(void)number;
	must_stop = 1;
}

static void on_resize(int number)
{
	(void)number;
	must_redraw = 1;
}

static void on_fatal(int number)
{
	leave();
	raise(number);			/* SA_RESETHAND: the default, once we return */
}

/* What the handler before us cannot bear it leaves to the default, and the signal comes again. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	struct sigaction now = { .sa_handler = SIG_DFL };

	if (bus_before.sa_flags & SA_SIGINFO) {
		bus_before.sa_sigaction(number, info, context);
		sigaction(number, NULL, &now);
	} else {
		sigaction(number, &now, NULL);
		raise(number);
	}
	if (now.sa_handler == SIG_DFL) {
		leave();
	}
}

static void set_handlers(void)
{
	const struct sigaction bus = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
	struct sigaction action = { .sa_handler = on_leave };

	for (size_t i = 0; i < COUNT(leave_signals); i++) {
		sigaction(leave_signals[i], &action, NULL);
	}
	action.sa_handler = on_stop;
	sigaction(SIGTSTP, &action, NULL);
	action.sa_handler = on_resize;
	sigaction(SIGWINCH, &action, NULL);
	action.sa_handler = on_fatal;
	action.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; i < COUNT(fatal_signals); i++) {
		sigaction(fatal_signals[i], &action, NULL);
	}
	sigaction(SIGBUS, &bus, &bus_before);
	action.sa_handler = SIG_IGN;
	action.sa_flags = 0;
	sigaction(SIGPIPE, &action, NULL);
}

int takt_screen_open(void)
{
	if (!isatty(STDOUT_FILENO)) {
		return -ENOTTY;
	}
	has_keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
	set_handlers();
	return enter();
}

void takt_screen_close(void)
{
	leave();
}

/* --- drawing ---------------------------------------------------------------------------------- */

static void find_size(uint32_t *ret_rows, uint32_t *ret_columns)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0) {
		size.ws_row = size.ws_col = 0;
	}
	*ret_rows = size.ws_row ? size.ws_row : DEFAULT_ROWS;
	*ret_columns = size.ws_col ? size.ws_col : DEFAULT_COLUMNS;
}

/* Put the line at @text, cut to @columns characters. Returns the bytes that it has in @text. */
static size_t put_line(struct takt_text_buffer *frame, const char *text, uint32_t columns)
{
	const size_t bytes = strcspn(text, "\n");
	size_t shown = 0;

	for (uint32_t i = 0; i < columns && shown < bytes; i++) {
		const uint32_t length = takt_utf8_length(text + shown, bytes - shown);

		shown += length ? length : 1;
	}
	takt_text_buffer_put(frame, text, shown);
	return bytes;
}

uint32_t takt_screen_columns(void)
{
	uint32_t rows, columns;

	find_size(&rows, &columns);
	return columns;
}

int takt_screen_draw(const char *text, uint32_t bar)
{
	struct takt_text_buffer frame;
	uint32_t rows, columns;
	int r;

	find_size(&rows, &columns);
	takt_text_buffer_init(&frame, FRAME_BYTES_MAX);
	takt_text_buffer_puts(&frame, "\033[H");
	for (uint32_t row = 0; row < rows && *text; row++) {
		takt_text_buffer_puts(&frame, row > 0 ? "\r\n" : "");
		takt_text_buffer_puts(&frame, row == bar ? "\033[7m" : "");
		text += put_line(&frame, text, columns);
		takt_text_buffer_puts(&frame, row == bar ? "\033[K\033[0m" : "\033[K");
		text += *text == '\n';
	}
	takt_text_buffer_puts(&frame, "\033[J");
	r = frame.error ? frame.error : put(frame.text, frame.used);
	takt_text_buffer_fini(&frame);
	return r == -EINTR ? 0 : r;	/* takt_screen_wait sees to the signal */
}

/* --- events ----------------------------------------------------------------------------------- */

/* Stopped by Ctrl-Z: the terminal is the shell's until we are continued. */
static void stop(void)
{
	must_stop = 0;
	leave();
	raise(SIGSTOP);
	enter();
	must_redraw = 1;
}

static int read_key(short events)
{
	unsigned char key;
	const ssize_t n = read(STDIN_FILENO, &key, 1);

	if (n == 1) {
		return key;
	}
	/* Readable without a byte: hung up. */
	return n == 0 || (n < 0 && errno == EIO) || (events & (POLLERR | POLLNVAL)) ? TAKT_SCREEN_LEAVE
										    : TAKT_SCREEN_NONE;
}

int takt_screen_wait(int ms)
{
	struct pollfd fd = { .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	const int count = must_leave || must_stop || must_redraw ? 0 : poll(&fd, 1, ms);

	if (must_leave) {
		return TAKT_SCREEN_LEAVE;
	}
	if (must_stop) {
		stop();
	}
	if (must_redraw) {
		must_redraw = 0;
		return TAKT_SCREEN_REDRAW;
	}
	return count > 0 ? read_key(fd.revents) : TAKT_SCREEN_NONE;
}
