/* SPDX-License-Identifier: Apache-2.0 */
/* Attitude from gyro, accelerometer and magnetometer: the explicit complementary filter with
 * bias estimate of
 *     R. Mahony, T. Hamel, J.-M. Pflimlin: Nonlinear Complementary Filters on the Special Orthogonal Group,
 *     IEEE Transactions on Automatic Control 53(5), 2008, equations (32a-c),
 * in which the magnetometer turns about the vertical only, so that it cannot disturb
 * roll and pitch:
 *     P. Martin, E. Salaün: Design and implementation of a low-cost observer-based attitude and heading
 *     reference system, Control Engineering Practice 18(7), 2010.
 * The accelerometer counts the less the more its length differs from gravity's.
 *
 * Between two samples the body is taken to turn at the mean of their rates, about one axis, which
 * is exact for a rate that changes linearly about a fixed axis and so also carries the attitude
 * across short gaps. */
#ifndef IMU_MAHONY_H
#define IMU_MAHONY_H

#include <stdbool.h>
#include <stdint.h>

struct mahony_gains {
	double accel;			/* 1/s: an error in tilt goes within 1/accel seconds */
	double mag;			/* 1/s: likewise in yaw; 0: the magnetometer is not used */
	double bias;			/* 1/s2 */
	double gate;			/* accel counts nothing when its length is off by this part of gravity */
	double settle_s;		/* gains begin higher and fall to these within this time */
};

struct mahony {
	struct mahony_gains gains;
	double q[4];			/* body to earth: w, x, y, z */
	double bias[3];			/* rad/s */
	double rate[3];			/* rad/s, of the last sample, without bias */
	double gyro[3];			/* of the last sample */
	double age_s;			/* since the last alignment */
	double accel_sum[3];
	uint32_t aligned;		/* samples in accel_sum */
};

/* Tilt and yaw from what comes next, without a memory but the bias. */
void mahony_align(struct mahony *m);

/* Take a sample (rad/s, m/s2, any unit; @mag may be all 0), @dt_s after the one before. */
void mahony_step(struct mahony *m, const double gyro[3], const double accel[3], const double mag[3],
		 double dt_s);

/* True while the gains are still higher. */
bool mahony_is_settling(const struct mahony *m);

/* roll, pitch, yaw in rad. */
void mahony_angles(const struct mahony *m, double ret_angles[3]);

#endif
