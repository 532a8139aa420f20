"""What the lane's thread does to the system: one kind of system call, or none; no page fault.

    lane.py [SECONDS]
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from harness import Skip, Tap, World, program

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2
SANITIZED = os.environ.get("sanitizer", "no") != "no"
tap = Tap()


def trace(runtime):
    """System calls of the lane between its first and last cycle."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    if SANITIZED:
        raise Skip("a sanitizer makes calls of its own")
    with World(runtime=runtime) as world:
        prefix = os.path.join(world.dir, "trace")
        cycles = int(SECONDS * 1000)
        taktd = world.start_taktd()
        done = subprocess.run(
            ["strace", "-ff", "-qq", "-o", prefix, program("takt-rt"), "--run-dir", world.run_dir,
             "--log-dir", world.log_dir, "--cycles", str(cycles), world.graph_path],
            capture_output=True, text=True, timeout=60 + 20 * SECONDS)
        if "ptrace" in done.stderr and "not permitted" in done.stderr:
            raise Skip("no right to trace")
        assert done.returncode == 0, done.stderr
        world.wait_recorded()
        taktd.wait(30)
        world.read().check_whole(cycles)
        for path in glob.glob(prefix + ".*"):
            with open(path) as f:
                lines = f.read().splitlines()
            if any('PR_SET_NAME, "lane0"' in line for line in lines):
                return [re.match(r"(\w+)\(|(---|\+\+\+)", line).group(0) for line in lines], cycles
        raise AssertionError("no thread called lane0")


@tap.test
def sleeping_lane_makes_one_kind_of_system_call():
    calls, cycles = trace("")
    sleeps = [i for i, c in enumerate(calls) if c == "clock_nanosleep("]
    between = set(calls[sleeps[0]:sleeps[-1] + 1])
    print(f"# {len(sleeps)} sleeps in {cycles} cycles, between them {between}")
    assert between == {"clock_nanosleep("}, between
    assert len(sleeps) <= cycles + 1


@tap.test
def spinning_lane_makes_no_system_call():
    calls, cycles = trace(", wait: spin")
    begin = calls.index("gettid(")
    end = next(i for i, c in enumerate(calls) if i > begin and c in ("---", "rt_sigprocmask(", "exit(",
                                                                      "madvise(", "munmap(", "+++"))
    print(f"# after gettid: {calls[begin + 1:]}, {cycles} cycles")
    assert end == begin + 1, calls[begin:end]


def lane_faults(pid):
    """(minor, major) faults of the thread lane0 so far."""
    for path in glob.glob(f"/proc/{pid}/task/*/stat"):
        with open(path) as f:
            text = f.read()
        if "(lane0)" in text:
            fields = text.rpartition(")")[2].split()
            return int(fields[7]), int(fields[9])
    raise AssertionError("no thread called lane0")


@tap.test
def lane_takes_no_page_fault_on_rare_paths_with_cold_caches():
    if os.geteuid() != 0:
        raise Skip("dropping the page cache and locking memory need root")
    if SANITIZED:
        raise Skip("a sanitizer does not lock memory")
    with World(mode="all", at=600, logging=", arena: 1MiB", ballast=3000) as world:
        taktd = world.start_taktd()
        rt = world.start_rt()
        world.wait_cycles(100)
        before = lane_faults(rt.pid)
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w") as f:
            f.write("3")
        taktd.send_signal(signal.SIGKILL)	# the recorder is lost, the arena fills: gaps
        taktd.wait()
        world.wait_cycles(1500)
        taktd = world.start_taktd()
        world.wait_cycles(world.oracle()[0] + 500)
        after = lane_faults(rt.pid)
        rt.send_signal(signal.SIGINT)
        _, stderr = rt.communicate(timeout=10)
        world.wait_recorded()
        taktd.wait(30)
        log = world.read()
        if "memory is not locked" in stderr:
            raise Skip("memory could not be locked")
        for name in ("gap", "overrun", "task_failed", "events_lost", "recorder_lost"):
            log.event(name)
        print(f"# faults before {before}, after {after}")
        assert after == before, (before, after)


@tap.test
def strict_refuses_and_names_all_that_is_missing():
    with open("/sys/devices/system/cpu/isolated") as f:
        if f.read().strip():
            raise Skip("a CPU is isolated")
    with World(rate="0Hz", runtime=", strict: true") as world:
        rt = world.start_rt("--cycles", "10")
        _, stderr = rt.communicate(timeout=30)
        assert rt.returncode == 1 and not world.regions(), rt.returncode
        assert "strict: true" in stderr and stderr.count("\n") == 1, stderr
        assert "isolcpus=" in stderr and "would freeze the machine" in stderr, stderr


tap.main()
