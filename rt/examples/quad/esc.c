/* SPDX-License-Identifier: Apache-2.0 */
/* esc: the motors' controllers. This one keeps what it was told, as a driver keeps a register; the simulated
 * motors get the same message through the loop's connection. failsafe is where a real one stops the motors. */
#include <takt/task.h>

#include "types.h"

#define LIMITED_MAX_S 0.2

#define ESC_PORTS(IN, OUT) IN(motors, motor_command, "absent: the motors stop")
#define ESC_PARAMS(P) P(f64, interval, "s", 0.001, 1e-5, 1, "between two calls")
TAKT_INTERFACE(esc, ESC_PORTS, ESC_PARAMS)

struct esc {
	double speed[4];		/* rad/s, the register */
	double limited_s;		/* so long at a limit */
	bool turning;
};

static int esc_process(struct takt_ctx *ctx)
{
	const struct motor_command *motors = TAKT_IN(ctx, esc, motors);
	struct esc *e = TAKT_STATE(ctx, struct esc);
	bool turning = false;

	for (int i = 0; i < 4; i++) {
		e->speed[i] = motors ? motors->speed[i] : 0;
		turning = turning || e->speed[i] > 0;
	}
	if (turning != e->turning) {
		takt_info(ctx, "motors %s", turning ? "on" : "off");
		e->turning = turning;
	}
	e->limited_s = motors && motors->limited > 0 ? e->limited_s +
		       TAKT_PARAMS(ctx, esc)->interval : 0;
	if (e->limited_s > LIMITED_MAX_S) {
		takt_warning_rate(ctx, 1, "motors at their limit for %.1f s", e->limited_s);
	}
	return 0;
}

static void esc_failsafe(struct takt_ctx *ctx)
{
	struct esc *e = TAKT_STATE(ctx, struct esc);

	for (int i = 0; i < 4; i++) {
		e->speed[i] = 0;
	}
}

TAKT_TASK(esc, TAKT_SINK, struct esc, "motor controllers",
	  TAKT_PROCESS(esc_process), TAKT_FAILSAFE(esc_failsafe))
