"""The caterpillar hands a bool down 17 tasks, every cycle recorded; the large message comes whole and right."""

import json
import os
import subprocess

from harness import SOURCE, Tap, World, program

CYCLES = 501
LARGE_CYCLES = 40
LARGE_BYTES = 262144
CHAIN = ["src"] + [f"ct-{k}" for k in range(8)]
tap = Tap()


def run(world, graph, cycles):
    """Run an example; its text log, and its copperlists."""
    path = os.path.join(SOURCE, "rt/examples/caterpillar", graph)
    done = subprocess.run([program("takt"), "run", "--dev", "--cycles", str(cycles), "--log-dir", world.log_dir,
                           "--run-dir", world.run_dir, path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    shown = world.takt_log("copperlists", world.runs()[-1], "-o", "jsonl")
    assert shown.returncode == 0, shown.stderr
    copperlists = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [c["cycle"] for c in copperlists] == list(range(cycles)), "not every cycle once"
    return done.stdout, copperlists


@tap.test
def every_cycle_has_17_tasks_and_the_same_bool_from_head_to_tail():
    with World() as world:
        _, copperlists = run(world, "w1.yaml", CYCLES)
        for c in copperlists:
            assert len(c["tasks"]) == 17 and all(t["ran"] and t["result"] == 0 for t in c["tasks"]), c
            assert [m["task"] for m in c["messages"]] == CHAIN, c
            on = c["cycle"] % 2 == 0
            assert [m["payload"]["on"] for m in c["messages"]] == [on] * 9, c
            assert c["messages"][0]["status"] == ("on" if on else "off"), c


@tap.test
def every_pin_is_set_in_every_cycle():
    with World() as world:
        text, _ = run(world, "w1.yaml", CYCLES)
        for pin in (4, 17, 27, 22, 5, 6, 19, 26):
            assert f"pin {pin}: written {CYCLES} times, changed {CYCLES} times, on at the end" in text, text


@tap.test
def each_large_message_is_recorded_whole():
    for graph in ("w2.yaml", "w2_1khz.yaml"):
        with World() as world:
            text, copperlists = run(world, graph, LARGE_CYCLES)
            assert f"{LARGE_CYCLES} large messages read" in text, text
            for c in copperlists:
                marker = c["cycle"] + 1
                payload = c["messages"][0]["payload"]
                assert payload["marker"] == marker and len(payload["bytes"]) == LARGE_BYTES, c["cycle"]
                assert payload["bytes"][0] == marker % 256, c["cycle"]
                assert payload["bytes"][-1] == marker // 256, c["cycle"]


tap.main()
