/* SPDX-License-Identifier: Apache-2.0 */
#include "position_filter.h"

#define BIAS_SIGMA 0.1			/* m/s2, at the start */
#define VELOCITY_SIGMA 0.3		/* m/s */
#define OFFSET_SIGMA 0.5		/* m */

void axis_filter_init(struct axis_filter *f, double position, double sigma, uint64_t at_ns)
{
	*f = (struct axis_filter){ .x = { position }, .at_ns = at_ns };
	f->cov[AXIS_P][AXIS_P] = sigma * sigma;
	f->cov[AXIS_V][AXIS_V] = VELOCITY_SIGMA * VELOCITY_SIGMA;
	f->cov[AXIS_B][AXIS_B] = BIAS_SIGMA * BIAS_SIGMA;
	f->cov[AXIS_O][AXIS_O] = OFFSET_SIGMA * OFFSET_SIGMA;
}

/* F P F^T with p' = p + dt v, v' = v - dt b: rows, then columns. */
static void spread(double cov[AXIS_STATES][AXIS_STATES], double dt_s)
{
	for (int i = 0; i < AXIS_STATES; i++) {
		cov[AXIS_P][i] += dt_s * cov[AXIS_V][i];
		cov[AXIS_V][i] -= dt_s * cov[AXIS_B][i];
	}
	for (int i = 0; i < AXIS_STATES; i++) {
		cov[i][AXIS_P] += dt_s * cov[i][AXIS_V];
		cov[i][AXIS_V] -= dt_s * cov[i][AXIS_B];
	}
}

void axis_filter_predict(struct axis_filter *f, const struct axis_noise *noise, double acceleration,
			 uint64_t at_ns)
{
	const double dt_s = (double)(at_ns - f->at_ns) * 1e-9;
	const double a = acceleration - f->x[AXIS_B];

	f->x[AXIS_P] += dt_s * (f->x[AXIS_V] + dt_s * a / 2);
	f->x[AXIS_V] += dt_s * a;
	spread(f->cov, dt_s);
	f->cov[AXIS_V][AXIS_V] += noise->acceleration * noise->acceleration * dt_s;
	f->cov[AXIS_B][AXIS_B] += noise->bias * noise->bias * dt_s;
	f->cov[AXIS_O][AXIS_O] += noise->offset * noise->offset * dt_s;
	f->at_ns = at_ns;
	f->kept[f->next].at_ns = at_ns;
	f->kept[f->next].p = f->x[AXIS_P];
	f->kept[f->next].v = f->x[AXIS_V];
	f->next = (f->next + 1) % AXIS_KEPT;
}

/* One correction with @h ones and zeros: @ret_change is K times the innovation. */
static void update(struct axis_filter *f, const double h[AXIS_STATES], double innovation,
		   double sigma, double ret_change[AXIS_STATES])
{
	double ph[AXIS_STATES] = { 0 };
	double s = sigma * sigma;

	for (int i = 0; i < AXIS_STATES; i++) {
		for (int k = 0; k < AXIS_STATES; k++) {
			ph[i] += f->cov[i][k] * h[k];
		}
	}
	for (int i = 0; i < AXIS_STATES; i++) {
		s += h[i] * ph[i];
	}
	for (int i = 0; i < AXIS_STATES; i++) {
		ret_change[i] = ph[i] / s * innovation;
		for (int k = 0; k < AXIS_STATES; k++) {
			f->cov[i][k] -= ph[i] * ph[k] / s;
		}
	}
}

/* The newest kept step that is no younger than @at_ns, else the oldest: how many back from the
 * next. */
static uint32_t find_kept(const struct axis_filter *f, uint64_t at_ns)
{
	uint32_t back = 1;

	while (back < AXIS_KEPT) {
		const uint32_t i = (f->next + AXIS_KEPT - back) % AXIS_KEPT;
		const uint32_t older = (f->next + AXIS_KEPT - back - 1) % AXIS_KEPT;

		if (f->kept[i].at_ns <= at_ns || f->kept[older].at_ns == 0) {
			break;
		}
		back++;
	}
	return back;
}

/* Add @change, which is of @from_ns, to now and to what was kept since. */
static void apply(struct axis_filter *f, const double change[AXIS_STATES], uint64_t from_ns,
		  uint32_t back)
{
	for (; back >= 1; back--) {
		const uint32_t i = (f->next + AXIS_KEPT - back) % AXIS_KEPT;
		const double since_s = (double)(f->kept[i].at_ns - from_ns) * 1e-9;

		f->kept[i].p += change[AXIS_P] + change[AXIS_V] * since_s;
		f->kept[i].v += change[AXIS_V];
	}
	f->x[AXIS_P] += change[AXIS_P] + change[AXIS_V] * (double)(f->at_ns - from_ns) * 1e-9;
	f->x[AXIS_V] += change[AXIS_V];
	f->x[AXIS_B] += change[AXIS_B];
	f->x[AXIS_O] += change[AXIS_O];
}

void axis_filter_correct(struct axis_filter *f, int state, double measured, double sigma,
			 uint64_t at_ns)
{
	const double h[AXIS_STATES] = { state == AXIS_P, state == AXIS_V, 0, 0 };
	const uint32_t back = find_kept(f, at_ns);
	const uint32_t i = (f->next + AXIS_KEPT - back) % AXIS_KEPT;
	double change[AXIS_STATES];

	if (f->kept[i].at_ns == 0) {
		return;
	}
	update(f, h, measured - (state == AXIS_P ? f->kept[i].p : f->kept[i].v), sigma, change);
	apply(f, change, f->kept[i].at_ns, back);
}

void axis_filter_correct_offset(struct axis_filter *f, double measured, double sigma)
{
	static const double h[AXIS_STATES] = { 1, 0, 0, 1 };
	const uint32_t i = (f->next + AXIS_KEPT - 1) % AXIS_KEPT;
	double change[AXIS_STATES];

	if (f->kept[i].at_ns == 0) {
		return;
	}
	update(f, h, measured - f->x[AXIS_P] - f->x[AXIS_O], sigma, change);
	apply(f, change, f->at_ns, 1);
}
