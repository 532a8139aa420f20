/* SPDX-License-Identifier: Apache-2.0 */
/* The world around the quad: what a real one replaces by drivers. */
#include <takt/task.h>

TAKT_TASK_FROM(wind)
TAKT_TASK_FROM(airframe)
TAKT_TASK_FROM(imu)
TAKT_TASK_FROM(magnetometer)
TAKT_TASK_FROM(barometer)
TAKT_TASK_FROM(gnss)
TAKT_TASK_FROM(battery)

TAKT_PLUGIN("quad_world", "1", wind, airframe, imu, magnetometer, barometer, gnss, battery)
