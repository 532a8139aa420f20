"""takt status: what it says of running, dying and dead runs, their recorders and threads. Prints TAP."""

import csv
import io
import json
import os
import re
import subprocess

from harness import Tap, World, program

tap = Tap()


def takt_status(world, *args, status=0):
    done = subprocess.run([program("takt"), "status", "--run-dir", world.run_dir, *args],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == status, (args, done)
    return done


def rows(world, *args):
    return json.loads(takt_status(world, *args, "-o", "json").stdout)


def kill(*processes):
    for process in processes:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def recorder_becomes(world, state):
    world.wait(lambda: rows(world)[0]["recorder"] == state, 20, f"the recorder to be {state}")
    return rows(world)[0]


@tap.test
def a_running_graph_is_shown_with_counters_memory_and_recorder():
    with World() as world:
        taktd, rt = world.start_taktd(), world.start_rt()
        world.wait_cycles(100)
        row = recorder_becomes(world, "writing")
        region, = world.regions()
        assert (row["graph"], row["run"], row["state"]) == ("kill", os.path.basename(region), "running"), row
        assert row["pid"] == rt.pid and row["region"] == region and row["log_dir"] == world.log_dir
        assert row["directory"] == world.runs()[0] and row["backend"] and row["disk_free_bytes"] > 0
        before = world.oracle()[0]
        found = rows(world)[0]["cycles"]
        # A cycle is counted when it ends, its task stamps the oracle before.
        assert before - 1 <= found <= world.oracle()[0], (before, found)
        rings = {r["name"]: r for r in row["rings"]}
        assert {"lane0", "lane0.events", "main", "crash"} <= set(rings)
        assert all(0 < r["free_bytes"] <= r["bytes"] for r in row["rings"]), rings
        assert rings["lane0"]["seconds"] > 1 and rings["crash"]["seconds"] is None, rings
        world.wait(lambda: rows(world)[0]["synced_bytes"] > 0, 10, "something synced")
        kill(rt, taktd)


@tap.test
def a_run_is_named_by_graph_or_id_and_an_unknown_one_is_status_4():
    with World() as world:
        assert rows(world) == [] and "no graph runs" in takt_status(world).stderr
        rt = world.start_rt()
        world.wait_cycles(5)
        run = os.path.basename(world.regions()[0])
        for word in ("kill", run, run[:4]):
            assert [r["run"] for r in rows(world, word)] == [run]
        assert "no run" in takt_status(world, "killer", status=4).stderr
        kill(rt)


@tap.test
def every_form_shows_the_same_run():
    with World() as world:
        rt = world.start_rt()
        world.wait_cycles(5)
        row, = rows(world)
        line, = takt_status(world, "-o", "jsonl").stdout.splitlines()
        cells, = csv.DictReader(io.StringIO(takt_status(world, "-o", "csv").stdout))
        assert json.loads(line)["run"] == cells["run"] == row["run"]
        assert cells["state"] == "running" and int(cells["cycles"]) >= row["cycles"]
        assert cells["recorder"] == row["recorder"] == "none"
        short = takt_status(world).stdout
        assert short.startswith(f"kill run {row['run']}: running, pid {rt.pid}, for "), short
        assert re.search(r"^  memory    lane0: .* free", short, re.M) and "recorder  none" in short, short
        kill(rt)


@tap.test
def threads_are_shown_as_the_kernel_has_them():
    names = {os.SCHED_OTHER: "other", os.SCHED_FIFO: "fifo", os.SCHED_RR: "rr", os.SCHED_BATCH: "batch",
             os.SCHED_IDLE: "idle"}
    with World() as world:
        taktd, rt = world.start_taktd(), world.start_rt()
        world.wait_cycles(20)
        recorder_becomes(world, "writing")
        threads = rows(world, "--threads")[0]["threads"]
        for process, name in ((rt, "takt-rt"), (taktd, "taktd")):
            found = {t["tid"]: t for t in threads if t["pid"] == process.pid}
            there = {int(t) for t in os.listdir(f"/proc/{process.pid}/task")}
            assert there & set(found) and {t["process"] for t in found.values()} == {name}, threads
            for tid in there & set(found):  # io_uring's workers come and go
                thread = found[tid]
                with open(f"/proc/{process.pid}/task/{tid}/comm") as f:
                    assert thread["name"] == f.read().strip()
                assert thread["policy"] == names[os.sched_getscheduler(tid)], thread
                assert thread["priority"] == os.sched_getparam(tid).sched_priority
                assert thread["nice"] == os.getpriority(os.PRIO_PROCESS, tid)
                cpus = set()
                for part in thread["cpus"].split(","):
                    first, _, last = part.partition("-")
                    cpus |= set(range(int(first), int(last or first) + 1))
                assert cpus == os.sched_getaffinity(tid), thread
        assert "lane0" in {t["name"] for t in threads} and "takt-writer" in {t["name"] for t in threads}
        table = list(csv.DictReader(io.StringIO(takt_status(world, "--threads", "-o", "csv").stdout)))
        assert {t["name"] for t in table} >= {"lane0", "takt-rt", "taktd"}, table
        assert re.search(r"^ +takt-rt +lane0 ", takt_status(world, "--threads").stdout, re.M)
        kill(rt, taktd)


@tap.test
def a_recorder_that_fails_says_why():
    with World() as world:
        with open(world.log_dir, "w"):
            pass  # a file where the directory should be
        taktd, rt = world.start_taktd(), world.start_rt()
        world.wait_cycles(20)
        row = recorder_becomes(world, "failing")
        assert world.log_dir in row["text"] and row["state"] == "running", row
        assert row["text"] in takt_status(world).stdout
        kill(rt, taktd)


@tap.test
def the_dead_are_told_from_the_living():
    with World() as world:
        taktd, rt = world.start_taktd(), world.start_rt()
        world.wait_cycles(20)
        recorder_becomes(world, "writing")
        kill(taktd)
        assert recorder_becomes(world, "gone")["state"] == "running"
        kill(rt)
        row, = rows(world, "--threads")
        assert (row["state"], row["pid"], row["threads"]) == ("died", 0, []), row
        assert "takt log recover" in takt_status(world).stdout


@tap.test
def wrong_usage_is_said():
    with World() as world:
        assert "did you mean --threads?" in takt_status(world, "--threds", status=2).stderr
        assert "needs a value" in takt_status(world, "--run-dir", status=2).stderr
        assert "too much" in takt_status(world, "a", "b", status=2).stderr
        assert "json" in takt_status(world, "-o", "yaml", status=2).stderr
        assert "Exit status" in takt_status(world, "--help").stdout


tap.main()
