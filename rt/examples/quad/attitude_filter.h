/* SPDX-License-Identifier: Apache-2.0 */
/* Attitude from gyroscope, accelerometer, magnetometer and the velocity that GNSS gives.
 *
 * A nonlinear complementary filter with the gyroscope's bias b:
 *     q' = q * (0, w - b + c) / 2,   b' = -k_b c
 * R. Mahony, T. Hamel, J.-M. Pflimlin, "Nonlinear Complementary Filters on the Special Orthogonal
 * Group", IEEE Trans. Automatic Control 53(5), 2008. Its correction c takes the accelerometer for a
 * plumb line, which it is not while one accelerates. So the tilt is corrected as in M.-D. Hua,
 * "Attitude estimation for accelerated vehicles using GPS/INS measurements", Control Engineering
 * Practice 18(7), 2010: the accelerometer is integrated, and what its velocity is off by tells how
 * the attitude leans:
 *     v' = R f - g e_z + k_v e,   e = v_gnss(t) - v(t)
 *     c = k_a / g^2 (f x R^T e) + k_m h R^T e_z
 * with t when GNSS measured: v is remembered. h is the angle from the horizontal part of the field
 * that is measured to where it should point, so that iron nearby cannot tilt anything.
 *
 * A small tilt error follows s^2 + k_v s + k_a. */
#ifndef QUAD_ATTITUDE_FILTER_H
#define QUAD_ATTITUDE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "vector.h"

#define VELOCITIES_KEPT 256		/* samples, so many milliseconds at 1 kHz */

struct attitude_gains {
	double velocity;		/* k_v, 1/s */
	double tilt;			/* k_a, 1/s2 */
	double heading;			/* k_m, 1/s */
	double bias;			/* k_b, 1/s */
};

struct attitude_filter {
	struct quat attitude;
	struct vec rate;		/* rad/s, of the last sample, without bias */
	struct vec bias;		/* rad/s */
	struct vec velocity;		/* m/s, world */
	struct vec acceleration;	/* m/s2, of the last sample, world, without gravity */
	struct vec velocity_error;	/* e of the last solution */
	double heading_error;		/* h of the last field, rad */
	uint64_t at_ns;			/* of the last sample */
	uint64_t gnss_ns;		/* when e came; 0: never */
	struct {
		uint64_t at_ns;
		struct vec velocity;
	} kept[VELOCITIES_KEPT];
	uint32_t next;			/* in kept */
};

/* Begin at rest: @force m/s2, @rate rad/s and @field T are means in body axes, @north the direction
 * of the horizontal field in the world. Gravity and field give the attitude (TRIAD: H. Black, AIAA
 * Journal 2(7), 1964). */
void attitude_filter_init(struct attitude_filter *filter, struct vec force, struct vec rate,
			  struct vec field, struct vec north, uint64_t at_ns);

/* One sample of the IMU, @force m/s2 and @rate rad/s. Half a second after the last solution no tilt
 * is corrected. A gap of more than 0.1 s is bridged as if it were 0.1 s. */
void attitude_filter_imu(struct attitude_filter *filter, const struct attitude_gains *gains,
			 struct vec force, struct vec rate, uint64_t at_ns);

void attitude_filter_field(struct attitude_filter *filter, struct vec field, struct vec north);

/* A velocity that was measured at @at_ns; ignored (false) when that is longer ago than what is
 * kept. */
bool attitude_filter_velocity(struct attitude_filter *filter, struct vec velocity, uint64_t at_ns);

#endif
