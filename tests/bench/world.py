"""What the benches share: a graph that is run once, with a recorder, one that only recycles, or none."""

import array
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from harness import World, program  # noqa: E402

HEAD = """takt: 1
name: kill
plugins: [{plugins}]
runtime: {{rate: {rate}, wait: {wait}, stuck_after: 10s}}
logging: {{arena: {arena}, segment: 1GiB, sync: 100ms, level: info}}
"""


class Bench(World):
    """A world with a graph of its own: @tasks as in a graph file, `{file}` is where samples go."""

    def __init__(self, tasks, rate="0Hz", wait="sleep", arena="64MiB", log_dir=None, plugins=("caterpillar",)):
        options = {"log_dir": log_dir} if log_dir else {}
        super().__init__(**options)
        self.samples_path = os.path.join(self.run_dir, "samples")
        with open(self.graph_path, "w") as f:
            files = ", ".join(program(f"plugins/{name}.so") for name in ("test_bench", *plugins))
            f.write(HEAD.format(plugins=files, rate=rate, wait=wait, arena=arena))
            f.write(tasks.replace("{file}", self.samples_path))

    def tool(self, what):
        return self.spawn([program("tests/bench/region_tool"), what, self.run_dir], stdout=subprocess.PIPE)

    def start_idle_taktd(self):
        """One that stays though there is nothing to record."""
        return self.spawn([program("taktd"), "--run-dir", self.run_dir], stderr=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL)

    def run(self, cycles, recorder="taktd", args=(), before_end=None):
        """To the end; the copperlists that were lost. @recorder: taktd or recycle; @before_end(self) meanwhile."""
        tool = self.tool("recycle" if recorder == "recycle" else "watch")
        taktd = self.start_taktd() if recorder == "taktd" else None
        rt = self.start_rt(*args, "--cycles", str(cycles))
        if before_end:
            before_end(self)
        _, stderr = rt.communicate(timeout=180)
        assert rt.returncode == 0, stderr
        lost = int(tool.communicate(timeout=30)[0].split()[1])
        if taktd:
            self.wait_recorded(60)
            self.taktd.wait(30)
        return lost

    def samples(self, kind, width):
        """Rows of @width numbers; @kind as of array."""
        values = array.array(kind)
        with open(self.samples_path, "rb") as f:
            values.frombytes(f.read())
        return [values[i::width] for i in range(width)]


def cpu_seconds(pid):
    """Of all threads of a process, so far."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9
