"""A recorded cycle: its payload written in place and taken to the disk, against what else could be done.

    cycle.py [REPETITIONS]

recorded   the payload is filled in the copperlist, taktd writes it
recycled   the same, and nobody writes: the ring's memory is free again at once
slot       the payload is filled in one slot that stays hot; the copperlist is recorded without it
copy       the same, and then copied into memory as large as the ring
A cycle's cost is the time from its start to its last task; the commit behind it is the same for all (caterpillar.py
has it). The lane spins, without real-time priority: it would throttle a machine without isolated CPUs. In the
time between two cycles it fetches memory ahead, which is not part of the cost. Recorded, slot and copy take turns
within one run. Recorded and recycled cannot: a run of the one has one of the other beside it, and what is judged is
the median of the differences within such pairs; the pairs are shuffled. The rate is what the disk sustains, and a
repetition in which a copperlist found no room is void.
"""

import random
import sys

from judge import Spread, report
from world import Bench

SIZES = (64, 1024, 4096, 16384, 65536, 262144, 1048576)
BYTES_PER_S = 300 << 20
RATE_MAX = 10000
SECONDS = 0.6
TURN = 20		# cycles
SKIPPED = 2		# of them, until what the turn before has left in the caches is gone
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
WAYS = ("recorded", "slot", "copy")
TASKS = """tasks:
  - {{id: src, type: bench_source, params: {{bytes: {bytes}, turn: {turn}}}}}
  - {{id: pace, type: bench_pace, params: {{waits: false, samples: {cycles}, file: {{file}}}}}}
"""


def once(recorder, size):
    """The cycle's cost in ns by way, None when the repetition is void."""
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
    return {way: middle(sorted(values)) for way, values in by_way.items()}


def middle(values):
    """The mean of what lies between the quartiles: the median, but finer than the counter's steps of up to 20 ns."""
    half = values[len(values) // 4:len(values) - len(values) // 4]
    return sum(half) / len(half)


def judge_size(size, pairs):
    found = {way: Spread([recorded[way] for recorded, _ in pairs]) for way in WAYS}
    recorded, slot, copy = (found[way] for way in WAYS)
    recycled = Spread([other["recorded"] for _, other in pairs])
    name = f"recorded cycle, {size} B" if size < 1024 else f"recorded cycle, {size >> 10} KiB"
    more = Spread([one["recorded"] - other["recorded"] for one, other in pairs])
    adds = copy.median - slot.median
    over = recorded.median - slot.median
    shown = recorded.text("{:.0f}", " ns")
    report(f"{name}, against recycled", shown, recycled.text("{:.0f}", " ns"),
           more.text("{:+.0f}", " ns in a pair"), "<= 60 ns more", more.median <= 60)
    ratio = recorded.median / slot.median
    report(f"{name}, against one hot slot", shown, slot.text("{:.0f}", " ns"), f"{ratio:.2f} x",
           "<= 1.4 x" if size <= 16384 else "-", ratio <= 1.4 if size <= 16384 else None)
    report(f"{name}, of what a memcpy adds", f"{over:+.0f} ns", f"memcpy {adds:+.0f} ns",
           f"{over / adds:.2f} x" if adds > 0 else "the memcpy adds nothing", "<= 0.4 x", over <= 0.4 * max(adds, 0))


def main():
    rng = random.Random(1)
    pairs = {size: [] for size in SIZES}
    for _ in range(REPETITIONS):
        for size in rng.sample(SIZES, len(SIZES)):
            costs = {recorder: once(recorder, size) for recorder in rng.sample(("taktd", "recycle"), 2)}
            if all(costs.values()):
                pairs[size].append((costs["taktd"], costs["recycle"]))
    for size in SIZES:
        judge_size(size, pairs[size])


main()
