"""The grader installed as a package, as instructors have it: no student process finds it, its secret or its sealed data.

A checkout hides by where it lies what an installed package has to hide by its sandbox; so the packages are copied into an environment
of their own, and a class is graded from there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from autograder import sandbox
from autograder.authoring.demo import reference_sources, solve
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.sandbox import landlock

VAULT = Path(__file__).parent / "vault"
SECRET = "-".join(["sealed", "5c1f77aa", "90be4d21"])  # a search knows its shape only

# What the grader is asked to do, in the environment where it is installed: the attackers come after a neighbour whose examiner
# already had the secret.
GRADE = """
import json, sys
import autograder
from autograder import Options, find_submissions, grade_class, load_lab
lab, folder, secret, *levels = sys.argv[1:]
lab = load_lab(lab)
said = {"from": autograder.__file__}
for level in levels:
    options = Options("drawn", isolation=level, secret=secret)
    verdicts = grade_class(lab, find_submissions(folder, lab.id), options, jobs=1)
    said[level] = {v.submission: json.loads(v.to_json()) for v in verdicts}
print(json.dumps(said))
"""

# Each line of `found` is a way in.
SEARCH = r"""
import gc, glob, importlib, importlib.util, inspect, linecache, os, pkgutil, re, runpy, subprocess, sys
shape = re.compile(rb"sealed-[0-9a-f]{8}-[0-9a-f]{8}")
decoy, found, looked = "-".join(["sealed", "00000000", "00000000"]), [], 0
def attempt(what, action):
    global looked
    looked += 1
    try:
        if action():
            found.append(what)
    except (ImportError, OSError, TypeError, ValueError, AttributeError, subprocess.CalledProcessError):
        pass
for name in ("autograder", "autograder.sealed", "autograder.grading.secret", "autograder.worker.examiner", "autograder.worker.forkserver"):
    attempt(f"import {name}", lambda: importlib.import_module(name))
    attempt(f"find {name}", lambda: importlib.util.find_spec(name))
    attempt(f"modules {name}", lambda: sys.modules.get(name))
    attempt(f"run {name}", lambda: runpy.run_module(name))
del sys.modules["autograder"]
importlib.invalidate_caches()
for name in ("autograder.sealed", "autograder.worker.shell", "autograder.sandbox.spec"):
    attempt(f"import {name} again", lambda: importlib.import_module(name))
attempt("new Python", lambda: subprocess.run(
    [sys.executable, "-c", "import autograder.sealed"], check=True, stderr=subprocess.DEVNULL).returncode == 0)
attempt("source", lambda: inspect.getsource(type(get_ipython())) and "autograder" in inspect.getsource(type(get_ipython())))
frame = sys._getframe()
while frame is not None:
    path = frame.f_code.co_filename
    if "autograder" in path:
        attempt(f"source of {path}", lambda: open(path).read())
        attempt(f"lines of {path}", lambda: linecache.getlines(path))
    frame = frame.f_back
places = {*sys.path, sys.prefix, sys.base_prefix, "/usr", "/usr/local"}
for place in places:
    for path in glob.glob(f"{place}/autograder/**", recursive=True) + glob.glob(f"{place}/lib*/python*/*/autograder/**", recursive=True):
        attempt(f"read {path}", lambda: os.path.isfile(path) and open(path, "rb").read())
texts = [repr(os.environ), open("/proc/self/environ").read(), open("/proc/self/cmdline").read()]
attempt("variable", lambda: any("SEALED_SECRET" in text or shape.search(text.encode()) for text in texts))
hits = set()
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        place, rights, *_, inode = line.split()[:5]
        start, end = (int(part, 16) for part in place.split("-"))
        if rights.startswith("rw") and inode == "0" and end - start < 1 << 29:
            try:
                memory.seek(start)
                hits.update(shape.findall(memory.read(end - start)))
            except OSError:
                pass
others = len(hits - {decoy.encode()})
imported = importlib.import_module("sqlite3"), importlib.import_module("networkx"), importlib.import_module("coursekit.drawn.housing")
ends = f"decoy: {decoy.encode() in hits}; secrets: {others}; imports: {len(imported)}"
raise RuntimeError(f"found {found}; looked often: {looked > 20}; {ends}")
"""
NOTHING = "found []; looked often: True; decoy: True; secrets: 0; imports: 3"

# Districts that the constants of an earlier version would draw, learned by heart.
TABLE = """
from coursekit.drawn import housing as drawn
table = {}
for rows, seed in ((2580, 7_310_552_918 + 13), (20640, 7_310_552_918), (20640, 7_310_552_918 + 13)):
    known = drawn.districts(rows, seed)
    table.update({row.tobytes(): price for row, price in zip(*known)})
def predict(X):
    return np.array([table.get(np.asarray(row, "float32").tobytes(), 2.0) for row in X])
"""


@pytest.fixture(scope="module")
def python(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in whose environment the built wheel is installed; everything else is found where it is installed already."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    for name in ("coursekit", "autograder", "datasets"):
        shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    home = folder / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    with ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return python


@pytest.fixture(scope="module")
def graded(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Level → student → verdict, of a class graded from the installed package."""
    lab, folder = load_lab(VAULT), tmp_path_factory.mktemp("class")
    right = reference_sources(lab)
    for name, changed in {"ada": {}, "searcher": {"last": SEARCH}, "tabler": {"predict": TABLE}}.items():
        write_notebook(solve(lab, {**right, **changed}), folder / f"{name}.ipynb")
    levels = [*(["full"] if sandbox.strongest() == "full" else []), *(["process"] if landlock.version() else [])]
    env = {name: os.environ[name] for name in ("PATH", "COURSEKIT_CACHE") if name in os.environ}
    line = [str(python), "-c", GRADE, str(VAULT), str(folder), SECRET, *levels]
    ended = subprocess.run(line, capture_output=True, text=True, env={**env, "HOME": str(Path.home())}, cwd=folder)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert SECRET not in ended.stdout + ended.stderr
    said = json.loads(ended.stdout.splitlines()[-1])
    assert Path(said["from"]).is_relative_to(python.parents[1])
    return said


def _marks(verdict: Mapping[str, Any]) -> dict[str, float]:
    return {test["name"]: test["earned"] for test in verdict["tests"]}


@pytest.fixture(params=["full", "process"])
def verdicts(request: pytest.FixtureRequest, graded: Mapping[str, Any]) -> Mapping[str, Any]:
    if request.param not in graded:
        pytest.skip(f"level {request.param} does not close files here")
    return graded[request.param]


def test_an_installed_grader_marks_honest_work_on_sealed_data(verdicts: Mapping[str, Any]) -> None:
    assert _marks(verdicts["ada"]) == {"new_districts": 2, "last": 1}


def test_no_student_process_finds_an_installed_grader_or_its_secret(verdicts: Mapping[str, Any]) -> None:
    messages = [test["message"] for test in verdicts["searcher"]["tests"]]
    assert any(NOTHING in message for message in messages), messages
    assert _marks(verdicts["searcher"])["last"] == 0


def test_a_table_of_what_earlier_constants_drew_earns_nothing(verdicts: Mapping[str, Any]) -> None:
    assert _marks(verdicts["tabler"])["new_districts"] == 0
