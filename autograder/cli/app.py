"""The application that the commands belong to, and what several of them do."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from autograder.errors import CourseError, LabError, NotLinuxError
from autograder.reporting.terminal import fail, warn

if TYPE_CHECKING:
    from autograder.course.config import Course
    from autograder.labs.model import Lab

__all__ = ["app", "load_labs", "on_linux", "open_course", "stoppable"]

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    epilog="Exit status: 0 all is well, 1 something needs a person, 2 wrong usage or something is not there, 130 stopped by Ctrl-C.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"autograder {version('coursekit')}")
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Release, verify and grade the labs of the course."""
    # Commands import some hundred thousand objects that stay. To look for garbage among them after every 700 new ones, as Python
    # does by default, would take a fifteenth of a command's time.
    gc.set_threshold(50_000, 20, 50)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")  # a terminal that lacks a letter still shows the rest


_P = ParamSpec("_P")


def stoppable(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command, which Ctrl-C ends with one sentence."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            warn("stopped; what was found out is kept: run the same command to go on")
            raise typer.Exit(INTERRUPTED) from None

    return wrapped


def on_linux(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command, which another system than Linux ends with one sentence before anything is imported or written."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> None:
        if sys.platform != "linux":
            fail(NotLinuxError())
        command(*args, **kwargs)

    return wrapped


def load_labs(names: Sequence[str] | None, labs: Path) -> list[Lab]:
    from autograder.labs.source import find_labs, load_lab

    folders = [labs / name for name in names] if names else find_labs(labs)
    if not folders:
        fail(f"{labs}: no labs here; expected folders with a lab.py (say where they are with --labs)")
    try:
        return [load_lab(folder) for folder in folders]
    except LabError as error:
        fail(error)


def open_course(folder: Path | None) -> Course:
    """The course in a folder, or the one that the current folder belongs to; ends the command where there is none."""
    from autograder.course.config import find_course, load_course

    try:
        return load_course(folder) if folder else find_course()
    except CourseError as error:
        fail(error)
