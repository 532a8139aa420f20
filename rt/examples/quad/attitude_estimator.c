/* SPDX-License-Identifier: Apache-2.0 */
/* attitude_estimator: aligns while the quad stands still, then runs the filter of
 * attitude_filter.h. */
#include <takt/task.h>

#include "attitude_filter.h"
#include "types.h"

#define RATE_AT_REST 0.1		/* rad/s, between two samples' means: more is motion */

#define ATTITUDE_PORTS(IN, OUT) \
	IN(imu, imu_sample, "") \
	IN(field, magnetic_field, "now and then") \
	IN(gnss, gnss_solution, "its velocity, now and then") \
	OUT(attitude, attitude_estimate, "for each sample of the IMU")
#define ATTITUDE_PARAMS(P) \
	P(f64, align, "s", 1, 0.1, 60, "at rest before the first attitude") \
	P(f64, declination, "deg", 3.2, -180, 180, "of the magnetic field, east of north") \
	P(f64, velocity_gain, "1/s", 1, 0, 10, "k_v of attitude_filter.h") \
	P(f64, tilt_gain, "1/s2", 0.35, 0, 10, "k_a") \
	P(f64, heading_gain, "1/s", 0.3, 0, 10, "k_m") \
	P(f64, bias_gain, "1/s", 0.05, 0, 10, "k_b")
TAKT_INTERFACE(attitude_estimator, ATTITUDE_PORTS, ATTITUDE_PARAMS)

struct attitude_estimator {
	struct attitude_filter filter;
	struct vec north;
	uint64_t begin_ns;		/* of the alignment */
	struct vec force, rate, field;	/* sums */
	uint32_t samples, fields;
	bool aligned;
};

static int attitude_new(struct takt_ctx *ctx)
{
	const double rad = TAKT_PARAMS(ctx, attitude_estimator)->declination / DEG_PER_RAD;

	TAKT_STATE(ctx, struct attitude_estimator)->north = (struct vec){ sin(rad), cos(rad), 0 };
	return 0;
}

static void align_again(struct attitude_estimator *a)
{
	a->samples = 0;
	a->fields = 0;
	a->force = a->rate = a->field = (struct vec){ 0, 0, 0 };
}

static void align(struct takt_ctx *ctx, struct attitude_estimator *a, const struct imu_sample *imu,
		  const struct magnetic_field *field, uint64_t at_ns)
{
	const double need_s = TAKT_PARAMS(ctx, attitude_estimator)->align;
	const struct vec rate = vec_load(imu->rate);
	struct vec mean;

	a->begin_ns = a->samples == 0 ? at_ns : a->begin_ns;
	a->force = vec_add(a->force, vec_load(imu->force));
	a->rate = vec_add(a->rate, rate);
	a->field = field ? vec_add(a->field, vec_load(field->field)) : a->field;
	a->fields += field ? 1 : 0;
	a->samples++;
	mean = vec_scale(a->rate, 1.0 / a->samples);
	if (vec_norm(vec_sub(rate, mean)) > RATE_AT_REST) {
		takt_warning_rate(ctx, 0.2, "moved while aligning: begins anew; let it stand");
		align_again(a);
		return;
	}
	if ((double)(at_ns - a->begin_ns) * 1e-9 < need_s || a->fields == 0) {
		return;
	}
	attitude_filter_init(&a->filter, vec_scale(a->force, 1.0 / a->samples), mean,
			     vec_scale(a->field, 1.0 / a->fields), a->north, at_ns);
	a->aligned = true;
	takt_info(ctx, "aligned: tilt %.1f deg, gyro bias %.4f %.4f %.4f rad/s",
		  quat_tilt(a->filter.attitude) * DEG_PER_RAD, mean.x, mean.y, mean.z);
}

static void attitude_give(struct takt_ctx *ctx, const struct attitude_estimator *a, uint64_t at_ns)
{
	struct attitude_estimate *out = TAKT_OUT(ctx, attitude_estimator, attitude);

	quat_store(out->attitude, a->filter.attitude);
	vec_store(out->rate, a->filter.rate);
	vec_store(out->rate_bias, a->filter.bias);
	vec_store(out->acceleration, a->filter.acceleration);
	out->state = ESTIMATE_READY;
	takt_out_instant(ctx, TAKT_OUT_INDEX(attitude_estimator, attitude), at_ns);
}

static int attitude_process(struct takt_ctx *ctx)
{
	const struct takt_params_attitude_estimator *p = TAKT_PARAMS(ctx, attitude_estimator);
	const struct attitude_gains gains = { p->velocity_gain, p->tilt_gain, p->heading_gain,
					      p->bias_gain };
	const struct takt_message *message =
		takt_in_message(ctx, TAKT_IN_INDEX(attitude_estimator, imu));
	const struct takt_message *solution =
		takt_in_message(ctx, TAKT_IN_INDEX(attitude_estimator, gnss));
	const struct magnetic_field *field = TAKT_IN(ctx, attitude_estimator, field);
	struct attitude_estimator *a = TAKT_STATE(ctx, struct attitude_estimator);
	const struct imu_sample *imu = TAKT_IN(ctx, attitude_estimator, imu);

	if (!imu) {
		return 0;
	}
	if (!a->aligned) {
		align(ctx, a, imu, field, message->tov.begin_ns);
		return 0;
	}
	attitude_filter_imu(&a->filter, &gains, vec_load(imu->force), vec_load(imu->rate),
			    message->tov.begin_ns);
	if (field) {
		attitude_filter_field(&a->filter, vec_load(field->field), a->north);
	}
	if (solution) {
		const struct gnss_solution *gnss = solution->payload;

		attitude_filter_velocity(&a->filter, vec_load(gnss->velocity),
					 solution->tov.begin_ns);
	}
	attitude_give(ctx, a, message->tov.begin_ns);
	return 0;
}

TAKT_TASK(attitude_estimator, TAKT_FILTER, struct attitude_estimator,
	  "attitude from IMU, magnetometer and GNSS velocity",
	  TAKT_NEW(attitude_new), TAKT_PROCESS(attitude_process))
