"""The writer: how fast, and what of a CPU it takes, against a plain writer of the same bytes.

    write.py [REPETITIONS [MEBIBYTES [DIRECTORY]]]

write_bench says what its modes are. They and fio are shuffled in each repetition, and each waits until the disk has
done with what the one before left to do: freeing a gigabyte costs the next one a tenth.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time

from judge import Spread, report
from world import program

MODES = ("plain", "crc", "alone", "lane", "rolled")
SETTLE_S = 0.5
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
MEBIBYTES = int(sys.argv[2]) if len(sys.argv) > 2 else 1024
DIRECTORY = sys.argv[3] if len(sys.argv) > 3 else "."


def fio():
    """MB/s of fio's writer of the same kind, 1 MiB and 4 in flight."""
    path = os.path.join(DIRECTORY, "write_bench.fio")
    done = subprocess.run(
        ["fio", "--name=w", f"--filename={path}", "--rw=write", "--bs=1m", "--ioengine=io_uring", "--iodepth=4",
         "--direct=1", "--fixedbufs", "--registerfiles", f"--size={MEBIBYTES}m", "--fallocate=posix",
         "--end_fsync=1", "--output-format=json"], capture_output=True, text=True, timeout=300)
    os.unlink(path)
    return json.loads(done.stdout)["jobs"][0]["write"]["bw_bytes"] / 1e6 if done.returncode == 0 else None


def settle():
    os.sync()
    time.sleep(SETTLE_S)


def measure(mode, found):
    settle()
    if mode == "fio":
        mbs = fio()
        found.setdefault(mode, []).extend([(mbs, 0)] if mbs else [])
        return
    done = subprocess.run([program("tests/bench/write_bench"), mode, str(MEBIBYTES), DIRECTORY],
                          stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    found.setdefault(mode, []).append(tuple(float(v) for v in done.stdout.split()))


def main():
    rng = random.Random(1)
    modes = MODES + (("fio",) if shutil.which("fio") else ())
    found = {}
    for _ in range(REPETITIONS):
        for mode in rng.sample(modes, len(modes)):
            measure(mode, found)
    mbs = {mode: Spread([v for v, _ in values]) for mode, values in found.items()}
    cpu = {mode: Spread([v for _, v in values]) for mode, values in found.items()}
    plain = mbs["plain"]
    for mode, bar, what in (("alone", 0.9, "the writer alone"), ("lane", None, "with the producing lane"),
                            ("rolled", None, "with the lane and segments of 256 MiB")):
        ratio = mbs[mode].median / plain.median
        report(f"recorded to disk, {what}", mbs[mode].text("{:.0f}", " MB/s"),
               "plain writer " + plain.text("{:.0f}", " MB/s"), f"{ratio:.2f} x", f">= {bar} x" if bar else "-",
               ratio >= bar if bar else None)
    if found.get("fio"):
        ratio = mbs["alone"].median / mbs["fio"].median
        report("recorded to disk, the writer alone, against fio", mbs["alone"].text("{:.0f}", " MB/s"),
               "fio " + mbs["fio"].text("{:.0f}", " MB/s"), f"{ratio:.2f} x", "-", None)
    for mode in ("alone", "lane"):
        ratio = cpu[mode].median / (cpu["plain"].median + cpu["crc"].median)
        report(f"CPU of the writer a GiB, {mode}", cpu[mode].text("{:.0f}", " ms"),
               f"plain writer {cpu['plain'].text('{:.0f}', ' ms')} + CRC {cpu['crc'].text('{:.0f}', ' ms')}",
               f"{ratio:.2f} x",
               "<= 1.25 x" if mode == "alone" else "-", ratio <= 1.25 if mode == "alone" else None)


main()
