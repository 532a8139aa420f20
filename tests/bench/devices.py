"""A device that misbehaves, and the lane: is it unchanged?

    devices.py [WINDOWS [SECONDS]]

A free-running graph, paced at 1 kHz by a task that times all the lane does for a cycle, reads lines from a
pseudo-terminal and writes them to another. In the reference windows a line comes every millisecond or so; in those
between them the device is unplugged (and looked for every 10 ms), silent, slow (a byte every 5 ms), or babbles:
1.2 MB/s of lines, what a serial line of 12 Mbaud can carry. `take: newest`: with `all` a cycle that gets a full
queue of messages copies and records as many, which costs what it costs from any device.
"""

import os
import random
import sys
import threading
import time

from judge import report, report_unchanged
from world import Bench

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from io_kit import Pty  # noqa: E402

WINDOWS = int(sys.argv[1]) if len(sys.argv) > 1 else 10		# of either kind
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
SETTLE_S = 0.05
RATE = 1000
TASKS = """tasks:
  - {{id: in, type: serial_lines, take: newest, params: {{path: {dev}, retry: 10ms, timeout: 200ms}}}}
  - {{id: out, type: serial_lines_out, params: {{path: {out}, retry: 10ms}}}}
  - {{id: pace, type: bench_pace, params: {{period: 1000000ns, samples: {cycles}, file: {{file}}}}}}
connections: [in -> out]
"""


def speak(dev, until, data, pause_s):
    while time.monotonic() < until:
        dev.write(data)
        time.sleep(pause_s)


def behave(dev, until):
    speak(dev, until, b"a line of a device that behaves\n", 0.001)


def unplugged(dev, until):
    dev.unplug()
    time.sleep(max(0, until - time.monotonic()))
    dev.plug()


def silent(_, until):
    time.sleep(max(0, until - time.monotonic()))


def slow(dev, until):
    speak(dev, until, b"x", 0.005)


def babbling(dev, until):
    speak(dev, until, b"%s\n" % (b"babble" * 5) * 387, 0.01)


def take_windows(world, dev, misbehave):
    world.wait(world.regions, 10, "the region")
    time.sleep(1)
    rng = random.Random(1)
    times = []
    for _ in range(WINDOWS):
        for is_reference in rng.sample([True, False], 2):
            begin = time.monotonic_ns()
            (behave if is_reference else misbehave)(dev, begin / 1e9 + SECONDS)
            times.append((is_reference, begin, time.monotonic_ns()))
            time.sleep(SETTLE_S)
    return times


def drain(pty):
    while pty.read(1 << 20, 0.5) is not None:
        pass


def measure(misbehave):
    cycles = int((1 + 2 * WINDOWS * (SECONDS + SETTLE_S) + 1) * RATE)
    times = []
    with Bench("", plugins=("serial",)) as world:
        dev, out = Pty(os.path.join(world.dir, "dev")), Pty(os.path.join(world.dir, "out"))
        with open(world.graph_path, "a") as f:
            f.write(TASKS.format(dev=dev.path, out=out.path, cycles=cycles).replace("{file}", world.samples_path))
        threading.Thread(target=drain, args=(out,), daemon=True).start()
        lost = world.run(cycles, before_end=lambda w: times.extend(take_windows(w, dev, misbehave)))
        begins, cost, late = world.samples("Q", 3)
    name = misbehave.__name__
    for what, values in (("cost of a cycle", cost), ("late start", late)):
        windows = [(is_reference, [v for at, v in zip(begins, values) if begin <= at < end])
                   for is_reference, begin, end in times]
        report_unchanged(f"device {name}, {what}", windows)
    report(f"device {name}, copperlists lost", f"{lost} of {cycles}", "-", f"{lost}", "0", lost == 0)


for way in (unplugged, silent, slow, babbling):
    measure(way)
