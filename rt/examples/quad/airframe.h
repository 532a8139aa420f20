/* SPDX-License-Identifier: Apache-2.0 */
/* A quadrotor as a rigid body with four rotors in X, which turn this way and that:
 *
 *          x (forward)           position   p' = v
 *     0 cw   |   1 ccw           velocity   v' = g + R f,  f = (T e_z + D) / m
 *        \   |   /               attitude   q' = q * (0, w) / 2
 *  y ----  body  ----            rate       w' = J^-1 (tau - w x J w)
 *        /   |   \               rotor i    O_i' = (O_cmd - O_i) / tau_m
 *     3 ccw  |   2 cw            thrust     T_i = k_T O_i^2, drag torque k_Q O_i^2
 *
 * R. Mahony, V. Kumar, P. Corke, "Multirotor Aerial Vehicles: Modeling, Estimation, and Control of
 * Quadrotor", IEEE Robotics & Automation Magazine 19(3), 2012.
 *
 * D is the fuselage's drag -c |u| u, c = rho C_d A / 2, with u the velocity through the air in body
 * axes, and that of the rotors, -d sum(O_i) (u_x, u_y, 0): P. Martin, E. Salaun, "The true role of
 * accelerometer feedback in quadrotor control", ICRA 2010.
 *
 * Integrated by the classical Runge-Kutta method of order 4, the rotors exactly for a command that
 * is constant over the step. */
#ifndef QUAD_AIRFRAME_H
#define QUAD_AIRFRAME_H

#include <stdbool.h>

#include "rotors.h"
#include "vector.h"

struct airframe_model {
	double mass;			/* kg */
	struct vec inertia;		/* kg m2, about the body's axes */
	double arm;			/* m, of a rotor from the body's x axis, and from y */
	double thrust_factor;		/* k_T, N s2 */
	double torque_factor;		/* k_Q, N m s2 */
	double motor_lag;		/* tau_m, s */
	double speed_max;		/* of a rotor, rad/s */
	double fuselage_drag;		/* c, kg/m */
	double rotor_drag;		/* d, kg */
};

struct airframe {
	struct vec position, velocity;	/* m, m/s; world */
	struct quat attitude;
	struct vec rate;		/* rad/s, body */
	struct vec force;		/* specific force over the last step, m/s2, body */
	double rotor_speed[ROTORS];	/* rad/s */
	bool on_ground;
};

/* At rest on level ground at the origin, looking @yaw from east to north. */
void airframe_init(struct airframe *airframe, double yaw);

/* One step of @step_s with the motors told to turn at @speed rad/s. The ground is the plane z = 0:
 * who touches it stops, is levelled, and leaves when the thrust carries. */
void airframe_step(struct airframe *airframe, const struct airframe_model *model,
		   const double speed[ROTORS], struct vec wind, double step_s);

/* Mechanical power of the rotors, W: the sum of k_Q O^3. */
double airframe_power(const struct airframe *airframe, const struct airframe_model *model);

#endif
