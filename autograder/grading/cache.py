"""The result cache: outcomes of submissions, stored under a digest of their content.

Work that did not change is not run again. An entry holds the outcome of every step of a notebook
and the values that each test was given, so that a changed test can be run on these values alone.
Entries are written atomically: a grader may be killed at any moment and continue later. This module
knows keys, outcomes and encoded values; it does not know labs or marks.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from platform import machine, python_version
from typing import Any

from autograder.execution.runner import MAX_KEPT
from autograder.execution.steps import Outcome
from autograder.files import write_bytes
from autograder.sandbox.interpreters import COMPUTING

__all__ = ["Entry", "ResultCache", "backend_facts", "digest", "environment_digest", "environment_facts", "file_digests"]

MAX_ENTRY = 2 * MAX_KEPT  # bytes of an unpacked entry; a damaged entry may claim any size
PACKAGES = ("keras", "tensorflow", "numpy", "pandas", "scipy", "scikit-learn", "h5py", "ipython", "matplotlib")


@dataclass(frozen=True)
class Entry:
    """The cached results of one submission.

    Attributes:
        outcomes: Outcome of each step.
        tests: Index of a test's step → digest of the test.
        values: Index of a test's step → the encoded values that the test was given.
        alone: Test name → outcome in a student process that ran this test only.
        together: Test name → outcome in a student process that ran the whole notebook.
    """

    outcomes: Sequence[Outcome]
    tests: Mapping[int, str]
    values: Mapping[int, bytes]
    alone: Mapping[str, Outcome] = field(default_factory=dict)
    together: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def all(self) -> Iterable[Outcome]:
        """All outcomes, of every kind of run."""
        return (*self.outcomes, *self.alone.values(), *self.together.values())


@dataclass
class ResultCache:
    """A cache of results in a folder.

    Attributes:
        folder: Folder of the entries. It is created when the first entry is stored.
        problem: Why an entry could not be stored; "" if all entries were stored.
    """

    folder: Path
    problem: str = ""

    def find(self, key: str) -> Entry | None:
        """Return the entry with a key.

        Args:
            key: Key of the entry.

        Returns:
            The entry, or None if there is none or it cannot be read.
        """
        path = self._path(key)
        try:
            with zipfile.ZipFile(path) as archive:
                if sum(info.file_size for info in archive.infolist()) > MAX_ENTRY:
                    return None
                facts = json.loads(archive.read("facts.json"))
                values = {int(name): archive.read(f"values/{name}") for name in facts["values"]}
                outcomes = [Outcome(**outcome) for outcome in facts["outcomes"]]
                tests = {int(place): said for place, said in facts["tests"].items()}
                alone, together = (
                    {name: Outcome(**outcome) for name, outcome in facts[kind].items()} for kind in ("alone", "together")
                )
            with suppress(OSError):
                os.utime(path)  # for `forget`
            return Entry(outcomes, tests, values, alone, together)
        except Exception:  # a damaged archive raises many kinds of errors, from zlib, zipfile, json and others
            return None

    def put(self, key: str, entry: Entry) -> None:
        """Store an entry, unless one of its outcomes hit a limit on a busy machine.

        Values over MAX_KEPT bytes are left out; a changed test then requires a run of the whole
        notebook. If the file cannot be written, `problem` gives the reason and nothing is raised,
        because the cache only saves work.

        Args:
            key: Key of the entry.
            entry: The entry.
        """
        if any(outcome.contended for outcome in entry.all):
            return
        values = entry.values if sum(map(len, entry.values.values())) <= MAX_KEPT else {}
        facts = {
            "outcomes": [asdict(outcome) for outcome in entry.outcomes],
            "tests": dict(entry.tests),
            "values": sorted(values),
            "alone": {name: asdict(outcome) for name, outcome in entry.alone.items()},
            "together": {name: asdict(outcome) for name, outcome in entry.together.items()},
        }
        out = BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("facts.json", json.dumps(facts))
            for place, frame in values.items():
                archive.writestr(f"values/{place}", frame)
        try:
            write_bytes(self._path(key), out.getvalue())
        except OSError as error:
            self.problem = self.problem or f"{self.folder}: {error.strerror or error}"

    def forget(self, days: float) -> None:
        """Delete the entries that were neither stored nor found for some time.

        Args:
            days: Days since then.
        """
        for path in self.folder.glob("??/*.zip"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > days * 24 * 3600:
                    path.unlink()

    def clear(self) -> None:
        """Delete all entries. Other files in the folder are not touched."""
        for path in self.folder.glob("??/*.zip"):
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.zip"


def digest(parts: Any) -> str:
    """Compute a key for JSON data.

    Args:
        parts: Data that `json.dumps` accepts; other objects are converted with `str`.

    Returns:
        A hexadecimal digest, which is equal for equal content.
    """
    return blake2b(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=20).hexdigest()


def file_digests(files: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return (name, digest of the content) of each file, given as (name, path).

    Raises:
        OSError: A file cannot be read.
    """
    return [[name, blake2b(Path(path).read_bytes()).hexdigest()] for name, path in files]


@cache
def environment_digest() -> str:
    """Return a digest of `environment_facts`."""
    return digest(environment_facts())


@cache
def environment_facts() -> Mapping[str, str]:
    """Return the versions of everything that submissions run with.

    Returns:
        Name → version: Python, the machine type, the packages, the backend of Keras, the variables
        that say how it computes, and digests of the source of coursekit and autograder and of the
        registry of data sets.
    """
    from coursekit.data.registry import course_registry

    own = {f"{name}/{place}": text for name in ("coursekit", "autograder") for place, text in _sources(name)}
    versions = {name: version(name) for name in PACKAGES}
    return {
        "Python": python_version(),
        "machine": machine(),
        **versions,
        **backend_facts(),
        **{name: os.environ[name] for name in COMPUTING if name in os.environ},
        "coursekit and autograder": digest(own),
        "data sets": digest(repr(dict(course_registry()))),
    }


def backend_facts() -> Mapping[str, str]:
    """Return the name of the backend that Keras runs on in the processes, and the version of its package."""
    from coursekit.session import chosen_backend

    backend = chosen_backend()
    with suppress(PackageNotFoundError):
        return {"backend": backend, backend: version(backend)}
    return {"backend": backend}


def _sources(package: str) -> Iterable[tuple[str, str]]:
    """Yield (relative path, digest) of each file of a package: its modules, and data such as the weights of a drawn backbone."""
    spec = find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(folder).rglob("*")):
            if not path.is_file() or path.suffix == ".pyc":
                continue
            yield path.relative_to(folder).as_posix(), blake2b(path.read_bytes()).hexdigest()
