/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks for the tests of wiring: delay, hold, every, background, several inputs, messages of no record. */
#include <time.h>

#include <takt/task.h>

#define NUMBER(F) F(i64, value, "1", "a number")
TAKT_MESSAGE(number, "a number", NUMBER)

#define COUNT_PORTS(IN, OUT) OUT(number, number, "0, 1, 2, …: calls so far")
TAKT_INTERFACE(count, COUNT_PORTS, TAKT_NO_PARAMS)

struct count { int64_t calls; };

static int count_process(struct takt_ctx *ctx)
{
	struct number *out = TAKT_OUT(ctx, count, number);

	out->value = TAKT_STATE(ctx, struct count)->calls++;
	takt_out_status(ctx, TAKT_OUT_INDEX(count, number), out->value % 2 ? "odd" : "even");
	return 0;
}
TAKT_TASK(count, TAKT_SOURCE, struct count, "counts its calls", TAKT_PROCESS(count_process))

/* A closed loop: its own sum of the cycle before comes in by `delay: 1`. */
#define SUM_PORTS(IN, OUT) IN(now, number, "added") IN(before, number, "the sum so far") OUT(sum, number, "")
TAKT_INTERFACE(sum, SUM_PORTS, TAKT_NO_PARAMS)

static int sum_process(struct takt_ctx *ctx)
{
	const struct number *now = TAKT_IN(ctx, sum, now), *before = TAKT_IN(ctx, sum, before);
	struct number *out = TAKT_OUT(ctx, sum, sum);

	out->value = (now ? now->value : 0) + (before ? before->value : 0);
	return 0;
}
TAKT_TASK(sum, TAKT_FILTER, struct takt_stateless, "sums up", TAKT_PROCESS(sum_process))

/* Slow work: a result comes some cycles after its input. */
#define SLOW_PORTS(IN, OUT) IN(in, number, "") OUT(out, number, "the input + 1000")
#define SLOW_PARAMS(P) P(u32, ms, "1", 5, 0, 1000, "milliseconds of work")
TAKT_INTERFACE(slow, SLOW_PORTS, SLOW_PARAMS)

static int slow_process(struct takt_ctx *ctx)
{
	const struct timespec span = { 0, (long)TAKT_PARAMS(ctx, slow)->ms * 1000000 };
	const struct number *in = TAKT_IN(ctx, slow, in);

	nanosleep(&span, NULL);
	if (in) {
		struct number *out = TAKT_OUT(ctx, slow, out);

		out->value = in->value + 1000;
	}
	return 0;
}
TAKT_TASK(slow, TAKT_FILTER, struct takt_stateless, "works in the background",
	  TAKT_PROCESS(slow_process))

/* Changes its mind: room for a status is taken once a cycle, and there is no output before the first. */
TAKT_INTERFACE(fickle, COUNT_PORTS, TAKT_NO_PARAMS)

static int fickle_new(struct takt_ctx *ctx)
{
	return TAKT_OUT(ctx, fickle, number) ? -1 : 0;
}

static int fickle_process(struct takt_ctx *ctx)
{
	for (int i = 0; i < 1000; i++) {
		struct number *out = TAKT_OUT(ctx, fickle, number);

		if (!out || out->value != 0) {
			return -1;
		}
		out->value = i;
		takt_out_status(ctx, TAKT_OUT_INDEX(fickle, number), "no, wait");
		takt_out_cancel(ctx, TAKT_OUT_INDEX(fickle, number));
	}
	return 0;
}
TAKT_TASK(fickle, TAKT_SOURCE, struct takt_stateless, "puts out and takes back", TAKT_NEW(fickle_new),
	  TAKT_PROCESS(fickle_process))

/* Says what is at its three inputs. */
#define SAY_PORTS(IN, OUT) IN(a, number, "") IN(b, number, "") IN(c, number, "")
TAKT_INTERFACE(say, SAY_PORTS, TAKT_NO_PARAMS)

static int say_process(struct takt_ctx *ctx)
{
	const struct number *a = TAKT_IN(ctx, say, a), *b = TAKT_IN(ctx, say, b), *c = TAKT_IN(ctx, say, c);

	takt_info(ctx, "%lld %lld %lld %llu", a ? (long long)a->value : -1LL,
		  b ? (long long)b->value : -1LL, c ? (long long)c->value : -1LL,
		  (unsigned long long)takt_in_age_ns(ctx, TAKT_IN_INDEX(say, b)));
	return 0;
}
TAKT_TASK(say, TAKT_SINK, struct takt_stateless, "logs its inputs", TAKT_PROCESS(say_process))

TAKT_PLUGIN("shapes", "1", count, fickle, sum, slow, say)
