"""SIGKILL of taktd and of takt-rt at every state transition: what was committed is in the log, once.

The transitions are the TAKT_TEST_POINTs of the sources, so a new one is tested without another word here.
`kill_points.py NAME` tries the points with NAME in their name only.
"""

import os
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from harness import SOURCE, Tap, World

# After an error only; tests/unit/write_fault_test has them.
NEEDS_AN_ERROR = {"writer_give_up", "segment_poison", "segment_poisoned"}
# After weeks only; tests/unit/write_carry_test has it.
NEEDS_A_LARGE_FILE = {"carry_written_anew"}
# What retention does.
DELETES = ("carry_", "retention_")
COUNTS = (1, 4)
AT_ONCE = 4		# most of the time they wait

tap = Tap()


def points():
    found = []
    for folder in ("logs/write", "rt/main", "rt/engine"):
        for name in sorted(os.listdir(os.path.join(SOURCE, folder))):
            if name.endswith(".c"):
                with open(os.path.join(SOURCE, folder, name), encoding="utf-8") as f:
                    found += re.findall(r'TAKT_TEST_POINT\("(\w+)"\)', f.read())
    return found


def kill_rt_at(point, count):
    """Returns whether takt-rt came to the point; taktd records what it left."""
    with World(ballast=3000) as world:
        world.start_taktd()
        rt = world.start_rt("--cycles", "200", env={"TAKT_KILL_AT": f"{point}:{count}"})
        rt.communicate(timeout=60)
        counted = world.oracle()[0]
        if rt.returncode == -signal.SIGKILL and point != "rt_before_publish":
            world.wait_recorded()
            log = world.read()
            log.check_whole(counted - 1)
            assert not log.damage, log.damage
        return rt.returncode == -signal.SIGKILL


def kill_at(point, count):
    """Returns whether taktd came to the point."""
    if point.startswith(("lane_", "rt_")):
        return kill_rt_at(point, count)
    deletes = point.startswith(DELETES)
    logging = ", arena: 16MiB" + (", retention: {max_size: 8MiB}" if deletes else "")
    with World(ballast=16000, logging=logging) as world:
        rt = world.start_rt()
        world.wait_cycles(1)
        taktd = world.start_taktd(env={"TAKT_KILL_AT": f"{point}:{count}"})
        end = time.monotonic() + (3 if deletes else 0.6)
        while taktd.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        reached = taktd.poll() == -signal.SIGKILL
        if reached:		# in the middle of the run: another goes on
            world.start_taktd()
            time.sleep(0.1)
        rt.send_signal(signal.SIGINT)
        assert rt.wait(20) == 0
        end = time.monotonic() + 10
        while not reached and world.regions() and time.monotonic() < end:
            time.sleep(0.005)
            reached = taktd.poll() == -signal.SIGKILL
        if not reached and not world.regions():
            reached = taktd.wait(10) == -signal.SIGKILL
        if reached:
            world.start_taktd()
            world.wait_recorded()
        assert not world.regions(), f"a region is left, taktd: {taktd.poll()}, reached: {reached}"
        log = world.read()
        if deletes:		# what was deleted is not lost, and no event is, nor is one there twice
            assert log.cycles == list(range(log.cycles[0], world.oracle()[0]))
            assert log.names().count("instantiated") == 1 and log.names().count("mission_started") == 1
            rolled = [e[3][0] for e in log.events if e[1] == "segment_rolled"]
            assert rolled[0] == 1 and len(rolled) == len(set(rolled)), rolled
        else:
            log.check_whole(world.oracle()[0])
        assert log.names_of_rt()[-1] == "shutdown_completed", log.names()[-3:]
        assert not log.damage, log.damage
        return reached


def add(point, tries):
    def test():
        reached = [t.result() for t in tries]
        assert reached[0] or point in NEEDS_AN_ERROR | NEEDS_A_LARGE_FILE, "nobody came to it"

    test.__name__ = f"killed_at_{point}_loses_nothing"
    tap.test(test)


if os.environ.get("test_points") == "no":
    print("1..0 # SKIP configure with --enable-test-points")
    sys.exit(0)
names = [n for n in points() if len(sys.argv) < 2 or sys.argv[1] in n]
assert len(names) == len(set(names)), "names of test points are not unique"
with ThreadPoolExecutor(AT_ONCE) as pool:
    for name in names:
        add(name, [pool.submit(kill_at, name, count) for count in COUNTS])
    tap.main()
