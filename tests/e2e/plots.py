"""Statistics for plots, which taktd makes beside closed segments when nothing else is to be done."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/e2e"))
from harness import Tap, World  # noqa: E402

tap = Tap()


def names(world, suffix):
    return sorted(n for n in os.listdir(world.runs()[-1]) if n.endswith(suffix)) if world.runs() else []


def record(world, cycles):
    world.start_taktd()
    rt = world.start_rt("--cycles", str(cycles))
    world.wait_recorded()
    assert rt.wait(timeout=20) == 0
    return world.taktd


@tap.test
def closed_segments_get_statistics_and_the_run_is_not_kept_alive():
    with World(rate="500Hz", ballast=16384, logging=", arena: 32MiB") as world:
        taktd = record(world, 700)
        world.wait(lambda: len(names(world, ".takt")) >= 3 and
                   names(world, ".stats") == [n + ".stats" for n in names(world, ".takt")], 30, "statistics")
        assert taktd.wait(timeout=20) == 0
        world.read().check_whole(700)


@tap.test
def statistics_that_are_missing_after_a_crash_are_made():
    with World(rate="500Hz", ballast=16384, logging=", arena: 64MiB") as world:
        world.start_taktd()
        rt = world.start_rt("--cycles", "1500")
        world.wait(lambda: len(names(world, ".stats")) >= 1, 30, "the first statistics")
        world.taktd.kill()
        world.taktd.wait()
        for name in names(world, ".stats"):
            with open(os.path.join(world.runs()[-1], name), "r+b") as f:
                f.truncate(70)
        world.start_taktd()
        world.wait_recorded()
        assert rt.wait(timeout=20) == 0
        run = world.runs()[-1]
        world.wait(lambda: names(world, ".stats") == [n + ".stats" for n in names(world, ".takt")] and
                   all(os.path.getsize(os.path.join(run, n)) > 70 for n in names(world, ".stats")),
                   30, "statistics of all segments")
        world.read().check_whole(1500)


@tap.test
def the_thread_for_statistics_gives_way_to_all_others():
    with World() as world:
        taktd = world.start_taktd()

        def threads():
            found = {}
            for tid in os.listdir(f"/proc/{taktd.pid}/task"):
                with open(f"/proc/{taktd.pid}/task/{tid}/comm") as f:
                    found[f.read().strip()] = int(tid)
            return found
        world.wait(lambda: "takt-stats" in threads(), 10, "the thread")
        tid = threads()["takt-stats"]
        world.wait(lambda: os.sched_getscheduler(tid) == os.SCHED_IDLE, 10, "SCHED_IDLE")
        assert os.getpriority(os.PRIO_PROCESS, tid) == 19
        world.wait(lambda: subprocess.run(["ionice", "-p", str(tid)], capture_output=True,
                                          text=True).stdout.strip() == "idle", 10, "idle I/O")
        began = time.monotonic()
        taktd.terminate()
        assert taktd.wait(timeout=10) == 0 and time.monotonic() - began < 5


tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
