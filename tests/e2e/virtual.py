"""Virtual time: the same graph and seed make the same recording, nothing is lost, and a log stands in for sources.

    virtual.py [NAME-PART]
"""

import json
import os
import signal
import subprocess
import sys
import time

from harness import SOURCE, Tap, World, program

ONLY = sys.argv[1] if len(sys.argv) > 1 else None
tap = Tap()

GRAPH = """takt: 1
name: kill
plugins: [{plugin}]
runtime: {{rate: {rate}}}
logging: {{segment: 4MiB{logging}}}
tasks:
  - {{id: noise, type: noise}}
  - {{id: timer, type: timer, exec: io, take: all, params: {{last: {last}}}}}
  - {{id: adder, type: adder}}
  - {{id: late, type: late, exec: background}}
  - {{id: end, type: end}}
connections:
  - noise.out -> adder.noise
  - timer.beat -> adder.beat
  - adder.sum -> late.in
  - adder.sum -> end.in
  - late.out -> end.late
"""


def write_graph(world, plugin="test_virtual", rate="1kHz", logging="", last=1000000000, change=lambda text: text):
    text = GRAPH.format(plugin=program(f"plugins/{plugin}.so"), rate=rate, logging=logging, last=last)
    with open(world.graph_path, "w") as f:
        f.write(change(text))


def run(world, *args, code=0):
    """takt run --virtual; its log's directory and what it said."""
    takt = world.start_takt("--virtual", *args, stdout=subprocess.DEVNULL)
    _, stderr = takt.communicate(timeout=120)
    assert takt.returncode == code, (takt.returncode, stderr)
    return (world.runs() or [None])[-1], stderr


def raw(path, streams=("lane0", "lane0.events", "io.timer", "background.late")):
    """CRCs of the records of each stream, in order."""
    done = subprocess.run([program("tests/e2e/logdump"), path, "--raw"], capture_output=True, text=True, check=True)
    rows = [line.split()[1:] for line in done.stdout.splitlines() if line[0] == "R"]
    return {s: [r[1:] for r in rows if r[0] == s] for s in streams}


def copperlists(world, path):
    done = world.takt_log("copperlists", path, "-o", "jsonl")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def info(world, path):
    return json.loads(world.takt_log("info", path, "-o", "json").stdout)


def fact(world, path, key):
    return next(f["value"] for f in info(world, path)["facts"] if f["key"] == key)


@tap.test
def same_seed_makes_the_same_bytes_and_another_seed_others():
    with World() as world:
        write_graph(world)
        begin = time.monotonic()
        one, _ = run(world, "--seed", "7", "--for", "20s")
        print(f"# 20 s at 1 kHz took {time.monotonic() - begin:.2f} s")
        two, _ = run(world, "--seed", "7", "--for", "20s")
        other, _ = run(world, "--seed", "8", "--for", "20s")
        a, b, c = raw(one), raw(two), raw(other)
        assert len(a["lane0"]) == 20000 and a["lane0.events"] and a["io.timer"] and a["background.late"]
        for stream in a:
            assert a[stream] == b[stream], f"{stream} differs"
            assert a[stream] != c[stream], f"{stream} does not depend on the seed"
        assert world.takt_log("copperlists", one, "-o", "jsonl").stdout == \
            world.takt_log("copperlists", two, "-o", "jsonl").stdout
        assert world.takt_log("text", one).stdout == world.takt_log("text", two).stdout


@tap.test
def digest_is_the_same_for_the_same_seed_and_tells_what_differs():
    with World() as world:
        write_graph(world)
        paths = [run(world, "--seed", seed, "--for", "2s")[0] for seed in ("7", "7", "8")]
        rows = [[json.loads(line) for line in world.takt_log("digest", path, "-o", "jsonl").stdout.splitlines()]
                for path in paths]
        assert rows[0] == rows[1] and [r["stream"] for r in rows[0]][0] == "lane0", rows[0]
        assert rows[0][-1]["stream"] == "all" and rows[0][-1]["records"] == sum(r["records"] for r in rows[0][:-1])
        assert rows[0][0]["records"] == 2000 and "main" not in [r["stream"] for r in rows[0]]
        assert all(a["digest"] != b["digest"] for a, b in zip(rows[0], rows[2]) if a["stream"] in ("lane0", "all"))
        short = world.takt_log("digest", paths[0]).stdout.splitlines()
        assert short[-1].split() == ["all", str(rows[0][-1]["records"]), rows[0][-1]["digest"]], short
        part = world.takt_log("digest", paths[0], "--until", "1s", "-o", "json")
        assert json.loads(part.stdout)[0]["records"] == 1001, part.stdout
        assert world.takt_log("digest", "--help").returncode == 0


@tap.test
def drawn_seed_is_recorded_and_repeats_the_run():
    with World() as world:
        write_graph(world)
        one, _ = run(world, "--cycles", "500")
        two, _ = run(world, "--cycles", "500")
        seed = fact(world, one, "seed")
        assert seed != fact(world, two, "seed")
        again, _ = run(world, "--cycles", "500", "--seed", seed)
        assert raw(one) == raw(again) and raw(one) != raw(two)


@tap.test
def cycles_begin_a_period_apart_at_fixed_times_and_take_none():
    with World() as world:
        write_graph(world, last=50)
        path, _ = run(world, "--seed", "1", "--cycles", "2000")
        rows = copperlists(world, path)
        beats = [m for r in rows for m in r["messages"] if m["task"] == "timer"]
        for k, row in enumerate(rows):
            assert (row["cycle"], row["mono_ns"]) == (k, 10**12 + k * 10**6), row
            assert row["late_ns"] == row["duration_ns"] == 0
        assert rows[0]["time"].startswith("2000-01-01T00:00:00.000000000"), rows[0]["time"]
        assert [b["payload"]["number"] for b in beats] == list(range(1, 51))
        for row in rows:	# taken in the first cycle that is not before they were due
            for m in row["messages"]:
                if m["task"] == "timer":
                    at = m["payload"]["at"]
                    assert m["stamp_ns"] + 10**12 == at and row["mono_ns"] - 10**6 < at <= row["mono_ns"], (row, m)


@tap.test
def log_says_that_its_time_is_virtual():
    with World() as world:
        write_graph(world)
        path, _ = run(world, "--for", "90s")
        said = info(world, path)
        listed = json.loads(world.takt_log("list", "--log-dir", world.log_dir, "-o", "jsonl").stdout)
        assert said["virtual"] is True and said["length_ns"] == 89999 * 10**6 and said["segments"] > 1, said
        assert listed["virtual"] is True and not listed["start"].startswith("2000"), listed
        assert "virtual" in world.takt_log("info", path).stdout
        row = world.takt_log("list", "--log-dir", world.log_dir).stdout.splitlines()[-1]
        assert " 1.5min " in row and row.endswith(", virtual"), row
        assert fact(world, path, "time") == "virtual"


@tap.test
def gnss_recording_gives_all_its_fixes_the_same_twice():
    with World() as world:
        world.graph_path = os.path.join(SOURCE, "rt/examples/gnss/gnss.yaml")
        one, _ = run(world)
        two, _ = run(world)
        fixes = [m for r in copperlists(world, one) for m in r["messages"] if m["task"] == "nmea"]
        assert len(fixes) == 122, len(fixes)
        assert raw(one, ("lane0", "lane0.events", "io.nmea")) == raw(two, ("lane0", "lane0.events", "io.nmea"))
        assert info(world, one)["length_ns"] == 12 * 10**9
        assert [e[1] for e in world.read(one).events if e[1] == "source_finished"]
        done = world.takt_log("list", "--log-dir", world.log_dir, "-o", "jsonl")
        assert [json.loads(line)["ending"] for line in done.stdout.splitlines()] == ["completed"] * 2


@tap.test
def full_ring_loses_nothing():
    with World(logging=", arena: 1MiB", ballast=3000) as world:
        path, _ = run(world, "--cycles", "30000")
        log = world.read(path)
        assert not {"gap", "events_lost"} & set(log.names()), log.names()
        assert len(log.cycles) == 30000
        log.check_whole(30000)


@tap.test
def flood_of_texts_loses_none():
    with World(mode="log", at=5, times=3) as world:
        path, _ = run(world, "--cycles", "50")
        log = world.read(path)
        assert "events_lost" not in log.names(), log.names()
        assert len([t for t in log.texts if t[3].startswith("flood")]) == 3 * 20000


@tap.test
def lane_waits_for_a_taktd_that_was_killed():
    with World(logging=", arena: 1MiB", ballast=3000) as world:
        taktd = world.start_taktd()
        rt = world.start_rt("--virtual", "--cycles", "60000")
        world.wait_cycles(5000)
        taktd.send_signal(signal.SIGKILL)
        taktd.wait()
        time.sleep(0.3)
        stands = world.oracle()[0]
        time.sleep(0.3)
        assert world.oracle()[0] == stands < 60000, (stands, world.oracle())
        world.start_taktd()
        _, stderr = rt.communicate(timeout=60)
        assert rt.returncode == 0, (rt.returncode, stderr)
        world.wait_recorded()
        log = world.read()
        assert "gap" not in log.names() and len(log.cycles) == 60000
        log.check_whole(60000)


@tap.test
def run_that_nobody_records_ends_with_an_error():
    with World(logging=", arena: 1MiB", ballast=3000) as world:
        rt = world.start_rt("--virtual", "--cycles", "60000")
        _, stderr = rt.communicate(timeout=60)
        assert rt.returncode == 70, (rt.returncode, stderr)
        assert "taktd" in stderr and "before its time" in stderr, stderr


@tap.test
def interrupt_ends_it_though_taktd_stands_still():
    with World(logging=", arena: 1MiB", ballast=3000) as world:
        taktd = world.start_taktd()
        rt = world.start_rt("--virtual", "--cycles", "60000")
        world.wait_cycles(5000)
        taktd.send_signal(signal.SIGSTOP)	# as one that waits for room on the disk
        time.sleep(0.5)
        begin = time.monotonic()
        rt.send_signal(signal.SIGINT)
        rt.communicate(timeout=30)
        taktd.send_signal(signal.SIGCONT)
        assert time.monotonic() - begin < 20, time.monotonic() - begin


@tap.test
def interrupt_ends_it_in_order_and_a_stuck_task_is_found():
    with World() as world:
        takt = world.start_takt("--virtual", stdout=subprocess.DEVNULL)
        world.wait_cycles(1000)
        takt.send_signal(signal.SIGINT)
        takt.communicate(timeout=60)
        assert takt.returncode == 0 and world.ending() == "requested", takt.returncode
        assert world.oracle()[2] == 1
    with World(mode="loop", at=100, stuck="200ms") as world:
        _, stderr = run(world, "--cycles", "200", code=71)
        assert world.read().event("stuck")[2] == "fault", stderr


@tap.test
def what_has_no_virtual_time_is_refused_by_name():
    with World() as world:
        write_graph(world, change=lambda text: text.replace("type: timer", "type: device").replace("{last: 1000000000}", "{}"))
        path, stderr = run(world, code=1)
        assert path is None and "graph.yaml:8:" in stderr and "`timer` (device)" in stderr, stderr
        assert "--source-from LOG" in stderr, stderr
        write_graph(world, rate="0Hz")
        assert "rate: 0Hz" in run(world, code=1)[1]
        fifo = os.path.join(world.dir, "fifo")
        os.mkfifo(fifo)
        with open(world.graph_path, "w") as f:
            f.write(f"takt: 1\nname: kill\nplugins: [{program('plugins/gnss.so')}]\nruntime: {{rate: 10Hz}}\ntasks:\n"
                    f"  - {{id: nmea, type: nmea_source, exec: io, params: {{path: {fifo}}}}}\n")
        stderr = run(world, code=1)[1]
        assert "`nmea` needs a device" in stderr and "--source-from LOG" in stderr, stderr
        assert "--seed needs a number" in run(world, "--seed", "x", code=2)[1]


# --- a log in place of sources -----------------------------------------------------------------------


def replay(world, log, *args, code=0):
    before = world.runs()
    takt = world.start_takt("--source-from", log, *args, stdout=subprocess.DEVNULL)
    _, stderr = takt.communicate(timeout=120)
    assert takt.returncode == code, (takt.returncode, stderr)
    new = [r for r in world.runs() if r not in before]
    return (new or [None])[-1], stderr


@tap.test
def log_in_place_of_sources_makes_the_same_again():
    with World() as world:
        write_graph(world, last=200)
        path, _ = run(world, "--for", "3s")
        again, _ = replay(world, path, "--virtual")
        one, two = copperlists(world, path), copperlists(world, again)
        assert len(one) == len(two) == 3000
        for a, b in zip(one, two):
            assert (a["cycle"], a["mono_ns"], a["messages"]) == (b["cycle"], b["mono_ns"], b["messages"]), (a, b)
        texts = [[line for line in world.takt_log("text", p).stdout.splitlines()
                  if line.split()[2] in ("end", "late")] for p in (path, again)]
        assert texts[0] == texts[1] and len(texts[0]) > 20
        assert fact(world, path, "seed") == fact(world, again, "seed")
        assert fact(world, again, "sources from") == path
        assert world.ending() == "completed"
        part = os.path.join(world.dir, "part")
        done = world.takt_log("cut", path, "--since", "1s", "--until", "2s", "-o", part)
        assert done.returncode == 0, done.stderr
        third, _ = replay(world, part, "--virtual")
        sources = [[(r["cycle"], r["mono_ns"], [m for m in r["messages"] if m["task"] in ("noise", "timer")])
                    for r in copperlists(world, p)] for p in (part, third)]
        assert sources[0] == sources[1] and sources[0][0][0] == 1000, (sources[0][0], sources[1][0])


@tap.test
def recorded_real_run_is_put_in_at_its_own_cycles_and_times():
    with World() as world:
        write_graph(world)
        takt = world.start_takt("--for", "500ms", stdout=subprocess.DEVNULL)
        takt.communicate(timeout=60)
        path = world.runs()[-1]
        again, _ = replay(world, path, "--virtual")
        pick = [[(r["cycle"], r["mono_ns"], [m for m in r["messages"] if m["task"] in ("noise", "timer")])
                 for r in copperlists(world, p)] for p in (path, again)]
        assert pick[0] == pick[1] and len(pick[0]) > 100


@tap.test
def log_is_put_in_at_the_same_offsets_in_real_time():
    with World() as world:
        write_graph(world, rate="100Hz")
        path, _ = run(world, "--for", "1s")
        again, stderr = replay(world, path)
        one, two = ([m for r in copperlists(world, p) for m in r["messages"] if m["task"] == "timer"]
                    for p in (path, again))
        assert [m["payload"] for m in one] == [m["payload"] for m in two]
        assert world.ending() == "completed" and fact(world, again, "time") == "real"
        begin = copperlists(world, again)[0]
        start = begin["mono_ns"] - begin["late_ns"]
        moved = {(b["stamp_ns"] - a["stamp_ns"]) for a, b in zip(one, two)}
        assert len(moved) == 1, moved	# all by the same
        rows = copperlists(world, again)
        for row in rows:
            for m in row["messages"]:
                if m["task"] == "timer":
                    behind = row["mono_ns"] - start - (m["payload"]["at"] - 10**12)
                    assert -5_000_000 < behind < 500_000_000, behind


@tap.test
def cycles_that_the_log_lacks_stay_empty_and_are_told():
    with World(logging=", arena: 1MiB", ballast=3000) as world:
        rt = world.start_rt("--cycles", "700")
        world.wait_cycles(500)	# more than the ring holds
        world.start_taktd()
        rt.communicate(timeout=60)
        world.wait_recorded()
        path = world.runs()[-1]
        log = world.read(path)
        lost = log.event("gap")[3][2]
        again, stderr = replay(world, path, "--virtual")
        assert f"lacks {lost} cycles" in stderr, stderr
        two = world.read(again)
        assert len(two.cycles) == two.cycles[-1] + 1 == log.cycles[-1] + 1
        assert two.numbers == log.numbers and two.wrong == 0
        rows = copperlists(world, again)
        assert all(a["mono_ns"] < b["mono_ns"] for a, b in zip(rows, rows[1:]))


@tap.test
def log_that_does_not_fit_is_refused_by_name_and_field():
    with World() as world:
        write_graph(world)
        path, _ = run(world, "--cycles", "10")
        write_graph(world, plugin="test_virtual_other")
        stderr = replay(world, path, code=1)[1]
        assert "graph.yaml:7:" in stderr and "`noise`" in stderr and "`out`" in stderr, stderr
        assert "field `value`: f32" in stderr, stderr
        write_graph(world, change=lambda text: text.replace("noise,", "noises,").replace("noise.out", "noises.out"))
        stderr = replay(world, path, code=1)[1]
        assert "source `noises` is not in" in stderr, stderr
        assert replay(world, "nothing-of-the-kind", code=1)[1].startswith("takt: --source-from:")
        write_graph(world, change=lambda text: text.replace("type: noise}", "type: noise, record: false}"))
        path, _ = run(world, "--cycles", "10")
        assert "record: false" in replay(world, path, code=1)[1]


tap.main(ONLY)
