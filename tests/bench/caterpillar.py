"""What a task and a hop cost: w1.yaml, the caterpillar, free running, recorded.

    caterpillar.py [REPETITIONS]

A cycle's time is the median from one start to the next (`takt log stats`): a free-running lane has no real-time
priority, and the mean is that of what else runs. Off go the reads of the clock that a cycle has to make: the
counter once a task and once a cycle, CLOCK_MONOTONIC three times a cycle. What is left, over the 17 tasks, is the
price of a task and its hop.
"""

import json
import os
import random
import subprocess
import sys

from judge import Spread, report
from world import Bench, program
from harness import SOURCE

CYCLES = 200000
TASKS = 17
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5


def clocks():
    """ns of one read of the counter, and of CLOCK_MONOTONIC."""
    done = subprocess.run([program("tests/bench/region_tool"), "clocks"], capture_output=True, text=True, check=True)
    return [float(v) for v in done.stdout.split()]


def cycle_ns():
    with Bench("") as world:
        with open(os.path.join(SOURCE, "rt/examples/caterpillar/w1.yaml")) as f:
            graph = f.read().replace("name: caterpillar", "name: kill").replace(
                "caterpillar.so", program("plugins/caterpillar.so"))
        assert "256MiB" in graph
        with open(world.graph_path, "w") as f:
            f.write(graph.replace("256MiB", "512MiB"))
        if world.run(CYCLES) > 0:
            return None
        done = world.takt_log("stats", world.runs()[-1], "-o", "json")
        stats = json.loads(done.stdout)
        assert stats["copperlists"] == CYCLES, stats["copperlists"]
        return stats["period_ns"]["p50"]


def main():
    rng = random.Random(1)
    cycles, reads, beyond = [], [], []
    for _ in range(REPETITIONS):
        found = {kind: kind() for kind in rng.sample([clocks, cycle_ns], 2)}
        counter, mono = found[clocks]
        reads.append(counter)
        if found[cycle_ns]:
            cycles.append(found[cycle_ns])
            beyond.append((found[cycle_ns] - (TASKS + 1) * counter - 3 * mono) / TASKS)
    read, price = Spread(reads), Spread(beyond)
    print(f"  a cycle of {TASKS} tasks: {Spread(cycles).text(unit=' ns')}")
    ratio = price.median / read.median
    report("caterpillar, per task and hop beyond the time stamps", price.text(unit=" ns"),
           "TSC read " + read.text(unit=" ns"), f"{ratio:.2f} x", "<= 2.5 x", ratio <= 2.5)


main()
