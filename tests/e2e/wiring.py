"""How messages go from task to task: closed loop, hold, every, background, unrecorded outputs."""

import glob
import os
import struct

from harness import Tap, World, program

tap = Tap()

WIRING = """takt: 1
name: kill
plugins: [{plugin}]
runtime: {{rate: 1kHz}}
tasks:
  - {{id: fickle, type: fickle}}
  - {{id: count, type: count}}
  - {{id: sum, type: sum{sum}}}
  - {{id: rare, type: count, every: 10, offset: 3}}
  - {{id: slow, type: slow, exec: background, params: {{ms: 5}}}}
  - {{id: say, type: say}}
connections:
  - count -> sum.now
  - {{from: sum, to: sum.before, delay: 1}}
  - count -> slow
  - sum -> say.a
  - {{from: rare, to: say.b, hold: {hold}}}
  - slow -> say.c
"""


def run(cycles, hold="4ms", sum=""):
    with World() as world:
        with open(world.graph_path, "w") as f:
            f.write(WIRING.format(plugin=program("plugins/test_shapes.so"), hold=hold, sum=sum))
        taktd = world.start_taktd()
        rt = world.start_rt("--cycles", str(cycles))
        _, stderr = rt.communicate(timeout=30)
        assert rt.returncode == 0, stderr
        world.wait_recorded()
        taktd.wait(30)
        log = world.read()
        log.check_whole(cycles)
        assert "task_failed" not in log.names(), log.events
        said = [tuple(map(int, t[3].split())) for t in log.texts]
        assert len(said) == cycles
        return said


@tap.test
def closed_loop_carries_the_message_of_the_cycle_before():
    for cycle, (a, *_rest) in enumerate(run(300)):
        assert a == cycle * (cycle + 1) // 2, (cycle, a)


@tap.test
def closed_loop_works_with_an_output_that_is_not_recorded():
    for cycle, (a, *_rest) in enumerate(run(300, sum=", record: false")):
        assert a == cycle * (cycle + 1) // 2, (cycle, a)


@tap.test
def every_runs_at_its_offset_and_hold_keeps_the_last_message():
    held = 0
    for cycle, (_a, b, _c, age) in enumerate(run(300, hold="1s")):
        if cycle < 3:
            assert b == -1, (cycle, b)
        else:
            assert b == (cycle - 3) // 10, (cycle, b)
            held += (cycle - 3) % 10 != 0 and age > 100_000
    assert held > 200, held


@tap.test
def hold_ends_after_its_time():
    present = sum(b != -1 for _a, b, _c, _age in run(1000, hold="4ms"))
    assert 350 <= present <= 750, present	# about 5 of every 10 cycles on a quiet machine


@tap.test
def background_gives_each_result_once_and_is_absent_meanwhile():
    results = [c for _a, _b, c, _age in run(600) if c != -1]
    assert 20 <= len(results) <= 120, len(results)
    assert results == sorted(set(results)) and results[0] >= 1000, results[:5]


FICKLE = """takt: 1
name: kill
plugins: [{plugin}]
runtime: {{rate: 1kHz}}
tasks:
  - {{id: fickle, type: fickle}}
  - {{id: count, type: count}}
"""


@tap.test
def output_that_was_taken_back_takes_no_byte():
    with World() as world:
        with open(world.graph_path, "w") as f:
            f.write(FICKLE.format(plugin=program("plugins/test_shapes.so")))
        taktd = world.start_taktd()
        rt = world.start_rt("--cycles", "50")
        _, stderr = rt.communicate(timeout=30)
        assert rt.returncode == 0, stderr
        world.wait_recorded()
        taktd.wait(30)
        assert "task_failed" not in world.read().names()
        sizes = set()
        for path in glob.glob(os.path.join(world.log_dir, "*", "*.takt")):
            with open(path, "rb") as f:
                data = f.read()
            for at in range(8192, len(data) - 4096 + 1, 4096):
                magic, _version, kind = struct.unpack_from("<IHH", data, at)
                if magic == 0x4b434b54 and kind == 1:	# copperlists: the length of the first
                    sizes.add(struct.unpack_from("<I", data, at + 128)[0])
        # head, two task rows, the number, its status, its row
        assert sizes == {56 + 2 * 16 + 8 + 64 + 48}, sizes


tap.main()
