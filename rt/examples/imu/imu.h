/* SPDX-License-Identifier: Apache-2.0 */
/* What flows in the imu example. Body axes point forward, right, down; the earth's
 * north, east, down. */
#ifndef IMU_H
#define IMU_H

#include <takt/task.h>

#define IMU_SAMPLE(F) \
	F(array(f32, 3), gyro,  "rad/s", "turn rate about the body's axes") \
	F(array(f32, 3), accel, "m/s2",  "specific force along them: at rest and level 0, 0, -9.8") \
	F(array(f32, 3), mag,   "G",     "magnetic field along them; 0, 0, 0: not measured")
TAKT_MESSAGE(imu_sample, "one sample of an inertial sensor; its time of validity is when it was taken", IMU_SAMPLE)

#define IMU_STATE(V) \
	V(IMU_ALIGNING, 0, "aligning") \
	V(IMU_RUNNING, 1, "running") \
	V(IMU_BRIDGED, 2, "bridged") \
	V(IMU_REALIGNED, 3, "realigned")
TAKT_ENUM(imu_state, "how the sample was used: in the first second; as usual; across a gap; to begin anew behind a long one", IMU_STATE)

#define IMU_ATTITUDE(F) \
	F(f64,              roll,    "rad",   "about the forward axis, right side down positive") \
	F(f64,              pitch,   "rad",   "nose up positive") \
	F(f64,              yaw,     "rad",   "clockwise from magnetic north; from the start without magnetometer") \
	F(array(f64, 4),    q,       "1",     "turns the body's axes into the earth's: w, x, y, z") \
	F(array(f64, 3),    rate,    "rad/s", "turn rate without its bias") \
	F(array(f64, 3),    bias,    "rad/s", "of the gyro, estimated") \
	F(enum(imu_state),  state,   "",      "how the newest sample was used") \
	F(u32,              samples, "1",     "used so far") \
	F(u32,              gaps,    "1",     "pauses between samples so far") \
	F(u32,              skipped, "1",     "samples so far that were not used: no time, not newer, no number")
TAKT_MESSAGE(imu_attitude, "attitude at the time of validity", IMU_ATTITUDE)

#endif
