/* SPDX-License-Identifier: Apache-2.0 */
/* imu: gyroscope and accelerometer, noisy and biased; defaults are those of a good part for drones.
 * */
#include <takt/task.h>

#include "elapsed.h"
#include "sensor_noise.h"
#include "types.h"

#define IMU_PORTS(IN, OUT) \
	IN(truth, airframe_state, "what is measured") \
	OUT(imu, imu_sample, "valid at the truth's time; absent for the first")
#define IMU_PARAMS(P) \
	P(f64, rate_noise, "rad/s/sqrt(Hz)", 1e-4, 0, 1, "density of the gyroscope's noise") \
	P(f64, rate_walk, "rad/s2/sqrt(Hz)", 2e-5, 0, 1, "density of its bias's random walk") \
	P(f64, rate_bias, "rad/s", 0.01, 0, 1, "standard deviation of its bias at the start") \
	P(f64, force_noise, "m/s2/sqrt(Hz)", 0.003, 0, 1, "density of the accelerometer's noise") \
	P(f64, force_walk, "m/s3/sqrt(Hz)", 2e-4, 0, 1, "density of its bias's random walk") \
	P(f64, force_bias, "m/s2", 0.04, 0, 1, "standard deviation of its bias at the start")
TAKT_INTERFACE(imu, IMU_PORTS, IMU_PARAMS)

struct imu {
	struct takt_random random;
	struct vec rate_bias;
	struct vec force_bias;
	uint64_t last_ns;
};

static int imu_new(struct takt_ctx *ctx)
{
	const struct takt_params_imu *p = TAKT_PARAMS(ctx, imu);
	struct imu *s = TAKT_STATE(ctx, struct imu);

	takt_random_init(&s->random, ctx->seed);
	s->rate_bias = normal_vec(&s->random, p->rate_bias);
	s->force_bias = normal_vec(&s->random, p->force_bias);
	return 0;
}

/* Advances the bias of one axis and returns what is read. */
static double measure(struct takt_random *random, double truth, double *bias, double noise,
		      double walk, double interval_s)
{
	*bias = random_walk(random, *bias, walk, interval_s);
	return truth + *bias + white_noise(random, noise, interval_s);
}

static int imu_process(struct takt_ctx *ctx)
{
	const struct takt_message *message = takt_in_message(ctx, TAKT_IN_INDEX(imu, truth));
	const struct airframe_state *truth = TAKT_IN(ctx, imu, truth);
	const struct takt_params_imu *p = TAKT_PARAMS(ctx, imu);
	struct imu *s = TAKT_STATE(ctx, struct imu);
	double *rate_bias[3] = { &s->rate_bias.x, &s->rate_bias.y, &s->rate_bias.z };
	double *force_bias[3] = { &s->force_bias.x, &s->force_bias.y, &s->force_bias.z };
	struct imu_sample *out;
	double interval_s;

	if (!truth) {
		return 0;
	}
	interval_s = elapsed_s(&s->last_ns, message->tov.begin_ns);
	if (interval_s <= 0) {
		return 0;
	}
	out = TAKT_OUT(ctx, imu, imu);
	for (int i = 0; i < 3; i++) {
		out->rate[i] = measure(&s->random, truth->rate[i], rate_bias[i], p->rate_noise,
				       p->rate_walk, interval_s);
		out->force[i] = measure(&s->random, truth->force[i], force_bias[i], p->force_noise,
					p->force_walk, interval_s);
	}
	takt_out_instant(ctx, TAKT_OUT_INDEX(imu, imu), message->tov.begin_ns);
	return 0;
}

TAKT_TASK(imu, TAKT_FILTER, struct imu, "gyroscope and accelerometer",
	  TAKT_NEW(imu_new), TAKT_PROCESS(imu_process))
