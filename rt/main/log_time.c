/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/log_time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rt/base/quantity.h"

#define NS_PER_S 1000000000

static void split(int64_t real_ns, time_t *ret_seconds, long *ret_ns)
{
	*ret_ns = (long)(real_ns % NS_PER_S);
	*ret_seconds = (time_t)(real_ns / NS_PER_S);
	if (*ret_ns < 0) {
		*ret_ns += NS_PER_S;
		*ret_seconds -= 1;
	}
}

static bool is_digit(char letter)
{
	return letter >= '0' && letter <= '9';
}

/* @digits digits at *@at as a number; moves *@at. Returns -1 when they are not there. */
static int take_digits(const char **at, int digits)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*at)++) {
		if (!is_digit(**at)) {
			return -1;
		}
		value = value * 10 + (**at - '0');
	}
	return value;
}

/* ":00" at *@at; 0 when there is no colon. */
static int take_part(const char **at)
{
	if (**at != ':') {
		return 0;
	}
	(*at)++;
	return take_digits(at, 2);
}

/* ".5" at *@at in ns. */
static int64_t take_fraction(const char **at)
{
	int64_t scale = NS_PER_S / 10, ns = 0;

	if (**at != '.') {
		return 0;
	}
	for ((*at)++; is_digit(**at); (*at)++) {
		ns += (**at - '0') * scale;
		scale /= 10;
	}
	return ns;
}

/* Zone at *@at into seconds east of UTC; @ret_local when there is none. Returns 0 or -EINVAL. */
static int take_zone(const char **at, int *ret_east, bool *ret_local)
{
	const char sign = **at;
	int hours, minutes;

	*ret_local = sign == '\0';
	*ret_east = 0;
	if (sign == 'Z') {
		(*at)++;
		return 0;
	}
	if (sign != '+' && sign != '-') {
		return 0;
	}
	(*at)++;
	hours = take_digits(at, 2);
	minutes = take_part(at);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
		return -EINVAL;
	}
	*ret_east = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return 0;
}

/* "2026-01-31" at *@at. */
static int take_date(const char **at, struct tm *tm)
{
	const int year = take_digits(at, 4);
	const int month = **at == '-' ? (++*at, take_digits(at, 2)) : -1;
	const int day = month > 0 && **at == '-' ? (++*at, take_digits(at, 2)) : -1;

	if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) {
		return -EINVAL;
	}
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

int takt_iso_time_parse(const char *text, int64_t *ret_real_ns)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *at = text;
	int64_t fraction = 0;
	bool local;
	int east;
	time_t seconds;

	if (take_date(&at, &tm) < 0) {
		return -EINVAL;
	}
	if (*at == 'T' || *at == ' ') {
		at++;
		tm.tm_hour = take_digits(&at, 2);
		tm.tm_min = *at == ':' ? take_part(&at) : -1;
		tm.tm_sec = take_part(&at);
		fraction = take_fraction(&at);
	}
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
	    tm.tm_sec > 60 || take_zone(&at, &east, &local) < 0 || *at) {
		return -EINVAL;
	}
	seconds = local ? mktime(&tm) : timegm(&tm) - east;
	/* Years that 64 bits of ns do not reach are the first and the last moment. */
	if (__builtin_mul_overflow((int64_t)seconds, (int64_t)NS_PER_S, ret_real_ns) ||
	    __builtin_add_overflow(*ret_real_ns, fraction, ret_real_ns)) {
		*ret_real_ns = seconds < 0 ? INT64_MIN : INT64_MAX;
	}
	return 0;
}

/* @real_ns moved to this time of its local day, @days later. */
static int64_t on_day(int64_t real_ns, int days, const struct tm *of_day)
{
	struct tm tm = { 0 };
	time_t seconds;
	long ns;

	split(real_ns, &seconds, &ns);
	localtime_r(&seconds, &tm);
	tm.tm_mday += days;
	tm.tm_hour = of_day->tm_hour;
	tm.tm_min = of_day->tm_min;
	tm.tm_sec = of_day->tm_sec;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * NS_PER_S;
}

/* "16:43", "4:43:47.5" */
static int parse_time_of_day(const char *text, int64_t first_ns, int64_t last_ns, int64_t *ret_real_ns)
{
	const char *at = text;
	struct tm tm = { .tm_hour = take_digits(&at, is_digit(text[0]) && is_digit(text[1]) ? 2 : 1) };
	int64_t fraction, ns;

	tm.tm_min = *at == ':' ? take_part(&at) : -1;
	tm.tm_sec = take_part(&at);
	fraction = take_fraction(&at);
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
	    tm.tm_sec > 60 || *at) {
		return -EINVAL;
	}
	ns = on_day(last_ns, 0, &tm) + fraction;
	if (ns > last_ns) {
		ns = on_day(last_ns, -1, &tm) + fraction;
	}
	*ret_real_ns = ns >= first_ns ? ns : on_day(first_ns, 0, &tm) + fraction;
	return 0;
}

int takt_wall_time_parse(const char *text, int64_t first_real_ns, int64_t last_real_ns,
			 int64_t *ret_real_ns)
{
	const struct tm midnight = { 0 };
	struct timespec now;
	int64_t now_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	now_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
	if (strcmp(text, "now") == 0) {
		*ret_real_ns = now_ns;
	} else if (strcmp(text, "today") == 0) {
		*ret_real_ns = on_day(now_ns, 0, &midnight);
	} else if (strcmp(text, "yesterday") == 0) {
		*ret_real_ns = on_day(now_ns, -1, &midnight);
	} else if (takt_iso_time_parse(text, ret_real_ns) < 0) {
		return parse_time_of_day(text, first_real_ns, last_real_ns, ret_real_ns);
	}
	return 0;
}

/* "2026-…", "16:…": what can only be meant for the wall clock. */
static bool looks_like_wall_time(const char *text)
{
	const size_t digits = strspn(text, "0123456789");

	return (digits == 4 && text[4] == '-') || ((digits == 1 || digits == 2) && text[digits] == ':');
}

static int bad_time(const char *text, struct takt_err *err)
{
	return takt_err_set(err, -EINVAL, "'%s' is no time: write 10s (since the run's start), -10s (before "
			    "its end), 16:43:47, 2026-01-31T12:00:00Z, today or #cycle", text);
}

/* A number without a unit. */
static int bare_number(const char *text, struct takt_err *err)
{
	return takt_err_set(err, -EINVAL, "'%s' has no unit: write %ss, or #%s for a cycle", text, text,
			    text + (text[0] == '-'));
}

static int parse_cycle(const char *text, struct takt_log_point *ret_point, struct takt_err *err)
{
	char *end = NULL;
	uint64_t cycle;

	errno = 0;
	cycle = strtoull(text + 1, &end, 10);
	if (!is_digit(text[1]) || *end || errno) {
		return takt_err_set(err, -EINVAL, "'%s' is no cycle: write #120", text);
	}
	*ret_point = (struct takt_log_point){ TAKT_LOG_AT_CYCLE, 0, cycle };
	return 0;
}

int takt_log_time_parse(const char *text, const struct takt_log_info *info,
			struct takt_log_point *ret_point, struct takt_err *err)
{
	const bool before_end = text[0] == '-';
	int64_t real_ns;
	uint64_t ns;
	int ret;

	if (text[0] == '#') {
		return parse_cycle(text, ret_point, err);
	}
	if (takt_wall_time_parse(text, info->first_real_ns, info->end_real_ns, &real_ns) == 0) {
		*ret_point = (struct takt_log_point){ TAKT_LOG_AT_REAL, 0, (uint64_t)real_ns };
		return 0;
	}
	if (looks_like_wall_time(text)) {
		return bad_time(text, err);
	}
	if (!is_digit(text[before_end]) && text[before_end] != '.') {
		return bad_time(text, err);
	}
	if (text[before_end + strspn(text + before_end, "0123456789.")] == '\0') {
		return bare_number(text, err);
	}
	ret = takt_quantity_parse_ns(text + before_end, &ns, err);
	if (ret < 0) {
		return ret;
	}
	if (before_end) {
		ns = info->end_mono_ns > ns ? info->end_mono_ns - ns : 0;
	} else if (__builtin_add_overflow(info->start_mono_ns, ns, &ns)) {
		ns = UINT64_MAX;
	}
	*ret_point = (struct takt_log_point){ TAKT_LOG_AT_MONO, 0, ns };
	return 0;
}

const char *takt_iso_time_format(int64_t real_ns, char *out, uint32_t out_bytes)
{
	struct tm tm = { 0 };
	char date[32] = "";
	time_t seconds;
	long ns;

	split(real_ns, &seconds, &ns);
	if (gmtime_r(&seconds, &tm)) {
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	}
	snprintf(out, out_bytes, "%s.%09ldZ", date, ns);
	return out;
}

const char *takt_local_time_format(int64_t real_ns, char *out, uint32_t out_bytes)
{
	struct tm tm = { 0 };
	time_t seconds;
	long ns;

	split(real_ns, &seconds, &ns);
	out[0] = '\0';
	if (localtime_r(&seconds, &tm)) {
		strftime(out, out_bytes, "%Y-%m-%d %H:%M:%S", &tm);
	}
	return out;
}

int takt_time_way_parse(const char *text, enum takt_time_way *ret_way)
{
	static const char *const names[] = { "rel", "mono", "real", "iso" };

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret_way = (enum takt_time_way)i;
			return 0;
		}
	}
	return -EINVAL;
}

void takt_time_put(struct takt_text_buffer *out, enum takt_time_way way, const struct takt_log *log,
		   const struct takt_log_record *record)
{
	const uint64_t start_ns = takt_log_info_of(log)->start_mono_ns;
	char text[TAKT_TIME_TEXT_BYTES];
	time_t seconds;
	long ns;

	switch (way) {
	case TAKT_TIME_MONO:
		takt_text_buffer_printf(out, "%" PRIu64 ".%09" PRIu64, record->mono_ns / NS_PER_S,
					record->mono_ns % NS_PER_S);
		return;
	case TAKT_TIME_REAL:
		split(record->real_ns, &seconds, &ns);
		takt_text_buffer_printf(out, "%s.%06ld",
					takt_local_time_format(record->real_ns, text, sizeof(text)),
					ns / 1000);
		return;
	case TAKT_TIME_ISO:
		takt_text_buffer_puts(out, takt_iso_time_format(record->real_ns, text, sizeof(text)));
		return;
	case TAKT_TIME_REL:
	default:
		takt_text_buffer_printf(out, "%12.6f",
					(double)(int64_t)(record->mono_ns - start_ns) / 1e9);
	}
}
