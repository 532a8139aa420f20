"""csv_source and csv_sink as a user runs them: what is written reads back as the same, no row is lost, and
what is wrong with a file is said with its place.

    io_csv.py [NAME-PART]
"""

import math
import os
import random
import re
import subprocess
import sys
import time

from harness import Skip, Tap, World, program

ONLY = sys.argv[1] if len(sys.argv) > 1 else None
tap = Tap()

TYPES = """enums: {mode: {off: 0, slow: 1, "very, \\"fast\\"": 7}}
types:
  point: {fields: [{name: x, type: f32, unit: m}, {name: n, type: i8}]}
  rich:
    fields:
      - {name: on, type: bool}
      - {name: big, type: u64}
      - {name: small, type: i16}
      - {name: f, type: f32, unit: m}
      - {name: d, type: f64, unit: rad/s}
      - {name: name, type: text(12)}
      - {name: mode, type: enum(mode)}
      - {name: gyro, type: "array(f64, 3)", unit: rad/s}
      - {name: points, type: "list(struct(point), 3)"}
  number: {fields: [{name: value, type: f64, unit: m}]}
"""
HEADER = ("tov [ns],on,big,small,f [m],d [rad/s],name,mode,gyro[0] [rad/s],gyro[1] [rad/s],gyro[2] [rad/s],points.count,"
          "points[0].x [m],points[0].n,points[1].x [m],points[1].n,points[2].x [m],points[2].n")

GRAPH = """takt: 1
name: kill
plugins: [{plugin}]
{types}runtime: {{rate: {rate}}}
tasks:
  - {{id: source, type: csv_source, exec: io, {take}, outputs: {{row: {type}}}, params: {{path: {path}, {source}}}}}
  - {{id: sink, type: csv_sink, {sink_exec}params: {{path: {out}, {sink}}}}}
connections:
  - source -> sink
"""


class Csv(World):
    def graph(self, path, out="out.csv", type="number", source="pace: full", sink="overwrite: false",
              take="take: all, queue: 64", rate="1kHz"):
        with open(self.graph_path, "w") as f:
            f.write(GRAPH.format(plugin=program("plugins/csv.so"), types=TYPES, path=path, out=out, type=type,
                                 source=source, sink=sink, take=take, rate=rate, sink_exec=SINK_EXEC))
        return os.path.join(self.dir, out)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", newline="") as f:
            f.write(text)
        return path

    def takt(self, *args, code=0):
        """takt run to its end; what it printed."""
        takt = self.start_takt(*args, stdout=subprocess.PIPE)
        out, err = takt.communicate(timeout=60)
        assert takt.returncode == code, (takt.returncode, out, err)
        return out + err

    def check(self, code=0):
        done = subprocess.run([program("takt"), "check", self.graph_path], capture_output=True, text=True, timeout=30)
        assert done.returncode == code, (done.returncode, done.stderr)
        return done.stderr

    def said(self):
        """The text of the last run, as recorded."""
        return self.takt_log("text", self.runs()[-1]).stdout


LINE = 1 + (GRAPH.partition("id: source")[0].format(plugin="", types=TYPES, rate="")).count("\n")
SINK_EXEC = "queue: 4096, "


def read(path):
    """The file, without its column of stamps."""
    with open(path, newline="") as f:
        text = f.read()
    if "stamp [ns]" in text.partition("\n")[0]:
        text = re.sub(r"^(tov \[ns\]|[0-9]*),(?:stamp \[ns\]|[0-9]+),", r"\1,", text, flags=re.M)
    return text


def numbers(count, step_ns=1000000):
    return "tov [ns],value [m]\n" + "".join(f"{i * step_ns},{i}.5\n" for i in range(count))


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if not text or re.search('[",\n\r]', text) or text[0] == "#" else text


def rich_row(rng, tov):
    """A row as csv_sink writes it, of values that need all their digits."""
    def real():
        return repr(rng.choice([rng.uniform(-1, 1), rng.uniform(-1e30, 1e30), 0.1, -0.0, 1 / 3, math.inf, 5e-300]))

    count = rng.randrange(4)
    row = [str(tov), rng.choice(["true", "false"]), str(rng.getrandbits(64)), str(rng.randrange(-32768, 32768)),
           real(), real(), quoted(rng.choice(["", "a", "b,c", '"', "#x", "x\ny", "ünï", " z "])),
           quoted(rng.choice(["off", "slow", 'very, "fast"', "5"])), real(), real(), real(), str(count)]
    for i in range(3):
        row += [real(), str(rng.randrange(-128, 128))] if i < count else ["", ""]
    return ",".join(row)


@tap.test
def what_was_written_reads_back_and_is_written_as_the_same_bytes():
    rng = random.Random(7)
    with Csv() as world:
        rows = [rich_row(rng, 1000000 * i + rng.randrange(1000)) for i in range(400)]
        # f32 cells have more digits than they can keep: the first pass settles them
        text = HEADER + "\n" + "\n".join(rows) + "\n"
        first = world.write("first.csv", text)
        second = world.graph(first, "second.csv", type="rich")
        world.takt("--virtual")
        third = world.graph(second, "third.csv", type="rich")
        world.takt("--virtual")
        assert read(second) == read(third)
        assert read(second).splitlines()[0] == HEADER
        assert len(re.findall("^[0-9]+,(?:true|false),", read(second), re.M)) == 400
        # doubles are those of the first file
        wanted = [line.split(",")[5] for line in text.split("\n") if re.match("[0-9]+,(true|false),", line)]
        have = [line.split(",")[5] for line in read(third).split("\n") if re.match("[0-9]+,(true|false),", line)]
        assert [float(a) for a in wanted] == [float(b) for b in have]


@tap.test
def a_log_stands_in_for_the_file():
    with Csv() as world:
        out = world.graph(world.write("in.csv", numbers(300)), sink="overwrite: true")
        world.takt("--virtual")
        log = world.runs()[-1]
        os.remove(out)
        world.takt("--virtual", "--source-from", log)
        assert read(out) == numbers(300)
        with open(world.graph_path) as f:
            other = f.read().replace("value, type: f64", "value, type: f32")
        with open(world.graph_path, "w") as f:
            f.write(other)
        said = world.takt("--virtual", "--source-from", log, code=1)
        assert "(number) differs" in said and "field `value`: f32" in said, said


@tap.test
def rows_of_a_log_that_do_not_fit_a_smaller_queue_are_told():
    for virtual in ["--virtual"], []:
        with Csv() as world:
            source = world.write("in.csv", numbers(300))
            out = world.graph(source, sink="overwrite: true", rate="100Hz")
            world.takt("--virtual")
            log = world.runs()[-1]
            world.graph(source, sink="overwrite: true", rate="100Hz", take="take: all, queue: 1")
            world.takt(*virtual, "--source-from", log)
            dropped = sum(e[3][0] for e in world.read(world.runs()[-1]).events
                          if e[1] == "input_dropped" and e[2] == "source")
            assert 0 < dropped == 300 - (read(out).count("\n") - 1), dropped


@tap.test
def no_row_is_lost_at_full_pace_whatever_the_queue_and_the_lane_takes():
    for take, count in ("take: all, queue: 3", 1500), ("take: newest", 300):
        with Csv() as world:
            out = world.graph(world.write("in.csv", numbers(count)), take=take)
            world.start_taktd()
            text = world.takt()
            assert read(out) == numbers(count), (take, text)
            world.wait_recorded()
            assert "input_dropped" not in world.read().names()


@tap.test
def the_rows_times_are_times_of_validity_and_say_when_a_row_is_given():
    with Csv() as world:
        world.graph(world.write("in.csv", "t_us,x\n1000,1\n101000,2\n251000.5,3\n"),
                    source='pace: recording, time: t_us, columns: "x: value"')
        begin = time.monotonic()
        world.takt()
        assert time.monotonic() - begin > 0.25
        assert read(os.path.join(world.dir, "out.csv")) == \
            "tov [ns],value [m]\n1000000,1\n101000000,2\n251000500,3\n"


@tap.test
def repeated_rounds_go_on_in_time():
    with Csv() as world:
        out = world.graph(world.write("in.csv", "t_ms,value\n5,1\n7,2\n"),
                          source="time: t_ms, repeat: 3")
        world.takt("--virtual")
        assert read(out) == ("tov [ns],value [m]\n5000000,1\n7000000,2\n9000000,1\n11000000,2\n13000000,1\n"
                             "15000000,2\n")


@tap.test
def times_that_go_back_are_said():
    with Csv() as world:
        out = world.graph(world.write("in.csv", "t_s,value\n5,1\n3,2\n6,3\n"), source="time: t_s")
        text = world.takt("--virtual")
        assert "line 3, column 1: time goes back by 2 s from the row before; given at once, 1 such rows so far" in text, text
        assert text.count("time goes back") == 1 and read(out).count("\n") == 4, text


@tap.test
def bad_rows_are_skipped_and_named_by_line_and_column():
    with Csv() as world:
        out = world.graph(world.write("in.csv", '# by hand\nvalue,tov [ns]\n1,1\nx1,2\n3,3\n4\n"5"6,5\n'
                                      "7,8,9\n10,-1\n\n11,11\n"), source="pace: full")
        text = world.takt("--virtual")
        assert read(out) == "tov [ns],value [m]\n1,1\n3,3\n11,11\n"
        assert "line 4, column 1: `x1` is no number: row skipped, 1 so far" in text, text
        assert "3 rows given, 5 bad ones skipped" in text, text


@tap.test
def a_file_that_cannot_be_understood_is_an_error_that_says_what_it_has():
    cases = [
        ("tov [ns],valeu [m],x\n", "pace: full", "no column for field `value`; it has: tov, valeu, x"),
        ("value [m]\n", "pace: recording", "has no time column"),
        ("t,value\n", "time: t", "the time column `t` does not say its unit; give `time_unit: s`"),
        ("t,value\n", "time: u", "time: the file has no column `u`; it has: t, value"),
        ("tov [ns],value [ft]\n", "pace: full", "column `value [ft]`: field `value` is in m"),
        ("value,value\n", "pace: full", "two columns `value`"),
        ("a,b\n", 'pace: full, columns: "c:value"', "columns: the file has no column `c`; it has: a, b"),
        ("a,b\n", 'pace: full, columns: "a:valeu"', "columns: the message has no field `valeu`"),
        ("a,b\n", 'pace: full, columns: "a"', "columns: `a` is no pair"),
        ("", "pace: full", "is empty"),
        ("value\n", 'pace: full, separator: ";;"', "separator: `;;` cannot be one"),
    ]
    with Csv() as world:
        for header, source, what in cases:
            out = world.graph(world.write("in.csv", header + "1,1,1\n" * bool(header)), source=source)
            for said in world.check(code=1), world.takt(code=1):
                assert f"graph.yaml:{LINE}:" in said and "task `source`: " in said and what in said, (what, said)
            assert not os.path.exists(out) and not world.runs(), what
        world.graph("nothing.csv")
        world.takt(code=1)
        world.wait(lambda: "cannot read" in world.said(), 10, "the reason")
        world.graph(".")
        world.takt(code=1)
        world.wait(lambda: "Is a directory" in world.said(), 10, "the reason")
        world.graph("/dev/null")
        world.takt(code=1)
        world.wait(lambda: "neither a file nor a FIFO" in world.said(), 10, "the reason")


@tap.test
def a_file_may_come_later_and_a_fifo_may_change_its_writer():
    with Csv() as world:
        late = os.path.join(world.dir, "late.csv")
        out = world.graph(late, source="pace: full, wait: true")
        takt = world.start_takt(stdout=subprocess.PIPE)
        world.wait(lambda: os.path.exists(out), 20, "the run to start")
        time.sleep(0.15)
        world.write("late.new", numbers(5))
        os.rename(os.path.join(world.dir, "late.new"), late)
        text, _ = takt.communicate(timeout=20)
        assert takt.returncode == 0 and "waiting for" in text, text
        assert read(out) == numbers(5)

        fifo = os.path.join(world.dir, "fifo")
        os.mkfifo(fifo)
        out = world.graph(fifo, "fifo.csv", source="pace: full")
        takt = world.start_takt(stdout=subprocess.DEVNULL)
        for rows in "tov [ns],value [m]\n1,1\n2,2", "value,tov_ns,tov [ns]\n3,0,3\n":
            with open(fifo, "w") as f:
                f.write(rows)
            last = rows.split("\n")[1]
            world.wait(lambda: os.path.exists(out) and f"{last[0]},{last[0]}\n" in read(out), 20, f"row {last}")
        takt.terminate()
        takt.wait(20)
        assert read(out) == "tov [ns],value [m]\n1,1\n2,2\n3,3\n"


@tap.test
def check_warns_of_a_file_that_is_not_there_and_refuses_an_empty_path():
    with Csv() as world:
        world.graph("later.csv")
        said = world.check()
        assert re.search(rf"^takt: warning: .*graph.yaml:{LINE}:[0-9]+: task `source`: path: there is no .*/later.csv now; set ",
                         said, re.M), said
        world.graph('""')
        assert "task `source`: path: is empty; give a path" in world.check(code=1)
        world.graph(world.write("in.csv", numbers(1)))
        assert world.check() == ""


@tap.test
def lane_of_a_source_that_waits_is_refused_for_itself():
    with Csv() as world:
        world.graph(world.write("in.csv", numbers(1)))
        with open(world.graph_path) as f:
            text = f.read()
        with open(world.graph_path, "w") as f:
            f.write(text.replace("exec: io", "exec: lane"))
        said = world.check(code=1)
        assert "`csv_source` waits for a device" in said and "write `exec: io`" in said, said


@tap.test
def rows_of_a_task_without_times_of_validity_have_its_stamps():
    with Csv() as world:
        with open(world.graph_path, "w") as f:
            f.write(f"takt: 1\nname: kill\nplugins: [{program('plugins/hello.so')}, {program('plugins/csv.so')}]\n"
                    "runtime: {rate: 1kHz}\ntasks:\n  - {id: give, type: hello_source, params: {value: 7}}\n"
                    "  - {id: sink, type: csv_sink, queue: 4096, params: {path: out.csv}}\nconnections: [give -> sink]\n")
        world.takt("--virtual", "--cycles", "100")
        with open(os.path.join(world.dir, "out.csv")) as f:
            header, *lines = f.read().splitlines()
        assert header.startswith("tov [ns],stamp [ns],"), header
        stamps = [int(line.split(",")[1]) for line in lines]
        assert len(stamps) == 100 and all(line.startswith(",") for line in lines), lines[:3]
        assert {b - a for a, b in zip(stamps, stamps[1:])} == {1000000}, stamps[:5]


@tap.test
def a_file_that_is_there_is_not_written_over_unasked():
    with Csv() as world:
        source = world.write("in.csv", numbers(3))
        out = world.graph(source)
        world.write("out.csv", "precious\n" * 100)
        for said in world.check(code=1), world.takt("--virtual", code=1):
            assert "out.csv exists; give `overwrite: true`" in said, said
        assert read(out) == "precious\n" * 100
        world.graph(source, sink="overwrite: true, times: false, separator: tab")
        world.takt("--virtual")
        assert read(out) == "value [m]\n0.5\n1.5\n2.5\n"
        world.graph(source, "no/such/folder.csv")
        world.takt("--virtual", code=1)
        world.wait(lambda: "No such file or directory" in world.said(), 10, "the reason")


@tap.test
def a_full_disk_is_said_and_leaves_whole_rows():
    with Csv() as world:
        small = os.path.join(world.dir, "small")
        os.mkdir(small)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True)
        if done.returncode != 0:
            raise Skip("a small tmpfs needs the right to mount")
        try:
            out = world.graph(world.write("in.csv", numbers(90000, 1)), "small/out.csv", take="take: all, queue: 256")
            text = world.takt()
            assert "cannot write" in text and "No space left" in text, text
            lines = read(out)
            assert lines.endswith("\n") and numbers(90000, 1).startswith(lines)
            lost = int(re.search(r"(\d+) rows, (\d+) more are lost", text)[2])
            assert lines.count("\n") - 1 + lost == 90000
        finally:
            subprocess.run(["umount", small], check=True)


tap.main(ONLY)
