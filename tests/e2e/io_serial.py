"""serial.so on a pseudo-terminal: what it says is recorded, whole and in order, and the record says what happened
to it: unplugged, silent, slow, babbling, full of garbage. Prints TAP.
"""

import fcntl
import random
import struct
import subprocess
import termios
import time

from harness import Tap
from io_kit import IoWorld, Pty, check

tap = Tap()
LINES = "{id: in, type: serial_lines, queue: 512, params: {path: {dir}/dev, retry: 50ms, timeout: 0s}}"
COBS = "{id: in, type: serial_frames, queue: 256, params: {path: {dir}/dev, retry: 50ms, framing: %s}}"


def texts(world):
    return [p["text"] for p in world.payloads("in")]


@tap.test
def lines_come_whole_and_in_order_before_and_after_it_was_unplugged():
    with IoWorld(["serial"], [LINES]) as world:
        dev = Pty(world.path("dev"))
        world.start()
        first = [f"line {i} {'x' * (i % 90)}" for i in range(300)]
        for line in first:
            dev.write(line.encode() + (b"\r\n" if len(line) % 2 else b"\n"))
        world.wait_payloads("in", len(first))
        dev.write(b"a part of")
        time.sleep(0.1)
        dev.unplug()
        world.wait_text("lost ")
        time.sleep(0.2)
        dev.plug()
        world.wait_text("is back after")
        dev.write(b"after\n")
        world.wait_payloads("in", len(first) + 1)
        log = world.end()
        assert texts(world) == first + ["after"], texts(world)[-3:]
        said = [t[1:] for t in log.texts]
        assert [t for t in said if "lost" in t[2] and t[0] == "warning"] and len(said) == 3, said
        assert "301 given, 0 too long, 0 damaged, lost 1 times" in said[-1][2], said
        assert world.dropped(log, "in") == 0


@tap.test
def a_device_that_is_not_there_is_told_once_and_found_when_it_comes():
    with IoWorld(["serial"], [LINES]) as world:
        world.start()
        world.wait_text("cannot open")
        time.sleep(0.5)
        dev = Pty(world.path("dev"))
        world.wait_text("is there after")
        dev.write(b"hello\n")
        world.wait_payloads("in", 1)
        log = world.end()
        assert texts(world) == ["hello"]
        assert [t[1] for t in log.texts] == ["warning", "info", "info"], log.texts
        assert "No such file or directory; trying again every 0.05 s" in log.texts[0][3], log.texts


@tap.test
def virtual_time_leaves_the_device_alone():
    with IoWorld(["csv", "serial"],
                 ["{id: from, type: csv_source, outputs: {row: serial_line}, "
                  "params: {path: {dir}/in.csv, pace: full}}",
                  "{id: to, type: serial_lines_out, params: {path: {dir}/dev, baud: 9600}}"],
                 "from -> to") as world:
        with open(world.path("in.csv"), "w") as f:
            f.write("text,bytes\nhello,5\n")
        dev = Pty(world.path("dev"))
        before = termios.tcgetattr(dev.master)
        takt = world.start_takt("--virtual", stdout=subprocess.DEVNULL)
        _, stderr = takt.communicate(timeout=60)
        assert takt.returncode == 0, stderr
        assert termios.tcgetattr(dev.master) == before


@tap.test
def silence_is_told_once_and_its_end():
    with IoWorld(["serial"], [LINES.replace("0s", "200ms")]) as world:
        dev = Pty(world.path("dev"))
        world.start()
        world.wait_text("nothing from")
        time.sleep(0.5)
        dev.write(b"x\n")
        world.wait_text("speaks again after")
        log = world.end()
        assert "nothing from" in log.texts[0][3] and "speaks again" in log.texts[1][3], log.texts


@tap.test
def a_slow_device_is_read_byte_by_byte():
    with IoWorld(["serial"], [LINES]) as world:
        dev = Pty(world.path("dev"))
        world.start()
        for byte in b"slow and\nsteady\n":
            dev.write(bytes([byte]))
            time.sleep(0.01)
        world.wait_payloads("in", 2)
        world.end()
        assert texts(world) == ["slow and", "steady"]


@tap.test
def what_babbles_is_dropped_and_counted_and_the_cycles_go_on():
    with IoWorld(["serial"], [LINES.replace("512", "8")]) as world:
        dev = Pty(world.path("dev"))
        world.start()
        number, end = 0, time.monotonic() + 1.5
        while time.monotonic() < end:
            dev.write(b"".join(b"%d\n" % i for i in range(number, number + 500)))
            number += 500
        dev.write(b"the last\n")
        time.sleep(0.3)
        log = world.end()
        have = texts(world)
        numbers = [int(t) for t in have if t != "the last"]
        assert numbers == sorted(set(numbers)), "not in order"
        dropped = world.dropped(log, "in")
        assert dropped > 100, f"{dropped} of {number} dropped"
        assert len(have) + dropped == number + 1, f"{len(have)} given, {dropped} dropped, of {number + 1}"
        events = log.names().count("input_dropped")
        assert events < 40, f"{events} events for what is dropped"
        assert "events_lost" not in log.names() and "gap" not in log.names(), set(log.names())


@tap.test
def garbage_is_cut_and_counted_and_the_next_line_is_right():
    with IoWorld(["serial"], [LINES]) as world:
        dev = Pty(world.path("dev"))
        world.start()
        rng = random.Random(4)
        noise = bytes(rng.choice([b for b in range(256) if b not in (10, 13)]) for _ in range(5000))
        dev.write(noise + b"\n\n\r\nright\n" + b"a\0b\n")
        world.wait_payloads("in", 3)
        log = world.end()
        payloads = world.payloads("in")
        assert payloads[0]["bytes"] == 5000, payloads[0]["bytes"]
        assert [p["text"] for p in payloads[1:]] == ["right", "a?b"], payloads[1:]
        assert any("a line of 5000 bytes is cut to 255" in t[3] for t in log.texts), log.texts
        assert "1 too long" in log.texts[-1][3], log.texts


def cobs(data):
    """By the paper's definition: each zero and each run of 254 ends a block; shares nothing with ours."""
    out, block = bytearray(), bytearray()
    for byte in data + b"\0":
        if byte:
            block.append(byte)
            if len(block) == 254:
                out += bytes([255]) + block
                block = bytearray()
        else:
            out += bytes([len(block) + 1]) + block
            block = bytearray()
    return bytes(out) + b"\0"


@tap.test
def frames_are_unstuffed_and_damaged_ones_left_out():
    with IoWorld(["serial"], [COBS % "cobs"]) as world:
        dev = Pty(world.path("dev"))
        world.start()
        rng = random.Random(7)
        frames = [bytes(rng.choice((0, 1, 255, rng.randrange(256))) for _ in range(rng.choice((1, 5, 253, 254, 255, 600))))
                  for _ in range(60)] + [bytes([7]) * 1024]
        for frame in frames:
            dev.write(cobs(frame))
        dev.write(b"\x09short\0" + cobs(b"y" * 1025) + cobs(b"end"))
        world.wait_payloads("in", len(frames) + 1)
        log = world.end()
        have = [bytes(p["bytes"]) for p in world.payloads("in")]
        assert have == frames + [b"end"], [len(f) for f in have]
        assert "1 too long, 1 damaged" in log.texts[-1][3], log.texts


@tap.test
def frames_out_come_in_again_with_every_framing():
    for framing, delimiter in (("cobs", 10), ("slip", 10), ("delimiter", 59)):
        out = f"{{id: out, type: serial_frames_out, queue: 64, params: {{path: {{dir}}/out, framing: {framing}, delimiter: {delimiter}}}}}"
        source = COBS % f"{framing}, delimiter: {delimiter}"
        with IoWorld(["serial"], [source, out], "in -> out") as world:
            dev, echo = Pty(world.path("dev")), Pty(world.path("out"))
            world.start()
            encode = {"cobs": cobs, "delimiter": lambda f: f + b";"}.get(
                framing, lambda f: b"\xc0" + f.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0")
            frames = [bytes([i, 0xc0, 0xdb, 0xdc, 0, i]) for i in range(60, 90)]
            wire = b"".join(map(encode, frames))
            dev.write(wire)
            got = echo.read(len(wire))
            assert got == wire, (framing, got, wire)
            world.end()


@tap.test
def a_sink_drops_the_oldest_when_its_device_takes_nothing_and_the_cycles_go_on():
    out = "{id: out, type: serial_lines_out, queue: 4, params: {path: {dir}/out, retry: 50ms}}"
    with IoWorld(["serial"], [LINES, out], "in -> out") as world:
        dev, echo = Pty(world.path("dev")), Pty(world.path("out"))
        world.start()
        count = 0
        while "takes nothing" not in world.text():	# nobody reads echo: its buffer fills
            dev.write(b"".join(b"%d %s\n" % (count + i, b"x" * 200) for i in range(20)))
            count += 20
            time.sleep(0.05)
        time.sleep(0.2)
        lines = echo.read(1 << 20, 1.0).split(b"\n")[:-1]
        world.wait_text("takes again after")
        log = world.end()
        numbers = [int(line.split()[0]) for line in lines]
        assert all(len(line.split()[1]) == 200 for line in lines), "a line is not whole"
        assert numbers == sorted(set(numbers)) and numbers[-1] == count - 1, numbers[-5:]
        dropped = world.dropped(log, "out")
        assert dropped > 0 and len(numbers) + dropped == count, f"{len(numbers)} + {dropped} of {count}"


@tap.test
def a_sink_finds_its_device_again_and_sends_what_is_new():
    out = "{id: out, type: serial_lines_out, params: {path: {dir}/out, retry: 50ms, ending: crlf}}"
    with IoWorld(["serial"], [LINES, out], "in -> out") as world:
        dev, echo = Pty(world.path("dev")), Pty(world.path("out"))
        world.start()
        dev.write(b"one\n")
        assert echo.read(5) == b"one\r\n"
        echo.unplug()
        world.wait_text("lost ")
        dev.write(b"two\nthree\n")
        world.wait_text("a message is left out, the device is not there")
        echo.plug()
        world.wait_text("is back after")
        dev.write(b"four\n")
        assert echo.read(6) == b"four\r\n"
        log = world.end()
        assert "2 sent, 2 left out, lost 1 times" in [t[3] for t in log.texts if t[2] == "out"][-1], log.texts


@tap.test
def what_is_queued_for_a_sink_is_sent_when_the_run_ends():
    out = "{id: out, type: serial_lines_out, queue: 64, params: {path: {dir}/out}}"
    with IoWorld(["serial"], [LINES, out], "in -> out") as world:
        dev, echo = Pty(world.path("dev")), Pty(world.path("out"))
        world.start()
        dev.write(b"".join(b"%d\n" % i for i in range(40)))
        world.wait_payloads("in", 40)
        world.end()
        assert echo.read(110) == b"".join(b"%d\n" % i for i in range(40))


@tap.test
def mistakes_in_a_graph_are_refused_by_check():
    def refused(task, message):
        code, _, stderr = check(["serial"], [task])
        assert code == 1 and message in stderr, stderr

    refused("{id: in, type: serial_lines, params: {path: {dir}}}", "path: `` is a folder, no serial device; give one")
    refused("{id: in, type: serial_lines, params: {path: {dir}/graph.yaml}}", "path: `/graph.yaml` is a file")
    refused("{id: in, type: serial_lines}", "the parameter `path` must be given")
    refused("{id: in, type: serial_lines, params: {path: x, baud: 9}}", "baud: `9` is out of range")
    refused("{id: in, type: serial_lines, params: {path: x, parity: mark}}", "none, even, odd")
    refused("{id: in, type: serial_lines, exec: lane, params: {path: x}}", "waits for a device and would hold up the cycle")
    code, stdout, _ = check(["serial"], [LINES])
    assert code == 0 and "in               serial_lines (serial), io, takes all" in stdout, stdout


@tap.test
def any_baud_rate_can_be_set():
    for baud in (50, 9600, 100000, 250000, 12000000):
        with IoWorld(["serial"], [LINES.replace("retry", f"baud: {baud}, parity: even, stop_bits: 2, retry")]) as world:
            dev = Pty(world.path("dev"))
            world.start()
            dev.write(b"x\n")
            world.wait_payloads("in", 1)
            termios2 = fcntl.ioctl(dev.master, 0x802c542a, bytes(44))	# TCGETS2
            assert struct.unpack("<I", termios2[40:44])[0] == baud, struct.unpack("<2I", termios2[36:44])
            world.end()


tap.main()
