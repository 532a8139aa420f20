/* SPDX-License-Identifier: Apache-2.0 */
/* A full-screen view on a terminal, by plain ANSI sequences: an alternate screen without a cursor, keys
 * without Enter. Whatever ends the program but SIGKILL gives the terminal back as it was. One at a time. */
#ifndef TAKT_MAIN_SCREEN_H
#define TAKT_MAIN_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

enum takt_screen_event {
	TAKT_SCREEN_NONE = 0,		/* the time is over */
	TAKT_SCREEN_LEAVE = -1,		/* a signal asks for the end, or the terminal is gone */
	TAKT_SCREEN_REDRAW = -2		/* its size has changed, or it is ours again */
};					/* else a key: its byte */

/* Take the terminal that stdin and stdout are (stdin may be something else: then there are no keys).
 * Returns 0, -ENOTTY when stdout is none, -errno. */
int takt_screen_open(void);

/* Give it back. May be called when nothing was opened. */
void takt_screen_close(void);

/* Show @text from the top: lines are cut at the width, the rest at the height. Line @bar (from 0) is shown
 * in reverse. @text is UTF-8 without control characters but newlines. Returns 0, -errno. */
int takt_screen_draw(const char *text, uint32_t bar);

/* How many columns the terminal has. */
uint32_t takt_screen_columns(void);

/* Wait up to @ms for a key or another event. Ctrl-Z is served here. */
int takt_screen_wait(int ms);

#endif
