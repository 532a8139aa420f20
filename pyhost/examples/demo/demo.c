/* SPDX-License-Identifier: Apache-2.0 */
/* What stands round the Python task of demo.yaml: two sources that count, two sinks that say
 * what came. */
#include <takt/task.h>

#define LEFT(F) F(i32, value, "1", "1, 2, 3 …")
TAKT_MESSAGE(demo_left, "a number", LEFT)

#define RIGHT(F) F(u32, tag, "1", "1, 2, 3 …")
TAKT_MESSAGE(demo_right, "a tag", RIGHT)

#define SUMMARY(F) \
	F(i32, doubled, "1", "twice the number") \
	F(u32, tag, "1", "the tag that came with it") \
	F(u32, calls, "1", "calls of the Python task so far")
TAKT_MESSAGE(demo_summary, "what became of a number", SUMMARY)

#define TOTALS(F) \
	F(i64, total, "1", "sum of the numbers so far") \
	F(u32, last_tag, "1", "the newest tag")
TAKT_MESSAGE(demo_totals, "what the Python task remembers", TOTALS)

/* --- sources --------------------------------------------------------------------------------- */

struct counter {
	uint32_t count;
};

#define LEFT_PORTS(IN, OUT) OUT(left, demo_left, "the next number")
#define NO_PARAMS(P)
TAKT_INTERFACE(demo_left_source, LEFT_PORTS, NO_PARAMS)

static int left_process(struct takt_ctx *ctx)
{
	TAKT_OUT(ctx, demo_left_source, left)->value = (int32_t)++TAKT_STATE(ctx,
									     struct counter)->count;
	return 0;
}

TAKT_TASK(demo_left_source, TAKT_SOURCE, struct counter, "counts", TAKT_PROCESS(left_process))

#define RIGHT_PORTS(IN, OUT) OUT(right, demo_right, "the next tag")
TAKT_INTERFACE(demo_right_source, RIGHT_PORTS, NO_PARAMS)

static int right_process(struct takt_ctx *ctx)
{
	TAKT_OUT(ctx, demo_right_source, right)->tag = ++TAKT_STATE(ctx, struct counter)->count;
	return 0;
}

TAKT_TASK(demo_right_source, TAKT_SOURCE, struct counter, "counts, too",
	  TAKT_PROCESS(right_process))

/* --- sinks ----------------------------------------------------------------------------------- */

#define SUMMARY_PORTS(IN, OUT) IN(summary, demo_summary, "what is said")
TAKT_INTERFACE(demo_summary_sink, SUMMARY_PORTS, NO_PARAMS)

static int summary_process(struct takt_ctx *ctx)
{
	const struct demo_summary *summary = TAKT_IN(ctx, demo_summary_sink, summary);

	if (summary) {
		takt_info_rate(ctx, 10, "doubled %d, tag %u, calls %u", summary->doubled,
			       summary->tag,
			       summary->calls);
	}
	return 0;
}

TAKT_TASK(demo_summary_sink, TAKT_SINK, struct takt_stateless, "says what it got",
	  TAKT_PROCESS(summary_process))

#define TOTALS_PORTS(IN, OUT) IN(totals, demo_totals, "what is said")
TAKT_INTERFACE(demo_totals_sink, TOTALS_PORTS, NO_PARAMS)

static int totals_process(struct takt_ctx *ctx)
{
	const struct demo_totals *totals = TAKT_IN(ctx, demo_totals_sink, totals);

	if (totals) {
		takt_info_rate(ctx, 10, "total %lld, last tag %u", (long long)totals->total,
			       totals->last_tag);
	}
	return 0;
}

TAKT_TASK(demo_totals_sink, TAKT_SINK, struct takt_stateless, "says what it got",
	  TAKT_PROCESS(totals_process))

TAKT_PLUGIN("python_demo", "1", demo_left_source, demo_right_source, demo_summary_sink,
	    demo_totals_sink)
