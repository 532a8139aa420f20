/* SPDX-License-Identifier: Apache-2.0 */
#include "nmea.h"

#include <math.h>
#include <string.h>

#define FIELDS_MAX 40u
#define GGA_FIELDS 15u			/* with the address; a standard one has exactly these */
#define RMC_FIELDS 10u			/* up to the date; later versions append */
#define MINUTE_DIGITS 11u		/* behind the point: degrees * 60 * 10^11 is exact in a double */
#define DECIMAL_MANTISSA 100000000000000u	/* 15 digits are kept, which a double holds exactly */

struct span {
	const char *at;
	uint32_t bytes;
};

static const uint64_t powers_of_ten[] = {
	1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
	10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
	1000000000000000u,
};
#define POWERS (uint32_t)(sizeof(powers_of_ten) / sizeof(powers_of_ten[0]))

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is(struct span field, char c)
{
	return field.bytes == 1 && field.at[0] == c;
}

/* All of @field as digits. */
static bool parse_digits(struct span field, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (field.bytes == 0 || field.bytes > 15) {
		return false;
	}
	for (uint32_t i = 0; i < field.bytes; i++) {
		if (!is_digit(field.at[i])) {
			return false;
		}
		value = value * 10 + (uint64_t)(field.at[i] - '0');
	}
	*ret_value = value;
	return true;
}

/* "" is 0. */
static bool parse_count(struct span field, uint64_t max, uint32_t *ret_count)
{
	uint64_t value = 0;

	if (field.bytes > 0 && (!parse_digits(field, &value) || value > max)) {
		return false;
	}
	*ret_count = (uint32_t)value;
	return true;
}

/* "" is NaN. Otherwise [+-]digits[.digits]; digits that a double cannot hold are dropped. */
static bool parse_decimal(struct span field, double *ret_value)
{
	uint64_t mantissa = 0;
	uint32_t digits = 0;
	uint32_t places = 0;
	bool point = false;
	uint32_t i = 0;

	if (field.bytes == 0) {
		*ret_value = (double)NAN;
		return true;
	}
	if (field.at[0] == '-' || field.at[0] == '+') {
		i++;
	}
	for (; i < field.bytes; i++) {
		if (field.at[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(field.at[i])) {
			return false;
		}
		digits++;
		if (mantissa < DECIMAL_MANTISSA && places < POWERS - 1) {
			mantissa = mantissa * 10 + (uint64_t)(field.at[i] - '0');
			places += point;
		} else if (!point) {
			return false;
		}
	}
	if (digits == 0) {
		return false;
	}
	*ret_value = (double)mantissa / (double)powers_of_ten[places];
	if (field.at[0] == '-') {
		*ret_value = -*ret_value;
	}
	return true;
}

/* The digits behind the point of @field from @from on, as an integer of @places digits. */
static bool parse_fraction(struct span field, uint32_t from, uint32_t places, uint64_t *ret_value)
{
	uint64_t value = 0;
	uint32_t kept = 0;

	if (from < field.bytes && field.at[from] != '.') {
		return false;
	}
	for (uint32_t i = from + 1; i < field.bytes; i++) {
		if (!is_digit(field.at[i])) {
			return false;
		}
		if (kept < places) {
			value = value * 10 + (uint64_t)(field.at[i] - '0');
			kept++;
		}
	}
	*ret_value = value * powers_of_ten[places - kept];
	return true;
}

/* hhmmss[.s…]; "" is NMEA_NO_TIME. A leap second is second 60. */
static bool parse_time(struct span field, int64_t *ret_day_ns)
{
	const struct span whole = { field.at, 6 };
	uint64_t hhmmss;
	uint64_t fraction_ns;

	if (field.bytes == 0) {
		*ret_day_ns = NMEA_NO_TIME;
		return true;
	}
	if (field.bytes < 6 || !parse_digits(whole, &hhmmss) ||
	    !parse_fraction(field, 6, 9, &fraction_ns)) {
		return false;
	}
	const uint64_t hour = hhmmss / 10000;
	const uint64_t minute = hhmmss / 100 % 100;
	const uint64_t second = hhmmss % 100;

	if (hour > 23 || minute > 59 || second > 60) {
		return false;
	}
	*ret_day_ns = (int64_t)(((hour * 60 + minute) * 60 + second) * 1000000000u + fraction_ns);
	return true;
}

static uint32_t month_days(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (uint32_t)(month == 2 && leap);
}

/* ddmmyy; "" is year 0. GPS began in 1980. */
static bool parse_date(struct span field, struct nmea_date *ret_date)
{
	struct nmea_date date = { 0, 0, 0 };
	uint64_t ddmmyy;

	if (field.bytes == 0) {
		*ret_date = date;
		return true;
	}
	if (field.bytes != 6 || !parse_digits(field, &ddmmyy)) {
		return false;
	}
	const uint64_t year = ddmmyy % 100;

	date.year = (uint16_t)(year < 80 ? 2000 + year : 1900 + year);
	date.month = (uint8_t)(ddmmyy / 100 % 100);
	date.day = (uint8_t)(ddmmyy / 10000);
	if (date.month < 1 || date.month > 12 || date.day < 1 ||
	    date.day > month_days(date.year, date.month)) {
		return false;
	}
	*ret_date = date;
	return true;
}

/* [d]ddmm[.m…]. Degrees = (degrees * 60 + minutes) / 60, as integers over one power of ten, so that
 * the only rounding is that of the last division. */
static bool parse_angle(struct span field, uint32_t degrees_max, double *ret_degrees)
{
	const uint64_t scale = powers_of_ten[MINUTE_DIGITS];
	struct span whole = { field.at, 0 };
	uint64_t dddmm;
	uint64_t fraction;

	while (whole.bytes < field.bytes && is_digit(field.at[whole.bytes])) {
		whole.bytes++;
	}
	if (whole.bytes < 3 || whole.bytes > 5 || !parse_digits(whole, &dddmm) ||
	    !parse_fraction(field, whole.bytes, MINUTE_DIGITS, &fraction) || dddmm % 100 > 59) {
		return false;
	}
	const uint64_t minutes = (dddmm / 100 * 60 + dddmm % 100) * scale + fraction;

	if (minutes > degrees_max * 60ull * scale) {
		return false;
	}
	*ret_degrees = (double)minutes / (double)(60 * scale);
	return true;
}

/* Four fields: latitude, N or S, longitude, E or W. All of them or none. */
static bool parse_position(const struct span *fields, struct nmea_position *ret_position)
{
	struct nmea_position position = { false, (double)NAN, (double)NAN };

	if (fields[0].bytes == 0 && fields[2].bytes == 0) {
		*ret_position = position;
		return true;
	}
	position.present = true;
	if (!parse_angle(fields[0], 90, &position.latitude_deg) ||
	    !parse_angle(fields[2], 180, &position.longitude_deg) ||
	    !(is(fields[1], 'N') || is(fields[1], 'S')) ||
	    !(is(fields[3], 'E') || is(fields[3], 'W'))) {
		return false;
	}
	if (is(fields[1], 'S')) {
		position.latitude_deg = -position.latitude_deg;
	}
	if (is(fields[3], 'W')) {
		position.longitude_deg = -position.longitude_deg;
	}
	*ret_position = position;
	return true;
}

/* A length and its unit, which is M; without a number the unit may be missing. */
static bool parse_metres(const struct span *fields, double *ret_metres)
{
	return parse_decimal(fields[0], ret_metres) &&
	       (is(fields[1], 'M') || (fields[0].bytes == 0 && fields[1].bytes == 0));
}

/* $--GGA,time,lat,N,lon,E,quality,satellites,hdop,altitude,M,geoid separation,M,age,station
 * NMEA 0183 version 4.11; gpsd, "NMEA Revealed". */
static bool parse_gga(const struct span *fields, uint32_t count, struct nmea_gga *ret_gga)
{
	struct nmea_gga gga;

	if (count < GGA_FIELDS || !parse_time(fields[1], &gga.day_ns) ||
	    !parse_position(fields + 2, &gga.position) ||
	    !parse_count(fields[6], 99, &gga.quality) ||
	    !parse_count(fields[7], 999, &gga.satellites) ||
	    !parse_decimal(fields[8], &gga.hdop) || !parse_metres(fields + 9, &gga.altitude_m) ||
	    !parse_metres(fields + 11, &gga.geoid_separation_m) ||
	    !parse_decimal(fields[13], &gga.correction_age_s) ||
	    !parse_count(fields[14], UINT16_MAX, &gga.station)) {
		return false;
	}
	*ret_gga = gga;
	return true;
}

/* $--RMC,time,status,lat,N,lon,E,knots,course,date,… */
static bool parse_rmc(const struct span *fields, uint32_t count, struct nmea_rmc *ret_rmc)
{
	struct nmea_rmc rmc;
	double knots;

	if (count < RMC_FIELDS || !parse_time(fields[1], &rmc.day_ns) ||
	    !(is(fields[2], 'A') || is(fields[2], 'V')) ||
	    !parse_position(fields + 3, &rmc.position) || !parse_decimal(fields[7], &knots) ||
	    !parse_decimal(fields[8], &rmc.course_deg) || !parse_date(fields[9], &rmc.date)) {
		return false;
	}
	rmc.valid = is(fields[2], 'A');
	rmc.speed_mps = knots * 1852 / 3600;
	*ret_rmc = rmc;
	return true;
}

static uint32_t split(struct span body, struct span fields[static FIELDS_MAX])
{
	uint32_t count = 1;

	fields[0] = (struct span){ body.at, 0 };
	for (uint32_t i = 0; i < body.bytes; i++) {
		if (body.at[i] != ',') {
			fields[count - 1].bytes++;
		} else if (count < FIELDS_MAX) {
			fields[count++] = (struct span){ body.at + i + 1, 0 };
		} else {
			break;
		}
	}
	return count;
}

static int hex_value(char c)
{
	if (is_digit(c)) {
		return c - '0';
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return -1;
}

/* The two hex digits behind the * are the XOR of all bytes between $ and *. */
static bool checksum_is_right(struct span body, const char *hex)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < body.bytes; i++) {
		sum ^= (uint8_t)body.at[i];
	}
	return hex_value(hex[0]) == sum >> 4 && hex_value(hex[1]) == (sum & 15);
}

static enum nmea_event damaged(struct nmea *nmea, enum nmea_damage damage)
{
	nmea->damage = damage;
	nmea->damaged++;
	nmea->damages[damage]++;
	return NMEA_DAMAGED;
}

static enum nmea_event sentence(struct nmea *nmea, struct span body)
{
	struct span fields[FIELDS_MAX];
	const uint32_t count = split(body, fields);
	const struct span address = fields[0];
	enum nmea_event event = NMEA_OTHER;

	/* Two letters of the talker and the type; P begins a manufacturer's own sentence. */
	if (nmea->line[0] == '$' && address.bytes == 5 && address.at[0] != 'P') {
		if (memcmp(address.at + 2, "GGA", 3) == 0) {
			event = parse_gga(fields, count, &nmea->gga) ? NMEA_GGA : NMEA_DAMAGED;
		} else if (memcmp(address.at + 2, "RMC", 3) == 0) {
			event = parse_rmc(fields, count, &nmea->rmc) ? NMEA_RMC : NMEA_DAMAGED;
		}
	}
	if (event == NMEA_DAMAGED) {
		return damaged(nmea, NMEA_FIELD);
	}
	nmea->sentences++;
	return event;
}

/* The line is complete: what is it? NMEA_MORE for nothing to tell. */
static enum nmea_event finish(struct nmea *nmea)
{
	const uint32_t bytes = nmea->line_bytes;
	bool printable = true;

	nmea->reported = true;
	nmea->line_number = nmea->lines + 1;
	nmea->line[bytes] = '\0';
	if (bytes == 0) {
		return NMEA_MORE;
	}
	if (nmea->line[0] == '#') {
		nmea->comments++;
		return NMEA_MORE;
	}
	for (uint32_t i = 0; i < bytes; i++) {
		if (nmea->line[i] < ' ' || nmea->line[i] > '~') {
			nmea->line[i] = '?';
			printable = false;
		}
	}
	if (!printable) {
		return damaged(nmea, NMEA_CHARACTER);
	}
	if (nmea->line[0] != '$' && nmea->line[0] != '!') {
		return damaged(nmea, NMEA_NO_START);
	}
	if (nmea->too_long) {
		return damaged(nmea, NMEA_TOO_LONG);
	}
	if (bytes < 4 || nmea->line[bytes - 3] != '*') {
		return damaged(nmea, NMEA_CUT);
	}
	const struct span body = { nmea->line + 1, bytes - 4 };

	if (!checksum_is_right(body, nmea->line + bytes - 2)) {
		return damaged(nmea, NMEA_CHECKSUM);
	}
	return sentence(nmea, body);
}

void nmea_init(struct nmea *nmea)
{
	memset(nmea, 0, sizeof(*nmea));
}

/* Make room for a new line when the last one is reported. */
static void begin(struct nmea *nmea)
{
	if (nmea->reported) {
		nmea->reported = false;
		nmea->too_long = false;
		nmea->line[0] = '$';
		nmea->line_bytes = nmea->restart;
		nmea->restart = false;
	}
}

enum nmea_event nmea_push(struct nmea *nmea, const char *at, size_t bytes, size_t *ret_used)
{
	enum nmea_event event = NMEA_MORE;
	size_t i = 0;

	while (i < bytes && event == NMEA_MORE) {
		const char c = at[i++];

		begin(nmea);
		if (c == '\n' || c == '\r') {
			event = finish(nmea);
			nmea->lines += c == '\n';
		} else if (c == '$' && nmea->line_bytes > 0 && nmea->line[0] != '#') {
			event = finish(nmea);
			nmea->restart = true;
		} else if (nmea->line_bytes < NMEA_LINE_BYTES_MAX) {
			nmea->line[nmea->line_bytes++] = c;
		} else {
			nmea->too_long = true;
		}
	}
	*ret_used = i;
	return event;
}

enum nmea_event nmea_end(struct nmea *nmea)
{
	begin(nmea);
	return finish(nmea);
}

const char *nmea_damage_text(enum nmea_damage damage)
{
	static const char *const texts[] = {
#define NMEA_DAMAGE_TEXT(constant, text) text,
		NMEA_DAMAGES(NMEA_DAMAGE_TEXT)
#undef NMEA_DAMAGE_TEXT
	};

	return damage < NMEA_DAMAGE_COUNT ? texts[damage] : "is damaged";
}

struct nmea_date nmea_date_next(struct nmea_date date)
{
	if (date.day < month_days(date.year, date.month)) {
		date.day++;
	} else {
		date.day = 1;
		date.month++;
	}
	if (date.month > 12) {
		date.month = 1;
		date.year++;
	}
	return date;
}
