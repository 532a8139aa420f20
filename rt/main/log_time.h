/* SPDX-License-Identifier: Apache-2.0 */
/* Times on the command line and in what is printed. */
#ifndef TAKT_MAIN_LOG_TIME_H
#define TAKT_MAIN_LOG_TIME_H

#include <stdint.h>

#include <takt/log.h>

#include "rt/base/err.h"
#include "rt/base/text_buffer.h"

#define TAKT_TIME_TEXT_BYTES 48u

/* "10s" since the run's start, "-10s" before its end, "#cycle", and what takt_wall_time_parse takes. Returns 0,
 * -EINVAL, -ERANGE. */
int takt_log_time_parse(const char *text, const struct takt_log_info *info,
			struct takt_log_point *ret_point, struct takt_err *err);

/* CLOCK_REALTIME ns of "2026-01-31[T12:00[:00[.5]]][Z|+01:00]"; without a zone it is local time.
 * Returns 0 or -EINVAL. */
int takt_iso_time_parse(const char *text, int64_t *ret_real_ns);

/* The same, and "now", "today", "yesterday" (its midnight), and a local time of day, "16:43[:47[.5]]": the last
 * one within [@first_real_ns, @last_real_ns], else on the day of @first_real_ns. Returns 0 or -EINVAL. */
int takt_wall_time_parse(const char *text, int64_t first_real_ns, int64_t last_real_ns,
			 int64_t *ret_real_ns);

/* "2026-01-31T12:00:00.123456789Z", and "2026-01-31 13:00:00" in local time. Return @out. */
const char *takt_iso_time_format(int64_t real_ns, char *out, uint32_t out_bytes);
const char *takt_local_time_format(int64_t real_ns, char *out, uint32_t out_bytes);

/* How a record's time is shown to people. */
enum takt_time_way {
	TAKT_TIME_REL = 0,		/* seconds since the run's start */
	TAKT_TIME_MONO,			/* of CLOCK_MONOTONIC, seconds */
	TAKT_TIME_REAL,			/* of CLOCK_REALTIME, local time */
	TAKT_TIME_ISO			/* the same, ISO 8601 in UTC */
};

/* "rel", "mono", "real", "iso". Returns 0 or -EINVAL. */
int takt_time_way_parse(const char *text, enum takt_time_way *ret_way);
void takt_time_put(struct takt_text_buffer *out, enum takt_time_way way, const struct takt_log *log,
		   const struct takt_log_record *record);

#endif
