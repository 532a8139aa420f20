"""What is not meant well: closed descriptors, files that are cut, shared memory that others scribble on."""

import mmap
import os
import re
import signal
import struct
import subprocess
import time

from harness import Skip, Tap, World, program

tap = Tap()


def start_closed(world, argv):
    """Start @argv with descriptors 0, 1 and 2 closed."""
    p = subprocess.Popen(argv, preexec_fn=lambda: os.closerange(0, 3))
    world.processes.append(p)
    return p


class Shared:
    """The region of the one run of @world, to be scribbled on."""

    def __init__(self, world):
        self.path = world.regions()[0]
        with open(os.path.join(self.path, "control"), "r+b") as f:
            self.control = mmap.mmap(f.fileno(), 0)
        with open(os.path.join(self.path, "arena"), "r+b") as f:
            self.arena = mmap.mmap(f.fileno(), 0)
        self.section = {}
        for i in range(5):
            number, _, offset, _ = struct.unpack_from("<IIQQ", self.control, 40 + 24 * i)
            self.section[number] = offset

    def stream(self, number):
        """Where the stream's struct takt_stream_shared is."""
        return self.section[2] + 384 * number

    def positions(self, number):
        """(committed, sealed, released)"""
        at = self.stream(number)
        return struct.unpack_from("<QQ", self.control, at + 128) + \
            struct.unpack_from("<Q", self.control, at + 256)

    def set_position(self, number, which, value):
        offset = {"committed": 128, "sealed": 136, "released": 256}[which]
        struct.pack_into("<Q", self.control, self.stream(number) + offset, value)


def start_taktd(world, *args):
    return world.spawn([program("taktd"), "--run-dir", world.run_dir, "--exit-when-idle", *args],
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def is_stopped(process):
    with open(f"/proc/{process.pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0] == "T"


def complaints(said):
    """Lines of taktd but for the one that a user with a small RLIMIT_MEMLOCK gets."""
    return [line for line in said.splitlines() if "takes no registered memory" not in line]


@tap.test
def record_that_is_scribbled_on_before_its_commit_leads_nowhere():
    if os.environ.get("test_points") == "no":
        raise Skip("without --enable-test-points there is no place to stop at")
    with World() as world:
        rt = world.start_rt("--cycles", "1000", env={"TAKT_STOP_AT": "lane_before_commit:50"})
        world.wait(lambda: world.regions() and is_stopped(rt), 20, "the stop")
        taktd = world.start_taktd()
        shared = Shared(world)
        committed, sealed, _ = shared.positions(0)
        at = committed if committed > sealed else sealed + 128
        assert 0 < struct.unpack_from("<I", shared.arena, at)[0] < 100000
        struct.pack_into("<I", shared.arena, at, 0x7ffffff8)
        rt.send_signal(signal.SIGCONT)
        _, stderr = rt.communicate(timeout=20)
        assert rt.returncode == 0, (rt.returncode, stderr)
        world.wait_recorded()
        taktd.wait(30)
        log = world.read()
        assert log.cycles[-1] == 999 and len(log.cycles) > 900, (len(log.cycles), log.cycles[-1])


@tap.test
def scribbled_counters_are_not_repeated_in_the_journal():
    with World() as world:
        rt = world.start_rt()
        world.wait_cycles(10)
        taktd = start_taktd(world)
        shared = Shared(world)
        for number in range(20):
            for at in range(4, 56, 4):	# from the recorder's last_errno to its text_version
                struct.pack_into("<I", shared.control, shared.section[4] + at, number * 12345677)
            world.wait_cycles(world.oracle()[0] + 100)
        rt.send_signal(signal.SIGINT)
        assert rt.wait(20) == 0
        _, said = taktd.communicate(timeout=20)
        assert taktd.returncode == 0 and complaints(said) == [], (taktd.returncode, said)
        world.read().check_whole(world.oracle()[0])


@tap.test
def many_damaged_regions_keep_nobody_out():
    with World() as world:
        for number in range(200):
            path = os.path.join(world.run_dir, "a", f"{number:016x}")
            os.makedirs(path)
            for name in ("control", "arena"):
                with open(os.path.join(path, name), "wb") as f:
                    f.write(bytes(65536))
        taktd = start_taktd(world)
        rt = world.start_rt("--cycles", "500")
        assert rt.wait(20) == 0
        world.wait_recorded()
        world.read().check_whole(500)
        _, said = taktd.communicate(timeout=20)
        assert taktd.returncode == 0 and len(complaints(said)) == 200, (taktd.returncode, said[:1000])


def cut(name, size):
    """Truncate a file of a region while takt-rt and taktd run; another run goes on."""
    with World() as world, World() as other:
        other.run_dir, run_dir = world.run_dir, other.run_dir	# one taktd for both
        rt = world.start_rt()
        world.wait_cycles(50)
        region = world.regions()[0]
        beside = other.start_rt()
        other.wait_cycles(50)
        taktd = start_taktd(world)
        world.wait(lambda: len(world.runs()) + len(other.runs()) == 2, 20, "two recordings")
        world.wait_cycles(world.oracle()[0] + 100)
        os.truncate(os.path.join(region, name), size)
        other.wait_cycles(other.oracle()[0] + 300)
        counted = world.oracle()[0]
        beside.send_signal(signal.SIGINT)
        assert beside.wait(20) == 0
        if rt.poll() is None:
            rt.send_signal(signal.SIGINT)
            rt.wait(20)
        _, said = taktd.communicate(timeout=30)
        assert taktd.returncode == 0, (taktd.returncode, said)
        assert said.count("were cut") == 1, said
        assert world.oracle()[1:] == (0, 1), world.oracle()
        other.read().check_whole(other.oracle()[0])
        other.run_dir = run_dir
        return rt.returncode, counted


@tap.test
def cut_arena_stops_no_lane_and_no_taktd():
    for size in (0, 65536):
        code, counted = cut("arena", size)
        assert code == 0 and counted > 300, (code, counted)


@tap.test
def cut_control_page_stops_no_lane_and_no_taktd():
    for size in (0, 65536, 3 * 65536):
        code, counted = cut("control", size)
        assert code == 0 and counted > 300, (code, counted)


def hostile(mode, **graph):
    """A world whose task `fault` is of the type `hostile`."""
    world = World(mode=mode, plugin=program("plugins/test_faults.so") + ", " +
                  program("plugins/test_hostile.so"), **graph)
    with open(world.graph_path) as f:
        text = f.read()
    with open(world.graph_path, "w") as f:
        f.write(text.replace("type: fault", "type: hostile"))
    return world


def run_hostile(world):
    taktd = world.start_taktd()
    rt = world.start_rt("--cycles", "300")
    _, stderr = rt.communicate(timeout=30)
    world.wait_recorded(8)
    taktd.wait(30)
    return rt.returncode, stderr, world.read()


@tap.test
def forked_child_is_no_part_of_the_run():
    for mode in ("fork", "fork_crash", "fork_stay"):
        with hostile(mode) as world:
            code, stderr, log = run_hostile(world)
            assert code == 0, (mode, code, stderr)
            assert "panic" not in log.names(), (mode, log.names())
            assert world.oracle()[2] == 1, (mode, world.oracle())	# the sink's, at the end
            log.check_whole(300)


@tap.test
def broken_pipe_does_not_end_the_run():
    with hostile("sigpipe") as world:
        code, stderr, log = run_hostile(world)
        assert code == 0, (code, stderr)
        log.check_whole(300)


@tap.test
def interrupt_while_a_task_starts_ends_in_order():
    with hostile("start_slow") as world:
        taktd = world.start_taktd()
        rt = world.start_rt()
        world.wait(world.regions, 20, "the region")
        rt.send_signal(signal.SIGINT)
        assert rt.wait(20) == 0
        world.wait_recorded()
        taktd.wait(30)
        log = world.read()
        assert log.event("mission_stopped")[4] == "requested" and not log.cycles, log.events
        assert world.oracle() == (0, 0, 1), world.oracle()


@tap.test
def second_interrupt_ends_a_task_that_hangs_at_its_start():
    with hostile("new_hang") as world:
        rt = world.start_rt()
        world.wait(world.regions, 20, "the region")
        for _ in range(2):
            assert rt.poll() is None
            rt.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        assert rt.wait(5) == 128 + signal.SIGTERM


@tap.test
def plugin_that_ends_the_process_while_it_is_loaded_is_said():
    with hostile("none") as world:
        for how, text in (("exit", "called exit()"), ("abort", "crashed")):
            rt = world.start_rt("--check", env={"TAKT_TEST_CONSTRUCTOR": how},
                                stdout=subprocess.DEVNULL)
            _, stderr = rt.communicate(timeout=20)
            assert rt.returncode not in (0, None) and text in stderr, (rt.returncode, stderr)
            assert stderr.count("\n") == 1, stderr


@tap.test
def closed_standard_descriptors_are_not_given_to_other_files():
    with World() as world:
        rt = start_closed(world, [program("takt-rt"), "--run-dir", world.run_dir, "--log-dir",
                                  world.log_dir, world.graph_path])
        world.wait_cycles(5)
        taktd = start_closed(world, [program("taktd"), "--run-dir", world.run_dir, "--verbose",
                                     "--exit-when-idle"])
        world.wait_cycles(world.oracle()[0] + 200)
        for process in (rt, taktd):
            for fd in range(3):
                assert os.readlink(f"/proc/{process.pid}/fd/{fd}") == "/dev/null", fd
        rt.send_signal(signal.SIGINT)
        assert rt.wait(20) == 0
        world.wait_recorded()
        world.read().check_whole(world.oracle()[0])


def mount(path, size):
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path],
                          capture_output=True)
    if done.returncode != 0:
        raise Skip("a small tmpfs needs the right to mount")


@tap.test
def small_tmpfs_makes_a_small_arena_and_that_is_said():
    with World() as world:
        small = os.path.join(world.dir, "small")
        os.mkdir(small)
        mount(small, "4m")
        try:
            args = [program("takt-rt"), "--run-dir", small, "--log-dir", world.log_dir, "--cycles",
                    "10", world.graph_path]
            done = subprocess.run(args, stderr=subprocess.PIPE, text=True, timeout=20)
            assert done.returncode == 0 and "no room for the arena" in done.stderr, done
            mount(small, "256k")	# less than the least, which is about 1 MiB
            done = subprocess.run(args, stderr=subprocess.PIPE, text=True, timeout=20)
            least = re.search(r"\((\d+) KiB at least\)", done.stderr)
            assert done.returncode == 1 and 256 < int(least[1]) < 4096, done
        finally:
            while subprocess.run(["umount", "-l", small], capture_output=True).returncode == 0:
                pass


@tap.test
def closed_output_is_an_error():
    with World() as world:
        world.start_taktd()
        assert world.start_rt("--cycles", "10").wait(20) == 0
        world.wait_recorded()
        done = subprocess.run([program("takt"), "log", "list", "--log-dir", world.log_dir],
                              preexec_fn=lambda: os.close(1), stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1 and "cannot write" in done.stderr, done


tap.main()
