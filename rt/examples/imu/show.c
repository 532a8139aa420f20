/* SPDX-License-Identifier: Apache-2.0 */
/* imu_show: the attitude as text, now and then. */
#include "imu.h"

#define DEG_PER_RAD 57.29577951308232

#define SHOW_PORTS(IN, OUT) IN(attitude, imu_attitude, "what is shown")
#define SHOW_PARAMS(P) P(f64, interval, "s", 1, 0, 3600, "between two lines of text, by the times of validity")
TAKT_INTERFACE(imu_show, SHOW_PORTS, SHOW_PARAMS)

struct show { uint64_t next_ns; };

static int show_process(struct takt_ctx *ctx)
{
	struct show *s = TAKT_STATE(ctx, struct show);
	const struct takt_message *message = takt_in_message(ctx, TAKT_IN_INDEX(imu_show, attitude));
	const struct imu_attitude *a = TAKT_IN(ctx, imu_show, attitude);

	if (!a || message->tov.begin_ns < s->next_ns) {
		return 0;
	}
	s->next_ns = message->tov.begin_ns + (uint64_t)(TAKT_PARAMS(ctx, imu_show)->interval * 1e9);
	takt_info(ctx, "%7.2f s: roll %6.2f pitch %6.2f yaw %7.2f deg, %s",
		  (double)message->tov.begin_ns * 1e-9, a->roll * DEG_PER_RAD, a->pitch * DEG_PER_RAD,
		  a->yaw * DEG_PER_RAD, TAKT_ENUM_NAME(imu_state, a->state));
	return 0;
}

TAKT_TASK(imu_show, TAKT_SINK, struct show, "shows attitudes as text", TAKT_PROCESS(show_process))
