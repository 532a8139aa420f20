/* SPDX-License-Identifier: Apache-2.0 */
/* What sensors are wrong by, one axis at a time; n is normal with deviation 1, s the interval.
 *
 *     white noise    of density N (unit/sqrt(Hz)): a sample is wrong by N / sqrt(s) n
 *     random walk    of density K (unit/s/sqrt(Hz)): b' = b + K sqrt(s) n
 *     Gauss-Markov   correlated over tau, of deviation S: w' = k w + S sqrt(1 - k^2) n,
 *                    k = exp(-s / tau)
 *
 * IEEE Std 952-1997, annex C; J. Crassidis, "Sigma-Point Kalman Filtering for Integrated GPS and
 * Inertial Navigation", IEEE Trans. Aerospace and Electronic Systems 42(2), 2006. */
#ifndef QUAD_SENSOR_NOISE_H
#define QUAD_SENSOR_NOISE_H

#include <takt/random.h>

#include "vector.h"

static inline double white_noise(struct takt_random *random, double density, double interval_s)
{
	return density / sqrt(interval_s) * takt_random_normal(random);
}

static inline double random_walk(struct takt_random *random, double bias, double density,
				 double interval_s)
{
	return bias + density * sqrt(interval_s) * takt_random_normal(random);
}

static inline double gauss_markov(struct takt_random *random, double error, double sigma,
				  double tau_s, double interval_s)
{
	const double keep = exp(-interval_s / tau_s);

	return keep * error + sigma * sqrt(1 - keep * keep) * takt_random_normal(random);
}

/* Three axes of standard deviation @sigma. */
static inline struct vec normal_vec(struct takt_random *random, double sigma)
{
	struct vec v;

	v.x = sigma * takt_random_normal(random);
	v.y = sigma * takt_random_normal(random);
	v.z = sigma * takt_random_normal(random);
	return v;
}

#endif
