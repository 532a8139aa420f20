"""The lane's side of a Python task, with a host that is none: whatever it does, the loop goes on."""

import glob
import json
import os
import re
import signal
import subprocess
import time

from harness import Skip, Tap, World, program

SANITIZED = os.environ.get("sanitizer", "no") != "no"
tap = Tap()

GRAPH = """takt: 1
name: python
plugins: [{plugin}]
runtime: {{rate: {rate}{runtime}}}
logging: {{flush: 20ms, sync: 20ms, arena: 16MiB}}
tasks:
  - {{id: source, type: hello_source}}
  - {{id: py, python: {{script: body.py, wait: {wait}{python}}}, inputs: {{number: hello_number}},
     outputs: {{sum: hello_number}}, state: hello_number, params: {{gain: 2.5, name: x}}{task}}}
  - {{id: sink, type: hello_sink, level: error}}
connections:
  - source -> py.number
  - py.sum -> sink
"""


class Python(World):
    def __init__(self, rate="1kHz", runtime="", wait="none", python="", task=""):
        super().__init__()
        with open(os.path.join(self.dir, "body.py"), "w") as f:
            f.write("def process(ctx, input, state, output): pass\n")
        with open(self.graph_path, "w") as f:
            f.write(GRAPH.format(plugin=program("plugins/hello.so"), rate=rate, runtime=runtime, wait=wait,
                                 python=python, task=task))

    def region(self, seconds=10):
        """Where the region is, once it is published."""
        top = os.path.join(self.run_dir, "python")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            names = [n for n in (os.listdir(top) if os.path.isdir(top) else []) if not n.startswith(".")]
            if names:
                return os.path.join(top, names[0])
            time.sleep(0.005)
        raise AssertionError("no region")

    def run(self, *fake, cycles=1000, rt=(), prefix=(), timeout=60):
        """The whole run with a fake host; returns (exit code, stderr, the copperlists)."""
        taktd = self.start_taktd("--no-python")
        rt = self.spawn([*prefix, program("takt-rt"), "--run-dir", self.run_dir, "--log-dir", self.log_dir,
                         "--cycles", str(cycles), *rt, self.graph_path], stderr=subprocess.PIPE)
        self.host = None
        if fake:
            self.host = self.spawn([program("tests/e2e/fake_python"), self.region(), "py", *fake],
                                   stdout=subprocess.PIPE)
        _, stderr = rt.communicate(timeout=timeout)
        taktd.wait(30)
        return rt.returncode, stderr, self.lists()

    def log(self, *args):
        done = self.takt_log(*args, "--log-dir", self.log_dir)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def lists(self):
        return [json.loads(line) for line in self.log("copperlists", "latest", "-o", "jsonl").splitlines()]

    def events(self):
        return [json.loads(line) for line in self.log("lifecycle", "latest", "-o", "jsonl").splitlines()]

    def names(self):
        return [e["event"] for e in self.events()]


def messages(lists, task, port):
    """(cycle, message) of each that is there."""
    return [(c["cycle"], m) for c in lists for m in c["messages"] if m["task"] == task and m["port"] == port]


@tap.test
def answer_of_this_cycle_is_there_with_wait_cycle():
    with Python(wait="cycle", python=", timeout: 100ms", rate="100Hz") as w:
        code, stderr, lists = w.run("right", cycles=100)
        assert code == 0, stderr
        assert "prototype: Python on the live path" in stderr, stderr
        sums, states = messages(lists, "py", "sum"), messages(lists, "py", "state")
        assert [c for c, _ in sums] == list(range(100)), sums[:5]
        assert all(m["payload"]["value"] == 43 for _, m in sums)
        assert [m["payload"]["value"] for _, m in states] == list(range(1, 101))
        described = w.host.stdout.read().split()
        assert described[0] == "py" and described[1].endswith("/body.py") and described[2:6] == \
            ["hello_number", "1", "1", "hello_number"], described
        assert described[6] == '{"gain":2.5,"name":"x"}' and described[8] == "ok", described
        assert "prototype" in w.names()


@tap.test
def first_output_is_absent_and_origins_are_right_with_wait_none():
    with Python(rate="200Hz") as w:
        code, stderr, lists = w.run("right", cycles=200)
        assert code == 0, stderr
        sums = messages(lists, "py", "sum")
        assert sums[0][0] == 1, sums[0]
        assert len(sums) > 150, len(sums)
        starts = {c["cycle"]: c for c in lists}
        for cycle, m in sums:
            origin = cycle - m["age"]
            assert 1 <= m["age"] < 20 and origin in starts, m
        assert [m["payload"]["value"] for _, m in messages(lists, "py", "state")] == list(range(1, len(sums) + 1))


for mode in ("never", "garbage", "wrong", "wild", "scribble"):
    def run(mode=mode):
        for wait in ("none", "cycle"):
            with Python(wait=wait, python=", timeout: 200us", task=", on_error: ignore") as w:
                code, stderr, lists = w.run(mode, cycles=500)
                assert code == 0, (mode, wait, stderr)
                assert [c["cycle"] for c in lists] == list(range(500)), (mode, wait)
                print(f"# {mode}, wait: {wait}: {len(messages(lists, 'py', 'sum'))} outputs, "
                      f"{sorted(n for n in set(w.names()) if 'python' in n)}")
    run.__name__ = f"loop_goes_on_when_the_host_does_{mode}"
    tap.test(run)


@tap.test
def file_that_is_cut_under_the_lane_does_not_end_the_run():
    with Python() as w:
        code, stderr, lists = w.run("cut", cycles=1000)
        assert code == 0, stderr
        assert len(lists) == 1000, len(lists)


@tap.test
def late_answers_are_dropped_and_counted():
    with Python(wait="cycle", python=", timeout: 300us", rate="200Hz") as w:
        code, stderr, lists = w.run("late", "8000", cycles=200)
        assert code == 0, stderr
        assert not messages(lists, "py", "sum"), messages(lists, "py", "sum")[:3]
        assert w.names().count("python_timeout") == 1, w.names()
        waits = [t["end_ns"] - t["begin_ns"] for c in lists for t in c["tasks"] if t["task"] == "py" and t["ran"]]
        assert 50 < len(waits) <= 100, len(waits)	# the others found the call before still on its way
        assert min(waits) >= 300000, min(waits)
        print(f"# waits of {min(waits)} to {max(waits)} ns")


@tap.test
def check_status_and_record_say_that_it_is_a_prototype():
    with Python() as w:
        done = subprocess.run([program("takt"), "check", w.graph_path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "prototype: Python on the live path: py\n" in done.stdout, done.stdout
        assert "mode process, transport cbor, wait none" in done.stdout, done.stdout
        plan = json.loads(subprocess.run([program("takt"), "check", "--json", w.graph_path], capture_output=True,
                                         text=True, timeout=60).stdout)
        assert plan["prototype"] == "prototype: Python on the live path"
        task = next(t for t in plan["tasks"] if t["id"] == "py")
        assert task["exec"] == "python" and task["python"]["wait"] == "none", task
        assert task["params"] == {"gain": 2.5, "name": "x"}, task
        w.start_taktd("--no-python")
        rt = w.start_rt()
        w.spawn([program("tests/e2e/fake_python"), w.region(), "py", "right"], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        row = None
        while time.monotonic() < end and not (row and row["python"] and row["python"][0]["taken"] > 100):
            time.sleep(0.05)
            done = subprocess.run([program("takt"), "status", "--run-dir", w.run_dir, "-o", "json"],
                                  capture_output=True, text=True, timeout=20)
            rows = json.loads(done.stdout)
            row = rows[0] if rows else None
        assert row["python"][0]["task"] == "py" and row["python"][0]["phase"] == "ready", row
        assert row["python"][0]["missed"] == 0 and row["python"][0]["round_trip_ns_max"] > 0, row
        done = subprocess.run([program("takt"), "status", "--run-dir", w.run_dir], capture_output=True, text=True,
                              timeout=20)
        assert "prototype: Python on the live path" in done.stdout and "python    py: ready" in done.stdout, done.stdout
        rt.send_signal(signal.SIGINT)
        rt.communicate(timeout=10)
        assert rt.returncode == 0
        assert "prototype" in w.log("info", "latest")


@tap.test
def strict_graph_refuses_python_unless_it_is_allowed():
    with Python(runtime=", strict: true") as w:
        done = subprocess.run([program("takt"), "check", w.graph_path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "graph.yaml:8:" in done.stderr and "allow_python: true" in done.stderr, done
    with Python(runtime=", strict: true, allow_python: true") as w:
        done = subprocess.run([program("takt"), "check", w.graph_path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


@tap.test
def errors_are_errors_of_the_task():
    with Python(task=", on_error: shutdown") as w:
        code, stderr, lists = w.run("error", cycles=5000)
        assert code == 70, (code, stderr)
        assert len(lists) < 100
        assert "task_failed" in w.names()
    with Python(wait="cycle", python=", timeout: 50ms", rate="100Hz") as w:
        code, stderr, lists = w.run("some-errors", "10", cycles=100)
        assert code == 0, stderr
        sums = [c for c, _ in messages(lists, "py", "sum")]
        assert sums == [c for c in range(100) if (c + 1) % 10], sums
        assert w.names().count("task_failed") == 10 and w.names().count("task_recovered") >= 9, w.names()


@tap.test
def task_that_has_failed_for_good_is_an_error_in_each_cycle():
    with Python() as w:
        code, stderr, lists = w.run("failed", cycles=100)
        assert code == 0, stderr
        assert not messages(lists, "py", "sum")
        assert w.names().count("task_failed") == 1, w.names()
    with Python(task=", on_error: shutdown") as w:
        code, stderr, lists = w.run("failed", cycles=100)
        assert code == 1 and "task `py`: start failed" in stderr, (code, stderr)


@tap.test
def host_that_is_killed_in_a_call_leaves_the_last_good_state_and_another_goes_on():
    with Python(rate="200Hz") as w:
        taktd = w.start_taktd("--no-python")
        rt = w.start_rt("--cycles", "400")
        fake = [program("tests/e2e/fake_python"), w.region(), "py"]
        dead = w.spawn([*fake, "die", "50"], stdout=subprocess.DEVNULL)
        assert dead.wait(20) == -signal.SIGKILL
        w.spawn([*fake, "right"], stdout=subprocess.DEVNULL)
        _, stderr = rt.communicate(timeout=30)
        assert rt.returncode == 0, stderr
        taktd.wait(30)
        states = [m["payload"]["value"] for _, m in messages(w.lists(), "py", "state")]
        # The fake keeps its state before it dies, and the other one answers the same call.
        assert states[:49] == list(range(1, 50)) and 51 in states and max(states) > 100, states[:60]
        assert -286331154 not in states


@tap.test
def nobody_answers_and_the_run_begins_without():
    with Python(python=", start_timeout: 300ms") as w:
        code, stderr, lists = w.run(cycles=200)
        assert code == 0, stderr
        assert len(lists) == 200 and not messages(lists, "py", "sum")


@tap.test
def in_virtual_time_every_run_is_the_same():
    for wait, first in (("none", 1), ("cycle", 0)):
        runs = []
        for delay in ("0", "3000"):
            with Python(wait=wait, python=", timeout: 100us") as w:
                code, stderr, lists = w.run("late", delay, cycles=50, rt=("--virtual", "--seed", "7"))
                assert code == 0, stderr
                sums = messages(lists, "py", "sum")
                assert [c for c, _ in sums] == list(range(first, 50)), (wait, delay, sums[:3])
                runs.append([json.dumps(c, sort_keys=True) for c in lists])
        assert runs[0] == runs[1], wait


def traced(wait, runtime="", cycles=1000):
    """System calls of the lane's thread between its first and last cycle."""
    if SANITIZED:
        raise Skip("a sanitizer makes calls of its own")
    with Python(wait=wait, python=", timeout: 500us", runtime=runtime) as w:
        prefix = os.path.join(w.dir, "trace")
        try:
            code, stderr, _ = w.run("right", cycles=cycles, prefix=["strace", "-ff", "-qq", "-o", prefix],
                                    timeout=120)
        except FileNotFoundError:
            raise Skip("strace is not installed")
        if "not permitted" in stderr:
            raise Skip("no right to trace")
        assert code == 0, stderr
        for name in os.listdir(w.dir):
            if name.startswith("trace."):
                with open(os.path.join(w.dir, name)) as f:
                    lines = f.read().splitlines()
                if any('PR_SET_NAME, "lane0"' in line for line in lines):
                    return [re.match(r"(\w+)\(|(---|\+\+\+)", line).group(0) for line in lines]
        raise AssertionError("no thread called lane0")


@tap.test
def posting_and_taking_adds_no_system_call_with_wait_none():
    calls = traced("none")
    sleeps = [i for i, c in enumerate(calls) if c == "clock_nanosleep("]
    assert set(calls[sleeps[0]:sleeps[-1] + 1]) == {"clock_nanosleep("}
    assert len(sleeps) <= 1001, len(sleeps)


@tap.test
def waiting_adds_short_sleeps_and_no_other_call_with_wait_cycle():
    calls = traced("cycle", cycles=300)
    sleeps = [i for i, c in enumerate(calls) if c == "clock_nanosleep("]
    assert set(calls[sleeps[0]:sleeps[-1] + 1]) == {"clock_nanosleep("}
    print(f"# {len(sleeps)} sleeps in 300 cycles")


@tap.test
def spinning_lane_waits_without_system_calls():
    calls = traced("cycle", ", wait: spin", cycles=200)
    assert "clock_nanosleep(" not in calls[calls.index("gettid("):], calls


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
def lane_takes_no_page_fault_while_the_host_comes_fails_and_goes():
    if SANITIZED:
        raise Skip("a sanitizer does not lock memory")
    with Python(wait="cycle", python=", timeout: 300us") as w:
        w.start_taktd("--no-python")
        rt = w.start_rt()
        fake = [program("tests/e2e/fake_python"), w.region(), "py"]
        host = w.spawn([*fake, "right"], stdout=subprocess.DEVNULL)
        wait_for_cycles(w, 500)
        before = lane_faults(rt.pid)
        for mode in ("garbage", "wild", "some-errors"):
            host.kill()
            host.wait()
            host = w.spawn([*fake, mode, "3"], stdout=subprocess.DEVNULL)
            wait_for_cycles(w, 300)
        after = lane_faults(rt.pid)
        rt.send_signal(signal.SIGINT)
        _, stderr = rt.communicate(timeout=20)
        if "memory is not locked" in stderr:
            raise Skip("memory could not be locked")
        assert after == before, (before, after)


def wait_for_cycles(world, more):
    """Until the run in @world has gone on by so many cycles."""
    def cycles():
        done = subprocess.run([program("takt"), "status", "--run-dir", world.run_dir, "-o", "json"],
                              capture_output=True, text=True, timeout=20)
        rows = json.loads(done.stdout)
        return rows[0]["cycles"] if rows else 0

    until = cycles() + more
    end = time.monotonic() + 20
    while cycles() < until:
        assert time.monotonic() < end, "the run stands still"
        time.sleep(0.02)


if __name__ == "__main__":
    import sys
    tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
