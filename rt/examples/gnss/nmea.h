/* SPDX-License-Identifier: Apache-2.0 */
/* A push parser for NMEA 0183: bytes in, sentences out. Stands on C's library only.
 *
 *     while (bytes > 0) {
 *             event = nmea_push(&nmea, at, bytes, &used);
 *             at += used, bytes -= used;
 *             if (event == NMEA_GGA) { … nmea.gga … }
 *     }
 *
 * A sentence counts when it begins with $ or !, its checksum is there and right, and each field
 * that is read here has its form. GGA and RMC of every talker are read; others are counted. What is
 * not a sentence is damaged: counted by reason, never guessed at. Lines that begin with # are
 * comments, as in gpsd's recordings; empty lines are nothing. The standard ends a line at 82
 * characters, receivers with more digits don't: NMEA_LINE_BYTES_MAX are taken. Numbers are read by
 * integer arithmetic and rounded once, in every locale. */
#ifndef GNSS_NMEA_H
#define GNSS_NMEA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NMEA_LINE_BYTES_MAX 160		/* without its end */
#define NMEA_NO_TIME (-1)
#define NMEA_DAY_NS (86400ll * 1000 * 1000 * 1000)

enum nmea_event {
	NMEA_MORE,			/* all bytes are used, the line goes on */
	NMEA_GGA,			/* nmea.gga is new */
	NMEA_RMC,			/* nmea.rmc is new */
	NMEA_OTHER,			/* a sentence that is not read here */
	NMEA_DAMAGED			/* nmea.damage, nmea.line_number and nmea.line say what */
};

#define NMEA_DAMAGES(D)                                                                            \
	D(NMEA_NO_START, "does not begin with $ or !")                                             \
	D(NMEA_CUT, "has no checksum")                                                             \
	D(NMEA_CHECKSUM, "has a wrong checksum")                                                   \
	D(NMEA_TOO_LONG, "is too long")                                                            \
	D(NMEA_CHARACTER, "has a character that is not printable ASCII")                           \
	D(NMEA_FIELD, "has a field that is missing or malformed")

enum nmea_damage {
#define NMEA_DAMAGE_VALUE(constant, text) constant,
	NMEA_DAMAGES(NMEA_DAMAGE_VALUE)
#undef NMEA_DAMAGE_VALUE
	NMEA_DAMAGE_COUNT
};

struct nmea_position {
	bool present;
	double latitude_deg;		/* north positive */
	double longitude_deg;		/* east positive */
};

struct nmea_date {
	uint16_t year;			/* 1980..2079; 0: not given */
	uint8_t month;
	uint8_t day;
};

struct nmea_gga {			/* numbers that are not given are NaN */
	int64_t day_ns;			/* UTC since midnight, or NMEA_NO_TIME */
	struct nmea_position position;
	uint32_t quality;		/* 0: no fix */
	uint32_t satellites;
	uint32_t station;
	double hdop;
	double altitude_m;
	double geoid_separation_m;
	double correction_age_s;
};

struct nmea_rmc {
	int64_t day_ns;
	struct nmea_position position;
	struct nmea_date date;
	bool valid;			/* status A */
	double speed_mps;
	double course_deg;
};

struct nmea {
	struct nmea_gga gga;
	struct nmea_rmc rmc;
	uint64_t line_number;		/* of the last event, from 1 */
	uint64_t sentences;		/* good ones: GGA, RMC, others */
	uint64_t comments;
	uint64_t damaged;
	uint64_t damages[NMEA_DAMAGE_COUNT];
	enum nmea_damage damage;	/* of the last NMEA_DAMAGED */
	char line[NMEA_LINE_BYTES_MAX + 1];	/* of the last event, NUL-terminated, without its end */

	/* the parser's own */
	uint64_t lines;			/* ended so far */
	uint32_t line_bytes;
	bool too_long;			/* bytes of the line were dropped */
	bool reported;			/* the next byte begins a new line */
	bool restart;			/* by a $ that cut the reported one short */
};

void nmea_init(struct nmea *nmea);

/* Take bytes from @at up to the end of one line at most. Sets @ret_used to the number of bytes
 * taken, at least one unless @bytes is 0. @nmea's results hold until the next call. */
enum nmea_event nmea_push(struct nmea *nmea, const char *at, size_t bytes, size_t *ret_used);

/* The input has ended: whatever is left is the last line. NMEA_MORE when there is none. */
enum nmea_event nmea_end(struct nmea *nmea);

/* "has a wrong checksum" */
const char *nmea_damage_text(enum nmea_damage damage);

/* The day after @date, which must be one, in the Gregorian calendar. */
struct nmea_date nmea_date_next(struct nmea_date date);

#endif
