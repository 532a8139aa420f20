/* SPDX-License-Identifier: Apache-2.0 */
/* airframe: the quad itself. Its simulated time begins with the first cycle and goes on by `step`:
 * that is the time of validity of all that is measured on it, whenever the cycle really ran. */
#include "airframe.h"

#include <takt/task.h>

#include "types.h"

#define LEVELLING_RATE 8.0		/* 1/s, of the tilt on the ground */
#define NS_PER_S 1e9

/* --- the model -------------------------------------------------------------------------------- */

static const struct vec up = { 0, 0, 1 };

/* What does not change within a step. */
struct load {
	const struct airframe_model *model;
	struct vec wind;
	struct vec torque;
	double thrust;
	double rotor_sum;
};

struct derivative {
	struct vec velocity, acceleration, force, rate, rate_change;
};

void airframe_init(struct airframe *airframe, double yaw)
{
	*airframe = (struct airframe){ .attitude = quat_from_yaw(yaw), .on_ground = true,
				       .force = { 0, 0, GRAVITY } };
}

static struct load load_of(const struct airframe *a, const struct airframe_model *m,
			   struct vec wind)
{
	struct load load = { .model = m, .wind = wind };

	for (int i = 0; i < ROTORS; i++) {
		const double square = a->rotor_speed[i] * a->rotor_speed[i];
		const double thrust = m->thrust_factor * square;

		load.thrust += thrust;
		load.torque.x += rotor_side_y[i] * m->arm * thrust;
		load.torque.y -= rotor_side_x[i] * m->arm * thrust;
		load.torque.z += rotor_turn[i] * m->torque_factor * square;
		load.rotor_sum += a->rotor_speed[i];
	}
	return load;
}

static struct derivative derive(const struct airframe *a, const struct load *load)
{
	const struct airframe_model *m = load->model;
	const struct vec air = quat_rotate_back(a->attitude, vec_sub(a->velocity, load->wind));
	const struct vec momentum = vec_multiply(m->inertia, a->rate);
	const struct vec torque = vec_sub(load->torque, vec_cross(a->rate, momentum));
	struct derivative d = { .velocity = a->velocity, .rate = a->rate };

	d.force = vec_scale(air, -m->fuselage_drag * vec_norm(air) / m->mass);
	d.force.x -= m->rotor_drag * load->rotor_sum * air.x / m->mass;
	d.force.y -= m->rotor_drag * load->rotor_sum * air.y / m->mass;
	d.force.z += load->thrust / m->mass;
	d.acceleration = vec_add_scaled(quat_rotate(a->attitude, d.force), up, -GRAVITY);
	d.rate_change = (struct vec){ torque.x / m->inertia.x, torque.y / m->inertia.y,
				      torque.z / m->inertia.z };
	return d;
}

/* Where @a is after @s seconds of @d. */
static struct airframe advance(const struct airframe *a, const struct derivative *d, double s)
{
	struct airframe next = *a;

	next.position = vec_add_scaled(a->position, d->velocity, s);
	next.velocity = vec_add_scaled(a->velocity, d->acceleration, s);
	next.attitude = quat_multiply(a->attitude, quat_exp(vec_scale(d->rate, s)));
	next.rate = vec_add_scaled(a->rate, d->rate_change, s);
	return next;
}

static struct vec mean(struct vec a, struct vec b, struct vec c, struct vec d)
{
	return vec_scale(vec_add_scaled(vec_add(a, d), vec_add(b, c), 2), 1.0 / 6);
}

static void fly(struct airframe *a, const struct load *load, double step_s)
{
	const struct derivative k1 = derive(a, load);
	const struct airframe a2 = advance(a, &k1, step_s / 2);
	const struct derivative k2 = derive(&a2, load);
	const struct airframe a3 = advance(a, &k2, step_s / 2);
	const struct derivative k3 = derive(&a3, load);
	const struct airframe a4 = advance(a, &k3, step_s);
	const struct derivative k4 = derive(&a4, load);
	const struct derivative all = {
		.velocity = mean(k1.velocity, k2.velocity, k3.velocity, k4.velocity),
		.acceleration = mean(k1.acceleration, k2.acceleration, k3.acceleration,
				     k4.acceleration),
		.force = mean(k1.force, k2.force, k3.force, k4.force),
		.rate = mean(k1.rate, k2.rate, k3.rate, k4.rate),
		.rate_change = mean(k1.rate_change, k2.rate_change, k3.rate_change, k4.rate_change),
	};

	*a = advance(a, &all, step_s);
	a->force = all.force;
}

/* Standing: the skids bear what the rotors do not, and turn the body until it is level. */
static void stand(struct airframe *a, double step_s)
{
	const struct vec up_body = quat_rotate_back(a->attitude, up);

	a->on_ground = true;
	a->position.z = 0;
	a->velocity = (struct vec){ 0, 0, 0 };
	a->rate = vec_scale(vec_cross(up, up_body), LEVELLING_RATE);
	a->attitude = quat_multiply(a->attitude, quat_exp(vec_scale(a->rate, step_s)));
	a->force = vec_scale(up_body, GRAVITY);
}

void airframe_step(struct airframe *a, const struct airframe_model *m, const double speed[ROTORS],
		   struct vec wind, double step_s)
{
	const double keep = exp(-step_s / m->motor_lag);
	struct load load;

	for (int i = 0; i < ROTORS; i++) {
		const double to = clamp(speed[i], 0, m->speed_max);

		a->rotor_speed[i] = to + (a->rotor_speed[i] - to) * keep;
	}
	load = load_of(a, m, wind);
	if (a->on_ground && load.thrust <= m->mass * GRAVITY) {
		stand(a, step_s);
		return;
	}
	a->on_ground = false;
	fly(a, &load, step_s);
	if (a->position.z <= 0 && a->velocity.z <= 0) {
		stand(a, step_s);
	}
}

double airframe_power(const struct airframe *a, const struct airframe_model *m)
{
	double power = 0;

	for (int i = 0; i < ROTORS; i++) {
		power += m->torque_factor * pow(a->rotor_speed[i], 3);
	}
	return power;
}

/* --- the task --------------------------------------------------------------------------------- */

#define AIRFRAME_PORTS(IN, OUT) \
	IN(motors, motor_command, "absent: the motors stop") \
	IN(wind, wind_velocity, "absent: still air") \
	OUT(state, airframe_state, "one a cycle")
#define AIRFRAME_PARAMS(P) \
	P(f64, step, "s", 0.001, 1e-5, 0.01, "simulated per cycle") \
	P(f64, yaw, "rad", 1.2, -7, 7, "at the start, from east to north") \
	P(f64, mass, "kg", 1.2, 0.1, 100, "with the battery") \
	P(array(f64, 3), inertia, "kg m2", (0.012, 0.012, 0.022), 1e-5, 100, "about x, y, z") \
	P(f64, arm, "m", 0.16, 0.01, 5, "of a rotor from the body's x axis, and from y") \
	P(f64, thrust_factor, "N s2", 8.5e-6, 1e-9, 1, "thrust by speed squared") \
	P(f64, torque_factor, "N m s2", 1.36e-7, 1e-12, 1, "drag torque by speed squared") \
	P(f64, motor_lag, "s", 0.02, 0.001, 1, "time constant of a motor") \
	P(f64, speed_max, "rad/s", 1000, 1, 1e5, "of a rotor") \
	P(f64, fuselage_drag, "kg/m", 0.015, 0, 10, \
	  "half of air density, drag coefficient and area") \
	P(f64, rotor_drag, "kg", 8e-5, 0, 1, "force across by air speed and sum of rotor speeds")
TAKT_INTERFACE(airframe, AIRFRAME_PORTS, AIRFRAME_PARAMS)

struct airframe_task {
	struct airframe airframe;
	struct airframe_model model;
	uint64_t begin_ns;
	uint64_t steps;
};

static int airframe_new(struct takt_ctx *ctx)
{
	const struct takt_params_airframe *p = TAKT_PARAMS(ctx, airframe);
	struct airframe_task *t = TAKT_STATE(ctx, struct airframe_task);

	t->model = (struct airframe_model){
		.mass = p->mass,
		.inertia = vec_load(p->inertia),
		.arm = p->arm,
		.thrust_factor = p->thrust_factor,
		.torque_factor = p->torque_factor,
		.motor_lag = p->motor_lag,
		.speed_max = p->speed_max,
		.fuselage_drag = p->fuselage_drag,
		.rotor_drag = p->rotor_drag,
	};
	airframe_init(&t->airframe, p->yaw);
	return 0;
}

static void airframe_give(struct takt_ctx *ctx, const struct airframe_task *t, uint64_t at_ns)
{
	const struct airframe *a = &t->airframe;
	struct airframe_state *out = TAKT_OUT(ctx, airframe, state);

	vec_store(out->position, a->position);
	vec_store(out->velocity, a->velocity);
	quat_store(out->attitude, a->attitude);
	vec_store(out->rate, a->rate);
	vec_store(out->force, a->force);
	for (int i = 0; i < ROTORS; i++) {
		out->rotor_speed[i] = a->rotor_speed[i];
	}
	out->power = airframe_power(a, &t->model);
	takt_out_instant(ctx, TAKT_OUT_INDEX(airframe, state), at_ns);
}

static int airframe_process(struct takt_ctx *ctx)
{
	static const double stopped[ROTORS] = { 0 };
	const double step_s = TAKT_PARAMS(ctx, airframe)->step;
	const struct motor_command *motors = TAKT_IN(ctx, airframe, motors);
	const struct wind_velocity *wind = TAKT_IN(ctx, airframe, wind);
	struct airframe_task *t = TAKT_STATE(ctx, struct airframe_task);
	const bool stood = t->airframe.on_ground;
	const struct vec before = t->airframe.velocity;

	if (t->steps == 0) {
		t->begin_ns = ctx->recent_ns;
	}
	airframe_step(&t->airframe, &t->model, motors ? motors->speed : stopped,
		      wind ? vec_load(wind->velocity) : (struct vec){ 0, 0, 0 }, step_s);
	airframe_give(ctx, t, t->begin_ns + (uint64_t)((double)t->steps * step_s * NS_PER_S + 0.5));
	t->steps++;
	if (!stood && t->airframe.on_ground && before.z < -2) {
		takt_error(ctx, "hit the ground with %.1f m/s", vec_norm(before));
	}
	return 0;
}

TAKT_TASK(airframe, TAKT_FILTER, struct airframe_task, "rigid body, rotors and drag: the truth",
	  TAKT_NEW(airframe_new), TAKT_PROCESS(airframe_process))
