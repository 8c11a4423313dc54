"""The table of `python -m tests.gpu`. Pure text: runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.gpu.measuring import Measured

__all__ = ["Row", "differences", "table"]


@dataclass(frozen=True)
class Row:
    """What was measured for one lab, or for one class.

    Attributes:
        what: The lab, or the class.
        total: Points that can be had.
        cpu: Runs on the CPU: one of the reference, or one per student.
        gpu: The same on a GPU; () if there is none.
        seconds: Duration on the CPU and on the GPU; None for what was not run.
        answers: Known answers on the CPU and on the GPU: label → what differs from its marks.
    """

    what: str
    total: float
    cpu: Sequence[Measured]
    gpu: Sequence[Measured] = ()
    seconds: tuple[float | None, float | None] = (None, None)
    answers: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})


def table(rows: Sequence[Row]) -> str:
    """Make the table in Markdown, with what differs below it."""
    head = (
        "",
        "marks CPU",
        "marks GPU",
        "accuracy CPU",
        "accuracy GPU",
        "seconds CPU",
        "seconds GPU",
        "answers CPU",
        "answers GPU",
    )
    lines = [head, ["---"] * len(head), *map(_cells, rows)]
    below = [line for row in rows for line in differences(row)]
    return "\n".join(
        ["| " + " | ".join(line) + " |" for line in lines] + (["", *(f"- {line}" for line in below)] if below else [])
    )


def differences(row: Row) -> list[str]:
    """Return a sentence for each mark that is not the one of the CPU or not the expected one."""
    found = []
    for number, (one, other) in enumerate(zip(row.cpu, row.gpu, strict=False), start=1):
        tests = [test for test in {**one.marks, **other.marks} if one.marks.get(test) != other.marks.get(test)]
        where = f", submission {number}" if len(row.cpu) > 1 else ""
        found += [
            f"{row.what}{where}: {t} gives {one.marks.get(t, 0):g} on the CPU, {other.marks.get(t, 0):g} on the GPU"
            for t in tests
        ]
    if len(row.cpu) == 1:
        for device, runs in (("CPU", row.cpu), ("GPU", row.gpu)):
            found += [f"{row.what}, reference on the {device}: {said}" for run in runs for said in run.said]
    for device, answers in zip(("CPU", "GPU"), row.answers, strict=True):
        found += [f"{row.what}, on the {device}: {label}: {said}" for label, said in answers.items() if said]
    return found


def _cells(row: Row) -> list[str]:
    return [
        row.what,
        *(_marks(row, runs) for runs in (row.cpu, row.gpu)),
        *(_accuracy(runs) for runs in (row.cpu, row.gpu)),
        *("" if seconds is None else f"{seconds:.0f}" for seconds in row.seconds),
        *(_answers(answers) for answers in row.answers),
    ]


def _marks(row: Row, runs: Sequence[Measured]) -> str:
    return f"{sum(run.points for run in runs):g} of {row.total * len(runs):g}" if runs else ""


def _accuracy(runs: Sequence[Measured]) -> str:
    return f"{runs[0].accuracy:.2f}" if len(runs) == 1 and runs[0].accuracy is not None else ""


def _answers(answers: Mapping[str, str]) -> str:
    return f"{sum(not said for said in answers.values())} of {len(answers)}" if answers else ""
