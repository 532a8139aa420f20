"""takt log, as people and scripts use it: on finished, cut, damaged and live logs. Prints TAP."""

import csv
import io
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Skip, Tap, program  # noqa: E402

tap = Tap()
TAKT = program("takt")
MAKE_LOG = program("tests/e2e/make_log")
top = tempfile.mkdtemp(prefix="takt-log-cli-")
LOGS = os.path.join(top, "logs")
NO_RUNS = os.path.join(top, "no-runs")
CLEAN = os.path.join(LOGS, "0001-test-0a00000000000001")
CUT = os.path.join(LOGS, "0002-test-0b00000000000002")


def takt(*args, status=0, env=None):
    """Run takt log; returns its output, and its messages when the status is not 0."""
    done = run(*args, env=env)
    assert done.returncode == status, (args, done.returncode, done.stderr)
    return done.stdout if status == 0 else done.stderr


def run(*args, env=None, where=True):
    place = ["--log-dir", LOGS, "--run-dir", NO_RUNS] if where else []
    return subprocess.run([TAKT, "log", args[0], *place, *args[1:]], capture_output=True, text=True,
                          timeout=60, env=env)


def rows(*args):
    return json.loads(takt(*args, "-o", "json"))


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def sign(segment):
    """Make the checksums of a segment's bytes right."""
    for at in (0, 4096):
        struct.pack_into("<I", segment, at + 4092, crc32c(segment[at:at + 4092]))
    for at in range(8192, len(segment), 4096):
        if segment[at:at + 4] == b"TKCK":
            used_bytes, = struct.unpack_from("<I", segment, at + 48)
            struct.pack_into("<I", segment, at + 120, crc32c(segment[at + 128:at + 128 + used_bytes]))
            struct.pack_into("<I", segment, at + 124, crc32c(segment[at:at + 124]))


@tap.test
def list_shows_every_run_with_its_state():
    found = rows("list")
    assert [r["run"] for r in found] == ["0a00000000000001", "0b00000000000002"], found
    assert [r["state"] for r in found] == ["clean", "cut"]
    assert found[0]["run_start"] == "2023-11-14T22:13:20.000000000Z"
    for run_ in found:
        info = rows("info", run_["run"])
        for key in ("start", "end", "length_ns", "run_start", "bytes", "file_bytes"):
            assert run_[key] == info[key], (key, run_[key], info[key])
    assert found[0]["bytes"] == sum(os.path.getsize(os.path.join(CLEAN, f)) for f in os.listdir(CLEAN))
    short = takt("list").splitlines()
    assert len(short) == 3 and "0a00000000000001" in short[1] and short[2].endswith("cut"), short
    assert [r["run"] for r in rows("list", "-n", "1")] == ["0b00000000000002"]
    assert rows("list", "-g", "nothing") == []
    assert rows("list", "--since", "2023-11-15") == []
    assert len(rows("list", "--until", "2023-11-15T00:00:00+01:00")) == 2


@tap.test
def a_log_is_named_by_path_id_prefix_graph_or_latest():
    assert rows("info", CLEAN)["run"] == "0a00000000000001"
    assert rows("info", os.path.join(CLEAN, "0001.takt"))["run"] == "0a00000000000001"
    assert rows("info", "0b00000000000002")["run"] == "0b00000000000002"
    assert rows("info", "0a")["run"] == "0a00000000000001"
    newest = rows("info", "latest")["run"]
    assert rows("info")["run"] == newest and rows("info", "test")["run"] == newest


@tap.test
def an_unknown_or_ambiguous_log_is_status_4_and_names_what_there_is():
    assert "0a00000000000001" in takt("text", "ff", status=4)
    assert "several" in takt("text", "0", status=4)
    assert takt("text", "/nowhere/at/all", status=4).count("\n") == 1
    done = run("text", "--log-dir", os.path.join(top, "empty"), where=False)
    assert done.returncode == 4 and done.stdout == "" and done.stderr.count("\n") == 1, done


@tap.test
def default_directory_follows_xdg_state_home():
    state = os.path.join(top, "state")
    os.makedirs(state, exist_ok=True)
    os.symlink(LOGS, os.path.join(state, "takt"))
    os.chmod(top, 0o755)
    user = 65534 if os.geteuid() == 0 else None  # root's logs are those of the service
    try:
        done = subprocess.run([TAKT, "log", "list", "-o", "json", "--run-dir", NO_RUNS], text=True,
                              capture_output=True, env=dict(os.environ, XDG_STATE_HOME=state), user=user)
    except PermissionError:
        raise Skip("nobody may not read the build directory")
    assert "0a00000000000001" in done.stdout, done


@tap.test
def info_tells_what_the_log_holds():
    info = rows("info", "0a")
    assert info["copperlists"] == 200 and info["first_cycle"] == 0 and info["last_cycle"] == 199
    assert info["period_ns"] == 1000000 and info["segments"] == 2 and info["damage"] == []
    assert [t["id"] for t in info["tasks"]] == ["imu", "est", "show"]
    assert info["connections"][0]["from_port"] == "raw"
    assert {"key": "kernel", "value": "6.1"} in info["facts"]
    short = takt("info", "0a", "--verify")
    assert re.search(r"^state +clean", short, re.M) and "imu.raw: maker_raw" in short
    table = dict(csv.reader(io.StringIO(takt("info", "0a", "-o", "csv"))))
    assert table["run"] == "0a00000000000001" and table["copperlists"] == "200"
    assert (table["task.imu.kind"], table["task.show.every"]) == ("source", "10"), table
    assert (table["output.imu.raw.type"], table["connection.est.raw.from"]) == ("maker_raw", "imu.raw"), table
    assert table["stream.lane0.records"] == "200" and table["fact.kernel"] == "6.1", table
    assert table["deleted_segments"] == "0" and table["checked"] == "headers", table
    assert json.loads(takt("info", "0a", "-o", "jsonl"))["graph"] == "test"


@tap.test
def types_tell_fields_units_and_enums():
    types = {t["name"]: t for t in rows("types", "0a")}
    pose = {f["name"]: f for f in types["maker_pose"]["fields"]}
    assert pose["at"]["type"] == "maker_at" and pose["kind"]["enum"]["values"][1] == {
        "name": "full", "value": 3}
    assert types["maker_raw"]["fields"][1]["unit"] == "m/s^2"
    assert re.fullmatch("[0-9a-f]{16}", types["maker_raw"]["layout"])
    assert [t["name"] for t in rows("types", "0a", "-g", "^maker_p")] == ["maker_pose"]
    assert "list(i16, 4)" in takt("types", "0a")
    table = list(csv.DictReader(io.StringIO(takt("types", "0a", "-o", "csv"))))
    assert table[1]["kind"] == "array(f32, 3)" and table[1]["offset_bytes"] == "8"
    assert (table[1]["layout"], table[1]["type_bytes"]) == (types["maker_raw"]["layout"],
                                                            str(types["maker_raw"]["bytes"])), table[1]
    assert next(r for r in table if r["kind"] == "enum(maker_kind)")["values"] == "0=none 3=full"


@tap.test
def text_has_the_same_records_in_every_form():
    short = takt("text", "0a").splitlines()
    array = rows("text", "0a")
    lines = [json.loads(line) for line in takt("text", "0a", "-o", "jsonl").splitlines()]
    table = list(csv.DictReader(io.StringIO(takt("text", "0a", "-o", "csv"))))
    assert len(short) > 50 and array == lines and len(table) == len(array) == len(short)
    for line, row, cells in zip(short, array, table):
        time_s, level, task, text = re.fullmatch(r" *(\d+\.\d{6}) (\w+) +(\S+) +(.*)", line).groups()
        assert abs(float(time_s) - row["t_ns"] / 1e9) < 1e-6
        assert (level, task, text) == (row["level"], row["task"] or "takt", row["text"]), (line, row)
        assert cells["time"] == row["time"] and cells["text"] == row["text"]
        assert (cells["file"], cells["line"], cells["format"]) == (row["file"], str(row["line"]), row["format"])
        assert json.loads(cells["args"]) == row["args"], cells
    assert any("Ångström" in r["text"] for r in array)
    assert "\033" not in takt("text", "0a")


@tap.test
def csv_ends_its_lines_as_rfc_4180_says():
    done = subprocess.run([TAKT, "log", "text", CLEAN, "-o", "csv", "-n", "3"], capture_output=True)
    assert done.stdout.count(b"\r\n") == 4 and done.stdout.count(b"\n") == 4, done.stdout
    assert done.stdout.startswith(b"time,t_ns,cycle,level,task,text,suppressed,file,line,format,args\r\n")


@tap.test
def filters_choose_what_python_would_choose():
    every = rows("text", "0a")
    order = ["debug", "info", "warning", "error", "critical"]

    def expect(args, keep):
        got = rows("text", "0a", *args)
        assert got == [r for r in every if keep(r)], args
        assert 0 < len(got) < len(every), args

    expect(["--level", "warning"], lambda r: order.index(r["level"]) >= 2)
    expect(["--task", "est"], lambda r: r["task"] == "est")
    expect(["-g", "^value -?[0-9]+ of 1[0-9]*,"],
           lambda r: re.match(r"value -?\d+ of 1\d*,", r["text"]))
    expect(["--since", "#50"], lambda r: r["cycle"] >= 50)
    expect(["--until", "#50"], lambda r: r["cycle"] <= 50)
    expect(["--since", "0.1s"], lambda r: r["t_ns"] >= 100000000)
    expect(["--until", "100 ms"], lambda r: r["t_ns"] <= 100000000)
    info = rows("info", "0a")
    end = info["start_mono_ns"] - info["run_start_mono_ns"] + info["length_ns"]
    expect(["--since", "-20ms"], lambda r: r["t_ns"] >= end - 20000000)
    expect(["--since", "2023-11-14T22:13:20.05Z", "--until", "2023-11-14T23:13:20.1+01:00"],
           lambda r: 50000000 <= r["t_ns"] <= 100000000)
    expect(["--since", "#50", "--task", "imu", "--level", "info", "-g", "plain"],
           lambda r: r["cycle"] >= 50 and r["task"] == "imu" and r["level"] != "debug"
           and "plain" in r["text"])


@tap.test
def years_far_away_are_before_and_behind_everything():
    for past, future in (("0001-01-01", "9999-12-31"), ("1600-01-01T00:00:00Z", "2262-04-12T00:00:00Z")):
        for command in ("text", "copperlists"):
            assert rows(command, "0a", "--since", past, "--until", future) == rows(command, "0a") != []
            assert rows(command, "0a", "--since", future) == rows(command, "0a", "--until", past) == []
        assert rows("list", "--until", future) == rows("list") and rows("list", "--since", future) == []


@tap.test
def times_of_day_are_of_the_log_and_local():
    every = rows("text", "0a")  # from 2023-11-14T22:13:20Z, 200 ms

    def texts(*args, zone="UTC"):
        done = run("text", "0a", "-o", "json", *args, env=dict(os.environ, TZ=zone))
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    late = [r for r in every if r["t_ns"] >= 50000000]
    assert 0 < len(late) < len(every)
    assert texts("--since", "22:13:20.05") == late
    assert texts("--since", "23:13:20.05", zone="UTC-1") == late
    assert texts("--since", "2023-11-14T23:13:20.05", zone="UTC-1") == late
    assert texts("--since", "22:13") == every == texts("--until", "22:14", "--since", "21:00")
    assert texts("--since", "22:14") == [] == texts("--until", "22:13")
    assert texts("--until", "yesterday") == every == texts("--until", "now") and texts("--since", "today") == []
    assert len(rows("list", "--until", "now")) == 2 and rows("list", "--since", "today") == []
    assert rows("list", "--since", "2023-11-14T22:13:20.1Z")[0]["number"] == 1  # it went on then


@tap.test
def what_list_shows_names_a_log():
    for row in rows("list"):
        for word in (str(row["number"]), os.path.basename(row["path"])):
            assert rows("info", word)["run"] == row["run"], word
    assert [r["state"] for r in rows("list", "-g", "cut$")] == ["cut"]
    assert [r["number"] for r in rows("list", "-g", "0b0000")] == [2]
    assert len(rows("list", "-g", "^test$")) == 2
    assert "holds no segment" in takt("info", top, status=4)
    assert "log list --log-dir" in takt("info", LOGS, status=4)


@tap.test
def an_empty_answer_says_why():
    for args, want in [
            (("text", "--since", "100ms", "--until", "50ms"), "--since 100ms is later than --until 50ms"),
            (("text", "--since", "99s"), "the log ends at 199ms"), (("text", "--since", "#1000"), "#199"),
            (("lifecycle", "--until", "2020-01-01"), "the log begins at"),
            (("text", "-g", "nomatch"), "nothing in the log matches")]:
        done = run(args[0], "0a", *args[1:])
        assert done.returncode == 0 and done.stdout == "" and want in done.stderr, (args, done)
        assert done.stderr.count("\n") == 1, done
    assert run("text", "0a", "-n", "0").stderr == ""


@tap.test
def last_n_are_the_last_n_of_what_matches():
    every = rows("text", "0a")
    est = [r for r in every if r["task"] == "est"]
    for n in (0, 1, 7, 40, len(every) - 1, len(every), 10000):
        assert rows("text", "0a", "-n", str(n)) == every[max(0, len(every) - n):], n
        assert rows("text", "0a", "-n", str(n), "--task", "est") == est[max(0, len(est) - n):], n
    early = [r for r in every if r["cycle"] <= 100]
    assert rows("text", "0a", "-n", "3", "--until", "#100") == early[-3:]
    late = [r for r in every if r["cycle"] >= 150]
    assert rows("text", "0a", "-n", "10000", "--since", "#150") == late
    assert rows("text", "0a", "-n", "2", "--since", "#150", "--until", "#170") == [
        r for r in late if r["cycle"] <= 170][-2:]


@tap.test
def lifecycle_names_its_values_and_escapes_what_a_terminal_would_obey():
    events = rows("lifecycle", "0a")
    assert events[0]["event"] == "instantiated" and events[0]["detail"] == "0.1.0"
    assert events[-1]["event"] == "shutdown_completed" and "exit code" in events[-1]["values"]
    assert events[-1]["detail"] == "\x1b[31mdone"
    short = takt("lifecycle", "0a").splitlines()
    assert short[-1].endswith(r"\x1b[31mdone") and len(short) == len(events)
    assert rows("lifecycle", "0a", "-g", "^shutdown") == events[-1:]
    runtime = [e for e in events if e["task"] is None]
    assert runtime and rows("lifecycle", "0a", "--task", "takt") == runtime


@tap.test
def names_in_a_log_of_somebody_else_are_no_orders_to_a_terminal():
    logs = os.path.join(top, "hostile")
    path = os.path.join(logs, os.path.basename(CLEAN))
    shutil.copytree(CLEAN, path)
    for name in os.listdir(path):
        with open(os.path.join(path, name), "rb") as f:
            data = bytearray(f.read())
        for old, new in ((b"imu", b"\x1b[m"), (b"test", b"\x1b[1m")):
            data = data.replace(old, new)
        sign(data)
        with open(os.path.join(path, name), "wb") as f:
            f.write(data)
    for args in (["list"], ["info"], ["types"], ["text"], ["text", "--task", "imv"], ["lifecycle"], ["copperlists"],
                 ["stats"], ["fsck"], ["keep", "--list"], ["info", "nothing"]):
        args = [*args, "--log-dir", logs] if args[0] == "list" or "nothing" in args else [*args, path]
        done = subprocess.run([TAKT, "log", *args], capture_output=True, text=True)
        assert "\x1b" not in done.stdout + done.stderr, (args, done)
        assert r"\x1b[" in done.stdout + done.stderr or args[0] in ("types", "keep"), (args, done)


@tap.test
def copperlists_carry_every_message():
    lists = rows("copperlists", "0a")
    assert [c["cycle"] for c in lists] == list(range(200))
    first = lists[0]
    assert first["duration_ns"] == 2500 and first["tasks"][0]["begin_ns"] == 501
    raw = [m for c in lists for m in c["messages"] if m["port"] == "raw"]
    assert all(m["payload"]["number"] == c["cycle"] for c in lists for m in c["messages"]
               if m["port"] == "raw")
    assert raw[0]["payload"]["acceleration"] == [0, 0, 9.81]
    pose = first["messages"][1]
    assert pose["payload"] == {"at": {"x": 0, "y": -1.5}, "kind": "full", "marks": [0, -7],
                               "frame": "map", "valid": True}
    assert pose["tov"] == {"begin_ns": -5, "end_ns": 0} and pose["status"] == "cycle 0"
    assert rows("copperlists", "0a", "-n", "2") == lists[-2:]
    assert rows("copperlists", "0a", "--since", "#10", "--until", "#12") == lists[10:13]
    assert rows("copperlists", "0a", "-g", '"number":1?7,') == [lists[7], lists[17]]
    est = rows("copperlists", "0a", "--task", "est")
    assert {m["task"] for c in est for m in c["messages"]} == {"est"}
    assert [t["task"] for t in est[0]["tasks"]] == ["est"]


@tap.test
def copperlists_in_csv_have_a_row_a_message():
    lists = rows("copperlists", "0a")
    table = list(csv.DictReader(io.StringIO(takt("copperlists", "0a", "-o", "csv"))))
    assert sorted({int(row["cycle"]) for row in table}) == [c["cycle"] for c in lists]
    for row in table:
        cycle = lists[int(row["cycle"])]
        assert (int(row["late_ns"]), int(row["duration_ns"])) == (cycle["late_ns"], cycle["duration_ns"]), row
        call = next((t for t in cycle["tasks"] if t["task"] == row["task"]), {})
        assert (row["begin_ns"], row["result"]) == (str(call.get("begin_ns", "")), str(call.get("result", ""))), row
    table = [row for row in table if row["port"]]
    messages = [(c, m) for c in lists for m in c["messages"]]
    assert len(table) == len(messages)
    for row, (cycle, message) in zip(table, messages):
        assert None not in row and None not in row.values()
        assert int(row["cycle"]) == cycle["cycle"] and row["port"] == message["port"]
        assert row["status"] == message["status"]
        if message["port"] == "raw":
            assert int(row["imu.raw.number"]) == message["payload"]["number"]
            count = int(row["imu.raw.bytes.count"])
            assert [int(row[f"imu.raw.bytes[{i}]"]) for i in range(count)] == message["payload"]["bytes"]
            assert row["est.pose.at.x"] == ""
        elif message["port"] == "pose":
            assert float(row["est.pose.at.x"]) == message["payload"]["at"]["x"]
            assert row["est.pose.kind"] == "full" and row["imu.raw.number"] == ""
    only = list(csv.DictReader(io.StringIO(takt("copperlists", "0a", "-o", "csv", "--task", "est"))))
    assert only and not any(key.startswith("imu.") for key in only[0])
    shown = list(csv.DictReader(io.StringIO(takt("copperlists", "0a", "-o", "csv", "--task", "show"))))
    assert len(shown) > 10 and {(r["task"], r["port"]) for r in shown} == {("show", "")}, shown[:2]


@tap.test
def a_cut_log_is_read_to_its_end():
    assert [c["cycle"] for c in rows("copperlists", "0b")] == list(range(60))


def damaged_copy(name, damage):
    path = os.path.join(top, name)
    shutil.copytree(CLEAN, path)
    segment = os.path.join(path, "0001.takt")
    with open(segment, "r+b") as file:
        damage(file, os.path.getsize(segment))
    return path


@tap.test
def damage_is_status_3_and_the_good_part_is_shown():
    def flip(file, size):
        for at in range(8192, size, 4096):  # the third chunk of copperlists
            file.seek(at)
            magic, kind, seq = struct.unpack("<4s2xH24x Q", file.read(40))
            if magic == b"TKCK" and kind == 1 and seq == 2:
                break
        file.seek(at + 300)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))

    path = damaged_copy("flipped", flip)
    done = run("copperlists", path, "-o", "json")
    texts = run("text", path, "-o", "json")
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert done.stderr.count("\n") == 1 and "0001.takt" in done.stderr, done.stderr
    assert [c["cycle"] for c in json.loads(done.stdout)] == [*range(20), *range(30, 200)]
    assert json.loads(texts.stdout) == rows("text", "0a")
    info = run("info", path, "--verify", "-o", "json")
    assert info.returncode == 3 and len(json.loads(info.stdout)["damage"]) >= 1


@tap.test
def a_truncated_segment_still_gives_what_is_left():
    path = damaged_copy("truncated", lambda file, size: file.truncate(size // 2))
    done = run("copperlists", path, "-o", "json")
    got = json.loads(done.stdout)
    assert done.returncode == 3 and 0 < len(got) < 200
    assert all(c in rows("copperlists", "0a") for c in got)


@tap.test
def what_is_no_log_is_an_error_of_one_line():
    path = os.path.join(top, "foreign.takt")
    with open(path, "wb") as file:
        file.write(b"not a log" * 2000)
    for command in ("info", "types", "text", "lifecycle", "copperlists"):
        done = run(command, path)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1, done


@tap.test
def mistakes_on_the_command_line_are_status_2_and_say_what_is_right():
    for args, want in [
            (("text", "--lvel", "info"), "--level"), (("text", "--level", "wrning"), "warning"),
            (("text", "-o", "jsn"), "json"), (("text", "-n", "many"), "number"),
            (("text", "-g", "("), "-g ("), (("text", "--since", "soon"), "#cycle"),
            (("text", "--since", "10"), "write 10s, or #10"), (("text", "--until", "#x"), "#120"),
            (("text", "--since", "1m"), "did you mean min?"), (("text", "--since", "1hour"), "did you mean h?"),
            (("text", "--since", "25:00"), "is no time"), (("text", "--level", "warn"), "did you mean warning"),
            (("text", "--level", "INFO"), "did you mean info"),
            (("text", "--task", "imu", "--task", "est"), "--task can be given once"),
            (("cut", "0a", "--since", "0s", "-o", "json"), "-o ./json"),
            (("text", "--task", "imv"), "did you mean imu?"), (("text", "0a", "0b"), "one LOG"),
            (("lifecycle", "--level", "info"), "no option --level"), (("copperlists", "--level", "info"), "--level"),
            (("list", "-f"), "-f"), (("list", CLEAN), "--log-dir"), (("text", "--since"), "value")]:
        done = run(*args)
        assert done.returncode == 2 and done.stdout == "", (args, done)
        assert want in done.stderr and done.stderr.count("\n") == 1, (args, done.stderr)
    done = run("txt")
    assert done.returncode == 2 and "did you mean text?" in done.stderr
    done = subprocess.run([TAKT, "lgo"], capture_output=True, text=True)
    assert done.returncode == 2 and "did you mean log?" in done.stderr
    assert subprocess.run([TAKT], capture_output=True).returncode == 2


@tap.test
def help_and_version_go_to_standard_output():
    for args in (["--help"], ["help"], ["help", "log"], ["log", "--help"], ["log", "text", "--help"],
                 ["help", "run"], ["help", "log", "stats"], ["--version"]):
        done = subprocess.run([TAKT, *args], capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout and not done.stderr, (args, done)
    for command in ("list", "info", "types", "text", "lifecycle", "copperlists"):
        text = subprocess.run([TAKT, "log", command, "--help"], capture_output=True, text=True).stdout
        assert text == subprocess.run([TAKT, "help", "log", command], capture_output=True, text=True).stdout
        assert ("TIME is" in text) == ("--since" in text), command
        assert ("--follow" in text) == (command in ("text", "lifecycle", "copperlists")), command


@tap.test
def a_pipe_beside_the_segments_is_not_waited_for():
    path = os.path.join(top, "pipes", "0001-test-0a00000000000001")
    shutil.copytree(CLEAN, path)
    for name in ("removed", "0001.takt.keep", "0002.takt.stats", "0009.takt"):
        os.mkfifo(os.path.join(path, name))
    want = json.loads(takt("text", CLEAN, "-o", "json"))
    assert json.loads(takt("text", path, "-o", "json", status=3) and run("text", path, "-o", "json").stdout) == want
    assert len(json.loads(run("list", "--log-dir", os.path.dirname(path), "-o", "json").stdout)) == 1
    done = run("keep", path, "--around", "0s")
    assert done.returncode == 1 and "0001.takt" in done.stderr, done


@tap.test
def figures_are_explained_where_they_are_asked_for():
    text = subprocess.run([TAKT, "log", "stats", "--help"], capture_output=True, text=True).stdout
    for word in ("period", "process", "jitter", "late", "misses", "absent", "held", "end to end", "overruns"):
        assert re.search(rf"^  {word} ", text, re.M), word


@tap.test
def a_closed_pipe_ends_silently():
    process = subprocess.Popen([TAKT, "log", "copperlists", CLEAN, "-o", "json", "--run-dir", NO_RUNS],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(10)
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(timeout=20) == 0 and error == b"", (process.returncode, error)


@tap.test
def a_full_disk_is_an_error():
    with open("/dev/full", "w") as full:
        done = subprocess.run([TAKT, "log", "text", CLEAN], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "No space left" in done.stderr, done
    for args in (["log", "cut", CLEAN, "--since", "0s", "-o", os.path.join(top, "cut-full")], ["--version"],
                 ["help"], ["log", "--help"], ["log", "text", "--help"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([TAKT, *args], stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1 and "No space left" in done.stderr, (args, done)


class Live:
    """A run that goes on and that nobody records."""

    def __init__(self, count, ms):
        self.dir = tempfile.mkdtemp(prefix="takt-log-cli-", dir="/dev/shm")
        self.path = os.path.join(self.dir, "run", "test", "00000000000000ef")
        self.process = subprocess.Popen([MAKE_LOG, "live", os.path.join(self.dir, "run"), "ef", str(count),
                                         str(ms)], stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def follow(self, *args):
        return subprocess.Popen([TAKT, "log", "text", "-f", self.path, "--run-dir",
                                 os.path.join(self.dir, "run"), *args], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.dir)


@tap.test
def time_is_shown_in_the_way_that_is_asked_for():
    row = json.loads(subprocess.run([TAKT, "log", "text", CLEAN, "-o", "jsonl", "-n", "1"],
                                    capture_output=True, text=True).stdout)

    def shown(command, way):
        done = subprocess.run([TAKT, "log", command, CLEAN, "-n", "1", "--time", way], capture_output=True,
                              text=True, env=dict(os.environ, TZ="UTC"))
        assert done.returncode == 0, done
        return done.stdout
    seconds, ns = divmod(row["mono_ns"], 10**9)
    assert shown("text", "mono").startswith(f"{seconds}.{ns:09} "), shown("text", "mono")
    assert shown("text", "iso").startswith(row["time"] + " ")
    assert shown("text", "real").startswith(row["time"].replace("T", " ")[:26] + " ")
    assert shown("text", "rel").startswith(f"{row['t_ns'] / 1e9:12.6f} ")
    for command in ("lifecycle", "copperlists"):
        assert shown(command, "iso").startswith(row["time"][:10] + "T"), shown(command, "iso")
    wrong = subprocess.run([TAKT, "log", "text", CLEAN, "--time", "soon"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "rel, mono, real and iso" in wrong.stderr, wrong


@tap.test
def following_shows_each_text_once_until_the_run_ends():
    with Live(150, 5) as live:
        process = live.follow("--since", "0s", "-o", "jsonl")
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and err == b"", err
    assert [json.loads(line)["args"][0] for line in out.splitlines()] == list(range(150))


@tap.test
def following_is_prompt_and_begins_with_the_last_ten():
    with Live(10000, 20) as live:
        time.sleep(1)
        process = live.follow()
        first = [process.stdout.readline() for _ in range(11)]
        numbers = [int(re.search(rb"value (\d+) of", line)[1]) for line in first]
        assert numbers == list(range(numbers[0], numbers[0] + 11)) and numbers[0] > 5, numbers
        began = time.monotonic()
        for _ in range(5):
            process.stdout.readline()
        assert time.monotonic() - began < 5
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130, process.returncode


@tap.test
def interrupted_array_is_still_json():
    with Live(10000, 10) as live:
        process = live.follow("-o", "json")
        assert select.select([process.stdout], [], [], 20)[0]
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    numbers = [row["args"][0] for row in json.loads(out)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@tap.test
def a_follower_whose_reader_goes_away_ends():
    with Live(10000, 3000) as live:
        process = live.follow()
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=20) == 0
        process.stderr.close()


@tap.test
def a_live_run_is_shown_up_to_now_without_following():
    with Live(10000, 10) as live:
        time.sleep(0.3)
        args = [TAKT, "log", "text", live.path, "--run-dir", os.path.join(live.dir, "run"), "-o", "jsonl"]
        done = subprocess.run(args, capture_output=True, text=True, timeout=20)
    numbers = [json.loads(line)["args"][0] for line in done.stdout.splitlines()]
    assert done.returncode == 0 and numbers and numbers == list(range(len(numbers)))


@tap.test
def near_misses_of_the_command_line_are_answered():
    for args, what in ((["--verison"], "unknown option '--verison', did you mean --version?"),
                       (["--frobnicate"], "unknown option '--frobnicate': takt help lists"),
                       (["lgo"], "unknown command 'lgo', did you mean log?"),
                       (["log", "list", "quad"], "for the runs of a graph use -g quad"),
                       (["log", "list", "/tmp"], "for another directory use --log-dir /tmp")):
        done = subprocess.run([program("takt"), *args], capture_output=True, text=True, timeout=30)
        assert done.returncode == 2 and what in done.stderr, (args, done.stderr)


try:
    subprocess.run([MAKE_LOG, CLEAN, "0a00000000000001", "200"], check=True)
    subprocess.run([MAKE_LOG, CUT, "0b00000000000002", "60", "cut"], check=True)
    tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
finally:
    shutil.rmtree(top, ignore_errors=True)
