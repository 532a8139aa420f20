"""evdev.so: events from a FIFO, byte for byte as a device gives them, and of a virtual device where the kernel has
uinput and we may use it. Prints TAP.
"""

import fcntl
import os
import struct
import time

from harness import Skip, Tap
from io_kit import IoWorld, check

tap = Tap()
EVENT = "=qqHHi"
SYN, KEY, REL, ABS = 0, 1, 2, 3
TASK = "{id: in, type: evdev_in, queue: 256, params: {path: {dir}/dev, retry: 50ms}}"


def event(kind, code, value, t=12.5):
    return struct.pack(EVENT, int(t), int(t % 1 * 1e6), kind, code, value)


def got(world):
    return [(p["kind"], p["code"], p["value"], p["time"]) for p in world.payloads("in")]


@tap.test
def events_come_in_order_and_the_writer_may_leave_and_return():
    with IoWorld(["evdev"], [TASK]) as world:
        os.mkfifo(world.path("dev"))
        world.start()
        with open(world.path("dev"), "wb", buffering=0) as f:
            data = b"".join(event(ABS, i, -i, 1 + i / 4) + event(SYN, 0, 0) for i in range(100))
            for at in range(0, len(data), 37):		# parts of events
                f.write(data[at:at + 37])
            world.wait_payloads("in", 100)
        world.wait_text("hung up")
        with open(world.path("dev"), "wb", buffering=0) as f:
            world.wait_text("is back after")
            f.write(event(KEY, 30, 1) + event(SYN, 3, 0) + event(REL, 1, -7))
            world.wait_payloads("in", 102)
            log = world.end()
        assert got(world) == [("abs", i, -i, 1 + i / 4) for i in range(100)] + [("key", 30, 1, 12.5), ("rel", 1, -7, 12.5)]
        assert any("the kernel dropped events, 1 times so far" in t[3] for t in log.texts), log.texts


@tap.test
def a_flood_of_events_is_dropped_and_counted():
    with IoWorld(["evdev"], [TASK.replace("256", "8")]) as world:
        os.mkfifo(world.path("dev"))
        world.start()
        with open(world.path("dev"), "wb", buffering=0) as f:
            sent, end = 0, time.monotonic() + 1
            while time.monotonic() < end:
                f.write(b"".join(event(ABS, 0, sent + i) for i in range(100)))
                sent += 100
            time.sleep(0.3)
            log = world.end()
        numbers = [value for _, _, value, _ in got(world)]
        assert numbers == sorted(set(numbers))
        dropped = world.dropped(log, "in")
        assert dropped > 100 and len(numbers) + dropped == sent, f"{len(numbers)} + {dropped} of {sent}"


UI_SET_EVBIT, UI_SET_KEYBIT, UI_DEV_CREATE, UI_DEV_SETUP, UI_DEV_DESTROY = (
    0x40045564, 0x40045565, 0x5501, 0x405C5503, 0x5502)


@tap.test
def a_device_that_is_unplugged_is_found_again():
    try:
        uinput = os.fdopen(os.open("/dev/uinput", os.O_WRONLY), "wb", buffering=0)
    except OSError as why:
        raise Skip(f"no /dev/uinput here: {why.strerror}")

    def plug():
        before = set(os.listdir("/dev/input"))
        fcntl.ioctl(uinput, UI_SET_EVBIT, KEY)
        fcntl.ioctl(uinput, UI_SET_KEYBIT, 30)
        fcntl.ioctl(uinput, UI_DEV_SETUP, struct.pack("=4H80sI", 3, 1, 1, 1, b"takt test", 0))
        fcntl.ioctl(uinput, UI_DEV_CREATE)
        world.wait(lambda: {n for n in set(os.listdir("/dev/input")) - before if n.startswith("event")}, 5, "a device")
        name = next(n for n in set(os.listdir("/dev/input")) - before if n.startswith("event"))
        os.symlink(f"/dev/input/{name}", world.path("dev"))

    with uinput, IoWorld(["evdev"], [TASK]) as world:
        plug()
        world.start()
        time.sleep(0.2)
        uinput.write(event(KEY, 30, 1) + event(SYN, 0, 0))
        world.wait_payloads("in", 1)
        fcntl.ioctl(uinput, UI_DEV_DESTROY)
        os.unlink(world.path("dev"))
        world.wait_text("lost ")
        plug()
        world.wait_text("is back after")
        uinput.write(event(KEY, 30, 1) + event(SYN, 0, 0))
        world.wait_payloads("in", 2)
        world.end()
        assert [g[:3] for g in got(world)] == [("key", 30, 1)] * 2, got(world)


@tap.test
def mistakes_in_a_graph_are_refused_by_check():
    code, _, stderr = check(["evdev"], [TASK.replace("{dir}/dev", "{dir}/graph.yaml")])
    assert code == 1 and "path: `/graph.yaml` is no input device" in stderr, stderr


tap.main()
