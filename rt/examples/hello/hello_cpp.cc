// SPDX-License-Identifier: Apache-2.0
// The twin of hello.c in C++17: a source gives 42, a filter adds one, a sink logs and checks the
// 43. Same messages, same tasks, other names. Copy this file to begin a plug-in of your own:
//
//     c++ -std=c++17 -O2 -fPIC -shared $(pkg-config --cflags takt) hello_cpp.cc -o hello_cpp.so
#include <cerrno>
#include <new>

#include <takt/task.h>

#define HELLO_NUMBER(F) \
	F(i32, value, "1", "the number itself")
TAKT_MESSAGE(hello_number, "one number", HELLO_NUMBER)

// --- source: the same number every cycle ---------------------------------------------------------

#define SOURCE_PORTS(IN, OUT) OUT(number, hello_number, "what is given")
#define SOURCE_PARAMS(P) P(i32, value, "1", 42, , , "the number to give")
TAKT_INTERFACE(hello_cpp_source, SOURCE_PORTS, SOURCE_PARAMS)

static int source_process(takt_ctx *ctx)
{
	TAKT_OUT(ctx, hello_cpp_source, number)->value = TAKT_PARAMS(ctx, hello_cpp_source)->value;
	return 0;
}

TAKT_TASK(hello_cpp_source, TAKT_SOURCE, takt_stateless, "gives a number every cycle",
	  TAKT_PROCESS(source_process))

// --- filter: adds to it --------------------------------------------------------------------------

#define ADD_PORTS(IN, OUT) \
	IN(number, hello_number, "what comes in") \
	OUT(sum, hello_number, "number + amount")
#define ADD_PARAMS(P) P(i32, amount, "1", 1, -1000, 1000, "what is added")
TAKT_INTERFACE(hello_cpp_add, ADD_PORTS, ADD_PARAMS)

static int add_process(takt_ctx *ctx)
{
	if (const hello_number *number = TAKT_IN(ctx, hello_cpp_add, number)) {
		TAKT_OUT(ctx, hello_cpp_add, sum)->value =
			number->value + TAKT_PARAMS(ctx, hello_cpp_add)->amount;
	}
	return 0;
}

TAKT_TASK(hello_cpp_add, TAKT_FILTER, takt_stateless, "adds an amount to a number",
	  TAKT_PROCESS(add_process))

// --- sink: logs it, and fails where it is not the expected one -----------------------------------

namespace {

// A class as state: placement new in the method `new` makes it, `stop` is the place to destroy it.
class Checker {
public:
	explicit Checker(int32_t expected) : expected_(expected) {}

	bool check(int32_t value)
	{
		count_++;
		return value == expected_;
	}
	int32_t expected() const { return expected_; }
	unsigned long long count() const { return count_; }

private:
	int32_t expected_;
	unsigned long long count_ = 0;
};

} // namespace

#define SINK_PORTS(IN, OUT) IN(number, hello_number, "what is logged")
#define SINK_PARAMS(P) P(i32, expected, "1", 43, , , "any other number is an error")
TAKT_INTERFACE(hello_cpp_sink, SINK_PORTS, SINK_PARAMS)

static int sink_new(takt_ctx *ctx)
{
	new (ctx->state) Checker(TAKT_PARAMS(ctx, hello_cpp_sink)->expected);
	return 0;
}

static int sink_process(takt_ctx *ctx)
{
	const hello_number *number = TAKT_IN(ctx, hello_cpp_sink, number);
	Checker &checker = *TAKT_STATE(ctx, Checker);

	if (!number) {
		return 0;
	}
	if (!checker.check(number->value)) {
		takt_error(ctx, "got %d, not %d", number->value, checker.expected());
		return -EPROTO;
	}
	takt_info(ctx, "hello %d", number->value);
	return 0;
}

static int sink_stop(takt_ctx *ctx)
{
	takt_info(ctx, "%llu numbers seen", TAKT_STATE(ctx, Checker)->count());
	return 0;
}

TAKT_TASK(hello_cpp_sink, TAKT_SINK, Checker, "logs a number and checks it", TAKT_NEW(sink_new),
	  TAKT_PROCESS(sink_process), TAKT_STOP(sink_stop))

TAKT_PLUGIN("hello_cpp", "1", hello_cpp_source, hello_cpp_add, hello_cpp_sink)
