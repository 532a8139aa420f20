/* SPDX-License-Identifier: Apache-2.0 */
/* battery: lithium cells behind an inner resistance, drained by the rotors.
 *
 *     U = n U_cell(charge) - R I,  U I = P / efficiency + P_rest
 *     U_cell = 3.30 + 0.65 charge + 0.25 charge^8 volts
 *
 * The first two as in O. Tremblay, L.-A. Dessaint, "Experimental Validation of a Battery Dynamic
 * Model for EV Applications", World Electric Vehicle Journal 3, 2009, without its transients; the
 * curve is a fit by eye to data sheets: a steep beginning at 4.2 V and a slope down to 3.3 V. */
#include <takt/task.h>

#include "elapsed.h"
#include "types.h"
#include "vector.h"

#define BATTERY_PORTS(IN, OUT) \
	IN(truth, airframe_state, "whose rotors take the power") \
	OUT(battery, battery_status, "")
#define BATTERY_PARAMS(P) \
	P(u32, cells, "1", 4, 1, 14, "in series") \
	P(f64, capacity, "A h", 3, 0.01, 1000, "") \
	P(f64, resistance, "Ohm", 0.02, 1e-4, 10, "of all cells and the wires") \
	P(f64, efficiency, "1", 0.7, 0.01, 1, "of motors and their controllers") \
	P(f64, rest, "W", 8, 0, 1000, "what computer and radio take") \
	P(f64, charge, "1", 0.95, 0.01, 1, "at the start") \
	P(f64, low, "1", 0.2, 0, 1, "below this charge it warns")
TAKT_INTERFACE(battery, BATTERY_PORTS, BATTERY_PARAMS)

struct battery {
	double charge;
	uint64_t last_ns;
};

static int battery_new(struct takt_ctx *ctx)
{
	TAKT_STATE(ctx, struct battery)->charge = TAKT_PARAMS(ctx, battery)->charge;
	return 0;
}

static int battery_process(struct takt_ctx *ctx)
{
	const struct takt_message *message = takt_in_message(ctx, TAKT_IN_INDEX(battery, truth));
	const struct airframe_state *truth = TAKT_IN(ctx, battery, truth);
	const struct takt_params_battery *p = TAKT_PARAMS(ctx, battery);
	struct battery *b = TAKT_STATE(ctx, struct battery);
	struct battery_status *out;
	double open, power, root, s;

	if (!truth) {
		return 0;
	}
	out = TAKT_OUT(ctx, battery, battery);
	open = p->cells * (3.30 + 0.65 * b->charge + 0.25 * pow(b->charge, 8));
	power = truth->power / p->efficiency + p->rest;
	root = open * open - 4 * p->resistance * power;		/* U^2 - open U + R P = 0 */
	out->voltage = (open + sqrt(root > 0 ? root : 0)) / 2;
	out->current = (open - out->voltage) / p->resistance;
	s = elapsed_s(&b->last_ns, message->tov.begin_ns);
	b->charge = clamp(b->charge - out->current * s / (p->capacity * 3600), 0, 1);
	out->charge = b->charge;
	if (b->charge < p->low) {
		takt_warning_once(ctx, "battery at %.0f %%: %.1f V", 100 * b->charge, out->voltage);
	}
	return 0;
}

TAKT_TASK(battery, TAKT_FILTER, struct battery, "voltage and charge",
	  TAKT_NEW(battery_new), TAKT_PROCESS(battery_process))
