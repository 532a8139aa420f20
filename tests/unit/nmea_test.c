#include "rt/examples/gnss/nmea.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

#define GGA_FIX "GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,"
#define RMC_FIX "GPRMC,105153.71,A,5050.4122,N,00420.8266,E,0.14,303.60,120319,,,A"

/* All events of one input, however it is cut. */
struct seen {
	uint32_t count;
	enum nmea_event events[16];
	struct nmea_gga gga;
	struct nmea_rmc rmc;
};

static void feed(struct nmea *nmea, struct seen *seen, const char *bytes, size_t size, size_t piece)
{
	for (size_t at = 0; at < size;) {
		const size_t give = size - at < piece ? size - at : piece;
		size_t used = 0;
		const enum nmea_event event = nmea_push(nmea, bytes + at, give, &used);

		assert_in_range(used, 1, give);
		at += used;
		if (event != NMEA_MORE && seen->count < 16) {
			seen->events[seen->count++] = event;
		}
	}
	seen->gga = nmea->gga;
	seen->rmc = nmea->rmc;
}

/* @body between $ and *, with the right checksum and @end. */
static const char *dress(const char *body, const char *end, char out[static 256])
{
	uint8_t sum = 0;

	for (const char *c = body; *c; c++) {
		sum ^= (uint8_t)*c;
	}
	snprintf(out, 256, "$%s*%02X%s", body, sum, end);
	return out;
}

static enum nmea_event push_body(struct nmea *nmea, const char *body)
{
	char line[256];
	struct seen seen = { 0 };

	dress(body, "\r\n", line);
	feed(nmea, &seen, line, strlen(line), strlen(line));
	return seen.count == 1 ? seen.events[0] : NMEA_MORE;
}

static void gga_gives_the_values_of_its_fields(void **state)
{
	struct nmea n;

	(void)state;
	nmea_init(&n);
	assert_int_equal(push_body(&n, "GNGGA,132819.60,4134.49795459,N,09345.03431408,W,2,10,0.9,"
				       "278.161,M,-31.442,M,6.6,0133"),
			 NMEA_GGA);
	assert_true(n.gga.day_ns == ((13 * 60 + 28) * 60 + 19) * 1000000000ll + 600000000);
	assert_true(n.gga.position.present);
	assert_true(n.gga.position.latitude_deg == 41.57496590983333);
	assert_true(n.gga.position.longitude_deg == -93.750571901333333);
	assert_int_equal(n.gga.quality, 2);
	assert_int_equal(n.gga.satellites, 10);
	assert_int_equal(n.gga.station, 133);
	assert_true(n.gga.hdop == 0.9);
	assert_true(n.gga.altitude_m == 278.161);
	assert_true(n.gga.geoid_separation_m == -31.442);
	assert_true(n.gga.correction_age_s == 6.6);
}

static void gga_without_a_fix_has_no_position_and_no_time(void **state)
{
	struct nmea n;

	(void)state;
	nmea_init(&n);
	assert_int_equal(push_body(&n, "GPGGA,,,,,,0,,,,M,,M,,"), NMEA_GGA);
	assert_int_equal(n.gga.quality, 0);
	assert_false(n.gga.position.present);
	assert_true(n.gga.day_ns == NMEA_NO_TIME);
	assert_true(isnan(n.gga.altitude_m) && isnan(n.gga.hdop));
	assert_true(isnan(n.gga.geoid_separation_m) && isnan(n.gga.correction_age_s));
}

static void rmc_gives_date_speed_and_status(void **state)
{
	struct nmea n;

	(void)state;
	nmea_init(&n);
	assert_int_equal(push_body(&n, "GNRMC,235959.999999999,A,4134.5,N,09345.0,W,36.0,124.888,"
				       "290220,11.5985,E,D"),
			 NMEA_RMC);
	assert_true(n.rmc.valid);
	assert_true(n.rmc.day_ns == NMEA_DAY_NS - 1);
	assert_int_equal(n.rmc.date.year, 2020);
	assert_int_equal(n.rmc.date.month, 2);
	assert_int_equal(n.rmc.date.day, 29);
	assert_true(n.rmc.speed_mps == 18.52);
	assert_true(n.rmc.course_deg == 124.888);
	assert_int_equal(push_body(&n, "GPRMC,,V,,,,,,,,,,N"), NMEA_RMC);
	assert_false(n.rmc.valid);
	assert_int_equal(n.rmc.date.year, 0);
	assert_int_equal(push_body(&n, "GPRMC,,V,,,,,,,311299,,"), NMEA_RMC);
	assert_int_equal(n.rmc.date.year, 1999);
}

static void south_and_west_are_negative(void **state)
{
	static const struct {
		const char *position;
		double latitude_deg;
		double longitude_deg;
	} rows[] = {
		{ "3354.0000,S,01825.5000,E", -33.9, 18.425 },
		{ "3354.0,S,07030.0,W", -33.9, -70.5 },
		{ "0000.0000,S,00000.0000,W", 0, 0 },
		{ "9000,N,18000,E", 90, 180 },
		{ "9000.000,S,18000.000,W", -90, -180 },
		{ "4807.038,N,01131.000,E", 48.1173, 11 + 31.0 / 60 },
		/* more digits than a double holds: the last ones do not matter */
		{ "4134.497954590000000000001,N,09345.034314080000000000001,W", 41.57496590983333,
		  -93.750571901333333 },
		{ "0000.00000000001,N,00000.00000000006,E", 1 / 6e12, 1e-12 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char body[200];
		struct nmea n;

		nmea_init(&n);
		snprintf(body, sizeof(body), "GPGGA,000000,%s,1,4,1,0,M,0,M,,", rows[i].position);
		assert_int_equal(push_body(&n, body), NMEA_GGA);
		assert_true(n.gga.position.latitude_deg == rows[i].latitude_deg);
		assert_true(n.gga.position.longitude_deg == rows[i].longitude_deg);
	}
}

static void every_quality_is_given_as_it_is(void **state)
{
	(void)state;
	for (uint32_t quality = 0; quality < 12; quality++) {
		char body[200];
		struct nmea n;

		nmea_init(&n);
		snprintf(body, sizeof(body), "GPGGA,000000,4807.038,N,01131.000,E,%u,4,1,0,M,0,M,,",
			 quality);
		assert_int_equal(push_body(&n, body), NMEA_GGA);
		assert_int_equal(n.gga.quality, quality);
	}
}

static void other_sentences_are_good_and_not_read(void **state)
{
	static const char *const bodies[] = {
		"GPGSV,1,1,00,,,,,,,,,,,,,,,,", "PGRME,15.0,M,45.0,M,25.0,M", "PXGGA,nonsense",
		"GPGGAX,nonsense", "GP", "", "PUBX,00,1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct nmea n;

		nmea_init(&n);
		assert_int_equal(push_body(&n, bodies[i]), NMEA_OTHER);
		assert_int_equal(n.sentences, 1);
		assert_int_equal(n.damaged, 0);
	}
}

static void damaged_lines_are_counted_by_reason_and_change_nothing(void **state)
{
	static const struct {
		const char *line;
		enum nmea_damage damage;
	} rows[] = {
		{ "$" GGA_FIX "*76\n", NMEA_CHECKSUM },
		{ "$GPGGA,105153.71,5050.4122,N,00420.8266,E,2,04,2.25,109.44,M,,M,,*77\n", NMEA_CHECKSUM },
		{ "$" GGA_FIX "*7\n", NMEA_CUT },
		{ "$" GGA_FIX "*\n", NMEA_CUT },
		{ "$" GGA_FIX "\n", NMEA_CUT },
		{ "$" GGA_FIX "*777\n", NMEA_CUT },
		{ "$" GGA_FIX "*7g\n", NMEA_CHECKSUM },
		{ "$" GGA_FIX "* 7\n", NMEA_CHECKSUM },
		{ "$\n", NMEA_CUT },
		{ "$*0\n", NMEA_CUT },
		{ "*00\n", NMEA_NO_START },
		{ GGA_FIX "*77\n", NMEA_NO_START },
		{ " # no comment\n", NMEA_NO_START },
		{ "$GPGGA\t*5A\n", NMEA_CHARACTER },
		{ "$GP\xffGGA*00\n", NMEA_CHARACTER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = { 0 };
		struct nmea n;

		nmea_init(&n);
		feed(&n, &seen, rows[i].line, strlen(rows[i].line), 1000);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.events[0], NMEA_DAMAGED);
		assert_int_equal(n.damage, rows[i].damage);
		assert_int_equal(n.damages[rows[i].damage], 1);
		assert_int_equal(n.damaged, 1);
		assert_int_equal(n.sentences, 0);
		assert_int_equal(n.line_number, 1);
		assert_int_equal(n.gga.satellites, 0);
		assert_true(strlen(nmea_damage_text(n.damage)) > 5);
	}
}

static void malformed_fields_damage_the_sentence(void **state)
{
	static const char *const bodies[] = {
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,", /* a field short */
		"GPGGA",
		"GPGGA,1051,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,240000,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,106000,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105161,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153:71,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.7x,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,9000.0001,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5060.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,-050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,50.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.41e2,N,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,,00420.8266,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,E,00420.8266,N,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,,,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,18000.0001,E,1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,x,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,-1,04,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,4.5,2.25,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.2.5,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,nan,109.44,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,1e3,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,0x10,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,-,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,.,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,109.44,F,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,9999999999999999,M,,M,,",
		"GPGGA,105153.71,5050.4122,N,00420.8266,E,1,04,2.25,109.44,M,,M,,65536",
		"GPRMC,105153.71,X,5050.4122,N,00420.8266,E,0.14,303.60,120319,,,A",
		"GPRMC,105153.71,A,5050.4122,N,00420.8266,E,0.14,303.60,290219,,,A",
		"GPRMC,105153.71,A,5050.4122,N,00420.8266,E,0.14,303.60,001319,,,A",
		"GPRMC,105153.71,A,5050.4122,N,00420.8266,E,0.14,303.60,12031,,,A",
		"GPRMC,105153.71,A,5050.4122,N,00420.8266,E,0.14,303.60",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct nmea n;

		nmea_init(&n);
		if (push_body(&n, bodies[i]) != NMEA_DAMAGED || n.damage != NMEA_FIELD) {
			fail_msg("taken: %s", bodies[i]);
		}
		assert_int_equal(n.gga.quality + n.gga.satellites, 0);
		assert_false(n.rmc.valid);
	}
}

/* 82 characters are the standard's, what receivers send is longer: 93 in a recording of ours. */
static void lines_up_to_the_limit_are_taken_and_longer_ones_are_damaged(void **state)
{
	(void)state;
	for (size_t bytes = NMEA_LINE_BYTES_MAX - 1; bytes <= NMEA_LINE_BYTES_MAX + 1; bytes++) {
		char body[256] = "GPTXT,";
		struct nmea n;

		nmea_init(&n);
		memset(body + 6, 'x', bytes - 4 - 6);
		assert_int_equal(push_body(&n, body),
				 bytes <= NMEA_LINE_BYTES_MAX ? NMEA_OTHER : NMEA_DAMAGED);
		assert_int_equal(n.damages[NMEA_TOO_LONG], bytes > NMEA_LINE_BYTES_MAX);
		assert_int_equal(push_body(&n, GGA_FIX), NMEA_GGA);
	}
}

static void line_ends_are_cr_lf_lf_or_the_end_of_the_input(void **state)
{
	static const char *const ends[] = { "\r\n", "\n", "\r", "\r\n\r\n\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char line[256];
		struct seen seen = { 0 };
		struct nmea n;

		nmea_init(&n);
		dress(GGA_FIX, ends[i], line);
		feed(&n, &seen, line, strlen(line), 1000);
		feed(&n, &seen, line, strlen(line), 1000);
		dress(RMC_FIX, "", line);
		feed(&n, &seen, line, strlen(line), 1000);
		assert_int_equal(seen.count, 2);
		assert_int_equal(nmea_end(&n), NMEA_RMC);
		assert_int_equal(nmea_end(&n), NMEA_MORE);
		assert_int_equal(n.sentences, 3);
		assert_int_equal(n.damaged, 0);
	}
}

static void input_that_ends_within_a_sentence_is_damaged(void **state)
{
	struct seen seen = { 0 };
	struct nmea n;

	(void)state;
	nmea_init(&n);
	feed(&n, &seen, "$GPGGA,10", 9, 9);
	assert_int_equal(nmea_end(&n), NMEA_DAMAGED);
	assert_int_equal(n.damage, NMEA_CUT);
	nmea_init(&n);
	assert_int_equal(nmea_end(&n), NMEA_MORE);
}

static void comments_are_counted_apart_however_long(void **state)
{
	char comment[400];
	struct seen seen = { 0 };
	struct nmea n;

	(void)state;
	nmea_init(&n);
	memset(comment, '$', sizeof(comment));
	comment[0] = '#';
	comment[sizeof(comment) - 1] = '\n';
	feed(&n, &seen, comment, sizeof(comment), 50);
	feed(&n, &seen, "#\r\n# \xc3\xa4\n\n\r\n", 11, 3);
	assert_int_equal(seen.count, 0);
	assert_int_equal(n.comments, 3);
	assert_int_equal(n.damaged + n.sentences, 0);
	assert_int_equal(push_body(&n, GGA_FIX), NMEA_GGA);
	assert_int_equal(n.line_number, 6);
}

static void sentence_behind_a_cut_one_is_found(void **state)
{
	char line[256];
	char both[600];
	struct seen seen = { 0 };
	struct nmea n;

	(void)state;
	nmea_init(&n);
	snprintf(both, sizeof(both), "0420.8$GPGGA,10%s", dress(GGA_FIX, "\n", line));
	feed(&n, &seen, both, strlen(both), 1000);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.events[0], NMEA_DAMAGED);
	assert_int_equal(seen.events[1], NMEA_DAMAGED);
	assert_int_equal(seen.events[2], NMEA_GGA);
	assert_int_equal(n.damages[NMEA_NO_START], 1);
	assert_int_equal(n.damages[NMEA_CUT], 1);
}

static void the_pieces_in_which_bytes_arrive_do_not_matter(void **state)
{
	char line[256];
	char text[1200];
	struct seen whole = { 0 };
	struct nmea n;

	(void)state;
	snprintf(text, sizeof(text), "# c\r\n%s%s$GP$GPGGA*00\r\n\xff\n", "xyz\n", dress(GGA_FIX, "\r\n", line));
	nmea_init(&n);
	feed(&n, &whole, text, strlen(text), strlen(text));
	assert_int_equal(whole.count, 5);
	for (size_t piece = 1; piece < 100; piece++) {
		struct seen seen = { 0 };

		nmea_init(&n);
		feed(&n, &seen, text, strlen(text), piece);
		assert_int_equal(seen.count, whole.count);
		assert_memory_equal(seen.events, whole.events, sizeof(whole.events));
		assert_int_equal(n.damaged, 4);
	}
}

static void the_day_after_knows_months_and_leap_years(void **state)
{
	static const struct nmea_date days[][2] = {
		{ { 2019, 2, 28 }, { 2019, 3, 1 } },  { { 2020, 2, 28 }, { 2020, 2, 29 } },
		{ { 2020, 2, 29 }, { 2020, 3, 1 } },  { { 2000, 2, 28 }, { 2000, 2, 29 } },
		{ { 2019, 12, 31 }, { 2020, 1, 1 } }, { { 2019, 4, 30 }, { 2019, 5, 1 } },
		{ { 2019, 5, 30 }, { 2019, 5, 31 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		const struct nmea_date next = nmea_date_next(days[i][0]);

		assert_int_equal(next.year, days[i][1].year);
		assert_int_equal(next.month, days[i][1].month);
		assert_int_equal(next.day, days[i][1].day);
	}
}

/* --- real recordings, against a parse that shares nothing with ours ---------------------------- */

struct expected {
	uint32_t fixes;
	uint32_t ggas;
	uint32_t comments;
};

static double angle(const char *dddmm, const char *side)
{
	char *point;
	const long whole = strtol(dddmm, &point, 10);
	const long double minutes = (long double)(whole % 100) + strtold(point, NULL);
	const double degrees = (double)((long double)(whole / 100) + minutes / 60);

	return *side == 'S' || *side == 'W' ? -degrees : degrees;
}

static double number(const char *text)
{
	return *text ? strtod(text, NULL) : (double)NAN;
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static void compare_with_the_line(const struct nmea *n)
{
	char copy[NMEA_LINE_BYTES_MAX + 1];
	char *fields[20] = { NULL };
	char *rest = copy;

	snprintf(copy, sizeof(copy), "%s", n->line);
	copy[strlen(copy) - 3] = '\0';
	for (int i = 0; i < 20 && rest; i++) {
		fields[i] = strsep(&rest, ",");
	}
	assert_true(same(n->gga.position.latitude_deg, angle(fields[2], fields[3])));
	assert_true(same(n->gga.position.longitude_deg, angle(fields[4], fields[5])));
	assert_int_equal(n->gga.quality, atol(fields[6]));
	assert_int_equal(n->gga.satellites, atol(fields[7]));
	assert_true(same(n->gga.hdop, number(fields[8])));
	assert_true(same(n->gga.altitude_m, number(fields[9])));
	assert_true(same(n->gga.geoid_separation_m, number(fields[11])));
	assert_true(same(n->gga.correction_age_s, number(fields[13])));
	assert_int_equal(n->gga.station, atol(fields[14]));
	const long hhmmss = strtol(fields[1], &rest, 10);
	const double ns = ((double)(hhmmss / 10000 * 3600 + hhmmss / 100 % 100 * 60 + hhmmss % 100) +
			   strtod(rest, NULL)) * 1e9;

	assert_true(fabs((double)n->gga.day_ns - ns) < 1000);
}

static void recording_is_read_whole(const char *name, const struct expected *expected)
{
	const char *top = getenv("top_srcdir");
	char path[1000];
	char bytes[777];
	uint32_t fixes = 0;
	uint32_t ggas = 0;
	struct nmea n;

	snprintf(path, sizeof(path), "%s/rt/examples/gnss/%s", top ? top : ".", name);
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	nmea_init(&n);
	for (size_t size; (size = fread(bytes, 1, sizeof(bytes), f)) > 0;) {
		for (size_t at = 0, used = 0; at < size; at += used) {
			if (nmea_push(&n, bytes + at, size - at, &used) != NMEA_GGA) {
				continue;
			}
			ggas++;
			if (n.gga.quality > 0 && n.gga.position.present) {
				fixes++;
				compare_with_the_line(&n);
			}
		}
	}
	fclose(f);
	assert_int_equal(nmea_end(&n), NMEA_MORE);
	assert_int_equal(fixes, expected->fixes);
	assert_int_equal(ggas, expected->ggas);
	assert_int_equal(n.comments, expected->comments);
	assert_int_equal(n.damaged, 0);
}

static void trimble_recording_has_122_fixes(void **state)
{
	const struct expected expected = { .fixes = 122, .ggas = 122, .comments = 9 };

	(void)state;
	recording_is_read_whole("gnss-trimble-rtk.nmea", &expected);
}

static void telit_recording_has_187_fixes_behind_37_epochs_without(void **state)
{
	const struct expected expected = { .fixes = 187, .ggas = 187 + 37, .comments = 10 };

	(void)state;
	recording_is_read_whole("gnss-telit-he910.nmea", &expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gga_gives_the_values_of_its_fields),
		cmocka_unit_test(gga_without_a_fix_has_no_position_and_no_time),
		cmocka_unit_test(rmc_gives_date_speed_and_status),
		cmocka_unit_test(south_and_west_are_negative),
		cmocka_unit_test(every_quality_is_given_as_it_is),
		cmocka_unit_test(other_sentences_are_good_and_not_read),
		cmocka_unit_test(damaged_lines_are_counted_by_reason_and_change_nothing),
		cmocka_unit_test(malformed_fields_damage_the_sentence),
		cmocka_unit_test(lines_up_to_the_limit_are_taken_and_longer_ones_are_damaged),
		cmocka_unit_test(line_ends_are_cr_lf_lf_or_the_end_of_the_input),
		cmocka_unit_test(input_that_ends_within_a_sentence_is_damaged),
		cmocka_unit_test(comments_are_counted_apart_however_long),
		cmocka_unit_test(sentence_behind_a_cut_one_is_found),
		cmocka_unit_test(the_pieces_in_which_bytes_arrive_do_not_matter),
		cmocka_unit_test(the_day_after_knows_months_and_leap_years),
		cmocka_unit_test(trimble_recording_has_122_fixes),
		cmocka_unit_test(telit_recording_has_187_fixes_behind_37_epochs_without),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
