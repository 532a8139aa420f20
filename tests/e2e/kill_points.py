"""SIGKILL of takt-rt and of taktd at every state transition that the sources name.

    kill_points.py [POINT]

Needs --enable-test-points. The points are read from the sources, so a new one is tested at once; each is
hit the first and the fifth time. After the kill the program comes back (taktd) or is left dead (takt-rt),
and the log must have every committed cycle, once.
"""

import glob
import os
import re
import signal
import sys

from harness import SOURCE, Skip, Tap, World

# Reached only when the disk fails: tests/unit/write_*_test.c kill there.
FAILING_DISK = {"writer_give_up", "segment_poison", "segment_poisoned"}
tap = Tap()


def points():
    found = set()
    for folder in ("rt", "logs"):
        for path in glob.glob(os.path.join(SOURCE, folder, "**", "*.c"), recursive=True):
            with open(path) as f:
                found |= set(re.findall(r'^\s*TAKT_TEST_POINT\("(\w+)"\)', f.read(), re.M))
    return sorted(found - FAILING_DISK)


def kill_rt(point, count):
    with World(ballast=3000) as world:
        taktd = world.start_taktd()
        rt = world.start_rt("--cycles", "200", env={"TAKT_KILL_AT": f"{point}:{count}"})
        rt.communicate(timeout=30)
        counted = world.oracle()[0]
        if rt.returncode != -signal.SIGKILL:
            return False
        if not world.runs() and not world.regions():
            assert counted == 0
            return True
        world.wait_recorded()
        taktd.wait(30)
        world.read().check_whole(counted - 1)
        return True


def kill_taktd(point, count):
    # 60 KB a cycle fill a segment in 70 cycles: rolls are reached too
    with World(ballast=60000, logging=", arena: 64MiB") as world:
        taktd = world.start_taktd(env={"TAKT_KILL_AT": f"{point}:{count}"})
        rt = world.start_rt("--cycles", "400")
        try:
            taktd.wait(6)
        except Exception:
            taktd.kill()
            rt.communicate(timeout=30)
            return False
        again = world.start_taktd()
        _, stderr = rt.communicate(timeout=30)
        assert rt.returncode == 0, stderr
        world.wait_recorded(60)
        again.wait(30)
        log = world.read()
        log.check_whole(400)
        assert not log.damage, log.damage
        assert log.names()[-1] == "shutdown_completed"
        return taktd.returncode == -signal.SIGKILL


def test_of(point):
    def test():
        rt = point.startswith(("lane_", "rt_"))
        hits = [count for count in (1, 5) if (kill_rt if rt else kill_taktd)(point, count)]
        print(f"# {point}: killed at {hits}")
        assert hits, "the point was never reached"
    test.__name__ = f"killed_at_{point}_nothing_committed_is_missing"
    return test


if os.environ.get("test_points") != "yes":
    print("1..0 # SKIP built without --enable-test-points")
    sys.exit(77)
for name in points():
    tap.test(test_of(name))
tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
