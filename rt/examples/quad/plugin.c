/* SPDX-License-Identifier: Apache-2.0 */
/* What flies: it knows the world only by its sensors, and would run unchanged on a real quad. */
#include <takt/task.h>

TAKT_TASK_FROM(attitude_estimator)
TAKT_TASK_FROM(position_estimator)
TAKT_TASK_FROM(supervisor)
TAKT_TASK_FROM(position_control)
TAKT_TASK_FROM(velocity_control)
TAKT_TASK_FROM(attitude_control)
TAKT_TASK_FROM(rate_control)
TAKT_TASK_FROM(mixer)
TAKT_TASK_FROM(esc)
TAKT_TASK_FROM(show)

TAKT_PLUGIN("quad", "1", attitude_estimator, position_estimator, supervisor, position_control,
	    velocity_control, attitude_control, rate_control, mixer, esc, show)
