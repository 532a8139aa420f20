/* SPDX-License-Identifier: Apache-2.0 */
/* What flows between the tasks of the quad. World: x east, y north, z up from the take-off point;
 * body: x forward, y left, z up; attitudes are unit quaternions w, x, y, z from body to world.
 * Times are in the messages' time of validity. */
#ifndef QUAD_TYPES_H
#define QUAD_TYPES_H

#include <takt/type.h>

/* --- the world -------------------------------------------------------------------------------- */

#define WIND_VELOCITY(F) F(array(f64, 3), velocity, "m/s", "of the air over the ground, world")
TAKT_MESSAGE(wind_velocity, "the wind where the quad is", WIND_VELOCITY)

#define AIRFRAME_STATE(F) \
	F(array(f64, 3), position,    "m",     "of the centre of mass, world") \
	F(array(f64, 3), velocity,    "m/s",   "world") \
	F(array(f64, 4), attitude,    "1",     "body to world: w, x, y, z") \
	F(array(f64, 3), rate,        "rad/s", "angular velocity, body") \
	F(array(f64, 3), force,       "m/s2",  "specific force, body: what accelerometers show") \
	F(array(f64, 4), rotor_speed, "rad/s", "front left, front right, rear right, rear left") \
	F(f64,           power,       "W",     "that the rotors take")
TAKT_MESSAGE(airframe_state, "the truth, which only sensors may see", AIRFRAME_STATE)

/* --- sensors ---------------------------------------------------------------------------------- */

#define IMU_SAMPLE(F) \
	F(array(f64, 3), rate,  "rad/s", "angular velocity, body") \
	F(array(f64, 3), force, "m/s2",  "specific force, body: +g upwards at rest")
TAKT_MESSAGE(imu_sample, "gyroscope and accelerometer", IMU_SAMPLE)

#define MAGNETIC_FIELD(F) F(array(f64, 3), field, "T", "body")
TAKT_MESSAGE(magnetic_field, "magnetometer", MAGNETIC_FIELD)

#define AIR_PRESSURE(F) F(f64, pressure, "Pa", "static pressure")
TAKT_MESSAGE(air_pressure, "barometer", AIR_PRESSURE)

#define GNSS_SOLUTION(F) \
	F(array(f64, 3), position,       "m",   "world") \
	F(array(f64, 3), velocity,       "m/s", "world") \
	F(array(f64, 3), position_sigma, "m",   "standard deviation, as the receiver states it") \
	F(f64,           velocity_sigma, "m/s", "likewise, each axis")
TAKT_MESSAGE(gnss_solution, "position and velocity; the time of validity is some time ago",
	     GNSS_SOLUTION)

#define BATTERY_STATUS(F) \
	F(f64, voltage, "V", "at the terminals") \
	F(f64, current, "A", "that is drawn") \
	F(f64, charge,  "1", "left of a full battery")
TAKT_MESSAGE(battery_status, "battery", BATTERY_STATUS)

/* --- estimates -------------------------------------------------------------------------------- */

#define ESTIMATE_STATE(V) \
	V(ESTIMATE_ALIGNING, 0, "aligning") \
	V(ESTIMATE_READY, 1, "ready") \
	V(ESTIMATE_DEGRADED, 2, "degraded")
TAKT_ENUM(estimate_state, "whether one may fly on an estimate", ESTIMATE_STATE)

#define ATTITUDE_ESTIMATE(F) \
	F(array(f64, 4), attitude,     "1",     "body to world: w, x, y, z") \
	F(array(f64, 3), rate,         "rad/s", "angular velocity without gyroscope bias, body") \
	F(array(f64, 3), rate_bias,    "rad/s", "of the gyroscope, body") \
	F(array(f64, 3), acceleration, "m/s2",  "world, without gravity") \
	F(enum(estimate_state), state, "",      "aligning: the quad must not be moved")
TAKT_MESSAGE(attitude_estimate, "how the quad stands and turns", ATTITUDE_ESTIMATE)

#define POSITION_ESTIMATE(F) \
	F(array(f64, 3), position,          "m",    "world") \
	F(array(f64, 3), velocity,          "m/s",  "world") \
	F(array(f64, 3), position_sigma,    "m",    "standard deviation that the filter assumes") \
	F(array(f64, 3), acceleration_bias, "m/s2", "what the accelerations are wrong by, world") \
	F(f64,           height_offset,     "m",    "what the barometer's height is wrong by") \
	F(enum(estimate_state), state,      "",     "degraded: no GNSS for a while")
TAKT_MESSAGE(position_estimate, "where the quad is and where it goes", POSITION_ESTIMATE)

/* --- decisions -------------------------------------------------------------------------------- */

#define FLIGHT_STATE(V) \
	V(FLIGHT_IDLE, 0, "idle") \
	V(FLIGHT_SPIN_UP, 1, "spin_up") \
	V(FLIGHT_TAKEOFF, 2, "takeoff") \
	V(FLIGHT_FLY, 3, "fly") \
	V(FLIGHT_HOLD, 4, "hold") \
	V(FLIGHT_LAND, 5, "land") \
	V(FLIGHT_LANDED, 6, "landed")
TAKT_ENUM(flight_state, "what the supervisor is doing", FLIGHT_STATE)

#define MISSION_STATUS(F) \
	F(f64, distance, "m", "to where it is to go, by the estimate") \
	F(u32, waypoint, "1", "it flies to or holds, from 1; 0: none") \
	F(u32, reached,  "1", "waypoints so far") \
	F(enum(flight_state), state, "", "of the flight")
TAKT_MESSAGE(mission_status, "how far the mission has come", MISSION_STATUS)

#define COMMAND_MODE(V) \
	V(COMMAND_OFF, 0, "off") \
	V(COMMAND_IDLE, 1, "idle") \
	V(COMMAND_GO, 2, "go") \
	V(COMMAND_DESCEND, 3, "descend")
TAKT_ENUM(command_mode, "off: rotors stand; idle: they turn slowly; go: fly to the position; "
	  "descend: stay above it and sink", COMMAND_MODE)

#define FLIGHT_COMMAND(F) \
	F(array(f64, 3), position,  "m",   "where to be, world") \
	F(f64,           yaw,       "rad", "where to look, from east to north") \
	F(f64,           sink_rate, "m/s", "of descend") \
	F(enum(command_mode), mode, "",    "what to do")
TAKT_MESSAGE(flight_command, "what the supervisor wants", FLIGHT_COMMAND)

/* --- control ---------------------------------------------------------------------------------- */

#define VELOCITY_SETPOINT(F) \
	F(array(f64, 3), velocity, "m/s", "world") \
	F(f64,           yaw,      "rad", "from east to north")
TAKT_MESSAGE(velocity_setpoint, "what position control wants", VELOCITY_SETPOINT)

#define ATTITUDE_SETPOINT(F) \
	F(array(f64, 4), attitude, "1", "body to world: w, x, y, z") \
	F(f64,           thrust,   "N", "of all rotors, along the body's z axis")
TAKT_MESSAGE(attitude_setpoint, "what velocity control wants", ATTITUDE_SETPOINT)

#define RATE_SETPOINT(F) \
	F(array(f64, 3), rate,   "rad/s", "angular velocity, body") \
	F(f64,           thrust, "N",     "of all rotors")
TAKT_MESSAGE(rate_setpoint, "what attitude control wants", RATE_SETPOINT)

#define WRENCH(F) \
	F(array(f64, 3), torque, "N m", "body") \
	F(f64,           thrust, "N",   "of all rotors")
TAKT_MESSAGE(wrench, "what rate control wants", WRENCH)

#define MOTOR_COMMAND(F) \
	F(array(f64, 4), speed, "rad/s", "front left, front right, rear right, rear left") \
	F(u32, limited,         "1",     "motors at a limit: the wrench is not wholly met")
TAKT_MESSAGE(motor_command, "speeds for the motors' controllers", MOTOR_COMMAND)

#endif
