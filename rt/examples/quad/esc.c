/* SPDX-License-Identifier: Apache-2.0 */
/* esc: the motors' controllers. This one keeps what it was told, as a driver keeps a register; the
 * simulated motors get the same message through the loop's connection. failsafe is where a real one
 * stops the motors. */
#include <takt/task.h>

#include "rotors.h"
#include "types.h"

#define LIMITED_MAX_NS 200000000u

#define ESC_PORTS(IN, OUT) IN(motors, motor_command, "absent: the motors stop")
TAKT_INTERFACE(esc, ESC_PORTS, TAKT_NO_PARAMS)

struct esc {
	double speed[ROTORS];		/* rad/s, the register */
	uint64_t free_ns;		/* when no motor was at a limit last */
	bool turning;
};

static int esc_process(struct takt_ctx *ctx)
{
	const struct motor_command *motors = TAKT_IN(ctx, esc, motors);
	struct esc *e = TAKT_STATE(ctx, struct esc);
	bool turning = false;

	for (int i = 0; i < ROTORS; i++) {
		e->speed[i] = motors ? motors->speed[i] : 0;
		turning = turning || e->speed[i] > 0;
	}
	if (turning != e->turning) {
		takt_info(ctx, "motors %s", turning ? "on" : "off");
		e->turning = turning;
	}
	if (!motors || motors->limited == 0) {
		e->free_ns = ctx->recent_ns;
	}
	if (ctx->recent_ns - e->free_ns > LIMITED_MAX_NS) {
		takt_warning_rate(ctx, 1, "motors at their limit for %.1f s",
				  (double)(ctx->recent_ns - e->free_ns) * 1e-9);
	}
	return 0;
}

static void esc_failsafe(struct takt_ctx *ctx)
{
	struct esc *e = TAKT_STATE(ctx, struct esc);

	for (int i = 0; i < ROTORS; i++) {
		e->speed[i] = 0;
	}
}

TAKT_TASK(esc, TAKT_SINK, struct esc, "motor controllers",
	  TAKT_PROCESS(esc_process), TAKT_FAILSAFE(esc_failsafe))
