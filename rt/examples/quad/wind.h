/* SPDX-License-Identifier: Apache-2.0 */
/* Turbulence: Dryden's spectra as filters of white noise.
 *
 * MIL-F-8785C, 3.7.2 and, for low altitudes, 3.7.3. Along the mean wind
 *     H_u(s) = sigma_u sqrt(2 L_u / (pi V)) / (1 + (L_u/V) s)
 * across it and vertically
 *     H(s) = sigma sqrt(L / (pi V)) (1 + sqrt(3) (L/V) s) / (1 + (L/V) s)^2
 * with, h in feet and W20 the mean wind at 20 feet,
 *     sigma_w = 0.1 W20,  sigma_u = sigma_v = sigma_w / (0.177 + 0.000823 h)^0.4
 *     L_w = h,            L_u = L_v = h / (0.177 + 0.000823 h)^1.2
 * Who hovers sees the air come by with the mean wind: V is that (Taylor's hypothesis). */
#ifndef QUAD_WIND_H
#define QUAD_WIND_H

#include <takt/random.h>

#include "vector.h"

struct gust_axis {
	double keep;			/* of a state over one step: exp(-step V / L) */
	double kick;			/* standard deviation of what is added to the first state */
	double first, second;		/* the filter's states */
};

struct gusts {
	struct takt_random random;
	struct gust_axis along, across, up;
};

/* For a mean wind of @speed m/s at @height m, scaled by @intensity (1: as the standard has it).
 * A speed below 0.1 m/s means still air. */
void gusts_init(struct gusts *gusts, uint64_t seed, double speed, double height, double intensity,
		double step_s);

/* The next step's gusts in m/s: x along the mean wind, y across, z up. */
struct vec gusts_step(struct gusts *gusts);

#endif
