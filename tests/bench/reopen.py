"""Opening a log after a crash, a gibibyte long, against reading its bytes; both from a cold page cache.

    reopen.py [REPETITIONS]

takt-rt and taktd are killed while they record, and their shared memory is removed: what is on the disk is all there is.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

from judge import Spread, report
from world import Bench, program

BYTES = 65536
RATE = 4000		# 256 MiB a second
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
TASKS = f"""tasks:
  - {{id: src, type: bench_source, params: {{bytes: {BYTES}}}}}
  - {{id: pace, type: bench_pace, params: {{period: {10**9 // RATE}ns, file: {{file}}}}}}
"""


def main():
    opens, reads = [], []
    with Bench(TASKS, arena="512MiB") as world:
        world.start_idle_taktd()
        world.start_rt()
        world.wait(world.regions, 10, "the region")
        time.sleep((1 << 30) / (RATE * BYTES) + 0.5)
        for process in world.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        shutil.rmtree(os.path.join(world.run_dir, "kill"))
        for _ in range(REPETITIONS):
            done = subprocess.run([program("tests/bench/reopen_bench"), world.runs()[-1]], stdout=subprocess.PIPE,
                                  text=True, timeout=120, check=True)
            open_ms, read_ms, size, records = (float(v) for v in done.stdout.split())
            gib = size / (1 << 30)
            opens.append(open_ms / gib)
            reads.append(read_ms / gib)
    print(f"  {gib:.2f} GiB, {records:.0f} records")
    opened, read = Spread(opens), Spread(reads)
    ratio = opened.median / read.median
    report("reopening after a crash, a GiB, cold", opened.text(unit=" ms"), "reading it " + read.text(unit=" ms"),
           f"{ratio:.3f} x", "<= 0.2 x", ratio <= 0.2)


main()
