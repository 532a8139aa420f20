/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest whole graph: a source gives 42, a filter adds one, a sink logs and checks the 43.
 * Copy this file to begin a plug-in of your own:
 *
 *     cc -std=c11 -O2 -fPIC -shared $(pkg-config --cflags takt) hello.c -o hello.so
 */
#include <errno.h>

#include <takt/task.h>

#define HELLO_NUMBER(F) \
	F(i32, value, "1", "the number itself")
TAKT_MESSAGE(hello_number, "one number", HELLO_NUMBER)

/* --- source: the same number every cycle ------------------------------------------------------ */

#define SOURCE_PORTS(IN, OUT) OUT(number, hello_number, "what is given")
#define SOURCE_PARAMS(P) P(i32, value, "1", 42, , , "the number to give")
TAKT_INTERFACE(hello_source, SOURCE_PORTS, SOURCE_PARAMS)

static int source_process(struct takt_ctx *ctx)
{
	TAKT_OUT(ctx, hello_source, number)->value = TAKT_PARAMS(ctx, hello_source)->value;
	return 0;
}

TAKT_TASK(hello_source, TAKT_SOURCE, struct takt_stateless, "gives a number every cycle",
	  TAKT_PROCESS(source_process))

/* --- filter: adds to it ----------------------------------------------------------------------- */

#define ADD_PORTS(IN, OUT) \
	IN(number, hello_number, "what comes in") \
	OUT(sum, hello_number, "number + amount")
#define ADD_PARAMS(P) P(i32, amount, "1", 1, -1000, 1000, "what is added")
TAKT_INTERFACE(hello_add, ADD_PORTS, ADD_PARAMS)

static int add_process(struct takt_ctx *ctx)
{
	const struct hello_number *number = TAKT_IN(ctx, hello_add, number);

	if (number) {
		TAKT_OUT(ctx, hello_add, sum)->value =
			number->value + TAKT_PARAMS(ctx, hello_add)->amount;
	}
	return 0;
}

TAKT_TASK(hello_add, TAKT_FILTER, struct takt_stateless, "adds an amount to a number",
	  TAKT_PROCESS(add_process))

/* --- sink: logs it, and fails where it is not the expected one -------------------------------- */

struct sink_state {
	uint64_t count;
};

#define SINK_PORTS(IN, OUT) IN(number, hello_number, "what is logged")
#define SINK_PARAMS(P) P(i32, expected, "1", 43, , , "any other number is an error")
TAKT_INTERFACE(hello_sink, SINK_PORTS, SINK_PARAMS)

static int sink_process(struct takt_ctx *ctx)
{
	const struct hello_number *number = TAKT_IN(ctx, hello_sink, number);
	const int32_t expected = TAKT_PARAMS(ctx, hello_sink)->expected;

	if (!number) {
		return 0;
	}
	TAKT_STATE(ctx, struct sink_state)->count++;
	if (number->value != expected) {
		takt_error(ctx, "got %d, not %d", number->value, expected);
		return -EPROTO;
	}
	takt_info(ctx, "hello %d", number->value);
	return 0;
}

static int sink_stop(struct takt_ctx *ctx)
{
	takt_info(ctx, "%llu numbers seen",
		  (unsigned long long)TAKT_STATE(ctx, struct sink_state)->count);
	return 0;
}

TAKT_TASK(hello_sink, TAKT_SINK, struct sink_state, "logs a number and checks it",
	  TAKT_PROCESS(sink_process), TAKT_STOP(sink_stop))

TAKT_PLUGIN("hello", "1", hello_source, hello_add, hello_sink)
