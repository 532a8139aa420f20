"""The quad example, flown in virtual time: it reaches its waypoints by the truth that no task of it may see, the same
seed makes the same bytes, either compiler the same flight, and nothing but messages passes between tasks. Prints TAP.
"""

import json
import os
import re
import shutil
import subprocess
import time

from harness import SOURCE, Skip, Tap, World, program

EXAMPLE = os.path.abspath(os.path.join(SOURCE, "rt/examples/quad"))
PLUGINS = ("quad_world", "quad")
WAYPOINTS = 6
SEEDS = range(1, 21)
NEAR_M = 1.0
# What the two compilers may differ by, in any number of any message: metres, rad/s, Pa... They agree in every bit as far
# as is known; a compiler may yet call another function of the C library for the same formula.
COMPILERS_MAY_DIFFER_BY = 1e-6

tap = Tap()


def shipped(**replaced):
    with open(os.path.join(EXAMPLE, "quad.yaml"), encoding="utf-8") as f:
        text = f.read()
    for plugin in PLUGINS:
        text = text.replace(f"{plugin}.so", replaced.get(plugin, program(f"plugins/{plugin}.so")))
    return text


def fleet(text, prefixes):
    """The graph with one quad per prefix of the ids."""
    head, rest = text.split("tasks:\n")
    tasks, connections = rest.split("connections:\n")
    tasks = "\n".join(re.sub(r"\bid: (\w+)", rf"id: {p}\1", tasks) for p in prefixes)
    connections = "\n".join(re.sub(r"(- |-> |from: |to: )(\w+)", rf"\1{p}\2", connections) for p in prefixes)
    return f"{head}tasks:\n{tasks}connections:\n{connections}"


def flight_tool(*args):
    done = subprocess.run([program("tests/e2e/quad_flight"), *args], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Sky(World):
    """Flies graphs; one taktd stays for all of them."""

    def fly(self, text, seed=None, *args, expect=0):
        """Returns the path of the log."""
        with open(self.graph_path, "w", encoding="utf-8") as f:
            f.write(text)
        seeds = [] if seed is None else ["--seed", str(seed)]
        run = self.start_takt("--virtual", *seeds, *args, stdout=subprocess.PIPE)
        out, errors = run.communicate(timeout=100)
        assert run.returncode == expect, f"takt run: {run.returncode}: {out}{errors}"
        self.said = out + errors
        return self.runs()[-1] if self.runs() else None

    def forget(self):
        shutil.rmtree(self.log_dir, ignore_errors=True)


@tap.test
def twenty_seeds_reach_each_waypoint_within_a_metre_and_land():
    with Sky() as sky:
        worst, seconds, simulated = 0.0, 0.0, 0.0
        for seed in SEEDS:
            begin = time.monotonic()
            log = sky.fly(shipped(), seed)
            seconds += time.monotonic() - begin
            *reached, flight = flight_tool(log)
            simulated += flight["cycles"] / 1000
            off = [w["off"] for w in reached]
            assert [w["waypoint"] for w in reached] == list(range(1, WAYPOINTS + 1)), f"seed {seed}: {reached}"
            assert max(off) < NEAR_M, f"seed {seed}: {reached}"
            assert flight["state"] == "landed" and flight["height"] == 0, f"seed {seed}: {flight}"
            assert flight["position_error"] < NEAR_M and flight["attitude_error_deg"] < 5, f"seed {seed}: {flight}"
            worst = max(worst, *off)
            sky.forget()
        print(f"# worst {worst:.2f} m off; {simulated / seconds:.0f} times real time")


@tap.test
def one_seed_makes_the_same_bytes_and_another_does_not():
    with Sky() as sky:
        first, second, other = (sky.fly(shipped(), seed) for seed in (7, 7, 8))
        same = flight_tool(first, second, "compare")[0]
        assert same["same_shape"] and same["differing"] == 0 and same["messages"] > 300000, same
        different = flight_tool(first, other, "compare")[0]
        assert not different["same_shape"] or different["differing"] > 100000, different


@tap.test
def gcc_and_clang_fly_alike():
    compilers = [c for c in (shutil.which("gcc"), shutil.which("clang") or shutil.which("clang-14")) if c]
    if len(compilers) < 2:
        raise Skip("gcc and clang are not both here")
    with Sky() as sky:
        logs = []
        for compiler in compilers:
            built = {p: os.path.join(sky.dir, f"{p}-{len(logs)}.so") for p in PLUGINS}
            for plugin, path in built.items():
                build(compiler, plugin, path)
            logs.append(sky.fly(shipped(**built), 3))
        found = flight_tool(*logs, "compare")[0]
        assert found["same_shape"] and found["messages"] > 300000, found
        assert found["most"] <= COMPILERS_MAY_DIFFER_BY, found
        print(f"# {found['differing']} of {found['messages']} messages differ, by at most {found['most']:g}")


def build(compiler, plugin, path):
    with open(os.path.join(SOURCE, "rt/examples/examples.mk"), encoding="utf-8") as f:
        rule = re.search(rf"plugins_{plugin}_so_SOURCES = ((?:.*\\\n)*.*)", f.read()).group(1)
    sources = [os.path.join(EXAMPLE, name) for name in re.findall(r"quad/(\w+\.c)", rule)]
    assert sources
    done = subprocess.run([compiler, "-std=c11", "-O2", "-ffp-contract=off", "-fPIC", "-shared",
                           "-fvisibility=hidden", "-I", os.path.join(SOURCE, "rt/sdk"), *sources, "-o", path, "-lm"],
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


@tap.test
def nothing_in_a_plugin_but_its_text_sites_can_be_written():
    if os.environ.get("sanitizer", "no") != "no":
        raise Skip("a sanitizer adds data of its own")
    startup = 8		# of crtbegin.o: __dso_handle, and whether its destructors ran
    for plugin in PLUGINS:
        done = subprocess.run(["readelf", "-SW", program(f"plugins/{plugin}.so")], capture_output=True, text=True)
        sizes = {m[1]: int(m[2], 16) for m in re.finditer(
            r"\] (\S+) +\S+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +W", done.stdout)}
        relocated = {".data.rel.ro", ".dynamic", ".got", ".got.plt", ".init_array", ".fini_array"}  # then read-only
        own = {k: v for k, v in sizes.items() if k not in relocated | {"takt_text"}}
        assert sizes.get("takt_text", 0) > 0 and ".data" in own, sizes
        assert set(own) <= {".data", ".bss"} and all(v <= startup for v in own.values()), f"{plugin}: {own}"


@tap.test
def a_second_quad_in_the_graph_changes_no_byte_of_the_first():
    with Sky() as sky:
        alone = flight_tool(sky.fly(fleet(shipped(), ["a_"]), 5), "a_")[-1]
        both = sky.fly(fleet(shipped(), ["a_", "b_"]), 5)
        a, b = flight_tool(both, "a_")[-1], flight_tool(both, "b_")[-1]
        assert a == alone, f"{a}, alone {alone}"
        assert b["state"] == "landed" and b["digest"] != a["digest"], b


@tap.test
def the_wind_of_a_recording_makes_the_same_flight():
    with Sky() as sky:
        first = sky.fly(shipped(), 11)
        second = sky.fly(shipped(), None, "--source-from", first)
        same = flight_tool(first, second, "compare")[0]
        assert same["same_shape"] and same["differing"] == 0 and same["messages"] > 300000, same
        digests = [sky.takt_log("digest", path, "-o", "jsonl").stdout.splitlines()[0] for path in (first, second)]
        assert digests[0] == digests[1] and '"stream":"lane0"' in digests[0], digests	# each task's result, too


@tap.test
def it_lands_where_it_is_when_the_battery_is_low():
    with Sky() as sky:
        text = shipped().replace("type: battery,", "type: battery, params: {charge: 0.16},")
        *reached, flight = flight_tool(sky.fly(text, 1))
        assert flight["state"] == "landed" and flight["height"] == 0, flight
        assert len(reached) < WAYPOINTS, reached
        assert re.search(r"battery at 15 %.* landing here", sky.said), sky.said


@tap.test
def a_waypoint_of_two_numbers_is_refused_with_what_to_give():
    with Sky() as sky:
        text = re.sub(r"waypoints: \[[^]]*\]", "waypoints: [1m, 2m]", shipped())
        sky.fly(text, 1, expect=1)
        assert "task `supervisor`: waypoints: has 2 numbers; give three each, east, north, up" in sky.said, sky.said


tap.main()
