/* SPDX-License-Identifier: Apache-2.0 */
/* The bar on stderr: when it is drawn, and that nothing of it stays. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rt/clock/clock.h"
#include "rt/main/progress.h"
#include "tests/unit/unit.h"

static int terminal;			/* the other side of stderr */
static int own_stderr;

static int open_terminal(void **state)
{
	int side;

	(void)state;
	terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0) {
		return -1;
	}
	side = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	own_stderr = dup(STDERR_FILENO);
	dup2(side, STDERR_FILENO);
	close(side);
	return 0;
}

static int close_terminal(void **state)
{
	(void)state;
	dup2(own_stderr, STDERR_FILENO);
	close(own_stderr);
	close(terminal);
	return 0;
}

static const char *shown(void)
{
	static char text[4096];
	const ssize_t n = read(terminal, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void nothing_is_drawn_within_the_first_second(void **state)
{
	struct takt_progress progress;

	(void)state;
	takt_progress_init(&progress, "reading", 1000);
	takt_progress_step(&progress, 500);
	takt_progress_fini(&progress);
	assert_string_equal(shown(), "");
}

static void bar_shows_the_part_and_is_removed(void **state)
{
	struct takt_progress progress;
	const char *text;

	(void)state;
	takt_progress_init(&progress, "reading", 1000);
	progress.begin_ns -= 2 * TAKT_NS_PER_S;
	for (int i = 0; i < 256; i++) {
		takt_progress_put(&progress, 250);
	}
	text = shown();
	assert_non_null(strstr(text, "reading [##########..............................]  25 %  6 s left"));
	assert_null(strchr(text, '\n'));
	takt_progress_step(&progress, 300);	/* too soon after the last */
	assert_string_equal(shown(), "");
	takt_progress_fini(&progress);
	assert_string_equal(shown(), "\r\033[K");
	takt_progress_fini(&progress);
	assert_string_equal(shown(), "");
}

static void more_than_the_total_is_a_full_bar(void **state)
{
	struct takt_progress progress;

	(void)state;
	takt_progress_init(&progress, "checking", 10);
	progress.begin_ns -= 2 * TAKT_NS_PER_S;
	takt_progress_step(&progress, UINT64_MAX);
	assert_non_null(strstr(shown(), "[########################################] 100 %"));
}

static void an_unknown_total_and_a_pipe_show_nothing(void **state)
{
	struct takt_progress progress;
	int fds[2];

	(void)state;
	takt_progress_init(&progress, "reading", 0);
	progress.begin_ns -= 2 * TAKT_NS_PER_S;
	takt_progress_step(&progress, 5);
	assert_string_equal(shown(), "");

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	dup2(fds[1], STDERR_FILENO);
	takt_progress_init(&progress, "reading", 1000);
	progress.begin_ns -= 2 * TAKT_NS_PER_S;
	takt_progress_step(&progress, 5);
	takt_progress_fini(&progress);
	terminal = (close(terminal), fds[0]);
	close(fds[1]);
	assert_string_equal(shown(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH(name) cmocka_unit_test_setup_teardown(name, open_terminal, close_terminal)
		WITH(nothing_is_drawn_within_the_first_second),
		WITH(bar_shows_the_part_and_is_removed),
		WITH(more_than_the_total_is_a_full_bar),
		WITH(an_unknown_total_and_a_pipe_show_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
