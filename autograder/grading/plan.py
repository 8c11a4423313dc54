"""Which cells of a lab the examiner runs for itself, which names each test takes from the student, and which cells can be left out.

A look at the lab's own text, so that nothing in a submission decides what a test rests on: what the lab's cells make without the
help of an exercise is made anew by the examiner; everything else a test reads is asked of the student process.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from autograder.execution.steps import Step
from autograder.grading.dependencies import functions, names, required_cells, statements
from autograder.labs.model import Cell, Lab
from autograder.notebooks.syntax import module

__all__ = ["Plan", "changed_cells", "data_cells", "needed_by", "plan", "reads_data", "skippable"]

# What a cell says that reads a data set, the sealed part of one, or the network trained for one.
_READS_DATA = re.compile(r"\bdata\.[A-Za-z]|\bcoursekit\.data\b|\bsealed\b|\bbackbones\b")
# Code in which a static look cannot see every name: magics, shell commands, and what reads names by their text.
_HIDES_NAMES = re.compile(
    r"^[ \t]*[%!]|\b(?:globals|locals|vars|exec|eval|get_ipython|__main__|__import__|importlib)\b", re.MULTILINE
)
MAX_LOOKED = 1_000_000  # characters of a submission: in more nobody looks for what could be left out


@dataclass(frozen=True)
class Plan:
    """given: cells (index in the lab) that the examiner runs too. names: test (index) → what it reads of the student's.
    restores: test (index) → those of the lab's own functions that it reads there, as code.
    borrowed: test (index) → what earlier tests define for it, as code. unsealed: tests (index) that run in the student process,
    as the lab says. exercises: names in which an exercise, or a cell that the student changed, has a hand.
    """

    given: frozenset[int]
    names: Mapping[int, tuple[str, ...]]
    restores: Mapping[int, str]
    borrowed: Mapping[int, str]
    unsealed: frozenset[int]
    exercises: frozenset[str] = frozenset()

    def step(self, index: int, source: str, lab_source: str) -> Step:
        """How the cell with this index is run; -1 is for code that the lab does not know. lab_source: what the lab has there."""
        if index in self.given:
            return Step(source, "given", lab_source=lab_source)
        source = self.borrowed.get(index, "") + source
        if index not in self.names:
            return Step(source)
        return Step(source, "test", names=self.names[index], restore=self.restores[index])


def plan(lab: Lab, changed: frozenset[int] = frozenset()) -> Plan:
    """Look through a lab. changed: its plain cells (index) of which a student hands in another text; their values count."""
    return _plan(lab.cells, lab.settings.unsealed, lab.foreign, changed)


@lru_cache(maxsize=64)
def _plan(cells: tuple[Cell, ...], unsealed_names: tuple[str, ...], foreign: bool, changed: frozenset[int]) -> Plan:
    own = _lab_only(cells, changed)
    tests = [i for i, cell in enumerate(cells) if cell.role == "tests"]
    unsealed = frozenset(i for i in tests if cells[i].name in unsealed_names)
    # In a notebook that was not written for this, a cell may matter though no name of it is read: it sets a seed, writes a file.
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
    return Plan(frozenset(given), reads, restores, borrowed, unsealed, exercises)


def changed_cells(lab: Lab, code: Sequence[tuple[int, str]]) -> frozenset[int]:
    """The plain cells of a notebook not written for this engine that a submission has another text for. code: as for `skippable`."""
    if not lab.foreign:
        return frozenset()
    plain = ((i, source) for i, source in code if i >= 0 and lab.cells[i].role == "code")
    return frozenset(i for i, source in plain if source.strip() != lab.cells[i].source.strip())


def skippable(lab: Lab, code: Sequence[tuple[int, str]]) -> frozenset[int]:
    """Places in `code` of the lab's own figures and demonstrations on which no test and no line of the student rests.

    code: (index of the lab's cell, source as submitted), as in a Submission. What the student wrote or changed is never left out;
    in a lab that writes files, or that was not written for this engine, or where a student's line hides the names that it reads,
    nothing is; nor is what stands above a cell that cannot be looked at.
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
    """Places in `code` down to the test at `place` on which it rests; all of them wherever a static look may miss some."""
    above = [source for _, source in code[: place + 1]]
    if lab.foreign or _hides_names(lab, code[:place]):
        return frozenset(range(place + 1))
    setup = [p for p, (i, _) in enumerate(code[:place]) if i >= 0 and lab.cells[i].name == "setup"]
    return frozenset(required_cells(above, [place], setup))


def _hides_names(lab: Lab, code: Sequence[tuple[int, str]]) -> bool:
    """Whether a line of the student's reads names by their text."""
    return any(_HIDES_NAMES.search(source) for index, source in code if _is_students(lab, index))


def _is_students(lab: Lab, index: int) -> bool:
    return index < 0 or lab.cells[index].role in ("exercise", "code")


def reads_data(source: str) -> bool:
    """Whether a cell reads a data set, the sealed part of one, or the network trained for one."""
    return bool(_READS_DATA.search(source))


def data_cells(lab: Lab) -> list[int]:
    """Cells of the lab that read data without the help of an exercise, and those that they need."""
    cells = lab.cells
    own = sorted(_lab_only(cells))
    places = [place for place, i in enumerate(own) if reads_data(cells[i].source) or cells[i].name == "setup"]
    return [own[place] for place in required_cells([cells[i].source for i in own], places)]


def _lab_only(cells: tuple[Cell, ...], changed: frozenset[int] = frozenset()) -> frozenset[int]:
    """Cells of the lab that use nothing made by an exercise or by a cell that a student changed, and do not train."""
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
    """Name → whether the cells `own` alone made it, for all names that cells above `before` make."""
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
    """The statements of earlier tests that make what this test reads and no other cell makes: imports, helpers, constants."""
    code = [statement for text in earlier for statement in statements(text)]
    makers: dict[str, frozenset[int]] = {}  # name → numbers of the statements that its last value rests on
    for number, statement in enumerate(code):
        said = names(statement)
        rests_on = frozenset({number}).union(*(makers[name] for name in said.reads if name in makers))
        makers.update(dict.fromkeys(said.assigns - made, rests_on))
    own = names(source)
    wanted = own.reads - own.assigns - own.changes
    numbers = frozenset[int]().union(*(makers[name] for name in wanted if name in makers))
    return "".join(f"{code[number]}\n" for number in sorted(numbers))


def _functions(above: Sequence[Cell], wanted: Sequence[str]) -> str:
    """The functions among `wanted` that read-only cells define, and the functions and imports that these rest on, as code.

    A student who defines one of them anew would answer in its place.
    """
    code: dict[str, str] = {}
    for cell in above:
        for name in names(cell.source).assigns:
            code.pop(name, None)  # who makes a name last decides
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
    """Names that the loops of a test bind for themselves."""
    loops = (node for node in ast.walk(module(source)) if isinstance(node, ast.For | ast.comprehension))
    return frozenset(part.id for loop in loops for part in ast.walk(loop.target) if isinstance(part, ast.Name))


def _slice(cells: tuple[Cell, ...], own: frozenset[int], test: int, wanted: frozenset[str]) -> set[int]:
    """The cells among `own` that make the names `wanted` for a test; the set-up cell is always one of them."""
    above = [i for i in sorted(own) if i < test]
    setup = [place for place, i in enumerate(above) if cells[i].name == "setup"]
    reader = f"({', '.join(sorted(wanted))},)" if wanted else "None"
    sources = [*(cells[i].source for i in above), reader]
    return {above[place] for place in required_cells(sources, [len(above)], setup) if place < len(above)}
