/* SPDX-License-Identifier: Apache-2.0 */
#include <takt/task.h>

TAKT_TASK_FROM(serial_lines)
TAKT_TASK_FROM(serial_frames)
TAKT_TASK_FROM(serial_lines_out)
TAKT_TASK_FROM(serial_frames_out)
TAKT_PLUGIN("serial", "1", serial_lines, serial_frames, serial_lines_out, serial_frames_out)
