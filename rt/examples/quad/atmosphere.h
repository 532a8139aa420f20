/* SPDX-License-Identifier: Apache-2.0 */
/* Height and pressure in the standard atmosphere's lowest layer, ISO 2533:1975:
 *     p = p0 (1 - L h / T0)^(g / (R L)),  T0 = 288.15 K, L = 6.5 K/km, R = 287.053 J/(kg K) */
#ifndef QUAD_ATMOSPHERE_H
#define QUAD_ATMOSPHERE_H

#include "vector.h"

#define ATMOSPHERE_T0 288.15		/* K */
#define ATMOSPHERE_LAPSE 0.0065		/* K/m */
#define ATMOSPHERE_EXPONENT (GRAVITY / (287.053 * ATMOSPHERE_LAPSE))

/* Pa, @height m above where the pressure is @base Pa. */
static inline double atmosphere_pressure(double base, double height)
{
	return base * pow(1 - ATMOSPHERE_LAPSE * height / ATMOSPHERE_T0, ATMOSPHERE_EXPONENT);
}

/* m above where the pressure is @base Pa. */
static inline double atmosphere_height(double base, double pressure)
{
	const double ratio = pow(pressure / base, 1 / ATMOSPHERE_EXPONENT);

	return ATMOSPHERE_T0 / ATMOSPHERE_LAPSE * (1 - ratio);
}

#endif
