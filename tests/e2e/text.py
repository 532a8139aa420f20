"""The text log: levels that change while it runs, limited texts, floods, segments alone, the journal."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

from harness import Tap, World, program

tap = Tap()

TALK = """takt: 1
name: talk
plugins: [{plugin}]
runtime: {{rate: {rate}}}
logging: {{flush: 20ms, sync: 20ms, segment: 4MiB, arena: 16MiB, level: info}}
tasks:
  - {{id: one, type: talker, params: {{{one}}}}}
  - {{id: two, type: talker, level: warning, params: {{{two}}}}}
"""


class Talk(World):
    def __init__(self, rate="1kHz", one="", two=""):
        super().__init__()
        with open(self.graph_path, "w") as f:
            f.write(TALK.format(plugin=program("plugins/test_texts.so"), rate=rate, one=one, two=two))

    def regions(self):
        graph = os.path.join(self.run_dir, "talk")
        if not os.path.isdir(graph):
            return []
        return [os.path.join(graph, n) for n in os.listdir(graph) if re.fullmatch("[0-9a-f]{16}", n)]

    def begin(self, *args):
        rt = self.start_rt("--dev", *args)
        self.wait(self.regions, 10, "the region")
        return rt

    def finish(self, rt, code=0):
        rt.send_signal(signal.SIGINT)
        assert rt.wait(20) == code
        self.wait_recorded()
        return self.read()

    def level(self, *args):
        return subprocess.run([program("takt"), "level", "--run-dir", self.run_dir, *args],
                              capture_output=True, text=True, timeout=30)

    def levels(self, *args):
        done = self.level("-o", "json", *args)
        assert done.returncode == 0, done.stderr
        return {row["task"]: row["level"] for row in json.loads(done.stdout)}

    def texts(self, *args):
        done = self.takt_log("text", self.runs()[-1], "-o", "jsonl", *args)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def of(texts, task, level, word=None):
    return [t for t in texts if t[1] == level and t[2] == task and (word is None or t[3].startswith(word))]


@tap.test
def levels_of_tasks_come_from_the_graph_and_from_the_command_line():
    with Talk() as world:
        world.start_taktd()
        rt = world.begin()
        assert world.levels("talk") == {"one": "info", "two": "warning"}
        log = world.finish(rt)
        assert of(log.texts, "one", "info") and not of(log.texts, "one", "debug")
        assert of(log.texts, "two", "warning") and not of(log.texts, "two", "info")
    with Talk() as world:
        world.start_taktd()
        rt = world.begin("--level", "error")
        assert world.levels("talk") == {"one": "error", "two": "error"}
        log = world.finish(rt)
        assert of(log.texts, "one", "error") and not of(log.texts, "one", "warning")


@tap.test
def level_of_one_task_changes_while_it_runs_and_the_change_is_recorded():
    with Talk() as world:
        world.start_taktd()
        rt = world.begin()
        run = os.path.basename(world.regions()[0])
        world.wait(lambda: world.level("talk", "--task", "two", "debug").returncode == 0, 10, "taktd")
        assert world.levels("talk") == {"one": "info", "two": "debug"}
        assert world.levels(run[:6], "error") == {"one": "error", "two": "error"}
        assert world.levels("talk", "--task", "one") == {"one": "error"}
        log = world.finish(rt)
        changes = [(e[2], e[3][:2], e[4]) for e in log.events if e[1] == "level_changed"]
        assert changes == [("two", (2, 0), "debug"), ("one", (1, 3), "error"), ("two", (0, 3), "error")], changes
        debug = [t[0] for t in of(log.texts, "two", "debug")]
        at = [e[0] for e in log.events if e[1] == "level_changed" and e[2] == "two"]
        assert debug[0] == at[0] and debug[-1] == at[1] - 1, (debug[0], debug[-1], at)
        assert debug == list(range(debug[0], debug[-1] + 1))


@tap.test
def level_holds_when_taktd_is_another_one():
    with Talk() as world:
        world.start_taktd()
        rt = world.begin()
        world.wait(lambda: world.level("talk", "critical").returncode == 0, 10, "taktd")
        world.taktd.kill()
        world.taktd.wait()
        done = world.level("talk", "debug")
        assert done.returncode == 1 and "no taktd runs" in done.stderr, done
        assert world.levels("talk") == {"one": "critical", "two": "critical"}
        world.start_taktd()
        world.wait(lambda: world.level("talk", "debug").returncode == 0, 10, "the new taktd")
        assert world.levels("talk") == {"one": "debug", "two": "debug"}
        world.finish(rt)


@tap.test
def wrong_requests_say_what_is_wrong():
    with Talk() as world:
        done = world.level("talk")
        assert done.returncode == 4 and "is running, and no other" in done.stderr, done
        world.start_taktd()
        rt = world.begin()
        for args, code, word in ((["talk", "loud"], 2, "debug, info"), (["nobody", "debug"], 4, "talk/"),
                                 (["talk", "--task", "three", "debug"], 4, "no task 'three'"),
                                 ([], 2, "missing"), (["talk", "warn"], 2, "did you mean warning?"),
                                 (["talk", "INFO"], 2, "did you mean info?"), (["talk", "debug", "more"], 2, "too many"),
                                 (["--loud", "talk"], 2, "unknown option"), (["-o", "xml", "talk"], 2, "json")):
            done = world.level(*args)
            assert done.returncode == code and word in done.stderr, (args, done)
        done = world.level("--help")
        assert done.returncode == 0 and "usage: takt level" in done.stdout
        world.finish(rt)


def ask(world, packet):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(10)
    s.connect(os.path.join(world.run_dir, "taktd.sock"))
    s.send(packet)
    try:
        return s.recv(4096)
    except ConnectionResetError:
        return b""
    finally:
        s.close()


@tap.test
def socket_is_private_and_takes_no_nonsense():
    with Talk() as world:
        world.start_taktd()
        path = os.path.join(world.run_dir, "taktd.sock")
        rt = world.begin()
        run = os.path.basename(world.regions()[0]).encode()
        world.wait(lambda: os.path.exists(path), 10, "the socket")
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        world.wait(lambda: ask(world, b"level " + run + b" one debug") == b"ok", 10, "the run to be attached")
        for packet in (b"x" * 4096, b"x" * 9000, b"\0\0\0", b"level", b"level " + run + b" one", b" ",
                       b"level " + run + b" one debug more", b"level  one debug",
                       b"level 0000000000000000 one debug", b"level " + run + b" three debug",
                       b"level " + run + b" one loud", b"\xff\xfe " * 100):
            answer = ask(world, packet)
            assert answer.startswith(b"error "), (packet[:20], answer)
        # One that connects and says nothing holds up the others for no more than a second.
        silent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        silent.connect(path)
        began = time.monotonic()
        assert ask(world, b"level " + run + b" * info") == b"ok"
        assert time.monotonic() - began < 5
        silent.close()
        world.finish(rt)


@tap.test
def nonsense_in_the_mailbox_is_ignored():
    with Talk() as world:
        world.start_taktd()
        rt = world.begin()
        world.wait(lambda: world.level("talk", "debug").returncode == 0, 10, "taktd")
        control = os.path.join(world.regions()[0], "control")
        with open(control, "r+b") as f:
            head = f.read(4096)
            # struct takt_section: id, stride, offset, bytes; from byte 40 on.
            sections = {int.from_bytes(head[at:at + 4], "little"): int.from_bytes(head[at + 8:at + 16], "little")
                        for at in range(40, 40 + 16 * 24, 24)}
            for value in (6, 7, 255, 0xffffffff, 0x80000000):
                for task in range(2):
                    f.seek(sections[6] + 128 + 128 * task)
                    f.write(value.to_bytes(4, "little"))
                f.seek(sections[6])
                f.write((value + 1000).to_bytes(8, "little"))
                f.flush()
                time.sleep(0.02)
        assert world.levels("talk") == {"one": "debug", "two": "debug"}
        log = world.finish(rt)
        assert len([e for e in log.events if e[1] == "level_changed"]) == 2


@tap.test
def limited_texts_come_seldom_and_say_how_many_were_left_out():
    with Talk(one="limited: true", two="limited: true") as world:
        world.start_taktd()
        rt = world.start_rt("--dev", "--cycles", "1050", "--level", "info")
        assert rt.wait(30) == 0
        world.wait_recorded()
        texts = world.texts("--task", "one")
        once = [t for t in texts if t["text"].startswith("once")]
        assert [t["text"] for t in once] == ["once 0"]
        every = [t for t in texts if t["text"].startswith("every")]
        assert [t["text"] for t in every] == [f"every 100: {n}" for n in range(0, 1050, 100)]
        assert [t["suppressed"] for t in every] == [0] + [99] * 10
        rate = [t for t in texts if t["text"].startswith("10 Hz")]
        assert 9 <= len(rate) <= 13, rate
        left = [e for e in world.read().events if e[1] == "texts_suppressed"]
        # Each task counts for itself, and what is left at the end is said.
        assert {e[2] for e in left} == {"one", "two"} and len(left) == 6, left
        of_one = {e[3][1]: e[3][0] for e in left if e[2] == "one"}
        assert sorted(of_one.values(), reverse=True)[0] == 1049 and 49 in of_one.values(), of_one
        assert len(rate) + sum(t["suppressed"] for t in rate) + sum(of_one.values()) - 1049 - 49 == 1050
        assert all(re.fullmatch(r"texts\.c:\d+", e[4]) for e in left), left
        plain = world.takt_log("text", world.runs()[-1], "--task", "one").stdout
        assert "every 100: 100 (99 left out before)" in plain
        table = world.takt_log("text", world.runs()[-1], "-o", "csv").stdout.splitlines()
        assert table[0] == "time,t_ns,cycle,level,task,text,suppressed,file,line,format,args"
        assert any(re.search(r",every 100: 100,99,[^,]*texts\.c,", line) for line in table)


@tap.test
def flood_while_taktd_stands_still_loses_no_warning_and_no_error():
    with Talk(one="flood: 50", two="flood: 50, warn_every: 25") as world:
        world.start_taktd()
        rt = world.start_rt("--dev", "--cycles", "6000", "--level", "debug")
        world.wait(lambda: world.runs() and os.listdir(world.runs()[-1]), 10, "the recording")
        world.taktd.send_signal(signal.SIGSTOP)
        time.sleep(4)
        world.taktd.send_signal(signal.SIGCONT)
        assert rt.wait(30) == 0
        world.wait_recorded()
        log = world.read()
        for task, every in (("one", 10), ("two", 25)):
            for level in ("warning", "error"):
                assert len(of(log.texts, task, level)) == len(range(0, 6000, every)), (task, level)
        lost = {}
        for e in log.events:
            if e[1] == "texts_lost":
                lost[e[3][0]] = lost.get(e[3][0], 0) + e[3][1]
        assert lost and set(lost) <= {0, 1}, lost
        called = 2 * 6000 * 51
        for number, level in enumerate(("debug", "info")):
            seen = len(of(log.texts, "one", level)) + len(of(log.texts, "two", level))
            assert seen + lost.get(number, 0) == called, (level, seen, lost)
        assert sum(e[3][1] for e in log.events if e[1] == "events_lost") == sum(lost.values())


@tap.test
def every_segment_alone_has_all_that_its_texts_need():
    with Talk(one="flood: 30", two="flood: 30") as world:
        world.start_taktd()
        rt = world.start_rt("--dev", "--cycles", "3000", "--level", "debug")
        assert rt.wait(60) == 0
        world.wait_recorded()
        run = world.runs()[-1]
        segments = sorted(n for n in os.listdir(run) if re.fullmatch(r"\d+\.takt", n))
        assert len(segments) >= 3, segments
        total = 0
        for name in segments:
            alone = os.path.join(world.dir, "alone-" + name)
            os.mkdir(alone)
            shutil.copy(os.path.join(run, name), alone)
            done = world.takt_log("text", os.path.join(alone, name), "-o", "jsonl")
            assert done.returncode == 0, done.stderr
            # Where a busy machine lost some, a line says so.
            lines = [line for line in done.stdout.splitlines() if '"kind":"lost"' not in line]
            total += len(lines)
            for line in lines[:50] + lines[-50:]:
                row = json.loads(line)
                assert re.fullmatch(r"(debug|info|warning|flood \d+ of|error) .*", row["text"], re.DOTALL), row
                assert row["task"] in ("one", "two") and row["file"].endswith("texts.c") and row["line"] > 0
        assert total == len(world.read().texts), (total, len(world.read().texts))


class Journal:
    """What journald would get."""

    def __init__(self, world):
        self.path = os.path.join(world.dir, "journal")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.packets = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while packet := self.socket.recv(1 << 16):
            self.packets.append(packet)

    def messages(self):
        """All so far; the sender has ended."""
        end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        end.sendto(b"END=\n", self.path)
        while not self.packets or self.packets[-1] != b"END=\n":
            time.sleep(0.001)
        packets, self.packets = self.packets[:-1], []
        assert all(p.endswith(b"\n") for p in packets)
        return [dict(line.split("=", 1) for line in p.decode().splitlines()) for p in packets]


def start_service(world, *args, env=None):
    world.taktd = world.spawn([program("taktd"), "--run-dir", world.run_dir, "--exit-when-idle", *args],
                              stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=env)


@tap.test
def warnings_and_errors_go_to_the_journal():
    with Talk(rate="100Hz", one="warn_every: 40", two="warn_every: 40") as world:
        journal = Journal(world)
        start_service(world, "--journal", "always", "--journal-socket", journal.path)
        rt = world.begin("--cycles", "100", "--level", "debug")
        run = os.path.basename(world.regions()[0])
        assert rt.wait(20) == 0
        world.wait_recorded()
        assert world.taktd.wait(20) == 0
        got = journal.messages()
        assert len(got) == 3 * 2 * 2, got
        warning = next(m for m in got if m["MESSAGE"] == "one: warning 40")
        assert warning["PRIORITY"] == "4" and warning["TAKT_GRAPH"] == "talk" and warning["TAKT_TASK"] == "one"
        assert warning["TAKT_RUN"] == run and warning["TAKT_CYCLE"] == "40"
        assert warning["SYSLOG_IDENTIFIER"] == "takt" and warning["CODE_FILE"].endswith("texts.c")
        error = next(m for m in got if m["MESSAGE"].startswith("two: error 80"))
        assert error["PRIORITY"] == "3" and error["MESSAGE"] == "two: error 80\\x0ain two lines", error


@tap.test
def journal_is_spared_a_flood_and_told_of_it():
    with Talk(one="warn_every: 1", two="warn_every: 1") as world:
        journal = Journal(world)
        start_service(world, "--journal", "always", "--journal-socket", journal.path)
        rt = world.start_rt("--dev", "--cycles", "2000")
        assert rt.wait(20) == 0
        world.wait_recorded()
        assert world.taktd.wait(20) == 0
        got = journal.messages()
        texts = [m for m in got if "TAKT_TASK" in m]
        left_out = sum(int(m["TAKT_NOT_FORWARDED"]) for m in got if "TAKT_NOT_FORWARDED" in m)
        assert 100 <= len(texts) <= 160 and left_out > 0, (len(texts), left_out)
        assert len(texts) + left_out == 2 * 2 * 2000, (len(texts), left_out)
        assert len(world.read().texts) >= 8000


@tap.test
def journal_goes_on_where_the_taktd_before_was():
    with Talk(rate="100Hz", one="warn_every: 20", two="warn_every: 1000000") as world:
        journal = Journal(world)
        start_service(world, "--journal", "always", "--journal-socket", journal.path)
        rt = world.begin()
        time.sleep(1)
        world.taktd.kill()
        world.taktd.wait()
        time.sleep(0.5)
        start_service(world, "--journal", "always", "--journal-socket", journal.path)
        time.sleep(1)
        log = world.finish(rt)
        assert world.taktd.wait(20) == 0
        got = [m["MESSAGE"].split("\\x0a")[0] for m in journal.messages()]
        expected = [f"{t[2]}: {t[3]}" for t in log.texts if t[1] in ("warning", "error")]
        missing = set(expected) - set(got)
        assert not missing, missing
        # A kill may come between a message and the note of it: what was sent in those 100 ms is sent again.
        assert len(got) <= len(expected) + 2, (len(got), len(expected))


@tap.test
def journal_gets_nothing_unless_taktd_is_its_service():
    with Talk(rate="100Hz") as world:
        journal = Journal(world)
        path = os.path.join(world.dir, "stderr")
        for known, journalled in ((False, False), (True, True)):
            with open(path, "w") as err:
                st = os.fstat(err.fileno())
                stream = f"{st.st_dev}:{st.st_ino}" if known else f"{st.st_dev}:{st.st_ino + 1}"
                world.taktd = world.spawn([program("taktd"), "--run-dir", world.run_dir, "--exit-when-idle",
                                           "--journal-socket", journal.path], stderr=err,
                                          env={"JOURNAL_STREAM": stream})
                rt = world.begin("--cycles", "30")
                assert rt.wait(20) == 0
                world.wait_recorded()
                assert world.taktd.wait(20) == 0
                assert bool(journal.messages()) == journalled


@tap.test
def journal_that_stands_still_holds_up_nothing():
    with Talk(rate="100Hz", one="warn_every: 1", two="warn_every: 1") as world:
        path = os.path.join(world.dir, "journal")
        full = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        full.bind(path)	# and nobody reads
        start_service(world, "--journal", "always", "--journal-socket", path)
        rt = world.begin("--cycles", "100")
        assert rt.wait(20) == 0
        began = time.monotonic()
        world.wait_recorded()
        assert world.taktd.wait(20) == 0
        assert time.monotonic() - began < 8
        assert len(of(world.read().texts, "one", "warning")) == 100


@tap.test
def recording_goes_on_without_a_journal():
    with Talk(rate="100Hz") as world:
        start_service(world, "--journal", "always", "--journal-socket", os.path.join(world.dir, "nobody"))
        rt = world.begin("--cycles", "50")
        assert rt.wait(20) == 0
        world.wait_recorded()
        assert world.taktd.wait(20) == 0
        assert len(of(world.read().texts, "one", "warning")) == 5


tap.main()
