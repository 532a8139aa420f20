"""What NAME does, as it was recorded: runs NAME.yaml for some cycles and reads the recording.

`make check` calls it; TAKT says which takt. The logs and the shared memory of the run are its own and go
with it.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from types import SimpleNamespace

TAKT = os.environ.get("TAKT", "takt")
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CYCLES = 60


def takt(*words):
    done = subprocess.run([TAKT, *words], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"takt {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def record():
    """Run the graph. Returns (messages by "task.port", texts), each in the order of the cycles."""
    logs = tempfile.mkdtemp()
    memory = tempfile.mkdtemp(dir="/dev/shm")
    where = ["--log-dir", logs, "--run-dir", memory]
    try:
        takt("run", "--dev", "--cycles", str(CYCLES), *where, os.path.join(PROJECT, "NAME.yaml"))
        messages = {}
        for line in takt("log", "copperlists", "-o", "jsonl", *where).splitlines():
            for message in json.loads(line)["messages"]:
                messages.setdefault(f"{message['task']}.{message['port']}", []).append(message["payload"])
        texts = [json.loads(line)["text"] for line in takt("log", "text", "-o", "jsonl", *where).splitlines()]
    finally:
        shutil.rmtree(logs, ignore_errors=True)
        shutil.rmtree(memory, ignore_errors=True)
    return messages, texts


class Recorded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.messages, cls.texts = record()

    def test_the_source_steps_every_25_samples(self):
        expected = [{"number": n + 1, "distance": n // 25 % 2} for n in range(CYCLES)]
        self.assertEqual(self.messages["source.sample"], expected)

    def test_the_filter_halves_what_is_left_of_a_step(self):
        smooth, expected = 0.0, []
        for n in range(CYCLES):
            smooth += 0.5 * (n // 25 % 2 - smooth)
            expected.append({"number": n + 1, "distance": smooth})
        self.assertEqual(self.messages["smooth.smooth"], expected)

    def test_the_source_says_each_step(self):
        self.assertEqual(self.texts, ["steps to 0.0 m", "steps to 1.0 m", "steps to 0.0 m"])

    def test_the_task_in_python_sees_when_it_is_high(self):
        spec = importlib.util.spec_from_file_location("NAME_task", os.path.join(PROJECT, "NAME.py"))
        task = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(task)
        said, high = [], []
        ctx = SimpleNamespace(log=SimpleNamespace(info=lambda text, *args: said.append(text % args)))
        state = SimpleNamespace(was_high=False, count=0)
        task.start(ctx, state)
        for payload in self.messages["smooth.smooth"]:
            output = SimpleNamespace(payload=SimpleNamespace())
            task.process(ctx, SimpleNamespace(payload=SimpleNamespace(**payload)), state, output)
            high.append(output.payload.is_high)
        task.stop(ctx, state)
        self.assertEqual([n + 1 for n in range(CYCLES) if high[n]], list(range(28, 51)))
        self.assertEqual(said[1:], ["sample 28: 0.88 m", "high 1 times"])


if __name__ == "__main__":
    unittest.main()
