/* SPDX-License-Identifier: Apache-2.0 */
/* What a GNSS receiver says about where it is, and what follows from two such messages.
 *
 * A number that the receiver did not give is NaN. */
#ifndef GNSS_H
#define GNSS_H

#include <takt/type.h>

/* The quality indicator of NMEA 0183's GGA sentence; other: a number that the standard has not. */
#define FIX_KIND(V) \
	V(FIX_NONE, 0, "none") \
	V(FIX_GPS, 1, "gps") \
	V(FIX_DGPS, 2, "dgps") \
	V(FIX_PPS, 3, "pps") \
	V(FIX_RTK_FIXED, 4, "rtk_fixed") \
	V(FIX_RTK_FLOAT, 5, "rtk_float") \
	V(FIX_ESTIMATED, 6, "estimated") \
	V(FIX_MANUAL, 7, "manual") \
	V(FIX_SIMULATOR, 8, "simulator") \
	V(FIX_OTHER, 9, "other")
TAKT_ENUM(fix_kind, "how a fix was made", FIX_KIND)

#define UTC_DATE(F) \
	F(u16, year,  "1", "all four digits; 0: not known yet") \
	F(u8,  month, "1", "1 to 12") \
	F(u8,  day,   "1", "1 to 31")
TAKT_MESSAGE(utc_date, "a date, UTC", UTC_DATE)

#define GNSS_FIX(F) \
	F(f64, latitude,         "deg", "WGS 84, north positive") \
	F(f64, longitude,        "deg", "WGS 84, east positive") \
	F(f64, altitude,         "m",   "of the antenna above mean sea level") \
	F(f64, geoid_separation, "m",   "mean sea level above the WGS 84 ellipsoid") \
	F(f64, utc,              "s",   "time of day, UTC") \
	F(f64, hdop,             "1",   "horizontal dilution of precision") \
	F(f64, correction_age,   "s",   "age of the differential corrections") \
	F(enum(fix_kind), kind,  "",    "how the fix was made") \
	F(u16, satellites,       "1",   "used in the fix") \
	F(u16, station,          "1",   "id of the differential reference station; 0: none") \
	F(struct(utc_date), date, "",   "of the fix, once the receiver has told it")
TAKT_MESSAGE(gnss_fix, "a position fix", GNSS_FIX)

#define GNSS_TRACK(F) \
	F(struct(gnss_fix), fix, "", "the newest fix") \
	F(f64, speed,    "m/s", "over ground; NaN until two fixes lie far enough apart in time") \
	F(f64, distance, "m",   "travelled since the start") \
	F(u64, fixes,    "1",   "seen since the start")
TAKT_MESSAGE(gnss_track, "where the receiver is and how far it came", GNSS_TRACK)

#endif
