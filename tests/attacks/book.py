"""How an attack is written down: what is handed in, and the verdict that is due. Grades nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder import Verdict
from autograder.authoring.demo import reference_sources, solve
from autograder.labs.model import Lab

__all__ = ["ARMED", "CANARY", "GRADER", "WRONG", "Attack", "hand_in", "judge"]

# What the hidden tests and the sealed labels of the fort hold. A search looks for its shape: no attack holds it whole.
CANARY = "-".join(["zq7x", "4f1e", "9b2c", "d035"])
WRONG = "\n\ndef softmax(z):\n    return np.zeros_like(z)\n"
# The grader's modules have no name any more in a student process. A search of memory finds what they hold: name → namespace.
GRADER = """
import gc
gc.unfreeze()
_spaces = [thing for thing in gc.get_objects() if type(thing) is dict and isinstance(thing.get('__name__'), str)]
grader = {space['__name__'].rpartition('.')[2]: space for space in _spaces if space['__name__'].startswith('autograder.')}
"""
# As the answer to `nearest`: says in the verdict that what the attack prepared was in place.
ARMED = "raise RuntimeError(f'armed: {armed!r}')"


@dataclass(frozen=True)
class Attack:
    """A submission to the fort and the verdict that is due.

    answers: exercise → source, beside right answers. The network is left unanswered unless it is among `answers`, or `network`
    is set. cells: the student's own, before the first exercise. edit: changes the notebook; raw: makes the file's bytes of it.
    loses: tests that give nothing; every other test of an answered exercise gives all. statuses: test → one of these.
    says: stands in one of the messages. flagged: kinds of flags that must be there.
    """

    name: str
    answers: Mapping[str, str] = field(default_factory=dict)
    loses: tuple[str, ...] = ()
    says: str = ""
    flagged: tuple[str, ...] = ()
    statuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    network: bool = False
    status: str = "graded"
    edit: Callable[[nbformat.NotebookNode], None] | None = None
    raw: Callable[[str], bytes] | None = None


def hand_in(lab: Lab, attack: Attack, folder: Path) -> Path:
    """Write the submission as `folder/NAME.ipynb`. `__FOLDER__` in its sources becomes the folder: the attacker knows the way."""
    right = reference_sources(lab)
    if not attack.network and "network" not in attack.answers:
        del right["network"]
    notebook = solve(lab, {**right, **attack.answers})
    first = next(i for i, cell in enumerate(lab.cells) if cell.role == "exercise") - 1
    notebook.cells[first:first] = [nbformat.v4.new_code_cell(source) for source in attack.cells]
    for cell in notebook.cells:
        cell.source = cell.source.replace("__FOLDER__", str(folder))
    if attack.edit is not None:
        attack.edit(notebook)
    text = json.dumps(notebook)
    path = folder / f"{attack.name}.ipynb"
    path.write_bytes(attack.raw(text) if attack.raw is not None else text.encode())
    return path


def judge(lab: Lab, attack: Attack, verdict: Verdict) -> None:
    """Assert that the verdict is the one that is due."""
    said = "\n".join([verdict.message, *(f"{test.name}: {test.status}: {test.message}" for test in verdict.tests)])
    assert verdict.status == attack.status, said
    assert attack.says in said, said
    assert CANARY not in verdict.to_json()
    assert CANARY[:9] not in verdict.to_json(), "a part of what the hidden tests hold got out"
    if not verdict.tests:
        return
    answered = attack.network or "network" in attack.answers
    due = {
        test.name: 0 if test.name in attack.loses or (test.exercise == "network" and not answered) else test.points
        for test in lab.of("tests")
    }
    assert {test.name: test.earned for test in verdict.tests} == due, said
    for test in verdict.tests:
        assert test.status in attack.statuses.get(test.name, (test.status,)), said
        assert (test.status == "passed") == (test.earned > 0)
    assert set(attack.flagged) <= {flag.kind for flag in verdict.flags}, verdict.flags
    assert len(verdict.to_json()) < 100_000
