"""Compare two gradings of a class: whose marks moved, on which test, and why.

A reason is what differs between the two: the test, the submission, the lab, the data, a version. Where
nothing that is known differs, that is said, because then the mark may depend on chance. This module
reads results; it grades nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.errors import CourseError
from autograder.grading.basis import Basis
from autograder.grading.verdict import TestResult, Verdict
from autograder.reporting.results import EARLIER, VERDICTS, read_graded

__all__ = ["Grading", "Move", "compare", "earlier_gradings", "find_grading", "read_grading"]

_POINTS = 1e-9
_UNKNOWN = "the earlier results do not say what they are based on"
_NOTHING = "nothing that is known changed"


@dataclass(frozen=True)
class Grading:
    """The results of a class in one lab at one time.

    Attributes:
        name: What it is called: its file name without ending, or "now".
        verdicts: Submission → verdict.
        basis: What the marks are based on; None if that is not known.
    """

    name: str
    verdicts: Mapping[str, Verdict]
    basis: Basis | None = None

    @property
    def when(self) -> str:
        """When the class was graded, in local time; "" if that is not known."""
        return f"{datetime.fromisoformat(self.basis.when).astimezone():%Y-%m-%d %H:%M:%S}" if self.basis else ""


@dataclass(frozen=True)
class Move:
    """A mark that moved, or a submission whose status did.

    Attributes:
        submission: Name of the submission.
        test: Name of the test; "" for the submission as a whole.
        before: Points before; None if there were none.
        after: Points after; None if there are none.
        points: Points that the test can give.
        why: What differs between the two gradings.
        known: Whether one of them is a reason.
        said: What the test, or the verdict, says now.
    """

    submission: str
    test: str
    before: float | None
    after: float | None
    points: float
    why: tuple[str, ...]
    known: bool = True
    said: str = ""


def compare(before: Grading, after: Grading) -> list[Move]:
    """Compare two gradings of the same lab.

    Args:
        before: The earlier one.
        after: The later one.

    Returns:
        The marks and statuses that differ, sorted by submission, then in the order of the tests.
    """
    moves: list[Move] = []
    for name in sorted({*before.verdicts, *after.verdicts}):
        old, new = before.verdicts.get(name), after.verdicts.get(name)
        if old is None or new is None or not (old.tests and new.tests):
            moves += _whole(name, old, new)
        else:
            moves += _Both(old, new, before.basis, after.basis).moves()
    return moves


def read_grading(path: Path, lab: str, name: str = "") -> Grading:
    """Read a file of verdicts as a grading of one lab.

    Args:
        path: Path of the file, or of a folder with a verdicts.json.
        lab: Id of the lab.
        name: What to call the grading; by default the file name without its ending.

    Returns:
        The grading.

    Raises:
        CourseError: There is no such file, it cannot be read, or it holds no verdict on the lab.
    """
    path = path / VERDICTS if path.is_dir() else path
    try:
        found = read_graded(path)
    except FileNotFoundError:
        raise CourseError(f"{path}: no such file; expected a verdicts.json that `autograder grade` wrote") from None
    verdicts = {verdict.submission: verdict for verdict in found.verdicts if verdict.lab == lab}
    if not verdicts:
        labs = ", ".join(sorted({verdict.lab for verdict in found.verdicts})) or "nothing"
        raise CourseError(f"{path}: no verdict on {lab} in it; it holds {labs}")
    return Grading(name or path.stem, verdicts, found.basis.get(lab))


def earlier_gradings(folder: Path) -> list[Path]:
    """List the earlier results in a folder of results.

    Args:
        folder: The folder.

    Returns:
        Their paths, the oldest first.
    """
    return sorted((folder / EARLIER).glob("*.json"))


def find_grading(folder: Path, lab: str, name: str) -> Grading:
    """Find a grading by what somebody calls it.

    Args:
        folder: Folder of the results of the lab.
        lab: Id of the lab.
        name: "now", the beginning of the name of earlier results, "" for the newest of these, or the
            path of a file or folder.

    Returns:
        The grading.

    Raises:
        CourseError: There is none, or several could be meant.
    """
    if name == "now":
        return read_grading(folder / VERDICTS, lab, "now")
    kept = earlier_gradings(folder)
    found = kept[-1:] if not name else [path for path in kept if path.stem.startswith(name)]
    if len(found) == 1:
        return read_grading(found[0], lab)
    if name and not found and Path(name).exists():
        return read_grading(Path(name), lab, name)
    if not kept:
        raise CourseError(
            f"{folder / EARLIER}: no earlier results to compare with; they are kept from the next `autograder grade {lab}` on that "
            f"gives other results"
        )
    names = ", ".join(path.stem for path in kept)
    said = "several earlier results have names that begin so" if found else "no file and no earlier results of that name"
    raise CourseError(f"{name!r}: {said}; there are: {names}, and now")


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _whole(name: str, old: Verdict | None, new: Verdict | None) -> Iterator[Move]:
    """Compare a submission that has marks at one time only, or at none."""
    if old is None:
        why = "it was not graded before"
    elif new is None:
        why = "it is not graded any more"
    elif old.status != new.status:
        why = f"{old.status} before, {new.status} now"
    else:
        return
    earned = [verdict.earned if verdict and verdict.tests else None for verdict in (old, new)]
    points = max(verdict.points for verdict in (old, new) if verdict)
    yield Move(name, "", earned[0], earned[1], points, (why,), said=new.message if new else "")


@dataclass(frozen=True)
class _Both:
    """A submission with marks in two gradings, and what each is based on."""

    old: Verdict
    new: Verdict
    before: Basis | None
    after: Basis | None

    def moves(self) -> Iterator[Move]:
        """Yield the tests whose marks moved, then the submission if its status did."""
        earlier = {test.name: test for test in self.old.tests}
        now = {test.name: test for test in self.new.tests}
        for name in dict.fromkeys([*now, *earlier]):
            was, test = earlier.get(name), now.get(name)
            if was is None and test is not None:
                yield self._move(name, None, test.earned, test.points, ["the test is new"], test.message)
            elif test is None and was is not None:
                yield self._move(name, was.earned, None, was.points, ["the test is gone"])
            elif was and test and abs(was.earned - test.earned) > _POINTS:
                yield self._move(name, was.earned, test.earned, test.points, self._why(was, test), test.message)
        if self.old.status != self.new.status:
            yield from _whole(self.new.submission, self.old, self.new)

    def _move(
        self, test: str, before: float | None, after: float | None, points: float, why: list[str], said: str = ""
    ) -> Move:
        known = bool(why)
        why = why or [_NOTHING if self.before and self.after else _UNKNOWN]
        return Move(self.new.submission, test, before, after, points, tuple(why), known, said)

    def _why(self, was: TestResult, test: TestResult) -> list[str]:
        """Return what differs, what is nearest to the test first."""
        why = [f"the test gives {test.points:g} points, before {was.points:g}"] if test.points != was.points else []
        if self.before and self.after and self.before.tests.get(test.name) != self.after.tests.get(test.name):
            why.append("the test changed")
        why += _of_submission(self.old, self.new)
        return why + (_of_lab(self.before, self.after) if self.before and self.after else [])


def _of_submission(old: Verdict, new: Verdict) -> list[str]:
    why = ["the submission changed"] if old.work and new.work and old.work != new.work else []
    if old.data_source != new.data_source:
        why.append(f"data: {new.data_source}, before {old.data_source}")
    if old.reduced_budget != new.reduced_budget:
        why.append("the reduced budget" if new.reduced_budget else "the full budget, before the reduced one")
    if old.seed != new.seed:
        why.append(f"seed {new.seed}, before {old.seed}")
    if old.isolation != new.isolation:
        why.append(f"isolation {new.isolation or 'none'}, before {old.isolation or 'none'}")
    return why


def _of_lab(before: Basis, after: Basis) -> list[str]:
    why = ["other cells or limits of the lab changed"] if before.lab != after.lab else []
    if before.secret != after.secret:
        why.append("another secret, so other held-out data")
    if before.sealed_only != after.sealed_only:
        why.append(f"{'with' if after.sealed_only else 'without'} --sealed-only")
    return why + _of_versions(before.versions, after.versions)


def _of_versions(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    why = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, "none"), after.get(name, "none")
        if old != new:  # digests say nothing to people
            numbers = len(old) < 20 and len(new) < 20
            why.append(f"{name} {new}, before {old}" if numbers else f"{name} changed")
    return why
