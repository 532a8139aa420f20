/* SPDX-License-Identifier: Apache-2.0 */
/* magnetometer: the earth's field in body axes, with noise and a hard-iron offset. `every` in the
 * graph is its rate. */
#include <takt/task.h>

#include "sensor_noise.h"
#include "types.h"

#define MAGNETOMETER_PORTS(IN, OUT) \
	IN(truth, airframe_state, "what is measured") \
	OUT(field, magnetic_field, "valid at the truth's time")
#define MAGNETOMETER_PARAMS(P) \
	P(array(f64, 3), earth, "T", (1.1e-6, 19.5e-6, -44.9e-6), , , \
	  "field here, world; that of Berlin (WMM 2020)") \
	P(f64, noise, "T", 3e-7, 0, 1, "standard deviation of a sample") \
	P(f64, offset, "T", 2e-7, 0, 1, \
	  "standard deviation of the hard iron that calibration has left")
TAKT_INTERFACE(magnetometer, MAGNETOMETER_PORTS, MAGNETOMETER_PARAMS)

struct magnetometer {
	struct takt_random random;
	struct vec offset;
};

static int magnetometer_new(struct takt_ctx *ctx)
{
	struct magnetometer *m = TAKT_STATE(ctx, struct magnetometer);

	takt_random_init(&m->random, ctx->seed);
	m->offset = normal_vec(&m->random, TAKT_PARAMS(ctx, magnetometer)->offset);
	return 0;
}

static int magnetometer_process(struct takt_ctx *ctx)
{
	const struct takt_message *message =
		takt_in_message(ctx, TAKT_IN_INDEX(magnetometer, truth));
	const struct airframe_state *truth = TAKT_IN(ctx, magnetometer, truth);
	const struct takt_params_magnetometer *p = TAKT_PARAMS(ctx, magnetometer);
	struct magnetometer *m = TAKT_STATE(ctx, struct magnetometer);
	struct vec field;

	if (!truth) {
		return 0;
	}
	field = quat_rotate_back(quat_load(truth->attitude), vec_load(p->earth));
	field = vec_add(vec_add(field, m->offset), normal_vec(&m->random, p->noise));
	vec_store(TAKT_OUT(ctx, magnetometer, field)->field, field);
	takt_out_instant(ctx, TAKT_OUT_INDEX(magnetometer, field), message->tov.begin_ns);
	return 0;
}

TAKT_TASK(magnetometer, TAKT_FILTER, struct magnetometer, "the earth's field",
	  TAKT_NEW(magnetometer_new), TAKT_PROCESS(magnetometer_process))
