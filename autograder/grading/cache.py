"""What was found out about submissions, kept by their content: work that did not change is not run again.

An entry holds how every step of a notebook ended and the values that each test was given, so that a test that changed can be
run on them alone. Entries appear whole or not at all, so a grader may be killed at any moment and go on later.
Knows keys, outcomes and frames; nothing of labs or marks.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from platform import machine, python_version
from typing import Any

from autograder.execution.runner import MAX_KEPT
from autograder.execution.steps import Outcome
from autograder.files import write_bytes

__all__ = ["Entry", "ResultCache", "digest", "environment_digest", "environment_facts"]

MAX_ENTRY = 2 * MAX_KEPT  # bytes of an entry once unpacked; a damaged one may claim any size
PACKAGES = ("keras", "tensorflow", "numpy", "pandas", "scikit-learn", "ipython", "matplotlib")


@dataclass(frozen=True)
class Entry:
    """outcomes: of each step. tests: number of a test's step → digest of the test. values: → the frame that it was given.

    alone: test (name) → how it ended in a student process of its own. together: … in one that ran the whole notebook.
    """

    outcomes: Sequence[Outcome]
    tests: Mapping[int, str]
    values: Mapping[int, bytes]
    alone: Mapping[str, Outcome] = field(default_factory=dict)
    together: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def all(self) -> Iterable[Outcome]:
        """How every step ended, in whichever way it was run."""
        return (*self.outcomes, *self.alone.values(), *self.together.values())


@dataclass
class ResultCache:
    """Entries in a folder, which need not exist yet. problem: why an entry could not be kept, "" as long as all could."""

    folder: Path
    problem: str = ""

    def find(self, key: str) -> Entry | None:
        """The entry, None if there is none or if it cannot be read: then the work is done again."""
        try:
            with zipfile.ZipFile(self._path(key)) as archive:
                if sum(info.file_size for info in archive.infolist()) > MAX_ENTRY:
                    return None
                facts = json.loads(archive.read("facts.json"))
                values = {int(name): archive.read(f"values/{name}") for name in facts["values"]}
                outcomes = [Outcome(**outcome) for outcome in facts["outcomes"]]
                tests = {int(place): said for place, said in facts["tests"].items()}
                alone, together = (
                    {name: Outcome(**outcome) for name, outcome in facts[kind].items()} for kind in ("alone", "together")
                )
                return Entry(outcomes, tests, values, alone, together)
        except Exception:  # a damaged archive raises a dozen kinds, of zlib, zipfile, json and its own
            return None

    def put(self, key: str, entry: Entry) -> None:
        """Keep the entry, unless a limit in it was hit only because others had the machine.

        Values that are too large are left out: their tests will need the whole notebook again. Where nothing can be written,
        `problem` says why and the caller goes on: an entry only saves work.
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

    def clear(self) -> None:
        """Forget every entry. What else lies in the folder stays."""
        for path in self.folder.glob("??/*.zip"):
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.zip"


def digest(parts: Any) -> str:
    """A key for JSON data: the same for the same content."""
    return blake2b(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=20).hexdigest()


@cache
def environment_digest() -> str:
    """A key for what submissions are run with."""
    return digest(environment_facts())


@cache
def environment_facts() -> Mapping[str, str]:
    """What submissions are run with: Python, the packages, and keys for this project's own text and its list of data sets."""
    from coursekit.data.registry import course_registry

    own = {f"{name}/{place}": text for name in ("coursekit", "autograder") for place, text in _sources(name)}
    versions = {name: version(name) for name in PACKAGES}
    return {
        "Python": python_version(),
        "machine": machine(),
        **versions,
        "coursekit and autograder": digest(own),
        "data sets": digest(repr(dict(course_registry()))),
    }


def _sources(package: str) -> Iterable[tuple[str, str]]:
    """The modules of a package, by their place in it, with a digest of each."""
    spec = find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        for path in sorted(Path(folder).rglob("*.py")):
            yield path.relative_to(folder).as_posix(), blake2b(path.read_bytes()).hexdigest()
