"""The reference of the command line, docs/cli.md, made from the commands themselves.

Run as `python -m autograder.cli.reference > docs/cli.md`. A test compares the file with what this makes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

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
    yield from (f"`{usage}`", "", inspect.cleandoc(command.help), "", "| | | default |", "|---|---|---|")
    for parameter in shown:
        if parameter.param_type_name == "argument":
            yield f"| `{parameter.name.upper()}` | {_cell(parameter.help)} | |"
    for parameter in shown:
        if parameter.param_type_name == "option":
            names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
            yield f"| {names} | {_cell(parameter.help)} | {_default(parameter)} |"


def _usage(argument: Any) -> str:
    text = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return text if argument.required else f"[{text}]"


def _default(option: Any) -> str:
    if option.is_flag:
        return f"`{option.opts[0] if option.default else option.secondary_opts[0]}`" if option.secondary_opts else ""
    return f"`{option.default}`" if option.default not in (None, "", ()) else ""


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    print(reference(), end="")
