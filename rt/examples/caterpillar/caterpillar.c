/* SPDX-License-Identifier: Apache-2.0 */
/* Two workloads that runtimes are measured by.
 *
 * The caterpillar (w1.yaml): a source flips a bool every cycle, eight tasks in a row hand it on,
 * and beside each of them hangs a pin that is set to it: 17 tasks and 16 connections that do next
 * to nothing, so that what is seen is the price of a task and a hop.
 *
 * The large message (w2.yaml, w2_1khz.yaml): a source spins for a while and gives 256 KiB
 * of which it touches the first and the last byte; a sink reads them. Here the price is
 * that of recording. */
#include <errno.h>

#include <takt/task.h>

#define CATERPILLAR_STATE(F) \
	F(bool, on, "1", "what the pins are to be")
TAKT_MESSAGE(caterpillar_state, "one state, on its way down the caterpillar", CATERPILLAR_STATE)

/* --- source: the other state every cycle ------------------------------------------------------ */

struct source {
	bool on;
};

#define SOURCE_PORTS(IN, OUT) OUT(state, caterpillar_state, "the other state every cycle")
TAKT_INTERFACE(caterpillar_source, SOURCE_PORTS, TAKT_NO_PARAMS)

static int source_process(struct takt_ctx *ctx)
{
	struct source *self = TAKT_STATE(ctx, struct source);

	self->on = !self->on;
	TAKT_OUT(ctx, caterpillar_source, state)->on = self->on;
	takt_out_status(ctx, TAKT_OUT_INDEX(caterpillar_source, state), self->on ? "on" : "off");
	return 0;
}
TAKT_TASK(caterpillar_source, TAKT_SOURCE, struct source, "flips a state every cycle",
	  TAKT_PROCESS(source_process))

/* --- segment: hands it on --------------------------------------------------------------------- */

#define SEGMENT_PORTS(IN, OUT) \
	IN(in, caterpillar_state, "from the segment before") \
	OUT(out, caterpillar_state, "the same")
TAKT_INTERFACE(caterpillar_segment, SEGMENT_PORTS, TAKT_NO_PARAMS)

static int segment_process(struct takt_ctx *ctx)
{
	const struct caterpillar_state *in = TAKT_IN(ctx, caterpillar_segment, in);

	if (in) {
		TAKT_OUT(ctx, caterpillar_segment, out)->on = in->on;
	}
	return 0;
}
TAKT_TASK(caterpillar_segment, TAKT_FILTER, struct takt_stateless, "hands a state on",
	  TAKT_PROCESS(segment_process))

/* --- pin: where it ends ----------------------------------------------------------------------- */

struct pin {
	uint64_t written;
	uint64_t changed;
	bool on;
};

#define PIN_PORTS(IN, OUT) IN(state, caterpillar_state, "what the pin is to be")
#define PIN_PARAMS(P) P(u32, pin, "1", 4, 0, 63, "its number; no hardware is touched")
TAKT_INTERFACE(caterpillar_pin, PIN_PORTS, PIN_PARAMS)

static int pin_process(struct takt_ctx *ctx)
{
	const struct caterpillar_state *state = TAKT_IN(ctx, caterpillar_pin, state);
	struct pin *self = TAKT_STATE(ctx, struct pin);

	if (state) {
		self->written++;
		self->changed += self->on != state->on;
		self->on = state->on;
	}
	return 0;
}

static int pin_stop(struct takt_ctx *ctx)
{
	const struct pin *self = TAKT_STATE(ctx, struct pin);

	takt_info(ctx, "pin %u: written %llu times, changed %llu times, %s at the end",
		  TAKT_PARAMS(ctx, caterpillar_pin)->pin, (unsigned long long)self->written,
		  (unsigned long long)self->changed, self->on ? "on" : "off");
	return 0;
}
TAKT_TASK(caterpillar_pin, TAKT_SINK, struct pin, "stands for an output pin",
	  TAKT_PROCESS(pin_process), TAKT_STOP(pin_stop))

/* --- the large message ------------------------------------------------------------------------ */

#define SPIN_FACTOR 6364136223846793005u
#define SPIN_SEED 0x9e3779b97f4a7c15u

#define CATERPILLAR_LARGE(F) \
	F(u64, marker, "1", "number of the message, from 1") \
	F(list(u8, 262144), bytes, "1", \
	  "first and last follow from the marker, the rest is as it was")
TAKT_MESSAGE(caterpillar_large, "a large message", CATERPILLAR_LARGE)

struct large_source {
	uint64_t marker;
	uint64_t spun;			/* what the spin came to, so that it is not left out */
};

#define LARGE_SOURCE_PORTS(IN, OUT) OUT(large, caterpillar_large, "one a cycle")
#define LARGE_SOURCE_PARAMS(P) \
	P(u32, bytes, "1", 262144, 1, 262144, "length of the list") \
	P(u32, spin, "1", 150000, 0, 100000000, \
	  "steps of a linear congruential generator before it")
TAKT_INTERFACE(caterpillar_large_source, LARGE_SOURCE_PORTS, LARGE_SOURCE_PARAMS)

static uint64_t spin(uint64_t marker, uint32_t steps)
{
	uint64_t sum = marker ^ SPIN_SEED;

	for (uint32_t i = 0; i < steps; i++) {
		sum = sum * SPIN_FACTOR + (i ^ marker);
	}
	return sum;
}

static int large_source_process(struct takt_ctx *ctx)
{
	const struct takt_params_caterpillar_large_source *p =
		TAKT_PARAMS(ctx, caterpillar_large_source);
	struct large_source *self = TAKT_STATE(ctx, struct large_source);
	struct caterpillar_large *large;

	self->spun = spin(++self->marker, p->spin);
	large = TAKT_OUT(ctx, caterpillar_large_source, large);
	large->marker = self->marker;
	large->bytes.count = p->bytes;
	large->bytes.at[0] = (uint8_t)self->marker;
	large->bytes.at[p->bytes - 1] = (uint8_t)(self->marker >> 8);
	return 0;
}
TAKT_TASK(caterpillar_large_source, TAKT_SOURCE, struct large_source,
	  "spins, then gives a large message of which it touches two bytes",
	  TAKT_PROCESS(large_source_process))

struct large_sink {
	uint64_t count;
};

#define LARGE_SINK_PORTS(IN, OUT) IN(large, caterpillar_large, "what is read")
TAKT_INTERFACE(caterpillar_large_sink, LARGE_SINK_PORTS, TAKT_NO_PARAMS)

static int large_sink_process(struct takt_ctx *ctx)
{
	const struct caterpillar_large *large = TAKT_IN(ctx, caterpillar_large_sink, large);
	struct large_sink *self = TAKT_STATE(ctx, struct large_sink);

	if (!large) {
		return 0;
	}
	self->count++;
	if (large->marker != self->count ||
	    (large->bytes.count > 1 && large->bytes.at[0] != (uint8_t)large->marker) ||
	    large->bytes.at[large->bytes.count - 1] != (uint8_t)(large->marker >> 8)) {
		takt_error(ctx, "message %llu is not the one that was given",
			   (unsigned long long)self->count);
		return -EPROTO;
	}
	return 0;
}

static int large_sink_stop(struct takt_ctx *ctx)
{
	takt_info(ctx, "%llu large messages read",
		  (unsigned long long)TAKT_STATE(ctx, struct large_sink)->count);
	return 0;
}
TAKT_TASK(caterpillar_large_sink, TAKT_SINK, struct large_sink, "reads and checks large messages",
	  TAKT_PROCESS(large_sink_process), TAKT_STOP(large_sink_stop))

TAKT_PLUGIN("caterpillar", "1", caterpillar_source, caterpillar_segment, caterpillar_pin,
	    caterpillar_large_source, caterpillar_large_sink)
