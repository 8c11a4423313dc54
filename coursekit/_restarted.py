"""A card for a student who runs a cell in a kernel that has just started, before the cells that it needs.

After a restart even `coursekit` is not known, so that nothing of the notebook itself could help. `coursekit start` starts its
kernels with this. Where the set-up cell has run, the cards of checks take over.
"""

from __future__ import annotations

from typing import Any

from coursekit import _front_end

__all__ = ["install"]


def install(shell: Any) -> None:
    """Watch for cells that lack a name that the notebook makes above them.

    Args:
        shell: The IPython shell. Nothing happens in one without a kernel.
    """
    if getattr(shell, "kernel", None) is not None:
        shell.events.register("post_run_cell", _after)


def _after(result: Any) -> None:
    error = getattr(result, "error_in_exec", None)
    if not isinstance(error, NameError):
        return
    from coursekit import _hints, _record

    shell = _front_end.shell()
    if _record.record_of(shell) is not None or not _front_end.watched(getattr(shell, "kernel", None)):
        return
    from coursekit._cards import Card, Section, show
    from coursekit._outline import outline_of
    from coursekit.submission.errors import SubmissionError
    from coursekit.submission.find import find

    try:
        notebook = find().notebook
    except SubmissionError:  # a front end that does not say which notebook this is
        return
    record = _record.Record(None)
    record.outline = outline_of("", notebook)
    info = getattr(result, "info", None)
    said = _hints.about_order(
        error, _record.Ran(getattr(info, "raw_cell", "") or "", getattr(info, "cell_id", "") or ""), record
    )
    if said:
        what = "The cards and outputs above are of the time before: this kernel remembers nothing of them."
        show(Card("✗ Not yet: this kernel has just started", "bad", (Section("The likely cause", (*said, what)),)))
