"""The record of a kernel: which cells ran, how each ended, and what common names meant in the beginning.

Nothing is run or read for it: IPython says what has run. Knows nothing of what a cell is for.
"""

from __future__ import annotations

import builtins
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from coursekit._outline import Outline, read_outline
from coursekit._set_aside import SetAside

__all__ = ["Ran", "Record", "keep", "record_of"]


@dataclass(frozen=True)
class Ran:
    """A cell that ran.

    Attributes:
        source: Its text.
        cell: Its id, as far as the front end says it; else "".
        error: The name and the first line of its error, such as "NameError: name 'x' is not defined"; "" if it has none.
        seconds: How long it took; 0 if that is not known.
        ended: When it ended, in seconds since 1970; 0 if that is not known.
    """

    source: str
    cell: str = ""
    error: str = ""
    seconds: float = 0.0
    ended: float = field(default=0.0, compare=False)


@dataclass
class Record:
    """What a kernel ran since the notebook was set up.

    Attributes:
        lab: Id of the lab; None for another notebook.
        modules: The modules that the set-up cell imported, by their names there.
        own: Names of Python's own functions that IPython has given another meaning itself.
        runs: The cells that ran, in their order.
        current: The cell that runs now.
        began: When it began, by the clock `time.perf_counter`; None if no cell runs.
        set_aside: What the student's names mean, whatever a check binds.
        kinds: Name → type of the value that a cell of the lab gave it, when that cell ran last.
        place: Where the card of the check that runs now will stand; None if it has been shown, or no check runs.
    """

    lab: str | None
    modules: Mapping[str, ModuleType] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    runs: list[Ran] = field(default_factory=list)
    current: Ran = Ran("")
    began: float | None = None
    set_aside: SetAside = field(default_factory=SetAside)
    kinds: dict[str, type] = field(default_factory=dict)
    place: Any = None

    @cached_property
    def outline(self) -> Outline | None:
        """The outline of the lab, if it is known."""
        return read_outline(self.lab) if self.lab else None

    def note_kinds(self, ran: Ran, names: Mapping[str, Any]) -> None:
        """Note the types of what a cell of the lab has made."""
        if self.outline is not None and not ran.error:
            made = [name for name in self.outline.made_by(ran.source, ran.cell) if name in names]
            self.kinds.update((name, type(names[name])) for name in made)

    def begin(self, info: Any) -> None:
        """Note the cell that begins, as IPython's event `pre_run_cell` describes it."""
        self.current, self.began = _ran(info), time.perf_counter()

    def end(self, result: Any) -> Ran:
        """Note and return the cell that has ended, as IPython's event `post_run_cell` describes it."""
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        seconds = 0.0 if self.began is None else time.perf_counter() - self.began
        ran = replace(_ran(getattr(result, "info", None), error), seconds=seconds, ended=time.time())
        self.began = None
        self.runs.append(ran)
        return ran


def keep(shell: Any, lab: str | None) -> Record:
    """Return the record of a shell. It begins now, or began when the same lab was set up before."""
    record = record_of(shell)
    if record is None or record.lab != lab:
        names = getattr(shell, "user_ns", {})
        record = Record(
            lab,
            {name: value for name, value in names.items() if isinstance(value, ModuleType) and not name.startswith("_")},
            frozenset(name for name in names if hasattr(builtins, name)),
        )
        shell._coursekit_record = record
    return record


def record_of(shell: Any) -> Record | None:
    """Return the record of a shell, or None if nothing was set up in it."""
    return getattr(shell, "_coursekit_record", None)


def _ran(info: Any, error: BaseException | None = None) -> Ran:
    said = "" if error is None else f"{type(error).__name__}: {error}".strip().splitlines()[0]
    said = re.sub(r" \(\d+\.py, (line \d+)\)$", r" (\1)", said)  # a kernel gives cells such names
    return Ran(getattr(info, "raw_cell", None) or "", getattr(info, "cell_id", None) or "", said)
