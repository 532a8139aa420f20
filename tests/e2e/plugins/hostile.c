/* SPDX-License-Identifier: Apache-2.0 */
/* A task that does on purpose what no task should. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <takt/task.h>

/* Only where a test asks for it: everybody loads this plug-in. */
__attribute__((constructor)) static void misbehave(void)
{
	const char *how = getenv("TAKT_TEST_CONSTRUCTOR");

	if (how && strcmp(how, "exit") == 0) {
		exit(0);
	} else if (how && strcmp(how, "abort") == 0) {
		abort();
	}
}

#define TICK(F) \
	F(u64, number, "1", "cycle as the source counted it") \
	F(u64, inverse, "1", "all bits of number flipped") \
	F(list(u8, 65536), ballast, "1", "bytes that follow from number")
TAKT_MESSAGE(tick, "what the source of the kill tests gives", TICK)

#define HOSTILE_PORTS(IN, OUT) IN(in, tick, "passed on") OUT(out, tick, "what came in")
#define HOSTILE_PARAMS(P) \
	P(text(16), mode, "", "none", , , "new_hang, start_slow, fork, fork_crash, fork_stay, sigpipe") \
	P(u64, at, "1", 100, 0, , "cycle in which it does") \
	P(u64, times, "1", 1, 1, , "not used")
TAKT_INTERFACE(hostile, HOSTILE_PORTS, HOSTILE_PARAMS)

static bool is(const struct takt_ctx *ctx, const char *mode)
{
	return strcmp(TAKT_PARAMS(ctx, hostile)->mode, mode) == 0;
}

static int hostile_new(struct takt_ctx *ctx)
{
	while (is(ctx, "new_hang")) {
		pause();
	}
	return 0;
}

static int hostile_start(struct takt_ctx *ctx)
{
	if (is(ctx, "start_slow")) {
		sleep(1);
	}
	return 0;
}

static void in_child(const struct takt_ctx *ctx)
{
	volatile uintptr_t nowhere = 8;

	if (is(ctx, "fork_crash")) {
		*(volatile int *)nowhere = 1;
	} else if (is(ctx, "fork_stay")) {
		close(STDERR_FILENO);
		sleep(20);
	}
	exit(3);
}

static int hostile_process(struct takt_ctx *ctx)
{
	struct tick *out = TAKT_OUT(ctx, hostile, out);

	*out = (struct tick){ .number = ctx->cycle, .inverse = ~ctx->cycle };
	if (ctx->cycle == TAKT_PARAMS(ctx, hostile)->at) {
		if (strncmp(TAKT_PARAMS(ctx, hostile)->mode, "fork", 4) == 0 && fork() == 0) {
			in_child(ctx);
		} else if (is(ctx, "sigpipe")) {
			kill(getpid(), SIGPIPE);
		}
	}
	return 0;
}
TAKT_TASK(hostile, TAKT_FILTER, struct takt_stateless, "does what no task should",
	  TAKT_NEW(hostile_new), TAKT_START(hostile_start), TAKT_PROCESS(hostile_process))

TAKT_PLUGIN("hostile", "1", hostile)
