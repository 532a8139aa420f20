/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rt/clock/clock.h"

#define PATIENCE_NS TAKT_NS_PER_S
#define REDRAW_NS (TAKT_NS_PER_S / 10)
#define SKIP 256u
#define BAR_WIDTH 40u

void takt_progress_init(struct takt_progress *progress, const char *what, uint64_t total)
{
	*progress = (struct takt_progress){ .what = what, .total = total,
		.begin_ns = takt_clock_mono_ns(),
		.is_terminal = isatty(STDERR_FILENO) == 1 };
}

static void draw(const struct takt_progress *progress, uint64_t done, uint64_t spent_ns)
{
	const double part = done < progress->total ? (double)done / (double)progress->total : 1;
	const double left_s = part > 0 ? (double)spent_ns * (1 - part) / part / 1e9 : 0;
	const uint32_t full = (uint32_t)(part * BAR_WIDTH);
	char bar[BAR_WIDTH + 1];

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r%s [%s] %3.0f %%  %.0f s left \033[K", progress->what, bar, part * 100,
		left_s);
	fflush(stderr);
}

void takt_progress_step(struct takt_progress *progress, uint64_t done)
{
	uint64_t now_ns;

	if (!progress->is_terminal || progress->total == 0) {
		return;
	}
	now_ns = takt_clock_mono_ns();
	if (now_ns - progress->begin_ns < PATIENCE_NS || now_ns - progress->shown_ns < REDRAW_NS) {
		return;
	}
	draw(progress, done, now_ns - progress->begin_ns);
	progress->shown_ns = now_ns;
}

void takt_progress_put(struct takt_progress *progress, uint64_t done)
{
	if (++progress->skipped >= SKIP) {
		progress->skipped = 0;
		takt_progress_step(progress, done);
	}
}

void takt_progress_fini(struct takt_progress *progress)
{
	if (progress->shown_ns) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
		progress->shown_ns = 0;
	}
}
