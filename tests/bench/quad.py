"""How much faster than real time the quad example flies: `takt run --virtual`, recorded, everything on one core.

    quad.py [FLIGHTS]

A flight is 40 s of the graph's time at 1 kHz, 17 tasks. The time that it takes is the command's, from its start to its
end: with start-up, the recorder, and the text that it prints.
"""

import os
import subprocess
import sys
import time

from judge import Spread, report
from world import World, program
from harness import SOURCE

FLIGHTS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
SIMULATED_S = 40


def graph():
    with open(os.path.join(SOURCE, "rt/examples/quad/quad.yaml"), encoding="utf-8") as f:
        text = f.read()
    for plugin in ("quad_world", "quad"):
        text = text.replace(f"{plugin}.so", program(f"plugins/{plugin}.so"))
    assert f"duration: {SIMULATED_S}s" in text
    return text


def main():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    factors = []
    for seed in range(FLIGHTS):
        with World() as world:
            with open(world.graph_path, "w", encoding="utf-8") as f:
                f.write(graph())
            begin = time.monotonic()
            run = world.start_takt("--virtual", "--seed", str(seed), stdout=subprocess.PIPE)
            out, errors = run.communicate(timeout=120)
            factors.append(SIMULATED_S / (time.monotonic() - begin))
            assert run.returncode == 0 and "landed" in out, out + errors
    speed = Spread(factors)
    report("quad, virtual time on one core", speed.text(unit=" s a second"), "real time", f"{speed.median:.0f} x",
           ">= 20 x", speed.median >= 20)


main()
