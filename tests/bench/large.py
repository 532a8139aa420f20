"""A quarter of a gigabyte a second: 256 KiB a cycle at 1 kHz, recorded; and a disk that stands still for a second.

    large.py [REPETITIONS [SECONDS]]

The graph is w2_1khz.yaml, free running and paced by a task that times all the lane does for a cycle, commit and seal
included. Recording off: a recorder that frees the memory and writes nothing. The stall: the file system is frozen
(fsfreeze, on a loop device; needs root), or else taktd is stopped.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from judge import Spread, percentile, report, report_unchanged
from world import Bench

REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 3
RATE = 1000
WINDOWS = 10		# of either kind
IMAGE_BYTES = "20GiB"
SETTLE_S = 1		# behind either, until what waited is written
TASKS = """tasks:
  - {{id: src, type: caterpillar_large_source, params: {{spin: 0}}}}
  - {{id: sink, type: caterpillar_large_sink}}
  - {{id: pace, type: bench_pace, params: {{period: 1000000ns, samples: {cycles}, file: {{file}}}}}}
connections: [src -> sink]
"""


def recorded_or_not():
    rng = random.Random(1)
    cycles = int(SECONDS * RATE)
    found = {kind: {"p50": [], "p99.9": [], "max": []} for kind in ("taktd", "recycle")}
    lost = 0
    for _ in range(REPETITIONS):
        for kind in rng.sample(list(found), len(found)):
            with Bench(TASKS.format(cycles=cycles), arena="1GiB") as world:
                lost += world.run(cycles, kind)
                cost = sorted(world.samples("Q", 3)[1])
            found[kind]["p50"].append(percentile(cost, 0.5) / 1000)
            found[kind]["p99.9"].append(percentile(cost, 0.999) / 1000)
            found[kind]["max"].append(cost[-1] / 1000)
    on, off = ({name: Spread(v) for name, v in found[kind].items()} for kind in ("taktd", "recycle"))
    report("256 KiB at 1 kHz, drops", f"{lost} of {2 * REPETITIONS * cycles}", "-", f"{lost}", "0", lost == 0)
    for name, bar in (("p50", None), ("p99.9", 1.5), ("max", None)):
        ratio = on[name].median / off[name].median
        report(f"256 KiB at 1 kHz, the lane's {name}", on[name].text(unit=" us"), off[name].text(unit=" us"),
               f"{ratio:.2f} x", f"<= {bar} x" if bar else "-", ratio <= bar if bar else None)


def mount_image(image, place):
    """A new ext4 in the file @image, mounted at @place; its loop device, or None where that cannot be."""
    subprocess.run(["fallocate", "-l", IMAGE_BYTES, image], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    done = subprocess.run(["losetup", "--find", "--show", "--direct-io=on", image], capture_output=True, text=True)
    loop = done.stdout.strip()
    if done.returncode == 0 and subprocess.run(["mount", loop, place]).returncode != 0:
        subprocess.run(["losetup", "-d", loop], check=False)
        return None
    return loop or None


@contextlib.contextmanager
def freezable():
    """A directory on a file system of its own, which can be frozen; None where that cannot be."""
    place = tempfile.mkdtemp(prefix="bench-", dir=".")
    image, loop = place + ".image", None
    try:
        if os.geteuid() == 0 and all(map(shutil.which, ("fsfreeze", "losetup", "mkfs.ext4"))):
            loop = mount_image(image, place)
        yield os.path.abspath(place) if loop else None
    finally:
        if loop:
            subprocess.run(["umount", place], check=False)
            subprocess.run(["losetup", "-d", loop], check=False)
        os.rmdir(place)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(image)


@contextlib.contextmanager
def stall(world, place):
    """The disk stands still."""
    if place:
        subprocess.run(["fsfreeze", "-f", place], check=True)
    else:
        world.taktd.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        if place:
            subprocess.run(["fsfreeze", "-u", place], check=True)
        else:
            world.taktd.send_signal(signal.SIGCONT)


def take_windows(world, place):
    """(is reference, begin, end) of windows of a second each, and what stands between them."""
    world.wait(world.regions, 10, "the region")
    time.sleep(2)
    rng = random.Random(1)
    times = []
    for _ in range(WINDOWS):
        for is_reference in rng.sample([True, False], 2):
            with contextlib.nullcontext() if is_reference else stall(world, place):
                begin = time.monotonic_ns()
                time.sleep(1)
                times.append((is_reference, begin, time.monotonic_ns()))
            time.sleep(SETTLE_S)
    return times


def stalled_or_not(place):
    cycles = int((2 + 2 * WINDOWS * (1.1 + SETTLE_S) + 3) * RATE)
    times = []
    with Bench(TASKS.format(cycles=cycles), arena="1GiB", log_dir=place and os.path.join(place, "logs")) as world:
        lost = world.run(cycles, before_end=lambda w: times.extend(take_windows(w, place)))
        begins, cost, late = world.samples("Q", 3)
    how = "file system frozen" if place else "taktd stopped"
    for name, values in (("cost of a cycle", cost), ("late start", late)):
        windows = [(is_reference, [v for at, v in zip(begins, values) if begin <= at < end])
                   for is_reference, begin, end in times]
        report_unchanged(f"disk stalls 1 s ({how}), {name}", windows)
    report("disk stalls 1 s, copperlists lost", f"{lost} of {cycles}", "arena of 4 s", f"{lost}", "-", None)


def main():
    recorded_or_not()
    with freezable() as place:
        stalled_or_not(place)


main()
