/* SPDX-License-Identifier: Apache-2.0 */
#include <takt/task.h>

TAKT_TASK_FROM(nmea_source)
TAKT_TASK_FROM(gnss_track)
TAKT_TASK_FROM(gnss_print)

TAKT_PLUGIN("gnss", "1", nmea_source, gnss_track, gnss_print)
