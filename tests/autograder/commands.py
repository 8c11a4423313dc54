"""Call the command line as a user does, for tests of commands."""

from __future__ import annotations

from typer.testing import CliRunner

from autograder.cli import app


def run(*arguments: object) -> tuple[int, str]:
    """The exit status of a command, and what it printed. An error that is no exit is raised."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def call(*arguments: object) -> tuple[int, str]:
    """The exit status of a command, and what it printed with one blank between words, however wide the terminal is."""
    code, printed = run(*arguments)
    return code, " ".join(printed.split())
