"""can.so on a virtual CAN interface, where the kernel has one and we may make it: messages in and out, filters, and an
interface that goes down and away. Elsewhere: one that is not there. Prints TAP.
"""

import socket
import struct
import subprocess
import time

from harness import Skip, Tap
from io_kit import IoWorld, check

tap = Tap()
NAME = "takt-vcan"


def ip(*args):
    return subprocess.run(["ip", *args], capture_output=True, text=True, check=False)


class Bus:
    """A vcan interface and a socket on it."""

    def __enter__(self):
        made = ip("link", "add", "dev", NAME, "type", "vcan")
        if made.returncode != 0:
            raise Skip(f"no virtual CAN interface here: {made.stderr.strip()}")
        self.up()
        return self

    def up(self):
        ip("link", "set", NAME, "mtu", "72", "up")
        self.socket = socket.socket(socket.PF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        self.socket.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
        self.socket.settimeout(5)
        self.socket.bind((NAME,))

    def __exit__(self, *_):
        self.socket.close()
        ip("link", "del", NAME)

    def send(self, number, data):
        self.socket.send(struct.pack("=IB3x8s", number, len(data), data))


def source(more=""):
    return f"{{id: in, type: can_in, queue: 64, params: {{interface: {NAME}, retry: 50ms, timeout: 0s{more}}}}}"


OUT = f"{{id: out, type: can_out, queue: 64, params: {{interface: {NAME}, retry: 50ms}}}}"


@tap.test
def messages_come_in_order_with_their_flags():
    with Bus() as bus, IoWorld(["can"], [source()]) as world:
        world.start()
        time.sleep(0.1)
        bus.send(0x123, b"\1\2\3")
        bus.send(0x12345678 | socket.CAN_EFF_FLAG, b"\4")
        bus.socket.send(struct.pack("=IBB2x64s", 0x7ff, 12, 1, bytes(range(12))))
        world.wait_payloads("in", 3)
        world.end()
        have = [(p["id"], p["extended"], p["fd"], p["fast"], bytes(p["bytes"])) for p in world.payloads("in")]
        assert have == [(0x123, False, False, False, b"\1\2\3"), (0x12345678, True, False, False, b"\4"),
                        (0x7ff, False, True, True, bytes(range(12)))], have


@tap.test
def only_the_ids_that_are_asked_for_come():
    with Bus() as bus, IoWorld(["can"], [source(", ids: [5, 2048]")]) as world:
        world.start()
        time.sleep(0.1)
        for number in (4, 5, 6, 5 | socket.CAN_EFF_FLAG, 2048 | socket.CAN_EFF_FLAG):
            bus.send(number, b"")
        world.wait_payloads("in", 2)
        world.end()
        assert [p["id"] for p in world.payloads("in")] == [5, 2048]


@tap.test
def messages_out_arrive():
    with Bus() as bus, IoWorld(["can"], [source(), OUT], "in -> out") as world:
        world.start()
        time.sleep(0.1)
        for i in range(30):
            bus.send(i, bytes([i]))
        # what we send comes to in too (another socket of the interface), and goes round: the first are ours
        got = [struct.unpack("=IB3x8s", bus.socket.recv(72)[:16]) for _ in range(30)]
        assert [number for number, _, _ in got] == list(range(30)), got
        world.end()


@tap.test
def an_interface_that_goes_down_and_away_is_found_again():
    with Bus() as bus, IoWorld(["can"], [source()]) as world:
        world.start()
        time.sleep(0.1)
        bus.send(1, b"")
        world.wait_payloads("in", 1)
        ip("link", "set", NAME, "down")
        world.wait_text("lost ")
        ip("link", "del", NAME)
        time.sleep(0.2)
        ip("link", "add", "dev", NAME, "type", "vcan")
        bus.socket.close()
        bus.up()
        world.wait_text("is back after")
        bus.send(2, b"")
        world.wait_payloads("in", 2)
        world.end()


@tap.test
def an_interface_that_is_not_there_is_told_once():
    with IoWorld(["can"], [source().replace(NAME, "takt-no-can"), OUT.replace(NAME, "takt-no-can")], "in -> out") as world:
        world.start()
        world.wait_text("takt-no-can: ", 2)
        time.sleep(0.3)
        log = world.end()
        warnings = [t for t in log.texts if t[1] == "warning"]
        assert sorted(t[2] for t in warnings) == ["in", "out"], log.texts
        assert all("trying again every 0.05 s" in t[3] for t in warnings), log.texts


@tap.test
def mistakes_in_a_graph_are_refused_by_check():
    def refused(task, message):
        code, _, stderr = check(["can"], [task])
        assert code == 1 and message in stderr, stderr

    refused("{id: in, type: can_in}", "the parameter `interface` must be given")
    refused(source(", ids: [536870912]"), "ids: `536870912` is out of range")
    refused(source().replace("queue: 64", "exec: lane"), "waits for a device")


tap.main()
