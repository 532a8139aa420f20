/* SPDX-License-Identifier: Apache-2.0 */
/* From torque and thrust to four rotors. With l the arm and c torque by thrust of a rotor, rotor i
 * at (s_xi l, s_yi l), which pushes the body round by t_i:
 *     T_i = T/4 + s_yi tau_x / (4 l) - s_xi tau_y / (4 l) + t_i tau_z / (4 c)
 * the inverse of what Mahony, Kumar and Corke (see airframe.h) have for the X.
 *
 * What the rotors cannot give is given up in this order: yaw, then thrust (moved up or down so that
 * all of roll and pitch fits), then roll and pitch by a common factor. After M. Faessler,
 * D. Falanga, D. Scaramuzza, "Thrust Mixing, Saturation, and Body-Rate Control for Accurate
 * Aggressive Quadrotor Flight", IEEE Robotics and Automation Letters 2(2), 2017. */
#ifndef QUAD_MIXER_H
#define QUAD_MIXER_H

#include <stdint.h>

#include "rotors.h"
#include "vector.h"

struct mixer_model {
	double arm;			/* m, of a rotor from the body's x axis, and from y */
	double torque_ratio;		/* m, drag torque by thrust */
	double thrust_min, thrust_max;	/* N, of one rotor */
};

/* Thrust of each rotor in N, within its limits. Returns how many rotors ended at a limit. */
uint32_t mixer_thrusts(const struct mixer_model *model, struct vec torque, double thrust,
		       double ret_thrust[ROTORS]);

#endif
