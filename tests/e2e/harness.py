"""What the end-to-end tests share: private directories, the three programs, TAP, reading a log back."""

import json
import mmap
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ.get("top_builddir", ".")
SOURCE = os.environ.get("top_srcdir", ".")


def program(name):
    return os.path.abspath(os.path.join(BUILD, name))


class Tap:
    """Run test functions; names are sentences."""

    def __init__(self):
        self.tests = []

    def test(self, function):
        self.tests.append(function)
        return function

    def main(self, only=None):
        tests = [t for t in self.tests if only is None or only in t.__name__]
        print(f"1..{len(tests)}", flush=True)
        failed = 0
        for number, test in enumerate(tests, 1):
            name = test.__name__.replace("_", " ")
            try:
                test()
                print(f"ok {number} - {name}", flush=True)
            except Skip as reason:
                print(f"ok {number} - {name} # SKIP {reason}", flush=True)
            except Exception:
                failed += 1
                print(f"not ok {number} - {name}", flush=True)
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}", flush=True)
        sys.exit(1 if failed else 0)


class Skip(Exception):
    pass


GRAPH = """takt: 1
name: {name}
plugins: [{plugin}]
runtime: {{rate: {rate}, overrun: {overrun}, stuck_after: {stuck}{runtime}}}
logging: {{flush: {flush}, sync: {sync}, segment: {segment}{logging}}}
tasks:
  - {{id: ticker, type: ticker, record: {record}, params: {{ballast: {ballast}}}}}
  - {{id: fault, type: fault, record: {record}, on_error: {on_error}, params: {{mode: {mode}, at: {at}, times: {times}}}}}
  - {{id: oracle, type: oracle, params: {{file: {oracle}, hang: {hang}}}}}
connections:
  - ticker -> fault
  - fault -> oracle
"""


class World:
    """A private run directory, log directory, graph and oracle file. Use as a context manager."""

    def __init__(self, **graph):
        self.dir = tempfile.mkdtemp(prefix="takt-e2e-")
        self.run_dir = tempfile.mkdtemp(prefix="takt-e2e-", dir="/dev/shm")
        self.log_dir = graph.pop("log_dir", os.path.join(self.dir, "logs"))
        self.oracle_path = os.path.join(self.run_dir, "oracle")	# on tmpfs: no write-back, no faults
        self.graph_path = os.path.join(self.dir, "graph.yaml")
        values = dict(name="kill", plugin=program("plugins/test_faults.so"), rate="1kHz",
                      overrun="skip", stuck="1s", runtime="", flush="20ms", sync="20ms",
                      segment="4MiB", logging=", arena: 16MiB", ballast=64, on_error="ignore", record="true", mode="none",
                      at=100, times=1, hang="none", oracle=self.oracle_path)
        values.update(graph)
        with open(self.graph_path, "w") as f:
            f.write(GRAPH.format(**values))
        with open(self.oracle_path, "wb") as f:
            f.write(bytes(24))
        self.processes = []
        self.taktd = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in self.processes:
            if p.poll() is None:
                p.kill()
                p.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def spawn(self, argv, env=None, **kw):
        # Fatal signals are takt-rt's own business, also under a sanitizer.
        asan = os.environ.get("ASAN_OPTIONS", "").replace("allow_user_segv_handler=0", "")
        asan = f"{asan}:allow_user_segv_handler=1:handle_sigfpe=0:handle_sigill=0:handle_abort=0"
        p = subprocess.Popen(argv, env=dict(os.environ, ASAN_OPTIONS=asan, **(env or {})), text=True,
                             stdin=subprocess.DEVNULL, **kw)
        self.processes.append(p)
        return p

    def start_rt(self, *args, env=None, **kw):
        return self.spawn([program("takt-rt"), "--run-dir", self.run_dir, "--log-dir", self.log_dir,
                           *args, self.graph_path], env=env, stderr=subprocess.PIPE, **kw)

    def start_taktd(self, *args, env=None):
        self.taktd = self.spawn([program("taktd"), "--run-dir", self.run_dir, "--exit-when-idle", *args],
                                env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return self.taktd

    def start_takt(self, *args, **kw):
        """takt run; also ends what it has started, when the world ends."""
        return self.spawn([program("takt"), "run", "--run-dir", self.run_dir, "--log-dir", self.log_dir,
                           *args, self.graph_path], stderr=subprocess.PIPE, **kw)

    def takt_log(self, *args):
        return subprocess.run([program("takt"), "log", *args], capture_output=True, text=True, timeout=60)

    def ending(self):
        """How the last run ended, as `takt log list` says it."""
        done = self.takt_log("list", "--log-dir", self.log_dir, "-o", "jsonl")
        return json.loads(done.stdout.splitlines()[-1])["ending"]

    def oracle(self):
        """(cycles counted, actuator's command, calls of failsafe)"""
        with open(self.oracle_path, "rb") as f:
            return struct.unpack("<QQQ", f.read(24))

    def wait_cycles(self, count, seconds=20):
        self.wait(lambda: self.oracle()[0] >= count, seconds, f"{count} cycles")

    def wait(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s for {what}")
            time.sleep(0.005)

    def regions(self):
        graph = os.path.join(self.run_dir, "kill")
        if not os.path.isdir(graph):
            return []
        return [os.path.join(graph, n) for n in os.listdir(graph) if re.fullmatch("[0-9a-f]{16}", n)]

    def wait_recorded(self, seconds=30):
        """Until all is on disk. A taktd that was idle for too long before the run began is started again."""
        def recorded():
            if self.regions() and self.taktd and self.taktd.poll() is not None:
                self.start_taktd()
            return not self.regions()
        self.wait(recorded, seconds, "taktd to finish and remove the region")

    def runs(self):
        if not os.path.isdir(self.log_dir):
            return []
        return sorted(os.path.join(self.log_dir, n) for n in os.listdir(self.log_dir)
                      if os.path.isdir(os.path.join(self.log_dir, n)))

    def read(self, path=None, live=False):
        argv = [program("tests/e2e/logdump"), path or self.runs()[-1]]
        if live:
            argv.append(self.run_dir)
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"logdump: {done.stderr}")
        return Log(done.stdout)


class Log:
    """What logdump printed."""

    def __init__(self, text):
        self.cycles, self.numbers, self.wrong = [], [], 0
        self.texts, self.events, self.damage = [], [], []
        self.state = None
        for line in text.splitlines():
            kind, rest = line[0], line[2:]
            if kind == "C":
                cycle, number, right, _ = rest.split()
                self.cycles.append(int(cycle))
                if number != "-":
                    self.numbers.append(int(number))
                    self.wrong += right != "1"
            elif kind == "T":
                cycle, level, task, message = rest.split(" ", 3)
                self.texts.append((int(cycle), level, task, message))
            elif kind == "L":
                cycle, name, task, a, b, c, d, message = rest.split(" ", 7)
                self.events.append((int(cycle), name, task, (int(a), int(b), int(c), int(d)), message))
            elif kind == "D":
                self.damage.append(rest)
            elif kind == "S":
                self.state, _, first, last = map(int, rest.split())
                self.span_ns = last - first

    def names(self):
        return [e[1] for e in self.events]

    def names_of_rt(self):
        """Without what taktd says of its own, which may come behind the last word of takt-rt."""
        return [n for n in self.names() if n not in ("recorder_recovered", "segment_rolled", "disk_full",
                                                     "disk_failed", "disk_recovered", "retention_deleted", "rt_gone")]

    def event(self, name):
        found = [e for e in self.events if e[1] == name]
        assert found, f"no {name} in {self.names()}"
        return found[0]

    def check_whole(self, least):
        """Ids contiguous from 0, each once, payloads right, at least `least` cycles."""
        lost = set()
        for e in self.events:
            if e[1] == "gap":
                lost.update(range(e[3][0], e[3][1] + 1))
        expected = [c for c in range(0, (self.cycles[-1] if self.cycles else -1) + 1)
                    if c not in lost]
        if self.cycles != expected:
            have, want = set(self.cycles), set(expected)
            raise AssertionError(
                f"missing {sorted(want - have)[:10]} doubled {len(self.cycles) - len(have)} "
                f"not in order {self.cycles != sorted(self.cycles)} of {len(self.cycles)}; "
                f"damage {self.damage[:3]}")
        assert self.wrong == 0, f"{self.wrong} payloads are wrong"
        assert len(self.cycles) + len(lost) >= least, \
            f"{len(self.cycles)} cycles in the log, the oracle has {least}"
