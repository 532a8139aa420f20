/* SPDX-License-Identifier: Apache-2.0 */
/* mixer: the rotors' speeds for a wrench. */
#include "mixer.h"

#include <takt/task.h>

#include "types.h"

/* --- the law ---------------------------------------------------------------------------------- */

struct range {
	double low, high;
};

static struct range range_of(const double at[ROTORS])
{
	struct range range = { at[0], at[0] };

	for (int i = 1; i < ROTORS; i++) {
		range.low = at[i] < range.low ? at[i] : range.low;
		range.high = at[i] > range.high ? at[i] : range.high;
	}
	return range;
}

/* The part of @yaw's differences that fits beside @tilt's and @common. */
static double yaw_share(const struct mixer_model *m, const double tilt[ROTORS],
			const double yaw[ROTORS], double common)
{
	double share = 1;

	for (int i = 0; i < ROTORS; i++) {
		const double room = yaw[i] > 0 ? m->thrust_max - common - tilt[i] :
						 common + tilt[i] - m->thrust_min;

		if (fabs(yaw[i]) > room) {
			share = fmin(share, fmax(room, 0) / fabs(yaw[i]));
		}
	}
	return share;
}

uint32_t mixer_thrusts(const struct mixer_model *m, struct vec torque, double thrust,
		       double ret_thrust[ROTORS])
{
	double tilt[ROTORS], yaw[ROTORS], common = thrust / ROTORS, share;
	uint32_t limited = 0;
	struct range range;

	for (int i = 0; i < ROTORS; i++) {
		tilt[i] = (rotor_side_y[i] * torque.x - rotor_side_x[i] * torque.y) / (4 * m->arm);
		yaw[i] = rotor_turn[i] * torque.z / (4 * m->torque_ratio);
	}
	range = range_of(tilt);
	share = (m->thrust_max - m->thrust_min) / fmax(range.high - range.low, 1e-9);
	for (int i = 0; i < ROTORS && share < 1; i++) {
		tilt[i] *= share;
	}
	range = range_of(tilt);
	common = fmax(fmin(common, m->thrust_max - range.high), m->thrust_min - range.low);
	share = yaw_share(m, tilt, yaw, common);
	for (int i = 0; i < ROTORS; i++) {
		ret_thrust[i] = clamp(common + tilt[i] + share * yaw[i], m->thrust_min,
				      m->thrust_max);
		limited += ret_thrust[i] <= m->thrust_min || ret_thrust[i] >= m->thrust_max;
	}
	return limited;
}

/* --- the task --------------------------------------------------------------------------------- */

#define MIXER_PORTS(IN, OUT) \
	IN(wrench, wrench, "absent: the motors idle, or stand") \
	IN(command, flight_command, "whether motors may turn; absent: they may not") \
	OUT(motors, motor_command, "one a cycle")
#define MIXER_PARAMS(P) \
	P(f64, arm, "m", 0.16, 0.01, 5, "of a rotor from the body's x axis, and from y") \
	P(f64, thrust_factor, "N s2", 8.5e-6, 1e-9, 1, "thrust by speed squared") \
	P(f64, torque_factor, "N m s2", 1.36e-7, 1e-12, 1, "drag torque by speed squared") \
	P(f64, speed_max, "rad/s", 1000, 1, 1e5, "of a rotor") \
	P(f64, speed_idle, "rad/s", 150, 0, 1e5, "the least while it may turn")
TAKT_INTERFACE(mixer, MIXER_PORTS, MIXER_PARAMS)

static int mixer_process(struct takt_ctx *ctx)
{
	const struct takt_params_mixer *p = TAKT_PARAMS(ctx, mixer);
	const struct mixer_model model = {
		.arm = p->arm,
		.torque_ratio = p->torque_factor / p->thrust_factor,
		.thrust_min = p->thrust_factor * p->speed_idle * p->speed_idle,
		.thrust_max = p->thrust_factor * p->speed_max * p->speed_max,
	};
	const struct flight_command *command = TAKT_IN(ctx, mixer, command);
	const struct wrench *wrench = TAKT_IN(ctx, mixer, wrench);
	struct motor_command *out = TAKT_OUT(ctx, mixer, motors);
	double thrust[ROTORS];

	if (!command || command->mode == COMMAND_OFF) {
		return 0;			/* zeroed: all stand */
	}
	for (int i = 0; i < ROTORS; i++) {
		out->speed[i] = p->speed_idle;
	}
	if (wrench) {
		out->limited = mixer_thrusts(&model, vec_load(wrench->torque), wrench->thrust,
					     thrust);
		for (int i = 0; i < ROTORS; i++) {
			out->speed[i] = sqrt(thrust[i] / p->thrust_factor);
		}
	}
	return 0;
}

TAKT_TASK(mixer, TAKT_FILTER, struct takt_stateless, "rotor speeds for torque and thrust",
	  TAKT_PROCESS(mixer_process))
