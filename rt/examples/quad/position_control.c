/* SPDX-License-Identifier: Apache-2.0 */
/* position_control: how fast to go to where one should be. */
#include <takt/task.h>

#include "control.h"
#include "types.h"

double position_speed(double distance, double gain, double braking)
{
	const double linear = braking / (gain * gain);

	return distance < linear ? gain * distance : sqrt(2 * braking * (distance - linear / 2));
}

#define POSITION_CONTROL_PORTS(IN, OUT) \
	IN(command, flight_command, "") \
	IN(position, position_estimate, "") \
	OUT(velocity, velocity_setpoint, "absent while nothing is to fly")
#define POSITION_CONTROL_PARAMS(P) \
	P(f64, gain, "1/s", 1.0, 0.01, 10, "speed per distance near the goal") \
	P(f64, braking, "m/s2", 2, 0.1, 20, "how hard it brakes before the goal") \
	P(f64, speed_max, "m/s", 5, 0.1, 50, "over ground") \
	P(f64, climb_max, "m/s", 2.5, 0.1, 20, "up and down")
TAKT_INTERFACE(position_control, POSITION_CONTROL_PORTS, POSITION_CONTROL_PARAMS)

static struct vec velocity_to(struct vec way, const struct takt_params_position_control *p)
{
	const struct vec level = { way.x, way.y, 0 };
	const double distance = vec_norm(level);
	const double speed = clamp(position_speed(distance, p->gain, p->braking), 0, p->speed_max);
	const double climb = clamp(position_speed(fabs(way.z), p->gain, p->braking), 0,
				   p->climb_max);
	struct vec velocity = vec_scale(level, distance > 0 ? speed / distance : 0);

	velocity.z = copysign(climb, way.z);
	return velocity;
}

static int position_control_process(struct takt_ctx *ctx)
{
	const struct flight_command *command = TAKT_IN(ctx, position_control, command);
	const struct position_estimate *position = TAKT_IN(ctx, position_control, position);
	struct velocity_setpoint *out;
	struct vec velocity;

	if (!command || !position || command->mode < COMMAND_GO) {
		return 0;
	}
	velocity = velocity_to(vec_sub(vec_load(command->position), vec_load(position->position)),
			       TAKT_PARAMS(ctx, position_control));
	if (command->mode == COMMAND_DESCEND) {
		velocity.z = -command->sink_rate;
	}
	out = TAKT_OUT(ctx, position_control, velocity);
	vec_store(out->velocity, velocity);
	out->yaw = command->yaw;
	return 0;
}

TAKT_TASK(position_control, TAKT_FILTER, struct takt_stateless, "from a position to a velocity",
	  TAKT_PROCESS(position_control_process))
