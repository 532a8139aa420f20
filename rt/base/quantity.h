/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities as people write them: a decimal number and its unit, "100ms", "1.5 kHz", "256MiB".
 *
 * Units by what is asked for:
 *     "s"         ns us ms s min h d
 *     "Hz"        Hz kHz MHz GHz
 *     "B"         B kB KiB MB MiB GB GiB TB TiB
 *     other       the unit itself, or n u m k M G before it ("mm" where "m" is asked for)
 *     "" or "1"   no unit: a bare number
 * Between the two may be blanks; there must be one before a unit that begins with a digit, "70 1/s".
 * A number without the unit it needs is an error that shows the right form. */
#ifndef TAKT_BASE_QUANTITY_H
#define TAKT_BASE_QUANTITY_H

#include <stdint.h>

#include "rt/base/err.h"
#include "rt/base/tags.h"

#define TAKT_QUANTITY_TEXT_BYTES 32u	/* enough for the formatters */

/* Parse @text as a quantity in @unit (see above). The value is the nearest double, finite, may be
 * negative. Returns 0, -EINVAL (junk, wrong or missing unit) or -ERANGE (too large).  [setup] */
TAKT_SETUP int takt_quantity_parse(const char *text, const char *unit, double *ret_value,
				   struct takt_err *err);

/* What stands between a number and @unit: " " before a unit that begins with a digit, else "".  [any] */
TAKT_ANY const char *takt_quantity_gap(const char *unit);

/* Durations and sizes, exact. Errors as above, and -EINVAL for what is negative or no whole number of
 * nanoseconds or bytes, -ERANGE above UINT64_MAX.  [setup] */
TAKT_SETUP int takt_quantity_parse_ns(const char *text, uint64_t *ret_ns, struct takt_err *err);
TAKT_SETUP int takt_quantity_parse_bytes(const char *text, uint64_t *ret_bytes, struct takt_err *err);

/* The period of a rate, to the nearest nanosecond: "100Hz" is 10000000; "0Hz" is 0 (free running).
 * Returns -ERANGE for a period below 1 ns or above UINT64_MAX ns.  [setup] */
TAKT_SETUP int takt_quantity_parse_hz_period_ns(const char *text, uint64_t *ret_ns, struct takt_err *err);

/* Short text for people, at most 3 decimals: "1.5ms", "12.3 MiB". Returns @out, NUL-terminated.
 * [any] */
TAKT_ANY const char *takt_quantity_format_ns(uint64_t ns, char *out, uint32_t out_bytes);
TAKT_ANY const char *takt_quantity_format_bytes(uint64_t bytes, char *out, uint32_t out_bytes);

#endif
