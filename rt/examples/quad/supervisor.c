/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor: flies the waypoints, decides when to land, and says so.
 *
 *     idle      the estimates settle             -> spin_up
 *     spin_up   the rotors idle for a moment     -> takeoff
 *     takeoff   straight up                      -> fly, when up there
 *     fly       to a waypoint                    -> hold, when near it
 *     hold      stay near it for a while         -> fly, to the next; land, after the last
 *     land      sink until the ground holds      -> landed
 *     landed    motors off
 * From takeoff, fly and hold it goes to land at once when the battery is low or the position is
 * lost. */
#include <stdio.h>

#include <takt/task.h>

#include "elapsed.h"
#include "types.h"
#include "vector.h"

#define NUMBERS_MAX 48			/* of waypoints: 16 of three */
#define FLARE_HEIGHT 1.5		/* m, below which it sinks slowly */
#define FLARE_RATE 0.4			/* m/s */
#define TOUCH_RATE 0.15			/* m/s: who is told to sink and does not stands */
#define TOUCH_S 0.8

#define SUPERVISOR_PORTS(IN, OUT) \
	IN(position, position_estimate, "") \
	IN(battery, battery_status, "") \
	OUT(command, flight_command, "one a call") \
	OUT(status, mission_status, "one a call")
#define SUPERVISOR_PARAMS(P) \
	P(list(f64, NUMBERS_MAX), waypoints, "m", , , , \
	  "three numbers each: east, north, up of the take-off point") \
	P(f64, radius, "m", 0.5, 0.05, 100, "so near to a waypoint is there") \
	P(f64, hold, "s", 1, 0, 3600, "to stay there") \
	P(f64, takeoff_height, "m", 3, 0.5, 100, "") \
	P(f64, spin_up, "s", 1, 0, 60, "that the rotors idle before they lift") \
	P(f64, sink_rate, "m/s", 1, 0.2, 5, "of a landing") \
	P(f64, yaw_rate, "rad/s", 1, 0.01, 10, "at which it turns to where it flies") \
	P(f64, land_below, "1", 0.15, 0, 1, "of the battery's charge")
TAKT_INTERFACE(supervisor, SUPERVISOR_PORTS, SUPERVISOR_PARAMS)

struct supervisor {
	enum flight_state state;
	struct vec goal;
	double yaw, yaw_goal;
	uint64_t last_ns;
	double step_s;			/* since the call before */
	double in_state_s;
	double under_way_s;		/* to this waypoint */
	double standing_s;		/* so long it was told to sink and did not */
	uint32_t waypoint;		/* from 1; 0: none yet */
	uint32_t reached;
};

static const char *supervisor_check(const void *params, char *text, size_t text_bytes)
{
	const struct takt_params_supervisor *p = params;
	const uint32_t count = p->waypoints.count;

	if (count > 0 && count % 3 == 0) {
		return NULL;
	}
	snprintf(text, text_bytes, "waypoints: has %u numbers; give three each, east, north, up", count);
	return text;
}

static void enter(struct supervisor *s, enum flight_state state)
{
	s->state = state;
	s->in_state_s = 0;
}

static void land(struct supervisor *s, struct vec here)
{
	s->goal = here;
	s->standing_s = 0;
	enter(s, FLIGHT_LAND);
}

/* On to the next waypoint, or down. */
static void fly_next(struct takt_ctx *ctx, struct supervisor *s, struct vec here)
{
	const struct takt_params_supervisor *p = TAKT_PARAMS(ctx, supervisor);
	const uint32_t count = p->waypoints.count / 3;
	struct vec way;

	if (s->waypoint == count) {
		takt_info(ctx, "all %u waypoints reached: landing", count);
		land(s, s->goal);
		return;
	}
	s->goal = vec_load(&p->waypoints.at[(size_t)3 * s->waypoint]);
	s->waypoint++;
	s->under_way_s = 0;
	way = vec_sub(s->goal, here);
	if (way.x * way.x + way.y * way.y > 1) {
		s->yaw_goal = atan2(way.y, way.x);
	}
	takt_info(ctx, "to waypoint %u of %u: %.1f m east, %.1f m north, %.1f m up; %.1f m to go",
		  s->waypoint, count, s->goal.x, s->goal.y, s->goal.z, vec_norm(way));
	enter(s, FLIGHT_FLY);
}

static void near_waypoint(struct takt_ctx *ctx, struct supervisor *s, struct vec here)
{
	const struct takt_params_supervisor *p = TAKT_PARAMS(ctx, supervisor);
	const double off = vec_norm(vec_sub(s->goal, here));

	if (s->state == FLIGHT_FLY && off < p->radius) {
		enter(s, FLIGHT_HOLD);
	} else if (s->state == FLIGHT_HOLD && off > 2 * p->radius) {
		takt_warning(ctx, "blown off waypoint %u by %.1f m: back to it", s->waypoint, off);
		enter(s, FLIGHT_FLY);
	} else if (s->state == FLIGHT_HOLD && s->in_state_s >= p->hold && off < p->radius) {
		s->reached++;
		takt_info(ctx, "waypoint %u reached in %.1f s, %.2f m off", s->waypoint,
			  s->under_way_s, off);
		fly_next(ctx, s, here);
	}
}

/* The ground holds when it is told to sink and does not. */
static void touch(struct takt_ctx *ctx, struct supervisor *s, const struct position_estimate *at)
{
	s->standing_s = at->velocity[2] > -TOUCH_RATE ? s->standing_s + s->step_s : 0;
	if (s->in_state_s > 2 && s->standing_s > TOUCH_S) {
		takt_info(ctx, "landed, %.2f m from where it was to; motors off",
			  hypot(s->goal.x - at->position[0], s->goal.y - at->position[1]));
		enter(s, FLIGHT_LANDED);
	}
}

static void watch(struct takt_ctx *ctx, struct supervisor *s, const struct position_estimate *at)
{
	const struct battery_status *battery = TAKT_IN(ctx, supervisor, battery);
	const struct vec here = vec_load(at->position);

	if (s->state < FLIGHT_TAKEOFF || s->state > FLIGHT_HOLD) {
		return;
	}
	if (at->state != ESTIMATE_READY) {
		takt_error(ctx, "position is %s: landing here",
			   TAKT_ENUM_NAME(estimate_state, at->state));
		land(s, here);
	} else if (battery && battery->charge < TAKT_PARAMS(ctx, supervisor)->land_below) {
		takt_error(ctx, "battery at %.0f %%, %.1f V: landing here", 100 * battery->charge,
			   battery->voltage);
		land(s, here);
	}
}

static void decide(struct takt_ctx *ctx, struct supervisor *s, const struct position_estimate *at)
{
	const struct takt_params_supervisor *p = TAKT_PARAMS(ctx, supervisor);
	const struct vec here = vec_load(at->position);

	watch(ctx, s, at);
	switch (s->state) {
	case FLIGHT_IDLE:
		if (at->state == ESTIMATE_READY) {
			takt_info(ctx, "position known to %.2f m: rotors on",
				  at->position_sigma[0]);
			enter(s, FLIGHT_SPIN_UP);
		}
		return;
	case FLIGHT_SPIN_UP:
		if (s->in_state_s >= p->spin_up) {
			s->goal = (struct vec){ here.x, here.y, p->takeoff_height };
			takt_info(ctx, "taking off to %.1f m", p->takeoff_height);
			enter(s, FLIGHT_TAKEOFF);
		}
		return;
	case FLIGHT_TAKEOFF:
		if (vec_norm(vec_sub(s->goal, here)) < p->radius) {
			fly_next(ctx, s, here);
		}
		return;
	case FLIGHT_FLY:
	case FLIGHT_HOLD:
		near_waypoint(ctx, s, here);
		return;
	case FLIGHT_LAND:
		touch(ctx, s, at);
		return;
	case FLIGHT_LANDED:
		return;
	}
}

/* Turn by the short way, not faster than yaw_rate. */
static void turn(struct supervisor *s, const struct takt_params_supervisor *p)
{
	const double step = p->yaw_rate * s->step_s;

	s->yaw += clamp(remainder(s->yaw_goal - s->yaw, 2 * PI), -step, step);
	s->yaw = remainder(s->yaw, 2 * PI);
}

static void supervisor_give(struct takt_ctx *ctx, const struct supervisor *s,
			    const struct position_estimate *at)
{
	static const enum command_mode modes[] = {
		[FLIGHT_IDLE] = COMMAND_OFF,	[FLIGHT_SPIN_UP] = COMMAND_IDLE,
		[FLIGHT_TAKEOFF] = COMMAND_GO,	[FLIGHT_FLY] = COMMAND_GO,
		[FLIGHT_HOLD] = COMMAND_GO,	[FLIGHT_LAND] = COMMAND_DESCEND,
		[FLIGHT_LANDED] = COMMAND_OFF,
	};
	struct flight_command *command = TAKT_OUT(ctx, supervisor, command);
	struct mission_status *status = TAKT_OUT(ctx, supervisor, status);

	vec_store(command->position, s->goal);
	command->yaw = s->yaw;
	command->sink_rate = at && at->position[2] < FLARE_HEIGHT ? FLARE_RATE :
			     TAKT_PARAMS(ctx, supervisor)->sink_rate;
	command->mode = modes[s->state];
	status->distance = at ? vec_norm(vec_sub(s->goal, vec_load(at->position))) : 0;
	status->waypoint = s->waypoint;
	status->reached = s->reached;
	status->state = s->state;
}

static int supervisor_process(struct takt_ctx *ctx)
{
	const struct takt_params_supervisor *p = TAKT_PARAMS(ctx, supervisor);
	const struct position_estimate *at = TAKT_IN(ctx, supervisor, position);
	const struct takt_message *message =
		takt_in_message(ctx, TAKT_IN_INDEX(supervisor, position));
	struct supervisor *s = TAKT_STATE(ctx, struct supervisor);

	s->step_s = message ? elapsed_s(&s->last_ns, message->tov.begin_ns) : 0;
	s->in_state_s += s->step_s;
	s->under_way_s += s->step_s;
	if (at) {
		decide(ctx, s, at);
	}
	turn(s, p);
	supervisor_give(ctx, s, at);
	return 0;
}

TAKT_TASK(supervisor, TAKT_FILTER, struct supervisor, "flies waypoints",
	  TAKT_CHECK_PARAMS(supervisor_check), TAKT_PROCESS(supervisor_process))
