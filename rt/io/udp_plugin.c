/* SPDX-License-Identifier: Apache-2.0 */
#include <takt/task.h>

TAKT_TASK_FROM(udp_in)
TAKT_TASK_FROM(udp_out)
TAKT_PLUGIN("udp", "1", udp_in, udp_out)
