/* SPDX-License-Identifier: Apache-2.0 */
/* velocity_control: which way to push for a velocity. The integral finds out what wind and wrong
 * masses need. */
#include <takt/task.h>

#include "control.h"
#include "elapsed.h"
#include "types.h"

struct quat velocity_attitude(struct vec acceleration, double yaw, const struct thrust_limits *l,
			      double *ret_thrust)
{
	struct vec force = vec_scale(acceleration, l->mass);
	double across, thrust;

	force.z = clamp(force.z + l->mass * GRAVITY, l->thrust_min, l->thrust_max);
	across = sqrt(force.x * force.x + force.y * force.y);
	if (across > force.z * tan(l->tilt_max)) {
		const double by = force.z * tan(l->tilt_max) / across;

		force.x *= by;
		force.y *= by;
	}
	thrust = vec_norm(force);
	*ret_thrust = clamp(thrust, l->thrust_min, l->thrust_max);
	return quat_multiply(quat_from_up(vec_scale(force, 1 / thrust)), quat_from_yaw(yaw));
}

#define VELOCITY_CONTROL_PORTS(IN, OUT) \
	IN(setpoint, velocity_setpoint, "absent: nothing is to fly") \
	IN(position, position_estimate, "") \
	OUT(attitude, attitude_setpoint, "for each setpoint")
#define VELOCITY_CONTROL_PARAMS(P) \
	P(f64, gain, "1/s", 3, 0.01, 20, "acceleration per velocity") \
	P(f64, integral_gain, "1/s2", 1.2, 0, 20, "and per way that is left") \
	P(f64, integral_max, "m/s2", 4, 0, 20, "of the integral, each axis") \
	P(f64, mass, "kg", 1.2, 0.1, 100, "of the quad") \
	P(f64, thrust_min, "N", 3, 0, 1000, "so that there is something to turn with") \
	P(f64, thrust_max, "N", 26, 0.1, 1000, "likewise") \
	P(f64, tilt_max, "deg", 35, 1, 80, "")
TAKT_INTERFACE(velocity_control, VELOCITY_CONTROL_PORTS, VELOCITY_CONTROL_PARAMS)

struct velocity_control {
	struct vec integral;		/* m/s2 */
	uint64_t last_ns;
};

static int velocity_control_process(struct takt_ctx *ctx)
{
	const struct takt_params_velocity_control *p = TAKT_PARAMS(ctx, velocity_control);
	const struct thrust_limits limits = { p->mass, p->thrust_min, p->thrust_max,
					      p->tilt_max * RAD_PER_DEG };
	const struct vec integral_max = { p->integral_max, p->integral_max, p->integral_max };
	const struct takt_message *message =
		takt_in_message(ctx, TAKT_IN_INDEX(velocity_control, position));
	const struct velocity_setpoint *setpoint = TAKT_IN(ctx, velocity_control, setpoint);
	const struct position_estimate *position = TAKT_IN(ctx, velocity_control, position);
	struct velocity_control *v = TAKT_STATE(ctx, struct velocity_control);
	struct attitude_setpoint *out;
	struct vec error;
	double s;

	if (!setpoint || !position) {
		v->last_ns = 0;
		v->integral = (struct vec){ 0, 0, 0 };
		return 0;
	}
	error = vec_sub(vec_load(setpoint->velocity), vec_load(position->velocity));
	s = elapsed_s(&v->last_ns, message->tov.begin_ns);
	v->integral = vec_clamp(vec_add_scaled(v->integral, error, p->integral_gain * s),
				integral_max);
	out = TAKT_OUT(ctx, velocity_control, attitude);
	quat_store(out->attitude,
		   velocity_attitude(vec_add_scaled(v->integral, error, p->gain), setpoint->yaw,
				     &limits, &out->thrust));
	return 0;
}

TAKT_TASK(velocity_control, TAKT_FILTER, struct velocity_control,
	  "from a velocity to attitude and thrust", TAKT_PROCESS(velocity_control_process))
