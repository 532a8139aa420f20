"""A recorded cycle: its payload written in place and taken to the disk, against what else could be done.

    cycle.py [REPETITIONS]

recorded   the payload is filled in the copperlist, taktd writes it
recycled   the same, and nobody writes: the ring's memory is free again at once
slot       the payload is filled in one slot that stays hot; the copperlist is recorded without it
copy       the same, and then copied into memory as large as the ring
A cycle's cost is the time from its start to its last task; the commit behind it is the same for all (caterpillar.py
has it). The lane spins, without real-time priority: it would throttle a machine without isolated CPUs. In the
time between two cycles it fetches memory ahead, which is not part of the cost. Recorded, slot and copy take turns
within one run; the runs are shuffled. The rate is what the disk sustains, and a repetition in which a copperlist found
no room is void.
"""

import random
import sys

from judge import Spread, percentile, report
from world import Bench

SIZES = (64, 1024, 4096, 16384, 65536, 262144, 1048576)
BYTES_PER_S = 300 << 20
RATE_MAX = 10000
SECONDS = 1
TURN = 20		# cycles
SKIPPED = 2		# of them, until what the turn before has left in the caches is gone
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
WAYS = ("recorded", "slot", "copy")
TASKS = """tasks:
  - {{id: src, type: bench_source, params: {{bytes: {bytes}, turn: {turn}}}}}
  - {{id: pace, type: bench_pace, params: {{waits: false, samples: {cycles}, file: {{file}}}}}}
"""


def once(recorder, size):
    """Medians of the cycle's cost in ns by way, None when the repetition is void."""
    rate = min(RATE_MAX, BYTES_PER_S // size)
    cycles = max(6 * TURN, int(SECONDS * rate))
    tasks = TASKS.format(bytes=size, turn=TURN, cycles=cycles)
    with Bench(tasks, rate=f"{rate}Hz", wait="spin") as world:
        if world.run(cycles, recorder, args=["--dev"]) > 0:
            return None
        costs = world.samples("Q", 3)[1]
    by_way = {way: [] for way in WAYS}
    for cycle, cost in enumerate(costs, 1):		# the first cycle's is not known
        if cycle % TURN >= SKIPPED:
            by_way[WAYS[cycle // TURN % len(WAYS)]].append(cost)
    return {way: percentile(sorted(values), 0.5) for way, values in by_way.items()}


def judge_size(size, found):
    recorded, recycled, slot, copy = (found[kind] for kind in ("recorded", "recycled", "slot", "copy"))
    name = f"recorded cycle, {size} B" if size < 1024 else f"recorded cycle, {size >> 10} KiB"
    more = recorded.median - recycled.median
    adds = copy.median - slot.median
    over = recorded.median - slot.median
    shown = recorded.text("{:.0f}", " ns")
    report(f"{name}, against recycled", shown, recycled.text("{:.0f}", " ns"), f"{more:+.0f} ns", "<= 60 ns more",
           more <= 60)
    ratio = recorded.median / slot.median
    report(f"{name}, against one hot slot", shown, slot.text("{:.0f}", " ns"), f"{ratio:.2f} x",
           "<= 1.4 x" if size <= 16384 else "-", ratio <= 1.4 if size <= 16384 else None)
    report(f"{name}, of what a memcpy adds", f"{over:+.0f} ns", f"memcpy {adds:+.0f} ns",
           f"{over / adds:.2f} x" if adds > 0 else "the memcpy adds nothing", "<= 0.4 x", over <= 0.4 * max(adds, 0))


def main():
    rng = random.Random(1)
    runs = {(recorder, size): [] for recorder in ("taktd", "recycle") for size in SIZES}
    for _ in range(REPETITIONS):
        for recorder, size in rng.sample(list(runs), len(runs)):
            medians = once(recorder, size)
            if medians:
                runs[recorder, size].append(medians)
    for size in SIZES:
        found = {way: Spread([m[way] for m in runs["taktd", size]]) for way in WAYS}
        judge_size(size, {"recycled": Spread([m["recorded"] for m in runs["recycle", size]]), **found})


main()
