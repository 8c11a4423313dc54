"""What the package prints can be printed on every console, and no name that is needed again is cut."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import coursekit
from coursekit import _console, _front_end, _progress
from coursekit.cli import app
from coursekit.data.errors import box, note
from coursekit.data.network import Progress
from coursekit.data.registry import course_registry
from coursekit.diagnostics import Finding, Report

ENCODINGS = ("ascii", "cp1252", "cp437", "cp932", "latin-1", "utf-8")
AWKWARD = "Jürgen · 山 … ✓ █░ − × ≥ 2³² “x” \udc80"


LONG = "Handing in for s1234567: your notebook is checked, repaired, and runs once more from the top, in a new process."


def test_a_notebook_gets_no_line_that_it_would_break_within_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(_front_end, "watched", lambda kernel: True)
    _console.say(f"{LONG}\n  {LONG}\n\nshort")
    lines = capsys.readouterr().out.split("\n")
    assert max(map(len, lines)) <= 80
    assert [" ".join(lines[:2]), " ".join(line.removeprefix("  ") for line in lines[2:4])] == [LONG, LONG]
    assert lines[2].startswith("  ")
    assert lines[3].startswith("  ")
    assert lines[4:] == ["", "short", ""]


def test_elsewhere_a_line_stays_whole(capsys: pytest.CaptureFixture) -> None:
    _console.say(LONG)
    assert capsys.readouterr().out == f"{LONG}\n"


def test_a_broken_line_keeps_long_words_and_begins_with_no_separator() -> None:
    path = "/a-folder" * 12
    assert _console.wrapped(f"The file is {path}.") == f"The file is\n{path}."
    facts = " · ".join(["lab01_perceptron", "CPU (2 cores, 8 GB)", "Python 3.11.9", "Keras 3.15 on TensorFlow 2.21", "seed 42"])
    assert _console.wrapped(facts).replace("\n", " ") == facts
    assert not any(line.startswith("·") for line in _console.wrapped(facts).split("\n"))


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, Callable[[], object]], str]:
    """A function that returns what is printed on a console of some encoding."""
    monkeypatch.setenv("COURSEKIT_DATA", "drawn")
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "Jürgen 山"))

    def run(encoding: str, function: Callable[[], object]) -> str:
        console = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", console)
            patched.setattr(sys, "stderr", console)
            function()
            console.flush()
        return console.buffer.getvalue().decode(encoding)

    return run


def command(*words: str) -> Callable[[], object]:
    return lambda: app(list(words), standalone_mode=False)


def train() -> None:
    lines = _progress.EpochLines()
    lines.set_params({"epochs": 2, "steps": 1})
    lines.on_train_begin()
    lines.on_epoch_begin(0)
    lines.on_epoch_end(0, {"loss": 0.5})


def download() -> None:
    progress = Progress("山.tgz", 1000)
    progress.update(1000)
    progress.close()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("function", "said"),
    [
        (command("data", "list"), "california-housing"),
        (command("--help"), "doctor"),
        (command("data", "fetch", "--help"), "continues where it stopped"),
        (lambda: print(Report((Finding("folder", AWKWARD, "…"),))), "! folder"),
        (lambda: note(AWKWARD), "coursekit: J"),
        (lambda: box(AWKWARD, [AWKWARD]), "####"),
        (lambda: coursekit.setup(), "seed 42"),
        (train, "loss 0.5"),
        (download, "downloading"),
    ],
    ids=["list", "help", "fetch help", "doctor", "note", "box", "setup", "epoch", "download"],
)
def test_nothing_that_is_printed_needs_more_than_the_console_has(
    printed: Callable[..., str], encoding: str, function: Callable[[], object], said: str
) -> None:
    assert said in printed(encoding, function)


def test_what_a_console_has_is_printed_as_it_is(printed: Callable[..., str]) -> None:
    assert printed("utf-8", lambda: _console.say("Jürgen · 2³²")) == "Jürgen · 2³²\n"
    assert printed("cp1252", lambda: _console.say("Jürgen · ✓")) == "Jürgen · +\n"
    assert printed("ascii", lambda: _console.say("Jürgen · 2³² … 山")) == "Jurgen - 2^3^2 ... ?\n"


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_narrow_window_cuts_no_name_that_fetch_wants(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = printed("utf-8", command("data", "list"))
    starts = [line.split()[0] for line in out.splitlines() if line.strip() and not line.startswith(" ")]
    assert set(course_registry()) <= set(starts)
