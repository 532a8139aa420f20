# SPDX-License-Identifier: Apache-2.0
"""ctx: what a script is told of the call, and what it may use."""

import os
import time

from takt.rng import Rng

LEVELS = ("debug", "info", "warning", "error", "critical")
LINE_MAX = 3900  # bytes in one write to the pipe: whole lines


class Log:
    """ctx.log.info("spike %.2f rad/s", rate): a line of the task in takt's text log."""

    __slots__ = ("_fd", "_level")

    def __init__(self, fd, level):
        self._fd = fd
        self._level = level

    def write(self, level, text, args=()):
        if level < self._level:
            return
        if args:
            text = text % args
        mark = b"\x1e%d" % level
        for line in str(text).splitlines() or [""]:
            data = line.encode("utf-8", "backslashreplace")[:LINE_MAX]
            try:
                os.write(self._fd, mark + (data or b" ") + b"\n")
            except OSError:
                return

    def debug(self, text, *args):
        self.write(0, text, args)

    def info(self, text, *args):
        self.write(1, text, args)

    def warning(self, text, *args):
        self.write(2, text, args)

    def error(self, text, *args):
        self.write(3, text, args)

    def critical(self, text, *args):
        self.write(4, text, args)


class Context:
    """Times are CLOCK_MONOTONIC nanoseconds; they are constant within a call.

    now_ns, now()        when this call of the task was made
    recent_ns, recent()  when its cycle began
    cl_id                number of the cycle
    task_id, task_index  of this task
    params               of the graph file, a dict
    log, rng             see Log and Rng; rng begins with the task's seed, which is recorded
    """

    __slots__ = ("now_ns", "recent_ns", "cl_id", "task_id", "task_index", "params", "log", "rng", "seed", "graph",
                 "graph_dir", "_deadline_ns")

    def __init__(self, description, params, log):
        self.now_ns = self.recent_ns = self.cl_id = self._deadline_ns = 0
        self.task_id = description["task_id"]
        self.task_index = description["task"]
        self.params = params
        self.log = log
        self.seed = description["seed"]
        self.rng = Rng(self.seed)
        self.graph = description["graph"]
        self.graph_dir = description["graph_dir"]

    def now(self):
        return self.now_ns

    def recent(self):
        return self.recent_ns

    @property
    def deadline_left_ns(self):
        """Nanoseconds until the answer would be late; negative: it is. None: there is no limit."""
        return self._deadline_ns - time.monotonic_ns() if self._deadline_ns else None
