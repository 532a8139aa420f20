/* SPDX-License-Identifier: Apache-2.0 */
/* The cascade: position, velocity, attitude, rate. Each is a law here, a pure function, and a task
 * in a file of its name. Limits first: what one asks for, the next can give. */
#ifndef QUAD_CONTROL_H
#define QUAD_CONTROL_H

#include "vector.h"

/* Speed in m/s for @distance m to go: gain * distance near the goal, further off what @braking m/s2
 * stops:
 *     sqrt(2 braking (distance - braking / (2 gain^2)))
 * Both and their slopes meet at braking / gain^2. ArduPilot, AP_Math/control.cpp,
 * sqrt_controller(). */
double position_speed(double distance, double gain, double braking);

struct thrust_limits {
	double mass;			/* kg */
	double thrust_min, thrust_max;	/* N */
	double tilt_max;		/* rad */
};

/* Attitude, and thrust in N into *@ret_thrust, for an acceleration in m/s2. The body's z axis must
 * point along
 *     F = m (a + g e_z)
 * T. Lee, M. Leok, N. McClamroch, "Geometric Tracking Control of a Quadrotor UAV on SE(3)", CDC
 * 2010.
 * A limited tilt takes from the horizontal part: height goes before place. */
struct quat velocity_attitude(struct vec acceleration, double yaw,
			      const struct thrust_limits *limits, double *ret_thrust);

/* Rate in rad/s that turns @attitude into @wanted by the short way:
 *     w = 2 k sgn(e_0) (e_1, e_2, e_3),  e = conj(q) * q_wanted
 * D. Brescianini, M. Hehn, R. D'Andrea, "Nonlinear Quadrocopter Attitude Control", ETH Zurich,
 * 2013.
 * @gain is one per axis (1/s), the yaw's lower, for the torque about z is weak. */
struct vec attitude_rate(struct quat attitude, struct quat wanted, struct vec gain);

/* Torque in N m for a change of rate, which leaves w' = k (w_wanted - w):
 *     tau = J k (w_wanted - w) + w x J w
 * Lee, Leok, McClamroch, the same, for the rates alone. */
struct vec rate_torque(struct vec rate, struct vec wanted, struct vec inertia, struct vec gain);

#endif
