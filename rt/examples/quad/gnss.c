/* SPDX-License-Identifier: Apache-2.0 */
/* gnss: a receiver that says where the quad was `delay` ago, with white noise and an error that
 * wanders. It gives metres from the take-off point; a real one gives degrees, which the gnss
 * example reads. */
#include <errno.h>

#include <takt/task.h>

#include "sensor_noise.h"
#include "types.h"

#define GNSS_PENDING 8			/* solutions that are computed at once, at most */
#define NS_PER_S 1e9

#define GNSS_PORTS(IN, OUT) \
	IN(truth, airframe_state, "what is measured") \
	OUT(solution, gnss_solution, "valid at the time of measurement, `delay` ago")
#define GNSS_PARAMS(P) \
	P(f64, interval, "s", 0.1, 0.01, 10, "between two measurements") \
	P(f64, delay, "s", 0.12, 0, 1, "from a measurement to its message; at most 7 intervals") \
	P(f64, noise, "m", 0.25, 0, 100, "standard deviation of a position, east and north") \
	P(f64, noise_up, "m", 0.4, 0, 100, "likewise, up") \
	P(f64, wander, "m", 0.15, 0, 100, \
	  "standard deviation of the error that wanders, each axis") \
	P(f64, wander_time, "s", 60, 0.1, 1e5, "how long that stays alike") \
	P(f64, velocity_noise, "m/s", 0.05, 0, 10, "standard deviation, each axis")
TAKT_INTERFACE(gnss, GNSS_PORTS, GNSS_PARAMS)

struct pending {
	struct vec position, velocity;
	uint64_t at_ns;
};

struct gnss {
	struct takt_random random;
	struct vec wander;
	uint64_t next_ns;		/* of the next measurement; 0: none was made */
	struct pending pending[GNSS_PENDING];
	uint32_t first, count;		/* of pending, oldest first */
};

static int gnss_new(struct takt_ctx *ctx)
{
	const struct takt_params_gnss *p = TAKT_PARAMS(ctx, gnss);
	struct gnss *g = TAKT_STATE(ctx, struct gnss);

	if (p->delay > (GNSS_PENDING - 1) * p->interval) {
		takt_error(ctx, "a delay of %g s is more than %d intervals of %g s", p->delay,
			   GNSS_PENDING - 1, p->interval);
		return -EINVAL;
	}
	takt_random_init(&g->random, ctx->seed);
	g->wander = normal_vec(&g->random, p->wander);
	return 0;
}

static void gnss_measure(struct gnss *g, const struct takt_params_gnss *p,
			 const struct airframe_state *truth, uint64_t at_ns)
{
	struct pending *m = &g->pending[(g->first + g->count) % GNSS_PENDING];
	struct vec noise = normal_vec(&g->random, p->noise);

	g->wander.x = gauss_markov(&g->random, g->wander.x, p->wander, p->wander_time, p->interval);
	g->wander.y = gauss_markov(&g->random, g->wander.y, p->wander, p->wander_time, p->interval);
	g->wander.z = gauss_markov(&g->random, g->wander.z, p->wander, p->wander_time, p->interval);
	noise.z = p->noise_up * takt_random_normal(&g->random);
	m->position = vec_add(vec_load(truth->position), vec_add(g->wander, noise));
	m->velocity = vec_add(vec_load(truth->velocity),
			      normal_vec(&g->random, p->velocity_noise));
	m->at_ns = at_ns;
	g->count++;
	g->next_ns = at_ns + (uint64_t)(p->interval * NS_PER_S);
}

static void gnss_give(struct takt_ctx *ctx, const struct pending *m)
{
	const struct takt_params_gnss *p = TAKT_PARAMS(ctx, gnss);
	struct gnss_solution *out = TAKT_OUT(ctx, gnss, solution);
	const double sigma = sqrt(p->noise * p->noise + p->wander * p->wander);

	vec_store(out->position, m->position);
	vec_store(out->velocity, m->velocity);
	out->position_sigma[0] = sigma;
	out->position_sigma[1] = sigma;
	out->position_sigma[2] = sqrt(p->noise_up * p->noise_up + p->wander * p->wander);
	out->velocity_sigma = p->velocity_noise;
	takt_out_instant(ctx, TAKT_OUT_INDEX(gnss, solution), m->at_ns);
}

static int gnss_process(struct takt_ctx *ctx)
{
	const struct takt_message *message = takt_in_message(ctx, TAKT_IN_INDEX(gnss, truth));
	const struct takt_params_gnss *p = TAKT_PARAMS(ctx, gnss);
	struct gnss *g = TAKT_STATE(ctx, struct gnss);
	uint64_t at_ns;

	if (!message) {
		return 0;
	}
	at_ns = message->tov.begin_ns;
	if (at_ns >= g->next_ns && g->count < GNSS_PENDING) {
		gnss_measure(g, p, message->payload, at_ns);
	}
	if (g->count > 0 && at_ns >= g->pending[g->first].at_ns + (uint64_t)(p->delay * NS_PER_S)) {
		gnss_give(ctx, &g->pending[g->first]);
		g->first = (g->first + 1) % GNSS_PENDING;
		g->count--;
	}
	return 0;
}

TAKT_TASK(gnss, TAKT_FILTER, struct gnss, "position and velocity, some time ago",
	  TAKT_NEW(gnss_new), TAKT_PROCESS(gnss_process))
