"""Cost of a cycle: recorded by taktd, not fetched by anybody, and with outputs that are not recorded.

    cycle.py [REPETITIONS]

One lane, free running, ring large enough for the whole run (a repetition with a gap is void); the three
kinds shuffled; ns per cycle from the recorded start times, medians with range; ratios against "not fetched".
"""

import os
import random
import statistics
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/e2e"))
from harness import World  # noqa: E402

CYCLES = 100000
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
KINDS = {"recorded": ("true", True), "not fetched": ("true", False), "record: false": ("false", False)}


def once(kind, ballast):
    record, fetched = KINDS[kind]
    size = 64 + (CYCLES * (ballast + 600) >> 20) * 5 // 4
    with World(rate="0Hz", ballast=ballast, record=record,
               logging=f", arena: {size}MiB", segment="256MiB") as world:
        taktd = world.start_taktd() if fetched else None
        rt = world.start_rt("--cycles", str(CYCLES))
        _, stderr = rt.communicate(timeout=120)
        assert rt.returncode == 0, stderr
        taktd = taktd or world.start_taktd()
        world.wait_recorded(120)
        taktd.wait(30)
        log = world.read()
        if "gap" in log.names():
            return None
        return log.span_ns / (len(log.cycles) - 1)


def main():
    rng = random.Random(1)
    print(f"cycle: {CYCLES} cycles of three tasks, {REPETITIONS} repetitions")
    for ballast in (64, 4096):
        found = {kind: [] for kind in KINDS}
        for _ in range(REPETITIONS):
            for kind in rng.sample(list(KINDS), len(KINDS)):
                ns = once(kind, ballast)
                if ns is not None:
                    found[kind].append(ns)
        reference = statistics.median(found["not fetched"])
        for kind, values in found.items():
            if values:
                m = statistics.median(values)
                print(f"  {ballast:5} B  {kind:14} {m:8.0f} ns/cycle  "
                      f"[{min(values):.0f}..{max(values):.0f}]  {m / reference:.2f} x  n={len(values)}")


main()
