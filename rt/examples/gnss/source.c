/* SPDX-License-Identifier: Apache-2.0 */
/* nmea_source: what a receiver says, from a file, a FIFO or a serial device, one fix a message.
 *
 * Runs with `exec: io`: it waits in poll(), and returns without an output after WAIT_MS, so that
 * the runtime can hand on its text and stop it. The fixes of a recording are given when their UTC
 * time stamps say so, unless `pace: full`; it can be given in virtual time. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <takt/task.h>

#include "feed.h"
#include "gnss.h"
#include "nmea.h"

#define WAIT_MS 50
#define NS_PER_S 1000000000ll
#define SILENT_NS (5u * (uint64_t)NS_PER_S)	/* a live source that long without a byte is told */
#define DAMAGE_EVERY_NS ((uint64_t)NS_PER_S)	/* one line of text for all damage of a second */

#define NMEA_PACE(V) \
	V(PACE_RECORDING, 0, "recording") \
	V(PACE_FULL, 1, "full")
TAKT_ENUM(nmea_pace, "how fast a recording is given", NMEA_PACE)

#define SOURCE_PORTS(IN, OUT) OUT(fix, gnss_fix, "each fix of a GGA sentence, in order")
#define SOURCE_PARAMS(P) \
	P(text(256), path, "path", , , , "a file, a FIFO or a serial device") \
	P(enum(nmea_pace), pace, "", recording, , , "recording: a file by its time stamps; full: as fast as it goes") \
	P(f64, gap_max, "s", 5, 0, 3600, "a longer pause in a recording is left out") \
	P(u32, baud, "", 9600, 1200, 921600, "of a serial device")
TAKT_INTERFACE(nmea_source, SOURCE_PORTS, SOURCE_PARAMS)

struct pace {
	int64_t day_ns;			/* of the sentence before, or NMEA_NO_TIME */
	int64_t begin_day_ns;		/* a stretch without a jump began at this time of day… */
	uint64_t begin_ns;		/* …and now */
};

struct damage {				/* the last one, and how many of them were told */
	char line[NMEA_LINE_BYTES_MAX + 1];
	const char *what;
	uint64_t line_number;
	uint64_t told;
	uint64_t told_ns;
};

struct source {
	struct feed feed;
	struct nmea nmea;
	struct pace pace;
	struct damage damage;
	struct nmea_date date;		/* of the last RMC that had one */
	int64_t date_day_ns;		/* and its time of day */
	char bytes[4096];
	size_t at;
	size_t end;
	enum nmea_event event;		/* the sentence that waits for due_ns, or NMEA_MORE */
	uint64_t due_ns;
	uint64_t heard_ns;		/* when the last bytes came */
	uint64_t fixes;
	enum fix_kind kind;
	bool kind_told;
	bool idle;			/* nothing more to read for now */
	bool ended;
	bool silence_told;
};

static int source_new(struct takt_ctx *ctx)
{
	struct source *s = TAKT_STATE(ctx, struct source);
	const struct takt_params_nmea_source *params = TAKT_PARAMS(ctx, nmea_source);
	const int rc = feed_open(&s->feed, params->path, params->baud);

	if (rc == -EINVAL) {
		takt_error(ctx, "%s: %u baud is no rate of a serial device; try 4800, 9600 or 115200",
			   params->path, params->baud);
	} else if (rc < 0) {
		takt_error(ctx, "cannot open %s: %s", params->path, strerror(-rc));
	} else if (s->feed.live && takt_is_virtual(ctx)) {
		takt_error(ctx, "%s is no file: in virtual time only a recording can be read", params->path);
		feed_close(&s->feed);
		return -EOPNOTSUPP;
	}
	nmea_init(&s->nmea);
	s->pace.day_ns = NMEA_NO_TIME;
	s->date_day_ns = NMEA_NO_TIME;
	s->heard_ns = takt_clock_ns(ctx);
	takt_out_keep_all(ctx, rc == 0 && !s->feed.live);
	return rc;
}

/* At most one line of text for the damage of DAMAGE_EVERY_NS, unless @now. */
static void damage_tell(struct takt_ctx *ctx, struct source *s, bool now)
{
	const uint64_t count = s->nmea.damaged;
	const uint64_t now_ns = takt_clock_ns(ctx);

	if (count == s->damage.told ||
	    (!now && s->damage.told > 0 && now_ns - s->damage.told_ns < DAMAGE_EVERY_NS)) {
		return;
	}
	takt_warning(ctx, "line %llu %s: skipped, %llu damaged so far: %s",
		     (unsigned long long)s->damage.line_number, s->damage.what,
		     (unsigned long long)count, s->damage.line);
	s->damage.told = count;
	s->damage.told_ns = now_ns;
}

static void damage_keep(struct source *s)
{
	memcpy(s->damage.line, s->nmea.line, sizeof(s->damage.line));
	s->damage.what = nmea_damage_text(s->nmea.damage);
	s->damage.line_number = s->nmea.line_number;
}

static void lost_tell(struct takt_ctx *ctx, struct source *s)
{
	if (s->feed.fifo) {
		takt_info(ctx, "%s: its writer has gone, waiting for the next", s->feed.path);
	} else {
		takt_warning(ctx, "lost %s: %s; trying to open it again", s->feed.path,
			     s->feed.error ? strerror(s->feed.error) : "hung up");
	}
}

static void silence_tell(struct takt_ctx *ctx, struct source *s)
{
	if (s->feed.live && !s->silence_told && takt_clock_ns(ctx) - s->heard_ns > SILENT_NS) {
		takt_warning(ctx, "nothing from %s for %u s", s->feed.path,
			     (unsigned)(SILENT_NS / (uint64_t)NS_PER_S));
		s->silence_told = true;
	}
}

/* What the next bytes say; waits WAIT_MS for them at most. */
static enum nmea_event next_event(struct takt_ctx *ctx, struct source *s)
{
	size_t used = 0;

	if (s->at < s->end) {
		const enum nmea_event event = nmea_push(&s->nmea, s->bytes + s->at, s->end - s->at, &used);

		s->at += used;
		return event;
	}
	switch (feed_read(&s->feed, s->bytes, sizeof(s->bytes), WAIT_MS, &s->end)) {
	case FEED_BYTES:
		s->at = 0;
		s->heard_ns = takt_clock_ns(ctx);
		s->silence_told = false;
		return NMEA_MORE;
	case FEED_END:
		s->ended = true;
		return nmea_end(&s->nmea);
	case FEED_LOST:
		lost_tell(ctx, s);
		return nmea_end(&s->nmea);
	case FEED_BACK:
		takt_info(ctx, "%s is back", s->feed.path);
		break;
	case FEED_NOTHING:
		break;
	}
	s->idle = true;
	damage_tell(ctx, s, false);
	silence_tell(ctx, s);
	return NMEA_MORE;
}

/* When to give the sentence of @day_ns: in a recording, as much later than the first one as it was
 * then. Now (0) for what is live, has no time or stands behind a jump. */
static uint64_t due_ns(const struct takt_ctx *ctx, struct source *s, int64_t day_ns)
{
	const struct takt_params_nmea_source *params = TAKT_PARAMS(ctx, nmea_source);
	struct pace *pace = &s->pace;
	int64_t step_ns = day_ns - pace->day_ns;

	if (s->feed.live || params->pace != PACE_RECORDING || day_ns == NMEA_NO_TIME) {
		return 0;
	}
	if (step_ns < -NMEA_DAY_NS / 2) {	/* past midnight */
		step_ns += NMEA_DAY_NS;
		pace->begin_day_ns -= NMEA_DAY_NS;
	}
	if (pace->day_ns == NMEA_NO_TIME || step_ns < 0 ||
	    (double)step_ns > params->gap_max * (double)NS_PER_S) {
		pace->begin_day_ns = day_ns;
		pace->begin_ns = takt_clock_ns(ctx);
	}
	pace->day_ns = day_ns;
	return pace->begin_ns + (uint64_t)(day_ns - pace->begin_day_ns);
}

/* Make sure that there is an event, and wait for its time, a while at most. True when
 * it is to be taken. */
static bool is_due(struct takt_ctx *ctx, struct source *s)
{
	if (s->event == NMEA_MORE) {
		s->event = next_event(ctx, s);
		s->due_ns = s->event == NMEA_GGA ? due_ns(ctx, s, s->nmea.gga.day_ns) :
			    s->event == NMEA_RMC ? due_ns(ctx, s, s->nmea.rmc.day_ns) : 0;
	}
	return s->due_ns == 0 || takt_wait_until(ctx, s->due_ns);
}

static void date_keep(struct source *s)
{
	if (s->nmea.rmc.date.year > 0) {
		s->date = s->nmea.rmc.date;
		s->date_day_ns = s->nmea.rmc.day_ns;
	}
}

/* The date of a fix at @day_ns: GGA has none, and the RMC that had may be of the day before. */
static struct nmea_date date_at(const struct source *s, int64_t day_ns)
{
	if (s->date.year > 0 && day_ns != NMEA_NO_TIME && s->date_day_ns - day_ns > NMEA_DAY_NS / 2) {
		return nmea_date_next(s->date);
	}
	return s->date;
}

static enum fix_kind kind_of(const struct nmea_gga *gga)
{
	if (!gga->position.present) {
		return FIX_NONE;
	}
	return gga->quality < FIX_OTHER ? (enum fix_kind)gga->quality : FIX_OTHER;
}

static void kind_tell(struct takt_ctx *ctx, struct source *s, enum fix_kind kind)
{
	const char *was = TAKT_ENUM_NAME(fix_kind, s->kind);

	if (s->kind_told && kind == s->kind) {
		return;
	}
	if (kind != FIX_NONE) {
		takt_info(ctx, "fix: %s (was %s)", TAKT_ENUM_NAME(fix_kind, kind), was);
	} else if (!s->kind_told) {
		takt_info(ctx, "no fix");
	} else {
		takt_warning(ctx, "no fix (was %s)", was);
	}
	s->kind = kind;
	s->kind_told = true;
}

static void give(struct takt_ctx *ctx, struct source *s, enum fix_kind kind)
{
	const struct nmea_gga *gga = &s->nmea.gga;
	const struct nmea_date date = date_at(s, gga->day_ns);
	struct gnss_fix *fix = TAKT_OUT(ctx, nmea_source, fix);

	fix->latitude = gga->position.latitude_deg;
	fix->longitude = gga->position.longitude_deg;
	fix->altitude = gga->altitude_m;
	fix->geoid_separation = gga->geoid_separation_m;
	fix->utc = gga->day_ns == NMEA_NO_TIME ? (double)NAN : (double)gga->day_ns / (double)NS_PER_S;
	fix->hdop = gga->hdop;
	fix->correction_age = gga->correction_age_s;
	fix->kind = kind;
	fix->satellites = (uint16_t)gga->satellites;
	fix->station = (uint16_t)gga->station;
	fix->date.year = date.year;
	fix->date.month = date.month;
	fix->date.day = date.day;
	takt_out_instant(ctx, TAKT_OUT_INDEX(nmea_source, fix),
			 s->feed.live ? s->heard_ns : takt_clock_ns(ctx));
	s->fixes++;
}

/* True when an output is set. */
static bool take(struct takt_ctx *ctx, struct source *s, enum nmea_event event)
{
	enum fix_kind kind;

	switch (event) {
	case NMEA_GGA:
		kind = kind_of(&s->nmea.gga);
		kind_tell(ctx, s, kind);
		if (kind != FIX_NONE) {
			give(ctx, s, kind);
			return true;
		}
		return false;
	case NMEA_RMC:
		date_keep(s);
		return false;
	case NMEA_DAMAGED:
		damage_keep(s);
		damage_tell(ctx, s, false);
		return false;
	case NMEA_OTHER:
	case NMEA_MORE:
		break;
	}
	return false;
}

static int source_process(struct takt_ctx *ctx)
{
	struct source *s = TAKT_STATE(ctx, struct source);

	s->idle = false;
	while (!s->idle && !takt_stopping(ctx)) {
		if (s->ended && s->event == NMEA_MORE) {
			return TAKT_DONE;
		}
		if (!is_due(ctx, s)) {
			break;
		}
		const bool given = take(ctx, s, s->event);

		s->event = NMEA_MORE;
		if (given) {
			break;
		}
	}
	return 0;
}

static int source_stop(struct takt_ctx *ctx)
{
	struct source *s = TAKT_STATE(ctx, struct source);

	damage_tell(ctx, s, true);
	takt_info(ctx, "%s: %llu sentences, %llu fixes, %llu damaged lines skipped, %llu comments",
		  s->feed.path, (unsigned long long)s->nmea.sentences,
		  (unsigned long long)s->fixes, (unsigned long long)s->nmea.damaged,
		  (unsigned long long)s->nmea.comments);
	feed_close(&s->feed);
	return 0;
}

TAKT_TASK(nmea_source, TAKT_SOURCE, struct source,
	  "reads NMEA 0183 from a file, a FIFO or a serial device; needs exec: io",
	  TAKT_NEW(source_new), TAKT_PROCESS(source_process), TAKT_STOP(source_stop), TAKT_VIRTUAL)
