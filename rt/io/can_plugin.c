/* SPDX-License-Identifier: Apache-2.0 */
#include <takt/task.h>

TAKT_TASK_FROM(can_in)
TAKT_TASK_FROM(can_out)
TAKT_PLUGIN("can", "1", can_in, can_out)
