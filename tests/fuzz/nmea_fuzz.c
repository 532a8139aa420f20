/* The NMEA parser of the gnss example: whatever comes, every number is one that the field may have, and
 * the pieces in which the bytes come make no difference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rt/examples/gnss/nmea.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

static void check_position(const struct nmea_position *position)
{
	if (position->present) {
		must(fabs(position->latitude_deg) <= 90 && fabs(position->longitude_deg) <= 180);
	} else {
		must(isnan(position->latitude_deg) && isnan(position->longitude_deg));
	}
}

static void check(const struct nmea *n, enum nmea_event event)
{
	uint64_t damaged = 0;

	for (int i = 0; i < NMEA_DAMAGE_COUNT; i++) {
		damaged += n->damages[i];
	}
	must(damaged == n->damaged);
	must(event == NMEA_MORE || strlen(n->line) <= NMEA_LINE_BYTES_MAX);
	if (event == NMEA_GGA) {
		must(n->gga.day_ns >= NMEA_NO_TIME && n->gga.day_ns < NMEA_DAY_NS + 1000000000ll);
		must(!isinf(n->gga.altitude_m) && !isinf(n->gga.hdop));
		check_position(&n->gga.position);
	} else if (event == NMEA_RMC) {
		must(n->rmc.date.year == 0 || (n->rmc.date.year >= 1980 && n->rmc.date.year < 2080));
		must(n->rmc.date.month <= 12 && n->rmc.date.day <= 31);
		check_position(&n->rmc.position);
	} else if (event == NMEA_DAMAGED) {
		must(n->damage < NMEA_DAMAGE_COUNT);
	}
}

/* Events as a hash: their kinds, lines and values. */
static uint64_t run(const char *bytes, size_t size, size_t piece)
{
	struct nmea n;
	uint64_t hash = size;
	enum nmea_event event;

	nmea_init(&n);
	for (size_t at = 0, used = 0; at < size; at += used) {
		const size_t give = size - at < piece ? size - at : piece;

		event = nmea_push(&n, bytes + at, give, &used);
		must(used > 0 && used <= give);
		check(&n, event);
		if (event != NMEA_MORE) {
			hash = hash * 1099511628211u + (uint64_t)event + n.line_number * 8;
		}
	}
	event = nmea_end(&n);
	check(&n, event);
	must(nmea_end(&n) == NMEA_MORE);
	return hash + n.sentences * 3 + n.damaged * 5 + n.comments * 7;
}

/* Each line of @data with the right checksum, so that mutations reach the fields. */
static size_t dress(const uint8_t *data, size_t size, char *out)
{
	size_t bytes = 0;

	for (size_t at = 0; at < size; at++) {
		uint8_t sum = 0;

		out[bytes++] = '$';
		for (; at < size && data[at] != '\n' && data[at] != '*'; at++) {
			if (data[at] != '$' && data[at] != '\r') {
				out[bytes++] = (char)data[at];
				sum ^= data[at];
			}
		}
		while (at < size && data[at] != '\n') {
			at++;
		}
		out[bytes++] = '*';
		out[bytes++] = "0123456789ABCDEF"[sum >> 4];
		out[bytes++] = "0123456789ABCDEF"[sum & 15];
		out[bytes++] = '\n';
	}
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *dressed = malloc(size * 6 + 1);

	must(dressed != NULL);
	const size_t dressed_bytes = dress(data, size, dressed);

	must(run(dressed, dressed_bytes, dressed_bytes + 1) == run(dressed, dressed_bytes, 3));
	free(dressed);

	const uint64_t hash = run((const char *)data, size, size + 1);

	must(run((const char *)data, size, 1) == hash);
	must(run((const char *)data, size, 17) == hash);
	return 0;
}
