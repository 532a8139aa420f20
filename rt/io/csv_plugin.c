/* SPDX-License-Identifier: Apache-2.0 */
#include <takt/task.h>

TAKT_TASK_FROM(csv_source)
TAKT_TASK_FROM(csv_sink)

TAKT_PLUGIN("csv", "1", csv_source, csv_sink)
