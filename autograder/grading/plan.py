"""Decide for each cell where it runs, what a test takes from the student process, and which cells are skipped.

The plan comes from the lab's own text, so that a submission cannot decide what a test depends on.
The examiner recomputes what the lab's cells make without an exercise. It requests everything else
that a test reads from the student process.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from autograder.execution.steps import Step
from autograder.grading.dependencies import functions, names, required_cells, statements
from autograder.labs.model import Cell, Lab
from autograder.notebooks.syntax import module

__all__ = ["Plan", "changed_cells", "data_cells", "needed_by", "plan", "reads_data", "skippable"]

# Text of a cell that reads a data set, a sealed split, or a network trained on a data set.
_READS_DATA = re.compile(r"\bdata\.[A-Za-z]|\bcoursekit\.data\b|\bsealed\b|\bbackbones\b")
# Code with names that a static analysis cannot see: magics, shell commands, and access to names by their text.
_HIDES_NAMES = re.compile(
    r"^[ \t]*[%!]|\b(?:globals|locals|vars|exec|eval|get_ipython|__main__|__import__|importlib)\b", re.MULTILINE
)
MAX_LOOKED = 1_000_000  # characters of a submission: in longer ones no cell is skipped


@dataclass(frozen=True)
class Plan:
    """How the cells of a lab are run. Cells and tests are given by their index in the lab.

    Attributes:
        given: Cells that the examiner runs too.
        names: Test → names that it takes from the student process.
        restores: Test → source of the lab's own functions among these names.
        borrowed: Test → source of the statements of earlier tests that it needs.
        unsealed: Tests that run in the student process, according to the settings of the lab.
        exercises: Names that depend on an exercise or on a cell that the student changed.
        draws: Test → name of the lab and the test, which determines its random numbers.
    """

    given: frozenset[int]
    names: Mapping[int, tuple[str, ...]]
    restores: Mapping[int, str]
    borrowed: Mapping[int, str]
    unsealed: frozenset[int]
    exercises: frozenset[str] = frozenset()
    draws: Mapping[int, str] = field(default_factory=dict)

    def step(self, index: int, source: str, lab_source: str) -> Step:
        """Return the step that runs one cell.

        Args:
            index: Index of the cell in the lab; -1 for the student's own code.
            source: Source to run in the student process.
            lab_source: Source of the lab's cell.

        Returns:
            The step.
        """
        if index in self.given:
            return Step(source, "given", lab_source=lab_source)
        source = self.borrowed.get(index, "") + source
        if index not in self.names:
            return Step(source)
        return Step(source, "test", names=self.names[index], restore=self.restores[index], draws=self.draws.get(index, ""))


def plan(lab: Lab, changed: frozenset[int] = frozenset()) -> Plan:
    """Analyse a lab.

    Args:
        lab: The lab.
        changed: Indices of the lab's plain cells that a student changed. The tests take the values
            of the student's version.

    Returns:
        The plan.
    """
    return _plan(lab.id, lab.cells, lab.settings.unsealed, lab.foreign, changed)


@lru_cache(maxsize=64)
def _plan(
    lab_id: str, cells: tuple[Cell, ...], unsealed_names: tuple[str, ...], foreign: bool, changed: frozenset[int]
) -> Plan:
    own = _lab_only(cells, changed)
    tests = [i for i, cell in enumerate(cells) if cell.role == "tests"]
    unsealed = frozenset(i for i in tests if cells[i].name in unsealed_names)
    # In an nbgrader notebook a cell can matter even if no test reads its names: it may set a seed or write a file.
    given: set[int] = set(own) if foreign else set()
    reads: dict[int, tuple[str, ...]] = {}
    borrowed: dict[int, str] = {}
    restores: dict[int, str] = {}
    for test in tests:
        makers = _makers(cells, own - changed, test)
        bound = _loop_variables(cells[test].source).union(makers, dir(builtins))
        borrowed[test] = _from_tests([cells[i].source for i in tests if i < test], cells[test].source, bound)
        if test in unsealed:
            continue
        source = borrowed[test] + cells[test].source
        said = names(source)
        wanted = frozenset(makers) if said.opaque else said.reads - frozenset(dir(builtins)) - _loop_variables(source)
        reads[test] = tuple(sorted(name for name in wanted if makers.get(name) is False))
        restores[test] = "" if foreign else _functions(cells[:test], reads[test])
        if not foreign:
            given |= _slice(cells, own, test, frozenset(name for name in wanted if makers.get(name)))
    last = _makers(cells, own - changed, len(cells))
    exercises = frozenset(name for name, by_lab in last.items() if not by_lab)
    draws = {i: f"{lab_id}/{cells[i].name}" for i in tests}
    return Plan(frozenset(given), reads, restores, borrowed, unsealed, exercises, draws)


def changed_cells(lab: Lab, code: Sequence[tuple[int, str]]) -> frozenset[int]:
    """Find the plain cells of an nbgrader notebook that a student changed.

    Args:
        lab: The lab.
        code: Cells of the submission, as for `skippable`.

    Returns:
        Indices in the lab; empty for labs of this course.
    """
    if not lab.foreign:
        return frozenset()
    plain = ((i, source) for i, source in code if i >= 0 and lab.cells[i].role == "code")
    return frozenset(i for i, source in plain if source.strip() != lab.cells[i].source.strip())


def skippable(lab: Lab, code: Sequence[tuple[int, str]]) -> frozenset[int]:
    """Find the lab's own figures and demonstrations that no test and no line of the student depends on.

    Cells that the student wrote or changed are never skipped. Nothing is skipped in a lab that
    writes files, in an nbgrader notebook, in a submission over MAX_LOOKED characters, and where
    the student's code reads names by their text. Cells above a cell that cannot be parsed are not
    skipped.

    Args:
        lab: The lab.
        code: (index of the lab's cell, source as submitted) of each cell, as in `Submission`.

    Returns:
        Indices in `code`.
    """
    if lab.settings.files or lab.foreign or sum(len(source) for _, source in code) > MAX_LOOKED:
        return frozenset()
    shown = {
        place
        for place, (i, source) in enumerate(code)
        if i >= 0 and lab.cells[i].role == "code" and source == lab.cells[i].source
    }
    others = [place for place in range(len(code)) if place not in shown]
    if _hides_names(lab, code):
        return frozenset()
    return frozenset(shown.difference(required_cells([source for _, source in code], others)))


def needed_by(lab: Lab, code: Sequence[tuple[int, str]], place: int) -> frozenset[int]:
    """Find the cells that a test depends on.

    Args:
        lab: The lab.
        code: Cells of the submission, as for `skippable`.
        place: Index of the test in `code`.

    Returns:
        Indices in `code`, `place` included; all indices up to `place` where a static analysis
        may miss some.
    """
    above = [source for _, source in code[: place + 1]]
    if lab.foreign or _hides_names(lab, code[:place]):
        return frozenset(range(place + 1))
    setup = [p for p, (i, _) in enumerate(code[:place]) if i >= 0 and lab.cells[i].name == "setup"]
    return frozenset(required_cells(above, [place], setup))


def _hides_names(lab: Lab, code: Sequence[tuple[int, str]]) -> bool:
    """Return whether the student's code reads names by their text."""
    return any(_HIDES_NAMES.search(source) for index, source in code if _is_students(lab, index))


def _is_students(lab: Lab, index: int) -> bool:
    return index < 0 or lab.cells[index].role in ("exercise", "code")


def reads_data(source: str) -> bool:
    """Return whether a cell reads a data set, a sealed split, or a network trained on a data set.

    Args:
        source: Source of the cell.

    Returns:
        Whether it does, judged by its text.
    """
    return bool(_READS_DATA.search(source))


def data_cells(lab: Lab) -> list[int]:
    """Find the cells that read data sets and do not depend on an exercise, and the cells that they need.

    Args:
        lab: The lab.

    Returns:
        Indices in the lab, in order.
    """
    cells = lab.cells
    own = sorted(_lab_only(cells))
    places = [place for place, i in enumerate(own) if reads_data(cells[i].source) or cells[i].name == "setup"]
    return [own[place] for place in required_cells([cells[i].source for i in own], places)]


def _lab_only(cells: tuple[Cell, ...], changed: frozenset[int] = frozenset()) -> frozenset[int]:
    """Return the cells that do not train and do not depend on an exercise or on a cell that the student changed."""
    found: set[int] = set()
    for index, cell in enumerate(cells):
        if not cell.is_code or cell.role in ("exercise", "tests") or cell.trains:
            continue
        makers = _makers(cells, frozenset(found) - changed, index)
        said = names(cell.source)
        if not said.opaque and not any(makers.get(name) is False for name in said.reads):
            found.add(index)
    return frozenset(found)


def _makers(cells: tuple[Cell, ...], own: frozenset[int], before: int) -> dict[str, bool]:
    """Return name → whether only the cells `own` made it, for all names that cells above `before` make."""
    makers: dict[str, bool] = {}
    for index, cell in enumerate(cells[:before]):
        if not cell.is_code or cell.role == "tests":
            continue
        said = names(cell.source)
        for name in makers if said.opaque else said.assigns | said.changes:
            if name in said.imports:
                makers[name] = makers.get(name, True)
            elif name in said.assigns:
                makers[name] = index in own
            else:
                makers[name] = makers.get(name, True) and index in own
    return makers


def _from_tests(earlier: Sequence[str], source: str, made: frozenset[str]) -> str:
    """Return the statements of earlier tests that define names which this test reads and no other cell makes."""
    code = [statement for text in earlier for statement in statements(text)]
    makers: dict[str, frozenset[int]] = {}  # name → numbers of the statements that its last value depends on
    for number, statement in enumerate(code):
        said = names(statement)
        rests_on = frozenset({number}).union(*(makers[name] for name in said.reads if name in makers))
        makers.update(dict.fromkeys(said.assigns - made, rests_on))
    own = names(source)
    wanted = own.reads - own.assigns - own.changes
    numbers = frozenset[int]().union(*(makers[name] for name in wanted if name in makers))
    return "".join(f"{code[number]}\n" for number in sorted(numbers))


def _functions(above: Sequence[Cell], wanted: Sequence[str]) -> str:
    """Return the source of the functions among `wanted` that read-only cells define, and of what these depend on.

    Without it, a student who redefines such a function would replace it in the test.
    """
    code: dict[str, str] = {}
    for cell in above:
        for name in names(cell.source).assigns:
            code.pop(name, None)  # the last definition of a name counts
        if cell.role == "given":
            code.update({name: text for text in functions(cell.source) for name in names(text).assigns})
    found: dict[str, str] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in code and name not in found:
            found[name] = code[name]
            waiting += names(code[name]).reads
    return "".join(f"{text}\n" for text in dict.fromkeys(code[name] for name in code if name in found))


def _loop_variables(source: str) -> frozenset[str]:
    """Return the names that the loops of a test bind."""
    loops = (node for node in ast.walk(module(source)) if isinstance(node, ast.For | ast.comprehension))
    return frozenset(part.id for loop in loops for part in ast.walk(loop.target) if isinstance(part, ast.Name))


def _slice(cells: tuple[Cell, ...], own: frozenset[int], test: int, wanted: frozenset[str]) -> set[int]:
    """Return the cells among `own` that make the names `wanted` for a test, and the set-up cell."""
    above = [i for i in sorted(own) if i < test]
    setup = [place for place, i in enumerate(above) if cells[i].name == "setup"]
    reader = f"({', '.join(sorted(wanted))},)" if wanted else "None"
    sources = [*(cells[i].source for i in above), reader]
    return {above[place] for place in required_cells(sources, [len(above)], setup) if place < len(above)}
