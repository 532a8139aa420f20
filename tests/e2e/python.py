"""Tasks in Python, in processes of their own: values, waiting, faults of the script, restarts. Prints TAP."""

import glob
import json
import math
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/e2e"))
from harness import SOURCE, Tap, World, program  # noqa: E402

PYTHON = os.environ.get("PYTHON3", "/usr/bin/python3")
tap = Tap()

TASKS = """takt: 1
name: kill
plugins: [{shapes}]
runtime: {{rate: {rate}, overrun: skip, stuck_after: 30s}}
logging: {{flush: 20ms, sync: 20ms, segment: 4MiB, arena: 16MiB}}
types:
  answer:
    fields: [{{name: value, type: i64}}, {{name: ratio, type: f64}}, {{name: calls, type: u32}}]
  memory:
    fields: [{{name: calls, type: u32}}]
tasks:
  - {{id: count, type: count}}
  - id: py
    python: {{script: task.py, interpreter: "{python}", {settings}}}
    inputs: {{number: number}}
    outputs: {{answer: answer}}
    state: memory
    params: {{dir: "{dir}"}}
connections: [count.number -> py.number]
"""

ECHO = """
def process(ctx, input, state, output):
    state.calls += 1
    output.payload.value = input.payload.value
    output.payload.calls = state.calls
"""


class Python(World):
    """A graph with one Python task, or, with `graph`, any."""

    def __init__(self, script=ECHO, settings="wait: none", rate="200Hz", graph=None):
        super().__init__()
        text = graph or TASKS.format(shapes=program("plugins/test_shapes.so"), rate=rate, python=PYTHON,
                                     settings=settings, dir=self.dir)
        with open(self.graph_path, "w") as f:
            f.write(text)
        with open(os.path.join(self.dir, "task.py"), "w") as f:
            f.write(script)

    def record(self, *args, seconds=60):
        """Run to the end; the exit code."""
        self.start_taktd()
        rt = self.start_rt(*args)
        _, self.stderr = rt.communicate(timeout=seconds)
        self.wait_recorded()
        return rt.returncode

    def jsonl(self, *args):
        done = self.takt_log(*args, "-o", "jsonl", self.runs()[-1])
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def messages(self, port):
        """(cycle, message) of the port, and the number of cycles."""
        cycles = self.jsonl("copperlists")
        return [(c["cycle"], m) for c in cycles for m in c["messages"] if m["port"] == port], len(cycles)

    def slot(self):
        found = glob.glob(os.path.join(self.run_dir, "kill", "[0-9a-f]*", "py-py"))
        return found[0] if found else None


def children(pid):
    return [int(p) for p in open(f"/proc/{pid}/task/{pid}/children").read().split()] + \
        [int(c) for t in os.listdir(f"/proc/{pid}/task") if int(t) != pid
         for c in open(f"/proc/{pid}/task/{t}/children").read().split()]


def session_of(leader):
    """Living processes of the session that @leader led."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = open(stat).read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.split("/")[2]))
    return found


# --- values ---------------------------------------------------------------------------------------------


def demo(world, settings, rate):
    """The demo's graph with other settings, scripts and plug-ins by their path."""
    with open(os.path.join(SOURCE, "pyhost/examples/demo/demo.yaml")) as f:
        text = f.read()
    script = os.path.abspath(os.path.join(SOURCE, "pyhost/examples/demo/demo.py"))
    for old, new in (("script: demo.py, wait: cycle, timeout: 8ms",
                      f'script: "{script}", interpreter: "{PYTHON}", {settings}'),
                     ("rate: 100Hz", f"rate: {rate}, stuck_after: 30s"), ("name: python_demo", "name: kill"),
                     ("plugins: [python_demo.so]", f"plugins: [{program('plugins/python_demo.so')}]")):
        assert old in text, old
        text = text.replace(old, new)
    with open(world.graph_path, "w") as f:
        f.write(text)


def check_demo(world, cycles):
    """What copper's demo gives: doubled 2, 4, 6 …; calls 1, 2, 3 …; total 1, 3, 6 …; last_tag 1, 2, 3 …"""
    summary, count = world.messages("summary")
    totals, _ = world.messages("totals")
    assert count == cycles, count
    assert [(c, m["payload"]["doubled"], m["payload"]["tag"], m["payload"]["calls"]) for c, m in summary] == \
        [(i, 2 * (i + 1), i + 1, i + 1) for i in range(cycles)], summary[:5]
    assert [(c, m["payload"]["total"], m["payload"]["last_tag"]) for c, m in totals] == \
        [(i, (i + 1) * (i + 2) // 2, i + 1) for i in range(cycles)], totals[:5]


@tap.test
def demo_gives_the_right_values_when_the_lane_waits():
    with Python() as world:
        demo(world, "wait: cycle, timeout: 5s, stuck_after: 10s", "20Hz")
        assert world.record("--cycles", "3") == 0, world.stderr
        check_demo(world, 3)
        texts = [t["text"] for t in world.jsonl("text")]
        assert "starts with 0 calls" in texts and "stops after 3 calls" in texts, texts


@tap.test
def demo_gives_the_right_values_in_virtual_time():
    with Python() as world:
        demo(world, "wait: cycle, timeout: 5s, stuck_after: 10s", "100Hz")
        assert world.record("--virtual", "--cycles", "2000") == 0, world.stderr
        check_demo(world, 2000)


@tap.test
def lane_that_does_not_wait_has_no_output_in_its_first_cycle_and_then_those_of_earlier_ones():
    with Python(rate="50Hz") as world:
        assert world.record("--cycles", "40") == 0, world.stderr
        answers, cycles = world.messages("answer")
        assert cycles == 40 and len(answers) >= 20, (cycles, len(answers))
        assert answers[0][0] >= 1, answers[0]
        for cycle, message in answers:
            assert message["payload"]["value"] < cycle, (cycle, message)
            if "age" in message:
                assert message["payload"]["value"] == cycle - message["age"], (cycle, message)
        assert [m["payload"]["calls"] for _, m in answers] == list(range(1, len(answers) + 1))


ALL = """takt: 1
name: kill
plugins: [{shapes}]
runtime: {{rate: 100Hz, stuck_after: 30s}}
types:
  inner:
    fields: [{{name: a, type: u8}}, {{name: b, type: f64}}]
  all:
    fields:
      - {{name: flag, type: bool}}
      - {{name: i8, type: i8}}
      - {{name: i16, type: i16}}
      - {{name: i32, type: i32}}
      - {{name: i64, type: i64}}
      - {{name: u8, type: u8}}
      - {{name: u16, type: u16}}
      - {{name: u32, type: u32}}
      - {{name: u64, type: u64}}
      - {{name: f32, type: f32}}
      - {{name: f64, type: f64}}
      - {{name: name, type: text(8)}}
      - {{name: one, type: struct(inner)}}
      - {{name: gyro, type: "array(f32, 3)"}}
      - {{name: ids, type: "list(i64, 4)"}}
      - {{name: many, type: "list(struct(inner), 3)"}}
      - {{name: bytes, type: "list(u8, 300)"}}
tasks:
  - {{id: count, type: count}}
  - id: make
    python: {{script: task.py, interpreter: "{python}", wait: cycle, timeout: 5s, stuck_after: 10s}}
    inputs: {{number: number}}
    outputs: {{all: all}}
  - id: echo
    python: {{script: echo.py, interpreter: "{python}", wait: cycle, timeout: 5s, stuck_after: 10s}}
    inputs: {{all: all}}
    outputs: {{again: all}}
connections: [count.number -> make.number, make.all -> echo.all]
"""
MAKE = """
import math
def process(ctx, input, state, output):
    assert state is None and input.tov is None and input.metadata.status in ("even", "odd")
    p = output.payload
    n = input.payload.value
    low = n % 2 == 0
    p.flag = not low
    for bits in (8, 16, 32, 64):
        setattr(p, f"i{bits}", -(1 << bits - 1) if low else (1 << bits - 1) - 1)
        setattr(p, f"u{bits}", 0 if low else (1 << bits) - 1)
    p.f32, p.f64 = (math.nan, -math.inf) if low else (math.inf, 5e-324)
    p.name = "" if low else "g\\u00fcl\\u00e4n"
    p.one = {"a": 255, "b": 0.1}
    p.gyro[2] = 2.5
    if not low:
        p.ids.extend([-1, 2**63 - 1])
        p.many = [{"a": 1}, p.one]
        p.bytes = bytes(range(256))
    output.tov = (5, 9) if low else 7
    output.metadata.status = "made"
"""
ECHO_ALL = """
def process(ctx, input, state, output):
    p = input.payload
    assert input.metadata.status == "made" and input.tov in ((5, 9), 7), input.tov
    assert p.gyro[2] == 2.5 and len(p.gyro) == 3 and memoryview(p.bytes).tobytes() == bytes(range(len(p.bytes)))
    output.payload = p
    output.tov = input.tov
"""


@tap.test
def every_type_goes_in_and_out_at_its_limits():
    text = ALL.format(shapes=program("plugins/test_shapes.so"), python=PYTHON)
    with Python(script=MAKE, graph=text) as world:
        with open(os.path.join(world.dir, "echo.py"), "w") as f:
            f.write(ECHO_ALL)
        assert world.record("--virtual", "--cycles", "4") == 0, world.stderr
        assert not [t for t in world.jsonl("text") if t["level"] == "error"], world.jsonl("text")
        made, again = world.messages("all")[0], world.messages("again")[0]
        assert len(made) == len(again) == 4, (made, again)
        for (_, a), (_, b) in zip(made, again):
            assert a["payload"] == b["payload"] and a["tov"] == b["tov"], (a, b)
        high = made[1][1]["payload"]
        assert (high["i8"], high["u16"], int(high["i64"]), int(high["u64"])) == (127, 65535, 2**63 - 1, 2**64 - 1), high
        assert high["f64"] == 5e-324 and high["f32"] == "Infinity" and high["name"] == "gülän", high
        assert made[0][1]["payload"]["f32"] == "NaN" and int(made[0][1]["payload"]["i64"]) == -2**63, made[0]
        assert high["ids"] == [-1, str(2**63 - 1)] and [x["a"] for x in high["many"]] == [1, 255], high


LARGE = """takt: 1
name: kill
plugins: [{shapes}]
runtime: {{rate: 100Hz, stuck_after: 30s}}
types:
  small: {{fields: [{{name: bytes, type: "list(u8, 65536)"}}]}}
  large: {{fields: [{{name: bytes, type: "list(u8, 4194304)"}}]}}
  sums:
    fields: [{{name: small, type: u64}}, {{name: large, type: u64}}, {{name: count, type: u32}}]
tasks:
  - {{id: count, type: count}}
  - id: make
    python: {{script: task.py, interpreter: "{python}", wait: cycle, timeout: 5s, stuck_after: 10s}}
    inputs: {{number: number}}
    outputs: {{small: small, large: large}}
  - id: sum
    python: {{script: sum.py, interpreter: "{python}", wait: cycle, timeout: 5s, stuck_after: 10s}}
    inputs: {{small: small, large: large}}
    outputs: {{sums: sums}}
connections: [count.number -> make.number, make.small -> sum.small, make.large -> sum.large]
"""
MAKE_LARGE = """
def process(ctx, input, state, output):
    small, large = output
    small.payload.bytes = bytes([1 + input.payload.value]) * 65536
    large.payload.bytes = bytes([2 + input.payload.value]) * 4194304
"""
SUM = """
def process(ctx, input, state, output):
    small, large = (bytes(i.payload.bytes) for i in input)
    output.payload.small, output.payload.large = (b[0] * b.count(b[0]) for b in (small, large))
    output.payload.count = len(small) + len(large)
"""


@tap.test
def payloads_of_64_KiB_and_4_MiB_go_in_and_out():
    text = LARGE.format(shapes=program("plugins/test_shapes.so"), python=PYTHON)
    with Python(script=MAKE_LARGE, graph=text) as world:
        with open(os.path.join(world.dir, "sum.py"), "w") as f:
            f.write(SUM)
        assert world.record("--virtual", "--cycles", "3") == 0, world.stderr
        sums, _ = world.messages("sums")
        assert [(m["payload"]["small"], m["payload"]["large"], m["payload"]["count"]) for _, m in sums] == \
            [((1 + i) * 65536, (2 + i) * 4194304, 65536 + 4194304) for i in range(3)], sums


SURROUNDINGS = """
import json, os, resource, sys
def start(ctx, state):
    said = json.dumps({
        "argv": sys.argv[1:], "a": os.environ.get("A"), "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0], "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "leader": os.getsid(0) == os.getpid(), "policy": os.sched_getscheduler(0),
        "files": [os.readlink("/proc/self/fd/" + f) for f in os.listdir("/proc/self/fd") if int(f) < 20
                  and os.path.exists("/proc/self/fd/" + f)],
        "params": ctx.params["dir"], "task": [ctx.task_id, ctx.task_index], "cpus": len(os.sched_getaffinity(0)),
        "rng": [ctx.rng.u64() for _ in range(2)] + [ctx.rng.random()]})
    with open(ctx.params["dir"] + "/said", "w") as f:
        f.write(said)
def process(ctx, input, state, output):
    assert ctx.now() == ctx.now_ns >= ctx.recent() == ctx.recent_ns > 0 and ctx.cl_id >= 0
    assert ctx.deadline_left_ns is None or ctx.deadline_left_ns > 0
    if ctx.cl_id == 2:
        ctx.log.warning("left %d", ctx.deadline_left_ns or -1)
"""


@tap.test
def child_has_the_surroundings_that_the_graph_gives_it():
    settings = "wait: cycle, timeout: 5s, stuck_after: 10s, nice: 5, args: [--fast], env: {A: b c}, memory: 1GiB"
    with Python(script=SURROUNDINGS, settings=settings, rate="50Hz") as world:
        assert world.record("--cycles", "5", "--seed", "1") == 0, world.stderr
        texts = world.jsonl("text")
        with open(os.path.join(world.dir, "said")) as f:
            said = json.load(f)
        assert said["argv"] == ["--fast"] and said["a"] == "b c" and said["nice"] == 5, said
        assert said["memory"] == 1 << 30 and said["core"] == 0 and said["leader"] and said["policy"] == 0, said
        assert said["params"] == world.dir and said["task"] == ["py", 1], said
        assert said["cpus"] == max(1, len(os.sched_getaffinity(0)) - 1), said
        ours = [f for f in said["files"] if not f.startswith("pipe:") and f != "/dev/null" and "/proc/" not in f]
        assert not ours, f"inherited: {ours}"
        left = [t for t in texts if t["text"].startswith("left ")]
        assert len(left) == 1 and left[0]["level"] == "warning" and 0 < int(left[0]["text"][5:]) < 5e9, left
        assert not [t for t in texts if t["level"] == "error"], texts


# --- faults ---------------------------------------------------------------------------------------------

# One after the other in one run, each once: name, what the script does, the event that says so, in its text.
FAULTS = [
    ("prints", "print('from python'); sys.stderr.write('from stderr\\n')", None, None),
    ("prints in C", "libc.puts(b'from c'); libc.fflush(None)", None, None),
    ("long lines", "print('x' * 100000)", None, None),
    ("exit", "sys.exit(3)", "python_exception", "SystemExit: 3"),
    ("interrupt", "raise KeyboardInterrupt", "python_exception", "KeyboardInterrupt"),
    ("exception", "raise ValueError('oops')", "python_exception", "ValueError: oops"),
    ("recursion", "process(ctx, input, state, output, True)", "python_exception", "RecursionError"),
    ("too large", "output.payload.value = 2**63", "python_exception", "answer.value: 9223372036854775808 is out"),
    ("not a number", "output.payload.value = math.nan", "python_exception", "answer.value: nan is no integer"),
    ("wrong type", "output.payload.ratio = 'x'", "python_exception", "answer.ratio: 'x' is no number"),
    ("no such field", "output.payload.valu = 1", "python_exception", "AttributeError"),
    ("state out of range", "state.calls = -1", "python_exception", "state.calls: -1 is out of the range of u32"),
    ("payload of another type", "output.payload = input.payload", "python_exception", "answer: expected answer"),
    ("fork", "os.fork() or time.sleep(100)", None, None),
    ("fork that goes on", "os.fork()", None, None),
    ("thread", "threading.Thread(target=time.sleep, args=(100,)).start()", None, None),
    ("closes 0 to 2", "os.closerange(0, 3)", None, None),
    ("garbage in the frames", "[os.write(f, b'garbage') for f in range(3, 9) if pipe(f)]", "python_killed", "process"),
    ("ends at once", "os._exit(5)", "python_exited", "exit code 5"),
    ("segfault", "ctypes.string_at(0)", "python_exited", "signal 11"),
    ("abort", "os.abort()", "python_exited", "signal 6"),
    ("closes all", "os.closerange(0, 256)", "python_exited", ""),
    ("loop", "while True: pass", "python_killed", "process"),
    ("loop in C", "libc.usleep(10000000)", "python_killed", "process"),
    ("sleeps", "time.sleep(10)", "python_killed", "process"),
    ("ignores signals", "[signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; time.sleep(10)", "python_killed", ""),
]
PARADE = """
import ctypes, math, os, signal, sys, threading, time
libc = ctypes.CDLL(None)
calls = 0
def pipe(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}").startswith("pipe") and not os.get_inheritable(fd) \\
            and not os.access(f"/proc/self/fd/{fd}", os.R_OK) or os.O_WRONLY & __import__("fcntl").fcntl(fd, 3)
    except OSError:
        return False
def next_fault(path):
    with open(path, "a+") as f:
        f.seek(0)
        number = len(f.read())
        f.write(".")
    return number
def fault(number, ctx, input, state, output):
    pass
FAULTS
def process(ctx, input, state, output, deeper=False):
    global calls
    if deeper:
        process(ctx, input, state, output, True)
    calls += 1
    state.calls += 1
    output.payload.calls = state.calls
    output.payload.value = input.payload.value
    output.payload.ratio = math.nan
    if calls % 6 == 0:
        number = next_fault(ctx.params["dir"] + "/faults")
        if number < len(names):
            ctx.log.info("fault %s", names[number])
            fault(number, ctx, input, state, output)
"""


def parade():
    body = "names = " + repr([f[0] for f in FAULTS]) + "\ndef fault(number, ctx, input, state, output):\n"
    for number, (_, code, _, _) in enumerate(FAULTS):
        body += f"    if number == {number}:\n        {code}\n"
    return PARADE.replace("def fault(number, ctx, input, state, output):\n    pass\nFAULTS", body)


@tap.test
def whatever_the_script_does_the_lane_goes_on_and_the_log_says_what_it_was():
    settings = "wait: none, stuck_after: 200ms, restarts: 100, backoff: 1ms, backoff_max: 2ms, restart_window: 1h"
    with Python(script=parade(), settings=settings) as world:
        world.start_taktd()
        rt = world.start_rt()
        marks = os.path.join(world.dir, "faults")
        world.wait(lambda: os.path.exists(marks) and os.path.getsize(marks) > len(FAULTS), 60, "all faults")
        python = children(world.taktd.pid)
        rt.send_signal(signal.SIGINT)
        assert rt.wait(timeout=20) == 0
        world.wait_recorded()
        assert not [p for c in python for p in session_of(c)], "processes of the script are left"
        cycles = world.jsonl("copperlists")
        assert [c["cycle"] for c in cycles] == list(range(len(cycles)))
        check_parade(world)


def check_parade(world):
    events = world.jsonl("lifecycle")
    texts = world.jsonl("text")
    begins = [(t["mono_ns"], t["text"][6:]) for t in texts if t["text"].startswith("fault ") and t["task"] == "py"]
    assert [name for _, name in begins] == [f[0] for f in FAULTS], begins
    ends = [t for t, _ in begins[1:]] + [math.inf]
    for (begin, name), end, (_, _, event, text) in zip(begins, ends, FAULTS):
        told = [(e["event"], e.get("text") or "") for e in events
                if begin <= e["mono_ns"] < end and e["event"].startswith("python_")]
        if event is None:
            assert not [t for t in told if t[0] in ("python_exception", "python_killed", "python_exited")], (name, told)
        else:
            assert [t for t in told if t[0] == event and text in t[1]], (name, event, text, told)
    lines = [t["text"] for t in texts]
    for line in ("from python", "from stderr", "from c"):
        assert line in lines, line
    assert {t["level"] for t in texts if t["text"] == "from stderr"} == {"warning"}
    assert any("ValueError: oops" in line for line in lines)
    # The state goes on over all restarts, and an exception leaves it as it was.
    calls = [m["payload"]["calls"] for _, m in world.messages("state")[0]]
    assert calls == sorted(calls) and len(set(calls)) == len(calls) and max(calls) == len(calls), calls[:50]
    assert [e["event"] for e in events].count("python_spawned") >= 9, events


FAILURES = [
    ("def process(a, b, c, d)\n    pass\n", "SyntaxError", 0),
    ("import no_such_module\n" + ECHO, "ModuleNotFoundError", 2),
    ("x = 1\n", "has no function process", 0),
    ("def start(ctx, state):\n    raise RuntimeError('no device')\n" + ECHO, "RuntimeError: no device", 2),
    ("import time\ntime.sleep(20)\n" + ECHO, "import", 2),
]


@tap.test
def script_that_cannot_start_is_tried_as_often_as_it_may_and_then_has_failed():
    settings = "restarts: 2, backoff: 1ms, backoff_max: 1ms, start_timeout: 400ms"
    for script, text, restarts in FAILURES:
        with Python(script=script, settings=settings) as world:
            world.start_taktd()
            rt = world.start_rt()
            world.wait(lambda: world.slot() is not None, 10, "the slot")

            def has_given_up():
                return subprocess.run([program("takt"), "status", "--run-dir", world.run_dir], text=True,
                                      capture_output=True).stdout.find("failed") >= 0
            world.wait(has_given_up, 15, f"the end of {text}")
            rt.send_signal(signal.SIGINT)
            assert rt.wait(timeout=20) == 0
            world.wait_recorded()
            events = world.jsonl("lifecycle")
            names = [e["event"] for e in events]
            assert names.count("python_gave_up") == 1 and names.count("python_restart") == restarts, (text, names)
            assert any(text in (e.get("text") or "") for e in events if e["event"].startswith("python_")), (text, events)


@tap.test
def exception_in_stop_is_recorded_and_keeps_nobody():
    script = ECHO + "\ndef stop(ctx, state):\n    raise OSError('stuck brake')\n"
    with Python(script=script, settings="wait: cycle, timeout: 5s, stuck_after: 10s") as world:
        assert world.record("--cycles", "5") == 0, world.stderr
        told = [e for e in world.jsonl("lifecycle") if e["event"] == "python_exception"]
        assert len(told) == 1 and "OSError: stuck brake" in told[0]["text"], told


@tap.test
def stop_that_takes_too_long_is_ended():
    script = ECHO + "\ndef stop(ctx, state):\n    import time\n    time.sleep(30)\n"
    with Python(script=script, settings="stop_timeout: 200ms") as world:
        begin = time.monotonic()
        assert world.record("--cycles", "20") == 0, world.stderr
        assert time.monotonic() - begin < 15
        assert "python_killed" in [e["event"] for e in world.jsonl("lifecycle")]


@tap.test
def restarts_leak_neither_descriptors_nor_processes_nor_memory():
    script = "import os\ndef process(ctx, input, state, output):\n    os._exit(1)\n"
    settings = "restarts: 100000, backoff: 1ms, backoff_max: 1ms"
    with Python(script=script, settings=settings) as world:
        taktd = world.start_taktd()
        rt = world.start_rt()

        def spawns():
            return len(glob.glob(os.path.join(world.dir, "never"))) if not world.slot() else read_spawns(world.slot())
        world.wait(lambda: spawns() >= 5, 30, "five children")
        before = resources(taktd.pid)
        world.wait(lambda: spawns() >= 30, 60, "thirty children")
        after = resources(taktd.pid)
        assert after[0] <= before[0] + 3 and before[0] <= after[0] + 3, f"descriptors: {before} {after}"
        assert after[1] <= 1, f"zombies: {after}"
        assert after[2] < before[2] + 4096, f"kB: {before} {after}"
        rt.send_signal(signal.SIGINT)
        assert rt.wait(timeout=20) == 0
        world.wait_recorded()


def read_spawns(path):
    """The host's counter in the slot file (rt/shm/pyslot_file.h)."""
    try:
        with open(path, "rb") as f:
            data = f.read(4096)
    except OSError:
        return 0
    host_at = int.from_bytes(data[64:72], "little")
    return int.from_bytes(data[host_at + 24:host_at + 32], "little")


def resources(pid):
    """(descriptors, zombies, resident kB)"""
    zombies = 0
    for child in children(pid):
        try:
            zombies += open(f"/proc/{child}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            pass
    status = open(f"/proc/{pid}/status").read()
    return len(os.listdir(f"/proc/{pid}/fd")), zombies, int(status.split("VmRSS:")[1].split()[0])


# --- taktd ----------------------------------------------------------------------------------------------


@tap.test
def python_dies_with_taktd_and_the_next_one_goes_on_with_its_state():
    with Python() as world:
        taktd = world.start_taktd()
        rt = world.start_rt()
        world.wait(lambda: world.slot() is not None and read_answered(world.slot()) > 20, 20, "calls")
        python = children(taktd.pid)
        assert len(python) == 1, python
        taktd.kill()
        taktd.wait()
        world.wait(lambda: not session_of(python[0]), 5, "the end of Python")
        answered = read_answered(world.slot())
        world.start_taktd()
        world.wait(lambda: read_answered(world.slot()) > answered + 20, 20, "more calls")
        rt.send_signal(signal.SIGINT)
        assert rt.wait(timeout=20) == 0
        world.wait_recorded()
        calls = [m["payload"]["calls"] for _, m in world.messages("state")[0]]
        assert calls == list(range(1, len(calls) + 1)), calls
        starts = [e["event"] for e in world.jsonl("lifecycle")].count("python_ready")
        assert starts == 2, starts


def read_answered(path):
    with open(path, "rb") as f:
        data = f.read(4096)
    host_at = int.from_bytes(data[64:72], "little")
    return int.from_bytes(data[host_at:host_at + 8], "little")


def main():
    if subprocess.run([PYTHON, "-I", "-c", "import cbor2"], capture_output=True).returncode != 0:
        print("1..0 # SKIP Python tasks need python3-cbor2")
        return 77
    return tap.main(*sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
