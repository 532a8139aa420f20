"""Following a run from other processes: every record once and soon, whatever recorder and files do meanwhile."""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/e2e"))
from harness import Tap, World, program  # noqa: E402

tap = Tap()


def has_segment(world):
    return world.runs() and any(n.endswith(".takt") for n in os.listdir(world.runs()[-1]))


def follow(world):
    return world.spawn([program("takt"), "log", "copperlists", "-f", world.runs()[-1], "--run-dir",
                        world.run_dir, "--since", "0s"],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def cycles_of(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and err == "", (process.returncode, err)
    return [int(n) for n in re.findall(r"^ *[0-9.]+ #(\d+) took", out, re.M)]


@tap.test
def followers_see_each_cycle_once_across_rolls_and_killed_recorders():
    # 4 MiB segments of 32 KiB cycles: two rolls a second; the ring holds what nobody records
    with World(rate="250Hz", ballast=16384, logging=", arena: 32MiB") as world:
        world.start_taktd()
        world.start_rt("--cycles", "1000")
        world.wait(lambda: has_segment(world), 20, "the first segment")
        early = follow(world)
        for _ in range(2):
            world.wait_cycles(world.oracle()[0] + 250)
            world.taktd.kill()
            world.taktd.wait()
            world.wait_cycles(world.oracle()[0] + 50)
            late = follow(world)	# begins while nobody records
            world.start_taktd()
        early_cycles, late_cycles = cycles_of(early), cycles_of(late)
        world.wait_recorded()
        segments = len([n for n in os.listdir(world.runs()[-1]) if n.endswith(".takt")])
        assert segments >= 5, segments
        assert "gap" not in world.read().names()
    assert early_cycles == list(range(1000)), (len(early_cycles), early_cycles[:3], early_cycles[-3:])
    assert late_cycles == list(range(1000)), (len(late_cycles), late_cycles[:3], late_cycles[-3:])


@tap.test
def a_follower_maps_nothing_that_it_could_write():
    with World(rate="100Hz") as world:
        world.start_taktd()
        world.start_rt()
        world.wait(lambda: has_segment(world), 20, "the first segment")
        process = follow(world)
        process.stdout.readline()
        with open(f"/proc/{process.pid}/maps") as maps:
            shared = [line.split() for line in maps if world.run_dir in line]
        assert shared and all(fields[1] == "r--s" for fields in shared), shared
        for fd in os.listdir(f"/proc/{process.pid}/fd"):
            target = os.readlink(f"/proc/{process.pid}/fd/{fd}")
            if world.run_dir in target or world.log_dir in target:
                with open(f"/proc/{process.pid}/fdinfo/{fd}") as info:
                    flags = int(info.read().split("flags:")[1].split()[0], 8)
                assert flags & os.O_ACCMODE == os.O_RDONLY, (target, oct(flags))


@tap.test
def a_follower_of_a_quiet_run_sleeps():
    with World(rate="0.2Hz") as world:
        world.start_taktd()
        world.start_rt()
        world.wait(lambda: has_segment(world), 20, "the first segment")
        process = follow(world)
        process.stdout.readline()
        time.sleep(1.2)

        def switches():
            with open(f"/proc/{process.pid}/status") as f:
                return int(f.read().split("\nvoluntary_ctxt_switches:")[1].split()[0])
        before = switches()
        time.sleep(1)
        # It looks each 1.5 ms, where one that has news looks each millisecond.
        assert switches() - before <= 800, switches() - before


tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
