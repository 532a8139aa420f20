/* SPDX-License-Identifier: Apache-2.0 */
/* rate_control: which torque for a rate. The integral finds out how unlike the motors are. */
#include <takt/task.h>

#include "control.h"
#include "elapsed.h"
#include "types.h"

struct vec rate_torque(struct vec rate, struct vec wanted, struct vec inertia, struct vec gain)
{
	const struct vec change = vec_multiply(gain, vec_sub(wanted, rate));

	return vec_add(vec_multiply(inertia, change),
		       vec_cross(rate, vec_multiply(inertia, rate)));
}

#define RATE_CONTROL_PORTS(IN, OUT) \
	IN(setpoint, rate_setpoint, "absent: nothing is to fly") \
	IN(attitude, attitude_estimate, "its rate") \
	OUT(wrench, wrench, "for each setpoint")
#define RATE_CONTROL_PARAMS(P) \
	P(array(f64, 3), gain, "1/s", (20, 20, 8), 0, 200, \
	  "angular acceleration per rate, about x, y, z") \
	P(array(f64, 3), integral_gain, "1/s2", (20, 20, 5), 0, 1000, \
	  "and per angle that is left") \
	P(array(f64, 3), integral_max, "rad/s2", (20, 20, 5), 0, 1000, "of the integral") \
	P(array(f64, 3), inertia, "kg m2", (0.012, 0.012, 0.022), 1e-5, 100, "of the quad")
TAKT_INTERFACE(rate_control, RATE_CONTROL_PORTS, RATE_CONTROL_PARAMS)

struct rate_control {
	struct vec integral;		/* rad/s2 */
	uint64_t last_ns;
};

static int rate_control_process(struct takt_ctx *ctx)
{
	const struct takt_params_rate_control *p = TAKT_PARAMS(ctx, rate_control);
	const struct takt_message *message =
		takt_in_message(ctx, TAKT_IN_INDEX(rate_control, attitude));
	const struct rate_setpoint *setpoint = TAKT_IN(ctx, rate_control, setpoint);
	const struct attitude_estimate *attitude = TAKT_IN(ctx, rate_control, attitude);
	struct rate_control *r = TAKT_STATE(ctx, struct rate_control);
	const struct vec inertia = vec_load(p->inertia);
	struct vec rate, wanted, change, torque;
	struct wrench *out;

	if (!setpoint || !attitude) {
		r->last_ns = 0;
		r->integral = (struct vec){ 0, 0, 0 };
		return 0;
	}
	rate = vec_load(attitude->rate);
	wanted = vec_load(setpoint->rate);
	change = vec_multiply(vec_load(p->integral_gain), vec_sub(wanted, rate));
	r->integral = vec_add_scaled(r->integral, change,
				     elapsed_s(&r->last_ns, message->tov.begin_ns));
	r->integral = vec_clamp(r->integral, vec_load(p->integral_max));
	torque = vec_add(rate_torque(rate, wanted, inertia, vec_load(p->gain)),
			 vec_multiply(inertia, r->integral));
	out = TAKT_OUT(ctx, rate_control, wrench);
	vec_store(out->torque, torque);
	out->thrust = setpoint->thrust;
	return 0;
}

TAKT_TASK(rate_control, TAKT_FILTER, struct rate_control, "from a rate to torque and thrust",
	  TAKT_PROCESS(rate_control_process))
