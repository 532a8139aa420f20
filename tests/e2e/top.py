"""takt top on a pseudo terminal: what it shows, its keys, and that it always gives the terminal back. Prints TAP."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from harness import Tap, World, program

tap = Tap()
ENTER, LEAVE = "\033[?1049h", "\033[?25h\033[?1049l"


class Terminal:
    """takt top on a terminal of its own."""

    def __init__(self, world, *args, rows=30, columns=120):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen([program("takt"), "top", "--run-dir", world.run_dir, *args], stdin=theirs,
                                        stdout=theirs, stderr=subprocess.PIPE, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.theirs = theirs
        self.text = ""
        world.processes.append(self.process)

    def read(self, seconds=0.2):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.ours], [], [], 0.02)[0]:
                self.text += os.read(self.ours, 65536).decode()
        return self.text

    def wait_for(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < end, f"no {pattern} in {self.text[-2000:]!r}"
            self.read(0.05)
        return found

    def key(self, key):
        self.text = ""
        os.write(self.ours, key)

    def resize(self, rows, columns):
        self.text = ""
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def frames(self):
        """The tables that were drawn, as lists of lines without attributes."""
        parts = re.findall(r"\033\[H(.*?)\033\[J", self.text, re.S)
        return [re.sub(r"\033\[[0-9;]*[A-Za-z]|\r", "", part).split("\n") for part in parts]

    def end(self, status):
        """It has ended so, and the terminal is as it was."""
        assert self.process.wait(20) == status, (self.process.returncode, self.process.stderr.read())
        self.check_given_back()
        said = self.process.stderr.read().decode()
        self.process.stderr.close()
        os.close(self.ours)
        os.close(self.theirs)
        return said

    def check_given_back(self):
        self.wait_for(re.escape(LEAVE))
        assert self.text.rindex(LEAVE) > self.text.rfind("\033[H"), "drawn after it was given back"
        assert termios.tcgetattr(self.theirs) == self.before


class Running:
    """A world with a graph that runs."""

    def __init__(self, **graph):
        self.world = World(**graph)

    def __enter__(self):
        self.rt = self.world.start_rt()
        self.world.wait_cycles(50)
        return self.world, self.rt

    def __exit__(self, *_):
        self.rt.kill()
        self.rt.wait()
        self.rt.stderr.close()
        self.world.__exit__()


def takt_top(world, *args, status=0):
    done = subprocess.run([program("takt"), "top", "--run-dir", world.run_dir, *args], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == status, (args, done)
    return done


@tap.test
def the_table_is_drawn_again_and_q_leaves_only_the_viewer():
    with Running() as (world, rt):
        terminal = Terminal(world, "--interval", "100ms")
        terminal.wait_for(re.escape(ENTER))
        terminal.wait_for("(?s)counted: .*counted: ")
        lines = terminal.frames()[-1]
        assert lines[0].startswith("kill run ") and " running for " in lines[0], lines
        assert lines[4].split()[:5] == ["task", "misses", "rate/s", "process", "p50"], lines
        tasks = {line.split()[0]: line.split() for line in lines[5:8]}
        assert list(tasks) == ["ticker", "fault", "oracle"], lines
        assert 0 < float(tasks["ticker"][2]) <= 1200 and tasks["ticker"][7] == "0.0", tasks
        assert "q leave" in lines[9], lines
        assert not termios.tcgetattr(terminal.theirs)[3] & (termios.ICANON | termios.ECHO)
        terminal.key(b"q")
        assert terminal.end(0) == ""
        cycle = world.oracle()[0]
        world.wait_cycles(cycle + 20)
        assert rt.poll() is None


@tap.test
def r_begins_to_count_anew():
    with Running() as (world, _):
        terminal = Terminal(world, "--interval", "1s")
        world.wait_cycles(world.oracle()[0] + 1000)
        counted = int(terminal.wait_for(r"counted: (\d{4,}) cycles")[1])
        terminal.key(b"r")
        again = int(terminal.wait_for(r"counted: (\d+) cycles")[1])
        assert again < counted, (counted, again)
        terminal.key(b"q")
        terminal.end(0)


@tap.test
def the_terminal_is_given_back_after_every_signal():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        with Running() as (world, _):
            terminal = Terminal(world)
            terminal.wait_for("ticker")
            terminal.process.send_signal(number)
            terminal.end(0)


@tap.test
def a_terminal_that_takes_nothing_does_not_keep_it():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with Running() as (world, _):
            terminal = Terminal(world, "--interval", "50ms")
            seen, since = -1, time.monotonic()
            while time.monotonic() - since < 0.5:	# nobody reads, until it is full: then it sleeps
                with open(f"/proc/{terminal.process.pid}/status") as f:
                    switches = re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", f.read())[1]
                seen, since = (seen, since) if switches == seen else (switches, time.monotonic())
                time.sleep(0.02)
            terminal.process.send_signal(number)
            assert terminal.process.wait(5) == 0, terminal.process.returncode
            assert termios.tcgetattr(terminal.theirs) == terminal.before


@tap.test
def the_terminal_is_given_back_by_a_crash():
    sanitizer = os.environ.get("sanitizer", "no") not in ("", "no")
    for number in (signal.SIGABRT,) if sanitizer else (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT):
        with Running() as (world, _):
            terminal = Terminal(world)
            terminal.wait_for("ticker")
            terminal.process.send_signal(number)
            terminal.end(-number)


@tap.test
def ctrl_c_leaves_and_ctrl_z_stops_with_the_terminal_given_back():
    with Running() as (world, _):
        terminal = Terminal(world, "--interval", "100ms")
        terminal.wait_for("ticker")
        terminal.key(b"\x1a")
        _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        terminal.check_given_back()
        terminal.text = ""
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_for(f"(?s){re.escape(ENTER)}.*ticker")
        terminal.key(b"\x03")
        terminal.end(0)


@tap.test
def frames_fit_the_terminal():
    with Running() as (world, _):
        terminal = Terminal(world, "--interval", "100ms", rows=6, columns=40)
        terminal.wait_for("ticker")
        frame = terminal.frames()[-1]
        assert len(frame) == 6 and all(len(line) <= 40 for line in frame), frame
        terminal.resize(30, 100)
        terminal.wait_for("q leave")
        assert any(len(line) > 60 for line in terminal.frames()[-1]), terminal.frames()
        terminal.key(b"q")
        terminal.end(0)


@tap.test
def what_one_watches_for_fits_into_80_columns():
    with Running(mode="error", at=1, times=1000000) as (world, _):
        terminal = Terminal(world, "--interval", "100ms", columns=80)
        terminal.wait_for("failed")
        lines = terminal.frames()[-1]
        assert all(len(line) <= 80 for line in lines), lines
        assert re.match(r"lost \d+ copperlists, \d+ events, \d+ inputs; \d+ overruns, \d+ skipped", lines[1]), lines
        assert lines[4].rstrip().endswith("absent%  status"), lines
        failed = next(i for i, line in enumerate(lines) if line.startswith("fault "))
        assert re.search(r"\d+ failed", lines[failed] + lines[failed + 1]), lines
        terminal.key(b"q")
        terminal.end(0)


@tap.test
def it_ends_with_the_run():
    with Running() as (world, rt):
        terminal = Terminal(world)
        terminal.wait_for("ticker")
        world.start_taktd()
        rt.send_signal(signal.SIGTERM)
        said = terminal.end(0)
        assert "the run has ended: takt log stats " in said, said


@tap.test
def a_terminal_that_is_hung_up_ends_it():
    with Running() as (world, _):
        terminal = Terminal(world)
        terminal.wait_for("ticker")
        os.close(terminal.theirs)
        os.close(terminal.ours)
        assert terminal.process.wait(20) == 0
        terminal.process.stderr.close()


@tap.test
def without_a_terminal_one_table_is_printed():
    with Running() as (world, _):
        done = takt_top(world)
        assert "no terminal" in done.stderr and "\033" not in done.stdout, done
        assert re.search(r"^ticker +\d+ +[1-9]", done.stdout, re.M), done.stdout
        table = json.loads(takt_top(world, "kill", "-o", "json").stdout)
        assert [t["task"] for t in table["tasks"]] == ["ticker", "fault", "oracle"]
        assert table["graph"] == "kill" and table["state"] == "running"
        for task in table["tasks"]:
            assert 0 < task["calls"] <= table["counted_cycles"] and 0 < task["rate_hz"] < 1200, task
            assert task["process_p50_ns"] <= task["process_p99_ns"] <= task["process_max_ns"], task
        cells = list(csv.DictReader(io.StringIO(takt_top(world, "-o", "csv").stdout)))
        assert [c["task"] for c in cells] == ["ticker", "fault", "oracle"] and int(cells[0]["calls"]) > 0
        lines = takt_top(world, "-o", "jsonl", "-n", "3", "--interval", "100ms").stdout.splitlines()
        counts = [json.loads(line)["counted_cycles"] for line in lines]
        assert len(counts) == 3 and all(0 < n < 1000 for n in counts), counts


@tap.test
def failures_are_told_in_the_table():
    with Running(mode="error", at=1, times=1000000) as (world, _):
        task = json.loads(takt_top(world, "-o", "json").stdout)["tasks"][1]
        assert task["calls"] > 40 and task["calls"] - task["failed"] <= 1, task  # all but the first cycle
        assert task["absent_percent"] == 100 * task["failed"] / task["calls"], task
        assert re.search(r"^fault .* \d+ failed$", takt_top(world).stdout, re.M)


@tap.test
def of_several_graphs_one_must_be_named():
    with Running() as (world, _):
        other = world.start_rt()
        world.wait(lambda: len(world.regions()) == 2, 20, "the second run")
        said = takt_top(world, status=2).stderr
        for region in world.regions():
            run = os.path.basename(region)
            assert run in said
            assert json.loads(takt_top(world, run, "-o", "json").stdout)["run"] == run
        other.kill()
        other.wait()
        other.stderr.close()


@tap.test
def wrong_usage_and_missing_runs_are_said():
    with World() as world:
        assert "no graph runs" in takt_top(world, status=4).stderr
        assert "killer" in takt_top(world, "killer", status=4).stderr
        assert "50ms" in takt_top(world, "--interval", "1ms", status=2).stderr
        assert "number" in takt_top(world, "-n", "0", status=2).stderr
        assert "did you mean --interval?" in takt_top(world, "--intervall", status=2).stderr
        assert "Keys" in takt_top(world, "--help").stdout


tap.main()
