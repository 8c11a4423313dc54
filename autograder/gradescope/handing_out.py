"""Pack the final marks of a class for Gradescope, which takes no table of marks.

What Gradescope takes is an autograder: an archive whose program writes a results.json for each
submission. The program in this archive runs no code of a student. It looks up the student's address and
gives out the results that were made here, so it needs Gradescope's smallest container only. This module
knows pages and marks; it grades nothing.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from autograder.errors import ExportError
from autograder.gradescope.results import marked
from autograder.labs.model import Lab
from autograder.reporting.export.filling import Rules, not_ready
from autograder.reporting.feedback.content import page_of
from autograder.reporting.marks import Mark

__all__ = ["HandOut", "hand_out"]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal marks give equal archives
_SETUP = "#!/usr/bin/env bash\nexit 0  # nothing to install\n"


@dataclass(frozen=True)
class HandOut:
    """An archive that gives out marks.

    Attributes:
        data: Content of the archive.
        students: Ids of the students whose marks are in it.
        left: (student, reason) of those whose marks are not.
        points: Points of the lab, which the assignment has to have.
    """

    data: bytes
    students: tuple[str, ...]
    left: tuple[tuple[str, str], ...]
    points: float


def hand_out(lab: Lab, marks: Sequence[Mark], rules: Rules) -> HandOut:
    """Pack the marks of a class.

    Args:
        lab: The lab.
        marks: The marks, of students whose addresses are those in Gradescope.
        rules: Which marks are written. Nobody gets 0 for nothing handed in: without a submission there,
            Gradescope runs nothing.

    Returns:
        The archive.

    Raises:
        ExportError: No mark can be given out.
    """
    twice = {email for email, count in Counter(_email(mark) for mark in marks).items() if email and count > 1}
    results, students, left = {}, [], []
    for mark in marks:
        if mark.verdict is None:
            continue
        reason = _reason(mark, twice) or not_ready(mark, rules)
        if reason:
            left.append((mark.student.id, reason))
            continue
        results[_email(mark)] = marked(page_of(mark, lab, None), lab)
        students.append(mark.student.id)
    if not results:
        said = "; ".join(f"{name}: {reason}" for name, reason in left[:3]) or "nobody handed in"
        raise ExportError(f"{lab.id}: no mark to give out ({said})")
    return HandOut(
        _packed(json.dumps(results, ensure_ascii=False, indent=1)), tuple(students), tuple(left), marks[0].max_points
    )


def _email(mark: Mark) -> str:
    return mark.student.email.strip().casefold()


def _reason(mark: Mark, twice: set[str]) -> str:
    if not _email(mark):
        return "no e-mail address in the roster, by which Gradescope knows the student"
    if _email(mark) in twice:
        return "two students of the roster have this e-mail address; correct one of them"
    return ""


def _packed(results: str) -> bytes:
    program = files("autograder.gradescope").joinpath("templates", "hand_out").read_text(encoding="utf-8")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text, mode in (
            ("setup.sh", _SETUP, 0o755),
            ("run_autograder", program, 0o755),
            ("results_by_email.json", results, 0o600),
        ):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = mode << 16
            archive.writestr(entry, text.encode(errors="backslashreplace"), zipfile.ZIP_DEFLATED)
    return out.getvalue()
