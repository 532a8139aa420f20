/* SPDX-License-Identifier: Apache-2.0 */
/* The formulas of the quad example, each against what follows from it by hand. */
#include <math.h>
#include <string.h>

#include "rt/examples/quad/airframe.h"
#include "rt/examples/quad/atmosphere.h"
#include "rt/examples/quad/attitude_filter.h"
#include "rt/examples/quad/control.h"
#include "rt/examples/quad/mixer.h"
#include "rt/examples/quad/position_filter.h"
#include "rt/examples/quad/sensor_noise.h"
#include "rt/examples/quad/wind.h"
#include "tests/unit/unit.h"

#define MS 1000000ull

static const struct vec none = { 0, 0, 0 };
static const struct vec up = { 0, 0, 1 };

/* Like the example's, without drag. */
static const struct airframe_model model = {
	.mass = 1.2, .inertia = { 0.012, 0.014, 0.022 }, .arm = 0.16, .thrust_factor = 8.5e-6,
	.torque_factor = 1.36e-7, .motor_lag = 0.02, .speed_max = 1000,
};

static void assert_near(double have, double want, double within)
{
	if (!(fabs(have - want) <= within)) {
		fail_msg("%.9g is not %.9g within %.3g", have, want, within);
	}
}

static void assert_vec_near(struct vec have, struct vec want, double within)
{
	assert_near(have.x, want.x, within);
	assert_near(have.y, want.y, within);
	assert_near(have.z, want.z, within);
}

/* --- vectors ---------------------------------------------------------------------------------- */

static void a_quarter_turn_left_turns_forward_to_left(void **state)
{
	const struct quat left = quat_exp((struct vec){ 0, 0, PI / 2 });

	(void)state;
	assert_vec_near(quat_rotate(left, (struct vec){ 1, 0, 0 }), (struct vec){ 0, 1, 0 }, 1e-15);
	assert_near(quat_yaw(left), PI / 2, 1e-15);
	assert_near(quat_tilt(left), 0, 1e-15);
}

static void rotating_back_undoes_a_rotation(void **state)
{
	const struct quat q = quat_exp((struct vec){ 0.3, -1.2, 2.1 });
	const struct vec v = { 1, 2, 3 };

	(void)state;
	assert_vec_near(quat_rotate_back(q, quat_rotate(q, v)), v, 1e-14);
}

static void rotations_combine_right_to_left(void **state)
{
	const struct quat a = quat_exp((struct vec){ 0.4, 0, 0 });
	const struct quat b = quat_exp((struct vec){ 0, 0.7, 0.2 });
	const struct vec v = { 1, 2, 3 };

	(void)state;
	assert_vec_near(quat_rotate(quat_multiply(a, b), v), quat_rotate(a, quat_rotate(b, v)), 1e-14);
}

static void the_rotation_from_up_points_where_it_should_without_yaw(void **state)
{
	const struct vec to = { 0.48, -0.6, 0.64 };
	const struct quat q = quat_from_up(to);

	(void)state;
	assert_vec_near(quat_rotate(q, up), to, 1e-14);
	assert_near(q.z, 0, 0);
	assert_near(quat_tilt(q), acos(0.64), 1e-14);
}

/* --- airframe --------------------------------------------------------------------------------- */

static struct airframe flying(double height, double rotor_speed)
{
	struct airframe a;

	airframe_init(&a, 0);
	a.on_ground = false;
	a.position.z = height;
	for (int i = 0; i < ROTORS; i++) {
		a.rotor_speed[i] = rotor_speed;
	}
	return a;
}

static void run(struct airframe *a, const struct airframe_model *m, const double speed[ROTORS],
		struct vec wind, int steps)
{
	for (int i = 0; i < steps; i++) {
		airframe_step(a, m, speed, wind, 0.001);
	}
}

static void it_hovers_where_thrust_is_weight(void **state)
{
	const double hover = sqrt(model.mass * GRAVITY / 4 / model.thrust_factor);
	const double speed[ROTORS] = { hover, hover, hover, hover };
	struct airframe a = flying(10, hover);

	(void)state;
	run(&a, &model, speed, none, 2000);
	assert_vec_near(a.position, (struct vec){ 0, 0, 10 }, 1e-9);
	assert_vec_near(a.force, (struct vec){ 0, 0, GRAVITY }, 1e-9);
}

static void it_falls_like_a_stone_and_the_accelerometer_shows_nothing(void **state)
{
	const double stopped[ROTORS] = { 0 };
	struct airframe a = flying(100, 0);

	(void)state;
	run(&a, &model, stopped, none, 3000);
	assert_near(a.position.z, 100 - GRAVITY * 9 / 2, 1e-9);
	assert_near(vec_norm(a.force), 0, 1e-12);
}

static void drag_ends_a_fall_at_the_speed_where_it_bears_the_weight(void **state)
{
	const double stopped[ROTORS] = { 0 };
	struct airframe_model m = model;
	struct airframe a = flying(5000, 0);

	(void)state;
	m.fuselage_drag = 0.015;
	run(&a, &m, stopped, none, 30000);
	assert_near(a.velocity.z, -sqrt(m.mass * GRAVITY / m.fuselage_drag), 1e-3);
}

static void a_free_body_keeps_its_angular_momentum_and_energy(void **state)
{
	const double stopped[ROTORS] = { 0 };
	struct airframe a = flying(1e6, 0);
	struct vec momentum, before, spin = { 3, 0.1, 1 };
	double energy;

	(void)state;
	a.rate = spin;
	before = quat_rotate(a.attitude, vec_multiply(model.inertia, a.rate));
	energy = vec_dot(a.rate, vec_multiply(model.inertia, a.rate));
	run(&a, &model, stopped, none, 10000);
	momentum = quat_rotate(a.attitude, vec_multiply(model.inertia, a.rate));
	assert_near(vec_dot(a.rate, vec_multiply(model.inertia, a.rate)), energy, 1e-10);
	assert_vec_near(momentum, before, 1e-6);
	assert_true(vec_norm(vec_sub(a.rate, spin)) > 0.1);	/* it did tumble */
}

static void a_motor_is_a_third_short_after_its_lag(void **state)
{
	const double speed[ROTORS] = { 500, 500, 500, 500 };
	struct airframe a = flying(1000, 0);

	(void)state;
	run(&a, &model, speed, none, 20);
	assert_near(a.rotor_speed[2], 500 * (1 - exp(-1)), 1e-9);
}

static void wind_pushes_what_hovers_and_shows_on_the_accelerometer(void **state)
{
	const double hover = sqrt(model.mass * GRAVITY / 4 / model.thrust_factor);
	const double speed[ROTORS] = { hover, hover, hover, hover };
	struct airframe_model m = model;
	struct airframe a = flying(10, hover);

	(void)state;
	m.rotor_drag = 8e-5;
	run(&a, &m, speed, (struct vec){ 5, 0, 0 }, 1);
	assert_near(a.force.x, m.rotor_drag * 4 * hover * 5 / m.mass, 1e-3);
	assert_true(a.velocity.x > 0 && fabs(a.velocity.y) < 1e-12);
}

static void it_stands_until_the_thrust_carries_it(void **state)
{
	const double hover = sqrt(model.mass * GRAVITY / 4 / model.thrust_factor);
	const double less[ROTORS] = { hover * 0.99, hover * 0.99, hover * 0.99, hover * 0.99 };
	const double more[ROTORS] = { hover * 1.01, hover * 1.01, hover * 1.01, hover * 1.01 };
	struct airframe a;

	(void)state;
	airframe_init(&a, 1);
	run(&a, &model, less, (struct vec){ 8, 0, 0 }, 1000);
	assert_vec_near(a.position, none, 0);
	assert_vec_near(a.force, (struct vec){ 0, 0, GRAVITY }, 1e-12);
	run(&a, &model, more, none, 1000);
	assert_true(a.position.z > 0.01);
}

/* --- wind ------------------------------------------------------------------------------------- */

static void gusts_are_as_strong_and_as_slow_as_the_standard_says(void **state)
{
	const double form = 0.177 + 0.000823 * 6 * 3.280839895;
	const double sigma_up = 0.1 * 5, sigma_along = sigma_up / pow(form, 0.4);
	const int steps = 800000, lag = 176;	/* of 50 ms; along: 44 m at 5 m/s are 8.8 s */
	static double along[800000];
	double squares[3] = { 0 }, product = 0;
	struct gusts g;

	(void)state;
	memset(&g, 0, sizeof(g));
	gusts_init(&g, 7, 5, 6, 1, 0.05);
	for (int i = 0; i < steps; i++) {
		const struct vec v = gusts_step(&g);

		along[i] = v.x;
		squares[0] += v.x * v.x;
		squares[1] += v.y * v.y;
		squares[2] += v.z * v.z;
		product += i >= lag ? along[i] * along[i - lag] : 0;
	}
	assert_near(sqrt(squares[0] / steps), sigma_along, 0.05 * sigma_along);
	assert_near(sqrt(squares[1] / steps), sigma_along, 0.05 * sigma_along);
	assert_near(sqrt(squares[2] / steps), sigma_up, 0.05 * sigma_up);
	assert_near(product / squares[0], exp(-1), 0.08);
}

static void still_air_has_no_gusts(void **state)
{
	struct gusts g;

	(void)state;
	memset(&g, 0, sizeof(g));
	gusts_init(&g, 7, 0, 6, 1, 0.001);
	for (int i = 0; i < 100; i++) {
		assert_near(vec_norm(gusts_step(&g)), 0, 0);
	}
}

/* --- sensors ---------------------------------------------------------------------------------- */

static void noise_has_the_deviation_of_its_density(void **state)
{
	struct takt_random random;
	double white = 0, wander = 0, error = 0, ends = 0;

	(void)state;
	takt_random_init(&random, 3);
	for (int i = 0; i < 100000; i++) {
		const double w = white_noise(&random, 0.003, 0.001);

		error = gauss_markov(&random, error, 0.15, 1, 0.1);
		white += w * w / 100000;
		wander += error * error / 100000;
	}
	for (int k = 0; k < 2000; k++) {
		double walk = 0;

		for (int i = 0; i < 50; i++) {
			walk = random_walk(&random, walk, 0.3, 0.02);
		}
		ends += walk * walk / 2000;
	}
	assert_near(sqrt(white), 0.003 / sqrt(0.001), 0.003);
	assert_near(sqrt(wander), 0.15, 0.01);
	assert_near(sqrt(ends), 0.3, 0.02);	/* after one second */
}

static void twelve_pascals_are_a_metre_and_heights_come_back(void **state)
{
	(void)state;
	assert_near(atmosphere_pressure(101325, 0) - atmosphere_pressure(101325, 1), 12.01, 0.02);
	assert_near(atmosphere_pressure(101325, 1000), 89875, 2);	/* ISO 2533, table */
	assert_near(atmosphere_height(101100, atmosphere_pressure(101100, 123.4)), 123.4, 1e-9);
}

/* --- estimation ------------------------------------------------------------------------------- */

static const struct vec north = { 0, 1, 0 };
static const struct vec earth = { 0, 20e-6, -45e-6 };
static const struct attitude_gains gains = { 1, 0.35, 0.3, 0.05 };

static double angle_between(struct quat a, struct quat b)
{
	const struct quat e = quat_multiply(quat_conjugate(a), b);

	return 2 * asin(fmin(1, sqrt(e.x * e.x + e.y * e.y + e.z * e.z)));
}

static void gravity_and_field_give_the_first_attitude(void **state)
{
	const struct quat q = quat_multiply(quat_exp((struct vec){ 0.2, -0.1, 0 }), quat_from_yaw(2));
	struct attitude_filter f;

	(void)state;
	attitude_filter_init(&f, quat_rotate_back(q, (struct vec){ 0, 0, GRAVITY }), none,
			     quat_rotate_back(q, earth), north, 0);
	assert_near(angle_between(f.attitude, q), 0, 1e-9);
}

/* Feeds a body of attitude @q that accelerates by @acceleration; GNSS is 120 ms late. */
static void feed(struct attitude_filter *f, struct quat q, struct vec acceleration, struct vec bias,
		 uint64_t from_ms, uint64_t to_ms)
{
	const struct vec force = quat_rotate_back(q, vec_add_scaled(acceleration, up, GRAVITY));

	for (uint64_t t = from_ms; t < to_ms; t++) {
		attitude_filter_imu(f, &gains, force, bias, t * MS);
		if (t % 10 == 0) {
			attitude_filter_field(f, quat_rotate_back(q, earth), north);
		}
		if (t % 100 == 0 && t >= from_ms + 120) {
			assert_true(attitude_filter_velocity(
				f, vec_scale(acceleration, (double)(t - from_ms - 120) * 1e-3),
				(t - 120) * MS));
		}
	}
}

static void a_wrong_attitude_and_a_gyro_bias_are_found_out(void **state)
{
	const struct vec bias = { 0.005, -0.01, 0.008 };
	struct attitude_filter f;

	(void)state;
	attitude_filter_init(&f, (struct vec){ 0, 0, GRAVITY }, none, earth, north, 1000 * MS);
	f.attitude = quat_exp((struct vec){ 0.1, -0.15, 0.3 });
	feed(&f, quat_from_yaw(0), none, bias, 1001, 120000);
	assert_near(angle_between(f.attitude, quat_from_yaw(0)), 0, 0.002);
	assert_vec_near(f.bias, bias, 2e-4);
}

/* A plumb line would lean by atan(2 / 9.8), 11 degrees. */
static void the_attitude_does_not_lean_when_one_accelerates(void **state)
{
	const struct quat q = quat_exp((struct vec){ 0, 0.2, 0.5 });
	const struct vec acceleration = { 2, 0.5, 0 };
	struct attitude_filter f;

	(void)state;
	attitude_filter_init(&f, (struct vec){ 0, 0, GRAVITY }, none, earth, north, 1000 * MS);
	f.attitude = q;
	feed(&f, q, acceleration, none, 1001, 11000);
	assert_near(angle_between(f.attitude, q), 0, 0.005);
	assert_vec_near(f.acceleration, acceleration, 0.05);
}

static void a_velocity_older_than_what_is_kept_is_refused(void **state)
{
	struct attitude_filter f;

	(void)state;
	attitude_filter_init(&f, (struct vec){ 0, 0, GRAVITY }, none, earth, north, 1000 * MS);
	feed(&f, quat_from_yaw(0), none, none, 1001, 1600);
	assert_false(attitude_filter_velocity(&f, none, 1000 * MS));
	assert_true(attitude_filter_velocity(&f, none, 1500 * MS));
}

/* An axis that moves at 4 m/s, and GNSS that tells of it @delay_ms late. */
static struct axis_filter track(uint64_t delay_ms, uint64_t stated_delay_ms, double bias)
{
	const struct axis_noise noise = { 0.03, 0.01, 0.03 };
	struct axis_filter f;

	axis_filter_init(&f, 0, 0.3, 1000 * MS);
	for (uint64_t t = 1001; t < 31000; t++) {
		axis_filter_predict(&f, &noise, bias, t * MS);
		if (t % 100 == 0 && t >= 1300) {
			const double then_s = (double)(t - delay_ms - 1000) * 1e-3;

			axis_filter_correct(&f, AXIS_P, 4 * then_s, 0.3, (t - stated_delay_ms) * MS);
			axis_filter_correct(&f, AXIS_V, 4, 0.05, (t - stated_delay_ms) * MS);
		}
		if (t % 20 == 0) {
			axis_filter_correct_offset(&f, 4 * (double)(t - 1000) * 1e-3 + 1.5, 0.3);
		}
	}
	return f;
}

static void a_late_position_leaves_no_lag(void **state)
{
	const struct axis_filter right = track(120, 120, 0), wrong = track(120, 0, 0);

	(void)state;
	assert_near(right.x[AXIS_P], 4 * 29.999, 0.02);
	assert_near(right.x[AXIS_V], 4, 0.01);
	assert_near(right.x[AXIS_O], 1.5, 0.02);
	assert_true(fabs(wrong.x[AXIS_P] - 4 * 29.999) > 0.2);
}

static void a_bias_of_the_acceleration_is_found_out(void **state)
{
	const struct axis_filter f = track(120, 120, 0.2);

	(void)state;
	assert_near(f.x[AXIS_B], 0.2, 0.01);
	assert_near(f.x[AXIS_P], 4 * 29.999, 0.05);
	assert_true(f.cov[AXIS_P][AXIS_P] > 0 && f.cov[AXIS_P][AXIS_P] < 0.01);
}

/* --- control ---------------------------------------------------------------------------------- */

static void the_speed_to_a_goal_is_smooth_and_can_be_braked(void **state)
{
	(void)state;
	assert_near(position_speed(0.5, 1, 2), 0.5, 1e-15);
	assert_near(position_speed(2, 1, 2), 2, 1e-12);
	assert_near(position_speed(2 + 1e-6, 1, 2) - position_speed(2, 1, 2), 1e-6, 1e-9);
	/* From 10 m: v dv/dx is the braking. */
	assert_near(position_speed(10, 1, 2) *
		    (position_speed(10 + 1e-6, 1, 2) - position_speed(10, 1, 2)) / 1e-6, 2, 1e-4);
}

static void the_thrust_points_where_the_acceleration_is_wanted(void **state)
{
	const struct thrust_limits limits = { 1.2, 3, 26, 0.6 };
	const struct vec wanted = { 2, -1, 0.5 };
	double thrust;
	const struct quat q = velocity_attitude(wanted, 1.3, &limits, &thrust);
	const struct vec push = vec_scale(quat_rotate(q, up), thrust / 1.2);

	(void)state;
	assert_vec_near(vec_add_scaled(push, up, -GRAVITY), wanted, 1e-12);
}

static void a_limited_tilt_keeps_the_height(void **state)
{
	const struct thrust_limits limits = { 1.2, 3, 26, 0.6 };
	double thrust;
	const struct quat q = velocity_attitude((struct vec){ 30, 40, 0 }, 0, &limits, &thrust);
	const struct vec push = vec_scale(quat_rotate(q, up), thrust / 1.2);

	(void)state;
	assert_near(quat_tilt(q), 0.6, 1e-9);
	assert_near(push.z, GRAVITY, 1e-9);
	assert_near(push.y / push.x, 4.0 / 3, 1e-9);
}

static void an_attitude_is_reached_by_the_short_way(void **state)
{
	const struct vec gain = { 7, 7, 2.5 };
	const struct quat wanted = quat_exp((struct vec){ 0.1, 0, 0 });
	const struct quat same = { -wanted.w, -wanted.x, -wanted.y, -wanted.z };
	const struct quat level = quat_from_yaw(0);

	(void)state;
	assert_near(attitude_rate(level, wanted, gain).x, 0.7, 1e-3);
	assert_vec_near(attitude_rate(level, same, gain), attitude_rate(level, wanted, gain), 1e-15);
}

static void the_torque_makes_the_rate_follow_at_its_gain(void **state)
{
	const struct vec rate = { 2, -1, 3 }, wanted = { 0, 1, 0 }, gain = { 20, 20, 8 };
	const struct vec torque = rate_torque(rate, wanted, model.inertia, gain);
	const struct vec left = vec_sub(torque, vec_cross(rate, vec_multiply(model.inertia, rate)));

	(void)state;
	assert_vec_near(left, vec_multiply(model.inertia,
					   vec_multiply(gain, vec_sub(wanted, rate))), 1e-15);
}

/* --- mixer ------------------------------------------------------------------------------------ */

static const struct mixer_model mixer = { .arm = 0.16, .torque_ratio = 0.016, .thrust_min = 0.2,
					  .thrust_max = 8.5 };

/* What the airframe makes of these thrusts: from its own change of rate over a step. */
static struct vec torque_of(const double thrust[ROTORS], double *ret_thrust)
{
	struct airframe_model m = model;
	struct airframe a = flying(10, 0);
	double speed[ROTORS];

	m.motor_lag = 1e-9;
	for (int i = 0; i < ROTORS; i++) {
		speed[i] = sqrt(thrust[i] / m.thrust_factor);
	}
	airframe_step(&a, &m, speed, none, 1e-6);
	*ret_thrust = a.force.z * m.mass;
	return vec_scale(vec_multiply(m.inertia, a.rate), 1e6);
}

static void the_airframe_feels_the_wrench_that_the_mixer_was_given(void **state)
{
	const struct vec torque = { 0.3, -0.2, 0.05 };
	double thrust[ROTORS], total;

	(void)state;
	assert_int_equal(mixer_thrusts(&mixer, torque, 12, thrust), 0);
	assert_vec_near(torque_of(thrust, &total), torque, 1e-4);
	assert_near(total, 12, 1e-3);
}

static void yaw_is_given_up_before_roll(void **state)
{
	double thrust[ROTORS], roll, yaw;

	(void)state;
	assert_true(mixer_thrusts(&mixer, (struct vec){ 1, 0, 0.5 }, 12, thrust) > 0);
	roll = mixer.arm * (thrust[0] - thrust[1] - thrust[2] + thrust[3]);
	yaw = mixer.torque_ratio * (thrust[0] - thrust[1] + thrust[2] - thrust[3]);
	assert_near(roll, 1, 1e-12);
	assert_true(yaw > 0 && yaw < 0.5);
}

static void thrust_is_given_up_before_roll_and_roll_before_a_limit_is_passed(void **state)
{
	double thrust[ROTORS];

	(void)state;
	mixer_thrusts(&mixer, (struct vec){ 2, 0, 0 }, 34, thrust);
	assert_near(mixer.arm * (thrust[0] - thrust[1] - thrust[2] + thrust[3]), 2, 1e-12);
	assert_near(thrust[0], 8.5, 1e-12);
	mixer_thrusts(&mixer, (struct vec){ 0, 50, 0 }, 12, thrust);
	for (int i = 0; i < ROTORS; i++) {
		assert_true(thrust[i] >= 0.2 && thrust[i] <= 8.5);
	}
	assert_near(thrust[2] - thrust[0], 8.3, 1e-9);	/* nose down: all that there is */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quarter_turn_left_turns_forward_to_left),
		cmocka_unit_test(rotating_back_undoes_a_rotation),
		cmocka_unit_test(rotations_combine_right_to_left),
		cmocka_unit_test(the_rotation_from_up_points_where_it_should_without_yaw),
		cmocka_unit_test(it_hovers_where_thrust_is_weight),
		cmocka_unit_test(it_falls_like_a_stone_and_the_accelerometer_shows_nothing),
		cmocka_unit_test(drag_ends_a_fall_at_the_speed_where_it_bears_the_weight),
		cmocka_unit_test(a_free_body_keeps_its_angular_momentum_and_energy),
		cmocka_unit_test(a_motor_is_a_third_short_after_its_lag),
		cmocka_unit_test(wind_pushes_what_hovers_and_shows_on_the_accelerometer),
		cmocka_unit_test(it_stands_until_the_thrust_carries_it),
		cmocka_unit_test(gusts_are_as_strong_and_as_slow_as_the_standard_says),
		cmocka_unit_test(still_air_has_no_gusts),
		cmocka_unit_test(noise_has_the_deviation_of_its_density),
		cmocka_unit_test(twelve_pascals_are_a_metre_and_heights_come_back),
		cmocka_unit_test(gravity_and_field_give_the_first_attitude),
		cmocka_unit_test(a_wrong_attitude_and_a_gyro_bias_are_found_out),
		cmocka_unit_test(the_attitude_does_not_lean_when_one_accelerates),
		cmocka_unit_test(a_velocity_older_than_what_is_kept_is_refused),
		cmocka_unit_test(a_late_position_leaves_no_lag),
		cmocka_unit_test(a_bias_of_the_acceleration_is_found_out),
		cmocka_unit_test(the_speed_to_a_goal_is_smooth_and_can_be_braked),
		cmocka_unit_test(the_thrust_points_where_the_acceleration_is_wanted),
		cmocka_unit_test(a_limited_tilt_keeps_the_height),
		cmocka_unit_test(an_attitude_is_reached_by_the_short_way),
		cmocka_unit_test(the_torque_makes_the_rate_follow_at_its_gain),
		cmocka_unit_test(the_airframe_feels_the_wrench_that_the_mixer_was_given),
		cmocka_unit_test(yaw_is_given_up_before_roll),
		cmocka_unit_test(thrust_is_given_up_before_roll_and_roll_before_a_limit_is_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
