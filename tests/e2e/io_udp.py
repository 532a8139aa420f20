"""udp.so on the loopback device: datagrams in and out, by IPv4, IPv6 and multicast; what is too long, too fast or
cannot be sent is told and counted. Prints TAP.
"""

import socket
import time

from harness import Skip, Tap
from io_kit import IoWorld, check

tap = Tap()


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def source(port, more=""):
    return f"{{id: in, type: udp_in, queue: 512, params: {{listen: \"127.0.0.1:{port}\", retry: 50ms, timeout: 0s{more}}}}}"


def sender():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


@tap.test
def datagrams_come_whole_in_order_with_their_sender():
    port = free_port()
    with IoWorld(["udp"], [source(port)]) as world, sender() as s:
        world.start()
        s.bind(("127.0.0.1", 0))
        sent = [bytes([i]) * (i * 8) for i in range(256)]
        for i, data in enumerate(sent):
            s.sendto(data, ("127.0.0.1", port))
            if i % 64 == 63:
                time.sleep(0.02)
        world.wait_payloads("in", len(sent))
        log = world.end()
        have = world.payloads("in")
        assert [bytes(p["bytes"]) for p in have] == sent, len(have)
        assert {(p["address"], p["port"]) for p in have} == {s.getsockname()}, have[0]
        assert world.dropped(log, "in") == 0


@tap.test
def one_that_is_too_long_is_cut_and_told():
    port = free_port()
    with IoWorld(["udp"], [source(port)]) as world, sender() as s:
        world.start()
        s.sendto(b"z" * 3000, ("127.0.0.1", port))
        world.wait_payloads("in", 1)
        log = world.end()
        assert len(world.payloads("in")[0]["bytes"]) == 2048
        assert "a datagram of 3000 bytes is cut to 2048" in log.texts[0][3], log.texts
        assert "1 datagrams, 1 too long" in log.texts[-1][3], log.texts


@tap.test
def silence_is_told_and_its_end():
    port = free_port()
    with IoWorld(["udp"], [source(port).replace("timeout: 0s", "timeout: 200ms")]) as world, sender() as s:
        world.start()
        world.wait_text("nothing from 127.0.0.1")
        s.sendto(b"x", ("127.0.0.1", port))
        world.wait_text("speaks again after")
        world.end()


@tap.test
def a_flood_is_dropped_and_counted_to_the_last_datagram():
    port = free_port()
    with IoWorld(["udp"], [source(port, ", buffer: 65536B").replace("512", "8")]) as world, sender() as s:
        world.start()
        time.sleep(0.2)
        sent, end = 0, time.monotonic() + 1.5
        while time.monotonic() < end:
            for _ in range(100):
                s.sendto(sent.to_bytes(8, "little"), ("127.0.0.1", port))
                sent += 1
        time.sleep(0.2)
        s.sendto(sent.to_bytes(8, "little"), ("127.0.0.1", port))	# with it comes the kernel's last count
        sent += 1
        time.sleep(0.2)
        log = world.end()
        numbers = [int.from_bytes(bytes(p["bytes"]), "little") for p in world.payloads("in")]
        assert numbers == sorted(set(numbers)) and numbers[-1] == sent - 1, numbers[-3:]
        last = log.texts[-1][3].split()
        kernel = int(last[last.index("dropped") - 1])
        dropped = world.dropped(log, "in")
        assert dropped + kernel > 100, f"{dropped} and {kernel} of {sent}"
        assert len(numbers) + dropped + kernel == sent, f"{len(numbers)} + {dropped} + {kernel} != {sent}"
        assert "gap" not in log.names() and "events_lost" not in log.names(), set(log.names())


@tap.test
def an_address_that_is_taken_is_told_once_and_had_when_it_is_free():
    port = free_port()
    with IoWorld(["udp"], [source(port)]) as world, sender() as s, sender() as other:
        other.bind(("127.0.0.1", port))
        world.start()
        world.wait_text("cannot listen at 127.0.0.1")
        time.sleep(0.3)
        other.close()
        world.wait_text("is there after")
        s.sendto(b"x", ("127.0.0.1", port))
        world.wait_payloads("in", 1)
        log = world.end()
        assert "Address already in use" in log.texts[0][3] and len(log.texts) == 3, log.texts


@tap.test
def what_comes_in_goes_out_back_to_its_sender_and_what_has_no_address_to_the_other():
    port, other = free_port(), free_port()
    out = f'{{id: out, type: udp_out, queue: 64, params: {{to: "127.0.0.1:{other}"}}}}'
    with IoWorld(["udp"], [source(port), out], "in -> out") as world, sender() as s:
        world.start()
        s.settimeout(5)
        s.sendto(b"first", ("127.0.0.1", port))
        assert s.recv(100) == b"first"
        for i in range(50):
            s.sendto(bytes([i]), ("127.0.0.1", port))
        assert [s.recv(100) for _ in range(50)] == [bytes([i]) for i in range(50)]
        log = world.end()
        assert "51 datagrams sent, 0 left out" in [t[3] for t in log.texts if t[2] == "out"][-1], log.texts


@tap.test
def ipv6_and_multicast_on_the_loopback_device():
    try:
        port = free_port(socket.AF_INET6, "::1")
    except OSError as why:
        raise Skip(f"no IPv6 here: {why}")
    six = f'{{id: in, type: udp_in, params: {{listen: "[::1]:{port}"}}}}'
    with IoWorld(["udp"], [six]) as world, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        world.start()
        s.sendto(b"six", ("::1", port))
        world.wait_payloads("in", 1)
        world.end()
        assert world.payloads("in")[0]["address"] == "::1", world.payloads("in")
    group = f'{{id: in, type: udp_in, params: {{listen: ":{port}", group: 239.0.0.7, interface: lo}}}}'
    with IoWorld(["udp"], [group]) as world, sender() as s:
        world.start()
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        s.sendto(b"all", ("239.0.0.7", port))
        world.wait_payloads("in", 1)
        world.end()
        assert bytes(world.payloads("in")[0]["bytes"]) == b"all"


@tap.test
def what_cannot_be_sent_is_told_once_and_counted():
    port = free_port()
    out = '{id: out, type: udp_out, params: {to: "[::1]:9"}}'	# the answer would go to an IPv4 address
    with IoWorld(["udp"], [source(port), out], "in -> out") as world, sender() as s:
        world.start()
        for _ in range(10):
            s.sendto(b"x", ("127.0.0.1", port))
        world.wait_payloads("in", 10)
        log = world.end()
        said = [t[3] for t in log.texts if t[2] == "out"]
        assert "`to` is of the other family" in said[0], said
        assert "0 datagrams sent, 10 left out" in said[-1] and len(said) == 2, said


@tap.test
def mistakes_in_a_graph_are_refused_by_check():
    def refused(task, message):
        out = "udp_out" in task
        code, _, stderr = check(["udp"], [source(5000), task] if out else [task], "in -> out" if out else "")
        assert code == 1 and message in stderr, stderr

    def listen(text, more=""):
        return f'{{id: in, type: udp_in, params: {{listen: "{text}"{more}}}}}'

    refused(listen("5000"), "graph.yaml:7:45: task `in`: listen: `5000` has no port; write e.g. 192.168.1.7:5000")
    refused(listen("localhost:5000"), "listen: `localhost:5000` is no address; give numbers, names are not looked up")
    refused(listen("127.0.0.1:0"), "has an impossible port; give 1 to 65535")
    refused(listen("127.0.0.1:70000"), "has an impossible port")
    refused(listen("::1:5000"), "has no port; write e.g.")
    refused(listen("[::g]:5000"), "is no IPv6 address")
    refused(listen(":5000", ", group: 10.0.0.1"), "group: `10.0.0.1` is no multicast address; give e.g. 239.0.0.7")
    refused(listen(":5000", ', group: "ff02::7"'), "group: is of another family than `listen`")
    refused(listen(":5000", ", interface: lo"), "interface: is for a multicast `group`")
    refused('{id: out, type: udp_out, params: {to: ":5000"}}', "to: `:5000` has no address")
    refused('{id: out, type: udp_out, exec: lane, params: {to: "1.2.3.4:5"}}', "waits for a device")


tap.main()
