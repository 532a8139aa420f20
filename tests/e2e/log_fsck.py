"""takt log fsck: what it finds with and without --deep, what --repair changes and what it leaves. Prints TAP."""

import csv
import fcntl
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import SOURCE, Tap, program  # noqa: E402

tap = Tap()
TAKT = program("takt")
MAKE_LOG = program("tests/e2e/make_log")
top = tempfile.mkdtemp(prefix="takt-log-fsck-")
CLEAN = os.path.join(top, "clean")  # two segments, closed
CUT = os.path.join(top, "cut")  # the second one is not
OFD_SETLK = 37
BLOCK = 4096
CATALOG_AT = 2 * BLOCK


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def takt(*args):
    return subprocess.run([TAKT, "log", args[0], "--run-dir", os.path.join(top, "none"), *args[1:]],
                          capture_output=True, text=True, timeout=60)


def fsck(log, *args, status=0):
    """The findings, and that the exit status is as it should be."""
    done = takt("fsck", log, "-o", "json", *args)
    assert done.returncode == status, (args, done)
    log, = json.loads(done.stdout)
    assert log["checked"] == ("checksums" if "--deep" in args else "headers") and log["segments"] > 0, log
    assert log["damaged"] + log["repaired"] + log["harmless"] == len(log["findings"]), log
    return log["findings"]


class Copy:
    """A log to damage; use as a context manager."""

    def __init__(self, log=None):
        self.path = os.path.join(top, "copy")
        # A tree that is tested as it will be packed cannot be written; a copy of what it holds must be.
        shutil.copytree(log or CLEAN, self.path, copy_function=shutil.copyfile)
        for directory, _, _ in os.walk(self.path):
            os.chmod(directory, 0o700)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def file(self, number=1):
        return os.path.join(self.path, f"{number:04}.takt")

    def read(self, number=1):
        with open(self.file(number), "rb") as f:
            return f.read()

    def write(self, offset, data, number=1):
        with open(self.file(number), "r+b") as f:
            f.seek(offset)
            f.write(data)

    def flip(self, offset, number=1):
        self.write(offset, bytes([self.read(number)[offset] ^ 0x40]), number)

    def chunks(self, number=1):
        """[(offset, type, used_bytes)] of all chunks."""
        data, at, found = self.read(number), CATALOG_AT, []
        while at < len(data) and struct.unpack_from("<I", data, at)[0] == 0x4B434B54:
            kind, used = struct.unpack_from("<H", data, at + 6)[0], struct.unpack_from("<I", data, at + 48)[0]
            found.append((at, kind, used))
            at += (128 + used + BLOCK - 1) // BLOCK * BLOCK
        return found


def records(log):
    return [takt(kind, log, "-o", "jsonl").stdout for kind in ("text", "lifecycle", "copperlists")]


@tap.test
def a_sound_log_has_no_findings_in_any_form():
    for log in (CLEAN, os.path.join(CLEAN, "0002.takt")):
        for args in ((), ("--deep",), ("--deep", "--repair")):
            assert fsck(log, *args) == []
    short = takt("fsck", CLEAN, "--deep")
    assert short.returncode == 0 and short.stdout.endswith("records: sound (every checksum)\n"), short
    assert "by headers (--deep: every checksum)" in takt("fsck", CLEAN).stdout
    row = json.loads(takt("fsck", CLEAN, "-o", "jsonl").stdout)
    assert (row["run"], row["findings"]) == (json.loads(takt("info", CLEAN, "-o", "json").stdout)["run"], [])
    assert takt("fsck", CLEAN, "-o", "csv").stdout == "file,offset,bytes,kind,what,harmless,repair\n"
    assert takt("fsck", "/nowhere").returncode == 4
    assert takt("fsck", "--depe", CLEAN).returncode == 2


@tap.test
def a_damaged_superblock_is_written_again_from_the_other():
    for block in (0, 1):
        with Copy() as log:
            log.flip(block * BLOCK + 300)
            damaged = log.read()
            found = fsck(log.path, status=3)
            assert [(f["kind"], f["offset"], f["repair"]) for f in found] == [
                ("superblock", block * BLOCK, "possible")], found
            assert log.read() == damaged, "changed without --repair"
            assert [f["repair"] for f in fsck(log.path, "--repair")] == ["done"]
            with open(os.path.join(CLEAN, "0001.takt"), "rb") as f:
                assert log.read() == f.read()
            assert fsck(log.path, "--deep") == []


@tap.test
def superblocks_that_differ_are_made_what_readers_believe():
    with Copy() as log:
        second = bytearray(log.read()[BLOCK:2 * BLOCK])
        second[12:16] = bytes(4)  # as if the close was cut short between the two
        second[4092:] = struct.pack("<I", crc32c(second[:4092]))
        log.write(BLOCK, second)
        found = fsck(log.path, status=3)
        assert [(f["offset"], f["repair"]) for f in found] == [(BLOCK, "possible")], found
        fsck(log.path, "--repair")
        assert log.read()[:BLOCK] == log.read()[BLOCK:2 * BLOCK]
        assert fsck(log.path, "--deep") == []
        second[16:24] = bytes(8)  # of another segment: believe neither
        second[4092:] = struct.pack("<I", crc32c(second[:4092]))
        log.write(BLOCK, second)
        before = log.read()
        assert [f["repair"] for f in fsck(log.path, "--repair", status=3)] == [""]
        assert log.read() == before


@tap.test
def two_damaged_superblocks_are_reported_and_left_alone():
    with Copy() as log:
        log.flip(100)
        log.flip(BLOCK + 100)
        before = log.read()
        found = fsck(log.path, "--repair", status=3)
        assert [(f["kind"], f["repair"]) for f in found] == [("superblock", "")], found
        assert log.read() == before


@tap.test
def headers_are_checked_always_payloads_and_records_with_deep():
    with Copy() as log:
        offset, kind, used = log.chunks()[3]
        log.flip(offset + 8)
        found = fsck(log.path, status=3)
        assert {f["kind"] for f in found} == {"header", "lost"}, found
        assert next(f for f in found if f["kind"] == "header")["offset"] == offset
    with Copy() as log:
        log.flip(offset + 128 + 40)
        assert fsck(log.path) == []
        found = fsck(log.path, "--deep", status=3)
        assert [(f["kind"], f["offset"]) for f in found] == [("payload", offset)], found
        short = takt("fsck", "--deep", log.path)
        assert short.returncode == 3 and "damaged in 1 place (" in short.stdout, short
        table = list(csv.DictReader(io.StringIO(takt("fsck", "--deep", log.path, "-o", "csv").stdout)))
        assert table[0]["kind"] == "payload" and table[0]["offset"] == str(offset)
    with Copy() as log:
        log.write(offset + 128, struct.pack("<I", 16))  # a record shorter than its head
        data = bytearray(log.read()[offset:offset + 128 + used])
        data[120:124] = struct.pack("<I", crc32c(data[128:]))
        data[124:128] = struct.pack("<I", crc32c(data[:124]))
        log.write(offset, data)
        assert fsck(log.path) == []
        assert [f["kind"] for f in fsck(log.path, "--deep", status=3)] == ["record"]


@tap.test
def every_catalog_is_checked_with_deep():
    for number, deep_only in ((1, True), (2, False)):
        with Copy() as log:
            log.flip(CATALOG_AT + 128 + 20, number)
            shallow = fsck(log.path, status=0 if deep_only else 3)
            assert [f["kind"] for f in shallow] == ([] if deep_only else ["catalog"])
            found = fsck(log.path, "--deep", "--repair", status=3)
            assert [(f["kind"], f["file"]) for f in found] == [("catalog", log.file(number))], found


@tap.test
def a_damaged_index_is_found_by_its_checksum_and_costs_no_record():
    with Copy(os.path.join(SOURCE, "tests/golden/format-1-index")) as log:
        at, _, used = [c for c in log.chunks() if c[1] == 5][0]
        before = records(log.path)
        log.flip(at + 128 + used // 2)
        assert fsck(log.path) == [] and records(log.path) == before
        found = fsck(log.path, "--deep", status=3)
        assert [(f["kind"], f["offset"]) for f in found] == [("index", at)], found
        done = takt("info", log.path, "--verify", "-o", "json")
        assert done.returncode == 3 and json.loads(done.stdout)["checked"] == "checksums", done


@tap.test
def no_command_denies_damage_that_another_has_seen():
    with Copy() as log:
        at, _, used = [c for c in log.chunks() if c[1] == 1][1]
        log.flip(at + 128 + used // 2)
        done = takt("copperlists", log.path)
        assert done.returncode == 3 and "takt log fsck --deep lists all" in done.stderr, done.stderr
        done = takt("info", log.path)
        assert done.returncode == 0 and "records are not checked (--verify does)" in done.stdout, done
        assert json.loads(takt("info", log.path, "-o", "json").stdout)["checked"] == "headers"
        assert "every checksum is right" in takt("info", CLEAN, "--verify").stdout


@tap.test
def several_logs_are_checked_in_turn():
    with Copy() as log:
        log.flip(300)
        done = takt("fsck", CLEAN, log.path, CUT, "-o", "json")
        assert done.returncode == 3 and [r["damaged"] for r in json.loads(done.stdout)] == [0, 1, 0], done
        done = takt("fsck", log.path, "/nowhere", CUT)
        assert done.returncode == 4 and done.stdout.count("records: ") == 2, done


@tap.test
def room_that_was_never_written_is_harmless_and_given_back():
    with Copy(CUT) as log:
        size = os.path.getsize(log.file(2))
        os.truncate(log.file(2), size + 1000 * BLOCK)
        found = fsck(log.path)
        if not found:
            return print("# this file system does not tell holes")
        assert [(f["kind"], f["harmless"], f["repair"]) for f in found] == [("preallocated", True, "possible")]
        assert os.path.getsize(log.file(2)) == size + 1000 * BLOCK
        before = records(log.path)
        assert [f["repair"] for f in fsck(log.path, "--repair")] == ["done"]
        assert size <= os.path.getsize(log.file(2)) < size + 16 * BLOCK and records(log.path) == before


@tap.test
def a_segment_that_was_never_begun_is_removed():
    with Copy() as log:
        new = log.file(3) + ".new"
        with open(new, "wb") as f:
            f.write(bytes(BLOCK))
        assert [(f["kind"], f["harmless"]) for f in fsck(log.path)] == [("unfinished", True)]
        assert os.path.exists(new)
        fsck(log.path, "--repair")
        assert not os.path.exists(new) and fsck(log.path) == []


@tap.test
def a_file_that_its_writer_has_locked_is_never_changed():
    with Copy(CUT) as log:
        new = log.file(3) + ".new"
        with open(new, "wb") as f:
            f.write(bytes(BLOCK))
        log.flip(300, 2)
        os.truncate(log.file(2), os.path.getsize(log.file(2)) + 100 * BLOCK)
        before = log.read(2)
        locked = [open(path, "r+b") for path in (log.file(2), new)]
        for f in locked:
            fcntl.fcntl(f, OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        found = fsck(log.path, "--repair", status=3)
        assert [(f["kind"], f["repair"]) for f in found] == [("superblock", "locked")], found
        assert log.read(2) == before and os.path.exists(new)
        assert "its writer has it locked" in takt("fsck", log.path, "--repair").stdout
        for f in locked:
            f.close()
        assert {f["repair"] for f in fsck(log.path, "--repair")} == {"done"}


@tap.test
def repair_never_loses_a_record_that_could_be_read():
    dice = random.Random(7)
    for number in range(25):
        with Copy(dice.choice((CLEAN, CUT))) as log:
            for _ in range(dice.randrange(1, 6)):
                segment = dice.choice((1, 2))
                where = dice.choice((2 * BLOCK, os.path.getsize(log.file(segment))))
                log.flip(dice.randrange(where), segment)
            before = records(log.path)
            done = takt("fsck", log.path, "--deep", "--repair")
            assert done.returncode in (0, 3), (number, done)
            assert records(log.path) == before, f"round {number} of seed 7"


try:
    subprocess.run([MAKE_LOG, CLEAN, "0a00000000000001", "60"], check=True)
    subprocess.run([MAKE_LOG, CUT, "0b00000000000002", "60", "cut"], check=True)
    tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
finally:
    shutil.rmtree(top, ignore_errors=True)
