/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rotors are and how they turn: front left, front right, rear right, rear left, in an X.
 * The airframe is built so, and the mixer has to know it; arrays of rotors are in this order. */
#ifndef QUAD_ROTORS_H
#define QUAD_ROTORS_H

#define ROTORS 4

static const double rotor_side_x[ROTORS] = { 1, 1, -1, -1 };	/* 1: forward of the middle */
static const double rotor_side_y[ROTORS] = { 1, -1, -1, 1 };	/* 1: left of it */
static const double rotor_turn[ROTORS] = { 1, -1, 1, -1 };	/* torque on the body, about z */

#endif
