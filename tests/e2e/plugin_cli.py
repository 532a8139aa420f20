"""takt plugin: what a plug-in offers, as text and as JSON. Prints TAP."""

import glob
import json
import os
import subprocess
import tempfile

from harness import Tap, program

tap = Tap()


def takt(*args, **more):
    return subprocess.run([program("takt"), "plugin", *args], capture_output=True, text=True, timeout=30, **more)


@tap.test
def every_io_task_is_told_with_ports_units_defaults_and_ranges():
    tasks = {}
    for name in ("serial", "udp", "can", "evdev"):
        done = takt(f"{name}.so", "-o", "json")
        assert done.returncode == 0, done.stderr
        about = json.loads(done.stdout)
        assert about["plugin"] == name and about["path"].endswith(f"plugins/{name}.so"), about
        tasks.update({t["name"]: t for t in about["tasks"]})
    assert sorted(tasks) == ["can_in", "can_out", "evdev_in", "serial_frames", "serial_frames_out", "serial_lines",
                             "serial_lines_out", "udp_in", "udp_out"], sorted(tasks)
    for task in tasks.values():
        assert task["waits"] and task["doc"] and len(task["ports"]) == 1, task
        params = {p["name"]: p for p in task["params"]}
        assert all(p["doc"] for p in params.values())
        assert {k: params["retry"][k] for k in ("type", "unit", "default", "min", "max")} == {
            "type": "f64", "unit": "s", "default": "1s", "min": "0.01s", "max": "3600s"}, params["retry"]
    lines = takt("quad.so", "-o", "json")
    gain = next(p for t in json.loads(lines.stdout)["tasks"] if t["name"] == "attitude_estimator"
                for p in t["params"] if p["name"] == "velocity_gain")
    assert (gain["default"], gain["min"], gain["max"]) == ("1 1/s", "0 1/s", "10 1/s"), gain
    parity = next(p for p in tasks["serial_lines"]["params"] if p["name"] == "parity")
    assert parity["values"] == ["none", "even", "odd"] and parity["default"] == "none", parity
    assert tasks["udp_in"]["params"][0]["default"] is None


@tap.test
def text_says_what_json_says():
    done = takt("serial.so")
    assert done.returncode == 0, done.stderr
    for line in ("  serial_lines (source, exec: io): reads lines of text from a serial device",
                 "    out line             serial_line        each line that is not empty, in order",
                 "of a byte; one of none|even|odd (default none)", "(default 1s, 0.01s to 3600s)", "(must be given)"):
        assert line in done.stdout, done.stdout


@tap.test
def every_parameter_has_its_unit_also_without_default():
    done = takt("quad.so")
    assert "    waypoints            list(f64, 48)          m     " in done.stdout, done.stdout
    assert "(default 1 1/s, 0 1/s to 10 1/s)" in done.stdout, done.stdout


@tap.test
def every_plugin_is_told_and_a_port_of_any_type_as_what_it_is():
    for path in glob.glob(program("plugins/*.so")):
        if not os.path.basename(path).startswith("test_"):
            done = takt(path)
            assert done.returncode == 0, (path, done.stderr)
    done = takt("csv.so")
    assert "    out row              takt_any           each row" in done.stdout, done.stdout
    assert "(the graph says which: `outputs: {row: TYPE}`, or what it is connected to)" in done.stdout, done.stdout
    ports = [p for t in json.loads(takt("csv.so", "-o", "json").stdout)["tasks"] for p in t["ports"]]
    assert [(p["name"], p["type"], p["fields"]) for p in ports] == [("row", "takt_any", [])] * 2, ports


@tap.test
def a_bare_name_and_a_path_are_found_and_other_names_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("serial.so", program("plugins/serial.so")):
            assert takt(name, cwd=folder).returncode == 0
        done = takt("seriel.so", cwd=folder)
        assert done.returncode == 1 and "did you mean `serial.so`" in done.stderr.replace("'", "`"), done.stderr
        done = takt("serial", cwd=folder)
        assert done.returncode == 1 and "did you mean `serial.so`" in done.stderr.replace("'", "`"), done.stderr
        done = takt(program("takt"), cwd=folder)
        assert done.returncode == 1 and done.stdout == "", done.stderr
    assert takt().returncode == 2
    assert takt("-o", "yaml", "serial.so").returncode == 2
    assert takt("serial.so", "udp.so").returncode == 2
    assert takt("--help").returncode == 0


tap.main()
