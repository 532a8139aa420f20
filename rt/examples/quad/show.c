/* SPDX-License-Identifier: Apache-2.0 */
/* show: what a pilot wants to read, a line a second until the quad has landed. */
#include <takt/task.h>

#include "types.h"
#include "vector.h"

#define SHOW_PORTS(IN, OUT) \
	IN(status, mission_status, "") \
	IN(position, position_estimate, "") \
	IN(attitude, attitude_estimate, "") \
	IN(battery, battery_status, "")
TAKT_INTERFACE(show, SHOW_PORTS, TAKT_NO_PARAMS)

struct show {
	bool landed;
};

/* From north to east, as a compass counts. */
static int compass_deg(struct quat attitude)
{
	return ((int)lround(90 - quat_yaw(attitude) * DEG_PER_RAD) + 360) % 360;
}

static int show_process(struct takt_ctx *ctx)
{
	const struct mission_status *status = TAKT_IN(ctx, show, status);
	const struct position_estimate *position = TAKT_IN(ctx, show, position);
	const struct attitude_estimate *attitude = TAKT_IN(ctx, show, attitude);
	const struct battery_status *battery = TAKT_IN(ctx, show, battery);
	struct show *s = TAKT_STATE(ctx, struct show);

	if (!status || !position || !attitude || !battery || s->landed) {
		return 0;
	}
	s->landed = status->state == FLIGHT_LANDED;
	takt_info(ctx, "%s %u  east %.1f  north %.1f  up %.1f m  %.1f m/s  tilt %.0f  "
		  "heading %03d deg  %.1f V  %.1f A  %.0f %%",
		  TAKT_ENUM_NAME(flight_state, status->state), status->waypoint,
		  position->position[0], position->position[1], position->position[2],
		  vec_norm(vec_load(position->velocity)),
		  quat_tilt(quat_load(attitude->attitude)) * DEG_PER_RAD,
		  compass_deg(quat_load(attitude->attitude)), battery->voltage, battery->current,
		  100 * battery->charge);
	return 0;
}

TAKT_TASK(show, TAKT_SINK, struct show, "position, speed, attitude and battery in words",
	  TAKT_PROCESS(show_process))
