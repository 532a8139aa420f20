/* SPDX-License-Identifier: Apache-2.0 */
/* Position of one axis: a Kalman filter on position p, velocity v, the acceleration's bias b and,
 * for height, the barometer's offset o. Accelerations drive it:
 *     p' = v,  v' = a - b + noise,  b' = noise,  o' = noise
 * and it is corrected by p, v and p + o, one number at a time:
 *     K = P h / (h^T P h + sigma^2)
 * R. Brown, P. Hwang, "Introduction to Random Signals and Applied Kalman Filtering", 4th ed., 2012,
 * chapters 4 and 5.
 *
 * What GNSS measured is some time old. It is compared with the p and v of then, which are kept, and
 * what follows is added to all that came since, with K moved on by the transition over the delay:
 * T. Larsen, N. Andersen, O. Ravn, N. Poulsen, "Incorporation of Time Delayed Measurements in a
 * Discrete-time Kalman Filter", IEEE CDC 1998. P is taken as of now: it changes little in 0.1 s. */
#ifndef QUAD_POSITION_FILTER_H
#define QUAD_POSITION_FILTER_H

#include <stdint.h>

enum { AXIS_P, AXIS_V, AXIS_B, AXIS_O, AXIS_STATES };

#define AXIS_KEPT 256			/* steps, so many milliseconds at 1 kHz */

struct axis_noise {			/* densities */
	double acceleration;		/* m/s2/sqrt(Hz) */
	double bias;			/* m/s3/sqrt(Hz) */
	double offset;			/* m/s/sqrt(Hz) */
};

struct axis_filter {
	double x[AXIS_STATES];
	double cov[AXIS_STATES][AXIS_STATES];
	uint64_t at_ns;
	struct {
		uint64_t at_ns;
		double p, v;
	} kept[AXIS_KEPT];
	uint32_t next;			/* in kept */
};

/* Begin at @position m with standard deviation @sigma m, at rest. */
void axis_filter_init(struct axis_filter *filter, double position, double sigma, uint64_t at_ns);

/* On to @at_ns with @acceleration m/s2. */
void axis_filter_predict(struct axis_filter *filter, const struct axis_noise *noise,
			 double acceleration, uint64_t at_ns);

/* A position or velocity (AXIS_P, AXIS_V) that was measured at @at_ns. One that is older than all
 * that is kept is compared with the oldest. */
void axis_filter_correct(struct axis_filter *filter, int state, double measured, double sigma,
			 uint64_t at_ns);

/* A height by the barometer, p + o, measured just now. */
void axis_filter_correct_offset(struct axis_filter *filter, double measured, double sigma);

#endif
