/* SPDX-License-Identifier: Apache-2.0 */
/* barometer: static pressure, with noise and the weather's drift. `every` in the graph is its rate.
 * */
#include <takt/task.h>

#include "atmosphere.h"
#include "elapsed.h"
#include "sensor_noise.h"
#include "types.h"

#define BAROMETER_PORTS(IN, OUT) \
	IN(truth, airframe_state, "what is measured") \
	OUT(pressure, air_pressure, "valid at the truth's time")
#define BAROMETER_PARAMS(P) \
	P(f64, base, "Pa", 101100, 30000, 110000, "at the take-off point") \
	P(f64, noise, "Pa", 2, 0, 1000, "standard deviation of a sample; 12 Pa are a metre") \
	P(f64, drift, "Pa/s/sqrt(Hz)", 0.3, 0, 100, "density of the offset's random walk")
TAKT_INTERFACE(barometer, BAROMETER_PORTS, BAROMETER_PARAMS)

struct barometer {
	struct takt_random random;
	double offset;
	uint64_t last_ns;
};

static int barometer_new(struct takt_ctx *ctx)
{
	takt_random_init(&TAKT_STATE(ctx, struct barometer)->random, ctx->seed);
	return 0;
}

static int barometer_process(struct takt_ctx *ctx)
{
	const struct takt_message *message = takt_in_message(ctx, TAKT_IN_INDEX(barometer, truth));
	const struct airframe_state *truth = TAKT_IN(ctx, barometer, truth);
	const struct takt_params_barometer *p = TAKT_PARAMS(ctx, barometer);
	struct barometer *b = TAKT_STATE(ctx, struct barometer);

	if (!truth) {
		return 0;
	}
	b->offset = random_walk(&b->random, b->offset, p->drift,
				elapsed_s(&b->last_ns, message->tov.begin_ns));
	TAKT_OUT(ctx, barometer, pressure)->pressure =
		atmosphere_pressure(p->base, truth->position[2]) + b->offset +
		p->noise * takt_random_normal(&b->random);
	takt_out_instant(ctx, TAKT_OUT_INDEX(barometer, pressure), message->tov.begin_ns);
	return 0;
}

TAKT_TASK(barometer, TAKT_FILTER, struct barometer, "static pressure",
	  TAKT_NEW(barometer_new), TAKT_PROCESS(barometer_process))
