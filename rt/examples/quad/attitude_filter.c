/* SPDX-License-Identifier: Apache-2.0 */
#include "attitude_filter.h"

#define GAP_MAX_S 0.1
#define GNSS_LOST_NS 500000000u

static const struct vec up = { 0, 0, 1 };

/* The angle from the horizontal part of @field (world) to that of @north, about the vertical. */
static double heading_error(struct vec field, struct vec north)
{
	return atan2(field.x * north.y - field.y * north.x, field.x * north.x + field.y * north.y);
}

void attitude_filter_init(struct attitude_filter *f, struct vec force, struct vec rate,
			  struct vec field, struct vec north, uint64_t at_ns)
{
	const struct vec up_body = vec_scale(force, 1 / vec_norm(force));
	struct quat level;

	*f = (struct attitude_filter){ .bias = rate, .at_ns = at_ns };
	level = quat_conjugate(quat_from_up(up_body));	/* turns up_body into the vertical */
	f->attitude = quat_multiply(
		quat_from_yaw(heading_error(quat_rotate(level, field), north)), level);
}

static void keep_velocity(struct attitude_filter *f)
{
	f->kept[f->next].at_ns = f->at_ns;
	f->kept[f->next].velocity = f->velocity;
	f->next = (f->next + 1) % VELOCITIES_KEPT;
}

void attitude_filter_imu(struct attitude_filter *f, const struct attitude_gains *gains,
			 struct vec force, struct vec rate, uint64_t at_ns)
{
	const double gap_s = (double)(at_ns - f->at_ns) * 1e-9;
	const double dt_s = gap_s < GAP_MAX_S ? gap_s : GAP_MAX_S;
	const bool has_gnss = f->gnss_ns > 0 && at_ns - f->gnss_ns < GNSS_LOST_NS;
	const struct vec error = has_gnss ? f->velocity_error : (struct vec){ 0, 0, 0 };
	const struct vec error_body = quat_rotate_back(f->attitude, error);
	struct vec correction;

	correction = vec_scale(vec_cross(force, error_body), gains->tilt / (GRAVITY * GRAVITY));
	correction = vec_add_scaled(correction, quat_rotate_back(f->attitude, up),
				    gains->heading * f->heading_error);
	f->rate = vec_sub(rate, f->bias);
	f->attitude = quat_multiply(f->attitude,
				    quat_exp(vec_scale(vec_add(f->rate, correction), dt_s)));
	f->bias = vec_add_scaled(f->bias, correction, -gains->bias * dt_s);
	f->acceleration = vec_add_scaled(quat_rotate(f->attitude, force), up, -GRAVITY);
	f->velocity = vec_add_scaled(f->velocity, f->acceleration, dt_s);
	f->velocity = vec_add_scaled(f->velocity, error, gains->velocity * dt_s);
	f->at_ns = at_ns;
	keep_velocity(f);
}

void attitude_filter_field(struct attitude_filter *f, struct vec field, struct vec north)
{
	f->heading_error = heading_error(quat_rotate(f->attitude, field), north);
}

bool attitude_filter_velocity(struct attitude_filter *f, struct vec velocity, uint64_t at_ns)
{
	for (uint32_t back = 1; back <= VELOCITIES_KEPT; back++) {	/* newest first */
		const uint32_t i = (f->next + VELOCITIES_KEPT - back) % VELOCITIES_KEPT;

		if (f->kept[i].at_ns == 0) {
			return false;
		}
		if (f->kept[i].at_ns <= at_ns) {
			f->velocity_error = vec_sub(velocity, f->kept[i].velocity);
			f->gnss_ns = f->at_ns;
			return true;
		}
	}
	return false;
}
