"""What the tests of the io tasks share: a graph that runs while its device does this and that, and its record."""

import json
import os
import select
import signal
import subprocess
import time
import tty

from harness import World, program

GRAPH = """takt: 1
name: kill
plugins: [{plugins}]
runtime: {{rate: {rate}}}
logging: {{flush: 20ms, sync: 20ms, segment: 4MiB, arena: 16MiB}}
tasks:
{tasks}
connections: [{connections}]
"""


class IoWorld(World):
    """A world whose graph has @tasks, lines of YAML; `{dir}` in them is its directory."""

    def __init__(self, plugins, tasks, connections="", rate="200Hz"):
        super().__init__()
        tasks = "\n".join(f"  - {t.replace('{dir}', self.dir)}" for t in tasks)
        names = ", ".join(program(f"plugins/{p}.so") for p in plugins)
        with open(self.graph_path, "w") as f:
            f.write(GRAPH.format(plugins=names, rate=rate, tasks=tasks, connections=connections))

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self):
        self.start_taktd()
        self.rt = self.start_rt("--dev")
        self.wait(self.is_running, 20, "the first cycle")
        return self

    def is_running(self):
        """Devices are open when they can be: every task has started."""
        return self.runs() and "mission started" in self.takt_log("lifecycle", self.runs()[-1]).stdout

    def text(self):
        """What the text log says so far; of a run that goes on, too."""
        done = self.takt_log("text", self.runs()[-1]) if self.runs() else None
        return done.stdout if done else ""

    def wait_text(self, what, count=1, seconds=10):
        self.wait(lambda: self.text().count(what) >= count, seconds, f"{count} × «{what}» in\n{self.text()}")

    def payloads(self, task):
        """What a task has given, oldest first."""
        done = self.takt_log("copperlists", self.runs()[-1], "--task", task, "-o", "jsonl")
        assert done.returncode == 0, done.stderr
        return [p for line in done.stdout.splitlines() for p in payloads_in(json.loads(line))]

    def wait_payloads(self, task, count, seconds=10):
        """Of a run that goes on: its log may have no segment yet."""
        def there():
            try:
                return self.runs() and len(self.payloads(task)) >= count
            except AssertionError:
                return False
        self.wait(there, seconds, f"{count} messages of {task}")

    def end(self):
        """Stops the run; the record is whole, and the lane has missed no cycle's number."""
        self.rt.send_signal(signal.SIGINT)
        _, stderr = self.rt.communicate(timeout=20)
        assert self.rt.returncode == 0, f"{self.rt.returncode}: {stderr}"
        self.wait_recorded()
        log = self.read()
        log.check_whole(1)
        assert not log.damage, log.damage
        return log

    def dropped(self, log, task):
        return sum(e[3][0] for e in log.events if e[1] == "input_dropped" and e[2] == task)


def payloads_in(value):
    if isinstance(value, dict):
        if "payload" in value:
            yield value["payload"]
        else:
            for inner in value.values():
                yield from payloads_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from payloads_in(inner)


class Pty:
    """A serial device at @path, which can be unplugged."""

    def __init__(self, path):
        self.path, self.master = path, None
        self.plug()

    def plug(self):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.symlink(os.ttyname(slave), self.path + ".new")
        os.rename(self.path + ".new", self.path)
        os.close(slave)

    def unplug(self):
        os.unlink(self.path)
        os.close(self.master)
        self.master = None

    def write(self, data):
        while data:
            data = data[os.write(self.master, data):]

    def read(self, count, seconds=5):
        """@count bytes, or what comes in @seconds."""
        got, end = b"", time.monotonic() + seconds
        while len(got) < count and select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
            try:
                got += os.read(self.master, 65536)
            except OSError:		# nobody has it open yet
                time.sleep(0.01)
        return got


def check(plugins, tasks, connections=""):
    """What takt check says of a graph with these."""
    with IoWorld(plugins, tasks, connections) as world:
        done = subprocess.run([program("takt"), "check", world.graph_path], capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout, done.stderr.replace(world.dir, "")
