"""What taktd takes of a core while there is next to nothing to do.

    idle.py [REPETITIONS]
"""

import random
import sys
import time

from judge import Spread, report
from world import Bench, cpu_seconds

SECONDS = 3
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
TASKS = """tasks:
  - {id: src, type: caterpillar_large_source, params: {bytes: 64, spin: 0}}
  - {id: sink, type: caterpillar_large_sink}
connections: [src -> sink]
"""
# rate of the graph that it records; None: there is none
KINDS = {"no graph": None, "a graph that stands": "0.01Hz", "a graph at 10 Hz": "10Hz"}


def share(rate):
    """Percent of one core."""
    with Bench(TASKS, rate=rate or "1Hz") as world:
        taktd = world.start_taktd() if rate else world.start_idle_taktd()
        if rate:
            world.start_rt()
            world.wait(world.regions, 10, "the region")
        time.sleep(1)
        begin, cpu = time.monotonic(), cpu_seconds(taktd.pid)
        time.sleep(SECONDS)
        return 100 * (cpu_seconds(taktd.pid) - cpu) / (time.monotonic() - begin)


def main():
    rng = random.Random(1)
    found = {kind: [] for kind in KINDS}
    for _ in range(REPETITIONS):
        for kind in rng.sample(list(KINDS), len(KINDS)):
            found[kind].append(share(KINDS[kind]))
    for kind, values in found.items():
        spread = Spread(values)
        report(f"idle recorder, {kind}", spread.text("{:.2f}", " %"), "one core", f"{spread.median:.2f} %", "<= 2 %",
               spread.median <= 2)


main()
