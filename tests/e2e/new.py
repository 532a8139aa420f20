"""takt new: a project of a user's own builds, runs and passes its test, in the tree and installed."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

from harness import BUILD, Skip, Tap, program

tap = Tap()
STRICT = "WARNINGS=-Wall -Wextra -Wconversion -Wshadow -Werror"
FILES = [".gitignore", "Makefile", "README.md", "{}.c", "{}.py", "{}.yaml", "tests/test_{}.py"]


class Place:
    """A directory outside the tree, with one takt in PATH and none of what the make above us has set."""

    def __init__(self, takt=None):
        self.dir = tempfile.mkdtemp(prefix="takt-new-")
        self.run_dir = tempfile.mkdtemp(prefix="takt-new-", dir="/dev/shm")
        self.takt = takt or program("takt")
        self.env = {k: v for k, v in os.environ.items()
                    if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "DESTDIR", "TAKT", "CFLAGS", "CXXFLAGS")}
        self.env["PATH"] = os.path.dirname(self.takt) + ":" + os.environ["PATH"]
        self.env["PYTHON"] = sys.executable

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def do(self, *words, cwd="", status=0, **kw):
        """Run a command in the place. Returns what it said."""
        done = subprocess.run(words, cwd=self.path(cwd), env=self.env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, **kw)
        assert done.returncode == status, f"{words} ended with {done.returncode}, not {status}:\n{done.stdout}"
        return done.stdout

    def new(self, *words, **kw):
        return self.do("takt", "new", *words, **kw)

    def files(self, name=""):
        top = self.path(name)
        return sorted(os.path.relpath(os.path.join(d, f), top) for d, _, fs in os.walk(top) for f in fs)

    def change(self, path, before, after):
        with open(self.path(path), encoding="utf-8") as f:
            text = f.read()
        assert before in text, f"no {before} in {path}"
        with open(self.path(path), "w", encoding="utf-8") as f:
            f.write(text.replace(before, after))


def install(place):
    """The whole of takt, in a place that it was not configured for. Returns its takt."""
    place.do("make", "-s", "-C", os.path.abspath(BUILD), "install", f"DESTDIR={place.path('root')}")
    found = [os.path.join(d, "takt") for d, _, files in os.walk(place.path("root"))
             if os.path.basename(d) == "bin" and "takt" in files]
    assert len(found) == 1, found
    return found[0]


def at_hand(*names):
    return [n for n in names if shutil.which(n)]


@tap.test
def project_builds_without_a_warning_and_passes_its_test_in_the_tree():
    with Place() as place:
        said = place.new("arm_2")
        assert "cd arm_2 && make && takt run arm_2.yaml" in said, said
        assert place.files("arm_2") == sorted(f.format("arm_2") for f in FILES), place.files("arm_2")
        place.do("make", "-j4", STRICT, cwd="arm_2")
        assert "OK" in place.do("make", "check", cwd="arm_2")
        assert "arm_2_smooth" in place.do("takt", "check", "arm_2.yaml", cwd="arm_2")


@tap.test
def project_of_an_installed_takt_builds_and_runs():
    with Place() as place:
        takt = install(place)
        with Place(takt) as user:
            headers = user.do("takt", "sdk").rstrip("\n")
            assert headers.startswith(place.path("root")) and headers.endswith("/include"), headers
            where = f"--log-dir {user.path('logs')} --run-dir {user.run_dir}"
            said = user.do("sh", "-ec", f"takt new x && cd x && make && takt run x.yaml --cycles 25 {where}")
            assert "steps to 0.0 m" in said, said
            lines = user.do("takt", "log", "copperlists", "-o", "jsonl", "--log-dir", user.path("logs")).splitlines()
            last = {m["port"]: m["payload"] for m in json.loads(lines[-1])["messages"]}
            assert len(lines) == 25 and last["sample"] == {"number": 25, "distance": 0.0}, last
            assert "OK" in user.do("make", "check", cwd="x")


@tap.test
def project_holds_no_path_of_the_machine():
    with Place() as place:
        place.new("x")
        for name in place.files("x"):
            with open(place.path("x", name), encoding="utf-8") as f:
                text = f.read()
            assert place.dir not in text and os.path.abspath(BUILD) not in text, name
            assert "NAME" not in text and "SUFFIX" not in text, name


@tap.test
def project_in_cpp_builds_and_passes_the_same_test():
    with Place() as place:
        place.new("--lang", "c++", "x")
        assert "x.cc" in place.files("x") and "x.c" not in place.files("x")
        assert "`x.cc`" in open(place.path("x", "README.md"), encoding="utf-8").read()
        place.do("make", STRICT, cwd="x")
        assert "OK" in place.do("make", "check", cwd="x")


@tap.test
def project_builds_with_every_compiler_at_hand():
    with Place() as place:
        place.new("c")
        place.new("--lang=c++", "cpp")
        for compiler in at_hand("gcc", "clang", "clang-14"):
            place.do("make", "-B", f"CC={compiler}", STRICT, cwd="c")
        for compiler in at_hand("g++", "clang++", "clang++-14"):
            place.do("make", "-B", f"CXX={compiler}", STRICT, cwd="cpp")


@tap.test
def makefile_builds_what_changed_and_cleans_what_it_built():
    with Place() as place:
        place.new("x")
        before = place.files("x")
        place.do("make", cwd="x")
        assert "-o" not in place.do("make", cwd="x")
        with open(place.path("x", "more.c"), "w", encoding="utf-8") as f:
            f.write("#include <takt/task.h>\n")
        said = place.do("make", "-j4", cwd="x")
        assert "-c more.c" in said and "-c x.c" not in said, said
        os.utime(place.path("x", "x.c"))
        assert "-c x.c" in place.do("make", cwd="x")
        place.do("make", "clean", cwd="x")
        assert place.files("x") == sorted(before + ["more.c"]), place.files("x")


@tap.test
def test_of_the_project_fails_when_its_task_does_something_else():
    with Place() as place:
        place.new("x")
        place.change("x/x.yaml", "weight: 0.5", "weight: 0.25")
        said = place.do("make", "check", cwd="x", status=2)
        assert "FAILED (failures=2)" in said, said	# the filter's, and of what stands behind it


@tap.test
def makefile_says_so_when_there_is_no_takt():
    with Place() as place:
        place.new("x")
        said = place.do("make", "TAKT=/nowhere/takt", cwd="x", status=2)
        assert "make TAKT=/path/to/takt" in said, said


@tap.test
def takt_that_is_not_in_path_names_itself():
    with Place() as place:
        place.env["PATH"] = os.environ["PATH"]
        if shutil.which("takt", path=place.env["PATH"]) == place.takt:
            raise Skip("this takt is in PATH")
        said = place.do(place.takt, "new", "x")
        assert f"make TAKT={place.takt} && {place.takt} run x.yaml" in said, said
        place.do("make", f"TAKT={place.takt}", cwd="x")
        relative = os.path.relpath(place.takt, place.path("x"))
        place.do("make", "-B", f"TAKT={relative}", cwd="x")


@tap.test
def project_can_be_made_in_another_directory_or_in_an_empty_one():
    with Place() as place:
        os.makedirs(place.path("a", "b"))
        assert "cd a/b && make" in place.new("a/b")
        place.new(place.path("a", "c//"))
        assert "b.yaml" in place.files("a/b") and "c.yaml" in place.files("a/c")
        assert sorted(os.listdir(place.path("a"))) == ["b", "c"]


@tap.test
def name_that_could_not_work_is_refused():
    wrong = {
        "int": "like my_int", "class": "like my_class", "takt": "names of takt itself",
        "takt_arm": "names of takt itself", "TAKT_X": "names of takt itself", "my-arm": "did you mean my_arm?",
        "a.b": "did you mean a_b?", "3d": "begins with a letter", "_x": "begins with a letter", "": "is not a name",
        ".": "is not a name", "..": "is not a name", "/": "is not a name", "é": "is not a name",
        "hello": "hello.so of its own", "a" * 41: "41 letters", "x/for": "like my_for",
    }
    with Place() as place:
        for name, why in wrong.items():
            said = place.new(name, status=2)
            assert why in said and len(said.splitlines()) == 1, (name, said)
        place.new(status=2)
        place.new("a", "b", status=2)
        assert "there are c and c++" in place.new("--lang", "rust", "a", status=2)
        assert "did you mean --lang" in place.new("--lnag", "c", status=2)
        assert os.listdir(place.dir) == []


@tap.test
def what_is_there_already_stays_as_it_is():
    with Place() as place:
        os.mkdir(place.path("full"))
        for name in ("full/mine", "file"):
            with open(place.path(name), "w", encoding="utf-8") as f:
                f.write("mine")
        os.symlink("nowhere", place.path("link"))
        before = place.files()
        assert "is not empty" in place.new("full", status=1)
        assert "not a directory" in place.new("file", status=1)
        assert "not a directory" in place.new("link", status=1)
        assert "make it first" in place.new("no/x", status=1)
        assert place.files() == before and len(os.listdir(place.dir)) == 3


@tap.test
def project_that_cannot_be_written_whole_is_not_there_at_all():
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    with Place() as place:
        # Python ignores SIGXFSZ, and so does what it starts this way: the write fails.
        said = place.new("x", status=1, preexec_fn=small_files, restore_signals=False)
        assert "cannot write x.c: File too large" in said, said
        assert os.listdir(place.dir) == [], place.files()
        place.new("x")


@tap.test
def sdk_says_so_when_the_headers_are_not_installed():
    with Place() as place:
        alone = shutil.copy(place.takt, place.path("takt"))
        done = subprocess.run([alone, "sdk"], capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            raise Skip(f"there are others in {done.stdout.strip()}")
        assert done.returncode == 1 and "install libtakt-dev" in done.stderr and not done.stdout, done.stderr
        place.do("takt", "sdk", "more", status=2)
        place.do("takt", "sdk", "--help")


tap.main(sys.argv[1] if len(sys.argv) > 1 else None)
