/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks for the end-to-end tests: a counter that an oracle outside takt can read, faults on demand, an
 * actuator whose safe state can be seen. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <takt/task.h>

#define TICK(F) \
	F(u64, number, "1", "cycle as the source counted it") \
	F(u64, inverse, "1", "all bits of number flipped") \
	F(list(u8, 65536), ballast, "1", "bytes that follow from number")
TAKT_MESSAGE(tick, "what the source of the kill tests gives", TICK)

/* --- ticker: source -------------------------------------------------------------------------- */

#define TICKER_PORTS(IN, OUT) OUT(tick, tick, "one a cycle")
#define TICKER_PARAMS(P) P(u32, ballast, "1", 64, 0, 65536, "bytes of ballast")
TAKT_INTERFACE(ticker, TICKER_PORTS, TICKER_PARAMS)

struct ticker {
	uint64_t number;
};

static int ticker_process(struct takt_ctx *ctx)
{
	struct ticker *self = TAKT_STATE(ctx, struct ticker);
	struct tick *out = TAKT_OUT(ctx, ticker, tick);
	const uint32_t n = TAKT_PARAMS(ctx, ticker)->ballast;

	out->number = self->number;
	out->inverse = ~self->number;
	out->ballast.count = n;
	memset(out->ballast.at, (int)(self->number & 0xff), n);
	self->number++;
	return 0;
}
TAKT_TASK(ticker, TAKT_SOURCE, struct ticker, "counts", TAKT_PROCESS(ticker_process))

/* --- fault: filter --------------------------------------------------------------------------- */

#define FAULT_PORTS(IN, OUT) IN(in, tick, "passed on") OUT(out, tick, "what came in")
#define FAULT_PARAMS(P) \
	P(text(16), mode, "", "none", , , "none, loop, segv, abort, exit, _exit, fpe, error, sleep, new, log, all") \
	P(u64, at, "1", 100, 0, , "cycle of the fault") \
	P(u64, times, "1", 1, 1, , "cycles that it lasts")
TAKT_INTERFACE(fault, FAULT_PORTS, FAULT_PARAMS)

static volatile int zero;

static int fault_new(struct takt_ctx *ctx)
{
	if (strcmp(TAKT_PARAMS(ctx, fault)->mode, "new") == 0) {
		takt_error(ctx, "new fails because it was told to");
		return -ENODEV;
	}
	return 0;
}

static int fault_now(struct takt_ctx *ctx, const char *mode)
{
	if (strcmp(mode, "loop") == 0) {
		for (;;) {
			zero = 0;
		}
	} else if (strcmp(mode, "segv") == 0) {
		volatile uintptr_t nowhere = 8;

		*(volatile int *)nowhere = 1;
	} else if (strcmp(mode, "abort") == 0) {
		abort();
	} else if (strcmp(mode, "exit") == 0) {
		exit(3);
	} else if (strcmp(mode, "_exit") == 0) {
		_exit(3);
	} else if (strcmp(mode, "fpe") == 0) {
		raise(SIGFPE);
	} else if (strcmp(mode, "error") == 0) {
		return -EIO;
	} else if (strcmp(mode, "sleep") == 0) {
		usleep(30000);
	} else if (strcmp(mode, "log") == 0) {
		for (int i = 0; i < 20000; i++) {
			takt_info(ctx, "flood %d %s", i, "of texts that no ring holds");
		}
	}
	return 0;
}

static int fault_process(struct takt_ctx *ctx)
{
	const struct tick *in = TAKT_IN(ctx, fault, in);
	const struct takt_params_fault *p = TAKT_PARAMS(ctx, fault);
	struct tick *out;

	if (strcmp(p->mode, "all") == 0) {	/* one rare path after the other */
		static const char *const modes[] = { "error", "sleep", "log" };
		const uint64_t since = ctx->cycle - p->at;

		if (ctx->cycle >= p->at && since % 50 == 0 && since / 50 < 3) {
			fault_now(ctx, modes[since / 50]);
			return since == 0 ? -EIO : 0;
		}
	} else if (ctx->cycle >= p->at && ctx->cycle - p->at < p->times) {
		const int r = fault_now(ctx, p->mode);

		if (r < 0) {
			return r;
		}
	}
	if (in) {
		out = TAKT_OUT(ctx, fault, out);
		out->number = in->number;
		out->inverse = in->inverse;
	}
	return 0;
}
TAKT_TASK(fault, TAKT_FILTER, struct takt_stateless, "fails when told to", TAKT_NEW(fault_new),
	  TAKT_PROCESS(fault_process))

/* --- oracle: sink ---------------------------------------------------------------------------- */

struct shared {				/* the file that a test maps */
	uint64_t counted;		/* cycles that the last task has seen */
	uint64_t commanded;		/* the actuator's set point */
	uint64_t failsafe;		/* calls of failsafe */
};

struct oracle {
	struct shared *shared;
};

#define ORACLE_PORTS(IN, OUT) IN(in, tick, "counted")
#define ORACLE_PARAMS(P) \
	P(text(512), file, "path", , , , "shared counter") \
	P(text(16), hang, "", "none", , , "none, stop, failsafe")
TAKT_INTERFACE(oracle, ORACLE_PORTS, ORACLE_PARAMS)

static int oracle_new(struct takt_ctx *ctx)
{
	struct oracle *self = TAKT_STATE(ctx, struct oracle);
	const int fd = open(TAKT_PARAMS(ctx, oracle)->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *memory;

	if (fd < 0 || ftruncate(fd, sizeof(struct shared)) < 0) {
		return -errno;
	}
	memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED) {
		return -errno;
	}
	self->shared = memory;
	return 0;
}

static int oracle_process(struct takt_ctx *ctx)
{
	struct shared *shared = TAKT_STATE(ctx, struct oracle)->shared;

	__atomic_store_n(&shared->commanded, 100, __ATOMIC_RELAXED);
	__atomic_store_n(&shared->counted, ctx->cycle + 1, __ATOMIC_RELEASE);
	return 0;
}

static void oracle_failsafe(struct takt_ctx *ctx)
{
	struct shared *shared = TAKT_STATE(ctx, struct oracle)->shared;

	shared->commanded = 0;
	shared->failsafe++;
	while (strcmp(TAKT_PARAMS(ctx, oracle)->hang, "failsafe") == 0) {
		pause();
	}
}

static int oracle_stop(struct takt_ctx *ctx)
{
	while (strcmp(TAKT_PARAMS(ctx, oracle)->hang, "stop") == 0) {
		pause();
	}
	return 0;
}
TAKT_TASK(oracle, TAKT_SINK, struct oracle, "the last task: stamps a counter, drives an actuator",
	  TAKT_NEW(oracle_new), TAKT_PROCESS(oracle_process), TAKT_STOP(oracle_stop),
	  TAKT_FAILSAFE(oracle_failsafe))

TAKT_PLUGIN("faults", "1", ticker, fault, oracle)
