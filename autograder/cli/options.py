"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "CourseFolder",
    "Data",
    "Fast",
    "Isolation",
    "Jobs",
    "LabNames",
    "Labs",
    "NoCache",
    "NoCacheOldName",
    "Notebooks",
    "Quiet",
    "Verbose",
    "data_of",
    "isolation_of",
]

CourseFolder = Annotated[
    Path | None,
    typer.Option("--course", help="The folder of the course. By default this folder or one above.", show_default=False),
]
LabNames = Annotated[
    list[str] | None, typer.Argument(help="Lab ids such as lab02_mlp. All labs by default.", show_default=False)
]
Labs = Annotated[Path, typer.Option(help="The folder that holds the labs.")]
Notebooks = Annotated[Path, typer.Option(help="The folder of the released notebooks.")]
# "" means auto, as in earlier versions.
Data = Annotated[
    Literal["auto", "real", "drawn", ""],
    typer.Option(
        metavar="[auto|real|drawn]",
        help="The data: auto takes the real data sets if they can be had, else drawn (synthetic) ones.",
    ),
]
Fast = Annotated[bool, typer.Option("--fast/--full", help="Use the labs' reduced training budget, or the full one.")]
Isolation = Annotated[
    Literal["auto", "full", "process", ""],
    typer.Option(
        metavar="[auto|full|process]",
        help="The isolation that must hold, see `doctor`: auto takes the strongest that this machine has.",
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run everything again, whatever earlier runs found.")]
NoCacheOldName = Annotated[bool, typer.Option("--again", hidden=True)]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Notebooks at once. By default as many as cores and memory allow.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print a line per submission as soon as it is graded.")]


def data_of(choice: str) -> Literal["real", "drawn", ""]:
    """The choice of --data as `Options` takes it."""
    return "" if choice == "auto" else choice  # type: ignore[return-value]


def isolation_of(choice: str) -> Literal["full", "process", ""]:
    """The choice of --isolation as `Options` takes it."""
    return "" if choice == "auto" else choice  # type: ignore[return-value]
