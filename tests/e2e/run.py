"""takt run: how it ends, whatever happens around it, and what it says about the recording."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

from harness import Tap, World, program

tap = Tap()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid):
    """takt-rt; taktd has a session of its own, and is found by its run directory."""
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(p) for p in done.stdout.split()]


def taktds_of(world):
    return subprocess.run(["pgrep", "-f", f"taktd.*{world.run_dir}"], capture_output=True, text=True).stdout.split()


def rt_of(world, takt):
    found = []

    def look():
        for pid in children(takt.pid):
            with open(f"/proc/{pid}/comm") as f:
                if f.read().strip() == "takt-rt":
                    found.append(pid)
        return bool(found)
    world.wait(look, 10, "takt-rt")
    return found[0]


@tap.test
def run_ends_when_its_time_is_over_and_says_where_the_recording_is():
    with World() as world:
        takt = world.start_takt("--for", "300ms", stdout=subprocess.PIPE)
        _, stderr = takt.communicate(timeout=30)
        assert takt.returncode == 0, stderr
        assert re.search(r"^run [0-9a-f]{16}$", stderr, re.M), stderr
        assert f"log {world.runs()[0]}" in stderr, stderr
        assert world.ending() == "limit reached"
        world.read().check_whole(300)


@tap.test
def lane_that_falls_behind_does_not_stretch_the_time():
    with World(mode="sleep", at=0, times=1000000, overrun="skip") as world:	# 30 ms in each cycle of 1 ms
        began = time.monotonic()
        takt = world.start_takt("--for", "500ms", stdout=subprocess.PIPE)
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 0, stderr
        log = world.read()
        assert len(log.cycles) < 100, len(log.cycles)	# 500, were it counted in cycles: 15 s
        assert world.ending() == "limit reached"
        log.check_whole(1)
        assert time.monotonic() - began < 60


def said(world, *args):
    """What takt run --for 500ms says: the text log, and the rest."""
    takt = world.start_takt("--for", "500ms", *args, stdout=subprocess.PIPE)
    stdout, stderr = takt.communicate(timeout=60)
    assert takt.returncode == 0, stderr
    return stdout, stderr


@tap.test
def overruns_are_warned_of_and_counted_at_the_end():
    with World(mode="sleep", at=0, times=1000000) as world:
        stdout, stderr = said(world)
        assert re.search(r"^ +[0-9.]+ warning  takt +overrun: \d+ cycles? too long from #", stdout, re.M), stdout
        assert len(re.findall(r"warning  takt +overrun", stdout)) == 1, stdout
        events = [e[3] for e in world.read().events if e[1] == "overrun"]
        overruns, skipped = sum(e[3] for e in events), sum(e[1] for e in events)
        assert overruns > 10 and skipped > 100, events
        hint = f"takt: {overruns} overruns, {skipped} cycles skipped: takt log stats {world.runs()[0]}"
        assert hint in stderr.splitlines(), (hint, stderr)


@tap.test
def failing_task_is_warned_of_and_named_at_the_end():
    with World(mode="error", at=0, times=1000000) as world:
        stdout, stderr = said(world)
        assert "warning  fault        task failed: process returned -5 (Input/output error)" in stdout, stdout
        hint = f"takt: task fault failed from #0 to the end (-5, Input/output error): takt log lifecycle {world.runs()[0]}"
        assert hint in stderr.splitlines(), (hint, stderr)
    with World(mode="error", at=10, times=7) as world:
        _, stderr = said(world)
        hint = f"takt: task fault failed 7 times (-5, Input/output error): takt log lifecycle {world.runs()[0]}"
        assert hint in stderr.splitlines(), (hint, stderr)


@tap.test
def run_without_trouble_speaks_of_none():
    with World(rate="20Hz") as world:
        _, stderr = said(world)
        assert "failed" not in stderr and "dropped" not in stderr, stderr


@tap.test
def cpu_that_is_not_there_is_refused_with_its_place_but_not_in_virtual_time():
    with World(runtime=", cpus: 999") as world:
        what = re.compile(r"graph.yaml:4:[0-9]+: runtime: cpus: CPU 999 does not exist or is not ours to use: there is [0-9]")
        done = subprocess.run([program("takt"), "check", world.graph_path], capture_output=True, text=True)
        assert done.returncode == 1 and what.search(done.stderr), done.stderr
        takt = world.start_takt("--cycles", "2")
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 1 and what.search(stderr), stderr
        takt = world.start_takt("--virtual", "--cycles", "2", stdout=subprocess.DEVNULL)
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 0, stderr


@tap.test
def hints_name_the_log_wherever_it_is():
    with World(mode="segv", at=50) as world:	# its log_dir is not the default one
        takt = world.start_takt(stdout=subprocess.DEVNULL)
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 72, (takt.returncode, stderr)
        hint = re.search(r"\(takt log lifecycle (\S+)\)$", stderr, re.M)
        assert hint and hint[1] == world.runs()[0], stderr
        assert world.takt_log("lifecycle", hint[1]).returncode == 0


@tap.test
def reader_that_goes_away_ends_the_run_in_order():
    with World(mode="log", at=5, times=1000000) as world:
        takt = world.start_takt("--for", "60s", stdout=subprocess.PIPE)
        takt.stdout.readline()
        takt.stdout.close()
        takt.stdout = None
        _, stderr = takt.communicate(timeout=30)
        assert takt.returncode == 74 and re.search("lost 0 copperlists, [1-9]", stderr), \
            (takt.returncode, stderr)			# the ring does not hold those texts
        assert world.ending() == "requested"


@tap.test
def killed_takt_does_not_leave_its_run_behind():
    with World() as world:
        takt = world.start_takt("--for", "60s", stdout=subprocess.DEVNULL)
        world.wait_cycles(50)
        rt = rt_of(world, takt)
        takt.kill()
        takt.wait(10)
        world.wait(lambda: not alive(rt), 10, "takt-rt to end")
        world.wait_recorded()
        assert world.ending() == "requested"
        world.read().check_whole(50)


@tap.test
def exit_from_inside_without_a_word_is_said():
    with World(mode="_exit") as world:
        takt = world.start_takt("--for", "60s", stdout=subprocess.DEVNULL)
        _, stderr = takt.communicate(timeout=30)
        assert takt.returncode == 72 and "_exit()" in stderr, (takt.returncode, stderr)
        world.wait_recorded()
        assert world.ending() == "killed"


@tap.test
def killed_rt_is_said():
    with World() as world:
        takt = world.start_takt("--for", "60s", stdout=subprocess.DEVNULL)
        world.wait_cycles(50)
        os.kill(rt_of(world, takt), signal.SIGKILL)
        _, stderr = takt.communicate(timeout=30)
        assert takt.returncode == 137, takt.returncode
        assert "ended by signal 9" in stderr, stderr
        world.wait_recorded()
        assert world.ending() == "killed"


@tap.test
def place_that_cannot_be_written_is_said_at_once():
    with World() as world:
        with open(world.log_dir, "w"):
            pass
        takt = world.start_takt("--for", "60s", stdout=subprocess.DEVNULL)
        while "not recording" not in (line := takt.stderr.readline()):
            assert line, "takt has ended"
        assert world.log_dir in line and "make it writable" in line, line
        os.unlink(world.log_dir)
        while "recording again" not in takt.stderr.readline():
            pass
        takt.send_signal(signal.SIGINT)
        takt.communicate(timeout=30)
        assert takt.returncode == 0, takt.returncode
        world.read().check_whole(1)


@tap.test
def run_that_is_not_recorded_ends_with_74():
    with World() as world:
        with open(world.log_dir, "w"):
            pass
        takt = world.start_takt("--for", "300ms", stdout=subprocess.DEVNULL)
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 74, (takt.returncode, stderr)
        region, = world.regions()
        assert "not recorded" in stderr and f"takt log recover --log-dir DIR {region}" in stderr, stderr
        # taktd does not stay for ever; what it could not record waits.
        world.wait(lambda: not taktds_of(world), 20, "taktd to leave")
        with open(os.path.join(world.run_dir, "taktd.log"), encoding="utf-8") as f:
            said = f.read()
        assert said.count("takt log recover --log-dir DIR") == 1 and region in said, said
        os.unlink(world.log_dir)
        world.start_taktd()
        world.wait_recorded()
        world.read().check_whole(300)


@tap.test
def run_that_lost_cycles_on_the_way_ends_with_74_and_says_how_many():
    with World(ballast=4000, logging=", arena: 4MiB") as world:
        with open(world.log_dir, "w"):
            pass
        takt = world.start_takt("--for", "60s", stdout=subprocess.DEVNULL)
        world.wait_cycles(2500)			# the arena holds one second
        os.unlink(world.log_dir)
        while "recording again" not in (line := takt.stderr.readline()):
            assert line, "takt has ended"
        world.wait_cycles(world.oracle()[0] + 300)
        takt.send_signal(signal.SIGINT)
        _, stderr = takt.communicate(timeout=30)
        lost = sum(e[3][2] for e in world.read().events if e[1] == "gap")
        assert lost > 100 and takt.returncode == 74, (lost, takt.returncode, stderr)
        assert re.search(rf"lost {lost} copperlists \([0-9.]+m?s\), [0-9]+ texts", stderr), (lost, stderr)
        done = world.takt_log("info", world.runs()[-1])
        assert f"lost       {lost} copperlists" in done.stdout, done.stdout
        done = world.takt_log("info", world.runs()[-1], "-o", "json")
        assert json.loads(done.stdout)["lost_copperlists"] == lost, done.stdout
        done = world.takt_log("list", "--log-dir", world.log_dir)
        assert f"requested, lost {lost} copperlists" in done.stdout, done.stdout
        done = world.takt_log("list", "--log-dir", world.log_dir, "-o", "jsonl")
        assert json.loads(done.stdout)["lost_copperlists"] == lost, done.stdout


@tap.test
def disk_that_fails_to_the_end_is_said_with_what_was_lost():
    with World(ballast=4000, logging=", arena: 4MiB") as world:
        with open(world.log_dir, "w"):
            pass
        takt = world.start_takt("--for", "2500ms", stdout=subprocess.DEVNULL)
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 74, (takt.returncode, stderr)
        assert re.search(r"lost [1-9][0-9]* copperlists", stderr), stderr


@tap.test
def texts_that_were_lost_leave_a_line_where_they_stood():
    with World(mode="log", at=100, times=3) as world:
        takt = world.start_takt("--cycles", "1000", stdout=subprocess.PIPE)
        stdout, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 74, (takt.returncode, stderr)
        line = r" lost     takt         -- ([0-9]+) texts of level info lost --"
        log = world.read()
        lost = sum(e[3][1] for e in log.events if e[1] == "texts_lost")
        assert lost > 0 and lost + len(log.texts) == 60000, (lost, len(log.texts))
        assert sum(int(n) for n in re.findall(line, stdout)) == lost, stdout[-300:]
        path = world.runs()[-1]
        done = world.takt_log("text", path)
        assert sum(int(n) for n in re.findall(line, done.stdout)) == lost, done.stdout[-300:]
        assert "event" not in done.stdout, done.stdout[-300:]
        for words in (("--level", "error"), ("-g", "flood")):
            done = world.takt_log("text", path, *words)
            assert " lost " not in done.stdout, (words, done.stdout[-300:])
        for words in ((), ("--task", "fault")):
            rows = [json.loads(r) for r in world.takt_log("text", path, "-o", "jsonl", *words).stdout.splitlines()]
            found = [r for r in rows if r.get("kind") == "lost"]
            assert sum(r["count"] for r in found) == lost and found[0]["level"] == "info", found[:2]
            times = [r["mono_ns"] for r in rows]
            assert times == sorted(times)
        done = world.takt_log("text", path, "-n", "3", "-o", "csv")
        assert len(done.stdout.splitlines()) == 4, done.stdout
        done = world.takt_log("lifecycle", path)
        assert f"texts lost: {lost} texts of level info" in done.stdout or \
            done.stdout.count("texts of level info") > 1, done.stdout


@tap.test
def recording_removed_meanwhile_is_said():
    with World() as world:
        takt = world.start_takt("--for", "60s", stdout=subprocess.DEVNULL)
        world.wait_cycles(50)
        world.wait(lambda: world.runs(), 10, "the recording")
        time.sleep(0.3)
        shutil.rmtree(world.log_dir)
        takt.send_signal(signal.SIGINT)
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 74, (takt.returncode, stderr)
        assert "removed" in stderr, stderr


@tap.test
def live_run_of_another_run_directory_is_followed():
    with World() as world:
        takt = world.start_takt("--cycles", "2000", stdout=subprocess.DEVNULL)
        world.wait_cycles(50)
        world.wait(lambda: world.runs() and os.listdir(world.runs()[0]), 10, "the recording")
        # The log says where the shared memory is: no --run-dir.
        done = world.takt_log("copperlists", world.runs()[0], "-f", "-o", "jsonl")
        takt.communicate(timeout=30)
        cycles = [line for line in done.stdout.splitlines() if '"cycle":' in line]
        assert '"cycle":1999,' in cycles[-1], cycles[-1][:100]


tap.main()
