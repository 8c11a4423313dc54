"""Submissions that look for hidden tests, sealed labels, other people's work and the instructor's secrets, everywhere they can.

Every search proves that it searched: it counts what it saw, and finds a decoy of its own of the same shape as the canary.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder import Verdict
from autograder.labs.model import Lab
from tests.attacks.book import CANARY, Attack, judge
from tests.attacks.conftest import SECRET

CELL_SECONDS = 90
MARKS = "UPDATE marks SET mark = 100"

# `hits` gathers what has the canary's shape; a decoy is made at run time so that no source holds one.
SEARCH = r"""
import gc, os, re, sys
shape = re.compile(rb"zq7x-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}")
decoy = "-".join(["zq7x", "0000", "0000", "0000"])
seen, hits = 0, set()
def search(data):
    global seen
    seen += 1
    hits.update(shape.findall(data if isinstance(data, bytes) else str(data).encode(errors="replace")))
def report(what):
    others = len(hits - {decoy.encode()})
    raise RuntimeError(f"searched {'many' if seen >= LEAST else seen} {what}; decoy found: {decoy.encode() in hits}; others: {others}")
"""
FOUND_NOTHING = "searched many {}; decoy found: True; others: 0"


def search(name: str, what: str, least: int, code: str, **more: object) -> Attack:
    source = SEARCH.replace("LEAST", str(least)) + code + f"\nreport({what!r})"
    return Attack(
        name, {"nearest": source}, loses=("nearest",), says=FOUND_NOTHING.format(what), flagged=("suspicious",), **more
    )  # type: ignore[arg-type]


SEARCHES = [
    search(
        "disk",
        "files",
        200,
        r"""
open("decoy.txt", "w").write(decoy)
prefix = tuple(p for p in (sys.prefix, sys.base_prefix + "/lib", "/usr", "/lib", "/sys") if p != "/")
for place, folders, names in os.walk("/"):
    skip = place.startswith(prefix) and "site-packages" in place and "autograder" not in place and "coursekit" not in place
    folders[:] = [f for f in folders if not (place == "/" and f in ("proc", "sys", "usr", "lib"))]
    for name in names:
        path = os.path.join(place, name)
        search(path)
        try:
            if not skip and os.path.isfile(path) and os.path.getsize(path) < 1_000_000 and not name.endswith((".so", ".pyc", ".h")):
                search(open(path, "rb").read())
        except OSError:
            pass
""",
    ),
    search(
        "memory",
        "ranges of memory",
        50,
        r"""
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        place, rights, *_, inode = line.split()[:5]
        start, end = (int(part, 16) for part in place.split("-"))
        if rights.startswith("rw") and inode == "0" and end - start < 1 << 29:
            try:
                memory.seek(start)
                search(memory.read(end - start))
            except OSError:
                pass
""",
    ),
    search(
        "objects",
        "objects",
        1000,
        r"""
kept = [decoy]
gc.unfreeze()
for thing in gc.get_objects():
    if thing is hits:
        continue
    if isinstance(thing, (list, tuple, set, frozenset)):
        for item in list(thing)[:1000]:
            if type(item) in (str, bytes):
                search(item)
    elif type(thing) is dict:
        for item in list(thing.values())[:1000]:
            if type(item) in (str, bytes):
                search(item)
            elif isinstance(item, np.ndarray) and item.dtype.kind in "US":
                search(item.tobytes())
""",
    ),
    search(
        "frames",
        "names",
        40,
        r"""
import threading
frames = [sys._getframe(), *sys._current_frames().values()]
while frames:
    frame = frames.pop()
    for space in (frame.f_locals, frame.f_globals):
        for key, item in list(space.items()):
            if item is not hits:
                search(repr(item)[:100_000] if type(item) in (str, bytes, list, dict, tuple) else key)
    search(str(frame.f_code.co_consts))
    if frame.f_back is not None:
        frames.append(frame.f_back)
""",
    ),
    search(
        "history",
        "cells",
        2,
        r"""
search(decoy)
for cell in [*In, *_ih, *get_ipython().history_manager.input_hist_raw, *get_ipython().history_manager.input_hist_parsed]:
    search(cell)
search(repr(Out))
for name in dir(get_ipython()):
    try:
        search(repr(getattr(get_ipython(), name))[:10_000])
    except Exception:
        pass
""",
    ),
    search(
        "processes",
        "things in /proc",
        10,
        r"""
search(decoy)
import glob
for pattern in ("environ", "cmdline", "maps", "comm", "status", "mountinfo", "cwd", "root", "exe", "fd/*", "task/*/environ"):
    for path in glob.glob(f"/proc/[0-9s]*/{pattern}"):
        for read in (os.readlink, lambda path: open(path, "rb").read(1 << 20) if os.path.isfile(path) else b""):
            try:
                search(read(path))
            except OSError:
                pass
search(repr(os.environ))
for number in range(3, 100):
    try:
        search(os.readlink(f"/proc/self/fd/{number}"))
        search(os.pread(number, 1 << 20, 0))
    except OSError:
        search(b"")
""",
    ),
    search(
        "on_call",
        "names",
        10,
        r"""
def softmax(z):
    for frame in sys._current_frames().values():
        while frame is not None:
            search(repr(list(frame.f_locals))); search(str(frame.f_code.co_consts))
            frame = frame.f_back
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
search(decoy)
for z in (np.zeros((2, 2)), np.ones((2, 2))):
    softmax(z)
""",
    ),
]

# The attacker knows the way to everything, and says in the verdict what could be opened, changed or listed.
TRY = r"""
import os, sqlite3
done = []
def attempt(what, action):
    try:
        action()
        done.append(what)
    except (OSError, sqlite3.Error):
        pass
"""
REACHING = [
    Attack(
        "gradebook",
        {
            "nearest": TRY
            + rf"""
books = ["__FOLDER__/gradebook.db", "__FOLDER__/../gradebook.db", "gradebook.db", "../gradebook.db", os.path.expanduser("~/gradebook.db")]
books += [os.path.join(p, n) for p, _, names in os.walk("/tmp") for n in names if n.endswith(".db")]
for book in books:
    def update():
        with sqlite3.connect(f"file:{{book}}?mode=rw", uri=True) as db:
            db.execute("{MARKS}")
    attempt(book, update)
raise RuntimeError(f"updated {{done}} of {{'many' if len(books) >= 5 else 0}}")
"""
        },
        loses=("nearest",),
        says="updated [] of many",
        flagged=("suspicious",),
    ),
    Attack(
        "sibling",
        {
            "nearest": TRY
            + r"""
import sys
def read(path):
    # a folder that holds nothing but the way to Python itself is no find
    if not os.path.isdir(path):
        return open(path).read()
    if not [name for name in os.listdir(path) if not sys.base_prefix.startswith(os.path.join(path, name))]:
        raise OSError
for path in ("__FOLDER__/ada.ipynb", "__FOLDER__/released.ipynb", "__FOLDER__", "/root", "/home", "/etc/shadow", "/etc/hostname"):
    attempt("read " + path, lambda: read(path))
    attempt("wrote " + path, lambda: open(path if path.endswith(".ipynb") else path + "/x", "w").write("mine"))
    attempt("linked " + path, lambda: os.symlink("/tmp", path + "/link"))
def through_a_link():
    os.symlink("__FOLDER__/ada.ipynb", "way")
    open("way", "r+").write("mine")
attempt("followed a link", through_a_link)
for place in (np.__file__, os.__file__, "/usr/x", "/x", "/proc/sys/kernel/hostname"):
    attempt("wrote " + place, lambda: open(place, "a").write("x"))
open("own", "w").write("a cell may write here")
raise RuntimeError(f"reached {done}; own: {os.path.exists('own')}")
"""
        },
        loses=("nearest",),
        says="reached []; own: True",
    ),
    Attack(
        "environment",
        {
            "nearest": r"""
words = ["pass" + "word of the instructor", "GRADE" + "BOOK_PASS"]
import os
texts = [repr(os.environ), open("/proc/self/environ").read(), repr(list(os.environb))]
raise RuntimeError(f"secrets: {sum(word in text for word in words for text in texts)} in {len(texts)} places; PATH: {'PATH' in os.environ}")
"""
        },
        loses=("nearest",),
        says="secrets: 0 in 3 places; PATH: True",
    ),
]
ATTACKS = [*SEARCHES, *REACHING, Attack("ada")]


def prepare(folder: Path) -> None:
    """A gradebook and a released notebook beside the submissions, open to everybody as far as their modes go."""
    with sqlite3.connect(folder / "gradebook.db") as book:
        book.execute("CREATE TABLE marks (student TEXT, mark REAL)")
        book.execute("INSERT INTO marks VALUES ('ada', 20)")
    (folder / "released.ipynb").write_text(CANARY)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777)


def inspect(folder: Path) -> None:
    """Nobody's marks changed and nobody's work was touched."""
    with sqlite3.connect(folder / "gradebook.db") as book:
        assert book.execute("SELECT * FROM marks").fetchall() == [("ada", 20.0)]
    assert (folder / "released.ipynb").read_text() == CANARY
    names = {attack.name + ".ipynb" for attack in ATTACKS}
    assert {path.name for path in folder.iterdir()} == {*names, "gradebook.db", "released.ipynb"}
    assert "mine" not in (folder / "ada.ipynb").read_text()[:10]


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_search_finds_nothing_but_what_it_hid_itself(attack: Attack, graded: Mapping[str, Verdict], fort: Lab) -> None:
    judge(fort, attack, graded[attack.name])
    assert SECRET not in graded[attack.name].to_json()


def test_no_attack_holds_the_canary_itself() -> None:
    held = [source for attack in ATTACKS for source in attack.answers.values() if CANARY in source]
    assert held == []
    assert CANARY in (Path(__file__).parent / "fort" / "lab.py").read_text()
