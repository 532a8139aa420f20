"""A call of the text log (int, int, double), and one of a disabled level.

    text.py [REPETITIONS]

Once a millisecond on a real-time thread: 20 calls between two stamps (their mean is "the call"; the counter steps
by up to 20 ns, too coarse for one), a millisecond later 20 calls one by one, of which the first finds the caches
as the rest of the machine left them: reported beside. The reference is one read of the counter in the same run, and
spdlog's asynchronous logger measured in the same way.
"""

import os
import random
import subprocess
import sys

from judge import Spread, percentile, report
from world import Bench, program

CYCLES = 2000
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
CALLS = ("p50", "p99.9", "single p99.9")
SPDLOG = program("tests/bench/spdlog_bench")
TASKS = f"""tasks:
  - {{id: text, type: bench_text, params: {{cycles: {CYCLES}, file: {{file}}}}}}
"""


def takt(found):
    with Bench(TASKS, rate="1kHz") as world:
        world.run(2 * CYCLES + 10)
        read, disabled, means, *singles = world.samples("f", 23)
    found["read"].append(percentile(sorted(read), 0.5))
    found["disabled"].append(percentile(sorted(disabled), 0.5))
    found["p50"].append(percentile(sorted(means), 0.5))
    found["p99.9"].append(percentile(sorted(means), 0.999))
    found["single p99.9"].append(percentile(sorted(v for one in singles for v in one), 0.999))


def spdlog(found):
    with Bench(TASKS) as world:
        done = subprocess.run([SPDLOG, str(CYCLES), os.path.join(world.dir, "spdlog")], capture_output=True,
                              text=True, timeout=120, check=True)
    rows = [[float(v) for v in line.split()] for line in done.stdout.splitlines()]
    found["spdlog p50"].append(percentile(sorted(row[0] for row in rows), 0.5))
    found["spdlog p99.9"].append(percentile(sorted(row[0] for row in rows), 0.999))
    found["spdlog single p99.9"].append(percentile(sorted(v for row in rows for v in row[1:]), 0.999))


def main():
    rng = random.Random(1)
    kinds = [takt, spdlog] if os.path.exists(SPDLOG) else [takt]
    lists = {k: [] for k in ("read", "disabled", *CALLS, *("spdlog " + name for name in CALLS))}
    for _ in range(REPETITIONS):
        for kind in rng.sample(kinds, len(kinds)):
            kind(lists)
    found = {name: Spread(values) for name, values in lists.items()}
    read = found["read"]
    shown = {name: spread.text(unit=" ns") for name, spread in found.items()}
    report("text log call, p50", shown["p50"], "TSC read " + shown["read"],
           f"{found['p50'].median / read.median:.2f} x, {found['p50'].median - 1.5 * read.median:+.1f} ns over 1.5 x",
           "<= 1.5 x + 5 ns", found["p50"].median <= 1.5 * read.median + 5)
    ratio = found["p99.9"].median / read.median
    report("text log call, p99.9", shown["p99.9"], "TSC read " + shown["read"], f"{ratio:.1f} x", "<= 20 x", ratio <= 20)
    ratio = found["single p99.9"].median / read.median
    report("text log call, one by one, p99.9", shown["single p99.9"], "TSC read " + shown["read"], f"{ratio:.1f} x", "-",
           None)
    ratio = found["disabled"].median / read.median
    report("text log call of a disabled level", found["disabled"].text("{:.2f}", " ns"), "TSC read " + shown["read"],
           f"{ratio:.3f} x", "<= 0.1 x", ratio <= 0.1)
    for name in CALLS:
        if spdlog in kinds:
            ratio = found[name].median / found[f"spdlog {name}"].median
            judged = name != "single p99.9"
            report(f"text log call, {name}, against spdlog", shown[name], "spdlog async " + shown[f"spdlog {name}"],
                   f"1/{1 / ratio:.0f}", "<= 1/50" if judged else "-", ratio <= 1 / 50 if judged else None)
        else:
            report(f"text log call, {name}, against spdlog", shown[name], "libspdlog-dev is not installed", "-",
                   "<= 1/50", None)


main()
