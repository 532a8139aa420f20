# SPDX-License-Identifier: Apache-2.0
"""Runs the script of a Python task: taktd starts it as `python3 -I -B bootstrap.py`, with pipes for frames as
descriptors 0 and 1 and one for lines as 2. What both say is in pyhost/frame/frame.cddl."""

import atexit
import os
import sys

PROTOCOL = 1
HELLO, START, CALL, STOP = range(4)
READY, STARTED, RESULT, ERROR, STOPPED = range(5)
TEXT_MAX = 16000
HERE = os.path.dirname(os.path.abspath(__file__))


class Final(Exception):
    """Starting again is no use."""


# --- frames ---------------------------------------------------------------------------------------------


class Pipes:
    """Frames go through descriptors that no child inherits and no print() reaches."""

    def __init__(self):
        import fcntl

        self.in_fd = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
        self.out_fd = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 3)
        self.log_fd = fcntl.fcntl(2, fcntl.F_DUPFD_CLOEXEC, 3)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        self.pending = b""
        os.register_at_fork(after_in_child=self.close)  # frames are ours alone

    def close(self):
        for fd in (self.in_fd, self.out_fd):
            try:
                os.close(fd)
            except OSError:
                pass
        self.in_fd = self.out_fd = -1

    def read(self):
        """The next frame, None at the end."""
        data = self.pending
        while len(data) < 4:
            more = os.read(self.in_fd, 65536)
            if not more:
                return None
            data += more
        length = int.from_bytes(data[:4], "little") + 4
        if len(data) < length:
            data = self.read_long(data, length)
            if data is None:
                return None
        self.pending = data[length:]
        return data[4:length]

    def read_long(self, data, length):
        whole = bytearray(length)
        whole[: len(data)] = data
        view, at = memoryview(whole), len(data)
        while at < length:
            n = os.readv(self.in_fd, [view[at:]])
            if n == 0:
                return None
            at += n
        view.release()
        return bytes(whole)

    def write(self, body):
        data = len(body).to_bytes(4, "little") + body
        at = os.write(self.out_fd, data)
        while at < len(data):
            at += os.write(self.out_fd, memoryview(data)[at:])


def plain_error(where, text):
    """An error frame without cbor2, for when that is missing."""

    def item(value):
        data = value.encode()[:TEXT_MAX]
        return b"\x79" + len(data).to_bytes(2, "big") + data

    return b"\x86\x03" + item(where) + b"\x00\x00\xf5" + item(text)


# --- the script -----------------------------------------------------------------------------------------


class Stderr:
    """sys.stderr: its lines are warnings."""

    def __init__(self, stream):
        self._stream = stream
        self._begins = True

    def write(self, text):
        for line in text.splitlines(True):
            self._stream.write("\x1e2" + line if self._begins else line)
            self._begins = line.endswith("\n")
        return len(text)

    def __getattr__(self, name):
        return getattr(self._stream, name)


def redirect_prints():
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = Stderr(stderr)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr


def load_script(path):
    """The script as a module of its own name, from its path; what lies beside it can be imported."""
    import types

    name = os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, os.path.dirname(path))
    with open(path, "rb") as f:
        source = f.read()
    try:
        code = compile(source, path, "exec")
    except (SyntaxError, ValueError) as error:
        raise Final(f"{path} cannot be compiled") from error
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    exec(code, module.__dict__)
    if not callable(getattr(module, "process", None)):
        raise Final(f"{path} has no function process(ctx, input, state, output)")
    return module


def clean_traceback(error, script):
    """The traceback without our own frames, and the last line of the script in it."""
    import traceback

    line = 0
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(HERE):
        frame = frame.tb_next
    walk = frame
    while walk is not None:
        if walk.tb_frame.f_code.co_filename == script:
            line = walk.tb_lineno
        walk = walk.tb_next
    if isinstance(error, SyntaxError) and error.filename == script:
        line = error.lineno or 0
    return "".join(traceback.format_exception(type(error), error, frame)), line


class Task:
    def __init__(self, pipes, description, hash_):
        import json

        import cbor2
        from takt.context import Context, Log
        from takt.message import Input, Output
        from takt.views import make_types

        self.pipes, self.hash = pipes, hash_
        self.dumps, self.loads = cbor2.dumps, cbor2.loads
        self.Input, self.Output = Input, Output
        self.description = description
        self.script = description["script"]
        types, _ = make_types(description)
        self.inputs = [types[p["type"]] for p in description["inputs"]]
        self.outputs = [(types[p["type"]], p["name"]) for p in description["outputs"]]
        state = description.get("state")
        self.state_type = None if state is None else types[state]
        self.state = None
        self.kept = None  # the last good state, as it was sent
        params = json.loads(description["params"] or "{}")
        self.ctx = Context(description, params, Log(pipes.log_fd, description["text_level"]))
        self.module = None
        self.number = 0

    # what is said

    def send(self, *items):
        self.pipes.write(self.dumps(items))

    def send_error(self, where, error):
        text, line = clean_traceback(error, self.script)
        if isinstance(error, Final):
            cause = error.__cause__
            if cause is not None:
                text, line = clean_traceback(cause, self.script)
            else:
                text = str(error)
        text = text.encode("utf-8", "backslashreplace")[-TEXT_MAX:].decode("utf-8", "ignore")
        self.send(ERROR, where, self.number if where == "process" else 0, line, isinstance(error, Final), text)

    def state_wire(self):
        return None if self.state_type is None else self.state_type.to_wire(self.state, "state")

    def restore(self):
        if self.state_type is not None:
            self.state = (self.state_type.make() if self.kept is None
                          else self.state_type.own_from_wire(self.kept))

    # what is asked for

    def load(self):
        sys.argv = [self.script] + [a["text"] for a in self.description.get("args", [])]
        self.module = load_script(self.script)
        version = "%s %s" % (sys.implementation.name, sys.version.split()[0])
        self.send(READY, PROTOCOL, self.hash, version)

    def start(self, state):
        self.kept = state
        self.restore()
        hook = getattr(self.module, "start", None)
        if hook is not None:
            hook(self.ctx, self.state)
        self.kept = self.state_wire()
        self.send(STARTED, self.kept)

    def call(self, frame, clock):
        _, self.number, ctx_cycle, now_ns, recent_ns, deadline_ns, wires = frame
        ctx = self.ctx
        ctx.cl_id, ctx.now_ns, ctx.recent_ns, ctx._deadline_ns = ctx_cycle, now_ns, recent_ns, deadline_ns
        inputs = tuple([self.Input(kind, wire) for kind, wire in zip(self.inputs, wires)])
        outputs = tuple([self.Output(kind, name) for kind, name in self.outputs])
        begin = clock()
        self.module.process(ctx, inputs[0] if len(inputs) == 1 else inputs, self.state,
                            outputs[0] if len(outputs) == 1 else outputs)
        body_ns = clock() - begin
        state = self.state_wire()
        self.send(RESULT, self.number, body_ns, state, [o.to_wire() for o in outputs])
        self.kept = state

    def stop(self):
        hook = getattr(self.module, "stop", None)
        if hook is not None:
            hook(self.ctx, self.state)
        self.send(STOPPED, self.state_wire())


def guarded(task, where, function, *args):
    """Whether @function came back; else the exception was told. Whatever it raises is the script's."""
    try:
        function(*args)
        return True
    except BaseException as error:  # noqa: B902: SystemExit and KeyboardInterrupt, too
        task.send_error(where, error)
        return False


def serve(task, pipes):
    """Calls, until stop or the end of the pipe."""
    import gc
    import time

    clock = time.perf_counter_ns
    loads, get_count = task.loads, gc.get_count
    gc.collect()
    gc.freeze()
    gc.disable()  # no collection within a call
    old = 0
    while True:
        frame = pipes.read()
        if frame is None:
            return
        frame = loads(frame)
        if frame[0] == STOP:
            guarded(task, "stop", task.stop)
            return
        if not guarded(task, "process", task.call, frame, clock):
            task.restore()
        if get_count()[0] > 2000:
            old += 1
            gc.collect(0 if old % 50 else 2)


def main():
    pipes = Pipes()
    redirect_prints()
    sys.path.insert(0, os.path.dirname(HERE))
    try:
        import cbor2
    except ImportError as error:
        pipes.write(plain_error("import", f"{error}: Python tasks need cbor2: install python3-cbor2, or cbor2 in "
                                f"the venv (this is {sys.executable})"))
        return 1
    hello = pipes.read()
    if hello is None:
        return 1
    _, protocol, hash_, description = cbor2.loads(hello)
    if protocol != PROTOCOL:
        pipes.write(plain_error("import", f"taktd speaks protocol {protocol}, bootstrap.py {PROTOCOL}"))
        return 1
    task = Task(pipes, cbor2.loads(description), hash_)
    if not guarded(task, "import", task.load):
        return 1
    frame = pipes.read()
    if frame is None:
        return 1
    if not guarded(task, "start", task.start, cbor2.loads(frame)[1]):
        return 1
    serve(task, pipes)
    return 0


if __name__ == "__main__":
    code = 1
    try:
        code = main()
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
    atexit._run_exitfuncs()
    os._exit(code)  # threads of the script must not keep us
