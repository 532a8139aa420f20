/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors and rotations.
 *
 * World: x east, y north, z up, metres from the take-off point. Body: x forward, y left, z up. A
 * unit quaternion w, x, y, z turns body into world coordinates: v_world = q * v_body * conj(q)
 * (Hamilton's convention, as in J. Sola, "Quaternion kinematics for the error-state Kalman filter",
 * arXiv:1711.02508, whose equations are named below). */
#ifndef QUAD_VECTOR_H
#define QUAD_VECTOR_H

#include <math.h>

#define GRAVITY 9.80665			/* m/s2, standard gravity */
#define PI 3.141592653589793
#define DEG_PER_RAD 57.29577951308232
#define RAD_PER_DEG 0.017453292519943295

struct vec {
	double x, y, z;
};

struct quat {
	double w, x, y, z;
};

/* --- to and from the arrays of a message ------------------------------------------------------ */

static inline struct vec vec_load(const double from[3])
{
	return (struct vec){ from[0], from[1], from[2] };
}

static inline void vec_store(double to[3], struct vec v)
{
	to[0] = v.x;
	to[1] = v.y;
	to[2] = v.z;
}

static inline struct quat quat_load(const double from[4])
{
	return (struct quat){ from[0], from[1], from[2], from[3] };
}

static inline void quat_store(double to[4], struct quat q)
{
	to[0] = q.w;
	to[1] = q.x;
	to[2] = q.y;
	to[3] = q.z;
}

/* --- vectors ---------------------------------------------------------------------------------- */

static inline struct vec vec_add(struct vec a, struct vec b)
{
	return (struct vec){ a.x + b.x, a.y + b.y, a.z + b.z };
}

static inline struct vec vec_sub(struct vec a, struct vec b)
{
	return (struct vec){ a.x - b.x, a.y - b.y, a.z - b.z };
}

static inline struct vec vec_scale(struct vec v, double by)
{
	return (struct vec){ v.x * by, v.y * by, v.z * by };
}

/* a + b * by */
static inline struct vec vec_add_scaled(struct vec a, struct vec b, double by)
{
	return (struct vec){ a.x + b.x * by, a.y + b.y * by, a.z + b.z * by };
}

/* Item by item. */
static inline struct vec vec_multiply(struct vec a, struct vec b)
{
	return (struct vec){ a.x * b.x, a.y * b.y, a.z * b.z };
}

static inline double vec_dot(struct vec a, struct vec b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline struct vec vec_cross(struct vec a, struct vec b)
{
	return (struct vec){ a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x };
}

static inline double vec_norm(struct vec v)
{
	return sqrt(vec_dot(v, v));
}

static inline double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* Each item within +-@limit's. */
static inline struct vec vec_clamp(struct vec v, struct vec limit)
{
	return (struct vec){ clamp(v.x, -limit.x, limit.x), clamp(v.y, -limit.y, limit.y),
			     clamp(v.z, -limit.z, limit.z) };
}

/* --- rotations -------------------------------------------------------------------------------- */

/* a after b, eq. 12. */
static inline struct quat quat_multiply(struct quat a, struct quat b)
{
	return (struct quat){ a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
			      a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
			      a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
			      a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w };
}

static inline struct quat quat_conjugate(struct quat q)
{
	return (struct quat){ q.w, -q.x, -q.y, -q.z };
}

static inline struct quat quat_normalize(struct quat q)
{
	const double by = 1 / sqrt(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z);

	return (struct quat){ q.w * by, q.x * by, q.y * by, q.z * by };
}

/* A vector from body to world: v + 2 u x (u x v + w v) with u the vector part of @q. */
static inline struct vec quat_rotate(struct quat q, struct vec v)
{
	const struct vec u = { q.x, q.y, q.z };
	const struct vec t = vec_add_scaled(vec_cross(u, v), v, q.w);

	return vec_add_scaled(v, vec_cross(u, t), 2);
}

/* A vector from world to body. */
static inline struct vec quat_rotate_back(struct quat q, struct vec v)
{
	return quat_rotate(quat_conjugate(q), v);
}

/* The rotation by |@angle| radians about @angle, eq. 101. */
static inline struct quat quat_exp(struct vec angle)
{
	const double norm = vec_norm(angle);
	const double by = norm > 1e-9 ? sin(norm / 2) / norm : 0.5;

	return quat_normalize((struct quat){ cos(norm / 2), angle.x * by, angle.y * by,
					     angle.z * by });
}

/* About the vertical, counted from east to north. */
static inline struct quat quat_from_yaw(double yaw)
{
	return (struct quat){ cos(yaw / 2), 0, 0, sin(yaw / 2) };
}

/* Where the body's x axis points, from east to north. */
static inline double quat_yaw(struct quat q)
{
	return atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z));
}

/* Between the body's z axis and the vertical. */
static inline double quat_tilt(struct quat q)
{
	return acos(clamp(1 - 2 * (q.x * q.x + q.y * q.y), -1, 1));
}

/* The shortest rotation that turns up into the unit vector @to; not for one straight down. */
static inline struct quat quat_from_up(struct vec to)
{
	return quat_normalize((struct quat){ 1 + to.z, -to.y, to.x, 0 });
}

#endif
