"""The command line: `coursekit start [DIR]`, `coursekit data list`, `coursekit data fetch [NAME…]`, `coursekit doctor`.

A thin layer over the package. Exit codes: 0 for success, 1 if something cannot be obtained or needs
attention, 2 for a wrong command line, 130 after Ctrl-C.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coursekit import _console

if TYPE_CHECKING:
    from coursekit.course import Laid
    from coursekit.data import Settings

__all__ = ["app"]

_LEAST_WIDTH = 80  # characters of the table of data sets; a narrower window breaks its lines

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The course on this machine: its notebooks, its data sets, and what is missing.",
)
data_app = typer.Typer(no_args_is_help=True, help="The course's data sets.")
app.add_typer(data_app, name="data")


@app.callback()
def main() -> None:
    """The course on this machine: its notebooks, its data sets, and what is missing."""


@app.command()
def start(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Where your copy of the course is, or will be; by default this folder if it holds one, else coursekit-course.",
            show_default=False,
        ),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only copy; do not start JupyterLab.")] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Start JupyterLab without opening a browser, and print its address.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="JupyterLab's port; by default 8888, or the next free one.", show_default=False),
    ] = None,
) -> None:
    """Make your own copy of the labs and lectures, and open it in JupyterLab.

    Nothing that is there is overwritten. If a notebook has changed since you got it, the new one is laid beside
    yours.
    """
    from coursekit import course

    try:
        folder = folder or course.own_folder()
        laid = course.lay_out(folder)
    except LookupError as error:
        _console.say(str(error), sys.stderr)
        raise typer.Exit(1) from None
    except (FileExistsError, NotADirectoryError) as error:
        _console.say(f"{error.filename} is a file; expected a folder, or a name that is free: coursekit start DIR", sys.stderr)
        raise typer.Exit(2) from None
    except OSError as error:
        reason = error.strerror or str(error)
        _console.say(f"{error.filename or folder}: {reason}; choose another folder: coursekit start DIR", sys.stderr)
        raise typer.Exit(1) from None
    _tell(folder, laid)
    if no_open:
        place = str(folder) if " " not in str(folder) else f'"{folder}"'
        again = "coursekit start" if folder == Path() else f"coursekit start {place}"
        _console.say(f"To open them in JupyterLab: {again}")
        return
    if course.is_root():
        _console.say("You are root, as in a container: JupyterLab is started with --allow-root.")
    opens = "JupyterLab prints its address below: open it in a browser" if no_browser else "JupyterLab opens in your browser"
    _console.say(f"{opens}. To stop it, press Ctrl-C here.")
    code = course.open_jupyterlab(folder, browser=not no_browser, port=port)
    if code is None:
        _console.say(
            "JupyterLab is not installed: pip install jupyterlab ipykernel ipywidgets, then run `coursekit start` again; "
            f"or open {folder} in VS Code",
            sys.stderr,
        )
    raise typer.Exit(1 if code is None else code)


def _tell(folder: Path, laid: list[Laid]) -> None:
    """Say what became of the notebooks."""
    new = sum(one.is_new for one in laid)
    there = f", {len(laid) - new} were there already and stay as they are" if new < len(laid) else ""
    _console.say(f"{folder.resolve()}: {new} new notebook{'' if new == 1 else 's'}{there}")
    if new == len(laid):
        found = {one.path.parent.name: one.path.relative_to(folder).as_posix() for one in reversed(laid)}  # the first of each
        _console.say(f"Begin with {', then '.join(found[name] for name in ('lectures', 'labs') if name in found)}")
    for one in laid:
        if one.beside:
            _console.say(f"{one.path} is of an older release; the new one is {one.beside}")
            for line in one.changes:
                _console.say(f"  {line}")


@data_app.command("list")
def list_data() -> None:
    """List the data sets of the course: size, licence, and whether they are on this machine."""
    import shutil

    from rich.console import Console
    from rich.table import Column, Table

    settings = _settings()
    name, here = Column("name", no_wrap=True), Column("here", no_wrap=True)  # a name that is cut cannot be fetched
    table = Table(name, "what it is", Column("MB", no_wrap=True), "licence", here, box=None, pad_edge=False)
    for dataset in settings.registry.values():
        size = f"{dataset.bytes / 1e6:.1f}"
        table.add_row(dataset.name, dataset.title, size, dataset.licence, _here(dataset.name, settings))
    console = Console(highlight=False, markup=False, emoji=False, width=max(shutil.get_terminal_size().columns, _LEAST_WIDTH))
    with console.capture() as drawn:
        console.print(table)
    _console.say(drawn.get())
    _console.say(f"cache: {settings.cache.folder}\nmirror: {settings.mirror or 'none (COURSEKIT_MIRROR is not set)'}")


@data_app.command("fetch")
def fetch_data(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names from `coursekit data list`; all sets if none is given.", show_default=False),
    ] = None,
) -> None:
    """Download data sets into the cache, check and decode them, so that the labs work without a network.

    Files that are already there are not fetched again. After an interruption, the same command
    continues where it stopped.
    """
    from coursekit import data

    settings = _settings()
    failed = False
    for name in names or list(settings.registry):
        try:
            data.fetch(name, settings=settings)
            _console.say(f"{name}: ready in {settings.cache.folder}")
        except (data.DataError, ValueError) as error:
            failed = True
            _console.say(f"{name}: FAILED\n{error}", sys.stderr)
        except KeyboardInterrupt:
            _console.say(f"{name}: stopped. Complete files are kept; the same command continues from here.", sys.stderr)
            raise typer.Exit(130) from None
    if failed:
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Inspect this machine: versions, device, cache and data. Give advice where something is wrong."""
    from coursekit import diagnostics

    report = diagnostics.doctor()
    _console.say(str(report))
    if not report.ok:
        raise typer.Exit(1)


def _here(name: str, settings: Settings) -> str:
    """Return "yes", "no", or how many of the files are on this machine."""
    from coursekit import data

    if data.is_here(name, settings=settings):
        return "yes"
    files = settings.registry[name].files
    count = data.sources.here(settings.registry[name], settings)
    return f"{count} of {len(files)} files" if count else "no"


def _settings() -> Settings:
    """Return the settings from the environment, or exit with code 2."""
    from coursekit import data

    try:
        return data.Settings.from_environment()
    except ValueError as error:
        _console.say(str(error), sys.stderr)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app()
