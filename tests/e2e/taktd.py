"""taktd as a program: one per run directory, its end, its stop, its ways to the disk, systemd."""

import fcntl
import os
import resource
import signal
import socket
import stat
import struct
import subprocess
import time

from harness import Tap, World, program

tap = Tap()


def taktd(world, *args, env=None):
    return subprocess.Popen([program("taktd"), "--run-dir", world.run_dir, *args], text=True,
                            env=dict(os.environ, **(env or {})), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def holds_the_lock(world):
    """Whether somebody holds taktd.lock."""
    path = os.path.join(world.run_dir, "taktd.lock")
    if not os.path.exists(path):
        return False
    with open(path, "r+b") as f:
        ask = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        f_ofd_getlk = 36
        return struct.unpack("hhqqi4x", fcntl.fcntl(f, f_ofd_getlk, ask))[0] != fcntl.F_UNLCK


def end(process, code, seconds=20):
    said = process.communicate(timeout=seconds)[1]
    assert process.returncode == code, (process.returncode, said)
    return said


def stop_run(world, rt):
    rt.send_signal(signal.SIGINT)
    assert rt.wait(20) == 0
    world.wait_recorded()


def segments(world):
    run = world.runs()[-1]
    return [os.path.join(run, n) for n in sorted(os.listdir(run)) if n.endswith(".takt")]


def flags(segment):
    with open(segment, "rb") as f:
        return struct.unpack_from("<QII", f.read(4096))[2]


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as f:
        field = f.read().rpartition(")")[2].split()
    return int(field[11]) + int(field[12])


CLEAN, LAST, COUNTED = 1, 2, 32


@tap.test
def second_one_says_that_one_runs():
    with World() as world:
        first = taktd(world)
        world.wait(lambda: holds_the_lock(world), 10, "the lock")
        assert "one is running" in end(taktd(world), 1)
        assert "one is running" in end(taktd(world, "--exit-when-idle"), 0)
        first.send_signal(signal.SIGTERM)
        end(first, 0)


@tap.test
def idle_one_ends_after_two_seconds():
    with World() as world:
        began = time.monotonic()
        end(taktd(world, "--exit-when-idle"), 0)
        assert 1.9 < time.monotonic() - began < 6


@tap.test
def no_run_is_left_behind_by_an_idle_one_that_ends():
    # Each round a run appears around the moment when the taktd before gives up.
    with World() as world:
        before = None
        for wait in (1.6, 1.75, 1.9, 2.05):
            if before:
                time.sleep(wait)
            rt = world.start_rt("--cycles", "100")
            world.wait(lambda: world.regions() or rt.poll() is not None, 20, "the region")
            began = taktd(world, "--exit-when-idle")
            assert rt.wait(30) == 0
            world.wait_recorded()
            for process in (before, began):
                if process and process.poll() not in (None, 0):
                    raise AssertionError(process.communicate()[1])
            before = began if began.poll() is None else before
        assert len(world.runs()) == 4
        for run in world.runs():
            world.read(run).check_whole(100)


@tap.test
def stopped_one_closes_in_order_and_the_next_goes_on():
    with World() as world:
        rt = world.start_rt()
        world.wait_cycles(50)
        for number in range(3):
            process = taktd(world)
            world.wait_cycles(world.oracle()[0] + 200)
            process.send_signal(signal.SIGTERM if number % 2 else signal.SIGINT)
            end(process, 0)
            assert [flags(s) for s in segments(world)] == [CLEAN] * (number + 1)
        taktd(world, "--exit-when-idle")
        time.sleep(0.2)
        stop_run(world, rt)
        assert [flags(s) for s in segments(world)] == [CLEAN] * 3 + [CLEAN | LAST | COUNTED]
        log = world.read()
        log.check_whole(world.oracle()[0])
        assert not log.damage, log.damage


@tap.test
def run_that_died_before_is_recovered():
    with World() as world:
        rt = world.start_rt()
        world.wait_cycles(100)
        rt.kill()
        rt.wait()
        said = end(taktd(world, "--exit-when-idle", "--verbose"), 0)
        assert "all is recorded" in said, said
        assert not world.regions()
        world.read().check_whole(world.oracle()[0] - 1)


@tap.test
def each_way_to_the_disk_records():
    for way, name in (("direct", "pwrite direct"), ("buffered", "pwrite buffered"), ("auto", "(")):
        with World() as world:
            rt = world.start_rt()
            world.wait(world.regions, 20, "the region")	# or an idle taktd leaves before
            process = taktd(world, "--exit-when-idle", "--verbose", "--backend", way)
            world.wait_cycles(200)
            stop_run(world, rt)
            said = end(process, 0)
            assert name in said, said
            world.read().check_whole(world.oracle()[0])


@tap.test
def wrong_usage_is_said():
    with World() as world:
        assert "--backend" in end(taktd(world, "--backend", "tape"), 2)
        assert "--frobnicate" in end(taktd(world, "--frobnicate"), 2)
        assert "argument" in end(taktd(world, "here"), 2)


@tap.test
def run_directory_that_others_can_write_is_refused():
    with World() as world:
        os.chmod(world.run_dir, 0o777)
        assert "--run-dir" in end(taktd(world), 1)
        os.chmod(world.run_dir, 0o700)
        link = world.run_dir + "-link"
        os.symlink(world.run_dir, link)
        try:
            assert "--run-dir" in end(taktd(world, "--run-dir", link), 1)
        finally:
            os.unlink(link)


@tap.test
def connection_that_cannot_be_taken_costs_no_cpu():
    with World() as world:
        process = taktd(world)
        world.processes.append(process)
        path = os.path.join(world.run_dir, "taktd.sock")
        world.wait(lambda: os.path.exists(path), 20, "the socket")
        before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(10)
            client.connect(path)
            client.send(b"nonsense")
            ran_ticks = cpu_ticks(process.pid)
            time.sleep(1)
            ran_ticks = cpu_ticks(process.pid) - ran_ticks
            assert ran_ticks < os.sysconf("SC_CLK_TCK") // 4, ran_ticks
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
            assert client.recv(200).startswith(b"error ")
        process.terminate()
        end(process, 0)


@tap.test
def damaged_region_is_said_once_and_does_not_keep_it():
    with World() as world:
        path = os.path.join(world.run_dir, "kill", "0123456789abcdef")
        os.makedirs(path)
        for name in ("control", "arena"):
            with open(os.path.join(path, name), "wb") as f:
                f.write(bytes(65536))
        said = end(taktd(world, "--exit-when-idle"), 0)
        assert said.count("0123456789abcdef") == 1, said


@tap.test
def full_disk_is_waited_for_and_nothing_is_lost():
    # A limit on file size refuses writes and new segments until it is lifted.
    with World(ballast=8000, logging=", arena: 128MiB") as world:
        rt = world.start_rt()
        world.wait_cycles(1)
        process = taktd(world, "--exit-when-idle")
        world.wait_cycles(world.oracle()[0] + 100)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100000, resource.RLIM_INFINITY))
        world.wait_cycles(world.oracle()[0] + 500)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        world.wait_cycles(world.oracle()[0] + 1000)
        stop_run(world, rt)
        said = end(process, 0)
        assert "File too large" in said and "recording again" in said, said
        log = world.read()
        log.check_whole(world.oracle()[0])
        assert "gap" not in log.names(), log.names()


@tap.test
def systemd_hears_of_start_and_stop():
    with World() as world:
        path = os.path.join(world.dir, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(path)
            listener.settimeout(10)
            process = taktd(world, env={"NOTIFY_SOCKET": path})
            assert listener.recv(100) == b"READY=1"
            assert stat.S_IMODE(os.stat(world.run_dir).st_mode) == 0o700
            process.send_signal(signal.SIGTERM)
            assert listener.recv(100) == b"STOPPING=1"
            end(process, 0)


tap.main()
