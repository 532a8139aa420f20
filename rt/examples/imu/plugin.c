/* SPDX-License-Identifier: Apache-2.0 */
#include <takt/task.h>

TAKT_TASK_FROM(imu_attitude)
TAKT_TASK_FROM(imu_show)

TAKT_PLUGIN("imu", "1", imu_attitude, imu_show)
