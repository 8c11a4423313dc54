"""The reference of the command line, docs/cli.md, made from the commands themselves.

Run as `python -m autograder.cli.reference > docs/cli.md`. A test compares the file with what this makes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer.main

from autograder.cli import app

__all__ = ["reference"]


def reference() -> str:
    """The page, in Markdown: every command that is not hidden, its arguments and its options."""
    group: Any = typer.main.get_command(app)
    lines = [
        "# The command line",
        "",
        "Made by `make docs` from `autograder --help`; do not edit.",
        "",
        f"{group.help.strip()} {app.info.epilog}",
    ]
    for name, command in sorted(group.commands.items()):
        if not command.hidden:
            lines += ["", f"## autograder {name}", "", *_command(name, command)]
    return "\n".join(lines) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    usage = " ".join(["autograder", name, "[OPTIONS]", *map(_usage, arguments)])
    yield from (f"`{usage}`", "", inspect.cleandoc(command.help))
    if shown:
        yield from ("", "| | | values | default |", "|---|---|---|---|")
    declared = get_type_hints(command.callback, include_extras=True)
    for argument in arguments:
        yield f"| `{_name(argument)}` | {_cell(argument.help)} | | |"
    for parameter in shown:
        if parameter.param_type_name == "option":
            names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
            yield f"| {names} | {_cell(parameter.help)} | {_values(declared[parameter.name])} | {_default(parameter)} |"


def _name(argument: Any) -> str:
    return argument.metavar or argument.name.upper()


def _usage(argument: Any) -> str:
    text = _name(argument) + ("..." if argument.nargs == -1 else "")
    return text if argument.required else f"[{text}]"


def _values(declared: Any) -> str:
    """What an option takes, from its declaration, where that is a list or a range."""
    kind, *about = get_args(declared)
    for one in (kind, *get_args(kind)):  # an option that may be left out is declared as `… | None`
        if get_origin(one) is Literal:
            return ", ".join(f"`{value}`" for value in get_args(one) if value)
    low, high = about[0].min, about[0].max
    if low is None and high is None:
        return ""
    return f"{low} or more" if high is None else f"{low} to {high}"


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if option.is_flag:
        return f"`{option.opts[0] if option.default else option.secondary_opts[0]}`" if option.secondary_opts else ""
    return f"`{option.default}`" if option.default not in (None, "", ()) else ""


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    print(reference(), end="")
