/* SPDX-License-Identifier: Apache-2.0 */
/* imu_attitude: samples -> attitude. The step between samples is that of their times of validity,
 * never that of the cycles. */
#include <math.h>

#include "imu.h"
#include "mahony.h"

#define NS_PER_S 1e9
#define BEHIND_MAX 25u			/* samples in a row that are not newer: the sensor's clock was set back */

#define ATTITUDE_PORTS(IN, OUT) \
	IN(sample, imu_sample, "all that came since the last cycle are used") \
	OUT(attitude, imu_attitude, "at the newest sample")
#define ATTITUDE_PARAMS(P) \
	P(f64, accel_gain, "Hz",    1,    0.01, 10,  "how fast the accelerometer corrects tilt") \
	P(f64, mag_gain,   "Hz",    0.5,  0,    10,  "how fast the magnetometer corrects yaw; 0: not used") \
	P(f64, bias_gain,  "Hz",    0.2,  0,    1,   "how fast the gyro's bias is learned, by accel_gain") \
	P(f64, gate,       "1",     0.1,  0.01, 10,  "the accelerometer is not used when it is off gravity by this part") \
	P(f64, settle,     "s",     1,    0,    60,  "gains begin ten times as high and fall within this time") \
	P(f64, gap,        "s",     0.01, 0.0001, 10, "a longer step between samples is a gap, and bridged") \
	P(f64, gap_max,    "s",     0.5,  0.001, 60, "behind a longer one tilt begins anew")
TAKT_INTERFACE(imu_attitude, ATTITUDE_PORTS, ATTITUDE_PARAMS)

struct attitude {
	struct mahony mahony;
	uint64_t last_ns;		/* time of the last sample */
	uint32_t samples;
	uint32_t gaps;
	uint32_t skipped;
	uint32_t behind;		/* in a row */
	enum imu_state state;
};

static int attitude_new(struct takt_ctx *ctx)
{
	struct attitude *a = TAKT_STATE(ctx, struct attitude);
	const struct takt_params_imu_attitude *params = TAKT_PARAMS(ctx, imu_attitude);

	a->mahony.gains = (struct mahony_gains){
		.accel = params->accel_gain, .mag = params->mag_gain, .bias = params->bias_gain,
		.gate = params->gate, .settle_s = params->settle,
	};
	mahony_align(&a->mahony);
	return 0;
}

static bool is_finite(const struct imu_sample *sample)
{
	float sum = 0;

	for (int i = 0; i < 3; i++) {
		sum += sample->gyro[i] + sample->accel[i] + sample->mag[i];
	}
	return isfinite(sum);
}

static void skip(struct takt_ctx *ctx, struct attitude *a, const char *why)
{
	a->skipped++;
	takt_warning_rate(ctx, 1, "sample %s: skipped, %u so far", why, a->skipped);
}

/* Seconds since the sample before; 0 for the first one, and for one to begin anew with. */
static double step_of(struct takt_ctx *ctx, struct attitude *a, uint64_t at_ns)
{
	const struct takt_params_imu_attitude *params = TAKT_PARAMS(ctx, imu_attitude);
	const double step_s = at_ns > a->last_ns ? (double)(at_ns - a->last_ns) / NS_PER_S : -1;

	if (a->samples == 0) {
		a->state = IMU_ALIGNING;
		return 0;
	}
	if (step_s < 0 || step_s > params->gap_max) {
		a->gaps++;
		a->state = IMU_REALIGNED;
		mahony_align(&a->mahony);
		if (step_s < 0) {
			takt_warning(ctx, "the samples' clock was set back: tilt begins anew");
		} else {
			takt_warning(ctx, "no sample for %.3f s: tilt begins anew", step_s);
		}
		return 0;
	}
	if (step_s > params->gap) {
		a->gaps++;
		a->state = IMU_BRIDGED;
		takt_debug(ctx, "no sample for %.1f ms: bridged", step_s * 1e3);
		return step_s;
	}
	a->state = mahony_is_settling(&a->mahony) ? IMU_ALIGNING : IMU_RUNNING;
	return step_s;
}

/* False: not used. */
static bool sample_take(struct takt_ctx *ctx, struct attitude *a, const struct takt_message *message)
{
	const struct imu_sample *sample = message->payload;
	const uint64_t at_ns = message->tov.begin_ns;
	double gyro[3], accel[3], mag[3], step_s;

	if (message->tov.kind == TAKT_TOV_NONE) {
		skip(ctx, a, "has no time");
		return false;
	}
	if (!is_finite(sample)) {
		skip(ctx, a, "is no number");
		return false;
	}
	if (a->samples > 0 && at_ns <= a->last_ns && ++a->behind < BEHIND_MAX) {
		skip(ctx, a, at_ns == a->last_ns ? "has the time of the one before" : "is older than the one before");
		return false;
	}
	for (int i = 0; i < 3; i++) {
		gyro[i] = (double)sample->gyro[i];
		accel[i] = (double)sample->accel[i];
		mag[i] = (double)sample->mag[i];
	}
	step_s = step_of(ctx, a, at_ns);
	mahony_step(&a->mahony, gyro, accel, mag, step_s);
	a->last_ns = at_ns;
	a->behind = 0;
	a->samples++;
	return true;
}

static int attitude_process(struct takt_ctx *ctx)
{
	struct attitude *a = TAKT_STATE(ctx, struct attitude);
	const uint32_t input = TAKT_IN_INDEX(imu_attitude, sample);
	struct imu_attitude *out;
	double angles[3];
	bool any = false;

	for (uint32_t i = 0; i < takt_in_count(ctx, input); i++) {
		any = sample_take(ctx, a, &ctx->inputs[input].messages[i]) || any;
	}
	if (!any) {
		return 0;
	}
	out = TAKT_OUT(ctx, imu_attitude, attitude);
	mahony_angles(&a->mahony, angles);
	out->roll = angles[0];
	out->pitch = angles[1];
	out->yaw = angles[2];
	for (int i = 0; i < 4; i++) {
		out->q[i] = a->mahony.q[i];
	}
	for (int i = 0; i < 3; i++) {
		out->rate[i] = a->mahony.rate[i];
		out->bias[i] = a->mahony.bias[i];
	}
	out->state = a->state;
	out->samples = a->samples;
	out->gaps = a->gaps;
	out->skipped = a->skipped;
	takt_out_instant(ctx, TAKT_OUT_INDEX(imu_attitude, attitude), a->last_ns);
	return 0;
}

static int attitude_stop(struct takt_ctx *ctx)
{
	const struct attitude *a = TAKT_STATE(ctx, struct attitude);

	takt_info(ctx, "%u samples, %u gaps, %u skipped; gyro bias %.5f %.5f %.5f rad/s", a->samples, a->gaps,
		  a->skipped, a->mahony.bias[0], a->mahony.bias[1], a->mahony.bias[2]);
	return 0;
}

TAKT_TASK(imu_attitude, TAKT_FILTER, struct attitude,
	  "attitude by a complementary filter, from times of validity",
	  TAKT_NEW(attitude_new), TAKT_PROCESS(attitude_process), TAKT_STOP(attitude_stop))
