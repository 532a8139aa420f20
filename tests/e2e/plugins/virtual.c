/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks for the tests of virtual time: each kind of thread, random numbers, all that a message can have. */
#include <string.h>

#include <takt/random.h>
#include <takt/task.h>

#ifdef OTHER_TYPE
#define NOISE(F) F(f32, value, "m", "noise") F(list(u8, 40), tail, "1", "more of it")
#else
#define NOISE(F) F(f64, value, "m", "noise") F(list(u8, 40), tail, "1", "more of it")
#endif
TAKT_MESSAGE(noise_value, "a random number", NOISE)

#define BEAT(F) F(u64, number, "1", "how many") F(u64, at, "ns", "when it was due")
TAKT_MESSAGE(beat, "at a random time", BEAT)

#define SUM(F) F(f64, value, "m", "of all that came") F(u64, count, "1", "messages")
TAKT_MESSAGE(sum, "what came so far", SUM)

/* --- noise: on the lane ---------------------------------------------------------------------- */

#define NOISE_PORTS(IN, OUT) OUT(out, noise_value, "in most cycles")
TAKT_INTERFACE(noise, NOISE_PORTS, TAKT_NO_PARAMS)

struct noise {
	struct takt_random random;
};

static int noise_new(struct takt_ctx *ctx)
{
	takt_random_init(&TAKT_STATE(ctx, struct noise)->random, ctx->seed);
	takt_info(ctx, "seed %llu", (unsigned long long)ctx->seed);
	return 0;
}

static int noise_process(struct takt_ctx *ctx)
{
	struct takt_random *random = &TAKT_STATE(ctx, struct noise)->random;
	struct noise_value *out;

	if (takt_random_uniform(random) < 0.2) {
		return 0;
	}
	out = TAKT_OUT(ctx, noise, out);
	out->value = (__typeof__(out->value))takt_random_normal(random);
	out->tail.count = (uint32_t)(takt_random_u64(random) % 41);
	memset(out->tail.at, (int)(out->tail.count + 1), out->tail.count);
	takt_out_instant(ctx, TAKT_OUT_INDEX(noise, out), ctx->now_ns - takt_random_u64(random) % 1000000);
	if (out->tail.count < 4) {
		takt_out_status(ctx, TAKT_OUT_INDEX(noise, out), "short");
		takt_info(ctx, "%s: %.17g", "short", (double)out->value);
	}
	return 0;
}
TAKT_TASK(noise, TAKT_SOURCE, struct noise, "random numbers", TAKT_NEW(noise_new), TAKT_PROCESS(noise_process))

/* --- timer: io ------------------------------------------------------------------------------- */

#define TIMER_PORTS(IN, OUT) OUT(beat, beat, "at random times")
#define TIMER_PARAMS(P) P(u64, last, "1", 1000000000, , , "beats, then it is done")
TAKT_INTERFACE(timer, TIMER_PORTS, TIMER_PARAMS)

struct timer {
	struct takt_random random;
	uint64_t number;
	uint64_t due_ns;
};

static int timer_process(struct takt_ctx *ctx)
{
	struct timer *self = TAKT_STATE(ctx, struct timer);
	struct beat *out;

	if (self->due_ns == 0) {
		takt_random_init(&self->random, ctx->seed);
		self->due_ns = takt_clock_ns(ctx);
	}
	if (!takt_wait_until(ctx, self->due_ns)) {
		return 0;
	}
	out = TAKT_OUT(ctx, timer, beat);
	out->number = ++self->number;
	out->at = self->due_ns;
	self->due_ns += takt_random_u64(&self->random) % 30000000;
	if (self->number % 100 == 0) {
		takt_info(ctx, "beat %llu", (unsigned long long)self->number);
	}
	return self->number >= TAKT_PARAMS(ctx, timer)->last ? TAKT_DONE : 0;
}
TAKT_TASK(timer, TAKT_SOURCE, struct timer, "beats", TAKT_PROCESS(timer_process), TAKT_VIRTUAL)

/* --- device: io, and not in virtual time -------------------------------------------------------- */

#define DEVICE_PORTS(IN, OUT) OUT(beat, beat, "never")
TAKT_INTERFACE(device, DEVICE_PORTS, TAKT_NO_PARAMS)

static int device_process(struct takt_ctx *ctx)
{
	takt_wait_until(ctx, takt_clock_ns(ctx) + 1000000000);
	return 0;
}
TAKT_TASK(device, TAKT_SOURCE, struct takt_stateless, "waits for a device", TAKT_PROCESS(device_process))

/* --- adder: anywhere --------------------------------------------------------------------------- */

#define ADDER_PORTS(IN, OUT) \
	IN(noise, noise_value, "added") IN(beat, beat, "counted") OUT(sum, sum, "when something came")
TAKT_INTERFACE(adder, ADDER_PORTS, TAKT_NO_PARAMS)

struct adder {
	double value;
	uint64_t count;
};

static int adder_process(struct takt_ctx *ctx)
{
	struct adder *self = TAKT_STATE(ctx, struct adder);
	const struct noise_value *noise = TAKT_IN(ctx, adder, noise);
	const uint32_t beats = takt_in_count(ctx, TAKT_IN_INDEX(adder, beat));
	struct sum *out;

	self->value += noise ? (double)noise->value : 0;
	self->count += beats + (noise ? 1u : 0u);
	if (noise || beats > 0) {
		out = TAKT_OUT(ctx, adder, sum);
		out->value = self->value + (double)takt_in_age_ns(ctx, TAKT_IN_INDEX(adder, beat)) * 1e-9;
		out->count = self->count;
	}
	return 0;
}
TAKT_TASK(adder, TAKT_FILTER, struct adder, "adds", TAKT_PROCESS(adder_process))

/* --- late: background ---------------------------------------------------------------------------- */

#define LATE_PORTS(IN, OUT) IN(in, sum, "looked at") OUT(out, sum, "the same, twice")
TAKT_INTERFACE(late, LATE_PORTS, TAKT_NO_PARAMS)

static int late_process(struct takt_ctx *ctx)
{
	const struct sum *in = TAKT_IN(ctx, late, in);
	struct sum *out = TAKT_OUT(ctx, late, out);

	out->value = 2 * in->value;
	out->count = in->count;
	if (in->count % 50 == 0) {
		takt_info(ctx, "%llu at %llu", (unsigned long long)in->count, (unsigned long long)ctx->now_ns);
	}
	return 0;
}
TAKT_TASK(late, TAKT_FILTER, struct takt_stateless, "is slow", TAKT_PROCESS(late_process))

#define END_PORTS(IN, OUT) IN(in, sum, "shown") IN(late, sum, "shown, too")
TAKT_INTERFACE(end, END_PORTS, TAKT_NO_PARAMS)

static int end_process(struct takt_ctx *ctx)
{
	const struct sum *in = TAKT_IN(ctx, end, late);

	if (in && in->count % 20 == 0) {
		takt_info(ctx, "late %llu %.17g", (unsigned long long)in->count, in->value);
	}
	return 0;
}
TAKT_TASK(end, TAKT_SINK, struct takt_stateless, "tells", TAKT_PROCESS(end_process))

TAKT_PLUGIN("test_virtual", "1", noise, timer, device, adder, late, end)
