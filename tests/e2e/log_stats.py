"""takt log stats against figures that are computed here from the bytes of the file. Prints TAP."""

import csv
import io
import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Tap, World, program  # noqa: E402

tap = Tap()
TAKT = program("takt")
MAKE_LOG = program("tests/e2e/make_log")
top = tempfile.mkdtemp(prefix="takt-log-stats-")
LOG = os.path.join(top, "0001-test-0c00000000000003")
CYCLES = 5000
PERIOD_NS = 1000000
COUNTER_HZ = 2000000000
EVERY = {"imu": 1, "est": 1, "show": 10}  # the maker's graph: imu -> est -> show
OUTPUTS = {("imu", "raw"): 0, ("est", "debug"): 2}
RAN, FAILED, ABORTED = 1, 2, 4


def stats(*args, status=0):
    done = subprocess.run([TAKT, "log", "stats", "--run-dir", os.path.join(top, "none"), *args],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == status, (args, done.returncode, done.stderr)
    return done.stdout if status in (0, 3) else done.stderr


def read_copperlists(since=0):
    """[(cycle, mono_ns, late_ns, duration_ns, [(begin_ns, end_ns, flags)], [output])], by rt/shm/*.h."""
    with open(os.path.join(LOG, "0001.takt"), "rb") as f:
        data = f.read()
    lists, at = [], 8192
    while at < len(data):
        magic, _, kind = struct.unpack_from("<IHH", data, at)
        assert magic == 0x4B434B54
        used = struct.unpack_from("<I", data, at + 48)[0]
        record = at + 128
        while kind == 1 and record < at + 128 + used:
            size, _, _, cycle, mono = struct.unpack_from("<IHHQQ", data, record)
            _, late, duration, tasks, messages, messages_at, _ = struct.unpack_from("<QIIIIII", data,
                                                                                   record + 24)
            rows = [struct.unpack_from("<IIiI", data, record + 56 + 16 * i) for i in range(tasks)]
            ns = lambda ticks: ticks * 1000000000 // COUNTER_HZ  # noqa: E731
            lists.append((cycle, mono, late, ns(duration), [(mono + ns(b), mono + ns(e), f) for b, e, _, f in rows],
                          [struct.unpack_from("<I", data, record + messages_at + 48 * i)[0]
                           for i in range(messages)]))
            record += size
        at += (128 + used + 4095) // 4096 * 4096
    return [x for x in lists if x[0] >= since]


def same_times(found, values, nominal=0):
    """Count, least, mean and greatest are exact; quantiles (nearest rank) within 1 %, of a period of its deviation."""
    if not values:
        assert found is None, found
        return
    values = sorted(values)
    assert found["count"] == len(values), (found, len(values))
    assert found["min"] == values[0] and found["max"] == values[-1], found
    assert math.isclose(found["mean"], sum(values) / len(values), rel_tol=1e-9), found
    for name, permille in (("p50", 500), ("p99", 990), ("p99_9", 999)):
        exact = values[(len(values) * permille + 999) // 1000 - 1]
        assert abs(found[name] - exact) <= 0.01 * abs(exact - nominal), (name, found[name], exact)


def check_tasks(lists, found):
    for number, task in enumerate(EVERY):
        row = next(t for t in found["tasks"] if t["task"] == task)
        calls = [(i, x[4][number]) for i, x in enumerate(lists) if x[4][number][2] & RAN]
        periods = [b[0] - a[0] for (i, a), (j, b) in zip(calls, calls[1:])
                   if lists[j][0] - lists[i][0] == j - i]  # no copperlist is missing between
        assert row["calls"] == len(calls)
        assert row["failed"] == sum(1 for _, c in calls if c[2] & FAILED)
        assert row["aborted"] == sum(1 for x in lists if x[4][number][2] & ABORTED)
        assert row["misses"] == sum(1 for i, c in calls if c[1] > lists[i][1] - lists[i][2] + PERIOD_NS)
        same_times(row["process_ns"], [c[1] - c[0] for _, c in calls])
        same_times(row["period_ns"], periods, PERIOD_NS * EVERY[task])
        same_times(row["jitter_ns"], [abs(p - PERIOD_NS * EVERY[task]) for p in periods])
        assert math.isclose(row["rate_hz"], 1e9 * len(periods) / sum(periods), rel_tol=1e-9)


def check_run(lists, found):
    pairs = [(a, b) for a, b in zip(lists, lists[1:]) if b[0] == a[0] + 1]
    numbers = [x[0] for x in lists]
    assert (found["first_cycle"], found["last_cycle"]) == (numbers[0], numbers[-1])
    assert found["copperlists"] == len(numbers)
    assert found["missing"] == numbers[-1] - numbers[0] + 1 - len(numbers)
    same_times(found["period_ns"], [b[1] - a[1] for a, b in pairs], PERIOD_NS)
    same_times(found["duration_ns"], [x[3] for x in lists])
    same_times(found["late_ns"], [x[2] for x in lists])
    assert found["misses"] == sum(1 for x in lists if x[2] + x[3] > PERIOD_NS)
    cycle_s = sum(b[1] - a[1] for a, b in pairs) / len(pairs) / 1e9
    for (task, port), number in OUTPUTS.items():
        row = next(o for o in found["outputs"] if (o["task"], o["port"]) == (task, port))
        producer = list(EVERY).index(task)
        count = sum(x[5].count(number) for x in lists)
        assert row["count"] == count and row["bytes"] == 0, row
        assert row["absent"] == sum(1 for x in lists if x[4][producer][2] & RAN and number not in x[5]), row
        assert math.isclose(row["rate_hz"], count / (len(lists) * cycle_s), rel_tol=1e-9), row
    raw = found["connections"][0]
    assert (raw["from_task"], raw["task"]) == ("imu", "est")
    assert raw["absent"] == sum(1 for x in lists if x[4][1][2] & RAN and 0 not in x[5]), raw


def check_end_to_end(lists, found):
    spans = [x[4][2][1] - x[4][0][0] for x in lists if x[4][2][2] & RAN and x[4][0][2] & RAN]
    show = next(t for t in found["tasks"] if t["task"] == "show")
    same_times(show["end_to_end_ns"], spans)
    same_times(found["end_to_end_ns"], spans)


@tap.test
def figures_are_those_computed_from_the_bytes_of_the_file():
    lists = read_copperlists()
    found = json.loads(stats(LOG, "-o", "json"))
    assert len(lists) == CYCLES and found["missing"] == 34 and found["misses"] > 0
    assert found["tasks"][0]["failed"] > 0 and found["tasks"][1]["aborted"] > 0
    check_tasks(lists, found)
    check_run(lists, found)
    check_end_to_end(lists, found)
    assert (found["gaps"], found["lost_copperlists"]) == (1, 0)


@tap.test
def since_limits_what_is_counted():
    lists = read_copperlists(since=1000)
    found = json.loads(stats(LOG, "--since", "#1000", "-o", "json"))
    check_tasks(lists, found)
    check_run(lists, found)
    none = json.loads(stats(LOG, "--since", "1h", "-o", "json"))
    assert none["copperlists"] == 0 and none["rate_hz"] == 0 and none["period_ns"] is None, none
    assert none["tasks"][0]["process_ns"] is None and none["outputs"][0]["rate_hz"] == 0
    assert "no copperlists" in stats(LOG, "--since", "1h")


@tap.test
def every_form_has_the_same_figures():
    whole = json.loads(stats(LOG, "-o", "json"))
    lines = [json.loads(line) for line in stats(LOG, "-o", "jsonl").splitlines()]
    for kind, part in (("task", "tasks"), ("output", "outputs"), ("connection", "connections")):
        assert [dict(x, kind=kind) for x in whole[part]] == [x for x in lines if x["kind"] == kind]
    run = next(x for x in lines if x["kind"] == "run")
    assert run["copperlists"] == CYCLES and run["late_ns"] == whole["late_ns"]
    text = stats(LOG, "-o", "csv")
    table = {(r["kind"], r["name"], r["measure"]): r for r in csv.DictReader(io.StringIO(text))}
    assert {len(row) for row in csv.reader(io.StringIO(text))} == {14}
    for task in whole["tasks"]:
        assert table["task", task["task"], "calls"]["count"] == str(task["calls"])
        cells = table["task", task["task"], "jitter_ns"]
        for column, key in (("p50_ns", "p50"), ("p99_ns", "p99"), ("p99_9_ns", "p99_9"), ("max_ns", "max")):
            assert cells[column] == str(task["jitter_ns"][key])
    assert table["output", "imu.raw", "messages"]["absent"] == str(whole["outputs"][0]["absent"])
    assert table["connection", "imu.raw -> est.raw", "messages"]["count"] == str(whole["connections"][0]["count"])
    assert table["run", "test", "misses"]["count"] == str(whole["misses"])
    short = stats(LOG)
    assert re.search(rf"^imu +process +{CYCLES} ", short, re.M), short
    assert re.search(rf"^est.debug .* {whole['outputs'][2]['count']} +{whole['outputs'][2]['absent']} ", short, re.M)


@tap.test
def task_shows_only_that_task_with_the_same_figures():
    whole = json.loads(stats(LOG, "-o", "json"))
    est = json.loads(stats(LOG, "--task", "est", "-o", "json"))
    assert est["tasks"] == [whole["tasks"][1]] and est["copperlists"] == CYCLES
    assert [o["port"] for o in est["outputs"]] == ["pose", "debug"]
    assert len(est["connections"]) == 2
    assert "imu.raw ->" not in stats(LOG, "--task", "show")
    assert "did you mean est?" in stats(LOG, "--task", "esd", status=2)
    assert "no task" in stats(LOG, "--task", "takt", status=2)


@tap.test
def a_damaged_log_gives_status_3_and_the_figures_of_the_rest():
    damaged = os.path.join(top, "damaged")
    shutil.copytree(LOG, damaged)
    with open(os.path.join(damaged, "0001.takt"), "r+b") as f:
        f.seek(8192 + 4096 + 4096 + 500)  # catalog, then the first chunks
        f.write(b"\xff" * 64)
    found = json.loads(stats(damaged, "-o", "json", status=3))
    assert found["copperlists"] == CYCLES - 64, found
    assert (found["first_cycle"], found["missing"]) in ((64, 34), (0, 34 + 64)), found


@tap.test
def memory_does_not_grow_with_the_log():
    long = os.path.join(top, "long")
    subprocess.run([MAKE_LOG, "varied", long, "0d", str(20 * CYCLES)], check=True)
    peaks = []
    for log in (LOG, long):
        done = subprocess.run([sys.executable, "-c", "import resource, subprocess, sys\n"
                               "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
                               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
                               TAKT, "log", "stats", log], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] + 4096, peaks  # KiB; 8 MiB would be one number a call


@tap.test
def a_recorded_run_has_the_counts_of_its_control_page():
    with World(mode="sleep", at=50, times=5) as world:  # each sleep is longer than a cycle
        rt = world.start_rt()
        world.wait_cycles(300)
        rt.terminate()
        assert rt.wait(30) == 0
        rt.stderr.close()
        where = ["--run-dir", world.run_dir, "-o", "json"]
        done = subprocess.run([TAKT, "status", *where], capture_output=True, text=True, check=True)
        said, = json.loads(done.stdout)
        subprocess.run([TAKT, "log", "recover", *where], capture_output=True, check=True)
        found = json.loads(stats(world.runs()[0], "-o", "json"))
    assert said["state"] == "ended" and said["overruns"] >= 5, said
    for name in ("overruns", "skipped_cycles", "late_starts", "lost_copperlists", "lost_events"):
        assert found[name] == said[name], (name, found[name], said[name])
    assert found["copperlists"] == said["cycles"] and found["missing"] == 0
    assert found["misses"] >= 5 and found["late_ns"]["max"] == said["worst_late_ns"], (found, said)


try:
    subprocess.run([MAKE_LOG, "varied", LOG, "0c00000000000003", str(CYCLES)], check=True)
    tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
finally:
    shutil.rmtree(top, ignore_errors=True)
