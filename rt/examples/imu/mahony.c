/* SPDX-License-Identifier: Apache-2.0 */
#include "mahony.h"

#include <math.h>
#include <string.h>

#define GRAVITY 9.80665			/* m/s2 */
#define ALIGN_SAMPLES 10u		/* whose mean is the first tilt */
#define SETTLE_GAIN 10.0		/* so much higher the gains begin */
#define BIAS_MAX 0.1			/* rad/s: more is no bias */

static double length_of(const double v[3])
{
	return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

static void cross(const double a[3], const double b[3], double out[3])
{
	out[0] = a[1] * b[2] - a[2] * b[1];
	out[1] = a[2] * b[0] - a[0] * b[2];
	out[2] = a[0] * b[1] - a[1] * b[0];
}

/* The earth's down as the body sees it. */
static void down_of(const double q[4], double out[3])
{
	out[0] = 2 * (q[1] * q[3] - q[0] * q[2]);
	out[1] = 2 * (q[2] * q[3] + q[0] * q[1]);
	out[2] = q[0] * q[0] - q[1] * q[1] - q[2] * q[2] + q[3] * q[3];
}

/* @v of the body, in the earth's north and east. */
static void level_of(const double q[4], const double v[3], double out[2])
{
	out[0] = (q[0] * q[0] + q[1] * q[1] - q[2] * q[2] - q[3] * q[3]) * v[0] +
		 2 * (q[1] * q[2] - q[0] * q[3]) * v[1] + 2 * (q[1] * q[3] + q[0] * q[2]) * v[2];
	out[1] = 2 * (q[1] * q[2] + q[0] * q[3]) * v[0] +
		 (q[0] * q[0] - q[1] * q[1] + q[2] * q[2] - q[3] * q[3]) * v[1] +
		 2 * (q[2] * q[3] - q[0] * q[1]) * v[2];
}

static void from_angles(double roll, double pitch, double yaw, double q[4])
{
	const double cr = cos(roll / 2), sr = sin(roll / 2), cp = cos(pitch / 2), sp = sin(pitch / 2);
	const double cy = cos(yaw / 2), sy = sin(yaw / 2);

	q[0] = cr * cp * cy + sr * sp * sy;
	q[1] = sr * cp * cy - cr * sp * sy;
	q[2] = cr * sp * cy + sr * cp * sy;
	q[3] = cr * cp * sy - sr * sp * cy;
}

void mahony_angles(const struct mahony *m, double ret_angles[3])
{
	const double *q = m->q;
	const double sine = 2 * (q[0] * q[2] - q[3] * q[1]);

	ret_angles[0] = atan2(2 * (q[0] * q[1] + q[2] * q[3]), 1 - 2 * (q[1] * q[1] + q[2] * q[2]));
	ret_angles[1] = asin(sine > 1 ? 1 : sine < -1 ? -1 : sine);
	ret_angles[2] = atan2(2 * (q[0] * q[3] + q[1] * q[2]), 1 - 2 * (q[2] * q[2] + q[3] * q[3]));
}

void mahony_align(struct mahony *m)
{
	memset(m->accel_sum, 0, sizeof(m->accel_sum));
	m->aligned = 0;
	m->age_s = 0;
}

bool mahony_is_settling(const struct mahony *m)
{
	return m->aligned < ALIGN_SAMPLES || m->age_s < m->gains.settle_s;
}

/* Tilt from the mean of the accelerations so far, yaw from the magnetometer or as it was. */
static void align(struct mahony *m, const double accel[3], const double mag[3])
{
	double angles[3] = { 0 }, level[2];

	if (m->q[0] != 0 || m->q[1] != 0 || m->q[2] != 0 || m->q[3] != 0) {
		mahony_angles(m, angles);
	}
	for (int i = 0; i < 3; i++) {
		m->accel_sum[i] += accel[i];
	}
	m->aligned++;
	angles[0] = atan2(-m->accel_sum[1], -m->accel_sum[2]);
	angles[1] = atan2(m->accel_sum[0], hypot(m->accel_sum[1], m->accel_sum[2]));
	if (m->gains.mag > 0 && length_of(mag) > 0) {
		from_angles(angles[0], angles[1], 0, m->q);
		level_of(m->q, mag, level);
		angles[2] = -atan2(level[1], level[0]);
	}
	from_angles(angles[0], angles[1], angles[2], m->q);
}

/* What accelerometer and magnetometer say against the estimate, as turn rates about
 * the body's axes. */
static void errors_of(const struct mahony *m, const double accel[3], const double mag[3],
		      double ret_tilt[3], double ret_yaw[3])
{
	const double force = length_of(accel);
	const double off = fabs(force / GRAVITY - 1) / m->gains.gate;
	const double trust = off < 1 ? 1 - off : 0;
	double down[3], measured[3], level[2], east = 0;

	down_of(m->q, down);
	for (int i = 0; i < 3; i++) {
		measured[i] = force > 0 ? -accel[i] / force : 0;
	}
	cross(measured, down, ret_tilt);
	if (m->gains.mag > 0 && length_of(mag) > 0) {
		level_of(m->q, mag, level);
		east = atan2(level[1], level[0]);
	}
	for (int i = 0; i < 3; i++) {
		ret_tilt[i] *= trust * m->gains.accel;
		ret_yaw[i] = -east * m->gains.mag * down[i];
	}
}

/* Turn @q by the rotation vector @turn of the body. */
static void turn_by(double q[4], const double turn[3])
{
	const double angle = length_of(turn);
	const double c = cos(angle / 2), s = angle > 1e-9 ? sin(angle / 2) / angle : 0.5;
	const double d[3] = { turn[0] * s, turn[1] * s, turn[2] * s };
	const double p[4] = { q[0], q[1], q[2], q[3] };
	double norm;

	q[0] = p[0] * c - p[1] * d[0] - p[2] * d[1] - p[3] * d[2];
	q[1] = p[1] * c + p[0] * d[0] + p[2] * d[2] - p[3] * d[1];
	q[2] = p[2] * c + p[0] * d[1] + p[3] * d[0] - p[1] * d[2];
	q[3] = p[3] * c + p[0] * d[2] + p[1] * d[1] - p[2] * d[0];
	norm = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
	for (int i = 0; i < 4; i++) {
		q[i] /= norm;
	}
}

void mahony_step(struct mahony *m, const double gyro[3], const double accel[3], const double mag[3],
		 double dt_s)
{
	double tilt[3], yaw[3], turn[3], boost;

	if (m->aligned < ALIGN_SAMPLES) {
		align(m, accel, mag);
	} else {
		errors_of(m, accel, mag, tilt, yaw);
		boost = m->age_s < m->gains.settle_s ?
			SETTLE_GAIN - (SETTLE_GAIN - 1) * m->age_s / m->gains.settle_s : 1;
		for (int i = 0; i < 3; i++) {
			/* A correction never goes beyond what is to be corrected,
			 * however long the step. */
			const double gain = fmin(boost * dt_s, 1 / fmax(m->gains.accel, m->gains.mag));

			m->bias[i] -= m->gains.bias * (tilt[i] + yaw[i]) / m->gains.accel * fmin(dt_s, 0.1);
			m->bias[i] = fmax(-BIAS_MAX, fmin(BIAS_MAX, m->bias[i]));
			turn[i] = ((m->gyro[i] + gyro[i]) / 2 - m->bias[i]) * dt_s + (tilt[i] + yaw[i]) * gain;
		}
		turn_by(m->q, turn);
		m->age_s += dt_s;
	}
	for (int i = 0; i < 3; i++) {
		m->gyro[i] = gyro[i];
		m->rate[i] = gyro[i] - m->bias[i];
	}
}
