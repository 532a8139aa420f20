"""Disks, kernels and directories that refuse, stall, fill up or go away while a run is recorded.

What is always checked: the lane goes on, the loss is exactly what the log says, recording resumes by itself.
"""

import ctypes
import os
import platform
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

from harness import Skip, Tap, World, program

SANITIZED = os.environ.get("sanitizer", "no") != "no"
X86 = platform.machine() == "x86_64"
IO_URING_SETUP = 425
OPENAT, FALLOCATE = (257, 285) if X86 else (56, 47)
O_DIRECT = 0o40000 if X86 else 0o200000
EPERM, EINVAL, EOPNOTSUPP = 1, 22, 95
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_IPC_LOCK, CAP_SYS_RESOURCE = 1, 2, 14, 24

libc = ctypes.CDLL(None, use_errno=True)
tap = Tap()


def prctl(*args):
    if libc.prctl(*[ctypes.c_ulong(a) for a in args]) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def refuse(number, error, flag=None):
    """For preexec_fn: system call `number` gives `error`; with `flag`, when its third argument has that bit."""
    def instruction(code, yes, no, value):
        return struct.pack("HBBI", code, yes, no, value)

    code = instruction(0x20, 0, 0, 0)					# its number
    if flag is None:
        code += instruction(0x15, 0, 1, number)
    else:
        code += instruction(0x15, 0, 3, number)
        code += instruction(0x20, 0, 0, 32)				# low word of the argument
        code += instruction(0x45, 0, 1, flag)
    code += instruction(0x06, 0, 0, 0x00050000 | error)
    code += instruction(0x06, 0, 0, 0x7fff0000)
    filter_of_it = ctypes.create_string_buffer(code, len(code))
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(filter_of_it)))

    def install():
        assert filter_of_it
        prctl(38, 1, 0, 0, 0)						# no new privileges
        prctl(22, 2, ctypes.addressof(head), 0, 0)
    return install


def without(*capabilities):
    """For preexec_fn."""
    def drop():
        if os.geteuid() == 0:
            for capability in capabilities:
                prctl(24, capability, 0, 0, 0)
    return drop


class Taktd:
    """A taktd whose words are kept."""

    def __init__(self, world, *args, argv=(), preexec_fn=None):
        self.world = world
        self.is_wrapped = bool(argv)
        self.path = os.path.join(world.dir, "taktd.err")
        with open(self.path, "a") as err:
            self.process = world.spawn([*argv, program("taktd"), "--run-dir", world.run_dir,
                                        "--exit-when-idle", "--verbose", *args],
                                       stdout=subprocess.DEVNULL, stderr=err, preexec_fn=preexec_fn)
        world.taktd = self.process

    def said(self):
        with open(self.path) as f:
            return f.read()

    def wait_for(self, text, count=1, seconds=20):
        try:
            self.world.wait(lambda: self.said().count(text) >= count, seconds, f"taktd to say '{text}'")
        except AssertionError as e:
            raise AssertionError(f"{e}; it said: {self.said()}") from None

    def end(self, rt):
        """Stop the run, wait until all is recorded; returns the log."""
        rt.send_signal(signal.SIGINT)
        _, stderr = rt.communicate(timeout=30)
        assert rt.returncode == 0, stderr
        self.world.wait_recorded()
        if not self.is_wrapped:
            self.process.send_signal(signal.SIGTERM)	# it would be idle for 2 s first
        assert self.process.wait(30) == 0, self.said()
        return self.world.read()


def check_gaps(world, log, at_least_one=True):
    """Every cycle is in the log, or one of those that the log says are lost."""
    count = world.oracle()[0]
    gaps = [e for e in log.events if e[1] == "gap"]
    lost = sum(e[3][2] for e in gaps)
    assert not at_least_one or gaps
    assert lost + len(log.cycles) == count, (lost, len(log.cycles), count)
    log.check_whole(count)


def cycles_in(world, seconds):
    before = world.oracle()[0]
    time.sleep(seconds)
    return world.oracle()[0] - before


def record_with(preexec_fn, *words, **graph):
    with World(**graph) as world:
        rt = world.start_rt()
        taktd = Taktd(world, preexec_fn=preexec_fn)
        world.wait_cycles(300)
        taktd.wait_for("recording to")
        log = taktd.end(rt)
        for word in words:
            assert taktd.said().count(word) == 1, (word, taktd.said())
        log.check_whole(world.oracle()[0])
        assert not log.damage and "gap" not in log.names(), (log.damage, log.names())


# --- what the kernel does not give -----------------------------------------------------------------

@tap.test
def forbidden_io_uring_is_said_and_done_without():
    record_with(refuse(IO_URING_SETUP, EPERM), "io_uring is refused", "(pwrite direct)")


@tap.test
def refused_direct_writes_are_said_and_done_without():
    record_with(refuse(OPENAT, EINVAL, O_DIRECT), "direct writes are refused here", "(pwrite buffered)")


@tap.test
def log_directory_in_memory_is_as_good_as_any():
    directory = tempfile.mkdtemp(prefix="takt-e2e-", dir="/dev/shm")
    try:
        record_with(None, "recording to", log_dir=directory, ballast=8000)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@tap.test
def refused_preallocation_costs_nothing_but_speed():
    record_with(refuse(FALLOCATE, EOPNOTSUPP), "recording to", ballast=8000)


@tap.test
def small_limit_for_locked_memory_is_said_and_done_with():
    if SANITIZED:
        raise Skip("a sanitizer does not lock memory")

    def limit():
        without(CAP_IPC_LOCK, CAP_SYS_RESOURCE)()
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (8 << 20, 8 << 20))
    with World() as world:
        rt = world.start_rt()
        taktd = Taktd(world, preexec_fn=limit)
        world.wait_cycles(300)
        taktd.wait_for("recording to")
        taktd.end(rt).check_whole(world.oracle()[0])
        if "io_uring is refused" in taktd.said():
            raise Skip("no io_uring here")
        assert "raise the limit for locked memory" in taktd.said(), taktd.said()


# --- directories -----------------------------------------------------------------------------------

@tap.test
def directory_that_cannot_be_written_is_waited_for():
    with World() as world:
        os.mkdir(world.log_dir, 0o555)
        rt = world.start_rt()
        taktd = Taktd(world, preexec_fn=without(CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH))
        taktd.wait_for("Permission denied")
        world.wait_cycles(world.oracle()[0] + 300)
        os.chmod(world.log_dir, 0o755)
        taktd.wait_for("recording to")
        log = taktd.end(rt)
        log.check_whole(world.oracle()[0])
        assert "gap" not in log.names()


@tap.test
def directory_that_becomes_read_only_is_waited_for():
    with World(ballast=8000, logging=", arena: 64MiB") as world:
        rt = world.start_rt()
        taktd = Taktd(world, preexec_fn=without(CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH))
        taktd.wait_for("recording to")
        os.chmod(world.runs()[0], 0o555)
        taktd.wait_for("Permission denied")
        world.wait_cycles(world.oracle()[0] + 100)
        os.chmod(world.runs()[0], 0o755)
        taktd.wait_for("recording to", 2)
        log = taktd.end(rt)
        log.check_whole(world.oracle()[0])
        assert "gap" not in log.names()


@tap.test
def directory_that_is_deleted_is_made_again():
    with World(ballast=4000, logging=", arena: 64MiB") as world:
        rt = world.start_rt()
        taktd = Taktd(world)
        taktd.wait_for("recording to")
        world.wait_cycles(world.oracle()[0] + 200)
        shutil.rmtree(world.log_dir)
        before = world.oracle()[0]
        taktd.wait_for("removed while it was written to")
        taktd.wait_for("recording to", 2)
        world.wait_cycles(world.oracle()[0] + 200)
        log = taktd.end(rt)
        # What was on stable storage is gone, and that is said; all the rest is there.
        assert log.cycles == list(range(log.cycles[0], world.oracle()[0])), log.cycles[:3]
        assert 0 < log.cycles[0] < before + 500, (log.cycles[0], before)
        assert any("missing" in d for d in log.damage), log.damage
        assert log.wrong == 0


# --- disks -----------------------------------------------------------------------------------------

class SmallDisk:
    """An ext4 of 64 MiB in a file. As root, where there are loop devices."""

    def __init__(self):
        if os.geteuid() != 0:
            raise Skip("mounting a small disk needs root")
        tools = [t for t in ("mkfs.ext4", "losetup", "mount", "umount", "fsfreeze") if not shutil.which(t)]
        if tools:
            raise Skip(f"mounting a small disk needs {tools[0]}")
        self.dir = tempfile.mkdtemp(prefix="takt-disk-")
        self.path = os.path.join(self.dir, "mnt")
        self.image = os.path.join(self.dir, "image")
        os.mkdir(self.path)
        with open(self.image, "wb") as f:
            f.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", self.image], check=True)
        done = subprocess.run(["mount", "-o", "loop", self.image, self.path], capture_output=True, text=True)
        if done.returncode != 0:
            shutil.rmtree(self.dir)
            raise Skip("mounting a small disk needs loop devices")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["fsfreeze", "-u", self.path], capture_output=True)
        subprocess.run(["umount", "-l", self.path], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def fill(self):
        """Take all that is left."""
        with open(os.path.join(self.path, "filler"), "wb") as f:
            block = 1 << 20
            while block >= 4096:
                try:
                    os.posix_fallocate(f.fileno(), os.fstat(f.fileno()).st_size, block)
                except OSError:
                    block //= 2

    def empty(self):
        os.unlink(os.path.join(self.path, "filler"))

    def freeze(self):
        subprocess.run(["fsfreeze", "-f", self.path], check=True)

    def thaw(self):
        subprocess.run(["fsfreeze", "-u", self.path], check=True)


@tap.test
def full_disk_costs_exactly_what_the_log_says():
    with SmallDisk() as disk, World(log_dir=os.path.join(disk.path, "logs"), ballast=4000,
                                    logging=", arena: 4MiB") as world:
        rt = world.start_rt()
        taktd = Taktd(world)
        taktd.wait_for("recording to")
        disk.fill()
        taktd.wait_for("No space left on device")
        rate = cycles_in(world, 2)		# the arena holds one second
        disk.empty()
        taktd.wait_for("recording to", 2)
        world.wait_cycles(world.oracle()[0] + 300)
        log = taktd.end(rt)
        print(f"# {rate} cycles in 2 s while the disk was full")
        assert rate > 1000, rate
        check_gaps(world, log)


@tap.test
def stall_longer_than_the_arena_costs_exactly_what_the_log_says():
    with SmallDisk() as disk, World(log_dir=os.path.join(disk.path, "logs"), ballast=4000,
                                    logging=", arena: 4MiB") as world:
        rt = world.start_rt()
        taktd = Taktd(world)
        taktd.wait_for("recording to")
        world.wait_cycles(world.oracle()[0] + 200)
        disk.freeze()
        rate = cycles_in(world, 2.5)
        disk.thaw()
        world.wait_cycles(world.oracle()[0] + 300)
        log = taktd.end(rt)
        print(f"# {rate} cycles in 2.5 s while the disk stood still")
        assert rate > 1250, rate
        check_gaps(world, log)


@tap.test
def stall_that_the_arena_bridges_costs_nothing():
    with SmallDisk() as disk, World(log_dir=os.path.join(disk.path, "logs"), ballast=1000) as world:
        rt = world.start_rt()
        taktd = Taktd(world)
        taktd.wait_for("recording to")
        disk.freeze()
        time.sleep(1)
        disk.thaw()
        log = taktd.end(rt)
        log.check_whole(world.oracle()[0])
        assert "gap" not in log.names()


@tap.test
def failing_disk_costs_segments_and_no_cycle():
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    if SANITIZED:
        raise Skip("a sanitizer is not to be traced")
    for call in ("pwrite64", "fdatasync"):
        with World(ballast=4000, logging=", arena: 64MiB") as world:
            rt = world.start_rt()
            taktd = Taktd(world, "--backend", "direct",
                          argv=["strace", "-f", "-qq", "-o", os.path.join(world.dir, "trace"), "-e",
                                f"trace={call}", "-e", f"inject={call}:error=EIO:when=12..200+30"])
            taktd.wait_for("Input/output error", 1, 60)
            taktd.wait_for("recording to", 2, 60)
            log = taktd.end(rt)
            if "not permitted" in taktd.said():
                raise Skip("no right to trace")
            log.check_whole(world.oracle()[0])
            assert "gap" not in log.names()


# --- memory ----------------------------------------------------------------------------------------

def writer_faults(pid):
    """(minor, major) faults of taktd's writer thread so far."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat") as f:
            text = f.read()
        if "(takt-writer)" in text:
            fields = text.rpartition(")")[2].split()
            return int(fields[7]), int(fields[9])
    raise AssertionError("no thread called takt-writer")


def take_pages_away(pid):
    """What a kernel short of memory may do to every page that is not locked. Returns the bytes tried."""
    process_madvise, pidfd_open, pageout, tried = 440, 434, 21, 0
    fd = libc.syscall(pidfd_open, pid, 0)
    assert fd >= 0
    with open(f"/proc/{pid}/maps") as f:
        for line in f:
            begin, end = (int(x, 16) for x in re.match(r"(\w+)-(\w+)", line).groups())
            span = (ctypes.c_uint64 * 2)(begin, end - begin)
            done = libc.syscall(process_madvise, fd, span, ctypes.c_size_t(1), pageout, 0)
            tried += max(done, 0)
    os.close(fd)
    return tried


@tap.test
def writer_thread_takes_no_page_fault_when_memory_is_short():
    if os.geteuid() != 0:
        raise Skip("taking pages away needs root")
    if SANITIZED:
        raise Skip("a sanitizer does not lock memory")
    with World(ballast=4000, logging=", arena: 64MiB") as world:
        rt = world.start_rt()
        taktd = Taktd(world)
        taktd.wait_for("recording to")
        world.wait_cycles(world.oracle()[0] + 500)
        before = writer_faults(taktd.process.pid)
        tried = 0
        for _ in range(5):
            tried += take_pages_away(taktd.process.pid)
            world.wait_cycles(world.oracle()[0] + 300)
        after = writer_faults(taktd.process.pid)
        taktd.end(rt).check_whole(world.oracle()[0])
        print(f"# {tried >> 10} KiB not locked; faults before {before}, after {after}")
        assert after == before, (before, after)


tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
