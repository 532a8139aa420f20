"""SIGKILL of taktd, takt-rt or both, at random moments: what was committed is in the log, once.

    kill.py [ROUNDS [SEED [BYTES-PER-SECOND]]]

With the third argument taktd's disk is throttled to that (cgroup v1 blkio, root).

The oracle's counter is stamped by the last task of a cycle, before the lane commits it: the log must have
every cycle before the last stamped one; that one only if its commit came before the kill.
"""

import os
import random
import signal
import sys
import time

from harness import Tap, World

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 20261121
SLOW = int(sys.argv[3]) if len(sys.argv) > 3 else 0
SLICE = "/sys/fs/cgroup/blkio/takt-kill"
tap = Tap()
rng = random.Random(SEED)
print(f"# {ROUNDS} rounds each, seed {SEED}", flush=True)


def throttle(world):
    """Let everything that taktd writes go through a slow disk."""
    os.makedirs(SLICE, exist_ok=True)
    device = os.stat(world.dir).st_dev
    with open("/sys/dev/block/%d:%d/dev" % (os.major(device), os.minor(device))) as f:
        number = f.read().strip()
    with open(f"{SLICE}/blkio.throttle.write_bps_device", "w") as f:
        f.write(f"{number} {SLOW}")


def start_taktd(world):
    taktd = world.start_taktd()
    if SLOW:
        throttle(world)
        with open(f"{SLICE}/cgroup.procs", "w") as f:
            f.write(str(taktd.pid))
    return taktd


def finish(world, taktd):
    """After takt-rt has ended: have everything recorded; returns the log."""
    if taktd is None or taktd.poll() is not None:
        taktd = start_taktd(world)
    world.wait_recorded(120)
    taktd.wait(30)
    return world.read()


def one_round(kill_rt, kill_taktd):
    ballast = rng.choice([0, 64, 3000] if SLOW else [0, 64, 3000, 40000])
    with World(ballast=ballast) as world:
        taktd = start_taktd(world)
        rt = world.start_rt()
        world.wait_cycles(1)
        time.sleep(rng.uniform(0.02, 0.5))
        if kill_taktd:
            taktd.send_signal(signal.SIGKILL)
        if kill_rt:
            rt.send_signal(signal.SIGKILL)
            rt.wait(10)
        if kill_taktd:
            taktd.wait(10)
            time.sleep(rng.uniform(0, 0.2))
            if not kill_rt:
                taktd = start_taktd(world)
                time.sleep(rng.uniform(0, 0.3))
        if not kill_rt:
            rt.send_signal(signal.SIGINT)
            assert rt.wait(10) == 0
        counted = world.oracle()[0]
        log = finish(world, taktd)
        log.check_whole(counted - 1)
        if not kill_rt:
            log.check_whole(counted)
            assert log.names_of_rt()[-1] == "shutdown_completed", log.names()[-3:]
        assert not log.damage, log.damage


@tap.test
def killed_taktd_comes_back_and_nothing_is_missing():
    for _ in range(ROUNDS):
        one_round(kill_rt=False, kill_taktd=True)


@tap.test
def killed_takt_rt_leaves_every_committed_cycle():
    for _ in range(ROUNDS):
        one_round(kill_rt=True, kill_taktd=False)


@tap.test
def killed_both_leave_every_committed_cycle():
    for _ in range(ROUNDS):
        one_round(kill_rt=True, kill_taktd=True)


tap.main()
