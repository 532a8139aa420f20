/* SPDX-License-Identifier: Apache-2.0 */
/* attitude_control: how fast to turn for an attitude. */
#include <takt/task.h>

#include "control.h"
#include "types.h"

struct vec attitude_rate(struct quat attitude, struct quat wanted, struct vec gain)
{
	const struct quat error = quat_multiply(quat_conjugate(attitude), wanted);
	const struct vec part = { error.x, error.y, error.z };

	return vec_scale(vec_multiply(gain, part), error.w < 0 ? -2 : 2);
}

#define ATTITUDE_CONTROL_PORTS(IN, OUT) \
	IN(setpoint, attitude_setpoint, "absent: nothing is to fly") \
	IN(attitude, attitude_estimate, "") \
	OUT(rate, rate_setpoint, "for each attitude")
#define ATTITUDE_CONTROL_PARAMS(P) \
	P(array(f64, 3), gain, "1/s", (7, 7, 2.5), 0, 50, "rate per angle, about x, y, z") \
	P(array(f64, 3), rate_max, "rad/s", (4, 4, 1.5), 0.1, 50, "about x, y, z")
TAKT_INTERFACE(attitude_control, ATTITUDE_CONTROL_PORTS, ATTITUDE_CONTROL_PARAMS)

static int attitude_control_process(struct takt_ctx *ctx)
{
	const struct takt_params_attitude_control *p = TAKT_PARAMS(ctx, attitude_control);
	const struct attitude_setpoint *setpoint = TAKT_IN(ctx, attitude_control, setpoint);
	const struct attitude_estimate *attitude = TAKT_IN(ctx, attitude_control, attitude);
	struct rate_setpoint *out;
	struct vec rate;

	if (!setpoint || !attitude) {
		return 0;
	}
	rate = attitude_rate(quat_load(attitude->attitude), quat_load(setpoint->attitude),
			     vec_load(p->gain));
	out = TAKT_OUT(ctx, attitude_control, rate);
	vec_store(out->rate, vec_clamp(rate, vec_load(p->rate_max)));
	out->thrust = setpoint->thrust;
	return 0;
}

TAKT_TASK(attitude_control, TAKT_FILTER, struct takt_stateless, "from an attitude to a rate",
	  TAKT_PROCESS(attitude_control_process))
