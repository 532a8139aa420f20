/* SPDX-License-Identifier: Apache-2.0 */
/* wind: the mean wind with gusts. The run ends when its only source does, so it also says for how
 * long. */
#include <takt/task.h>

#include "types.h"
#include "wind.h"

#define FEET_PER_M 3.280839895
#define SPEED_MIN 0.1

/* --- the model -------------------------------------------------------------------------------- */

/* White noise through 1/(1 + tau s) with variance sigma^2/2, and through (1 + sqrt(3) tau s)/(1 +
 * tau s) once more, has variance sigma^2; exact where the first state is concerned. */
static void axis_init(struct gust_axis *axis, double sigma, double tau_s, double step_s)
{
	*axis = (struct gust_axis){ .keep = exp(-step_s / tau_s) };
	axis->kick = sigma * sqrt(1 - axis->keep * axis->keep);
}

void gusts_init(struct gusts *gusts, uint64_t seed, double speed, double height, double intensity,
		double step_s)
{
	const double h = height * FEET_PER_M;
	const double form = 0.177 + 0.000823 * h;
	const double length_along = h / pow(form, 1.2) / FEET_PER_M;
	const double sigma_up = speed < SPEED_MIN ? 0 : 0.1 * speed * intensity;
	const double sigma_along = sigma_up / pow(form, 0.4);
	const double v = speed < SPEED_MIN ? SPEED_MIN : speed;

	takt_random_init(&gusts->random, seed);
	axis_init(&gusts->along, sigma_along, length_along / v, step_s);
	axis_init(&gusts->across, sigma_along / sqrt(2), length_along / v, step_s);
	axis_init(&gusts->up, sigma_up / sqrt(2), height / v, step_s);
}

static double first_order(struct gust_axis *axis, double noise)
{
	axis->first = axis->keep * axis->first + axis->kick * noise;
	return axis->first;
}

static double second_order(struct gust_axis *axis, double noise)
{
	const double in = first_order(axis, noise);

	axis->second = axis->keep * axis->second + (1 - axis->keep) * in;
	return axis->second + sqrt(3) * (in - axis->second);
}

struct vec gusts_step(struct gusts *gusts)
{
	struct vec out;

	out.x = first_order(&gusts->along, takt_random_normal(&gusts->random));
	out.y = second_order(&gusts->across, takt_random_normal(&gusts->random));
	out.z = second_order(&gusts->up, takt_random_normal(&gusts->random));
	return out;
}

/* --- the task --------------------------------------------------------------------------------- */

#define WIND_PORTS(IN, OUT) OUT(wind, wind_velocity, "one a cycle")
#define WIND_PARAMS(P) \
	P(f64, speed, "m/s", 5, 0, 15, "mean") \
	P(f64, from, "deg", 240, 0, 360, \
	  "where it comes from, as weather reports count: 90 is east") \
	P(f64, gusts, "1", 1, 0, 5, "times as strong as the standard's") \
	P(f64, height, "m", 6, 1, 300, "for which the gusts are made") \
	P(f64, step, "s", 0.001, 1e-5, 0.1, "simulated per cycle") \
	P(f64, duration, "s", 60, 0, 86400, \
	  "then it says that there is no more, which ends the run; 0: never")
TAKT_INTERFACE(wind, WIND_PORTS, WIND_PARAMS)

struct wind {
	struct gusts gusts;
	uint64_t steps;
	struct vec mean;
	struct vec along;		/* unit vector of where it blows to */
};

static int wind_new(struct takt_ctx *ctx)
{
	const struct takt_params_wind *p = TAKT_PARAMS(ctx, wind);
	struct wind *w = TAKT_STATE(ctx, struct wind);

	gusts_init(&w->gusts, ctx->seed, p->speed, p->height, p->gusts, p->step);
	w->along = (struct vec){ -sin(p->from * RAD_PER_DEG), -cos(p->from * RAD_PER_DEG), 0 };
	w->mean = vec_scale(w->along, p->speed);
	return 0;
}

static int wind_process(struct takt_ctx *ctx)
{
	const struct takt_params_wind *p = TAKT_PARAMS(ctx, wind);
	struct wind *w = TAKT_STATE(ctx, struct wind);
	const struct vec gust = gusts_step(&w->gusts);
	struct vec velocity = w->mean;

	velocity.x += w->along.x * gust.x - w->along.y * gust.y;
	velocity.y += w->along.y * gust.x + w->along.x * gust.y;
	velocity.z += gust.z;
	vec_store(TAKT_OUT(ctx, wind, wind)->velocity, velocity);
	w->steps++;
	return p->duration > 0 && (double)w->steps * p->step >= p->duration ? TAKT_DONE : 0;
}

TAKT_TASK(wind, TAKT_SOURCE, struct wind, "mean wind with Dryden gusts",
	  TAKT_NEW(wind_new), TAKT_PROCESS(wind_process))
