"""The gnss example as a user runs it: every valid GGA with a fix is in the recording, once, in order, with the
values of the file, whether it came from a file, a FIFO or a terminal. Prints TAP.

The expected fixes come from a parse of the files that shares nothing with the example's.
"""

import fractions
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tty

BUILD = os.environ.get("top_builddir", "build")
SOURCE = os.environ.get("top_srcdir", ".")
TAKT = os.path.join(BUILD, "takt")
EXAMPLE = os.path.join(SOURCE, "rt/examples/gnss")
TRIMBLE = os.path.join(EXAMPLE, "gnss-trimble-rtk.nmea")
TELIT = os.path.join(EXAMPLE, "gnss-telit-he910.nmea")
KINDS = "none gps dgps pps rtk_fixed rtk_float estimated manual simulator other".split()

GRAPH = """\
takt: 1
name: gnss_test
plugins: [gnss.so]
runtime: {{rate: 100Hz}}
tasks:
  - id: nmea
    type: nmea_source
    exec: io
    take: all
    queue: 1024
    params: {{path: "{path}", pace: full}}
  - {{id: track, type: gnss_track}}
  - {{id: show, type: gnss_print}}
connections:
  - nmea.fix -> track.fix
  - track -> show
"""


# --- what is expected -------------------------------------------------------------------------------


def checksum_is_right(line):
    """$body*hh with hh the XOR of body."""
    if not re.fullmatch(rb"\$[ -~]*\*[0-9A-Fa-f]{2}", line):
        return False
    total = 0
    for byte in line[1:-3]:
        total ^= byte
    return total == int(line[-2:], 16)


def degrees(text, side):
    """ddmm.mmmm with its hemisphere as degrees, rounded once."""
    whole, _, rest = text.partition(".")
    minutes = fractions.Fraction(whole[-2:] + "." + (rest or "0"))
    value = float(int(whole[:-2]) + minutes / 60)
    return -value if side in "SW" else value


def number(text):
    return float(text) if text else math.nan


def expected_fixes(data):
    """The fixes of the bytes of a recording, and the number of damaged lines in it."""
    fixes, damaged = [], 0
    for line in re.split(rb"[\r\n]+", data):
        if not line or line.startswith(b"#"):
            continue
        if not checksum_is_right(line):
            damaged += 1
            continue
        field = line[1:-3].decode().split(",")
        if field[0][2:] != "GGA" or field[6] in ("", "0") or not field[2]:
            continue
        clock = fractions.Fraction(field[1][4:]) + int(field[1][:2]) * 3600 + int(field[1][2:4]) * 60
        fixes.append(
            {
                "latitude": degrees(field[2], field[3]),
                "longitude": degrees(field[4], field[5]),
                "altitude": number(field[9]),
                "geoid_separation": number(field[11]),
                "utc": float(clock),
                "hdop": number(field[8]),
                "kind": KINDS[int(field[6])],
                "satellites": int(field[7]),
            }
        )
    return fixes, damaged


# --- what is recorded -------------------------------------------------------------------------------


def find_fixes(value):
    """Every gnss_fix in a JSON value, whatever is around it."""
    if isinstance(value, dict):
        if "latitude" in value and "satellites" in value:
            yield value
        else:
            for inner in value.values():
                yield from find_fixes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from find_fixes(inner)


def run_dir(logs):
    """The folder of the one run below logs, or None."""
    dirs = {d for d, _, names in os.walk(logs) if any(n.endswith(".takt") for n in names)}
    return dirs.pop() if len(dirs) == 1 else None


def takt(*args, **kwargs):
    return subprocess.run(
        [TAKT, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, **kwargs
    )


def recorded_fixes(logs):
    folder = run_dir(logs)
    if folder is None:
        return []
    done = takt("log", "copperlists", folder, "--task", "nmea", "-o", "jsonl")
    if done.returncode != 0:
        raise AssertionError(f"takt log: {done.returncode}: {done.stderr}")
    return [fix for line in done.stdout.splitlines() for fix in find_fixes(json.loads(line))]


def recorded_text(logs):
    done = takt("log", "text", run_dir(logs))
    if done.returncode != 0:
        raise AssertionError(f"takt log text: {done.returncode}: {done.stderr}")
    return done.stdout


def same(name, have, want):
    if isinstance(want, float) and math.isnan(want):
        return have is None or have == "NaN" or (isinstance(have, float) and math.isnan(have))
    if name == "kind" and isinstance(have, int):
        have = KINDS[have]
    return have == want


def compare(have, want):
    """All fixes in order with their values."""
    for i, (fix, expected) in enumerate(zip(have, want)):
        for name, value in expected.items():
            if not same(name, fix[name], value):
                raise AssertionError(f"fix {i}: {name} is {fix[name]!r}, not {value!r}")
    if len(have) != len(want):
        raise AssertionError(f"{len(have)} fixes, not {len(want)}")


def write_graph(folder, path):
    graph = os.path.join(folder, "graph.yaml")
    with open(graph, "w", encoding="utf-8") as f:
        f.write(GRAPH.format(path=path))
    return graph


def run_to_end(graph, logs, seconds):
    """Runs a graph whose source ends; returns how long it took."""
    begin = time.monotonic()
    done = subprocess.run(
        [TAKT, "run", graph, "--dev", "--log-dir", logs],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"takt run: {done.returncode}: {done.stdout}{done.stderr}")
    return time.monotonic() - begin


def run_live(graph, logs, feed, count):
    """Runs a graph whose source does not end: feeds it on a thread, stops it when count fixes are there."""
    with open(os.path.join(logs, "out"), "w+", encoding="utf-8") as out:
        run = subprocess.Popen(
            [TAKT, "run", graph, "--dev", "--log-dir", logs], stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        try:
            deadline = time.monotonic() + 30
            while len(recorded_fixes(logs)) < count and time.monotonic() < deadline and run.poll() is None:
                time.sleep(0.2)
            time.sleep(0.3)  # what comes too much comes now
            run.send_signal(signal.SIGINT)
            status = run.wait(timeout=20)
        finally:
            if run.poll() is None:
                run.kill()
                run.wait()
        out.seek(0)
        if status != 0:
            raise AssertionError(f"takt run: {status}: {out.read()}")
    feeder.join(timeout=5)
    if feeder.is_alive():
        raise AssertionError("not everything that was fed was taken")


def read(path):
    with open(path, "rb") as f:
        return f.read()


# --- the tests --------------------------------------------------------------------------------------


def shipped_graph_records_122_fixes_in_its_own_time(folder):
    fixes, damaged = expected_fixes(read(TRIMBLE))
    assert (len(fixes), damaged) == (122, 0)
    took = run_to_end(os.path.join(EXAMPLE, "gnss.yaml"), folder, 60)
    compare(recorded_fixes(folder), fixes)
    assert 11.9 <= took <= 25, f"12 s of recording took {took:.1f} s"
    text = recorded_text(folder)
    assert "no fix" not in text, text
    assert "rtk_fixed" in text and "travelled" in text, text


def cold_start_says_no_fix_once_and_records_187(folder):
    fixes, damaged = expected_fixes(read(TELIT))
    assert (len(fixes), damaged) == (187, 0)
    run_to_end(write_graph(folder, TELIT), folder, 60)
    compare(recorded_fixes(folder), fixes)
    text = recorded_text(folder)
    assert text.count("no fix") == 1, text
    assert text.index("no fix") < text.index("fix: gps"), text


def damaged_lines_are_skipped_and_counted(folder):
    data = bytearray(read(TRIMBLE))
    lines = [m.start() for m in re.finditer(rb"\$", data)]
    for i in range(3, len(lines), 7):  # in GGA and RMC by turns: a digit of the time becomes another
        data[lines[i] + 8] ^= 1
    data = bytes(data[: lines[-1] + 30])  # and the last line is cut
    fixes, damaged = expected_fixes(data)
    assert damaged > 20 and 90 < len(fixes) < 122
    path = os.path.join(folder, "damaged.nmea")
    with open(path, "wb") as f:
        f.write(data)
    run_to_end(write_graph(folder, path), folder, 60)
    compare(recorded_fixes(folder), fixes)
    text = recorded_text(folder)
    assert f"{len(fixes)} fixes, {damaged} damaged lines skipped" in text, text
    assert "has a wrong checksum" in text, text


def terminal_is_read_as_it_is_written(folder):
    data = read(TRIMBLE)
    fixes, _ = expected_fixes(data)
    master, slave = os.openpty()
    tty.setraw(slave)  # so that what is written before takt opens it is not edited

    def feed():
        for at in range(0, len(data), 101):
            os.write(master, data[at : at + 101])

    run_live(write_graph(folder, os.ttyname(slave)), folder, feed, len(fixes))
    compare(recorded_fixes(folder), fixes)
    os.close(slave)
    os.close(master)


def fifo_is_read_from_one_writer_after_the_other(folder):
    path = os.path.join(folder, "fifo")
    os.mkfifo(path)
    writers = [read(TRIMBLE), read(TELIT), read(TRIMBLE)]
    fixes = [fix for data in writers for fix in expected_fixes(data)[0]]

    def feed():
        for data in writers:
            with open(path, "wb") as f:
                f.write(data)

    run_live(write_graph(folder, path), folder, feed, len(fixes))
    compare(recorded_fixes(folder), fixes)


TESTS = [
    shipped_graph_records_122_fixes_in_its_own_time,
    cold_start_says_no_fix_once_and_records_187,
    damaged_lines_are_skipped_and_counted,
    terminal_is_read_as_it_is_written,
    fifo_is_read_from_one_writer_after_the_other,
]


def can_run():
    try:
        return takt("run", "--help").returncode == 0
    except OSError:
        return False


def main():
    if not can_run():
        print("1..0 # SKIP takt has no run yet")
        return 77
    failed = 0
    print(f"1..{len(TESTS)}")
    for i, test in enumerate(TESTS, 1):
        name = test.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
                print(f"ok {i} - {name}", flush=True)
            except (AssertionError, subprocess.SubprocessError, OSError, KeyError, ValueError) as e:
                failed += 1
                print(f"not ok {i} - {name}")
                print("# " + f"{type(e).__name__}: {e}".replace("\n", "\n# "), flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
