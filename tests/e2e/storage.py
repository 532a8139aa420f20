"""What is kept of recordings: segments by size and age, retention, and takt log keep, cut, rm."""

import glob
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

from harness import Skip, Tap, World, program

tap = Tap()
SMALL = ", arena: 16MiB"


def log(world, *args, status=0):
    done = world.takt_log(args[0], "--log-dir", world.log_dir, "--run-dir", world.run_dir, *args[1:])
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done


def rows(world, *args):
    return [json.loads(line) for line in log(world, *args, "-o", "jsonl").stdout.splitlines()]


def record(world, cycles, *taktd):
    """A whole run, recorded."""
    rt = world.start_rt("--cycles", str(cycles))
    world.wait(world.regions, 20, "the region")
    world.start_taktd(*taktd)
    said = rt.communicate(timeout=60)[1]
    assert rt.returncode == 0, said
    world.wait_recorded()
    return world.runs()[-1]


def segments(run):
    return sorted(int(os.path.basename(p)[:-5]) for p in glob.glob(os.path.join(run, "*.takt")))


def flags(path):
    with open(path, "rb") as f:
        return int.from_bytes(f.read(16)[12:16], "little")


# --- the recorder's own events ---------------------------------------------------------------


@tap.test
def what_taktd_does_stands_in_the_runs_lifecycle():
    with World(ballast=16000) as world:		# 16 MB/s into segments of 4 MiB
        run = record(world, 1000)
        read = world.read()
        read.check_whole(1000)
        assert not read.damage, read.damage
        rolled = [e for e in read.events if e[1] == "segment_rolled"]
        assert [e[3][0] for e in rolled] == segments(run)[:-1], (rolled, segments(run))
        for event in rolled:
            path = os.path.join(run, f"{event[3][0]:04}.takt")
            assert event[3][1] == os.path.getsize(path) and event[4] == "full", event
        streams = rows(world, "info")[0]["streams"]
        assert streams[-1]["name"] == "recorder" and streams[-1]["records"] == len(rolled), streams


@tap.test
def every_taktd_that_goes_on_says_so_and_numbers_go_on():
    with World() as world:
        rt = world.start_rt()
        world.wait_cycles(20)
        for _ in range(4):
            taktd = world.start_taktd()
            world.wait_cycles(world.oracle()[0] + 200)
            taktd.kill()
            taktd.wait()
        rt.send_signal(signal.SIGINT)
        assert rt.wait(20) == 0
        world.start_taktd()
        world.wait_recorded()
        read = world.read()
        read.check_whole(world.oracle()[0])
        assert not read.damage, read.damage
        found = [e for e in read.events if e[1] == "recorder_recovered"]
        assert [e[3][1] > 0 for e in found] == [True] * 4, found
        assert [e[3][2] for e in found] == [1, 1, 1, 0], found	# the last came when takt-rt was gone


@tap.test
def segments_roll_by_age():
    with World(logging=SMALL + ", segment_age: 1s", rate="200Hz") as world:
        run = record(world, 700)
        read = world.read()
        read.check_whole(700)
        rolled = [e for e in read.events if e[1] == "segment_rolled"]
        assert [e[4] for e in rolled] == ["age"] * len(rolled) and 2 <= len(rolled) <= 4, rolled
        assert segments(run) == list(range(1, len(rolled) + 2))


@tap.test
def full_disk_and_its_end_stand_in_the_log():
    """A tmpfs of 24 MiB in a user namespace, filled and emptied while the run goes on."""
    with World(ballast=8000) as world:
        os.mkdir(world.log_dir)
        script = (f"mount -t tmpfs -o size=24m none {world.log_dir} && "
                  f"head -c 30000000 /dev/zero >{world.log_dir}/ballast; "
                  f"{program('taktd')} --run-dir {world.run_dir} --exit-when-idle & "
                  f"sleep 1; rm {world.log_dir}/ballast; wait $!; "
                  f"cp -r {world.log_dir}/0001-* {world.dir}/copy")
        if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0:
            raise Skip("no user namespaces here")
        rt = world.start_rt("--cycles", "1600")
        world.wait(world.regions, 20, "the region")
        shell = world.spawn(["unshare", "-rm", "sh", "-c", script], stderr=subprocess.DEVNULL)
        assert rt.wait(30) == 0
        assert shell.wait(30) == 0
        read = world.read(os.path.join(world.dir, "copy"))
        read.check_whole(1600)
        names = read.names()
        assert names.count("disk_full") >= 1, names
        assert names.index("disk_full") < names.index("disk_recovered"), names
        assert 0.3e9 < read.event("disk_recovered")[3][0] < 10e9, read.event("disk_recovered")


# --- the catalog, twice ----------------------------------------------------------------------


def poke(path, offset, data):
    with open(path, "r+b") as f:
        f.seek(offset)
        f.write(data)


@tap.test
def damaged_catalog_is_read_from_its_copy_and_said_everywhere():
    with World() as world:
        run = record(world, 200)
        path = os.path.join(run, "0001.takt")
        whole = open(path, "rb").read()
        count = len(rows(world, "copperlists"))
        assert count == 200 and not rows(world, "list")[0]["damaged"]
        assert rows(world, "fsck", "--deep")[0]["findings"] == []
        span = (128 + int.from_bytes(whole[8192 + 48:8192 + 52], "little") + 4095) // 4096 * 4096
        assert whole[8192 + 128:8192 + span] == whole[8192 + span + 128:8192 + 2 * span], "the copy"
        for offset, data, kinds in ((9000, b"\xff" * 5, {"catalog"}),		# in its records
                                    (8192 + 16, b"\xff" * 5, {"header"}),	# in its head
                                    (0, bytes(12 << 10), {"superblock", "header"})):
            poke(path, offset, data)
            assert len([json.loads(r) for r in log(world, "copperlists", "-o", "jsonl", status=3)
                        .stdout.splitlines()]) == count, offset
            found = json.loads(log(world, "fsck", "-o", "json", status=3).stdout)[0]["findings"]
            assert {f["kind"] for f in found} == kinds, (offset, found)
            assert rows(world, "list")[0]["damaged"], offset
            assert ", damaged" in log(world, "list").stdout, offset
            log(world, "info", run, status=3)
            poke(path, 0, whole)
        poke(path, 8192 + span + 600, b"\xff" * 5)		# the copy alone
        log(world, "info")
        found = json.loads(log(world, "fsck", "--deep", "-o", "json", status=3).stdout)[0]["findings"]
        assert [(f["kind"], f["offset"]) for f in found] == [("catalog", 8192 + span)], found
        poke(path, 9000, b"\xff" * 5)				# both: nothing can be read
        done = log(world, "info", status=1)
        assert "catalog" in done.stderr, done
        found = json.loads(log(world, "fsck", "-o", "json", status=3).stdout)[0]["findings"]
        assert [f["kind"] for f in found] == ["catalog"] and rows(world, "list")[0]["damaged"], found
        poke(path, 0, bytes(64 << 10))
        done = log(world, "info", run, status=1)
        assert "heads are lost" in done.stderr and "log list" not in done.stderr, done


# --- retention -------------------------------------------------------------------------------


@tap.test
def retention_by_size_deletes_the_oldest_and_says_so():
    with World(ballast=16000, logging=SMALL + ", retention: {max_size: 16MiB}") as world:
        first = record(world, 600)
        run = record(world, 1500)
        assert not os.path.exists(first), "the older run goes first, as a whole"
        read = world.read()
        deleted = [e for e in read.events if e[1] == "retention_deleted"]
        left = segments(run)
        assert left[0] > 1 and left == list(range(left[0], left[-1] + 1)), left
        assert deleted and all("max_size" in e[4] for e in deleted), deleted
        # The first of these events stood in segments that went later: they are carried over.
        mine = [e[3][0] for e in deleted if e[3][2] == 2]
        assert mine == list(range(1, left[0])), (deleted, left)
        assert [e[3][0] for e in deleted if e[3][2] == 1] == list(range(1, 1 + len(deleted) - len(mine)))
        assert read.names()[0] == "instantiated" and "mission_started" in read.names(), read.names()
        assert [e[3][0] for e in read.events if e[1] == "segment_rolled"] == list(range(1, left[-1])), read.events
        stats = rows(world, "stats")
        assert all(r.get("missing", 0) == 0 for r in stats), stats
        for event in deleted:
            assert event[4].startswith(os.path.basename(first if event[3][2] == 1 else run)), event
        assert [e[3][2] for e in deleted] == sorted(e[3][2] for e in deleted), "the older run first"
        assert sum(os.stat(p).st_blocks * 512 for p in glob.glob(run + "/*")) <= 16 << 20
        assert not read.damage, read.damage	# what was deleted is not lost
        assert log(world, "info").stdout.count("deleted    ") == 1
        assert rows(world, "info")[0]["deleted_segments"] == left[0] - 1
        record(world, 10)
        assert os.path.basename(world.runs()[-1])[:4] == "0003", "numbers are never used again"


@tap.test
def retention_leaves_what_is_marked_and_other_graphs():
    with World(ballast=16000) as world:
        first = record(world, 600)
        log(world, "keep", "--around", "#0", "--window", "10ms")
        kept = [r["segment"] for r in rows(world, "keep", "--list")]
        assert kept == [1], kept
        with open(world.graph_path, encoding="utf-8") as f:
            text = f.read()
        with open(world.graph_path, "w", encoding="utf-8") as f:
            f.write(text.replace("name: kill", "name: other"))
        rt = world.start_rt("--cycles", "600")
        world.wait(lambda: glob.glob(world.run_dir + "/other/*"), 20, "the region")
        world.start_taktd()
        assert rt.wait(30) == 0
        world.wait(lambda: not glob.glob(world.run_dir + "/other/*"), 20, "its end")
        record_other = world.runs()[-1]
        with open(world.graph_path, "w", encoding="utf-8") as f:
            f.write(text.replace("arena:", "retention: {max_size: 8MiB}, arena:"))
        record(world, 600)
        assert segments(first) == [1], segments(first)
        assert len(segments(record_other)) > 2, "another graph's runs are its own"
        assert [r["state"] for r in rows(world, "list")][0] == "clean"
        read = world.read(first)
        assert read.cycles and not read.damage, read.damage


@tap.test
def hole_between_kept_segments_is_no_damage():
    with World(ballast=16000) as world:
        run = record(world, 1200)
        log(world, "keep", "--around", "#0", "--window", "10ms")
        log(world, "keep", "--around", "-1ms", "--window", "2ms")
        assert [r["segment"] for r in rows(world, "keep", "--list")] == [1, segments(run)[-1]]
        log(world, "info", "--verify")
        with open(world.graph_path, encoding="utf-8") as f:
            text = f.read()
        with open(world.graph_path, "w", encoding="utf-8") as f:
            f.write(text.replace("arena:", "retention: {max_size: 8MiB}, arena:"))
        last = segments(run)[-1]
        record(world, 600)
        assert segments(run) == [1, last], segments(run)
        log(world, "info", run, "--verify")		# status 0: nothing is damaged
        log(world, "fsck", run, "--deep")
        os.unlink(os.path.join(run, "removed"))
        log(world, "info", run, "--verify", status=3)	# now it is


@tap.test
def retention_by_age_and_room():
    with World(ballast=1000, logging=SMALL + ", retention: {max_age: 1min}") as world:
        first = record(world, 50)
        second = record(world, 50)
        path = os.path.join(first, "0001.takt")
        old = time.time() - 3600
        os.utime(path, (old, old))
        # Made since the machine was started: its clock says that it is young.
        third = record(world, 50)
        assert os.path.exists(path)
        with open(path, "r+b") as f:		# as if by another boot
            other = bytearray(f.read(4096))
            other[80:84] = b"0000"
            other[4092:] = crc32c(other[:4092]).to_bytes(4, "little")
            for at in (0, 4096):
                f.seek(at)
                f.write(other)
        os.utime(path, (old, old))
        record(world, 50)
        here = [os.path.exists(r) for r in (first, second, third)]
        assert here == [False, True, True], here
        deleted = world.read().event("retention_deleted")
        assert "max_age" in deleted[4] and deleted[3][2] == 1, deleted
    with World(ballast=1000, logging=SMALL + ", retention: {min_free: 1000TiB}") as world:
        record(world, 50)
        run = record(world, 50)
        assert world.runs() == [run], "all but the running one's"
        assert "min_free" in world.read().event("retention_deleted")[4]


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


# --- keep, cut, rm ---------------------------------------------------------------------------


@tap.test
def keep_marks_the_segments_of_a_window_and_takes_marks_away():
    with World(ballast=16000) as world:
        run = record(world, 1200)
        marked = rows(world, "keep", "--around", "#600", "--window", "10ms")
        read = json.loads(log(world, "copperlists", run, "--since", "#600", "-n", "1000", "-o", "json").stdout)[0]
        assert 1 <= len(marked) <= 2 and all(r["kept"] for r in marked), marked
        assert marked[0]["start"] <= read["time"] <= marked[-1]["end"], (marked, read["time"])
        assert [r["segment"] for r in rows(world, "keep", "--list")] == [r["segment"] for r in marked]
        log(world, "keep", "--around", "#600", "--window", "10ms")		# twice is once
        assert rows(world, "keep", "--remove") and rows(world, "keep", "--list") == []
        assert not glob.glob(run + "/*.keep")
        log(world, "keep", "--around", "2030-01-01", status=1)
        log(world, "keep", status=2)
        log(world, "keep", "--around", "5", status=2)
        log(world, "keep", "--around", "#99999", status=1)
        log(world, "keep", "nothing", "--list", status=4)
        assert "--around" in log(world, "keep", "--help").stdout


@tap.test
def cut_is_a_log_of_its_own_with_just_these_records():
    with World(ballast=16000) as world:
        run = record(world, 1200)
        out = os.path.join(world.dir, "part")
        said = log(world, "cut", run, "--since", "#300", "--until", "#800", "-o", out).stdout
        assert out in said, said
        part, whole = world.read(out), world.read(run)
        assert part.cycles == list(range(300, 801)), (part.cycles[:2], part.cycles[-2:])
        assert not part.damage and part.wrong == 0, part.damage
        assert part.texts == [t for t in whole.texts if 300 <= t[0] <= 800]
        log(world, "info", out, "--verify")
        mine, its = rows(world, "info", out)[0], rows(world, "info", run)[0]
        assert mine["run"] == its["run"] and mine["config"] == its["config"] and mine["part"]
        assert mine["types"] == its["types"] if "types" in mine else True
        for command in ("text", "lifecycle", "types", "copperlists", "stats", "fsck"):
            log(world, command, out)
        again = os.path.join(world.dir, "again")
        log(world, "cut", out, "--since", "#500", "--until", "#510", "-o", again)
        assert world.read(again).cycles == list(range(500, 511))
        time_cut = os.path.join(world.dir, "time")
        log(world, "cut", run, "--since", "-100ms", "-o", time_cut)
        assert world.read(time_cut).names()[-1] == "shutdown_completed"
        assert 50 <= len(world.read(time_cut).cycles) <= 110, len(world.read(time_cut).cycles)
        assert world.read(run).cycles == whole.cycles, "the log is as it was"


@tap.test
def cut_says_what_it_cannot_do_and_leaves_nothing():
    with World(ballast=16000) as world:
        run = record(world, 300)
        out = os.path.join(world.dir, "part")
        assert "-o OUT" in log(world, "cut", run, "--since", "1s", status=2).stderr
        assert "--since" in log(world, "cut", run, "-o", out, status=2).stderr
        assert "no record" in log(world, "cut", run, "--since", "1h", "-o", out, status=1).stderr
        assert "no time" in log(world, "cut", run, "--since", "later", "-o", out, status=2).stderr
        assert not os.path.exists(out)
        assert "already" in log(world, "cut", run, "--since", "0s", "-o", run, status=1).stderr
        log(world, "cut", "nothing", "--since", "0s", "-o", out, status=4)
        size = os.path.getsize(os.path.join(run, "0001.takt"))
        with open(os.path.join(run, "0001.takt"), "r+b") as f:	# damage in the middle
            f.seek(size // 2)
            f.write(bytes(8192))	# more than what pads a chunk
        log(world, "cut", run, "--since", "0s", "-o", out, status=3)
        part = world.read(out)
        assert part.cycles and part.damage, "what is damaged in the log is missing in the part, and said"


@tap.test
def cut_of_a_run_that_goes_on_does_not_follow_it():
    with World(ballast=1000) as world:
        rt = world.start_rt()
        world.wait(world.regions, 20, "the region")
        world.start_taktd()
        world.wait_cycles(500)
        world.wait(lambda: world.runs() and world.read().cycles[-1:] > [200], 20, "200 recorded")
        out = os.path.join(world.dir, "part")
        log(world, "cut", "--since", "#100", "--until", "#200", "-o", out)
        assert rows(world, "info", out)[0]["state"] == "clean"
        assert world.read(out, live=True).cycles == list(range(100, 201))
        assert "goes on" in log(world, "rm", "--force", "latest", status=1).stderr
        marked = log(world, "keep", "--around", "-0s", "--window", "1min")
        assert "goes on" in marked.stderr, marked
        rt.send_signal(signal.SIGINT)
        assert rt.wait(20) == 0
        world.wait_recorded()
        world.read().check_whole(world.oracle()[0])


@tap.test
def rm_deletes_runs_and_only_what_is_takts():
    with World(ballast=1000) as world:
        runs = [record(world, 20) for _ in range(3)]
        with open(os.path.join(runs[1], "notes.txt"), "w", encoding="utf-8") as f:
            f.write("mine")
        log(world, "keep", runs[1], "--around", "0s")
        assert "--force" in log(world, "rm", runs[0], status=2).stderr
        log(world, "rm", status=2)
        assert "one segment" in log(world, "rm", "--force", runs[0] + "/0001.takt", status=1).stderr
        gone = rows(world, "rm", "--force", runs[0], os.path.basename(runs[2])[-16:])
        assert [r["path"] for r in gone] == [runs[0], runs[2]], gone
        assert world.runs() == [runs[1]]
        assert "other files" in log(world, "rm", "--force", runs[1], status=1).stderr
        assert os.listdir(runs[1]) == ["notes.txt"]
        log(world, "rm", "--force", "latest", status=4)
        record(world, 20)
        assert os.path.basename(world.runs()[-1])[:4] == "0003"	# 0002 is there, with somebody's notes


@tap.test
def rm_asks_on_a_terminal():
    with World(ballast=1000) as world:
        run = record(world, 20)
        for answer, stays in (("\n", True), ("n\n", True), ("y\n", False)):
            ours, theirs = pty.openpty()
            process = subprocess.Popen([program("takt"), "log", "rm", "--run-dir", world.run_dir, run],
                                       stdin=theirs, stdout=theirs, stderr=theirs)
            os.write(ours, answer.encode())
            assert process.wait(20) == 0
            said = ""
            while select.select([ours], [], [], 0.1)[0]:
                said += os.read(ours, 4096).decode()
            assert "[y/N]" in said and os.path.basename(run) in said, said
            os.close(theirs)
            os.close(ours)
            assert os.path.exists(run) == stays, (answer, said)


tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
