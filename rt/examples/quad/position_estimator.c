/* SPDX-License-Identifier: Apache-2.0 */
/* position_estimator: three filters of position_filter.h, driven by the attitude estimate's
 * accelerations, corrected by GNSS and, for the height, by the barometer. */
#include <takt/task.h>

#include "atmosphere.h"
#include "position_filter.h"
#include "types.h"

#define AXES 3
#define UP 2
#define NS_PER_S 1e9

#define POSITION_PORTS(IN, OUT) \
	IN(attitude, attitude_estimate, "whose accelerations are integrated") \
	IN(gnss, gnss_solution, "now and then, late") \
	IN(pressure, air_pressure, "now and then") \
	OUT(position, position_estimate, "for each attitude, once GNSS was heard")
#define POSITION_PARAMS(P) \
	P(f64, acceleration_noise, "m/s2/sqrt(Hz)", 0.03, 1e-6, 10, "of the accelerations") \
	P(f64, bias_noise, "m/s3/sqrt(Hz)", 0.01, 0, 10, \
	  "of their bias: also what the attitude is wrong by") \
	P(f64, offset_noise, "m/s/sqrt(Hz)", 0.03, 0, 10, "of the barometer's offset") \
	P(f64, height_sigma, "m", 0.25, 1e-3, 100, \
	  "standard deviation of the barometer's height") \
	P(f64, ready_sigma, "m", 0.2, 0.01, 100, "ready to fly below this one, each axis") \
	P(f64, gnss_lost, "s", 1, 0.1, 100, "without GNSS for so long it is degraded")
TAKT_INTERFACE(position_estimator, POSITION_PORTS, POSITION_PARAMS)

struct position_estimator {
	struct axis_filter axes[AXES];
	double base_pressure;		/* at height 0; 0: none yet */
	uint64_t gnss_ns;		/* when the last solution came; 0: none yet */
	bool was_ready;
	bool lost;
};

static void take_gnss(struct position_estimator *e, const struct takt_message *message,
		      uint64_t at_ns)
{
	const struct gnss_solution *gnss = message->payload;

	for (int i = 0; i < AXES; i++) {
		if (e->gnss_ns == 0) {
			axis_filter_init(&e->axes[i], gnss->position[i], gnss->position_sigma[i],
					 at_ns);
			continue;
		}
		axis_filter_correct(&e->axes[i], AXIS_P, gnss->position[i],
				    gnss->position_sigma[i], message->tov.begin_ns);
		axis_filter_correct(&e->axes[i], AXIS_V, gnss->velocity[i], gnss->velocity_sigma,
				    message->tov.begin_ns);
	}
	e->gnss_ns = at_ns;
}

/* The first one is that of height 0: the quad stands at the take-off point. */
static void take_pressure(struct takt_ctx *ctx, struct position_estimator *e,
			  const struct air_pressure *pressure)
{
	if (e->base_pressure <= 0) {
		e->base_pressure = pressure->pressure;
		return;
	}
	axis_filter_correct_offset(&e->axes[UP],
				   atmosphere_height(e->base_pressure, pressure->pressure),
				   TAKT_PARAMS(ctx, position_estimator)->height_sigma);
}

static enum estimate_state judge(struct takt_ctx *ctx, struct position_estimator *e, uint64_t at_ns)
{
	const struct takt_params_position_estimator *p = TAKT_PARAMS(ctx, position_estimator);
	const double silence_s = (double)(at_ns - e->gnss_ns) / NS_PER_S;

	if (silence_s > p->gnss_lost && !e->lost) {
		takt_warning(ctx, "no GNSS for %.1f s: position drifts", p->gnss_lost);
	} else if (silence_s <= p->gnss_lost && e->lost) {
		takt_info(ctx, "GNSS is back");
	}
	e->lost = silence_s > p->gnss_lost;
	for (int i = 0; i < AXES && !e->was_ready; i++) {
		if (e->axes[i].cov[AXIS_P][AXIS_P] > p->ready_sigma * p->ready_sigma) {
			return ESTIMATE_ALIGNING;
		}
	}
	e->was_ready = true;
	return e->lost ? ESTIMATE_DEGRADED : ESTIMATE_READY;
}

static void position_give(struct takt_ctx *ctx, const struct position_estimator *e,
			  enum estimate_state state, uint64_t at_ns)
{
	struct position_estimate *out = TAKT_OUT(ctx, position_estimator, position);

	for (int i = 0; i < AXES; i++) {
		out->position[i] = e->axes[i].x[AXIS_P];
		out->velocity[i] = e->axes[i].x[AXIS_V];
		out->position_sigma[i] = sqrt(e->axes[i].cov[AXIS_P][AXIS_P]);
		out->acceleration_bias[i] = e->axes[i].x[AXIS_B];
	}
	out->height_offset = e->axes[UP].x[AXIS_O];
	out->state = state;
	takt_out_instant(ctx, TAKT_OUT_INDEX(position_estimator, position), at_ns);
}

static int position_process(struct takt_ctx *ctx)
{
	const struct takt_params_position_estimator *p = TAKT_PARAMS(ctx, position_estimator);
	const struct axis_noise noise = { p->acceleration_noise, p->bias_noise, p->offset_noise };
	const struct takt_message *message =
		takt_in_message(ctx, TAKT_IN_INDEX(position_estimator, attitude));
	const struct takt_message *gnss =
		takt_in_message(ctx, TAKT_IN_INDEX(position_estimator, gnss));
	const struct air_pressure *pressure = TAKT_IN(ctx, position_estimator, pressure);
	struct position_estimator *e = TAKT_STATE(ctx, struct position_estimator);
	const struct attitude_estimate *attitude;
	uint64_t at_ns;

	if (!message) {
		return 0;
	}
	attitude = message->payload;
	at_ns = message->tov.begin_ns;
	for (int i = 0; i < AXES && e->gnss_ns > 0; i++) {
		axis_filter_predict(&e->axes[i], &noise, attitude->acceleration[i], at_ns);
	}
	if (gnss) {
		take_gnss(e, gnss, at_ns);
	}
	if (e->gnss_ns == 0) {
		return 0;
	}
	if (pressure) {
		take_pressure(ctx, e, pressure);
	}
	position_give(ctx, e, judge(ctx, e, at_ns), at_ns);
	return 0;
}

TAKT_TASK(position_estimator, TAKT_FILTER, struct position_estimator,
	  "position and velocity from accelerations, GNSS and barometer",
	  TAKT_PROCESS(position_process))
