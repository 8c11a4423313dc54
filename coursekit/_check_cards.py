"""What a person sees of a check: a card that says that it passes, or what differs, or what has to run before.

A card is shown in a notebook with a person before it. Programs that run notebooks, the grader among them, get what they got
without it. Knows nothing of how a check compares.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from coursekit import _front_end
from coursekit._cards import Card, Link, Section, hold_place, show

if TYPE_CHECKING:  # a check in the grader imports this module, and needs none of these
    from collections.abc import Mapping

    from coursekit._outline import Check, Exercise
    from coursekit._record import Ran, Record
    from coursekit._values import Mistake

    Found = tuple[Exercise, Check] | None

__all__ = ["error_card", "install", "mistake_card", "passed_card", "show_mistake"]

_CHECK = re.compile(r"^\s*(?:with\s+)?check\.[a-z]\w*\(", re.MULTILINE)
# A message of one line that compares. In a message of several lines the last one does, and those above say what is likely wrong.
_COMPARES = re.compile(r"got |expected |.*, (?:got|expected) ")

_LONGEST = 300  # characters of an error's text


def install(shell: Any, lab: str | None = None) -> None:
    """Keep a record of the cells of a notebook, and show a card below each whose checks pass.

    A second call changes nothing, unless it names another lab.

    Args:
        shell: The IPython shell. Nothing happens in one without a kernel.
        lab: Id of the lab, if the notebook is one.
    """
    if getattr(shell, "kernel", None) is None:
        return
    from coursekit import _record

    _record.keep(shell, lab)
    if not getattr(shell, "_coursekit_check_cards", False):
        shell.events.register("pre_run_cell", _before)
        shell.events.register("post_run_cell", _after)
        shell._coursekit_check_cards = True


def show_mistake(mistake: Mistake, where: str) -> bool:
    """Show a card for a failed check to a person at a notebook.

    Args:
        mistake: The failed check.
        where: The line of the cell that failed, "" if it is not known.

    Returns:
        Whether a card was shown.
    """
    shell = _front_end.shell()
    if not _front_end.watched(getattr(shell, "kernel", None)):
        return False
    from coursekit import _errors, _hints, _record

    record = _record.record_of(shell)
    found = _asked(record, record.current) if record else None
    changed: list[str] = []
    if record is not None:
        changed = [
            *_earlier(found, record),
            *_hints.about_again(record.current, record),
            *_hints.about_names(shell.user_ns, record.current, record),
        ]
    stopped = _errors.lines_of_code(mistake, shell.user_ns) if mistake.__cause__ is not None else ()
    _show(mistake_card(str(mistake), where, found, tuple(changed), detail=mistake.detail, stopped=stopped), record)
    return True


def mistake_card(
    message: str,
    where: str,
    found: Found = None,
    changed: tuple[str, ...] = (),
    *,
    detail: str = "",
    stopped: tuple[str, ...] = (),
) -> Card:
    """Return the card for a failed check: the likely mistake, what came and what was expected, and where.

    Args:
        message: What the check says.
        where: The line of the cell that failed, "" if it is not known.
        found: The exercise and the check that the cell belongs to; None if it is no cell of a known lab. The check of a lab is
            folded, and its lines are none of the student's.
        changed: Sentences about an answer that has failed since, and about names that have another meaning now.
        detail: What came and what was expected, if the message says only the likely mistake.
        stopped: The lines of the student's code that raised an error, none if none did.
    """
    lines = message.split("\n")
    first = len(lines) - 1 if len(lines) > 1 or _COMPARES.match(message) else 1
    happened = {"your code stopped with": "What your code did", "the check could not go on": "What happened"}
    compared = next((title for words, title in happened.items() if words in lines[-1]), "What came and what was expected")
    return Card(
        f"✗ Not yet: {_named(found) or 'a check failed'}",
        "bad",
        (
            Section("Look at this first", changed),
            Section("The likely mistake", tuple(lines[:first])),
            Section(compared, (*lines[first:], *(detail.split("\n") if detail else []))),
            Section("Where it stopped", stopped),
            Section("Where", (_as_code(where),) if where and found is None and not stopped else ()),
            _back(found),
        ),
    )


def error_card(
    error: BaseException,
    names: Mapping[str, Any],
    found: Found = None,
    said: tuple[str, ...] = (),
    earlier: tuple[str, ...] = (),
) -> Card | None:
    """Return the card for a cell that stopped with an error: its cause if that is known, and the line of the student's code.

    Args:
        error: The error.
        names: The variables of the notebook.
        found: The exercise and the check that the cell belongs to; None if it is no check of a known lab.
        said: Sentences about a cause that lies in another cell.
        earlier: Sentences about an answer that has failed since.

    Returns:
        The card; None for a cell that is no check, if there is nothing to add to what Python says.
    """
    from coursekit import _errors

    title = f"✗ Not yet: {_named(found)}" if found else "✗ Not yet: this cell stopped"
    if said:
        return Card(title, "bad", (Section("Look at this first", earlier), Section("The likely cause", said), _back(found)))
    cause = _errors.undefined_name(error, names) or _errors.usual_cause(error)
    if found is None and not cause:
        return None
    lines = _errors.lines_of_code(error, names)
    checked = "" if lines or found is None else _errors.line_of_cell(error, names)
    text = " ".join(str(error).split())
    return Card(
        title,
        "bad",
        (
            Section("Look at this first", earlier),
            Section("What usually causes this", (cause,) if cause else ()),
            Section("What your code did", (f"it stopped with {type(error).__name__}{': ' * bool(text)}{text[:_LONGEST]}",)),
            Section("Where it stopped", lines),
            Section("Where the check could not go on with what your code gave it", (checked,) if checked else ()),
            _back(found),
        ),
    )


def _as_code(where: str) -> str:
    """Mark the code in a line such as `line 3:  check.true(x)`, unless it holds such marks itself."""
    number, colon, code = where.partition(":  ")
    return f"{number}: `{code}`" if colon and "`" not in code else where


def passed_card(found: Found = None, earlier: tuple[str, ...] = ()) -> Card:
    """Return the card for a cell whose checks pass.

    Args:
        found: The exercise and the check that the cell belongs to; None if it is no cell of a known lab.
        earlier: Sentences about an answer that has failed since.
    """
    if earlier:
        title = f"Passed by an earlier version of your answer: {_named(found)}"
        return Card(title, "open", (Section("Look at this first", earlier), _back(found)))
    more = "More checks run when your notebook is marked. coursekit.progress() shows what is open."
    return Card(f"✓ Passed: {_named(found) or 'all checks of this cell'}", "good", (Section("", (more,)),))


def _named(found: Found) -> str:
    """Return what a check is called and what its test gives, such as `softmax · 3 points`."""
    if found is None:
        return ""
    from coursekit._outline import points_of

    _, check = found
    return f"{check.name} · {points_of(check.points)}"


def _back(found: Found) -> Section:
    """Return the way back to the text of an exercise."""
    if found is None or not found[0].title:
        return Section("", ())
    from coursekit._outline import anchor

    return Section("Back to the text", (Link(found[0].title, anchor(found[0].title)),))


def _asked(record: Record, ran: Ran) -> Found:
    """Return the exercise and the check that a cell belongs to, or None."""
    return record.outline.find_check(ran.source, ran.cell) if record.outline is not None else None


def _show(card: Card, record: Record | None) -> None:
    """Show a card where the check that runs has said that it began, or below the cell."""
    if record is None:
        show(card)
    else:
        place, record.place = record.place, None
        show(card, place)


def _before(info: Any) -> None:
    """Note the cell that begins, and say of a check that it runs: a folded cell shows nothing of that itself."""
    from coursekit import _record

    shell = _front_end.shell()
    record = _record.record_of(shell)
    if record is not None:
        record.begin(info)
        record.place = None
        if _asked(record, record.current):
            record.set_aside.begin(shell.user_ns)
            if _front_end.watched(getattr(shell, "kernel", None)):
                record.place = hold_place("checking …")


def _after(result: Any) -> None:
    """Note the cell that has ended, and show a card if its checks pass or if it failed because of another cell."""
    from coursekit import _record

    shell = _front_end.shell()
    record = _record.record_of(shell)
    ran = record.end(result) if record is not None else None
    if record is not None:
        record.set_aside.end(shell.user_ns)
    if record is not None and ran is not None:
        record.note_kinds(ran, shell.user_ns)
    if not _front_end.watched(getattr(shell, "kernel", None)):
        return
    source = getattr(getattr(result, "info", None), "raw_cell", "") or ""
    if result.success and _CHECK.search(source):
        found = _asked(record, ran) if record is not None and ran is not None else None
        _show(passed_card(found, _earlier(found, record)), record)
    elif not result.success and record is not None and ran is not None:
        _explain(shell, record, ran, getattr(result, "error_in_exec", None))
    if record is not None and record.place is not None:
        _show(Card("This check has not come to its end", "open"), record)


def _earlier(found: Found, record: Record | None) -> tuple[str, ...]:
    """Return what is said of an answer that has failed since the version that a check judges."""
    from coursekit import _hints

    return tuple(_hints.about_earlier(found[0], record)) if found and record is not None else ()


def _explain(shell: Any, record: Record, ran: Ran, error: BaseException | None) -> None:
    """Show what made a cell fail, in another cell or in the student's own code. A failed check has shown its card already."""
    from coursekit import _hints
    from coursekit._values import Mistake

    if not isinstance(error, Exception) or isinstance(error, Mistake):  # neither a failed check nor a stopped kernel
        return
    said = _hints.about_order(error, ran, record) or _hints.about_names(shell.user_ns, ran, record)
    found = _asked(record, ran)
    earlier = (*_earlier(found, record), *_hints.about_again(ran, record))
    card = error_card(error, shell.user_ns, found, tuple(said), earlier)
    if card is not None:
        _show(card, record)
