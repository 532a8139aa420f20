"""Opening a log and moving in it: with index chunks, without, and after a crash, against reading its bytes.

    open_log.py [GIB] [DIR]

From a cold page cache, in DIR (the current directory).
"""

import json
import subprocess
import sys

from judge import Spread, report
from world import program

#           open_log's name   what it is                                       bar
WHAT = {"small": ("16 MiB, closed in order", None),
        "indexed": ("closed in order", None),
        "unindexed": ("closed in order by a takt without index chunks", None),
        "cut-1MiB": ("cut, chunks of 1 MiB, no index chunk", 0.2),
        "cut": ("cut, chunks of 256 KiB, no index chunk", 0.2)}


def main():
    with subprocess.Popen([program("tests/bench/open_log"), *sys.argv[1:]], stdout=subprocess.PIPE,
                          text=True) as process:
        for line in process.stdout:
            row = json.loads(line)
            what, bar = WHAT[row["name"]]
            opened, warm, read = (Spread(row[k]) for k in ("cold_ms", "warm_ms", "read_ms"))
            ratio = opened.median / read.median
            report(f"opening a log of {row['gib']:.2f} GiB, {what}",
                   f"cold {opened.text('{:.2f}', ' ms')}, warm {warm.median:.2f} ms; seek "
                   f"{row['seek_cycle_us']:.2f} us by cycle, {row['seek_mono_us']:.2f} us by time",
                   "reading it " + read.text("{:.0f}", " ms"), f"{ratio:.3f} x",
                   f"<= {bar} x" if bar else "-", ratio <= bar if bar else None)


main()
