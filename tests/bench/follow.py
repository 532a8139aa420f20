"""How soon a record of a run that goes on is seen by another process: bar, 2 ms in the median.

    follow.py [SECONDS]

The reader library and `takt log copperlists -f`, at several rates; the recorder rolls segments under them and
is killed and started again twice. Lag from commit (library) or from the cycle's start (the command) to when
the reader has it, the follower's CPU, and what it missed or saw twice (must be 0).
"""

import json
import os
import subprocess
import sys
import time

from judge import report
from world import World, program

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 10
BAR_US = 2000
#        name                 rate     ballast  segment  restarts
CASES = [("1 kHz x 64 B",     "1kHz",  64,      "4MiB",  0),
         ("1 kHz x 4 KiB",    "1kHz",  4096,    "4MiB",  2),
         ("100 Hz x 64 B",    "100Hz", 64,      "4MiB",  2),
         ("0.5 Hz x 64 B",    "0.5Hz", 64,      "4MiB",  0)]


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def disturb(world, restarts):
    """Kill and restart the recorder, spread over the time."""
    for _ in range(restarts):
        time.sleep(SECONDS / (restarts + 1))
        world.taktd.kill()
        world.taktd.wait()
        time.sleep(0.3)
        world.start_taktd()


def once(way, rate, ballast, segment, restarts):
    with World(rate=rate, ballast=ballast, segment=segment, logging=", arena: 64MiB") as world:
        world.start_taktd()
        world.start_rt()
        world.wait(lambda: world.runs() and any(n.endswith(".takt") for n in os.listdir(world.runs()[-1]))
                   and world.oracle()[0] >= 1, 20, "the run's first segment")
        path = world.runs()[-1]
        if way == "library":
            reader = world.spawn([program("tests/bench/follow"), path, world.run_dir, str(SECONDS)],
                                 stdout=subprocess.PIPE)
        else:
            info = json.loads(world.takt_log("info", path, "-o", "json").stdout)
            follower = world.spawn([program("takt"), "log", "copperlists", "-f", path, "--run-dir",
                                    world.run_dir, "-o", "jsonl"], stdout=subprocess.PIPE)
            reader = subprocess.Popen([program("tests/bench/follow"), "--lines",
                                       str(info["run_start_mono_ns"]), str(SECONDS)],
                                      stdin=follower.stdout, stdout=subprocess.PIPE, text=True)
            world.processes.append(reader)
        disturb(world, restarts)
        if way == "library":
            found = json.loads(reader.communicate(timeout=SECONDS + 60)[0])
        else:
            time.sleep(max(0, SECONDS - 1 - 0.3 * restarts))
            cpu = cpu_s(follower.pid)
            found = json.loads(reader.communicate(timeout=SECONDS + 60)[0])
            found["cpu_percent"] = 100 * cpu / SECONDS
        return found


def main():
    for name, *case in CASES:
        for way in ("library", "command"):
            f = once(way, *case)
            report(f"following {name}, {way}",
                   f"{f['p50_us']:.0f} us p50, {f['p99_us']:.0f} p99, {f['max_us']:.0f} max, n={f['count']}; "
                   f"missing {f['missing']}, doubled {f['doubled']}", "the commit",
                   f"{f['cpu_percent']:.1f} % of a core", f"<= {BAR_US} us p50, none missing",
                   f["p50_us"] <= BAR_US and f["missing"] == 0 and f["doubled"] == 0)


main()
