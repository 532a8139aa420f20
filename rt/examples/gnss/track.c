/* SPDX-License-Identifier: Apache-2.0 */
/* gnss_track: how fast and how far. gnss_print: the same in words. */
#include <math.h>

#include <takt/task.h>

#include "gnss.h"

#define DAY_S 86400.0
#define GAP_WINDOWS 10			/* of two fixes further apart no speed is made */

/* --- gnss_track ------------------------------------------------------------------------------- */

#define TRACK_PORTS(IN, OUT) \
	IN(fix, gnss_fix, "fixes in order; several a cycle are all counted") \
	OUT(track, gnss_track, "in each cycle that brought a fix")
#define TRACK_PARAMS(P) \
	P(f64, min_move, "m", 0.05, 0, 1000, "a shorter way from where it last was is noise, not distance") \
	P(f64, window, "s", 1, 0.01, 3600, "speed is that over this time at least")
TAKT_INTERFACE(gnss_track, TRACK_PORTS, TRACK_PARAMS)

struct point {
	bool valid;
	double latitude;
	double longitude;
	double utc;
};

struct track {
	struct point moved;		/* where the distance was last added to */
	struct point timed;		/* where the speed's window began */
	double distance;
	double speed;
	uint64_t fixes;
};

static struct point point_of(const struct gnss_fix *fix)
{
	const struct point point = { true, fix->latitude, fix->longitude, fix->utc };

	return point;
}

/* Metres between two points near each other: the arcs along meridian and parallel at the mean
 * latitude, by the radii of curvature (Snyder, Map Projections, USGS Professional Paper 1395,
 * chapter 4) of the WGS 84 ellipsoid (NIMA TR8350.2). Against the geodesic it is wrong by less than
 * 1e-7 of itself up to 1 km and 1e-5 up to 10 km, below 80 degrees of latitude. */
static double distance_m(const struct point *a, const struct point *b)
{
	const double axis_m = 6378137.0;
	const double flattening = 1 / 298.257223563;
	const double e2 = flattening * (2 - flattening);
	const double rad = 0.017453292519943295;
	const double mean = (a->latitude + b->latitude) / 2 * rad;
	const double w2 = 1 - e2 * sin(mean) * sin(mean);
	const double east_radius = axis_m / sqrt(w2);
	const double north_radius = east_radius * (1 - e2) / w2;
	const double north = (b->latitude - a->latitude) * rad * north_radius;
	const double east = remainder(b->longitude - a->longitude, 360) * rad * east_radius * cos(mean);

	return sqrt(north * north + east * east);
}

static void add_distance(struct track *t, const struct point *here, double min_move)
{
	const double way = t->moved.valid ? distance_m(&t->moved, here) : 0;

	if (!t->moved.valid || way >= min_move) {
		t->moved = *here;
		t->distance += way;
	}
}

/* The time of day starts again at midnight; a receiver may also step back. */
static void renew_speed(struct track *t, const struct point *here, double window)
{
	double s = t->timed.valid ? here->utc - t->timed.utc : -1;

	if (s < -DAY_S / 2) {
		s += DAY_S;
	}
	if (s >= 0 && s < window) {
		return;
	}
	t->speed = s > 0 && s <= GAP_WINDOWS * window ? distance_m(&t->timed, here) / s : (double)NAN;
	t->timed = *here;
	t->timed.valid = !isnan(here->utc);
}

static int track_new(struct takt_ctx *ctx)
{
	TAKT_STATE(ctx, struct track)->speed = (double)NAN;
	return 0;
}

static int track_process(struct takt_ctx *ctx)
{
	const struct takt_params_gnss_track *params = TAKT_PARAMS(ctx, gnss_track);
	const uint32_t count = takt_in_count(ctx, TAKT_IN_INDEX(gnss_track, fix));
	struct track *t = TAKT_STATE(ctx, struct track);
	const struct gnss_fix *newest = NULL;

	for (uint32_t i = 0; i < count; i++) {
		const struct gnss_fix *fix = TAKT_IN_AT(ctx, gnss_track, fix, i);

		if (fix->kind == FIX_NONE) {
			continue;
		}
		const struct point here = point_of(fix);

		add_distance(t, &here, params->min_move);
		renew_speed(t, &here, params->window);
		t->fixes++;
		newest = fix;
	}
	if (newest) {
		struct gnss_track *out = TAKT_OUT(ctx, gnss_track, track);

		out->fix = *newest;
		out->speed = t->speed;
		out->distance = t->distance;
		out->fixes = t->fixes;
	}
	return 0;
}

TAKT_TASK(gnss_track, TAKT_FILTER, struct track, "speed over ground and distance from fixes",
	  TAKT_NEW(track_new), TAKT_PROCESS(track_process))

/* --- gnss_print ------------------------------------------------------------------------------- */

#define PRINT_PORTS(IN, OUT) IN(track, gnss_track, "what is logged")
#define PRINT_PARAMS(P) \
	P(f64, interval, "s", 1, 0, 3600, "between two positions in the text log") \
	P(f64, lost_after, "s", 3, 0.1, 3600, "without a fix for so long, the fix is lost")
TAKT_INTERFACE(gnss_print, PRINT_PORTS, PRINT_PARAMS)

struct print {
	uint64_t seen_ns;		/* cycle of the newest track, 0: none yet */
	uint64_t shown_ns;
	double distance;
	uint64_t fixes;
	enum fix_kind kind;
	bool lost;
};

static double seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static void print_absent(struct takt_ctx *ctx, struct print *p)
{
	const double lost_after = TAKT_PARAMS(ctx, gnss_print)->lost_after;

	if (p->seen_ns > 0 && !p->lost && seconds(ctx->recent_ns - p->seen_ns) > lost_after) {
		takt_warning(ctx, "fix lost: none for %.1f s", lost_after);
		p->lost = true;
	}
}

static void print_kind(struct takt_ctx *ctx, struct print *p, enum fix_kind kind)
{
	const char *name = TAKT_ENUM_NAME(fix_kind, kind);

	if (p->lost) {
		takt_info(ctx, "fix is back after %.1f s: %s",
			  seconds(ctx->recent_ns - p->seen_ns), name);
	} else if (p->seen_ns == 0) {
		takt_info(ctx, "first fix: %s", name);
	} else if (kind != p->kind) {
		takt_info(ctx, "fix changed from %s to %s", TAKT_ENUM_NAME(fix_kind, p->kind), name);
	}
	p->kind = kind;
	p->lost = false;
}

static int print_process(struct takt_ctx *ctx)
{
	const struct gnss_track *track = TAKT_IN(ctx, gnss_print, track);
	struct print *p = TAKT_STATE(ctx, struct print);

	if (!track) {
		print_absent(ctx, p);
		return 0;
	}
	print_kind(ctx, p, track->fix.kind);
	if (p->seen_ns == 0 ||
	    seconds(ctx->recent_ns - p->shown_ns) >= TAKT_PARAMS(ctx, gnss_print)->interval) {
		takt_info(ctx, "%.8f deg N  %.8f deg E  %.2f m  %s  %d satellites  %.2f m/s  %.2f m travelled",
			  track->fix.latitude, track->fix.longitude, track->fix.altitude,
			  TAKT_ENUM_NAME(fix_kind, track->fix.kind), track->fix.satellites,
			  track->speed, track->distance);
		p->shown_ns = ctx->recent_ns;
	}
	p->seen_ns = ctx->recent_ns;
	p->distance = track->distance;
	p->fixes = track->fixes;
	return 0;
}

static int print_stop(struct takt_ctx *ctx)
{
	const struct print *p = TAKT_STATE(ctx, struct print);

	takt_info(ctx, "%llu fixes, %.2f m travelled", (unsigned long long)p->fixes, p->distance);
	return 0;
}

TAKT_TASK(gnss_print, TAKT_SINK, struct print, "logs position, speed and what happens to the fix",
	  TAKT_PROCESS(print_process), TAKT_STOP(print_stop))
