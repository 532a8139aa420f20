"""What a log holds as its configuration loads again, for every example. Prints TAP."""

import glob
import json
import os
import subprocess

from harness import SOURCE, Tap, World, program

tap = Tap()


def recorded(world, graph):
    """The configuration in the log of two cycles of @graph."""
    world.graph_path = graph
    before = world.runs()
    takt = world.start_takt("--cycles", "2", stdout=subprocess.DEVNULL)
    _, stderr = takt.communicate(timeout=60)
    # a source whose file is not here ends the run, which has its configuration all the same
    assert takt.returncode == 0 or "No such file or directory" in stderr, (graph, takt.returncode, stderr)
    new, = (r for r in world.runs() if r not in before)
    return json.loads(world.takt_log("info", new, "-o", "json").stdout)["config"]


@tap.test
def recorded_configuration_of_every_example_loads_again():
    graphs = sorted(glob.glob(os.path.join(SOURCE, "rt/examples/*/*.yaml")))
    assert len(graphs) >= 9, graphs
    graphs = [g for g in graphs if not g.endswith("w2_1khz.yaml")]	# w2 but for its rate, and slow to start
    with World() as world:
        for graph in graphs:
            config = recorded(world, graph)
            again = os.path.join(world.dir, "again.yaml")
            with open(again, "w") as f:
                f.write(config)
            done = subprocess.run([program("takt"), "check", again], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, (graph, done.stderr)
            if graph.endswith("quad.yaml"):	# has quantities of every form
                assert recorded(world, again) == config


tap.main()
