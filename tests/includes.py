"""Dependencies point one way: reads every #include of ours and names each that points back.

The tables below are the rules. Prints TAP; `includes.py DIR` checks another tree.
"""

import os
import re
import sys
import tempfile

SUFFIXES = (".c", ".h", ".cc", ".cpp", ".hpp", ".def")
TOP = ("rt", "logs", "web", "pyhost", "tests")

# Who may include whom. An area is a folder (the longest that fits); it may always include itself.
OUTSIDE = "sdk base clock os msg shm"
MAY = {
    "rt/sdk": "",
    "rt/base": "sdk",
    "rt/clock": "sdk base",
    "rt/os": "sdk base",
    "rt/msg": "sdk base",
    "rt/shm": "sdk base msg",
    "rt/config": "sdk base msg",
    "rt/graph": "sdk base msg shm config",
    "rt/doctor": "sdk base clock os msg shm config",
    "rt/engine": "sdk base clock os msg shm config graph doctor",
    "rt/examples": "sdk",
    "rt/io": "sdk",
    "logs/read": OUTSIDE,
    "logs/write": OUTSIDE + " logs/read",
    "logs/text": OUTSIDE + " logs/read",
    "logs/stats": OUTSIDE + " logs/read",
    "logs/export": OUTSIDE + " logs/read logs/text logs/stats",
    "web": OUTSIDE + " logs/read logs/text logs/stats logs/export",
    "pyhost": OUTSIDE + " logs/read",
    # Roots tie parts together; nobody but a test includes them.
    "rt/main": "*",
    "tests": "*",
}

# Third-party headers and the only places that may include them.
OWNERS = {
    r"liburing(\.h|/)": ("logs/write/", "rt/engine/settle.c", "tests/bench/"),
    r"civetweb\.h": ("web/server",),
    r"cbor(\.h|/)": ("rt/msg/", "pyhost/frame/"),
    r"Python\.h": ("pyhost/",),
    r"yaml\.h": ("rt/config/",),
    r"cmocka\.h": ("tests/",),
}

# All that the installed headers may stand on.
C_STANDARD = set(
    "type_traits assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign "
    "stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath time uchar wchar "
    "wctype".split()
)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def area_of(path):
    """The area that a path from the top of the tree belongs to, or None."""
    fits = [a for a in MAY if path.startswith(a + "/")]
    return max(fits, key=len, default=None)


def allowed(area):
    names = MAY[area].split()
    if names == ["*"]:
        return set(MAY)
    return {n if "/" in n else "rt/" + n for n in names} | {area}


def target_of(path, quote, name):
    """The file of ours that an include means, as a path from the top; None if it is not ours."""
    if name.startswith("takt/"):
        return ("logs/read/" if name == "takt/log.h" else "rt/sdk/") + name
    if quote == '"' and name.split("/")[0] in TOP and "/" in name:
        return os.path.normpath(name)
    if quote == '"':
        return os.path.normpath(os.path.join(os.path.dirname(path), name))
    return None


def fault(path, quote, name):
    """What is wrong with this include, or None."""
    area = area_of(path)
    if area is None:
        return "is in no area: add its folder to MAY in tests/includes.py"
    if name == "config.h":
        return "config.h comes from the command line: drop this line"
    for header, places in OWNERS.items():
        if re.match(header, name) and not path.startswith(places):
            return f"only {' and '.join(places)} may include <{name}>"
    target = target_of(path, quote, name)
    if target is None:
        if area == "rt/sdk" and name.removesuffix(".h") not in C_STANDARD:
            return f"the SDK stands on C's standard headers only, not on <{name}>"
        return None
    to = area_of(target)
    if to is None:
        return f'"{name}" is not a path from the top of the tree'
    if to not in allowed(area):
        return f"{area} must not include {to} ({name})"
    if quote == '"' and "/" not in name and area != "rt/examples":
        return f'write "{target}", the path from the top of the tree'
    return None


def sources(top):
    for root in TOP:
        for folder, folders, files in os.walk(os.path.join(top, root)):
            folders.sort()
            for name in sorted(files):
                if name.endswith(SUFFIXES):
                    yield os.path.relpath(os.path.join(folder, name), top)


def check(top):
    """Returns ({area: number of includes read}, [(area, "file:line: what")])."""
    seen, faults = {}, []
    for path in sources(top):
        area = area_of(path) or os.path.dirname(path)
        seen.setdefault(area, 0)
        with open(os.path.join(top, path), encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                if m := INCLUDE.match(line):
                    seen[area] += 1
                    if what := fault(path, *m.groups()):
                        faults.append((area, f"{path}:{number}: {what}"))
    return seen, faults


# Includes that must be found, and some that must not: a test that cannot fail is none.
BAD = [
    ("rt/base/a.c", '"rt/engine/cycle.h"'),
    ("rt/sdk/takt/a.h", '"rt/base/err.h"'),
    ("rt/sdk/takt/a.h", "<sys/mman.h>"),
    ("rt/shm/a.c", '"rt/config/key.h"'),
    ("rt/graph/a.c", '"rt/main/roots.h"'),
    ("rt/examples/hello/a.c", '"rt/base/err.h"'),
    ("rt/io/a.c", '"rt/base/err.h"'),
    ("logs/write/a.c", '"rt/graph/plan.h"'),
    ("logs/read/a.c", '"logs/write/ring.h"'),
    ("web/a.c", '"rt/engine/cycle.h"'),
    ("pyhost/a.c", '"rt/config/key.h"'),
    ("rt/engine/a.c", "<liburing.h>"),
    ("logs/read/a.c", "<cbor.h>"),
    ("rt/main/a.c", "<yaml.h>"),
    ("rt/base/a.c", '"err.h"'),
    ("rt/base/a.c", '"../engine/cycle.h"'),
    ("rt/novel/a.c", "<stdio.h>"),
]
GOOD = [
    ("rt/engine/a.c", '"rt/graph/plan.h"'),
    ("rt/main/a.c", '"rt/engine/cycle.h"'),
    ("logs/write/a.c", "<liburing.h>"),
    ("logs/write/a.c", "<takt/log.h>"),
    ("rt/config/a.c", "<yaml.h>"),
    ("rt/sdk/takt/a.h", "<stdint.h>"),
    ("rt/io/a.c", "<takt/io/serial.h>"),
    ("rt/examples/gnss/a.c", '"nmea.h"'),
    ("tests/unit/a.c", '"rt/main/options.h"'),
]


def planted(path, include):
    """The faults of a tree with this one include in it."""
    with tempfile.TemporaryDirectory() as top:
        os.makedirs(os.path.join(top, os.path.dirname(path)))
        with open(os.path.join(top, path), "w", encoding="utf-8") as f:
            f.write(f"/* planted */\n#include {include}\n")
        return check(top)[1]


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("top_srcdir", ".")
    seen, faults = check(top)
    results = []
    for area in sorted(seen):
        bad = [text for a, text in faults if a == area]
        results.append((not bad, f"{area}: {seen[area]} includes point the right way", bad))
    results.append((bool(seen), "there are sources to read", []))
    for path, include in BAD:
        found = planted(path, include)
        results.append((len(found) == 1 and f"{path}:2:" in found[0][1], f"found: {path} includes {include}", []))
    for path, include in GOOD:
        found = planted(path, include)
        results.append((not found, f"allowed: {path} includes {include}", [t for _, t in found]))
    for number, (good, name, notes) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        for note in notes:
            print("# " + note)
    print(f"1..{len(results)}")
    return 0 if all(good for good, _, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
